//! The golden files are up to date, and the project's own limits hold.

use zkdkim_benches::cost::{compare, golden_path, measure, Golden, Measured};
use zkdkim_circuits::statement::CircuitParams;

/// EIP-170.
const CODE_LIMIT: usize = 24_576;

fn check(params: CircuitParams) -> Measured {
    let measured = measure(params).unwrap_or_else(|e| panic!("{e:#}"));
    let report = &measured.report;
    assert!(report.rows.k <= 15);
    assert!(
        report.contracts.verifier_bytes < CODE_LIMIT && report.contracts.key_bytes < CODE_LIMIT
    );
    match compare(&golden_path(params), &measured).unwrap_or_else(|e| panic!("{e:#}")) {
        Golden::Equal => {}
        Golden::Differs(difference) => panic!("{difference}"),
    }
    measured
}

#[test]
fn costs_on_chain_are_those_of_the_golden_file() {
    let measured = check(CircuitParams::ON_CHAIN);
    let bytes = measured.report.proof.bytes;
    assert!(bytes <= 5_500, "proof of {bytes} bytes");
    assert!(measured.verify_gas <= 360_000, "{} gas", measured.verify_gas);
}

#[test]
fn costs_of_the_middle_layout_are_those_of_the_golden_file() {
    check(CircuitParams::MIDDLE);
}

#[test]
fn costs_of_the_quick_layout_are_those_of_the_golden_file() {
    check(CircuitParams::QUICK);
}
