//! Dishonest provers of the whole statement, for the tests of `zkdkim-circuits`.
//!
//! A [`Claim`] is what a prover claims: symbols, a run of the automaton, the bytes to extract,
//! message words and resets. [`Claim::refusals`] writes it coherently, has a provider that signs
//! *anything* sign the resulting digest, recomputes every hash and public input from the cells, and
//! says by name what fails. So a test sees the one constraint that stops a forgery, not the noise
//! behind it.

pub mod argument;
mod circuit;
mod claim;
pub mod determinism;
pub mod mutants;
mod names;
pub mod nearby;
pub mod provider;
pub mod reading;
pub mod report;
mod sha;
pub mod statement;
pub mod weakened;
pub mod witness;

pub use circuit::ForgedCircuit;
pub use claim::{bump, get, names, overlay, refusals, small, Claim, SAMPLE_HEADER};
pub use names::unmatched;
pub use sha::{forge_sha256, place, slot_of, Carries, Word};
