//! Forged witnesses against the statement, and planted mutants.

mod determinism;
mod forgery_automaton;
mod forgery_bytes;
mod forgery_extract;
mod forgery_hashes;
mod forgery_lanes;
mod forgery_reading;
mod forgery_sha256;
mod mutation;
mod sweep_dropped;
mod sweep_statement;
