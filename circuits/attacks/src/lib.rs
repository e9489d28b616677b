//! Dishonest provers of the whole statement, for the tests of `zkdkim-circuits`.
//!
//! A [`Plan`] is what a prover claims: symbols, a run of the automaton, the bytes to extract,
//! message words and resets. [`Plan::refusals`] writes it coherently, has a provider that signs
//! *anything* sign the resulting digest, recomputes every hash and public input from the cells, and
//! says by name what fails. So a test sees the one constraint that stops a forgery, not the noise
//! behind it.

pub mod argument;
mod circuit;
pub mod determinism;
pub mod mutants;
mod names;
pub mod nearby;
mod plan;
pub mod provider;
pub mod report;
mod sha;
pub mod statement;
pub mod witness;

pub use circuit::ForgedCircuit;
pub use names::unmatched;
pub use plan::{bump, get, names, overlay, refusals, small, Plan, BLOCK};
pub use sha::{forge_sha256, place, slot_of, Word};
