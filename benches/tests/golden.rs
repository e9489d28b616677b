//! The golden files are up to date, and the project's own limits hold.

use zkdkim_benches::cost::{compare, golden_path, measure, Golden};
use zkdkim_circuits::statement::CircuitParams;

/// EIP-170.
const CODE_LIMIT: usize = 24_576;

#[test]
fn costs_are_those_of_the_golden_file() {
    let params = CircuitParams::default();
    let measured = measure(params).unwrap_or_else(|e| panic!("{e:#}"));
    let report = &measured.report;
    assert!(report.rows.k <= 15);
    assert!(report.proof.bytes <= 8_192, "proof of {} bytes", report.proof.bytes);
    assert!(report.keys.proving_key_bytes <= 300_000_000);
    assert!(measured.verify_gas <= 800_000, "{} gas", measured.verify_gas);
    assert!(
        report.contracts.verifier_bytes < CODE_LIMIT && report.contracts.key_bytes < CODE_LIMIT
    );
    match compare(&golden_path(params), &measured).unwrap_or_else(|e| panic!("{e:#}")) {
        Golden::Equal => {}
        Golden::Differs(difference) => panic!("{difference}"),
    }
}
