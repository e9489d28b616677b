//! Coordinates of points as bytes, and y from x.

use halo2_proofs::halo2curves::{
    bn256::Fq,
    ff::{Field, PrimeField},
};

use super::{encoding::field_bytes, loops};

/// The coordinate of 32 big-endian bytes, the first one masked; none for a number that is not below the modulus.
pub(crate) fn coordinate(bytes: &[u8], mask: u8) -> Option<Fq> {
    let mut repr = [0u8; 32];
    for (to, from) in repr.iter_mut().rev().zip(bytes) {
        *to = *from;
    }
    repr[31] &= mask;
    Fq::from_repr(repr).into()
}

/// Of ±y the one of this parity, as 32 big-endian bytes; zero is even.
pub(crate) fn coordinate_bytes(y: &Fq, odd: bool) -> [u8; 32] {
    let bytes = field_bytes(y);
    let has = bytes[31] & 1 == 1;
    if has == odd || bool::from(y.is_zero()) {
        return bytes;
    }
    field_bytes(&-y)
}

/// For each x a y with y² = x³ + 3; none where one of them is on no point.
pub(crate) fn ordinates(x: &[Fq]) -> Option<Vec<Fq>> {
    loops::ordinates(x)
}
