//! SHA-256 of a header block that ends in the last of 17 message blocks (FIPS 180-4).
//!
//! # Statement
//! For every accepted assignment there are 17 × 16 message words and 17 reset flags such that the digest cells hold
//! the hash state after the last block, where the state is the initial value at the start and after every block whose
//! reset flag is 1, and the feed-forward sum after every other block. The header chip ties the flags and the words to
//! the message ([`crate::header`]): with the reset after the last filler block that is SHA-256 of the rest.
//!
//! # Trusts
//! The lookup argument: in every row each range cell is below `2^RANGE_BITS[i]` and the spread cell beside it holds
//! its spread form. The reset cells are 0 or 1: the gate takes any field element. The header chip sees to it: a reset is
//! the fall of a boolean flag that only falls where resets are read, or that flag itself, or a constant.
//!
//! # Layout
//! A *slot* computes one new pair (A, E) of the compression function and stands in 12 rows; 4 slots hold the initial
//! value, then each block has 64 round slots and 4 feed-forward slots, 1,160 in all. `A[s]`, `E[s]` are the words a, e
//! after the step of slot s, so b, c, d are A of the three slots before and f, g, h those of E. Slot s stands in lane
//! s mod lanes: as many slots as there are lanes share their 12 rows and their selectors, and they are of one kind,
//! because the number of lanes divides 4, 16 and 68.
//!
//! ```text
//! row  range[0] [1]     [2]    [3]    [4]     [5]     x            y          kind
//!  0   a1       2^9 a0  a3     a2     4 a2    a0      spread A     A          every slot
//!  1   e2       e0      e4     e1     2^8 e3  e3      spread E     E          every slot
//!  2   2^5 e0   2^6 e1  carryA 2^4 e4 carryE  carryW               reset      every slot (W: rounds)
//!  3   w6       w0      w2     w1     w3      w7      w4           W          rounds
//!                       carryE                                     reset      feed-forward
//!  4   2^8 w0   2^7 w1  2^8 w7 2^4 w3 2^8 w2          w5                      rounds
//!  5   even(Σ0(A)) . .  odd(Σ0(A)) . .                sum          Σ0(A)      every slot
//!  6   even(Maj) .  .   odd(Maj) .   .                sum          Maj        rounds
//!  7   even(Σ1(E)) . .  odd(Σ1(E)) . .                sum          Σ1(E)      every slot
//!  8   even(e+f) .  .   odd(e+f) .   .                sum          e AND f    rounds
//!  9   even(¬e+g) . .   odd(¬e+g) .  .                sum          ¬e AND g   rounds
//! 10   even(σ0(W)) . .  odd(σ0(W)) . .                sum          σ0(W)      rounds
//! 11   even(σ1(W)) . .  odd(σ1(W)) . .                sum          σ1(W)      rounds
//! ```
//!
//! A feed-forward slot has no W: there the carry of E stands in row 3, with the reset flag once more, so that the same
//! gate serves A in row 2 and E in row 3. Rows 6, 8 and 9 belong to the step of their own slot (they read the words of the slots before); rows 5, 7, 10 and
//! 11 belong to the words of their own slot and are read by later ones. Pieces (bits from the least significant):
//! A 2, 11, 9, 10; E 6, 5, 11, 3, 7; W 3, 4, 3, 7, 1, 1, 11, 2: cut wherever Σ0, Σ1, σ0 and σ1 rotate.
//!
//! # Soundness
//! - *Pieces.* A piece shorter than its column's range stands twice, the second time multiplied by `2^(range - bits)`;
//!   both are integers in range, so the piece is below `2^bits`. Or else two cuttings of one word would exist and a
//!   rotation could be chosen. One-bit pieces are boolean.
//! - *Sums of spreads.* `x = spread(even) + 2 spread(odd)` with 32-bit words on the right determines both, because
//!   every integer below 2^64 is uniquely of this form and nothing here reaches the field's order.
//! - *Additions.* `word + 2^32 carry = terms`: the word is below 2^32 (pieces), the carry below 2^11, at most seven
//!   terms below 2^32 each: both sides below 2^44, so the equation holds over the integers and the carry is the carry.
//! - *Initial value.* Pinned by a gate in the first four slots and by the reset term of the feed-forward gate.
//!
//! # Completeness
//! Honest carries are at most 6 (A), 5 (E) and 3 (W).
//!
//! # Source
//! FIPS 180-4 §§4.1.2, 4.2.2, 5.3.3, 6.2. The idea of spread words: zcash's Table16; layout and constraints are ours.

mod assign;
mod constants;
mod gates;
#[cfg(test)]
mod tests;

use zkdkim_grid::CellRef;
use zkdkim_plonk::plonk::{Advice, Column, Fixed, Selector};

use crate::columns::RANGE_SLOTS;

pub use constants::{INITIAL_STATE, ROUND_CONSTANTS};

/// Message blocks: 1,024 bytes and their padding.
pub const BLOCKS: usize = 17;
/// Message words in all blocks.
pub const WORDS: usize = 16 * BLOCKS;
/// Rows of a slot.
pub const SLOT_ROWS: usize = 12;
/// Slots of the initial value.
pub const INITIAL_SLOTS: usize = 4;
/// Slots of one block.
pub const BLOCK_SLOTS: usize = 68;
/// Slots of the whole computation.
pub const SLOTS: usize = INITIAL_SLOTS + BLOCKS * BLOCK_SLOTS;
/// Rows in which the statement packs the digest into halves.
pub const DIGEST_ROWS: usize = 8;

/// Rows of the whole computation in so many lanes.
pub const fn rows(lanes: usize) -> usize {
    SLOTS / lanes * SLOT_ROWS
}

/// The columns that the chip borrows for each lane: 1, 2 or 4 of them.
#[derive(Clone, Debug)]
pub struct Sha256Lane {
    /// Range columns, see [`crate::columns::Lane::range`].
    pub range: [Column<Advice>; RANGE_SLOTS],
    /// The spread form of the range column of the same index, see [`crate::spread`].
    pub spread: [Column<Advice>; RANGE_SLOTS],
    /// Spread words and one-bit pieces.
    pub x: Column<Advice>,
    /// Words and, in rows 2 and 3 of a feed-forward slot, the reset flag; equality enabled.
    pub y: Column<Advice>,
    /// Round constants and initial value.
    pub constant: Column<Fixed>,
}

/// The chip's configuration: gates over borrowed columns.
#[derive(Clone, Debug)]
pub struct Sha256Config {
    lanes: Vec<Sha256Lane>,
    word_a: Selector,
    word_e: Selector,
    word_w: Selector,
    even: Selector,
    odd: Selector,
    initial: Selector,
    round: Selector,
    schedule: Selector,
    feed_forward: Selector,
}

/// The cells that tie the computation to the rest of the circuit.
#[derive(Clone, Debug)]
pub struct Sha256Assigned {
    /// The 32-bit message words, block after block.
    pub message: Vec<CellRef>,
    /// Per block, the two reset cells of each of its four feed-forward slots.
    pub resets: Vec<[CellRef; 8]>,
    /// The digest words H0 … H7.
    pub digest: [CellRef; 8],
}

/// What the chip computes from: message words and reset flags by block.
pub type Message = [([u32; 16], bool); BLOCKS];
