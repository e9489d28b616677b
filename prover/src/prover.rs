//! From a message to a proof.

use rand::{CryptoRng, RngCore};
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    keys::{circuit_name, ProverKey},
    progress::Progress,
    prove::prove,
    srs::Srs,
};
use zkdkim_relation::{KeyRegistry, PublicInputs, Salt};

use crate::{
    error::Result,
    proof_file::Proof,
    statement::{prepare, Prepared},
};

/// Makes proofs in one layout of the statement, with its key and SRS at hand.
///
/// ```no_run
/// use rand::rngs::OsRng;
/// use zkdkim_circuits::statement::CircuitParams;
/// use zkdkim_plonk::{keys::ProverKey, progress::Silent, srs::Srs};
/// use zkdkim_prover::{Expected, Prover, Salt, Verifier};
/// use zkdkim_relation::KeyRegistry;
///
/// # fn main() -> zkdkim_prover::Result<()> {
/// # let (mail, registry) = (b"", KeyRegistry::new());
/// // For real: an SRS from a ceremony. This one's secret is public.
/// let params = CircuitParams::ON_CHAIN;
/// let srs = Srs::insecure_dev(params.k, params.fold)?;
/// let key = ProverKey::generate(&srs, &params, &Silent)?;
/// let verifying_key = key.verifier().clone();
/// let salt = Salt::random(&mut OsRng);
///
/// let prover = Prover::new(srs, key, params)?;
/// let proof = prover.prove(mail, &salt, &registry, Some(1_790_000_000), OsRng, &Silent)?;
///
/// let expected = Expected { root: Some(registry.root()), ..Expected::default() };
/// let verifier = Verifier::allowing_insecure_dev(verifying_key);
/// println!("{:?}", verifier.verify(&proof, &expected)?.public.subject);
/// # Ok(())
/// # }
/// ```
///
/// `examples/mail_to_proof.rs` does this with a message of the test vectors.
#[derive(Debug)]
pub struct Prover {
    srs: Srs,
    key: ProverKey<StatementCircuit>,
    params: CircuitParams,
}

impl Prover {
    /// Puts SRS and key together.
    ///
    /// # Errors
    ///
    /// [`zkdkim_plonk::Error::WrongSrs`] and [`zkdkim_plonk::Error::WrongCircuit`] where they do not belong to each
    /// other or to the layout.
    pub fn new(
        srs: Srs,
        key: ProverKey<StatementCircuit>,
        params: CircuitParams,
    ) -> Result<Prover> {
        key.verifier().check_srs(srs.sha256(), srs.kind())?;
        let expected = circuit_name::<StatementCircuit>(&params)?;
        if key.verifier().circuit() != expected {
            let got = key.verifier().circuit().to_owned();
            return Err(zkdkim_plonk::Error::WrongCircuit { expected, got }.into());
        }
        Ok(Prover { srs, key, params })
    }

    /// Checks every rule on a message as it was received and proves it, the Subject in clear and of the time the day (for
    /// others see [`prepare_under`](crate::prepare_under)): `clock`, in seconds since 1970, is what `t=` and
    /// `x=` are compared with, if anything.
    ///
    /// `rng` blinds the proof; there is no other randomness in it.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Refused`] with rule, place and hint; [`zkdkim_plonk::Error::Proving`] where the finished proof
    /// does not verify.
    pub fn prove(
        &self,
        message: &[u8],
        salt: &Salt,
        registry: &KeyRegistry,
        clock: Option<u64>,
        rng: impl RngCore + CryptoRng + Send + Sync,
        progress: &dyn Progress,
    ) -> Result<Proof> {
        let prepared = prepare(message, salt, registry, clock)?;
        self.prove_circuit(self.circuit(&prepared)?, &prepared.public, rng, progress)
    }

    /// Lays out the witness: the first half of [`Prover::prove`] behind [`prepare`].
    ///
    /// # Errors
    ///
    /// [`crate::Error::Circuit`].
    pub fn circuit(&self, prepared: &Prepared) -> Result<StatementCircuit> {
        Ok(StatementCircuit::new(self.params, &prepared.input)?)
    }

    /// Proves a laid out witness: the second half of [`Prover::prove`] behind [`prepare`].
    ///
    /// # Errors
    ///
    /// [`zkdkim_plonk::Error::Proving`].
    pub fn prove_circuit(
        &self,
        circuit: StatementCircuit,
        public: &PublicInputs,
        rng: impl RngCore + CryptoRng + Send + Sync,
        progress: &dyn Progress,
    ) -> Result<Proof> {
        let instances = public.to_instances();
        let proof = prove(&self.srs, &self.key, circuit, &instances, rng, progress)?;
        Ok(Proof::new(self.key.verifier(), instances.to_vec(), proof))
    }

    /// The proving key, with its verifying key; made over [`Self::srs`].
    pub fn key(&self) -> &ProverKey<StatementCircuit> {
        &self.key
    }

    /// The SRS that proofs are made with; the one under the key.
    pub fn srs(&self) -> &Srs {
        &self.srs
    }
}
