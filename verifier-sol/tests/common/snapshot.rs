//! Sizes and digests of generated contracts, checked in.

use serde_json::{json, Value};
use zkdkim_verifier_sol::Artifacts;

pub fn entry(artifacts: &Artifacts) -> Value {
    json!({
        "proof_bytes": artifacts.proof_bytes,
        "key_bytes": artifacts.key.size,
        "key_keccak": artifacts.key.runtime_keccak,
        "verifier_bytes": artifacts.verifier.size,
        "verifier_keccak": artifacts.verifier.runtime_keccak,
    })
}

/// Compares with a file in `snapshots/`; with `ZKDKIM_BLESS`, writes it first.
pub fn assert_is(file: &str, found: &Value) {
    let path = format!("{}/snapshots/{file}", env!("CARGO_MANIFEST_DIR"));
    let found = serde_json::to_string_pretty(found).unwrap() + "\n";
    if std::env::var_os("ZKDKIM_BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "bless on purpose, with a line in the change log");
}
