//! What zkdkim costs, in two kinds of numbers.
//!
//! *Deterministic* ones (rows, columns, degrees, commitments, proof bytes, code size, gas) are a
//! [`cost::Report`]; it is checked in as `golden/*.json`, and a test compares. *Times* come from
//! `cargo bench -p zkdkim-benches` (criterion, with CPU seconds beside) and, as a table for the README, from
//! `cargo run --release -p zkdkim-benches --bin figures`; as JSON, beside the stock prover, from
//! `cargo run --release -p zkdkim-benches --bin figures -- --json on-chain`.
//!
//! ```text
//! cargo test  -p zkdkim-benches                              the golden files are up to date
//! cargo run   -p zkdkim-benches --bin cost-report            print the report
//! cargo run   -p zkdkim-benches --bin cost-report -- --write regenerate the golden files, on purpose
//! cargo bench -p zkdkim-benches --bench gadgets              each gadget's witness and proof
//! cargo bench -p zkdkim-benches --bench statement            the whole statement
//! ```

pub mod cost;
pub mod curve;
pub mod gadgets;
pub mod layouts;
pub mod sample;
pub mod stock;
