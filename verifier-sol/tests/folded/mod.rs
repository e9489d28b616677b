//! Contracts for keys with folded openings.

mod accepts;
mod batch;
mod harness;
mod input;
mod mutations;
#[path = "../../../plonk/tests/folded/common.rs"]
#[allow(dead_code, reason = "the proof system's tests use the rest")]
mod random_circuits;
mod surroundings;
mod third;
mod weakened;
