//! The numbers of the statement that must not be mistaken for one another: all are elements of one field.
//!
//! Public: [`RegistryRoot`], [`EmailCommitment`], [`Nullifier`], [`PackedSubject`], [`CommandHash`]. Secret: [`Salt`],
//! [`Blinding`].

use std::fmt;

use halo2curves::ff::Field;
use rand_core::{CryptoRng, RngCore};

use crate::{
    packing::{from_be_bytes, pack_bytes, to_biguint, PACKED_BYTES, SUBJECT_WORDS},
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

/// What a contract asks for in a word: the first 31 bytes of a Keccak-256 digest, so below 2^248.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandHash(pub [u8; PACKED_BYTES]);

impl CommandHash {
    /// The bytes as one big-endian number.
    pub fn to_element(self) -> Fr {
        from_be_bytes(&self.0)
    }
}

/// The public words of a Subject, in either reading:
///
/// - clear: its bytes, at most 186, 31 to a word, big-endian, padded with zeros on the right;
/// - sealed: the command, four zeros and 2^248, which no 31 bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedSubject(pub [Fr; SUBJECT_WORDS]);

/// The last word of a sealed Subject, 2^248.
pub fn sealed_mark() -> Fr {
    let mut bytes = [0; PACKED_BYTES + 1];
    bytes[0] = 1;
    from_be_bytes(&bytes)
}

impl PackedSubject {
    /// Packs a Subject; None where it is longer than 186 bytes.
    pub fn pack(subject: &[u8]) -> Option<PackedSubject> {
        let words = pack_bytes(subject, SUBJECT_WORDS)?;
        words.try_into().ok().map(PackedSubject)
    }

    /// The words of a Subject that is sealed over a command.
    pub fn sealed(command: CommandHash) -> PackedSubject {
        let mut words = [Fr::ZERO; SUBJECT_WORDS];
        words[0] = command.to_element();
        words[SUBJECT_WORDS - 1] = sealed_mark();
        PackedSubject(words)
    }

    /// The command of the sealed reading; None where the words are not of that reading.
    pub fn command(&self) -> Option<CommandHash> {
        let number = to_biguint(&self.0[0]).to_bytes_be();
        let mut bytes = [0; PACKED_BYTES];
        bytes[PACKED_BYTES.checked_sub(number.len())?..].copy_from_slice(&number);
        let command = CommandHash(bytes);
        (*self == PackedSubject::sealed(command)).then_some(command)
    }

    /// The Subject of the clear reading; None where the words are not printable ASCII padded with zeros.
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

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Fr);

        impl $name {
            /// Takes a field element. It has to be random, of at least 128 bits: what it hides can be guessed.
            pub fn new(element: Fr) -> Self {
                Self(element)
            }

            /// A new one, uniform in the field.
            pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
                Self(Fr::random(rng))
            }

            /// The secret itself, to compute with.
            pub fn expose(&self) -> Fr {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        /// Best effort: the field type offers no zeroizing, so it is overwritten and the compiler is told that somebody
        /// looks.
        impl Drop for $name {
            fn drop(&mut self) {
                self.0 = Fr::ZERO;
                std::hint::black_box(&self.0);
            }
        }
    };
}

secret! {
    /// The account owner's secret, which hides the address behind commitment and nullifier. `Debug` shows nothing of it,
    /// and it is overwritten when dropped.
    Salt
}

secret! {
    /// The secret of the wallet that asks for a sealed Subject: without it nobody joins the mail with the command. New
    /// for each mail. `Debug` shows nothing of it, and it is overwritten when dropped.
    Blinding
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
    fn no_words_are_of_both_readings() {
        let command = CommandHash([0xff; PACKED_BYTES]);
        let sealed = PackedSubject::sealed(command);
        assert_eq!((sealed.command(), sealed.unpack()), (Some(command), None));
        let zero = PackedSubject::sealed(CommandHash([0; PACKED_BYTES]));
        assert_eq!((zero.command(), zero.unpack()), (Some(CommandHash([0; PACKED_BYTES])), None));
        assert_eq!(PackedSubject::pack(&[b'~'; 186]).unwrap().command(), None);
        assert_eq!(PackedSubject::pack(b"").unwrap().command(), None);
        for word in 0..SUBJECT_WORDS {
            let mut words = sealed;
            words.0[word] += if word == 0 { sealed_mark() } else { Fr::ONE };
            assert_eq!(words.command(), None, "{word}");
        }
    }

    #[test]
    fn secrets_show_nothing() {
        assert_eq!(format!("{:?}", Salt::new(Fr::from(77))), "Salt(redacted)");
        assert_eq!(format!("{:?}", Blinding::new(Fr::from(77))), "Blinding(redacted)");
    }
}
