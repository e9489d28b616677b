//! The whole statement as a circuit (version 2 of the relation).
//!
//! ```text
//!  header bytes ──automaton──> fields ──extract──> address, domain, signer, Subject, time
//!       │                                             │        │  = │         │       │
//!    SHA-256                                       Poseidon    │           reading <─ command, blinding; bound
//!       │ digest ─────────────┬──> nullifier          │        │              │
//!      RSA <── s              │                  commitment    │          public words, not_before
//!       │ n ──> key hash ──> leaf <────────────────────────────┘ ──> Merkle path ──> root
//! ```
//!
//! [`StatementConfig`] creates the columns and lends them to the chips; [`StatementCircuit`] holds a witness as a
//! [`Grid`](zkdkim_grid::Grid) and replays it. Every wire between chips is a copy constraint, written in one place:
//! [`StatementConfig::assign`].

mod circuit;
mod config;
pub mod constants;
mod keyed;

pub use crate::layout::CircuitParams;
pub use circuit::{CircuitError, StatementCircuit};
pub use config::StatementConfig;
pub use zkdkim_relation::statement::PUBLIC_INPUTS;

/// Identifies the relation, its layout's family and its version in every artefact.
pub const CIRCUIT_ID: &str = "zkdkim/v2/rsa2048/header1024";
