//! Why there is no proof, or why one is not accepted.

use zkdkim_circuits::statement::CircuitError;
use zkdkim_relation::{registry::RegistryError, Refusal};

/// Result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Keys, SRS or the proof itself.
    #[error(transparent)]
    Plonk(#[from] zkdkim_plonk::Error),
    /// The bytes are not a proof file.
    #[error("not a proof file: {detail}")]
    ProofFile {
        /// What is wrong with them.
        detail: String,
    },
    /// A proof file says something else about its key than the key does.
    #[error("the proof file's labels (circuit, k, srs) are not those of its verifying key")]
    Labels,
    /// A proof or key was made under another layout of the statement.
    #[error("{what} is of the layout {got}, not of {expected}")]
    WrongLayout {
        /// What is: `the proof` or `the key`.
        what: &'static str,
        /// Name of the layout in use.
        expected: &'static str,
        /// Name of its own.
        got: &'static str,
    },
    /// The bytes are not a salt file, or the salt is weak. Never quotes them.
    #[error("{detail}")]
    SaltFile {
        /// What is wrong with them.
        detail: &'static str,
    },
    /// The bytes are no file of a sealed Subject, or its blinding is weak. Never quotes them.
    #[error("{detail}")]
    SealingFile {
        /// What is wrong with them.
        detail: &'static str,
    },
    /// Something made from the development SRS was met where a real one is demanded.
    #[error(
        "{what} rests on the insecure development SRS, whose secret is public: anybody can forge \
         proofs"
    )]
    InsecureSrs {
        /// What rests on it, as the subject of the sentence: `the proof` or `the verifier`.
        what: &'static str,
    },
    /// No mail can have the Subject that is expected.
    #[error("the expected Subject is not printable ASCII of at most 186 bytes")]
    ExpectedSubject,
    /// The proof verifies, for something else than was asked.
    #[error("the proof is for another {what}: expected {expected}, proved {got}")]
    Unexpected {
        /// Its name: `registry-root`, `commitment`, `nullifier`, `subject`, `command` or
        /// `not-before`.
        what: &'static str,
        /// The expected value: an element as `0x` and 64 digits, a Subject as text, a time as a bound.
        expected: String,
        /// The proved value in the same form.
        got: String,
    },
    /// The message is refused by a rule.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The key registry is refused.
    #[error("key registry: {0}")]
    Registry(#[from] RegistryError),
    /// The input does not fit the circuit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused(Box::new(refusal))
    }
}

impl Error {
    /// A stable identifier of the cause, in kebab case: for a refusal, that of its rule.
    pub fn id(&self) -> &'static str {
        match self {
            Error::Plonk(error) => error.id(),
            Error::ProofFile { .. } => "proof-file",
            Error::Labels => "proof-labels",
            Error::WrongLayout { .. } => "wrong-layout",
            Error::SaltFile { .. } => "salt-file",
            Error::SealingFile { .. } => "sealing-file",
            Error::InsecureSrs { .. } => "insecure-srs",
            Error::ExpectedSubject => "expected-subject",
            Error::Unexpected { .. } => "unexpected",
            Error::Refused(refusal) => refusal.rule.id(),
            Error::Registry(_) => "registry-file",
            Error::Circuit(_) => "circuit",
        }
    }
}
