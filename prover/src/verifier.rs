//! From a proof to what it says.

use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::{keys::VerifierKey, verify::verify};

use crate::{
    error::{Error, Result},
    expect::{Expected, PublicView},
    layout::layout_of,
    proof_file::Proof,
};

/// Verifies proofs under one key, which its owner trusts.
#[derive(Clone, Debug)]
pub struct Verifier {
    key: VerifierKey<StatementCircuit>,
}

/// A proof that is valid and says what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What the proof makes public.
    pub public: PublicView,
    /// Names of the public inputs that were compared with an expectation.
    pub checked: Vec<&'static str>,
    /// Names of those that were not: any value would have passed.
    pub unchecked: Vec<&'static str>,
}

impl Verifier {
    /// A verifier for production.
    ///
    /// # Errors
    ///
    /// [`Error::InsecureSrs`] for a key over the development SRS, whose proofs anybody can forge.
    pub fn new(key: VerifierKey<StatementCircuit>) -> Result<Verifier> {
        if key.srs_kind().is_insecure() {
            return Err(Error::InsecureSrs { what: "the proof" });
        }
        Ok(Verifier { key })
    }

    /// A verifier for development: takes any key.
    pub fn allowing_insecure_dev(key: VerifierKey<StatementCircuit>) -> Verifier {
        Verifier { key }
    }

    /// Verifies a proof and compares what it says with `expected`. Without expectations a valid proof only says that
    /// *some* mail of some account has these public inputs.
    ///
    /// # Errors
    ///
    /// [`Error::WrongLayout`], [`zkdkim_plonk::Error::WrongKey`] and [`Error::Labels`] for a file of another key,
    /// [`zkdkim_plonk::Error::InvalidProof`], [`Error::Unexpected`], [`Error::ExpectedSubject`].
    pub fn verify(&self, proof: &Proof, expected: &Expected) -> Result<Verified> {
        // First, as it is what a user can mend; a label all the same, and nothing rests on it.
        if proof.circuit != self.key.circuit() && layout_of(&proof.circuit).is_some() {
            let expected = layout_of(self.key.circuit()).unwrap_or("unnamed");
            let got = layout_of(&proof.circuit).unwrap_or("unnamed");
            return Err(Error::WrongLayout { what: "the proof", expected, got });
        }
        if proof.vk_sha256 != self.key.sha256() {
            let (expected, got) = (self.key.sha256().to_string(), proof.vk_sha256.to_string());
            return Err(zkdkim_plonk::Error::WrongKey { what: "the proof", expected, got }.into());
        }
        // What the key says about its SRS counts, not what the proof file says.
        let key = &self.key;
        if proof.srs != *key.srs_kind() || proof.circuit != key.circuit() || proof.k != key.k() {
            return Err(Error::Labels);
        }
        verify(key, &proof.public_inputs, &proof.proof)?;
        let (checked, unchecked) = expected.check(&proof.public_inputs)?;
        let public = PublicView::new(&proof.public_inputs)?;
        Ok(Verified { public, checked, unchecked })
    }

    /// The key under which everything is verified.
    pub fn key(&self) -> &VerifierKey<StatementCircuit> {
        &self.key
    }
}
