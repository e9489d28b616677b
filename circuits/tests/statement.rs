//! The whole circuit on messages of the test vectors.

use crate::common::{self, failures, honest};
use serde_json::Value;
use zkdkim_circuits::{
    header::reading,
    statement::{CircuitError, CircuitParams, StatementCircuit, StatementConfig},
};
use zkdkim_plonk::{halo2curves::bn256::Fr, plonk::ConstraintSystem};
use zkdkim_relation::{
    inspect::{inspect, DnsRecords},
    packing::from_be_bytes,
    statement::{evaluate, StatementInput},
    Blinding, CommandHash, Reading,
};

/// The recovery mail of the test vectors.
fn recovery() -> StatementInput {
    stored("recovery.eml")
}

/// The sealed one, read as sealed.
fn sealed() -> StatementInput {
    let folder = common::root().join("test-vectors/messages");
    let manifest = std::fs::read(folder.join("manifest.json")).expect("the manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("the manifest");
    let messages = manifest["messages"].as_array().expect("messages");
    let entry = messages.iter().find(|m| m["file"] == "sealed.eml").expect("a sealed message");
    let bytes = |name: &str| {
        let text = entry["sealed"][name].as_str().and_then(|text| text.strip_prefix("0x"));
        hex::decode(text.expect("0x")).expect("hex")
    };
    let mut input = stored("sealed.eml");
    let command = CommandHash(bytes("command").try_into().expect("31 bytes"));
    input.reading =
        Reading::Sealed { command, blinding: Blinding::new(from_be_bytes(&bytes("blinding"))) };
    input
}

fn stored(name: &str) -> StatementInput {
    let folder = common::root().join("test-vectors/messages");
    let message = std::fs::read(folder.join(name)).expect("message of the test vectors");
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

const LAYOUTS: [CircuitParams; 2] = [CircuitParams::ON_CHAIN, CircuitParams::QUICK];

fn accepts_with_its_public_inputs_only(params: CircuitParams, input: &StatementInput) {
    let (circuit, instances) = honest(params, input);
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
    accepts_with_its_public_inputs_only(CircuitParams::ON_CHAIN, &recovery());
}

#[test]
fn accepts_the_recovery_mail_with_twelve_lookups_a_row() {
    accepts_with_its_public_inputs_only(CircuitParams::QUICK, &recovery());
}

#[test]
fn accepts_a_sealed_mail_in_both_readings() {
    let mut input = sealed();
    accepts_with_its_public_inputs_only(CircuitParams::ON_CHAIN, &input);
    accepts_with_its_public_inputs_only(CircuitParams::QUICK, &input);
    input.reading = Reading::Clear;
    for params in LAYOUTS {
        let (circuit, instances) = honest(params, &input);
        assert_eq!(failures(&circuit, &instances), Vec::<String>::new());
    }
}

#[test]
fn accepts_every_bound_up_to_the_time() {
    let mut input = recovery();
    for not_before in [0, 1, 255, 256, 1_699_999_999, 1_700_000_000] {
        input.not_before = not_before;
        let (circuit, instances) = honest(CircuitParams::QUICK, &input);
        assert_eq!(failures(&circuit, &instances), Vec::<String>::new(), "{not_before}");
    }
}

/// What the reference refuses, the circuit does, by copies of the reading alone: without them nothing would refuse it.
#[test]
fn refuses_what_is_not_so() {
    let params = CircuitParams::QUICK;
    let first = StatementConfig::configure(&mut ConstraintSystem::default(), params).rows.reading;
    let refused_by_copies = |input: &StatementInput, row: usize| {
        assert!(evaluate(input).is_err());
        let circuit = StatementCircuit::new(params, input).expect("fits");
        let failures = failures(&circuit, &common::claimed(&circuit));
        let row = format!("on row {})", first + row);
        assert!(failures.iter().any(|failure| failure.contains(&row)), "{row} {failures:?}");
        failures.into_iter().filter(|failure| !failure.starts_with("Equality")).collect::<Vec<_>>()
    };
    let none = Vec::<String>::new();
    let mut input = recovery();
    for not_before in [1_700_000_001, 1_700_000_000 + (1 << 39), (1 << 40) - 1] {
        input.not_before = not_before;
        assert_eq!(refused_by_copies(&input, reading::SUM), none);
    }
    let mut input = recovery();
    input.reading = sealed().reading.clone();
    // No clear Subject has the characters of a seal either.
    let others = refused_by_copies(&input, reading::CHOICE);
    assert!(matches!(&others[..], [one] if one.contains("logup sum")), "{others:?}");
    let mut input = sealed();
    if let Reading::Sealed { command, .. } = &mut input.reading {
        command.0[0] ^= 1;
    }
    assert_eq!(refused_by_copies(&input, reading::CHOICE + 2), none);
    let mut input = sealed();
    if let Reading::Sealed { blinding, .. } = &mut input.reading {
        *blinding = Blinding::new(blinding.expose() + Fr::one());
    }
    assert_eq!(refused_by_copies(&input, reading::CHOICE + 2), none);
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
