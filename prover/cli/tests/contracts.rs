//! The checked-in contracts are those of the present circuit over the development SRS.
//!
//! `ZKDKIM_BLESS=1 cargo test -p zkdkim --test suite contracts::` writes them anew, with the pinned compiler
//! (`npm ci` in `verifier-sol`).

use crate::statement_key::keys;
use zkdkim_verifier_sol::{Artifacts, Solc, Sources};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../verifier-sol/checked-in/insecure-dev-on-chain.json"
);

#[test]
fn checked_in_contracts_are_current() {
    let key = &keys().key;
    let sources = Sources::for_key(key.verifier()).unwrap();

    let bless = std::env::var_os("ZKDKIM_BLESS").is_some();
    let built = match Solc::in_crate() {
        Ok(solc) => Some(solc.compile(&sources).unwrap()),
        Err(error) if bless => panic!("{error}"),
        // Without the compiler the sources still tell.
        Err(_) => None,
    };
    if let (true, Some(built)) = (bless, &built) {
        std::fs::write(FILE, built.to_json()).unwrap();
    }
    let checked_in = std::fs::read_to_string(FILE).unwrap();
    let checked_in = Artifacts::from_json(&checked_in).unwrap();
    assert_eq!(checked_in.key_digest, format!("0x{}", key.verifier().sha256()), "another key");
    // Not assert_eq: it would print sixty kilobytes of Solidity.
    let hint = "differs; see the head of this file";
    assert!(checked_in.verifier.source == sources.verifier_source, "verifier's source {hint}");
    assert!(checked_in.key.source == sources.key_source, "key's source {hint}");
    if let Some(built) = built {
        assert!(checked_in == built, "bytecode {hint}");
    }
}
