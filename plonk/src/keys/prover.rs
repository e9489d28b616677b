//! The proving key.

use std::fmt;

use super::{circuit_name, KeyedCircuit, VerifierKey};
use crate::{
    error::{Error, Result},
    folded::{Cosets, ProvingKey},
    progress::{step, Progress},
    srs::Srs,
};

/// All that proving needs besides the SRS.
pub struct ProverKey<C> {
    pk: ProvingKey,
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
    /// [`Error::WrongK`] and [`Error::WrongFold`] for an SRS of another size, [`Error::Keygen`] where the circuit
    /// cannot be laid out.
    pub fn generate(srs: &Srs, params: &C::Params, progress: &dyn Progress) -> Result<Self> {
        let (k, fold) = (C::k(params), C::fold(params));
        if srs.k() != k {
            return Err(Error::WrongK { expected: k, got: srs.k() });
        }
        if srs.fold() != fold {
            return Err(Error::WrongFold { expected: fold, got: srs.fold() });
        }
        let circuit = circuit_name::<C>(params)?;
        let pk = step(progress, "making the keys", || {
            ProvingKey::new(srs.bases(), &C::blank(params), &[C::INSTANCES], Cosets::Kept)
        });
        let pk = pk.map_err(|e| Error::Keygen { detail: e.to_string() })?;
        let verifier = VerifierKey::new(pk.vk().clone(), circuit, srs.kind(), srs.sha256());
        Ok(ProverKey { pk, verifier })
    }

    /// Completes a verifying key that was made before.
    ///
    /// # Errors
    ///
    /// [`Error::Keygen`] where the circuit is not that of the key.
    pub fn complete(
        verifier: VerifierKey<C>,
        params: &C::Params,
        progress: &dyn Progress,
    ) -> Result<Self> {
        Self::complete_with(verifier, params, Cosets::Kept, progress)
    }

    /// [`ProverKey::complete`], with a choice of what stays in memory between proofs.
    ///
    /// # Errors
    ///
    /// As [`ProverKey::complete`].
    pub fn complete_with(
        verifier: VerifierKey<C>,
        params: &C::Params,
        cosets: Cosets,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let pk = step(progress, "completing the proving key", || {
            ProvingKey::complete_taking(verifier.vk().clone(), C::blank(params), cosets)
        });
        let pk = pk.map_err(|e| Error::Keygen { detail: e.to_string() })?;
        Ok(ProverKey { pk, verifier })
    }
}

impl<C> ProverKey<C> {
    /// The key as the prover takes it.
    pub fn pk(&self) -> &ProvingKey {
        &self.pk
    }

    /// The verifying key of the same circuit over the same SRS.
    pub fn verifier(&self) -> &VerifierKey<C> {
        &self.verifier
    }
}
