//! Rows as the types of this program. What it never writes is an error, not a panic.

use alloy::primitives::{Address, U256};
use sqlx::{any::AnyRow, Row};

use crate::{
    error::{Error, Result},
    job::{Job, Proven, Refused, Target},
};

/// The columns that [`job`] reads.
macro_rules! job_columns {
    () => {
        "id, state, errand, chain, contract, account, nonce, new_key, inputs, proof, tx, executable_from, \
         reason, detail, hint, attempts, (SELECT now FROM clock) - created AS age"
    };
}
pub(super) use job_columns;

pub(super) fn job(row: &AnyRow) -> Result<Job> {
    let id: String = row.try_get("id")?;
    let state: String = row.try_get("state")?;
    Ok(Job {
        state: state.parse().map_err(|()| odd("state", &id))?,
        target: target(row, &id)?,
        proven: proven(row, &id)?,
        attempts: row.try_get("attempts")?,
        transaction: row.try_get("tx")?,
        executable_from: row.try_get("executable_from")?,
        refused: refused(row)?,
        age: row.try_get("age")?,
        id,
    })
}

fn target(row: &AnyRow, id: &str) -> Result<Option<Target>> {
    let Some(errand) = row.try_get::<Option<String>, _>("errand")? else { return Ok(None) };
    Ok(Some(Target {
        errand: errand.parse().map_err(|()| odd("errand", id))?,
        chain: row.try_get::<i64, _>("chain")? as u64,
        contract: address(row, "contract", id)?,
        account: address(row, "account", id)?,
        nonce: row.try_get::<i64, _>("nonce")? as u64,
        new_key: address(row, "new_key", id)?,
    }))
}

fn proven(row: &AnyRow, id: &str) -> Result<Option<Proven>> {
    let inputs: Option<Vec<u8>> = row.try_get("inputs")?;
    let proof: Option<Vec<u8>> = row.try_get("proof")?;
    let (Some(inputs), Some(proof)) = (inputs, proof) else { return Ok(None) };
    if inputs.len() != 320 {
        return Err(odd("inputs", id));
    }
    let word = |i: usize| U256::from_be_slice(&inputs[32 * i..32 * (i + 1)]);
    Ok(Some(Proven { inputs: std::array::from_fn(word), proof }))
}

fn refused(row: &AnyRow) -> Result<Option<Refused>> {
    let Some(reason) = row.try_get::<Option<String>, _>("reason")? else { return Ok(None) };
    let text = |name| row.try_get::<Option<String>, _>(name).map(Option::unwrap_or_default);
    Ok(Some(Refused { reason, detail: text("detail")?, hint: text("hint")? }))
}

/// Twenty bytes.
pub(super) fn address(row: &AnyRow, name: &str, id: &str) -> Result<Address> {
    let bytes: Vec<u8> = row.try_get(name)?;
    Address::try_from(&bytes[..]).map_err(|_| odd(name, id))
}

/// The public inputs as one column.
pub(super) fn inputs(proven: &Proven) -> Vec<u8> {
    proven.inputs.iter().flat_map(|word| word.to_be_bytes::<32>()).collect()
}

pub(super) fn odd(what: &str, id: &str) -> Error {
    Error::Stored { detail: format!("{id} has another kind of {what}") }
}
