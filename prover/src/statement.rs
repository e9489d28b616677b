//! From a message to the statement and its witness.

use zkdkim_relation::{
    inspect::{inspect_under, KeySource, Policy, Provable},
    registry::RegistryError,
    statement::{day_of, evaluate, PublicInputs, StatementInput},
    KeyRegistry, Reading, Salt,
};

use crate::error::Result;

/// A message that passed every rule, with what its proof will say.
#[derive(Debug)]
pub struct Prepared {
    /// The witness, all of which stays hidden.
    pub input: StatementInput,
    /// What the proof will say, computed from `input`.
    pub public: PublicInputs,
    /// The pieces of the message.
    pub provable: Provable,
}

/// What a proof shall reveal of time and Subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reveal {
    /// The bound of the time, in seconds since 1970: the one that the contract asks for, so that nothing else is
    /// revealed. Without one it is the beginning of the mail's day.
    pub not_before: Option<u64>,
    /// Whether the Subject is public, or the command that it is sealed over.
    pub reading: Reading,
}

/// Inspects a message, the registry standing in for DNS, and computes its statement: the Subject in clear, and of the time
/// the day.
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
    let policy = Policy { clock, ..Policy::default() };
    prepare_under(message, salt, registry, &policy, &Reveal::default())
}

/// The same under a policy, which may take a message whose unsigned parts are not those that were signed, and with a
/// choice of what is revealed.
///
/// # Errors
///
/// [`crate::Error::Refused`] with the rule, the place and a hint.
pub fn prepare_under(
    message: &[u8],
    salt: &Salt,
    registry: &KeyRegistry,
    policy: &Policy,
    reveal: &Reveal,
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
        salt: salt.clone(),
        path: registry.path(slot)?,
        not_before: reveal.not_before.unwrap_or_else(|| day_of(provable.view.timestamp)),
        reading: reveal.reading.clone(),
    };
    let public = evaluate(&input)?;
    Ok(Prepared { input, public, provable })
}
