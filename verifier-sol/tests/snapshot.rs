//! Deterministic sizes and digests of generated contracts, checked in.
//!
//! `ZKDKIM_BLESS=1 cargo test -p zkdkim-verifier-sol --test suite snapshot::` rewrites the file.

use crate::common::{
    large::{self, Large},
    small::{self, Small},
    Harness,
};
use serde_json::{json, Value};

fn entry(harness: &Harness) -> Value {
    let artifacts = &harness.artifacts;
    json!({
        "proof_bytes": artifacts.proof_bytes,
        "key_bytes": artifacts.key.size,
        "key_keccak": artifacts.key.runtime_keccak,
        "verifier_bytes": artifacts.verifier.size,
        "verifier_keccak": artifacts.verifier.runtime_keccak,
    })
}

#[test]
fn contracts_equal_the_snapshot() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/contracts.json");
    let found = json!({
        "small": entry(&Harness::new(small::K, &Small { seed: 3 }, small::INSTANCES)),
        "large": entry(&Harness::new(8, &Large, large::INSTANCES)),
    });
    let found = serde_json::to_string_pretty(&found).unwrap() + "\n";
    if std::env::var_os("ZKDKIM_BLESS").is_some() {
        std::fs::write(path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "bless on purpose, with a line in the change log");
}
