//! Making a proof, and checking it before anybody sees it.

use halo2_proofs::halo2curves::bn256::Fr;
use rand::{CryptoRng, RngCore};

use crate::{
    error::{Error, Result},
    folded::{self, Stage},
    keys::{KeyedCircuit, ProverKey},
    progress::{step, Progress},
    srs::Srs,
    verify::verify,
};

/// Proves that `circuit` is satisfied with these public inputs, and verifies the proof before anybody
/// sees it: a fault of this machine, a damaged key or an unsatisfied circuit gives no output.
///
/// `rng` blinds the witness; all of the proof's randomness comes from it.
///
/// # Errors
///
/// [`Error::InstanceCount`], [`Error::WrongSrs`], and [`Error::Proving`] for everything that goes wrong
/// afterwards.
pub fn prove<C: KeyedCircuit>(
    srs: &Srs,
    key: &ProverKey<C>,
    circuit: C,
    instances: &[Fr],
    rng: impl RngCore + CryptoRng + Send + Sync,
    progress: &dyn Progress,
) -> Result<Vec<u8>> {
    if instances.len() != C::INSTANCES {
        return Err(Error::InstanceCount { expected: C::INSTANCES, got: instances.len() });
    }
    key.verifier().check_srs(srs.sha256(), srs.kind())?;
    progress.start("proving", Some(Stage::COUNT));
    let mut entered = 0;
    let proof =
        folded::prove_taking(srs.bases(), key.pk(), circuit, &[instances], rng, &mut |_| {
            progress.advance(entered);
            entered += 1;
        });
    progress.finish();
    let proof = proof.map_err(|e| Error::Proving { detail: e.to_string() })?;
    match step(progress, "verifying", || verify(key.verifier(), instances, &proof)) {
        Ok(()) => Ok(proof),
        Err(error) => Err(Error::Proving {
            detail: format!(
                "the finished proof does not verify ({error}); keys made by another build of this \
                 program have to be made anew"
            ),
        }),
    }
}
