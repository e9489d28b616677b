//! Products in fields of 254 bits where the machine has no product of 64 by 64 bits: in WebAssembly.
//!
//! ```text
//! [u64; 4] × 4 ──load──> Quad ──mul, add, sub──> Quad ──store──> [u64; 4] × 4
//! Montgomery form        9 limbs of 29 bits                      the same form, below p
//! ```
//!
//! [`Quad`] holds four numbers in the lanes of vectors; what a caller does with one number it does with
//! four. Nothing here is in constant time, and nothing has to be: a prover works on its owner's secrets, on its owner's
//! machine, and sends what the protocol says.

mod lanes;
mod quad;

pub use quad::{Field, Quad};
