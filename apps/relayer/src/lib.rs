//! From a guardian's mail to a transaction: a service that takes mails, proves them and sends what recovery contracts ask for.
//!
//! ```text
//!  LMTP ─┐                        ┌────────── workers ──────────┐            ┌─ one submitter a chain ─┐
//!  IMAP ─┤                        │                             │            │                         │
//!  HTTP ─┴─► Desk ─► Store ◄──────┤ check ─► salt ─► prove      ├──► Store ◄─┤ simulate, sign, send,    │
//!             │        ▲          └─────────────────────────────┘            │ settle                   │
//!   status ◄──┘        └─ SQLite or Postgres; leases; every step a commit     └──────────────────────────┘
//! ```
//!
//! What it can do: refuse, and delay; another relayer takes the same mail. What it learns: address and account. What it can't:
//! change what the mail says, or make it count twice. It may be killed at any point: nothing that was acknowledged is lost, and
//! nothing has its effect twice ([`store`], [`chain`]).

pub mod answer;
pub mod chain;
pub mod config;
pub mod dev;
pub mod door;
pub mod error;
pub mod job;
pub mod notice;
pub mod pipeline;
pub mod post;
pub mod service;
pub mod store;
mod watch;
pub mod webhook;

pub use error::{Error, Result};
