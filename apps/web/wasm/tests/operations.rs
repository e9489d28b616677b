//! What the page gets, and what the page is refused: natively, as the module's own code runs anywhere.

use serde_json::{json, Value};
use zeroize::Zeroizing;
use zkdkim_plonk::progress::Silent;
use zkdkim_wasm::{Operation, Session};

fn call(operation: Operation, arguments: &[&[u8]]) -> Result<Value, Value> {
    let arguments = arguments.iter().map(|bytes| Zeroizing::new(bytes.to_vec())).collect();
    match Session::default().call(operation, arguments, &Silent) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).expect("JSON")),
        Err(fault) => Err(fault.to_json()),
    }
}

fn vector(name: &str) -> Vec<u8> {
    let path = zkdkim_test_vectors::folder().join("messages").join(name);
    std::fs::read(path).expect("a stored message")
}

fn salt() -> String {
    let json = call(Operation::Salt, &[]).expect("a salt");
    json["salt"].as_str().expect("text").to_owned()
}

#[test]
fn refusals_have_clause_place_and_hint() {
    let dns = vector("dns.json");
    let mail = vector("refused-two-addresses.eml");
    let report = call(Operation::Inspect, &[b"{}", &mail, &dns, b""]).unwrap();
    assert_eq!(report["verdict"], "refused");
    assert_eq!((&report["rule"], &report["clause"]), (&json!("from-grammar"), &json!("4.1")));
    assert_eq!(report["place"]["field"], "From");
    assert!(report["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
    let changed = vector("refused-body-changed.eml");
    let report = call(Operation::Inspect, &[b"{}", &changed, &dns, b""]).unwrap();
    assert_eq!((&report["rule"], &report["holds"]), (&json!("body-hash"), &json!("header")));
    // Under the names of the package, not of the command line.
    let hint = report["hint"].as_str().expect("a hint");
    assert!(hint.contains("acceptChangedBody") && !hint.contains("--"), "{hint}");
    let accepted =
        call(Operation::Inspect, &[b"{\"acceptChangedBody\":true}", &changed, &dns, b""]);
    assert_eq!(accepted.unwrap()["verdict"], "provable");
}

#[test]
fn options_are_read_strictly() {
    let (mail, dns) = (vector("recovery.eml"), vector("dns.json"));
    let account = "0x00112233445566778899aabbccddeeff00112233";
    let refused = [
        (json!({ "Subject": "x" }), "options"),
        (json!({ "command": { "account": account, "chain": "01", "nonce": "0" } }), "chain"),
        (json!({ "command": { "account": account, "chain": "1", "nonce": "+1" } }), "nonce"),
        (json!({ "command": { "account": account, "chain": "1" } }), "nonce"),
        (json!({ "command": { "chain": "1" } }), "account"),
        (json!({ "command": { "newOwner": account } }), "account"),
        (json!({ "command": {} }), "account"),
        (json!({ "command": { "account": "0x1", "chain": "1", "nonce": "0" } }), "account"),
        (
            json!({ "command": { "account": account, "chain": "1", "nonce": "0", "cancel": true,
                "newKey": account } }),
            "cancel",
        ),
        (
            json!({ "command": { "account": account, "chain": "1", "nonce": "0", "newKey": account,
                "newOwner": account } }),
            "newOwner",
        ),
        (
            json!({ "command": { "account": account, "chain": "1", "nonce": "0",
                "newOwner": "0x11" } }),
            "newOwner",
        ),
        (
            json!({ "subject": "x", "command": { "account": account, "chain": "1", "nonce": "0" } }),
            "subject",
        ),
    ];
    for (options, what) in refused {
        let options = options.to_string();
        let fault = call(Operation::Inspect, &[options.as_bytes(), &mail, &dns, b""]).unwrap_err();
        assert_eq!((&fault["verdict"], &fault["rule"]), (&json!("error"), &json!("input")));
        let detail = fault["detail"].as_str().expect("a detail");
        assert!(detail.starts_with(what), "{options}: {detail}");
    }
}

#[test]
fn keys_come_from_one_place_and_nothing_is_proved_without_them() {
    let (mail, dns, registry) =
        (vector("recovery.eml"), vector("dns.json"), vector("registry.json"));
    for keys in [[&dns[..], &registry[..]], [b"", b""]] {
        let fault = call(Operation::Inspect, &[b"{}", &mail, keys[0], keys[1]]).unwrap_err();
        assert_eq!(fault["rule"], "input");
    }
    let fault = call(Operation::Prove, &[b"{}", &mail, salt().as_bytes(), &registry]).unwrap_err();
    assert!(fault["detail"].as_str().expect("a detail").starts_with("keys"), "{fault}");
    let fault = call(Operation::Verify, &[b"{}", b"{}"]).unwrap_err();
    assert!(fault["detail"].as_str().expect("a detail").starts_with("keys"), "{fault}");
}

#[test]
fn faults_show_no_secret() {
    let salt = salt();
    let secret = &salt[salt.find("0x").expect("a number") + 2..][..20];
    let cut = salt.replace("\"version\": 1", "\"version\": 2");
    let address = b"Ann <ann@example.org>";
    for arguments in [[&address[..], salt.as_bytes()], [b"ann@example.org", cut.as_bytes()]] {
        let fault = call(Operation::Commitment, &arguments).unwrap_err();
        assert!(!fault.to_string().contains(secret), "{fault}");
    }
    let options = json!({ "sealing": salt }).to_string();
    let mail = vector("recovery.eml");
    let fault = call(Operation::Inspect, &[options.as_bytes(), &mail, &vector("dns.json"), b""]);
    assert!(!fault.unwrap_err().to_string().contains(secret));
}

#[test]
fn what_is_no_srs_and_no_key_is_refused_and_leaves_no_half_of_a_prover() {
    let options = json!({ "layout": "on-chain", "srsSha256": "00".repeat(32) }).to_string();
    for arguments in [[options.as_bytes(), b"", b""], [options.as_bytes(), b"x", b"y"]] {
        let fault = call(Operation::Load, &arguments).unwrap_err();
        assert_eq!(fault["verdict"], "error");
    }
    let other = json!({ "layout": "none", "srsSha256": "" }).to_string();
    let fault = call(Operation::Load, &[other.as_bytes(), b"", b""]).unwrap_err();
    assert!(fault["detail"].as_str().expect("a detail").contains("on-chain"), "{fault}");
    assert!(call(Operation::Unpack, &[b"ZKDKIM01"]).is_err());
}

#[test]
fn numbers_of_operations_are_those_of_the_package() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../src/module.js"));
    let text = text.expect("the package's source");
    let (_, list) = text.split_once("OPERATIONS = Object.freeze({").expect("the list");
    let (list, _) = list.split_once('}').expect("its end");
    let names: Vec<(&str, u32)> = list
        .split(',')
        .filter_map(|entry| entry.trim().split_once(": "))
        .map(|(name, number)| (name, number.parse().expect("a number")))
        .collect();
    assert!(names.len() >= 10, "{names:?}");
    let count = names.len() as u32;
    for (name, number) in names {
        let operation = Operation::from_number(number).expect("an operation");
        assert_eq!(format!("{operation:?}").to_lowercase(), name.to_lowercase());
    }
    assert_eq!(Operation::from_number(count), None);
}
