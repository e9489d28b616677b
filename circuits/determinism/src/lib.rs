//! Shows by machine that every cell of a laid-out Halo2 circuit is a function of the cells that a prover may choose, and
//! says of each constraint what it is for.
//!
//! A circuit in which some cell can take two values where it should have one is under-constrained: the commonest and worst
//! bug of such circuits, and one that no test with honest witnesses can see. This crate reads the circuit as it was laid
//! out (gates in every row, copies, lookups, fixed cells), knows no gate by name, and propagates "has only one value"
//! from the given cells until nothing moves.
//!
//! ```text
//! Circuit ─> layout ─> model ──> ranges ─┐
//!            (rows)    (normal   (bits)  ├─> derive ─> explain    what is not determined
//!                       forms)   rules ──┤        ├──> classify   what each instance is for
//!                       logup    lemmas ─┘        ├──> lanes      what is open without each instance
//!                                                 └──> evaluate   the constraints as a function, and forged witnesses
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | [`layout`] | a circuit as Halo2 lays it out; expressions that can be altered |
//! | [`poly`], [`scalar`] | polynomials in normal form; field elements as integers |
//! | [`model`] | constraints, tables and tuples, row by row |
//! | [`logup`] | lookup arguments over challenges, with their premises |
//! | [`identities`] | polynomial identities checked at a random point |
//! | [`ranges`] | which integers a cell can hold |
//! | [`rules`], [`lemmas`] | what follows, with proofs |
//! | [`mod@derive`] | propagation |
//! | [`explain`], [`classify`], [`implied`] | what is left over, and what each instance is for |
//! | [`lanes`] | which instances are needed, for many at once |
//! | [`evaluate`] | the derivation run as a program |
//! | [`check`] | all of it for one circuit |
//!
//! # Soundness
//! What is shown stands in [`mod@derive`]; what is *not* shown: that the function is the right one (compare [`evaluate`] with
//! a reference) and that inputs are refused that should be (each instance that is [`classify::Class::Spare`] needs an
//! attack or a reason). A cell that stays undetermined need not be exploitable: a rule may be too weak. It is an error all
//! the same.
//!
//! # Source
//! Determinism by propagation: Ecne (Wang, 2022), Picus (Pailoor et al., PLDI 2023), CIVER (Isabel et al., 2024), for
//! rank-one constraints. The Plonk grid, lookup arguments, challenges and lemmas are ours.

pub mod check;
pub mod classify;
pub mod derive;
pub mod evaluate;
pub mod explain;
pub mod implied;
pub mod lanes;
pub mod layout;
pub mod model;
pub mod poly;
pub mod scalar;

pub use derive::{lemmas, ranges, rules};
pub use model::{identities, logup};
