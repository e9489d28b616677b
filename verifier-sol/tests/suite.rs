//! Generated verifiers in an embedded EVM.

// The random circuits are those of the proof system's own tests.
extern crate zkdkim_plonk as halo2_proofs;

mod accepts;
mod batch;
mod common;
mod contracts;
mod harness;
mod input;
mod mutations;
#[path = "../../plonk/tests/folded/common.rs"]
#[allow(dead_code, reason = "the proof system's tests use the rest")]
mod random_circuits;
mod surroundings;
mod third;
mod weakened;
