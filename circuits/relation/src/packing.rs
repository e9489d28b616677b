//! Bytes and numbers as elements of the field.

use halo2curves::ff::{Field, PrimeField};
use num_bigint::BigUint;

use crate::Fr;

/// Bytes that one element holds: 31 whole bytes stay below r.
pub const PACKED_BYTES: usize = 31;
/// Elements of a Subject: 186 bytes.
pub const SUBJECT_WORDS: usize = 6;

/// Big-endian bytes as an element, reduced; exact for up to 31 bytes.
pub fn from_be_bytes(bytes: &[u8]) -> Fr {
    bytes.iter().fold(Fr::ZERO, |acc, byte| acc * Fr::from(256) + Fr::from(u64::from(*byte)))
}

/// An element as a number below r.
pub fn to_biguint(element: &Fr) -> BigUint {
    BigUint::from_bytes_le(element.to_repr().as_ref())
}

/// A number below r as an element.
pub fn from_biguint(number: &BigUint) -> Option<Fr> {
    let bytes = number.to_bytes_le();
    let mut repr = [0u8; 32];
    repr.get_mut(..bytes.len())?.copy_from_slice(&bytes);
    Fr::from_repr(repr).into()
}

/// Packs bytes 31 to an element, big-endian, zero-padded on the right to `words` elements.
/// None where they do not fit.
pub fn pack_bytes(bytes: &[u8], words: usize) -> Option<Vec<Fr>> {
    if bytes.len() > words * PACKED_BYTES {
        return None;
    }
    let word = |i: usize| {
        let start = (i * PACKED_BYTES).min(bytes.len());
        let end = (start + PACKED_BYTES).min(bytes.len());
        let mut padded = [0u8; PACKED_BYTES];
        padded[..end - start].copy_from_slice(&bytes[start..end]);
        from_be_bytes(&padded)
    };
    Some((0..words).map(word).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_is_big_endian_and_padded_on_the_right() {
        assert_eq!(pack_bytes(b"", 1).unwrap(), [Fr::ZERO]);
        let one = pack_bytes(&[1], 1).unwrap();
        assert_eq!(to_biguint(&one[0]), BigUint::from(1u32) << 240u32);
        let mut bytes = [0u8; 32];
        (bytes[30], bytes[31]) = (7, 9);
        let two = pack_bytes(&bytes, 2).unwrap();
        assert_eq!(two[0], Fr::from(7));
        assert_eq!(to_biguint(&two[1]), BigUint::from(9u32) << 240u32);
        assert_eq!(pack_bytes(&bytes, 3).unwrap()[2], Fr::ZERO);
        assert!(pack_bytes(&bytes, 1).is_none());
        assert!(pack_bytes(&[0; 62], 2).is_some());
    }

    #[test]
    fn numbers_and_elements_convert_both_ways() {
        let minus_one = -Fr::ONE;
        let number = to_biguint(&minus_one);
        assert_eq!(from_biguint(&number), Some(minus_one));
        assert_eq!(from_biguint(&(&number + 1u32)), None);
        assert_eq!(from_biguint(&(number << 8u32)), None);
    }
}
