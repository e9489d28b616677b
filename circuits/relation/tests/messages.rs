//! The checked-in messages of `test-vectors/messages`: they are what the generator makes, and
//! each gets the verdict of the manifest.

use serde_json::Value;
use zkdkim_relation::commitment::{from_biguint, to_biguint};
use zkdkim_relation::inspect::{inspect_with, KeySource, Outcome};
use zkdkim_relation::{
    evaluate, inspect, Blinding, CommandHash, DnsRecords, KeyRegistry, Provable, Reading, Rule,
    StatementInput,
};

#[allow(dead_code)]
#[path = "../examples/make_test_vectors/main.rs"]
mod make;

fn read(name: &str) -> String {
    std::fs::read_to_string(make::folder().join(name)).expect("a checked-in file")
}

fn manifest() -> Value {
    serde_json::from_str(&read("manifest.json")).expect("manifest.json is JSON")
}

fn dns() -> DnsRecords {
    serde_json::from_str(&read("dns.json")).expect("dns.json maps names to records")
}

fn registry() -> KeyRegistry {
    KeyRegistry::from_json(&read("registry.json")).expect("registry.json is a registry")
}

struct Vector {
    name: String,
    bytes: Vec<u8>,
    entry: Value,
}

fn vectors() -> Vec<Vector> {
    let manifest = manifest();
    let messages = manifest["messages"].as_array().expect("messages").iter();
    let load = |entry: &Value| {
        let name = entry["file"].as_str().expect("file").to_owned();
        let bytes = std::fs::read(make::folder().join(&name)).expect("a checked-in message");
        Vector { name, bytes, entry: entry.clone() }
    };
    messages.map(load).collect()
}

fn assert_says(vector: &Vector, provable: &Provable) {
    let expected = &vector.entry["expected"];
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("ASCII");
    assert_eq!(expected["address"], text(&provable.view.address), "{}", vector.name);
    assert_eq!(expected["subject"], text(&provable.view.subject), "{}", vector.name);
    assert_eq!(expected["timestamp"], provable.view.timestamp, "{}", vector.name);
    assert_eq!(vector.entry["header_bytes"], provable.header.bytes.len(), "{}", vector.name);
}

#[test]
fn the_generator_signs_other_messages_too() {
    let message = "From: carol@example.org\r\nTo: x@example.com\r\nSubject: Any\r\nDate: now\r\n\
                   Message-ID: <1@example.org>\r\n\r\nText.\r\n";
    for time in [Some(1_700_000_000), None] {
        let signed = make::sign_message("example.org", time, message).expect("a test key");
        let provable = inspect(signed.as_bytes(), &dns(), Some(1_700_000_060)).verdict.unwrap();
        assert_eq!(provable.view.timestamp, time.unwrap_or(0));
        assert_eq!(provable.view.subject, b"Any");
    }
    assert!(make::sign_message("example.edu", None, message).is_err());
}

#[test]
fn the_files_are_what_the_generator_makes() {
    let differences = make::differences(&make::folder(), &make::build());
    assert!(differences.is_empty(), "regenerate: {differences:?}");
}

#[test]
fn every_message_gets_its_verdict() {
    let (dns, clock) = (dns(), manifest()["clock"].as_u64());
    for vector in vectors() {
        let inspection = inspect(&vector.bytes, &dns, clock);
        let expected = &vector.entry["expected"];
        match inspection.verdict {
            Ok(provable) => {
                assert_eq!(expected["verdict"], "provable", "{}", vector.name);
                assert_says(&vector, &provable);
                assert!(inspection.checks.iter().all(|check| check.outcome == Outcome::Pass));
            }
            Err(refusal) => {
                assert_eq!(expected["verdict"], "refused", "{}: {refusal}", vector.name);
                assert_eq!(expected["clause"], refusal.rule.id(), "{}: {refusal}", vector.name);
                let fails = |rule: Rule| {
                    let check = inspection.checks.iter().find(|check| check.rule == rule);
                    matches!(check.map(|check| &check.outcome), Some(Outcome::Fail(_)))
                };
                assert!(fails(refusal.rule), "{}", vector.name);
            }
        }
    }
}

#[test]
fn the_longest_header_is_among_them() {
    let longest = vectors().iter().filter_map(|v| v.entry["header_bytes"].as_u64()).max();
    assert_eq!(longest, Some(zkdkim_relation::header::MAX_HEADER_BYTES as u64));
}

#[test]
fn the_registry_stands_in_for_dns() {
    let registry = registry();
    for vector in vectors() {
        let verdict = inspect_with(&vector.bytes, KeySource::Registry(&registry), None).verdict;
        match verdict {
            Ok(provable) => assert_says(&vector, &provable),
            Err(_) => assert_eq!(vector.entry["expected"]["verdict"], "refused"),
        }
    }
}

#[test]
fn public_inputs_are_the_manifests() {
    let (dns, registry, manifest) = (dns(), registry(), manifest());
    let element = |value: &Value| {
        let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).expect("0x");
        let number = num_bigint::BigUint::parse_bytes(digits.as_bytes(), 16).expect("hex");
        from_biguint(&number).expect("an element below r")
    };
    let mut seen_sealed = false;
    for vector in vectors().iter().filter(|v| v.entry["expected"]["verdict"] == "provable") {
        let provable = inspect(&vector.bytes, &dns, None).verdict.expect("provable");
        let slot = registry.find(&provable.domain, &provable.modulus).expect("registered");
        let mut input = StatementInput {
            header: provable.header.bytes.clone(),
            signature: provable.signature.clone(),
            modulus: provable.modulus.clone(),
            salt: zkdkim_relation::Salt::new(element(&manifest["salt"])),
            path: registry.path(slot).expect("a used slot"),
            not_before: vector.entry["not_before"].as_u64().expect("a number"),
            reading: Reading::Clear,
        };
        let check = |input: &StatementInput, want: &Value| {
            let public = evaluate(input).expect("the statement holds");
            assert_eq!(public.registry_root.0, element(&manifest["registry_root"]));
            let want = want.as_array().expect("public_inputs");
            assert_eq!(want.len(), public.to_instances().len());
            for (got, want) in public.to_instances().iter().zip(want) {
                assert_eq!(to_biguint(got), to_biguint(&element(want)), "{}", vector.name);
            }
        };
        check(&input, &vector.entry["public_inputs"]);
        if let Value::Object(sealed) = &vector.entry["sealed"] {
            let command = to_biguint(&element(&sealed["command"])).to_bytes_be();
            input.reading = Reading::Sealed {
                command: CommandHash(command.try_into().expect("31 bytes")),
                blinding: Blinding::new(element(&sealed["blinding"])),
            };
            check(&input, &sealed["public_inputs"]);
            seen_sealed = true;
        }
    }
    assert!(seen_sealed, "a sealed message is among them");
}
