//! Threshold ECDSA on secp256k1 by the protocol of Doerner, Kondi, Lee and shelat (DKLs23,
//! <https://eprint.iacr.org/2023/765>), as the crate `dkls23` implements it.
//!
//! An account that was recovered can belong to a group: the new key is the address of a public key whose
//! secret exists nowhere, and a quorum of its holders signs together. To a contract the result is an
//! ordinary signature. This crate is what the end-to-end test needs for that, and no more:
//!
//! ```text
//!  keygen   party 1 ◄──messages──► party 2      each a thread that sees its own secrets
//!               ▲                     ▲         and the bytes that the others sent it
//!               └──────► party 3 ◄────┘
//!               │           │         │
//!           share-1.json share-2.json share-3.json       group.json: the address
//!
//!  sign     share-1.json ◄──messages──► share-3.json  ─► r, s, v
//! ```
//!
//! [`network`] carries the messages, [`keygen()`] and [`sign()`] are one party's part in the two protocols,
//! [`share`] the files, [`run`] starts the parties.
//!
//! # What it is not
//!
//! A product for custody. All parties run in one process, so whoever controls the process has every share;
//! in earnest each runs on a machine of its own, over channels that are authenticated, encrypted, and
//! agree on what was broadcast.

pub mod error;
pub mod keygen;
pub mod network;
pub mod run;
pub mod share;
pub mod sign;

pub use error::{Error, Result};
pub use keygen::keygen;
pub use sign::{sign, Signature};

/// A party of the group after key generation: its share, and what it set up with each other party.
pub type Party = dkls23::secp256k1::Party;

/// The number of the first party; 0 is the group's secret and no party.
pub const FIRST_PARTY: u8 = 1;
