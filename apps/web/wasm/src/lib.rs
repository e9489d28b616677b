//! The prover for a page: bytes and JSON in, JSON out.
//!
//! ```text
//! page ── postMessage ──> worker ── abi ──> Session::call ──> zkdkim-prover
//!                          │  │
//!                          │  └─ imports: memory, randomness, progress, the text of a panic; nothing else
//!                          └─ as many more workers as there are threads, which are rayon's for one operation
//! ```
//!
//! [`Session`] has the operations and runs anywhere, tests included; the module's raw interface around it (`abi`, of pointers
//! and lengths) is built for WebAssembly only. What the module cannot import it cannot do: there is no network and no clock in it.

mod fault;
mod find;
mod options;
mod reports;
mod salts;
mod session;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod abi;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod threads;

pub use fault::Fault;
pub use session::{Operation, Session};
