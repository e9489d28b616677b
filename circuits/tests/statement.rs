//! The whole circuit on messages of the test vectors.

mod common;

use common::{failures, honest};
use zkdkim_circuits::{
    native::{
        inspect::{inspect, DnsRecords},
        statement::{evaluate, StatementInput},
    },
    statement::{CircuitError, CircuitParams, StatementCircuit},
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

#[test]
fn accepts_the_recovery_mail_with_its_public_inputs_only() {
    let input = recovery();
    let (circuit, instances) = honest(&input);
    assert_eq!(failures(&circuit, &instances), Vec::<String>::new());
    assert_eq!(common::claimed(&circuit), instances);
    for i in 0..instances.len() {
        let mut other = instances.clone();
        other[i] += halo2_proofs::halo2curves::bn256::Fr::one();
        assert!(!failures(&circuit, &other).is_empty(), "public input {i}");
    }
}

#[test]
fn accepts_at_another_k() {
    let input = recovery();
    let circuit = StatementCircuit::new(CircuitParams { k: 15 }, &input).expect("fits");
    let instances = evaluate(&input).expect("statement holds").to_instances();
    assert_eq!(failures(&circuit, &instances), Vec::<String>::new());
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let mut input = recovery();
    input.header.resize(1025, b'x');
    let error = StatementCircuit::new(CircuitParams::default(), &input).expect_err("too long");
    assert_eq!(error, CircuitError::BlockTooLong { got: 1025, max: 1024 });
    for k in [0, 13, 29, u32::MAX] {
        let error = StatementCircuit::new(CircuitParams { k }, &recovery()).expect_err("no room");
        assert_eq!(error, CircuitError::UnsupportedK { got: k, min: 14, max: 28 });
    }
    let mut input = recovery();
    input.signature <<= 2048u32;
    let error = StatementCircuit::new(CircuitParams::default(), &input).expect_err("too long");
    assert!(matches!(error, CircuitError::NumberTooLong { name: "signature", .. }));
}
