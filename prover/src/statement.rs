//! From a message to the statement and its witness.

use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_relation::{
    commitment::{to_biguint, PACKED_BYTES},
    inspect::{inspect_under, KeySource, Policy, Provable},
    registry::RegistryError,
    statement::{evaluate, PublicInputs, StatementInput},
    KeyRegistry,
};

use crate::{error::Result, salt::Salt};

/// A message that passed every rule, with what its proof will say.
#[derive(Debug)]
pub struct Prepared {
    /// What stays hidden.
    pub input: StatementInput,
    /// What becomes public.
    pub public: PublicInputs,
    /// The pieces of the message.
    pub provable: Provable,
}

/// Inspects a message, the registry standing in for DNS, and computes its statement.
///
/// # Errors
///
/// [`crate::Error::Refused`] with the rule, the place and a hint.
pub fn prepare(
    message: &[u8],
    salt: &Salt,
    registry: &KeyRegistry,
    clock: Option<u64>,
) -> Result<Prepared> {
    prepare_under(message, salt, registry, &Policy { clock, ..Policy::default() })
}

/// The same under a policy, which may take a message whose unsigned parts are not those that were signed.
///
/// # Errors
///
/// [`crate::Error::Refused`] with the rule, the place and a hint.
pub fn prepare_under(
    message: &[u8],
    salt: &Salt,
    registry: &KeyRegistry,
    policy: &Policy,
) -> Result<Prepared> {
    let inspection = inspect_under(message, KeySource::Registry(registry), policy);
    let provable = *inspection.verdict?;
    // The key came out of the registry, so it has a slot there.
    let slot = registry.find(&provable.domain, &provable.modulus);
    let slot = slot.ok_or(RegistryError::NoEntry(0))?;
    let input = StatementInput {
        header: provable.header.bytes.clone(),
        signature: provable.signature.clone(),
        modulus: provable.modulus.clone(),
        salt: salt.expose(),
        path: registry.path(slot)?,
    };
    let public = evaluate(&input)?;
    Ok(Prepared { input, public, provable })
}

/// The Subject out of its packed words; none where they are not printable text padded with zeros.
pub fn unpack_subject(words: &[Fr]) -> Option<String> {
    let mut bytes = Vec::new();
    for word in words {
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

#[cfg(test)]
mod tests {
    use super::*;
    use zkdkim_relation::commitment::{pack_bytes, SUBJECT_WORDS};

    #[test]
    fn subjects_unpack_as_they_were_packed() {
        for text in ["", "a", &"x".repeat(31), &"y".repeat(32), &"z".repeat(186)] {
            let words = pack_bytes(text.as_bytes(), SUBJECT_WORDS).unwrap();
            assert_eq!(unpack_subject(&words).as_deref(), Some(text));
        }
        assert_eq!(unpack_subject(&[-Fr::from(1)]), None, "32 bytes");
        assert_eq!(unpack_subject(&[Fr::from(65)]), None, "text behind padding");
        assert_eq!(unpack_subject(&pack_bytes(b"a\x1bb", 1).unwrap()), None, "control byte");
    }
}
