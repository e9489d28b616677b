//! The proving key.

use std::fmt;

use halo2_proofs::{
    halo2curves::bn256::G1Affine,
    plonk::{keygen_pk, ProvingKey},
};

use super::{polynomials, KeyedCircuit, VerifierKey};
use crate::{
    container::{Container, EncodedContainer},
    error::{Error, Result},
    kinds::ContainerKind,
    progress::{step, Progress},
    srs::Srs,
};

/// All that proving needs besides the SRS.
#[derive(Clone)]
pub struct ProverKey<C> {
    pk: ProvingKey<G1Affine>,
    verifier: VerifierKey<C>,
}

impl<C> fmt::Debug for ProverKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProverKey").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl<C: KeyedCircuit> ProverKey<C> {
    /// Makes both keys.
    ///
    /// # Errors
    ///
    /// As [`VerifierKey::generate`].
    pub fn generate(srs: &Srs, params: &C::Params, progress: &dyn Progress) -> Result<Self> {
        let verifier =
            step(progress, "making the verifying key", || VerifierKey::<C>::generate(srs, params))?;
        let pk = step(progress, "making the proving key", || {
            keygen_pk(srs.params(), verifier.vk.clone(), &C::blank(params))
        });
        let pk = pk.map_err(|e| Error::Keygen { detail: e.to_string() })?;
        Ok(ProverKey { pk, verifier })
    }

    /// Decodes and checks the content of a file of a proving key.
    ///
    /// # Errors
    ///
    /// Another circuit, k or verifying key, a malformed key.
    pub fn from_container(container: &Container, params: &C::Params) -> Result<Self> {
        let bad = || Error::malformed("proving key", "too short for its verifying key");
        let (len, rest) = container.payload().split_first_chunk::<8>().ok_or_else(bad)?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| bad())?;
        let (vk, polynomials) = rest.split_at_checked(len).ok_or_else(bad)?;
        let verifier = VerifierKey::<C>::decode(vk, container.header(), params)?;
        verifier.check_own_digest(container.header())?;
        let pk = polynomials::decode(verifier.vk.clone(), polynomials)?;
        Ok(ProverKey { pk, verifier })
    }

    /// The key as a file: 36 MB for the statement at k = 14.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for names that do not fit the header.
    pub fn to_container(&self) -> Result<EncodedContainer> {
        let mut payload = (self.verifier.payload.len() as u64).to_le_bytes().to_vec();
        payload.extend_from_slice(&self.verifier.payload);
        polynomials::encode(&self.pk, &mut payload);
        EncodedContainer::new(&self.verifier.header(ContainerKind::ProvingKey), payload)
    }
}

impl<C> ProverKey<C> {
    /// The key as Halo2's prover takes it.
    pub fn pk(&self) -> &ProvingKey<G1Affine> {
        &self.pk
    }

    /// The verifying key of the same circuit over the same SRS.
    pub fn verifier(&self) -> &VerifierKey<C> {
        &self.verifier
    }
}
