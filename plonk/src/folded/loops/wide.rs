//! The loops over scalars and square roots, four numbers at a time.
//!
//! Bounds in multiples of the modulus stand beside the steps; what they have to keep is said in `zkdkim-field`.

use std::sync::LazyLock;

use halo2_proofs::halo2curves::{
    bn256::{Fq, Fr},
    ff::{Field as _, PrimeField},
    serde::SerdeObject,
};
use zkdkim_field::{Field, Quad};

use super::plain;

/// Words of the modulus.
pub(super) fn modulus<F: PrimeField<Repr = [u8; 32]>>() -> [u64; 4] {
    let below = (-F::ONE).to_repr();
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(below.chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |acc, b| acc << 8 | u64::from(*b));
    }
    // The modulus is odd.
    words[0] += 1;
    words
}

static SCALARS: LazyLock<Field> = LazyLock::new(|| Field::new(modulus::<Fr>()));
static COORDINATES: LazyLock<Field> = LazyLock::new(|| Field::new(modulus::<Fq>()));

/// The field of the coordinates.
pub(super) fn coordinates() -> &'static Field {
    &COORDINATES
}

/// Montgomery words of a number.
#[inline(always)]
pub(super) fn words<F: SerdeObject>(x: &F) -> [u64; 4] {
    let mut bytes = [0u8; 32];
    // Writing 32 bytes into 32 bytes does not fail.
    let _ = x.write_raw(&mut &mut bytes[..]);
    let word = |i: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[8 * i..8 * i + 8]);
        u64::from_le_bytes(word)
    };
    [word(0), word(1), word(2), word(3)]
}

/// The number of canonical Montgomery words.
#[inline(always)]
pub(super) fn number<F: SerdeObject>(words: [u64; 4]) -> F {
    let mut bytes = [0u8; 32];
    for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    F::from_raw_bytes_unchecked(&bytes)
}

#[inline(always)]
fn four(x: &[Fr]) -> [[u64; 4]; 4] {
    [words(&x[0]), words(&x[1]), words(&x[2]), words(&x[3])]
}

#[inline(always)]
fn put(to: &mut [Fr], quad: [[u64; 4]; 4]) {
    let [a, b, c, d] = quad;
    (to[0], to[1], to[2], to[3]) = (number(a), number(b), number(c), number(d));
}

/// The same number four times, times 32.
fn splat(field: &Field, x: &Fr) -> Quad {
    field.load_scaled([words(x); 4])
}

/// to = a · b.
pub(in super::super) fn multiply(to: &mut [Fr], a: &[Fr], b: &[Fr]) {
    let f = &*SCALARS;
    let whole = to.len() / 4 * 4;
    let quads = a.chunks_exact(4).zip(b.chunks_exact(4));
    for (to, (a, b)) in to.chunks_exact_mut(4).zip(quads) {
        put(to, f.store(&f.mul(&f.load(four(a)), &f.load_scaled(four(b)))));
    }
    plain::multiply(&mut to[whole..], &a[whole..], &b[whole..]);
}

/// to = a · c.
pub(in super::super) fn multiply_by(to: &mut [Fr], a: &[Fr], c: Fr) {
    let f = &*SCALARS;
    let (whole, factor) = (to.len() / 4 * 4, splat(f, &c));
    for (to, a) in to.chunks_exact_mut(4).zip(a.chunks_exact(4)) {
        put(to, f.store(&f.mul(&f.load(four(a)), &factor)));
    }
    plain::multiply_by(&mut to[whole..], &a[whole..], c);
}

/// a = a · c.
pub(in super::super) fn scale(a: &mut [Fr], c: Fr) {
    let f = &*SCALARS;
    let (whole, factor) = (a.len() / 4 * 4, splat(f, &c));
    for a in a.chunks_exact_mut(4) {
        put(a, f.store(&f.mul(&f.load(four(a)), &factor)));
    }
    plain::scale(&mut a[whole..], c);
}

/// to = to + a · c.
pub(in super::super) fn add_scaled(to: &mut [Fr], a: &[Fr], c: Fr) {
    let f = &*SCALARS;
    let count = to.len().min(a.len());
    let (whole, factor) = (count / 4 * 4, splat(f, &c));
    for (to, a) in to[..whole].chunks_exact_mut(4).zip(a.chunks_exact(4)) {
        // 1 + 1.2
        let sum = f.add(&f.load(four(to)), &f.mul(&f.load(four(a)), &factor));
        put(to, f.store_loose(&sum));
    }
    plain::add_scaled(&mut to[whole..], &a[whole..count], c);
}

/// p(x): a Horner chain for each residue of the exponent modulo 4.
pub(in super::super) fn evaluate(p: &[Fr], x: Fr) -> Fr {
    let f = &*SCALARS;
    let x2 = x.square();
    let (full, rest) = p.split_at(p.len() / 4 * 4);
    let mut start = [Fr::ZERO; 4];
    start[..rest.len()].copy_from_slice(rest);
    let (mut acc, x4) = (f.load(four(&start)), splat(f, &x2.square()));
    for c in full.rchunks_exact(4) {
        // At most 2.5, as 0.19 · 2.5 + 1 + 1 is less.
        acc = f.add(&f.mul(&acc, &x4), &f.load(four(c)));
    }
    let mut lanes = [Fr::ZERO; 4];
    put(&mut lanes, f.store_loose(&acc));
    lanes[0] + lanes[1] * x + (lanes[2] + lanes[3] * x) * x2
}

/// Two stages of a transform in one pass over memory: blocks of 4 h values, twiddles of half-size h and 2 h.
pub(in super::super) fn butterflies(a: &mut [Fr], h: usize, inner: &[Fr], outer: &[Fr]) {
    if a.len() < 16 {
        return plain::butterflies(a, h, inner, outer);
    }
    let f = &*SCALARS;
    let count = a.len() / 4;
    for first in (0..count).step_by(4) {
        // Butterfly i has the rows at, at + h, at + 2 h, at + 3 h; four of them may lie in several blocks.
        let j = [0, 1, 2, 3].map(|l| (first + l) & (h - 1));
        let at = [0, 1, 2, 3].map(|l| (first + l - j[l]) * 4 + j[l]);
        let row = |a: &[Fr], r: usize| at.map(|at| words(&a[at + r * h]));
        let factor = |w: &[Fr], half: usize| f.load_scaled(j.map(|j| words(&w[half + j])));
        let w = factor(inner, 0);
        let (a0, a2) = (f.load(row(a, 0)), f.load(row(a, 2)));
        // 1.2
        let (p, q) = (f.mul(&f.load(row(a, 1)), &w), f.mul(&f.load(row(a, 3)), &w));
        // 2.2 and 3
        let (b0, b1, b2, b3) = (f.add(&a0, &p), f.sub(&a0, &p), f.add(&a2, &q), f.sub(&a2, &q));
        // 1.6
        let (p, q) = (f.mul(&b2, &factor(outer, 0)), f.mul(&b3, &factor(outer, h)));
        // 3.8 to 5
        let rows = [f.add(&b0, &p), f.add(&b1, &q), f.sub(&b0, &p), f.sub(&b1, &q)];
        for (r, row) in rows.iter().enumerate() {
            for (at, words) in at.iter().zip(f.store_loose(row)) {
                a[at + r * h] = number(words);
            }
        }
    }
}

/// The quotient of each polynomial by Y − c in place, four polynomials at a time; the remainders are dropped.
pub(in super::super) fn divide_all(polynomials: &mut [&mut Vec<Fr>], c: Fr) {
    let f = &*SCALARS;
    let factor = splat(f, &c);
    for four in polynomials.chunks_mut(4) {
        let [p0, p1, p2, p3] = four else { return four.iter_mut().for_each(|p| divide(p, c)) };
        let longest = p0.len().max(p1.len()).max(p2.len()).max(p3.len());
        let mut all = [p0, p1, p2, p3];
        let mut carry = f.load([[0; 4]; 4]);
        for i in (0..longest).rev() {
            let a = all.each_ref().map(|p| p.get(i).map_or([0; 4], words));
            let quotient = f.store_loose(&carry);
            for (p, q) in all.iter_mut().zip(quotient) {
                if let Some(a) = p.get_mut(i) {
                    *a = number(q);
                }
            }
            // At most 2.5.
            carry = f.add(&f.mul(&carry, &factor), &f.load(a));
        }
        all.iter_mut().for_each(|p| {
            p.pop();
        });
    }
}

/// The quotient of p by Y − c in place; the remainder is dropped.
///
/// A quarter of p is a lane: each is divided as if it stood alone, then gets c^i times what the quarters above it carry.
pub(in super::super) fn divide(p: &mut Vec<Fr>, c: Fr) {
    let quarter = p.len() / 4;
    if quarter < 16 {
        return plain::divide(p, c);
    }
    // A length that is no multiple of 4 grows by zeros at the top, which divide to zeros.
    let length = p.len();
    p.resize(length.next_multiple_of(4), Fr::ZERO);
    let quarter = p.len() / 4;
    let f = &*SCALARS;
    let factor = splat(f, &c);
    let rows = |p: &[Fr], i: usize| [0, 1, 2, 3].map(|l| words(&p[l * quarter + i]));
    // s_i = p_i + c s_(i+1) within each quarter.
    let mut carry = f.load([[0; 4]; 4]);
    for i in (0..quarter).rev() {
        // At most 2.5.
        carry = f.add(&f.mul(&carry, &factor), &f.load(rows(p, i)));
        for (l, s) in f.store_loose(&carry).into_iter().enumerate() {
            p[l * quarter + i] = number(s);
        }
    }
    // What stands at the bottom of the quarters above, as one number.
    let step = c.pow([quarter as u64]);
    let above3 = p[3 * quarter];
    let above2 = p[2 * quarter] + step * above3;
    let above1 = p[quarter] + step * above2;
    let mut carry = f.load(four(&[above1, above2, above3, Fr::ZERO]));
    for i in (0..quarter).rev() {
        carry = f.mul(&carry, &factor);
        for (l, s) in f.store_loose(&f.add(&carry, &f.load(rows(p, i)))).into_iter().enumerate() {
            p[l * quarter + i] = number(s);
        }
    }
    p.remove(0);
    p.truncate(length - 1);
}

/// For each x a y with y² = x³ + 3, by the power (p + 1)/4, as p = 3 modulo 4; none where one of them is on no point.
pub(in super::super) fn ordinates(x: &[Fq]) -> Option<Vec<Fq>> {
    let f = coordinates();
    let three = f.load([words(&Fq::from(3)); 4]);
    let mut out = Vec::with_capacity(x.len());
    for chunk in x.chunks(4) {
        let x: [[u64; 4]; 4] = std::array::from_fn(|l| chunk.get(l).map_or([0; 4], words));
        let (plain, scaled) = (f.load(x), f.load_scaled(x));
        // 1.2, 1.3, 2.3
        let cube = f.mul(&f.mul(&plain, &scaled), &scaled);
        let square = f.carry(&f.add(&cube, &three));
        let root = power(f, &square);
        let found = f.mul(&root, &f.scaled(&root));
        // 2.3 against 1.3, both modulo p.
        let difference = f.carry(&f.sub(&square, &found));
        if f.are_zero(&difference).iter().take(chunk.len()).any(|zero| !zero) {
            return None;
        }
        out.extend(f.store(&root).into_iter().take(chunk.len()).map(number::<Fq>));
    }
    Some(out)
}

/// x^((p + 1)/4) in windows of four bits.
fn power(f: &Field, x: &Quad) -> Quad {
    let mut exponent = modulus::<Fq>();
    exponent[0] += 1;
    let nibble = |i: usize| {
        // Two bits further, as the exponent is a quarter.
        let (word, bit) = ((4 * i + 2) / 64, (4 * i + 2) % 64);
        let high = exponent.get(word + 1).filter(|_| bit > 60).map_or(0, |w| w << (64 - bit));
        ((exponent[word] >> bit | high) & 15) as usize
    };
    let one = f.load([words(&Fq::ONE); 4]);
    let base = f.scaled(x);
    let mut table = vec![f.scaled(&one)];
    let mut at = one;
    for _ in 1..16 {
        at = f.mul(&at, &base);
        table.push(f.scaled(&at));
    }
    let mut acc = one;
    for i in (0..63).rev() {
        for _ in 0..4 {
            acc = f.mul(&acc, &f.scaled(&acc));
        }
        acc = f.mul(&acc, &table[nibble(i)]);
    }
    acc
}
