//! Verifying proofs natively.

use halo2_proofs::halo2curves::bn256::Fr;

use crate::{
    error::{Error, Result},
    folded,
    keys::{KeyedCircuit, VerifierKey},
};

/// Verifies a proof: exactly as many public inputs as the statement has, every scalar and coordinate canonical, every
/// point on the curve, no byte too few or too many.
///
/// # Errors
///
/// [`Error::InstanceCount`] and [`Error::InvalidProof`].
pub fn verify<C: KeyedCircuit>(key: &VerifierKey<C>, instances: &[Fr], proof: &[u8]) -> Result<()> {
    check_count::<C>(instances)?;
    folded::verify(key.vk(), &[instances], proof).map_err(invalid)
}

/// Verifies many proofs under one key with one pairing, all or nothing.
///
/// # Errors
///
/// [`Error::InstanceCount`]; [`Error::InvalidProof`], which names the first that is malformed.
pub fn verify_batch<C: KeyedCircuit>(
    key: &VerifierKey<C>,
    proofs: &[(&[Fr], &[u8])],
) -> Result<()> {
    let mut columns = Vec::with_capacity(proofs.len());
    for (instances, _) in proofs {
        check_count::<C>(instances)?;
        columns.push([*instances]);
    }
    let proofs = columns.iter().zip(proofs).map(|(columns, (_, proof))| (&columns[..], *proof));
    folded::verify_batch(key.vk(), proofs).map_err(invalid)
}

fn check_count<C: KeyedCircuit>(instances: &[Fr]) -> Result<()> {
    if instances.len() == C::INSTANCES {
        return Ok(());
    }
    Err(Error::InstanceCount { expected: C::INSTANCES, got: instances.len() })
}

fn invalid(error: folded::Error) -> Error {
    Error::InvalidProof { detail: error.to_string() }
}
