//! The same computation on integers: limbs, the expected block, quotients, remainders and carries.

use std::fmt;

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::Zero;

use crate::layout::{COEFFICIENTS, CONSTANTS, LIMBS, LIMB_BITS, PRODUCTS};

/// The DER prefix of a SHA-256 `DigestInfo` (RFC 8017 §9.2, note 1).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A number below 2^2048, least significant limb first.
pub(crate) type Limbs = [u32; LIMBS];

/// What the prover knows: a signature and the modulus it verifies under.
///
/// Any values below 2^2048 can be assigned; larger ones are cut to 2,048 bits, which no valid
/// signature survives. `Debug` shows neither: the modulus tells the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaWitness {
    /// The signature as a number s (RFC 8017 §8.2.2, step 2a).
    pub signature: BigUint,
    /// The modulus n; constraints hold only if it has exactly 2,048 bits.
    pub modulus: BigUint,
}

impl fmt::Debug for RsaWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaWitness").finish_non_exhaustive()
    }
}

/// The low 2,048 bits of a number as limbs.
pub(crate) fn to_limbs(number: &BigUint) -> Limbs {
    let mut limbs = [0; LIMBS];
    for (limb, digit) in limbs.iter_mut().zip(number.iter_u32_digits()) {
        *limb = digit;
    }
    limbs
}

/// The number with these limbs.
pub(crate) fn from_limbs(limbs: &Limbs) -> BigUint {
    BigUint::from_slice(limbs)
}

/// Where a limb of the expected block comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedLimb {
    /// A constant of [`encoding_constants`], by index.
    Constant(usize),
    /// A word of the digest, H0 … H7 by index.
    Digest(usize),
}

/// The constants of the encoding: 0xFFFFFFFF, 0x0001FFFF, then `00 ‖ DigestInfo` as five words.
pub(crate) fn encoding_constants() -> [u32; CONSTANTS] {
    let mut separator_and_der = [0; DIGEST_INFO.len() + 1];
    separator_and_der[1..].copy_from_slice(&DIGEST_INFO);
    let mut constants = [u32::MAX, 0x0001_FFFF, 0, 0, 0, 0, 0];
    for (constant, word) in constants[2..].iter_mut().zip(separator_and_der.chunks_exact(4)) {
        *constant = u32::from_be_bytes(word.try_into().expect("four bytes"));
    }
    constants
}

/// The source of each limb of EMSA-PKCS1-v1_5 for 256 bytes, least significant first.
pub(crate) fn expected_limb(limb: usize) -> ExpectedLimb {
    match limb {
        0..=7 => ExpectedLimb::Digest(7 - limb),
        8..=12 => ExpectedLimb::Constant(2 + 12 - limb),
        13..=62 => ExpectedLimb::Constant(0),
        _ => ExpectedLimb::Constant(1),
    }
}

/// One product: a·b = quotient·n + remainder, and the coefficients c of (X - B)·c = V.
#[derive(Clone)]
pub(crate) struct Product {
    pub(crate) quotient: Limbs,
    pub(crate) remainder: Limbs,
    pub(crate) carries: [i64; COEFFICIENTS],
}

impl Product {
    /// The product with a given quotient and remainder, right or wrong.
    ///
    /// Where the identity does not hold, the carries are those of the rounded division, still in
    /// range, and the product gate fails.
    pub(crate) fn new(a: &Limbs, b: &Limbs, n: &Limbs, quotient: Limbs, remainder: Limbs) -> Self {
        let mut v = [0i128; 2 * LIMBS - 1];
        for i in 0..LIMBS {
            for j in 0..LIMBS {
                v[i + j] += i128::from(u64::from(a[i]) * u64::from(b[j]));
                v[i + j] -= i128::from(u64::from(quotient[i]) * u64::from(n[j]));
            }
            v[i] -= i128::from(remainder[i]);
        }
        let mut carries = [0; COEFFICIENTS];
        let mut carry = 0i128;
        for (target, v) in carries.iter_mut().zip(&v) {
            // V_j = c_(j-1) - B·c_j; below 2^39 in absolute value for any limbs.
            carry = (carry - v) >> LIMB_BITS;
            *target = carry as i64;
        }
        Self { quotient, remainder, carries }
    }

    /// The reduced product modulo n (quotient and remainder 0 for n = 0, a quotient beyond 2,048
    /// bits cut), or the same quotient with a prescribed remainder.
    pub(crate) fn reduce(a: &Limbs, b: &Limbs, n: &Limbs, remainder: Option<&Limbs>) -> Self {
        let product = from_limbs(a) * from_limbs(b);
        let modulus = from_limbs(n);
        let (quotient, reduced) = if modulus.is_zero() {
            (BigUint::zero(), BigUint::zero())
        } else {
            product.div_rem(&modulus)
        };
        let remainder = remainder.copied().unwrap_or_else(|| to_limbs(&reduced));
        Self::new(a, b, n, to_limbs(&quotient), remainder)
    }
}

/// All numbers of one signature check.
#[derive(Clone)]
pub(crate) struct Trace {
    pub(crate) signature: Limbs,
    pub(crate) modulus: Limbs,
    pub(crate) products: Vec<Product>,
}

impl Trace {
    /// Computes s^65537 mod n by 16 squarings and one multiplication; the last remainder is the
    /// expected block whether or not that is the true one.
    pub(crate) fn new(witness: &RsaWitness, expected: &Limbs) -> Self {
        let signature = to_limbs(&witness.signature);
        let modulus = to_limbs(&witness.modulus);
        let mut products: Vec<Product> = Vec::with_capacity(PRODUCTS);
        let mut base = signature;
        for _ in 1..PRODUCTS {
            let product = Product::reduce(&base, &base, &modulus, None);
            base = product.remainder;
            products.push(product);
        }
        products.push(Product::reduce(&base, &signature, &modulus, Some(expected)));
        Self { signature, modulus, products }
    }
}
