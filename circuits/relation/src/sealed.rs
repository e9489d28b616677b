//! Sealed Subjects: a mail that names its command only to whoever has the blinding.
//!
//! ```text
//! command (31 bytes) ─┐
//! blinding ───────────┴─► C = H(SEAL, command, blinding) ─► 32 bytes ─► "zkdkim " and 43 characters base64url
//! ```
//!
//! The mail's providers see random characters, the chain sees the command; the proof says that the one opens to the
//! other, and nothing of the blinding.

use base64::prelude::{Engine, BASE64_URL_SAFE_NO_PAD};

use crate::{
    commitment::{tag, SEAL_TAG},
    packing::{from_be_bytes, to_biguint},
    poseidon::hash_fold,
    values::{Blinding, CommandHash},
    Fr,
};

/// What every sealed Subject begins with.
pub const SEALED_PREFIX: &str = "zkdkim ";
/// Characters behind the prefix: 32 bytes in base64url without padding.
pub const SEALED_CHARACTERS: usize = 43;
/// Bytes of a sealed Subject.
pub const SEALED_BYTES: usize = SEALED_PREFIX.len() + SEALED_CHARACTERS;

/// How a proof reads the Subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// As it stands: its bytes are public.
    #[default]
    Clear,
    /// As the seal of a command: the command is public.
    Sealed {
        /// What the Subject opens to.
        command: CommandHash,
        /// What hides it in the mail.
        blinding: Blinding,
    },
}

/// `H(SEAL, command, blinding)`.
pub fn seal(command: &CommandHash, blinding: &Blinding) -> Fr {
    hash_fold(tag(SEAL_TAG), &[command.to_element(), blinding.expose()])
}

/// The Subject to send for a command: the seal as a number below r.
pub fn sealed_subject(command: &CommandHash, blinding: &Blinding) -> String {
    let number = to_biguint(&seal(command, blinding)).to_bytes_be();
    let mut bytes = [0; 32];
    bytes[32 - number.len()..].copy_from_slice(&number);
    format!("{SEALED_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The element that a Subject of the sealed form spells (clause 2.4); None where it has another form.
///
/// The number may be r or more: it is taken modulo r. The bits that the last character has besides the 32 bytes are 0.
pub fn spelt_seal(subject: &[u8]) -> Option<Fr> {
    let text = subject.strip_prefix(SEALED_PREFIX.as_bytes())?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32)?;
    Some(from_be_bytes(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2curves::ff::Field;
    use num_bigint::BigUint;

    fn example() -> (CommandHash, Blinding) {
        (CommandHash(std::array::from_fn(|i| 200 + i as u8)), Blinding::new(-Fr::from(5)))
    }

    #[test]
    fn a_sealed_subject_spells_its_seal() {
        let (command, blinding) = example();
        let subject = sealed_subject(&command, &blinding);
        assert_eq!(subject.len(), SEALED_BYTES);
        assert_eq!(spelt_seal(subject.as_bytes()), Some(seal(&command, &blinding)));
        let mut other = command;
        other.0[30] ^= 1;
        assert_ne!(seal(&other, &blinding), seal(&command, &blinding));
        assert_ne!(seal(&command, &Blinding::new(Fr::from(5))), seal(&command, &blinding));
    }

    #[test]
    fn a_number_of_r_or_more_is_taken_modulo_r() {
        let r = to_biguint(&-Fr::ONE) + 1u32;
        let spelt = |number: &BigUint| {
            let text = BASE64_URL_SAFE_NO_PAD.encode(number.to_bytes_be());
            spelt_seal(format!("zkdkim {text}").as_bytes())
        };
        assert_eq!(spelt(&(&r + 7u32)), Some(Fr::from(7)));
        let largest = (BigUint::from(1u32) << 256u32) - 1u32;
        assert_eq!(spelt(&largest), crate::packing::from_biguint(&(largest % r)));
    }

    #[test]
    fn every_other_form_is_none() {
        let (command, blinding) = example();
        let subject = sealed_subject(&command, &blinding);
        for other in [
            subject.replace("zkdkim ", "zkdkim  "),
            subject.replace("zkdkim ", "Zkdkim "),
            subject.replace("zkdkim ", ""),
            format!("{subject} "),
            format!("{subject}="),
            format!("{subject}A"),
            format!(" {subject}"),
            subject[..SEALED_BYTES - 1].to_owned(),
            String::new(),
        ] {
            assert_eq!(spelt_seal(other.as_bytes()), None, "{other:?}");
        }
        // Standard base64's characters, and any other, at every place.
        for at in SEALED_PREFIX.len()..SEALED_BYTES {
            for bad in [b'+', b'/', b'=', b' ', b'.', b'~'] {
                let mut other = subject.clone().into_bytes();
                other[at] = bad;
                assert_eq!(spelt_seal(&other), None, "{bad} at {at}");
            }
        }
        // The last character holds four bits: its two lowest are 0.
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (i, character) in ALPHABET.iter().enumerate() {
            let mut other = subject.clone().into_bytes();
            *other.last_mut().expect("50 bytes") = *character;
            assert_eq!(spelt_seal(&other).is_some(), i % 4 == 0, "{i}");
        }
    }
}
