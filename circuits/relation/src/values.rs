//! The numbers of the statement that must not be mistaken for one another: all are elements of one field.
//!
//! Public: [`RegistryRoot`], [`EmailCommitment`], [`Nullifier`], [`PackedSubject`]. Secret: [`Salt`].

use std::fmt;

use halo2curves::ff::Field;
use rand_core::{CryptoRng, RngCore};

use crate::{
    packing::{pack_bytes, to_biguint, PACKED_BYTES, SUBJECT_WORDS},
    Fr,
};

/// The root of a key registry's tree: which keys of which domains were trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryRoot(pub Fr);

/// `H(EMAIL, salt, address)`, which an account stores in place of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailCommitment(pub Fr);

/// `H(NULLIFIER, salt, digest)`: one for each signed header block and salt, and unlinkable to the mail without the salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nullifier(pub Fr);

/// A Subject of at most 186 bytes, 31 to a word, big-endian, padded with zeros on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedSubject(pub [Fr; SUBJECT_WORDS]);

impl PackedSubject {
    /// Packs a Subject; None where it is longer than 186 bytes.
    pub fn pack(subject: &[u8]) -> Option<PackedSubject> {
        let words = pack_bytes(subject, SUBJECT_WORDS)?;
        words.try_into().ok().map(PackedSubject)
    }

    /// The Subject; None where the words are not printable ASCII padded with zeros.
    pub fn unpack(&self) -> Option<String> {
        let mut bytes = Vec::new();
        for word in &self.0 {
            let word = to_biguint(word).to_bytes_be();
            let padding = PACKED_BYTES.checked_sub(word.len())?;
            bytes.extend(std::iter::repeat_n(0, padding));
            bytes.extend(word);
        }
        let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
        let (text, rest) = bytes.split_at(end);
        let printable = text.iter().all(|b| (0x20..=0x7e).contains(b));
        if !printable || rest.iter().any(|&b| b != 0) {
            return None;
        }
        String::from_utf8(text.to_vec()).ok()
    }
}

/// The account owner's secret, which hides the address behind commitment and nullifier. `Debug` shows nothing of it, and
/// it is overwritten when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt(Fr);

impl Salt {
    /// Takes a field element. It has to be random, of at least 128 bits: addresses can be guessed.
    pub fn new(element: Fr) -> Salt {
        Salt(element)
    }

    /// A new salt, uniform in the field.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Salt {
        Salt(Fr::random(rng))
    }

    /// The secret itself, to compute with.
    pub fn expose(&self) -> Fr {
        self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(redacted)")
    }
}

/// Best effort: the field type offers no zeroizing, so it is overwritten and the compiler is told that somebody looks.
impl Drop for Salt {
    fn drop(&mut self) {
        self.0 = Fr::ZERO;
        std::hint::black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_unpack_as_they_were_packed() {
        for text in ["", "a", &"x".repeat(31), &"y".repeat(32), &"z".repeat(186)] {
            let packed = PackedSubject::pack(text.as_bytes()).unwrap();
            assert_eq!(packed.unpack().as_deref(), Some(text));
        }
        assert_eq!(PackedSubject::pack(&[b'a'; 187]), None);
        let words = |first: Fr| {
            let mut words = [Fr::ZERO; SUBJECT_WORDS];
            words[0] = first;
            PackedSubject(words)
        };
        assert_eq!(words(-Fr::from(1)).unpack(), None, "32 bytes");
        assert_eq!(words(Fr::from(65)).unpack(), None, "text behind padding");
        assert_eq!(PackedSubject::pack(b"a\x1bb").unwrap().unpack(), None, "control byte");
    }

    #[test]
    fn a_salt_shows_nothing() {
        assert_eq!(format!("{:?}", Salt::new(Fr::from(77))), "Salt(redacted)");
    }
}
