//! Deterministic sizes and digests of generated contracts, checked in.
//!
//! `ZKDKIM_BLESS=1 cargo test -p zkdkim-verifier-sol --test suite snapshot::` rewrites the file.

use crate::common::{
    large::{self, Large},
    small::{self, Small},
    snapshot::{self, entry},
    Harness,
};
use serde_json::json;

#[test]
fn contracts_equal_the_snapshot() {
    let found = json!({
        "small": entry(&Harness::new(small::K, &Small { seed: 3 }, small::INSTANCES).artifacts),
        "large": entry(&Harness::new(8, &Large, large::INSTANCES).artifacts),
    });
    snapshot::assert_is("contracts.json", &found);
}
