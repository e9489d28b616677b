//! The whole circuit on messages of the test vectors.

use crate::common::{self, failures, honest};
use zkdkim_circuits::statement::{CircuitError, CircuitParams, StatementCircuit};
use zkdkim_relation::{
    inspect::{inspect, DnsRecords},
    statement::StatementInput,
};

/// The recovery mail of the test vectors.
fn recovery() -> StatementInput {
    let folder = common::root().join("test-vectors/messages");
    let message = std::fs::read(folder.join("recovery.eml")).expect("message of the test vectors");
    let dns = std::fs::read(folder.join("dns.json")).expect("keys of the test vectors");
    let dns: DnsRecords = serde_json::from_slice(&dns).expect("keys of the test vectors");
    let provable = *inspect(&message, &dns, None).verdict.expect("provable");
    common::input(
        provable.header.bytes.clone(),
        provable.signature.clone(),
        &provable.domain,
        provable.modulus.clone(),
    )
}

fn accepts_with_its_public_inputs_only(params: CircuitParams) {
    let input = recovery();
    let (circuit, instances) = honest(params, &input);
    assert_eq!(failures(&circuit, &instances), Vec::<String>::new());
    assert_eq!(common::claimed(&circuit), instances);
    for i in 0..instances.len() {
        let mut other = instances.clone();
        other[i] += zkdkim_plonk::halo2curves::bn256::Fr::one();
        assert!(!failures(&circuit, &other).is_empty(), "public input {i}");
    }
}

#[test]
fn accepts_the_recovery_mail_with_its_public_inputs_only() {
    accepts_with_its_public_inputs_only(CircuitParams::ON_CHAIN);
}

#[test]
fn accepts_the_recovery_mail_with_twelve_lookups_a_row() {
    accepts_with_its_public_inputs_only(CircuitParams::QUICK);
}

#[test]
fn accepts_at_another_k() {
    let input = recovery();
    for layout in [CircuitParams::ON_CHAIN, CircuitParams::QUICK] {
        let params = CircuitParams { k: layout.k + 1, ..layout };
        let (circuit, instances) = honest(params, &input);
        assert_eq!(failures(&circuit, &instances), Vec::<String>::new());
    }
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let mut input = recovery();
    input.header.resize(1025, b'x');
    let error = StatementCircuit::new(CircuitParams::default(), &input).expect_err("too long");
    assert_eq!(error, CircuitError::BlockTooLong { got: 1025, max: 1024 });
    let refused = |params| StatementCircuit::new(params, &recovery()).expect_err("no room");
    for layout in [CircuitParams::ON_CHAIN, CircuitParams::QUICK] {
        for k in [0, layout.k - 1, 29, u32::MAX] {
            let error = refused(CircuitParams { k, ..layout });
            assert_eq!(error, CircuitError::UnsupportedK { got: k, min: layout.k, max: 28 });
        }
    }
    for lookups in [0, 1, 7, 18, 24, usize::MAX] {
        let error = refused(CircuitParams { lookups, ..CircuitParams::ON_CHAIN });
        assert_eq!(error, CircuitError::UnsupportedLookups { got: lookups });
    }
    let mut input = recovery();
    input.signature <<= 2048u32;
    let error = StatementCircuit::new(CircuitParams::default(), &input).expect_err("too long");
    assert!(matches!(error, CircuitError::NumberTooLong { name: "signature", .. }));
}
