//! Rows as the types of this program. What it never writes is an error, not a panic.

use alloy::primitives::{Address, U256};
use sqlx::{any::AnyRow, Row};
use zkdkim_relation::{
    owner::{Owner, OwnerHash},
    recovery_subject,
};

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
        new_owner: owner(row, id)?,
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

/// Whom is voted for: an address, or the hash of more; the zero address where nobody is.
pub(super) fn owner(row: &AnyRow, id: &str) -> Result<Option<Owner>> {
    let bytes: Vec<u8> = row.try_get("new_key")?;
    if let Ok(hash) = <[u8; 32]>::try_from(&bytes[..]) {
        return Ok(Some(Owner::Bytes(OwnerHash(hash))));
    }
    let key = <[u8; 20]>::try_from(&bytes[..]).map_err(|_| odd("new_key", id))?;
    Ok((key != [0; 20]).then_some(Owner::Key(recovery_subject::Address(key))))
}

/// The same as [`owner`] reads it.
pub(super) fn owner_column(owner: Option<Owner>) -> Vec<u8> {
    match owner {
        None => vec![0; 20],
        Some(Owner::Key(key)) => key.0.to_vec(),
        Some(Owner::Bytes(hash)) => hash.0.to_vec(),
    }
}

/// The public inputs as one column.
pub(super) fn inputs(proven: &Proven) -> Vec<u8> {
    proven.inputs.iter().flat_map(|word| word.to_be_bytes::<32>()).collect()
}

pub(super) fn odd(what: &str, id: &str) -> Error {
    Error::Stored { detail: format!("{id} has another kind of {what}") }
}
