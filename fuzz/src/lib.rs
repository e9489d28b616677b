//! Fuzz targets: one module for each kind of input that zkdkim takes from others.
//!
//! A target is a function of bytes, which says whether it accepts them, and panics where something is wrong: where a
//! parser panics, where two implementations disagree, or where something is accepted that must not be. It has two
//! callers:
//!
//! - `tests/smoke.rs` runs every target on the files of `corpus/` and on some thousands of seeded
//!   mutations of them, with the pinned compiler and as part of `cargo test`;
//! - `fuzz_targets/` hands it to libFuzzer, which mutates by coverage (`scripts/fuzz TARGET`).
//!
//! The files of `corpus/` are made by `examples/make_corpus.rs`, or found by libFuzzer from those.
//! None comes from a third party.

pub mod calldata;
pub mod dns_record;
mod edits;
pub mod header;
pub mod keys;
pub mod message;
pub mod proof;
pub mod ptau;
pub mod registry;
mod small;
pub mod srs;

/// A target and its name, which is also that of its folder in `corpus/` and of its program.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name of its folder in `corpus/` and of its program in `fuzz_targets/`.
    pub name: &'static str,
    /// Runs one input: true where it is accepted. Panics where something is wrong.
    pub run: fn(&[u8]) -> bool,
    /// Mutations that the smoke test makes: fewer where a run takes milliseconds.
    pub smoke_runs: usize,
}

/// Every target, with its number of mutations in the smoke test.
pub const TARGETS: [Target; 9] = [
    Target { name: "message", run: message::run, smoke_runs: 3_000 },
    Target { name: "header", run: header::run, smoke_runs: 20_000 },
    Target { name: "dns_record", run: dns_record::run, smoke_runs: 20_000 },
    Target { name: "registry", run: registry::run, smoke_runs: 3_000 },
    Target { name: "ptau", run: ptau::run, smoke_runs: 3_000 },
    Target { name: "srs", run: srs::run, smoke_runs: 2_000 },
    Target { name: "keys", run: keys::run, smoke_runs: 500 },
    Target { name: "proof", run: proof::run, smoke_runs: 1_000 },
    Target { name: "calldata", run: calldata::run, smoke_runs: 200 },
];
