//! Solidity verifiers for proofs of Halo2 circuits with folded openings ([`zkdkim_plonk::folded`]: KZG on BN254, Keccak
//! transcript), generated from the verifying key, and, with the feature `evm`, an EVM to run them in.
//!
//! ```text
//! VerifyingKey ──► generate ──► Sources ──► Solc ──► Artifacts ──► Evm
//! ```
//!
//! - [`export`]: from a key to [`Sources`]; [`Solc::compile`]: from there to [`Artifacts`].
//! - `Evm` (feature `evm`): deploy, call, measure.
//!
//! # The contracts
//!
//! The verifier holds the program, straight-line code over fixed addresses; a second contract holds the key: its code is
//! data (commitments, constants, `[τ]` in G2), copied by `EXTCODECOPY` after its hash was checked. Keys of one circuit
//! over several SRS share the program. It verifies one proof, or a batch with one pairing.
//!
//! # What is refused
//!
//! Every proof has one encoding: public inputs and scalars below the group order, coordinates below
//! the field's modulus, points on the curve and not at infinity, calldata of exactly one layout and
//! length. What breaks that reverts with a named error; a well-formed proof that is not valid gives
//! `false`. See `templates/IVerifier.sol`.
//!
//! # Limits
//!
//! 24,576 bytes of code for each contract ([`Error::TooLarge`]) and 1 MiB of memory ([`Error::Limit`]). Proofs whose
//! commitments include the point at infinity cannot be written; an honest prover's are blinded and never are.

mod artifact;
mod compile;
#[cfg(feature = "evm")]
mod deploy;
mod error;
#[cfg(feature = "evm")]
mod evm;
mod generate;
mod keyed;
mod literal;

pub use artifact::{
    Artifacts, Contract, InsecureSetup, Metadata, Setup, Sources, MAX_RUNTIME_BYTES, SOLC_VERSION,
};
pub use compile::{standard_input, Solc};
#[cfg(feature = "evm")]
pub use deploy::{Deployed, EvmRun};
pub use error::{Error, Result};
#[cfg(feature = "evm")]
pub use evm::{Address, CallOutcome, Evm, Verdict};
pub use generate::export;

#[cfg(all(doctest, feature = "evm"))]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
