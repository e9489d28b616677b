//! Proofs, in this process: keys are loaded once, and so many proofs are made at a time as the operator allows.

use std::sync::Arc;

use alloy::primitives::U256;
use rand::rngs::OsRng;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{kinds::SrsKind, progress::Silent};
use zkdkim_prover::{prepare_under, Expected, Proof, Prover, Reveal, Salt, Verifier};
use zkdkim_relation::{
    commitment::to_biguint,
    inspect::{Policy, UnsignedParts},
    KeyRegistry,
};
use zkdkim_store::{KeyCache, Reuse};

use crate::{
    error::{Error, Result},
    job::{Proven, Refused},
};

/// Prover and verifier of the on-chain layout. Clones share them.
#[derive(Clone, Debug)]
pub struct Proving {
    prover: Arc<Prover>,
    verifier: Arc<Verifier>,
    at_a_time: Arc<Semaphore>,
}

impl Proving {
    /// Loads SRS and keys from a cache folder, as `zkdkim setup` fills it, and makes keys that are missing.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] where there is no SRS; [`Error::Config`] where it is the insecure one and nobody allowed that.
    pub fn load(cache: &KeyCache, allow_insecure_dev: bool, at_a_time: usize) -> Result<Proving> {
        let params = CircuitParams::ON_CHAIN;
        if cache.default_srs()?.srs.is_insecure() && !allow_insecure_dev {
            let detail = "the SRS is the insecure development one: anybody can forge proofs";
            let hint = "run `zkdkim setup --ptau FILE`; for a trial, set allow_insecure_dev = true";
            return Err(Error::config("proving", detail, hint));
        }
        let srs = cache.read_default_srs(params.k, params.fold, &Silent)?;
        let key = cache.prover_key::<StatementCircuit>(&srs, &params, Reuse::Cached, &Silent)?;
        let verifying = key.verifier().clone();
        let verifier = match allow_insecure_dev {
            true => Verifier::allowing_insecure_dev(verifying),
            false => Verifier::new(verifying)?,
        };
        Ok(Proving {
            prover: Arc::new(Prover::new(srs, key, params)?),
            verifier: Arc::new(verifier),
            at_a_time: Arc::new(Semaphore::new(at_a_time)),
        })
    }

    /// Where the SRS comes from.
    pub fn srs(&self) -> &SrsKind {
        self.prover.srs().kind()
    }

    /// SHA-256 of the verifying key, by which contracts say which proofs they take.
    pub fn key_digest(&self) -> [u8; 32] {
        self.prover.key().verifier().sha256().0
    }

    /// Waits until a proof may be made, and makes it. `not_before` is the bound of the mail's time that it shows, in seconds
    /// since 1970.
    ///
    /// # Errors
    ///
    /// [`Error::Prover`] where proving itself fails; the refusal where a rule does after all.
    pub async fn prove(
        &self,
        message: Zeroizing<Vec<u8>>,
        salt: Salt,
        registry: Arc<KeyRegistry>,
        not_before: u64,
    ) -> Result<Result<Proven, Refused>> {
        let permit = self.at_a_time.clone().acquire_owned().await;
        let permit = permit.map_err(|e| Error::Ended { what: "proving", detail: e.to_string() })?;
        let prover = self.prover.clone();
        let work = move || {
            let _permit = permit;
            // The time was looked at when the mail was checked.
            let policy = Policy { clock: None, unsigned_parts: UnsignedParts::MayDiffer };
            let reveal = Reveal { not_before: Some(not_before), ..Reveal::default() };
            let prepared = prepare_under(&message, &salt, &registry, &policy, &reveal)?;
            let circuit = prover.circuit(&prepared)?;
            prover.prove_circuit(circuit, &prepared.public, OsRng, &Silent)
        };
        let proof = tokio::task::spawn_blocking(work).await;
        match proof.map_err(|e| Error::Ended { what: "proving", detail: e.to_string() })? {
            Ok(proof) => proven(&proof).map(Ok),
            Err(zkdkim_prover::Error::Refused(refusal)) => Ok(Err((*refusal).into())),
            Err(error) => Err(error.into()),
        }
    }

    /// Verifies a proof that was made elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Prover`] with what is wrong with it.
    pub async fn verify(&self, proof: Proof) -> Result<Proven> {
        let verifier = self.verifier.clone();
        let work = move || verifier.verify(&proof, &Expected::default()).map(|_| proof);
        let verified = tokio::task::spawn_blocking(work).await;
        let proof =
            verified.map_err(|e| Error::Ended { what: "verifying", detail: e.to_string() })??;
        proven(&proof)
    }
}

fn proven(proof: &Proof) -> Result<Proven> {
    let words: Vec<U256> = proof
        .public_inputs
        .iter()
        .map(|input| U256::from_be_slice(&to_biguint(input).to_bytes_be()))
        .collect();
    let inputs = words.try_into().map_err(|_| Error::Ended {
        what: "proving",
        detail: "another number of public inputs".into(),
    })?;
    Ok(Proven { inputs, proof: proof.proof.clone() })
}
