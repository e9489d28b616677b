//! Proofs about DKIM-signed e-mails: SRS, keys, proving, verifying, and the CLI around them.
//!
//! ```text
//! .ptau ──► srs ──► keys ──────────┬──────────────► verify ◄── proof_file
//!                                  ▼                                ▲
//! message ──► native::inspect ──► prove ────────────────────────────┘
//! ```
//!
//! Every binary file goes through [`artefact`]; nothing is read unchecked, nothing is written halfway.

pub mod artefact;
pub mod error;
pub mod expect;
pub mod files;
pub mod keys;
pub mod progress;
pub mod proof_file;
pub mod prove;
pub mod salt;
pub mod solidity;
pub mod srs;
pub mod statement;
pub mod timing;
pub mod verify;

pub use error::{Error, Result};
