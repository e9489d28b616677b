//! A chain: what is asked of its node, and what is sent there.
//!
//! ```text
//! proved jobs ──► Submitter: done already? ─► simulate ─► budget, fees ─► sign, keep ─► send
//!                     ▲                                                              │
//!                     └──── settle: receipts under enough blocks, resend, replace ◄──┘
//! ```

pub mod abi;
mod ledger;
mod reverts;
mod rpc;
mod state;
mod submit;
mod transport;

pub use ledger::{CallFault, Head, Ledger, Receipt, Started};
pub use reverts::{judge, Judgement};
pub use rpc::Rpc;
pub use state::{accepts_signature, locate, AccountState, Standing};
pub use submit::{Limits, Submitter};
