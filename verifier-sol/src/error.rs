//! The one error type of the crate.

use std::path::PathBuf;

/// Everything that generating, compiling or running a verifier can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A quantity is outside what the contract's tables can hold.
    #[error("{what} is {got}, but the limit is {limit}")]
    Limit {
        /// The quantity, as the subject of the sentence.
        what: &'static str,
        /// The value that the key asks for.
        got: usize,
        /// The largest value that is accepted.
        limit: usize,
    },
    /// Metadata that would not survive inside Solidity source.
    #[error("{field} must be 1 to 64 characters out of [A-Za-z0-9._/-], got {got:?}")]
    Metadata {
        /// The field of [`crate::Metadata`].
        field: &'static str,
        /// The text that was refused.
        got: String,
    },
    /// The compiler is not installed beside this crate.
    #[error(
        "no Solidity compiler in {}: run `npm ci` in {}",
        .missing.display(),
        .package.display()
    )]
    SolcMissing {
        /// The folder that should exist.
        missing: PathBuf,
        /// The folder that holds `package.json`.
        package: PathBuf,
    },
    /// The compiler could not be started, or did not answer in its own format.
    #[error("running the Solidity compiler: {0}")]
    SolcRun(String),
    /// The compiler refused the source.
    #[error("the Solidity compiler refused the source:\n{0}")]
    SolcRefused(String),
    /// A compiled contract is larger than EIP-170 allows.
    #[error("contract {name} is {size} bytes, above the limit of {limit}")]
    TooLarge {
        /// The contract's name in its source.
        name: String,
        /// Its runtime size in bytes.
        size: usize,
        /// The largest size that EIP-170 allows, in bytes.
        limit: usize,
    },
    /// A verifier whose setup is insecure, without the caller's consent.
    #[error(
        "this verifier's SRS is insecure (anybody can forge proofs): deploying it needs an \
         explicit flag"
    )]
    InsecureSetup,
    /// The contract did not say that a proof is valid.
    #[error("the Solidity verifier does not accept the proof: {0}")]
    Refused(String),
    /// The embedded EVM refused a transaction before running it.
    #[error("the embedded EVM refused the transaction: {0}")]
    EvmRefused(String),
    /// A deployment ran and failed.
    #[error("deployment failed: {0}")]
    DeploymentFailed(String),
    /// Artefacts whose parts contradict each other, or are not of this format.
    #[error("verifier artefacts are inconsistent: {0}")]
    Artifacts(String),
}

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
