//! Halo2's front end, and what a circuit needs around it to be proved and checked on chain.
//!
//! ```text
//! .ptau bytes ──► srs ──► keys ──┬──► prove ──► proof bytes ──► calldata ──► contract
//!                   ▲       ▲    └──► verify ◄──┘
//!                   └─container (file bytes)
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | [`circuit`], [`plonk`], [`poly`], [`dev`], [`halo2curves`], [`transcript`] | the front end of `halo2_proofs` (halo2-axiom), re-exported: circuits name it here and nowhere else |
//! | [`folded`] | the proof system: PLONK with KZG on BN254, up to sixteen polynomials under one commitment; knows no files |
//! | [`srs`] | structured reference strings, checked however they come; the marked development SRS; `.ptau` |
//! | [`keys`] | proving and verifying keys with one digest; what does not belong together is refused |
//! | [`mod@prove`], [`mod@verify`] | a circuit with its key: proved and checked, verified, one or many |
//! | [`words`], [`calldata`] | encodings of the EVM |
//! | [`container`] | the binary form of SRS and keys |
//!
//! Bytes in, bytes out: nothing here opens a file, asks the clock or prints. What is read from others never panics.

pub mod calldata;
mod codec;
pub mod container;
pub mod digest;
pub mod error;
pub mod folded;
pub mod keys;
pub mod kinds;
pub mod progress;
pub mod prove;
pub mod srs;
pub mod verify;
pub mod words;

pub use error::{Error, Result};
pub use halo2_proofs::{arithmetic, circuit, dev, halo2curves, plonk, poly, transcript};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
