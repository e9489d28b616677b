//! What this project's programs ask of others over HTTP, with bounds of time and size.
//!
//! ```text
//! http       requests: TLS, limits, no redirects
//! rpc        JSON-RPC of an Ethereum node
//! abi        the ABI, as far as it is needed
//! contracts  questions to the recovery contract, the registry of roots, accounts
//! ```
//!
//! All of it blocks, and none of it may be called on a thread that runs asynchronous tasks.

pub mod abi;
pub mod contracts;
mod error;
pub mod http;
pub mod rpc;

pub use error::{Error, Result};
pub use http::{Endpoint, Http, HttpSettings, PlainHttp, Reply};
pub use rpc::{Block, Log, LogFilter, Rpc};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
