//! Circuits and helpers that the tests share.
#![allow(dead_code, missing_docs)]

pub mod edge;
pub mod input;
pub mod large;
pub mod small;
pub mod snapshot;

use zkdkim_verifier_sol::{Metadata, Setup};

pub fn metadata(instances: usize, srs_kind: Setup) -> Metadata {
    Metadata { circuit_id: "test/circuit-1".into(), key_digest: [7; 32], srs_kind, instances }
}
