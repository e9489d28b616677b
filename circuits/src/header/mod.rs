//! The signed header block in the circuit: its bytes, its grammar, and what is taken out of it.
//!
//! - [`automaton`]: the grammar of the block as an edge list; the circuit looks every step up.
//! - [`bytes`]: one row a byte: automaton state, filler and padding, message words for SHA-256.
//! - [`extract`]: output rows that collect the address, its domain, the signer, the subject and the time.
//! - [`reading`]: what of time and Subject is revealed.

pub mod automaton;
mod builder;
pub mod bytes;
pub mod extract;
mod grammar;
pub mod reading;

use crate::sha256::BLOCKS;

/// Byte positions: filler, block and padding together fill 17 SHA-256 blocks.
pub const BYTES: usize = 64 * BLOCKS;
/// The longest header block.
pub const MAX_BLOCK: usize = zkdkim_relation::header::MAX_HEADER_BYTES;
