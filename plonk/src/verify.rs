//! Verifying a proof natively.

use halo2_proofs::{
    halo2curves::bn256::{Bn256, Fr},
    plonk::verify_proof,
    poly::{
        kzg::{
            commitment::KZGCommitmentScheme, multiopen::VerifierSHPLONK, strategy::SingleStrategy,
        },
        VerificationStrategy,
    },
};

use crate::{
    error::{Error, Result},
    keys::{KeyedCircuit, VerifierKey},
    transcript::KeccakRead,
};

/// Verifies a proof: exactly as many public inputs as the statement has (halo2 would pad with zeros),
/// every scalar and coordinate canonical, every point on the curve, no byte too few or too many.
///
/// # Errors
///
/// [`Error::InstanceCount`] and [`Error::InvalidProof`].
pub fn verify<C: KeyedCircuit>(key: &VerifierKey<C>, instances: &[Fr], proof: &[u8]) -> Result<()> {
    if instances.len() != C::INSTANCES {
        return Err(Error::InstanceCount { expected: C::INSTANCES, got: instances.len() });
    }
    let params = key.verifier_params();
    let mut transcript = KeccakRead::new(proof);
    let strategy = <SingleStrategy<'_, Bn256> as VerificationStrategy<
        '_,
        KZGCommitmentScheme<Bn256>,
        VerifierSHPLONK<'_, Bn256>,
    >>::new(params);
    verify_proof::<
        KZGCommitmentScheme<Bn256>,
        VerifierSHPLONK<'_, Bn256>,
        _,
        KeccakRead<&[u8]>,
        SingleStrategy<'_, Bn256>,
    >(params, key.vk(), strategy, &[&[instances]], &mut transcript)
    .map_err(|e| Error::InvalidProof { detail: e.to_string() })?;
    transcript.finish().map_err(|e| Error::InvalidProof { detail: e.to_string() })
}
