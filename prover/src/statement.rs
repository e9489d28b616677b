//! From a message to the statement and its witness.

use zkdkim_relation::{
    inspect::{inspect_under, KeySource, Policy, Provable},
    registry::RegistryError,
    statement::{evaluate, PublicInputs, StatementInput},
    KeyRegistry, Salt,
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
        salt: salt.clone(),
        path: registry.path(slot)?,
    };
    let public = evaluate(&input)?;
    Ok(Prepared { input, public, provable })
}
