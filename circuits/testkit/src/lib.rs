//! Tools that attack a Halo2 circuit whose witness is a [`Grid`](zkdkim_grid::Grid).
//!
//! Tests with honest witnesses cannot see a constraint that is missing. These tools look for one:
//!
//! - [`Image`] holds a whole assignment and evaluates gates, lookups and copies natively, only
//!   those that read the cells in question, so that thousands of alterations take less time than
//!   one run of `MockProver`.
//! - [`Sweep`] alters cells one at a time (with whatever the circuit's author says follows from
//!   them) and reports the alterations that nothing notices.
//! - [`Sweep::forge`] repairs what an alteration breaks by further alterations: a dishonest prover
//!   that needs no idea of the circuit.
//! - [`Mutation`] leaves one constraint out of the image, or changes one fixed cell, so that the other
//!   tools can be asked whether they notice.
//! - [`anchor`] finds cells that no active constraint reads, and groups of cells that constrain
//!   only each other.
//! - [`challenge`] lists the cells that are chosen after a challenge and checked under it.
//!
//! ```text
//! ConstraintSystem ─┐
//! Grid, phase 1 ────┼─> Image ──> Sweep ──> survivors
//! Grid, phase 2 … ──┤        └──> anchor ─> loose cells, floating groups
//! public inputs ────┘
//! ```
//!
//! # Soundness
//!
//! A survivor is a cell that may be free; no survivor is no proof. What a sweep sees depends on how
//! far an alteration is followed: a cell whose every reader is recomputed survives unless it is
//! tied to something else, so the closure that follows should go as far as an honest prover would
//! from that cell on. The gates are those of the constraint system; arguments that a circuit builds
//! for itself over challenges (a logUp argument, say) are ignored by name and replaced by a closure
//! that says what they would notice.

pub mod anchor;
pub mod challenge;
mod forge;
mod image;
mod mutation;
mod planted;
mod sweep;

pub use forge::Effort;
pub use image::{Cell, Constraint, End, Image};
pub use mutation::Mutation;
pub use sweep::{Alteration, Survivor, Sweep};
