//! Solidity verifiers for Halo2 proofs (KZG on BN254, SHPLONK, Keccak transcript), generated from
//! the verifying key, and, with the feature `evm`, an EVM to run them in.
//!
//! ```text
//! VerifyingKey ──► plan ──► memory ─┐
//!      └─────────► expr ──► yul ────┴► codegen ──► Sources ──► Solc ──► Artifacts ──► Evm
//! ```
//!
//! - [`export`]: from a key to [`Sources`]; [`Solc::compile`]: from there to [`Artifacts`].
//! - `Evm` (feature `evm`): deploy, call, measure.
//!
//! # The contracts
//!
//! The verifier holds the program, a second contract the key: its code is data (commitments,
//! constants, and tables that say which evaluation belongs to which commitment), copied by
//! `EXTCODECOPY` after its hash was checked. Loops walk the tables; only the gates' expressions are
//! straight-line code. So the program's size depends on the gates alone.
//!
//! Keys with folded openings ([`zkdkim_plonk::folded`]) have a generator of their own, [`export_folded`], with the same
//! two contracts, interface and strictness; its verifiers also verify batches. There everything is straight-line code,
//! as such a key has few commitments.
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
//! One instance column, at least one permuted column, no native lookups: [`Error::Unsupported`]
//! otherwise. Proofs whose commitments include the point at infinity cannot be written; an honest
//! prover's are blinded and never are.

mod artifact;
mod codegen;
mod compile;
#[cfg(feature = "evm")]
mod deploy;
mod error;
#[cfg(feature = "evm")]
mod evm;
mod expr;
mod folded;
mod key;
mod keyed;
mod literal;
mod memory;
mod plan;
mod yul;

pub use artifact::{
    Artifacts, Contract, InsecureSetup, Metadata, Setup, Sources, MAX_RUNTIME_BYTES, SOLC_VERSION,
};
pub use codegen::export;
pub use compile::{standard_input, Solc};
#[cfg(feature = "evm")]
pub use deploy::{Deployed, EvmRun};
pub use error::{Error, Result};
#[cfg(feature = "evm")]
pub use evm::{Address, CallOutcome, Evm, Verdict};
pub use folded::export_folded;

#[cfg(all(doctest, feature = "evm"))]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
