//! Every operation, on all pairs of edge values and on random ones, in both fields of BN254. The arrays behind the lanes
//! check each sum for overflow, so passing shows the bounds as well.

use halo2curves::{
    bn256::{Fq, Fr},
    ff::PrimeField,
    serde::SerdeObject,
};
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha8Rng,
};
use zkdkim_field::{Field, Quad};

fn words<F: SerdeObject>(x: &F) -> [u64; 4] {
    let bytes = x.to_raw_bytes();
    std::array::from_fn(|i| u64::from_le_bytes(bytes[8 * i..8 * i + 8].try_into().unwrap()))
}

fn number<F: SerdeObject>(words: [u64; 4]) -> F {
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    F::from_raw_bytes(&bytes).expect("a canonical number")
}

/// The modulus: one above the canonical form of −1.
fn modulus<F: PrimeField<Repr = [u8; 32]>>() -> [u64; 4] {
    let repr = (-F::ONE).to_repr();
    let mut p: [u64; 4] =
        std::array::from_fn(|i| u64::from_le_bytes(repr[8 * i..8 * i + 8].try_into().unwrap()));
    p[0] += 1;
    p
}

/// Numbers whose Montgomery words are extreme, and some that are none.
fn samples<F: PrimeField<Repr = [u8; 32]> + SerdeObject>(rng: &mut ChaCha8Rng) -> Vec<F> {
    let p = modulus::<F>();
    let mut below = p;
    below[0] -= 1;
    let raw = [
        [0; 4],
        [1, 0, 0, 0],
        below,
        [p[0] - 2, p[1], p[2], p[3]],
        [u64::MAX, u64::MAX, u64::MAX, p[3] - 1],
        [0, 0, 0, p[3]],
        [(1 << 29) - 1, 0, 0, 0],
        [1 << 29, 0, 0, 0],
        [0, 0, 0, 1 << 40],
        [u64::MAX, 0, 0, 0],
    ];
    let mut out: Vec<F> = raw.into_iter().map(number).collect();
    out.extend([F::ONE, -F::ONE, F::from(2), F::TWO_INV, F::ROOT_OF_UNITY, F::DELTA]);
    out.resize_with(24, || F::random(&mut *rng));
    out
}

struct Case<F> {
    field: Field,
    a: [F; 4],
    b: [F; 4],
}

impl<F: PrimeField<Repr = [u8; 32]> + SerdeObject> Case<F> {
    fn same(&self, what: &str, got: [[u64; 4]; 4], expected: impl Fn(F, F) -> F) {
        for (got, (a, b)) in got.into_iter().zip(self.a.into_iter().zip(self.b)) {
            assert_eq!(number::<F>(got), expected(a, b), "{what} of {a:?} and {b:?}");
        }
    }

    fn check(&self) {
        let f = &self.field;
        let (a, b) = (self.a.each_ref().map(words), self.b.each_ref().map(words));
        let (x, y, scaled) = (f.load(a), f.load(b), f.load_scaled(b));
        self.same("load", f.store(&x), |a, _| a);
        let product = f.mul(&x, &scaled);
        self.same("product", f.store(&product), |a, b| a * b);
        self.same("sum", f.store_loose(&f.add(&x, &y)), |a, b| a + b);
        self.same("difference", f.store_loose(&f.sub(&x, &y)), |a, b| a - b);
        let below_8 = f.carry(&f.add(&f.add(&x, &x), &f.sub(&x, &y)));
        self.same("reduction", f.store_loose(&below_8), |a, b| a.double() + a - b);
        let far = f.sub_8(&y, &f.carry(&f.add(&f.add(&x, &x), &f.add(&product, &x))));
        let far = f.mul(&far, &f.scaled(&y));
        self.same("8 p", f.store_loose(&far), |a, b| (b - a.double() - a - a * b) * b);
        let scaled_difference = f.carry(&f.sub_64(&scaled, &f.load_scaled(a)));
        self.same("64 p", f.store_loose(&f.mul(&x, &scaled_difference)), |a, b| a * (b - a));
        self.same("scaled", f.store_loose(&f.mul(&product, &f.scaled(&product))), |a, b| {
            (a * b).square()
        });
        // What a transform does with a number before it is stored.
        let (low, high) = (f.add(&x, &product), f.sub(&x, &product));
        let (p, q) = (f.mul(&low, &scaled), f.mul(&high, &scaled));
        self.same("low", f.store_loose(&f.add(&low, &p)), |a, b| (a + a * b) * (b + F::ONE));
        self.same("high", f.store_loose(&f.sub(&high, &q)), |a, b| (a - a * b) * (F::ONE - b));
        let zero: Quad = f.carry(&f.sub(&x, &x));
        assert_eq!(f.are_zero(&zero), [true; 4]);
        assert_eq!(f.are_zero(&f.carry(&f.sub(&x, &y))), [0, 1, 2, 3].map(|l| a[l] == b[l]));
    }
}

fn agrees<F: PrimeField<Repr = [u8; 32]> + SerdeObject>(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let samples = samples::<F>(&mut rng);
    for i in 0..samples.len() {
        for j in (0..samples.len()).step_by(4) {
            let at = |l: usize| samples[(j + l) % samples.len()];
            // Different numbers in the lanes, so that mixed-up lanes are seen.
            let a = [0, 1, 2, 3].map(|l| samples[(i + l * 5) % samples.len()]);
            Case { field: Field::new(modulus::<F>()), a, b: [0, 1, 2, 3].map(at) }.check();
        }
    }
    for _ in 0..2000 {
        let mut draw = || {
            let x = F::random(&mut rng);
            if rng.next_u32() % 8 == 0 {
                -F::from(rng.next_u64() >> (rng.next_u32() % 64))
            } else {
                x
            }
        };
        let (a, b) = ([(); 4].map(|()| draw()), [(); 4].map(|()| draw()));
        Case { field: Field::new(modulus::<F>()), a, b }.check();
    }
}

/// What the module for WebAssembly runs.
#[allow(dead_code)]
pub fn agree_in_both_fields() {
    agrees::<Fq>(1);
    agrees::<Fr>(2);
}

#[test]
fn agrees_with_halo2curves_in_the_base_field() {
    agrees::<Fq>(1);
}

#[test]
fn agrees_with_halo2curves_in_the_scalar_field() {
    agrees::<Fr>(2);
}
