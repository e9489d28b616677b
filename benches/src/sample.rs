//! One message of the test vectors as a statement: what every benchmark runs on.
//!
//! A proof costs the same for every message, so one is enough; the message of a recovery is the usual case.

use anyhow::{anyhow, Context, Result};
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_relation::{
    inspect::{inspect_with, KeySource},
    statement::{day_of, evaluate, PublicInputs, StatementInput},
    KeyRegistry, Reading, Salt,
};

/// The message, as it was received.
pub const MESSAGE: &[u8] = include_bytes!("../../test-vectors/messages/recovery.eml");
const REGISTRY: &str = include_str!("../../test-vectors/messages/registry.json");
/// A time at which the message is fresh.
const CLOCK: u64 = 1_700_000_060;

/// The registry of the test vectors.
///
/// # Errors
/// Where the file is not a registry.
pub fn registry() -> Result<KeyRegistry> {
    KeyRegistry::from_json(REGISTRY).context("test-vectors/messages/registry.json")
}

/// The statement of [`MESSAGE`] with a fixed salt, and its public inputs. All native work is in here: parsing,
/// canonicalising, the body hash, every rule, the reference statement.
///
/// # Errors
/// Where the message is refused.
pub fn statement(registry: &KeyRegistry) -> Result<(StatementInput, PublicInputs)> {
    let inspection = inspect_with(MESSAGE, KeySource::Registry(registry), Some(CLOCK));
    let provable = inspection.verdict.map_err(|refusal| anyhow!("{refusal}"))?;
    let slot = registry.find(&provable.domain, &provable.modulus).context("key not registered")?;
    let input = StatementInput {
        header: provable.header.bytes.clone(),
        signature: provable.signature.clone(),
        modulus: provable.modulus.clone(),
        salt: Salt::new(Fr::from_raw([0x0123_4567_89ab_cdef, 0x1122_3344_5566_7788, 0x42, 0])),
        path: registry.path(slot)?,
        not_before: day_of(provable.view.timestamp),
        reading: Reading::Clear,
    };
    let public = evaluate(&input).map_err(|refusal| anyhow!("{refusal}"))?;
    Ok((input, public))
}
