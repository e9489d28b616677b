//! Making the key without anybody having it, and passing it on: joint Feldman key generation and resharing, as pure
//! functions of messages.
//!
//! ```text
//!            dealer: Deal                 receiver: Verdict           accused dealer: Answer
//!  deals    ─────────────► close_deals  ───────────────► close_verdicts ───────────► close_answers ──► finish
//!           commitments,                 which deals are                the disputed
//!           a sealed share               wrong                          shares, in clear
//!           for each receiver
//! ```
//!
//! In a *generation*, all members are dealers and receivers; each deals a random polynomial, and the key is the sum. In a
//! *resharing*, members of the old committee deal their shares to the new one, whose sum with Lagrange's coefficients is
//! the same key under new shares.
//!
//! Messages may be carried by anybody: they are signed, and whoever withholds or reorders them stops the ceremony and no
//! more. That all saw the same is checked twice: a verdict names the deals that it is about, and all members of the new
//! committee sign its record, which holds the hash of all messages. salt/SECURITY.md says why this is enough.

mod board;
mod messages;
mod setting;

pub use board::{Board, Received};
pub use setting::{Dealing, Setting};

#[cfg(test)]
mod tests;
