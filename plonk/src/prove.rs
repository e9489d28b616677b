//! Making a proof: SHPLONK with the Keccak transcript that the contract replays.

use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr},
    plonk::create_proof,
    poly::kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
};
use rand::{CryptoRng, RngCore};

use crate::{
    error::{Error, Result},
    keys::{KeyedCircuit, ProverKey},
    progress::{step, Progress},
    srs::Srs,
    transcript::KeccakWrite,
    verify::verify,
};

/// Proves that `circuit` is satisfied with these public inputs, and verifies the proof before anybody
/// sees it: a fault of this machine, a damaged key or an unsatisfied circuit gives no output.
///
/// `rng` blinds the witness. halo2 draws the coefficients of its random polynomial elsewhere (`thread_rng`), so the same
/// `rng` does not give the same proof.
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
    rng: impl RngCore + CryptoRng,
    progress: &dyn Progress,
) -> Result<Vec<u8>> {
    if instances.len() != C::INSTANCES {
        return Err(Error::InstanceCount { expected: C::INSTANCES, got: instances.len() });
    }
    key.verifier().check_srs(srs.sha256(), srs.kind())?;
    let proof = step(progress, "proving", || {
        let mut transcript = KeccakWrite::new(Vec::new());
        create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
            srs.params(),
            key.pk(),
            &[circuit],
            &[&[instances]],
            rng,
            &mut transcript,
        )
        .map(|()| transcript.into_inner())
    })
    .map_err(|e| Error::Proving { detail: e.to_string() })?;
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
