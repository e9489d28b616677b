//! Threshold identity-based encryption of a salt to a mailbox: who can show a mail from the mailbox gets the salt back,
//! and no single operator can.
//!
//! ```text
//!  set-up:    salt, address, pk ──► Escrow::seal ──► 168 bytes, published
//!
//!  recovery:  signed header block ──► Request ──► t nodes: check, KeyShare::partial_key ──► sealed answers
//!             answers ──► IdentityKey::combine (names nodes that lie) ──► Escrow::open ──► salt
//!
//!  nodes:     Setting, Board: key generation and resharing ──► CommitteeRecord, KeyShare
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | [`identity`] | networks, addresses, the point of an address |
//! | [`ibe`] | encrypting and opening |
//! | [`keys`] | shares, partial keys, their combination |
//! | [`committee`] | the record of nodes and public keys that clients pin |
//! | [`ceremony`], [`dealer`] | where shares come from: key generation, resharing; one dealer, for development |
//! | [`request`] | what a client shows, what a node checks, its answer |
//! | [`node`], [`limits`] | a node without its network and files |
//! | [`seal`], [`sign`] | HPKE and Ed25519, as this protocol uses them |
//!
//! Nothing here opens a file, reads a clock, or draws randomness that the caller did not hand in. Nothing in a record, a
//! message or a request makes it panic. What it protects against, and on which assumptions: `salt/SECURITY.md`.

mod bytes;
pub mod ceremony;
pub mod committee;
pub mod dealer;
pub mod error;
mod group;
pub mod ibe;
pub mod identity;
pub mod keys;
pub mod limits;
pub mod node;
mod node_index;
mod polynomial;
pub mod request;
pub mod seal;
pub mod sign;
#[cfg(test)]
mod vectors;

pub use committee::{Committee, CommitteeRecord, Dealer, Member, Node, NodeIndex};
pub use error::{Error, Result};
pub use group::{PublicPoint, G1_BYTES, G2_BYTES};
pub use ibe::{Escrow, ESCROW_BYTES};
pub use identity::{Identity, MailAddress, NetworkId};
pub use keys::{Combined, IdentityKey, KeyShare, PartialKey};
pub use seal::{OpeningKey, SealingKey};
pub use sign::{SigningKey, VerifyingKey};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
