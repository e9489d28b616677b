//! What keys, SRS and proofs can be refused for: one variant for each cause, with what was expected and what was got.

use std::io;

use crate::kinds::{ContainerKind, PtauCheck, SrsCheck};

/// Result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A reader that was handed in failed.
    #[error("cannot read {what}: {source}")]
    Read {
        /// What was read: a kind of file, such as `.ptau file`.
        what: &'static str,
        /// What the reader said.
        source: io::Error,
    },
    /// The bytes do not begin with the magic of this program's files.
    #[error("not a zkdkim artefact: the first bytes are not \"ZKDKIM01\"")]
    NotAContainer,
    /// Another version of the format.
    #[error("artefact format version {got}, this program reads version {expected}")]
    ContainerVersion {
        /// The version that this program writes.
        expected: u32,
        /// The version in the file.
        got: u32,
    },
    /// One kind of file was given where another is needed.
    #[error("this file is a {got}, a {expected} is needed")]
    WrongContainerKind {
        /// The kind that the caller reads.
        expected: ContainerKind,
        /// What the file is.
        got: ContainerKind,
    },
    /// The bytes end too early.
    #[error("artefact truncated: {expected} bytes announced, {got} there")]
    Truncated {
        /// Length by its header.
        expected: u64,
        /// Length of the file.
        got: u64,
    },
    /// The bytes go on behind their end.
    #[error("artefact has {extra} trailing bytes")]
    TrailingBytes {
        /// Number of bytes behind the announced end.
        extra: u64,
    },
    /// The content does not have the digest that the file itself gives.
    #[error("artefact damaged: the {part} has SHA-256 {got}, the file says {expected}")]
    Damaged {
        /// `header` or `payload`: each has a digest of its own.
        part: &'static str,
        /// The digest in the file.
        expected: String,
        /// The digest of the content.
        got: String,
    },
    /// The digests are right and the content is none all the same.
    #[error("malformed {what}: {detail}")]
    Malformed {
        /// What was decoded, such as `artefact header` or `verifying key`.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The key belongs to another circuit, or to other parameters of it.
    #[error("artefact of the circuit {got}, this program has {expected}")]
    WrongCircuit {
        /// The circuit of this program.
        expected: String,
        /// The circuit in the file.
        got: String,
    },
    /// The key or SRS belongs to another size.
    #[error("artefact for k = {got}, k = {expected} is needed")]
    WrongK {
        /// The k that is needed.
        expected: u32,
        /// The k in the file.
        got: u32,
    },
    /// The key or SRS is for another number of polynomials in a commitment.
    #[error("artefact for {got} polynomials in a commitment, {expected} are needed")]
    WrongFold {
        /// The fold that is needed.
        expected: usize,
        /// The fold in the file.
        got: usize,
    },
    /// Something belongs to another verifying key.
    #[error("{what} belongs to the verifying key {got}, not to {expected}")]
    WrongKey {
        /// What belongs to the other key: `the key file` or `the proof`.
        what: &'static str,
        /// SHA-256 of the verifying key in use.
        expected: String,
        /// SHA-256 of the verifying key it belongs to.
        got: String,
    },
    /// The key was built over another SRS.
    #[error("{what} was built over the SRS {got}, not over {expected}")]
    WrongSrs {
        /// What was built over the other SRS, such as `the key`.
        what: &'static str,
        /// SHA-256 of the SRS in use.
        expected: String,
        /// SHA-256 of the SRS it was built over.
        got: String,
    },
    /// An SRS fails a check.
    #[error("SRS refused ({check}): {detail}")]
    Srs {
        /// The check that failed; its id is that of the error.
        check: SrsCheck,
        /// What was found: lengths, k, or the index of the point.
        detail: String,
    },
    /// A `.ptau` file fails a check.
    #[error(".ptau file refused ({check}): {detail}")]
    Ptau {
        /// The check that failed; its id is that of the error.
        check: PtauCheck,
        /// What was found, and in which section.
        detail: String,
    },
    /// The circuit could not be laid out, or keys not be made of it.
    #[error("key generation failed: {detail}")]
    Keygen {
        /// The proof system's error as text.
        detail: String,
    },
    /// The prover failed, or its own verifier refused the proof.
    #[error("proving failed: {detail}")]
    Proving {
        /// The proof system's error as text, or why the finished proof does not verify.
        detail: String,
    },
    /// The number of public inputs is wrong.
    #[error("{got} public inputs, the statement has {expected}")]
    InstanceCount {
        /// How many the statement has.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// The proof does not verify.
    #[error("the proof is invalid: {detail}")]
    InvalidProof {
        /// Why, as far as it can be said.
        detail: String,
    },
}

impl Error {
    /// An [`Error::Malformed`]: `what` was decoded, `detail` says what is wrong with it.
    pub fn malformed(what: &'static str, detail: impl Into<String>) -> Error {
        Error::Malformed { what, detail: detail.into() }
    }

    /// A stable identifier of the cause, in kebab case.
    pub fn id(&self) -> &'static str {
        match self {
            Error::Read { .. } => "io",
            Error::NotAContainer => "not-an-artefact",
            Error::ContainerVersion { .. } => "artefact-version",
            Error::WrongContainerKind { .. } => "artefact-kind",
            Error::Truncated { .. } => "artefact-truncated",
            Error::TrailingBytes { .. } => "artefact-trailing-bytes",
            Error::Damaged { .. } => "artefact-damaged",
            Error::Malformed { .. } => "malformed",
            Error::WrongCircuit { .. } => "wrong-circuit",
            Error::WrongK { .. } => "wrong-k",
            Error::WrongFold { .. } => "wrong-fold",
            Error::WrongKey { .. } => "wrong-key",
            Error::WrongSrs { .. } => "wrong-srs",
            Error::Srs { check, .. } => check.id(),
            Error::Ptau { check, .. } => check.id(),
            Error::Keygen { .. } => "keygen",
            Error::Proving { .. } => "proving",
            Error::InstanceCount { .. } => "instance-count",
            Error::InvalidProof { .. } => "invalid-proof",
        }
    }
}
