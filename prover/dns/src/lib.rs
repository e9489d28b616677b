//! Key records (RFC 6376 §3.6) as DNS has them now.
//!
//! ```text
//! key_names(mail) ──► LiveDns ──┬─► resolver 1 ─┐
//!   s1._domainkey.example.org   ├─► resolver 2 ─┼─► the same records from a quorum of them, or an error that says
//!                               └─► …          ─┘    who answered what
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | [`live`] | asking several resolvers that must agree, or the system's |
//! | [`resolvers`] | which ones, as data |
//! | [`wire`] | DNS messages over HTTPS (RFC 8484) |
//! | [`names`] | the names whose records a mail needs |
//! | [`providers`], [`sync`] | a key registry kept true by a list of providers |
//!
//! Gmail, Outlook and most providers do not sign their zones (DNSSEC), so what stands in for it is agreement of operators
//! that have nothing to do with each other. Whether an absent record is remembered is the caller's to decide.

pub mod error;
pub mod live;
pub mod names;
pub mod providers;
pub mod resolvers;
pub mod sync;
pub mod wire;

pub use error::{Error, Result};
pub use live::{Fetched, LiveDns};
pub use names::key_names;
pub use resolvers::{Resolver, Resolvers};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
