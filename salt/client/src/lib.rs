//! The client of the salt nodes: shows them a mail, checks what they answer, opens escrows.
//!
//! ```text
//! Request ──► SaltClient ──┬─► node 1 ─┐ each answer: opened, its signature, the pairing with Vᵢ
//!                          ├─► node 2 ─┼─► t right parts ──► IdentityKey ──► Escrow::open ──► salt
//!                          └─► …      ─┘ and of every node, what it did
//!
//! escrow events of a recovery contract ──► find: each tried with the key ──► accounts and salts
//! ```
//!
//! Nobody is trusted but the committee's record, which the caller pins. All of it blocks.

pub mod api;
pub mod client;
pub mod error;
pub mod find;
pub mod once_key;

pub use client::{NodeReport, Opened, Outcome, SaltClient};
pub use error::{Error, Result};
pub use find::{find, Found, Scan};
pub use once_key::OnceKey;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
