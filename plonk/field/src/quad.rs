//! Four field elements side by side, in nine limbs of 29 bits.
//!
//! # Why
//! WebAssembly has no product of 64 by 64 bits, so arithmetic on words of 64 bits goes through calls. It has products of 32
//! by 32 bits, two in an instruction; with limbs of 29 bits a column of a product, 18 of them, fits into 64 bits without a
//! carry.
//!
//! # Forms
//! Numbers come and go in Montgomery form x·2^256, as `halo2curves` keeps them. [`Field::mul`] divides by 2^261 = 2^(9·29),
//! so one factor has to be *scaled*, 32·x·2^256: [`Field::load_scaled`] shifts as it cuts the limbs, which costs nothing,
//! and [`Field::scaled`] shifts a number that is cut already.
//!
//! # Bounds
//! A number is below 2^261 > 169 p, as p of BN254 is below 2^256 / 5.28. Its limbs are *tight* (below 2^29, but the highest)
//! or *loose* (as said at each operation); limbs of the factors of a product have at most 60 bits together. Sums are checked
//! where the compiler's overflow checks are on, which is so in the tests.

use std::array::from_fn;

use crate::lanes::{Lanes, Sums};

/// Limbs of a number.
const LIMBS: usize = 9;
/// Bits of a limb.
const BITS: u32 = 29;
const MASK: u32 = (1 << BITS) - 1;
/// Bits between 2^256 and 2^261.
const SCALE: u32 = 5;

/// Four numbers.
#[derive(Clone, Copy)]
pub struct Quad([Lanes; LIMBS]);

/// A multiple of the modulus from which a tight number is subtracted limb by limb without a borrow, where its highest limb is
/// below that of the multiple. A number that is 2^232 or more below the multiple is such a one; what the loops subtract is
/// further below.
#[derive(Clone, Copy)]
struct Bias([Lanes; LIMBS]);

/// A prime field of 254 bits, by its modulus p: one of BN254's two.
pub struct Field {
    p: [Lanes; LIMBS],
    /// −1/p modulo 2^29.
    inverse: Lanes,
    mask: Lanes,
    /// 2^16 by the modulus' highest bits, rounded down: see [`Field::reduce`].
    reciprocal: Lanes,
    twice: Bias,
    eightfold: Bias,
    sixty_fourfold: Bias,
}

/// Adds the products of limbs i and j.
macro_rules! products {
    ($sum:ident += $a:ident, $b:ident; $($i:literal $j:literal),*) => {
        $($sum = $sum.plus_product($a[$i], $b[$j]);)*
    };
}

fn limbs(words: [u64; 4]) -> [u32; LIMBS] {
    from_fn(|i| {
        let (word, shift) = (i * BITS as usize / 64, i as u32 * BITS % 64);
        let high =
            words.get(word + 1).map_or(0, |w| if shift == 0 { 0 } else { w << (64 - shift) });
        ((words[word] >> shift | high) as u32) & MASK
    })
}

impl Bias {
    /// factor · p, of which each limb lends one unit to the limb below.
    fn new(p: [u32; LIMBS], factor: u64) -> Self {
        let mut carry = 0;
        let mut limbs: [u64; LIMBS] = from_fn(|i| {
            carry += factor * u64::from(p[i]);
            let limb = if i + 1 < LIMBS { carry & u64::from(MASK) } else { carry };
            carry >>= BITS;
            limb
        });
        for i in 0..LIMBS - 1 {
            limbs[i] += 1 << BITS;
            limbs[i + 1] -= 1;
        }
        Self(limbs.map(|limb| Lanes::splat(limb as u32)))
    }
}

impl Field {
    /// The field of integers modulo an odd p, little-endian words, above 2^253 and below 2^261 / 169.
    pub fn new(p: [u64; 4]) -> Self {
        let p_limbs = limbs(p);
        // Newton: each step doubles the bits that are right.
        let inverse =
            (0..5).fold(1u32, |x, _| x.wrapping_mul(2u32.wrapping_sub(p_limbs[0].wrapping_mul(x))));
        Self {
            p: p_limbs.map(Lanes::splat),
            inverse: Lanes::splat(inverse.wrapping_neg() & MASK),
            mask: Lanes::splat(MASK),
            reciprocal: Lanes::splat((1 << 16) / ((p[3] >> 52) as u32 + 1)),
            twice: Bias::new(p_limbs, 2),
            eightfold: Bias::new(p_limbs, 8),
            sixty_fourfold: Bias::new(p_limbs, 64),
        }
    }

    /// Four numbers below 2^256; tight.
    #[inline(always)]
    pub fn load(&self, numbers: [[u64; 4]; 4]) -> Quad {
        self.cut(numbers, 0)
    }

    /// The same times 32.
    #[inline(always)]
    pub fn load_scaled(&self, numbers: [[u64; 4]; 4]) -> Quad {
        self.cut(numbers, SCALE)
    }

    #[inline(always)]
    fn cut(&self, numbers: [[u64; 4]; 4], scale: u32) -> Quad {
        let words = Lanes::transposed(numbers);
        Quad(from_fn(|i| {
            let from = i as u32 * BITS;
            if from < scale {
                return words[0].shl(scale).and(self.mask);
            }
            let (word, shift) = (((from - scale) / 32) as usize, (from - scale) % 32);
            let low = words[word].shr(shift);
            let limb = match words.get(word + 1) {
                Some(next) if shift > 32 - BITS => low.or(next.shl(32 - shift)),
                _ => low,
            };
            limb.and(self.mask)
        }))
    }

    /// A tight number below 5 p times 32; tight.
    #[inline(always)]
    pub fn scaled(&self, a: &Quad) -> Quad {
        Quad(from_fn(|i| {
            let low = a.0[i].shl(SCALE);
            let limb = if i > 0 { low.or(a.0[i - 1].shr(BITS - SCALE)) } else { low };
            limb.and(self.mask)
        }))
    }

    /// a · b / 2^261, below a · b / 2^261 + p; tight. Products of limbs stay below 2^60.
    #[inline(never)]
    pub fn mul(&self, a: &Quad, b: &Quad) -> Quad {
        let (a, b, p) = (&a.0, &b.0, &self.p);
        let mut q = [Lanes::splat(0); LIMBS];
        let mut out = [Lanes::splat(0); LIMBS];
        let mut sum = Sums::zero();
        // Column by column; q makes the low nine vanish.
        products!(sum += a, b; 0 0);
        q[0] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[0], p[0]).shr(BITS);
        products!(sum += a, b; 0 1, 1 0);
        products!(sum += q, p; 0 1);
        q[1] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[1], p[0]).shr(BITS);
        products!(sum += a, b; 0 2, 1 1, 2 0);
        products!(sum += q, p; 0 2, 1 1);
        q[2] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[2], p[0]).shr(BITS);
        products!(sum += a, b; 0 3, 1 2, 2 1, 3 0);
        products!(sum += q, p; 0 3, 1 2, 2 1);
        q[3] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[3], p[0]).shr(BITS);
        products!(sum += a, b; 0 4, 1 3, 2 2, 3 1, 4 0);
        products!(sum += q, p; 0 4, 1 3, 2 2, 3 1);
        q[4] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[4], p[0]).shr(BITS);
        products!(sum += a, b; 0 5, 1 4, 2 3, 3 2, 4 1, 5 0);
        products!(sum += q, p; 0 5, 1 4, 2 3, 3 2, 4 1);
        q[5] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[5], p[0]).shr(BITS);
        products!(sum += a, b; 0 6, 1 5, 2 4, 3 3, 4 2, 5 1, 6 0);
        products!(sum += q, p; 0 6, 1 5, 2 4, 3 3, 4 2, 5 1);
        q[6] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[6], p[0]).shr(BITS);
        products!(sum += a, b; 0 7, 1 6, 2 5, 3 4, 4 3, 5 2, 6 1, 7 0);
        products!(sum += q, p; 0 7, 1 6, 2 5, 3 4, 4 3, 5 2, 6 1);
        q[7] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[7], p[0]).shr(BITS);
        products!(sum += a, b; 0 8, 1 7, 2 6, 3 5, 4 4, 5 3, 6 2, 7 1, 8 0);
        products!(sum += q, p; 0 8, 1 7, 2 6, 3 5, 4 4, 5 3, 6 2, 7 1);
        q[8] = sum.low().low_product(self.inverse).and(self.mask);
        sum = sum.plus_product(q[8], p[0]).shr(BITS);
        products!(sum += a, b; 1 8, 2 7, 3 6, 4 5, 5 4, 6 3, 7 2, 8 1);
        products!(sum += q, p; 1 8, 2 7, 3 6, 4 5, 5 4, 6 3, 7 2, 8 1);
        out[0] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        products!(sum += a, b; 2 8, 3 7, 4 6, 5 5, 6 4, 7 3, 8 2);
        products!(sum += q, p; 2 8, 3 7, 4 6, 5 5, 6 4, 7 3, 8 2);
        out[1] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        products!(sum += a, b; 3 8, 4 7, 5 6, 6 5, 7 4, 8 3);
        products!(sum += q, p; 3 8, 4 7, 5 6, 6 5, 7 4, 8 3);
        out[2] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        products!(sum += a, b; 4 8, 5 7, 6 6, 7 5, 8 4);
        products!(sum += q, p; 4 8, 5 7, 6 6, 7 5, 8 4);
        out[3] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        products!(sum += a, b; 5 8, 6 7, 7 6, 8 5);
        products!(sum += q, p; 5 8, 6 7, 7 6, 8 5);
        out[4] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        products!(sum += a, b; 6 8, 7 7, 8 6);
        products!(sum += q, p; 6 8, 7 7, 8 6);
        out[5] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        products!(sum += a, b; 7 8, 8 7);
        products!(sum += q, p; 7 8, 8 7);
        out[6] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        products!(sum += a, b; 8 8);
        products!(sum += q, p; 8 8);
        out[7] = sum.low().and(self.mask);
        sum = sum.shr(BITS);
        out[8] = sum.low();
        Quad(out)
    }

    /// a + b; limbs are the sums of limbs.
    #[inline(always)]
    pub fn add(&self, a: &Quad, b: &Quad) -> Quad {
        Quad(from_fn(|i| a.0[i].add(b.0[i])))
    }

    /// a + 2 p − b for a tight b below 2 p − 2^232; limbs grow by less than 2^30.
    #[inline(always)]
    pub fn sub(&self, a: &Quad, b: &Quad) -> Quad {
        Quad(from_fn(|i| a.0[i].add(self.twice.0[i]).sub(b.0[i])))
    }

    /// a + 8 p − b for a tight b below 8 p − 2^232; limbs grow by less than 2^30.
    #[inline(always)]
    pub fn sub_8(&self, a: &Quad, b: &Quad) -> Quad {
        Quad(from_fn(|i| a.0[i].add(self.eightfold.0[i]).sub(b.0[i])))
    }

    /// a + 64 p − b for a tight b below 64 p − 2^232; limbs grow by less than 2^30.
    #[inline(always)]
    pub fn sub_64(&self, a: &Quad, b: &Quad) -> Quad {
        Quad(from_fn(|i| a.0[i].add(self.sixty_fourfold.0[i]).sub(b.0[i])))
    }

    /// The same number, tight; limbs below 2^32 − 8.
    #[inline(always)]
    pub fn carry(&self, a: &Quad) -> Quad {
        let mut carry = Lanes::splat(0);
        Quad(from_fn(|i| {
            let sum = a.0[i].add(carry);
            if i + 1 == LIMBS {
                return sum;
            }
            carry = sum.shr(BITS);
            sum.and(self.mask)
        }))
    }

    /// Below 2 p, for a tight number below 8 p; tight.
    #[inline(always)]
    pub fn reduce(&self, a: &Quad) -> Quad {
        // The highest bits by those of p, rounded up: at most one too few.
        let quotient = a.0[LIMBS - 1].shr(12).low_product(self.reciprocal).shr(16);
        let (mut carry, mut borrow) = (Lanes::splat(0), Lanes::splat(0));
        Quad(from_fn(|i| {
            let product = quotient.low_product(self.p[i]).add(carry);
            carry = product.shr(BITS);
            let product = if i + 1 == LIMBS { product } else { product.and(self.mask) };
            let difference = a.0[i].sub_signed(product).add_signed(borrow);
            borrow = difference.sar(BITS);
            if i + 1 == LIMBS {
                difference
            } else {
                difference.and(self.mask)
            }
        }))
    }

    /// Below p, for a tight number below 2 p; tight.
    #[inline(always)]
    fn canonical(&self, a: &Quad) -> Quad {
        let mut borrow = Lanes::splat(0);
        let difference: [Lanes; LIMBS] = from_fn(|i| {
            let difference = a.0[i].sub_signed(self.p[i]).add_signed(borrow);
            borrow = difference.sar(BITS);
            if i + 1 == LIMBS {
                difference
            } else {
                difference.and(self.mask)
            }
        });
        // Below zero: all ones.
        Quad(from_fn(|i| difference[i].select(a.0[i], borrow)))
    }

    /// Tight numbers below 2 p as canonical words.
    #[inline(always)]
    pub fn store(&self, a: &Quad) -> [[u64; 4]; 4] {
        let limbs = self.canonical(a).0;
        Lanes::rows(from_fn(|j| {
            let shift = 3 * j as u32;
            limbs[j].shr(shift).or(limbs[j + 1].shl(BITS - shift))
        }))
    }

    /// Numbers below 8 p with limbs below 2^32 − 8 as canonical words.
    #[inline(always)]
    pub fn store_loose(&self, a: &Quad) -> [[u64; 4]; 4] {
        self.store(&self.reduce(&self.carry(a)))
    }

    /// Whether each of tight numbers below 8 p is 0 modulo p.
    pub fn are_zero(&self, a: &Quad) -> [bool; 4] {
        self.store(&self.reduce(a)).map(|words| words == [0; 4])
    }
}

#[cfg(test)]
mod tests {
    //! Each bound at its edge: numbers that `load` cannot make.

    use num_bigint::BigUint;

    use super::*;

    const SCALARS: [u64; 4] = [
        0x43e1_f593_f000_0001,
        0x2833_e848_79b9_7091,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];
    const COORDINATES: [u64; 4] = [
        0x3c20_8c16_d87c_fd47,
        0x9781_6a91_6871_ca8d,
        0xb850_45b6_8181_585d,
        0x3064_4e72_e131_a029,
    ];

    fn big(words: &[u64]) -> BigUint {
        words.iter().rev().fold(BigUint::ZERO, |sum, word| (sum << 64) + word)
    }

    fn power(bits: u32) -> BigUint {
        BigUint::from(1u8) << bits
    }

    /// A number below 2^261 with tight limbs, four times.
    fn tight(x: &BigUint) -> Quad {
        assert!(*x < power(261));
        let limb = |i: usize| {
            let limb: BigUint = (x >> (29 * i)) & BigUint::from(MASK);
            limb.iter_u32_digits().next().unwrap_or(0)
        };
        Quad(from_fn(|i| Lanes::splat(limb(i))))
    }

    /// The words of the first lane, which are those of all.
    fn stored(rows: [[u64; 4]; 4]) -> BigUint {
        assert!(rows.iter().all(|row| *row == rows[0]));
        big(&rows[0])
    }

    /// Numbers below a bound: the highest, the lowest, those around multiples of p and of the highest limb's unit.
    fn below(bound: &BigUint, p: &BigUint) -> Vec<BigUint> {
        let one = BigUint::from(1u8);
        let mut all = vec![BigUint::ZERO, one.clone(), bound - 1u8, (bound - 1u8) >> 232 << 232];
        let mut multiple = p.clone();
        while multiple < *bound {
            all.extend([&multiple - 1u8, multiple.clone(), &multiple + 1u8]);
            multiple += p;
        }
        all.retain(|x| x < bound);
        all
    }

    fn fields() -> [(Field, BigUint); 2] {
        [SCALARS, COORDINATES].map(|words| (Field::new(words), big(&words)))
    }

    #[test]
    fn moduli_are_as_small_as_the_bounds_take_them() {
        for (_, p) in fields() {
            assert!(p > power(253) && &p * 169u8 < power(261));
        }
    }

    #[test]
    fn what_is_below_8_p_is_reduced_below_2_p_and_stored_below_p() {
        for (f, p) in fields() {
            let quotients = (1..=8u8).map(|n| (BigUint::from(n) * 65536u32 / 84u8) << 244u8);
            let edges = quotients.flat_map(|at| [&at - 1u8, at.clone(), &at + power(244) - 1u8]);
            let bound = &p * 8u8;
            for x in below(&bound, &p).into_iter().chain(edges).filter(|x| *x < bound) {
                let reduced = f.reduce(&tight(&x));
                let two = f.store(&reduced);
                assert_eq!(stored(two), &x % &p, "{x}");
                // As tight words of its own, so that its size is seen.
                let words = Lanes::rows(from_fn(|j| {
                    let shift = 3 * j as u32;
                    reduced.0[j].shr(shift).or(reduced.0[j + 1].shl(BITS - shift))
                }));
                assert!(stored(words) < &p * 2u8, "{x}");
                assert_eq!(f.are_zero(&tight(&x)), [(&x % &p) == BigUint::ZERO; 4]);
            }
            for x in below(&(&p * 2u8), &p) {
                assert_eq!(stored(f.store(&tight(&x))), &x % &p, "{x}");
            }
        }
    }

    #[test]
    fn differences_at_the_edge_of_their_bounds() {
        for (f, p) in fields() {
            for (factor, sub) in [
                (2u8, Field::sub as fn(&Field, &Quad, &Quad) -> Quad),
                (8, Field::sub_8),
                (64, Field::sub_64),
            ] {
                let bound = &p * factor - power(232);
                for b in below(&bound, &p) {
                    for a in [BigUint::ZERO, BigUint::from(1u8), &p - 1u8] {
                        let got = f.carry(&sub(&f, &tight(&a), &tight(&b)));
                        // Brought below 2 p by a product with the form's own 1.
                        let one = tight(&(power(261) % &p));
                        let got = stored(f.store(&f.mul(&got, &one)));
                        assert_eq!(got, (&a + &p * factor - &b) % &p, "{factor}: {a} - {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn products_take_the_widest_limbs_and_scaling_what_is_below_5_p() {
        for (f, p) in fields() {
            let inverse = power(261).modinv(&p).expect("a prime");
            let widest = Quad([Lanes::splat((1 << 31) - 1); LIMBS]);
            let tight_ones = power(261) - 1u8;
            let value = (0..LIMBS)
                .fold(BigUint::ZERO, |sum, i| sum + (BigUint::from((1u32 << 31) - 1) << (29 * i)));
            // Limbs of 31 and of 29 bits: 60 together.
            let product = f.mul(&widest, &tight(&tight_ones));
            let expected = &value * &tight_ones * &inverse % &p;
            let one = tight(&(power(261) % &p));
            assert_eq!(stored(f.store_loose(&f.mul(&f.carry(&product), &one))), expected);
            for x in below(&(&p * 5u8), &p) {
                let got = stored(f.store(&f.mul(&f.scaled(&tight(&x)), &one)));
                assert_eq!(got, x * 32u8 % &p);
            }
            // The most that limbs may have before their carry.
            let most = Quad([Lanes::splat(u32::MAX - 8); LIMBS]);
            let value = (0..LIMBS)
                .fold(BigUint::ZERO, |sum, i| sum + (BigUint::from(u32::MAX - 8) << (29 * i)));
            let carried = f.carry(&most);
            let limb = |i: usize| Lanes::rows([carried.0[i]; 8])[0][0] & u64::from(u32::MAX);
            let sum =
                (0..LIMBS).fold(BigUint::ZERO, |sum, i| sum + (BigUint::from(limb(i)) << (29 * i)));
            assert_eq!(sum, value);
            assert!((0..LIMBS - 1).all(|i| limb(i) <= u64::from(MASK)));
        }
    }
}
