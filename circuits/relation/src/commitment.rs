//! Domain-separated hashes of the statement.

use crate::header::{MAX_ADDRESS_BYTES, MAX_DOMAIN_BYTES};
use crate::poseidon::{hash2, hash_fold};
use crate::{
    values::{EmailCommitment, Nullifier, Salt},
    Fr,
};
use halo2curves::ff::Field;
use num_bigint::BigUint;

pub use crate::packing::{
    from_be_bytes, from_biguint, pack_bytes, to_biguint, PACKED_BYTES, SUBJECT_WORDS,
};

/// Elements of an address.
pub const ADDRESS_WORDS: usize = 4;
/// Elements of a domain.
pub const DOMAIN_WORDS: usize = 2;
/// Words of a modulus.
pub const MODULUS_WORDS: usize = 10;
/// Bits in a word of a modulus: seven limbs of 32.
pub const MODULUS_WORD_BITS: u64 = 224;
/// Halves of a digest.
pub const DIGEST_HALVES: usize = 2;

/// Text of the tag of [`email_commitment`]; the number counts the folded elements.
pub const EMAIL_TAG: &str = "zkdkim/v1/EMAIL/5";
/// Text of the tag of [`nullifier`].
pub const NULLIFIER_TAG: &str = "zkdkim/v1/NULLIFIER/3";
/// Text of the tag of [`key_hash`].
pub const KEY_TAG: &str = "zkdkim/v1/KEY/10";
/// Text of the tag of [`leaf`].
pub const LEAF_TAG: &str = "zkdkim/v1/LEAF/3";
/// Text of the tag of [`seal`](crate::sealed::seal).
pub const SEAL_TAG: &str = "zkdkim/v2/SEAL/2";

/// A tag as a field element: its ASCII bytes as one big-endian number.
pub fn tag(text: &str) -> Fr {
    from_be_bytes(text.as_bytes())
}

/// The ten 224-bit words of a modulus, least significant first; higher bits are ignored.
pub fn modulus_words(modulus: &BigUint) -> [Fr; MODULUS_WORDS] {
    let mut bytes = modulus.to_bytes_le();
    let word_bytes = MODULUS_WORD_BITS as usize / 8;
    bytes.resize(MODULUS_WORDS * word_bytes, 0);
    std::array::from_fn(|i| {
        let word = &bytes[i * word_bytes..(i + 1) * word_bytes];
        word.iter().rev().fold(Fr::ZERO, |acc, b| acc * Fr::from(256) + Fr::from(u64::from(*b)))
    })
}

/// A SHA-256 digest in two 128-bit halves, the high one first.
pub fn digest_halves(digest: &[u8; 32]) -> [Fr; DIGEST_HALVES] {
    [from_be_bytes(&digest[..16]), from_be_bytes(&digest[16..])]
}

/// `H(EMAIL, salt, address words)`, what an account stores; None for an address over 124 bytes.
///
/// The address must be lowered already, as [`super::header::HeaderView::address`] is.
pub fn email_commitment(salt: &Salt, address: &[u8]) -> Option<EmailCommitment> {
    debug_assert_eq!(ADDRESS_WORDS * PACKED_BYTES, MAX_ADDRESS_BYTES);
    let words = pack_bytes(address, ADDRESS_WORDS)?;
    Some(EmailCommitment(hash_fold(hash2(tag(EMAIL_TAG), salt.expose()), &words)))
}

/// `H(NULLIFIER, salt, digest halves)`.
pub fn nullifier(salt: &Salt, header_digest: &[u8; 32]) -> Nullifier {
    Nullifier(hash_fold(hash2(tag(NULLIFIER_TAG), salt.expose()), &digest_halves(header_digest)))
}

/// `H(KEY, modulus words)`, the last element of a leaf; only the low 2,240 bits of the modulus count.
pub fn key_hash(modulus: &BigUint) -> Fr {
    hash_fold(tag(KEY_TAG), &modulus_words(modulus))
}

/// `H(LEAF, domain words, key hash)`; None for a domain over 62 bytes.
pub fn leaf(domain: &[u8], modulus: &BigUint) -> Option<Fr> {
    debug_assert_eq!(DOMAIN_WORDS * PACKED_BYTES, MAX_DOMAIN_BYTES);
    let words = pack_bytes(domain, DOMAIN_WORDS)?;
    Some(hash2(hash_fold(tag(LEAF_TAG), &words), key_hash(modulus)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_halves_rebuild_the_number() {
        let modulus = (BigUint::from(1u32) << 2047u32) + 12345u32;
        let rebuilt = modulus_words(&modulus)
            .iter()
            .rev()
            .fold(BigUint::from(0u32), |acc, word| (acc << MODULUS_WORD_BITS) + to_biguint(word));
        assert_eq!(rebuilt, modulus);
        let digest: [u8; 32] = std::array::from_fn(|i| i as u8);
        let [high, low] = digest_halves(&digest);
        let rebuilt = (to_biguint(&high) << 128u32) + to_biguint(&low);
        assert_eq!(rebuilt, BigUint::from_bytes_be(&digest));
    }

    #[test]
    fn tags_count_their_elements_and_differ() {
        for (text, count) in [
            (EMAIL_TAG, 1 + ADDRESS_WORDS),
            (NULLIFIER_TAG, 1 + DIGEST_HALVES),
            (KEY_TAG, MODULUS_WORDS),
            (LEAF_TAG, DOMAIN_WORDS + 1),
            (SEAL_TAG, 2),
        ] {
            assert!(text.ends_with(&format!("/{count}")) && text.len() <= PACKED_BYTES);
            assert_eq!(to_biguint(&tag(text)), BigUint::from_bytes_be(text.as_bytes()));
        }
    }

    #[test]
    fn lengths_are_limited() {
        let salt = Salt::new(Fr::ONE);
        assert!(email_commitment(&salt, &[b'a'; 124]).is_some());
        assert!(email_commitment(&salt, &[b'a'; 125]).is_none());
        let modulus = BigUint::from(5u32);
        assert!(leaf(&[b'a'; 62], &modulus).is_some());
        assert!(leaf(&[b'a'; 63], &modulus).is_none());
    }
}
