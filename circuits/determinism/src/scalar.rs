//! Field elements as integers.

use std::hash::Hash;

use num_bigint::{BigInt, BigUint, Sign};
use zkdkim_plonk::halo2curves::ff::PrimeField;

/// A prime field of more than 130 bits whose representation is little-endian, as those of `halo2curves` are.
pub trait Scalar: PrimeField + Hash {}

impl<F: PrimeField + Hash> Scalar for F {}

/// Integers that [`integer`] returns are below `2^INTEGER_BITS` in absolute value.
pub const INTEGER_BITS: u32 = 120;

/// The integer of least absolute value that a field element stands for, if it is below 2^120.
pub fn integer<F: Scalar>(value: F) -> Option<i128> {
    natural(value).or_else(|| natural(-value).map(|x| -x))
}

fn natural<F: Scalar>(value: F) -> Option<i128> {
    let repr = value.to_repr();
    let (low, high) = repr.as_ref().split_at(INTEGER_BITS as usize / 8);
    let mut bytes = [0; 16];
    bytes[..low.len()].copy_from_slice(low);
    high.iter().all(|byte| *byte == 0).then_some(i128::from_le_bytes(bytes))
}

/// The field element of an integer.
pub fn element<F: Scalar>(value: &BigInt) -> F {
    let (sign, digits) = value.to_u64_digits();
    let base = F::from(u64::MAX) + F::ONE;
    let magnitude = digits.iter().rev().fold(F::ZERO, |sum, digit| sum * base + F::from(*digit));
    if sign == Sign::Minus {
        -magnitude
    } else {
        magnitude
    }
}

/// The least non-negative integer that a field element stands for.
pub fn lift<F: Scalar>(value: F) -> BigUint {
    BigUint::from_bytes_le(value.to_repr().as_ref())
}

/// The order of the field.
pub fn order<F: Scalar>() -> BigUint {
    lift(-F::ONE) + 1u32
}

/// All bits up to the highest one of `most`.
pub fn mask_up_to(most: i128) -> u128 {
    if most <= 0 {
        return 0;
    }
    u128::MAX >> (most as u128).leading_zeros()
}
