//! What can go wrong, one variant for each cause, with what was expected and what was got.

use std::{io, path::PathBuf};

use zkdkim_circuits::{
    native::{registry::RegistryError, Refusal},
    statement::CircuitError,
};

use crate::{
    artefact::ArtefactKind,
    srs::{PtauCheck, SrsCheck},
};

/// Result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An output file is there already and may not be replaced.
    #[error("{} exists already; it is kept unless --force is given", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file is longer than any valid one.
    #[error("{what} has {got} bytes, more than the limit of {limit}")]
    TooLarge {
        /// What was read.
        what: &'static str,
        /// The longest that is accepted.
        limit: u64,
        /// Its length.
        got: u64,
    },

    /// The file does not begin with the magic bytes.
    #[error("not a zkdkim artefact: the first bytes are not \"ZKDKIM01\"")]
    NotAnArtefact,
    /// The artefact was written by another version of the format.
    #[error("artefact format version {got}, this program reads version {expected}")]
    ArtefactVersion {
        /// The version that this program writes.
        expected: u32,
        /// The version in the file.
        got: u32,
    },
    /// One kind of artefact was given where another is needed.
    #[error("this file is a {got}, a {expected} is needed")]
    WrongArtefactKind {
        /// What is needed.
        expected: ArtefactKind,
        /// What the file is.
        got: ArtefactKind,
    },
    /// The file ends too early.
    #[error("artefact truncated: {expected} bytes announced, {got} there")]
    Truncated {
        /// Length by its header.
        expected: u64,
        /// Length of the file.
        got: u64,
    },
    /// The file goes on behind its end.
    #[error("artefact has {extra} trailing bytes")]
    TrailingBytes {
        /// How many.
        extra: u64,
    },
    /// The content does not have the digest that the file itself gives.
    #[error("artefact damaged: the {part} has SHA-256 {got}, the file says {expected}")]
    Damaged {
        /// Header or payload.
        part: &'static str,
        /// The digest in the file.
        expected: String,
        /// The digest of the content.
        got: String,
    },
    /// The digests are right and the content is none all the same.
    #[error("malformed {what}: {detail}")]
    Malformed {
        /// What was decoded.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The artefact belongs to another circuit, or to other parameters of it.
    #[error("artefact of the circuit {got}, this program has {expected}")]
    WrongCircuit {
        /// The circuit of this program.
        expected: String,
        /// The circuit in the file.
        got: String,
    },
    /// The artefact belongs to another size.
    #[error("artefact for k = {got}, k = {expected} is needed")]
    WrongK {
        /// The k that is needed.
        expected: u32,
        /// The k in the file.
        got: u32,
    },
    /// The artefact or proof belongs to another verifying key.
    #[error("{what} belongs to the verifying key {got}, not to {expected}")]
    WrongKey {
        /// What was compared.
        what: &'static str,
        /// SHA-256 of the verifying key in use.
        expected: String,
        /// SHA-256 of the verifying key it belongs to.
        got: String,
    },
    /// The key was built over another SRS.
    #[error("{what} was built over the SRS {got}, not over {expected}")]
    WrongSrs {
        /// What was compared.
        what: &'static str,
        /// SHA-256 of the SRS in use.
        expected: String,
        /// SHA-256 of the SRS it was built over.
        got: String,
    },

    /// An SRS fails a check.
    #[error("SRS refused ({check}): {detail}")]
    Srs {
        /// The check.
        check: SrsCheck,
        /// What was found.
        detail: String,
    },
    /// A `.ptau` file fails a check.
    #[error(".ptau file refused ({check}): {detail}")]
    Ptau {
        /// The check.
        check: PtauCheck,
        /// What was found.
        detail: String,
    },
    /// No SRS was set up.
    #[error(
        "no SRS is set up in {}; run `zkdkim setup --ptau FILE`, or `zkdkim setup --insecure-dev` \
         for development", path.display()
    )]
    NoSrs {
        /// The cache folder.
        path: PathBuf,
    },
    /// Something made from the development SRS was met where a real one is demanded.
    #[error(
        "{what} rests on the insecure development SRS, whose secret is public: anybody can forge \
         proofs; pass --allow-insecure-dev to go on all the same"
    )]
    InsecureSrs {
        /// What was met.
        what: &'static str,
    },

    /// Key generation failed.
    #[error("key generation failed: {detail}")]
    Keygen {
        /// What halo2 said.
        detail: String,
    },
    /// The prover failed, or its proof was refused by the verifier.
    #[error("proving failed: {detail}")]
    Proving {
        /// What went wrong.
        detail: String,
    },
    /// The proof file is not one.
    #[error("proof file refused: {detail}")]
    ProofFile {
        /// What is wrong with it.
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
    /// The proof verifies, for something else than was asked.
    #[error("the proof is for another {what}: expected {expected}, proved {got}")]
    Unexpected {
        /// Which public input.
        what: &'static str,
        /// What was asked.
        expected: String,
        /// What is proved.
        got: String,
    },
    /// The message is refused by a rule.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The key registry, or a change to it, is refused.
    #[error("key registry: {0}")]
    Registry(#[from] RegistryError),
    /// The input does not fit the circuit.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The Solidity verifier could not be made or run.
    #[error("Solidity verifier: {0}")]
    Solidity(#[from] zkdkim_verifier_sol::Error),
    /// The contract and the native verifier disagree.
    #[error("the Solidity verifier does not accept the proof: {detail}")]
    Contract {
        /// What it answered.
        detail: String,
    },
    /// An argument or an input file of the user is not what it should be.
    #[error("{what}: {detail}")]
    Input {
        /// Which argument or file.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The parameters of the pool of threads were refused.
    #[error("cannot start {threads} threads: {detail}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What rayon said.
        detail: String,
    },
}

impl Error {
    /// An I/O failure with its place.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }

    /// Malformed content.
    pub fn malformed(what: &'static str, detail: impl Into<String>) -> Error {
        Error::Malformed { what, detail: detail.into() }
    }

    /// A bad argument or input file.
    pub fn input(what: impl Into<String>, detail: impl ToString) -> Error {
        Error::Input { what: what.into(), detail: detail.to_string() }
    }

    /// Whether the fault lies in the message, the statement or the proof (exit code 1) rather than
    /// in usage or environment (exit code 2).
    pub fn is_verdict(&self) -> bool {
        matches!(
            self,
            Error::ProofFile { .. }
                | Error::InstanceCount { .. }
                | Error::InvalidProof { .. }
                | Error::Unexpected { .. }
                | Error::Refused(_)
                | Error::Circuit(_)
                | Error::Contract { .. }
                | Error::InsecureSrs { .. }
                | Error::WrongKey { what: "the proof", .. }
        )
    }

    /// A stable identifier of the cause, for `--json`.
    pub fn id(&self) -> &'static str {
        match self {
            Error::Io { .. } => "io",
            Error::Exists { .. } => "exists",
            Error::TooLarge { .. } => "too-large",
            Error::NotAnArtefact => "not-an-artefact",
            Error::ArtefactVersion { .. } => "artefact-version",
            Error::WrongArtefactKind { .. } => "artefact-kind",
            Error::Truncated { .. } => "artefact-truncated",
            Error::TrailingBytes { .. } => "artefact-trailing-bytes",
            Error::Damaged { .. } => "artefact-damaged",
            Error::Malformed { .. } => "malformed",
            Error::WrongCircuit { .. } => "wrong-circuit",
            Error::WrongK { .. } => "wrong-k",
            Error::WrongKey { .. } => "wrong-key",
            Error::WrongSrs { .. } => "wrong-srs",
            Error::Srs { check, .. } => check.id(),
            Error::Ptau { check, .. } => check.id(),
            Error::NoSrs { .. } => "no-srs",
            Error::InsecureSrs { .. } => "insecure-srs",
            Error::Keygen { .. } => "keygen",
            Error::Proving { .. } => "proving",
            Error::ProofFile { .. } => "proof-file",
            Error::InstanceCount { .. } => "instance-count",
            Error::InvalidProof { .. } => "invalid-proof",
            Error::Unexpected { .. } => "unexpected",
            Error::Refused(refusal) => refusal.rule.id(),
            Error::Registry(_) => "registry-file",
            Error::Circuit(_) => "circuit",
            Error::Solidity(_) => "solidity",
            Error::Contract { .. } => "contract",
            Error::Input { .. } => "input",
            Error::Threads { .. } => "threads",
        }
    }
}
