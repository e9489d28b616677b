//! Tests of the inspection: keys, choice of the signature, report. The verdicts on whole
//! messages are in `tests/native_messages.rs` and `tests/native_corpus.rs`.

use super::*;
use crate::KeyRegistry;

fn message(from: &str, signatures: &str) -> Vec<u8> {
    format!("{signatures}From: {from}\r\nSubject: hi\r\n\r\nbody\r\n").into_bytes()
}

fn signature(domain: &str, more: &str) -> String {
    let bh = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s; h=from:subject; \
         bh={bh}; {more}b=AA==\r\n"
    )
}

fn verdict(bytes: &[u8]) -> Refusal {
    inspect(bytes, &DnsRecords::default(), None).verdict.unwrap_err()
}

fn failed(bytes: &[u8]) -> Vec<Rule> {
    let failed = |check: &Check| matches!(check.outcome, Outcome::Fail(_)).then_some(check.rule);
    let inspection = inspect(bytes, &DnsRecords::default(), None);
    inspection.checks.iter().filter_map(failed).collect()
}

#[test]
fn records_come_as_text_or_list_and_names_ignore_case() {
    let dns: DnsRecords =
        serde_json::from_str(r#"{"A.b.": "one", "c.d": ["two", "three"], "a.B": []}"#).unwrap();
    assert_eq!(dns.get("a.B."), ["one"]);
    assert_eq!(dns.get("C.D"), ["two", "three"]);
    assert!(dns.get("e.f").is_empty());
    for bad in [r#"{"a": 1}"#, r#"["a"]"#, r#"{"a": {"b": "c"}}"#] {
        assert!(serde_json::from_str::<DnsRecords>(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_report_lists_every_rule_once_and_all_that_fail() {
    let bytes = message("a@b.cc", &signature("b.cc", ""));
    let inspection = inspect(&bytes, &DnsRecords::default(), None);
    let rules: Vec<_> = inspection.checks.iter().map(|check| check.rule).collect();
    let all = Rule::ALL.iter().copied().filter(|rule| *rule != Rule::Registry);
    assert_eq!(rules, all.collect::<Vec<_>>());
    assert_eq!(failed(&bytes), [Rule::BodyHash, Rule::KeyRecord, Rule::SignatureEncoding]);
    assert_eq!(inspection.verdict.unwrap_err().rule, Rule::BodyHash);
    let json = serde_json::to_value(&inspection.checks).unwrap();
    assert_eq!(json[0]["rule"], "message-syntax");
    assert_eq!(json[0]["outcome"], "pass");
    let body_hash = json.as_array().unwrap().iter().find(|c| c["rule"] == "body-hash").unwrap();
    assert_eq!(body_hash["outcome"], "fail");
    assert_eq!(body_hash["refusal"]["place"]["line"], 1);
}

#[test]
fn the_signature_of_the_from_domain_is_reported() {
    let signatures = signature("other.org", "") + &signature("b.cc", "l=1; ");
    assert_eq!(failed(&message("a@b.cc", &signatures))[0], Rule::LengthTag);
    let refusal = verdict(&message("a@c.cc", &signatures));
    assert_eq!(refusal.rule, Rule::Alignment);
    assert!(refusal.detail.contains("c.cc") && refusal.detail.contains("other.org"));
}

#[test]
fn the_signature_that_gets_furthest_is_reported() {
    let worse = signature("b.cc", "l=1; i=a@d.ee; ");
    let better = signature("b.cc", "");
    for signatures in [worse.clone() + &better, better + &worse] {
        assert!(!failed(&message("a@b.cc", &signatures)).contains(&Rule::LengthTag));
    }
}

#[test]
fn faults_outside_the_block_are_found() {
    let signed = signature("b.cc", "");
    let bytes = |extra: &str| message("a@b.cc", &format!("{extra}{signed}"));
    for (message, rule, line) in [
        (bytes("from: x@y.zz\r\n"), Rule::OneFrom, Some(3)),
        (bytes("Subject : x\r\n"), Rule::OneSubject, Some(4)),
        (bytes(" x\r\n"), Rule::MessageSyntax, Some(1)),
        (bytes("x\r\n"), Rule::MessageSyntax, Some(1)),
        (message("a@b.cc (c)", &signed), Rule::FromGrammar, Some(2)),
        (message("a@b.cc", ""), Rule::SignaturePresent, None),
        (message("a@b.cc", "DKIM-Signature: x\r\n"), Rule::TagList, Some(1)),
        (message("a@b.cc", &signature("b.cc", "t=5; x=5; ")), Rule::Timestamp, Some(1)),
        (b"".to_vec(), Rule::MessageSyntax, Some(1)),
    ] {
        let refusal = verdict(&message);
        assert_eq!((refusal.rule, refusal.place.line), (rule, line), "{refusal}");
    }
}

#[test]
fn the_clock_refuses_the_future_only() {
    let bytes = message("a@b.cc", &signature("b.cc", "t=1000000; "));
    let fails = |clock| {
        let inspection = inspect(&bytes, &DnsRecords::default(), clock);
        let check = inspection.checks.iter().find(|check| check.rule == Rule::Timestamp).unwrap();
        matches!(check.outcome, Outcome::Fail(_))
    };
    assert!(!fails(None) && !fails(Some(2_000_000)) && !fails(Some(1_000_000 - 86_400)));
    assert!(fails(Some(1_000_000 - 86_401)) && fails(Some(0)));
}

#[test]
fn a_registry_without_the_domain_says_so() {
    let bytes = message("a@b.cc", &signature("b.cc", ""));
    let registry = KeyRegistry::new();
    let inspection = inspect_with(&bytes, KeySource::Registry(&registry), None);
    let check = inspection.checks.iter().find(|check| check.rule == Rule::KeyRecord).unwrap();
    let Outcome::Fail(refusal) = &check.outcome else { panic!("{check:?}") };
    assert_eq!(refusal.place.part, Part::Registry);
    assert!(refusal.detail.contains("b.cc"));
}

#[test]
fn any_bytes_are_survived() {
    let signed = message("a@b.cc", &signature("b.cc", "t=1; "));
    for end in 0..signed.len() {
        verdict(&signed[..end]);
    }
    for at in 0..signed.len() {
        for byte in [0, b'\r', b'\n', b';', b'=', b':', b' ', 0xff] {
            let mut damaged = signed.clone();
            damaged[at] = byte;
            verdict(&damaged);
        }
    }
}
