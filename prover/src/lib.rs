//! From a DKIM-signed mail to a proof, and from a proof to what it says.
//!
//! ```text
//! mail, salt, registry ──► prepare ──► Prover ──► Proof ──► Verifier ──► Verified
//!                            │ refused: rule, place, hint        ▲
//!                            ▼                                   │
//!                         Refusal                            Expected
//! ```
//!
//! [`Prover`] and [`Verifier`] are the front door. Nothing here opens a file, reads a clock, draws randomness that the
//! caller did not hand in, or prints: `zkdkim-store` keeps keys on disk, the program
//! `zkdkim` is the command line.

pub mod error;
pub mod expect;
pub mod hex_form;
pub mod layout;
pub mod proof_file;
pub mod prover;
pub mod salt_file;
pub mod sealing_file;
pub mod statement;
pub mod verifier;

pub use error::{Error, Result};
pub use expect::{Expected, PublicView};
pub use proof_file::Proof;
pub use prover::Prover;
pub use sealing_file::Sealing;
pub use statement::{prepare, prepare_under, Prepared, Reveal};
pub use verifier::{Verified, Verifier};
pub use zkdkim_relation::{Blinding, CommandHash, Reading, Salt};
