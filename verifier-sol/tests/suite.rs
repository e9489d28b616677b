//! Generated verifiers in an embedded EVM.

// The random circuits are those of the proof system's own tests.
extern crate zkdkim_plonk as halo2_proofs;

mod common;
mod contracts;
mod folded;
mod gas;
mod shapes;
mod snapshot;
mod verifier;
