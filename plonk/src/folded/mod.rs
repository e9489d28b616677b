//! # A proof system for Halo2 circuits with folded openings
//!
//! The front end stays Halo2's (`Circuit`, `ConstraintSystem`, `MockProver`); keys, commitments, prover and verifier are
//! here. Up to m polynomials that are opened at the same rotations share one KZG commitment, that of
//! P(X) = Σ X^i p_i(X^m): the idea is fflonk's (Gabizon, Williamson, ePrint 2021/1167), the opening that of Boneh,
//! Drake, Fisch and Gabizon (ePrint 2020/081, section 4), which with m = 1 is SHPLONK. The *fold* m is a parameter of
//! the key, from 1 (least proving time) to 16 (fewest commitments to verify).
//!
//! ```text
//!   Circuit ──ProvingKey::new──> ProvingKey ──vk──> VerifyingKey ──> bytes, digest
//!     │          Srs ──┘             │                   │
//!     └── witness ──prove────────────┘──> proof ──verify─┘
//! ```
//!
//! - [`protocol`]: rounds, groups, identities: what all sides walk;
//! - [`Srs`]: powers of τ, and the bases in which a folded commitment is a sum over values;
//! - [`ProvingKey`], [`VerifyingKey`]; [`prove`]; [`verify`], [`verify_batch`].
//!
//! Nothing here reads files, clocks or randomness of its own; with the feature `multicore` off nothing makes threads.
//! Circuits must not read back the values of assigned cells (`AssignedCell::value`): what they assign they know.
//!
//! # Example
//!
//! `plonk/tests/folded` has circuits of all shapes; `benches/examples/folded.rs` proves the statement and prints
//! what it costs beside the stock prover.

mod domain;
mod encoding;
mod error;
mod fractions;
mod key;
mod keygen;
mod loops;
mod msm;
pub(crate) mod parallel;
mod program;
pub mod protocol;
mod prover;
mod square_roots;
mod srs;
mod transcript;
mod verifier;

pub use error::{Error, Result};
pub use key::VerifyingKey;
pub use keygen::{Cosets, ProvingKey};
pub(crate) use prover::prove_taking;
pub use prover::{prove, prove_observed, Stage};
pub(crate) use square_roots::{coordinate, coordinate_bytes, ordinates};
pub(crate) use srs::are_powers;
pub use srs::Srs;
pub use verifier::{verify, verify_batch};
