//! Tests of the inspection: keys, choice of the signature, report. The verdicts on whole
//! messages are in `tests/messages.rs`, `tests/mail.rs` and `tests/corpus.rs`.

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
    let dns: DnsRecords = serde_json::from_str(
        r#"{"A.b.": "one", "c.d": ["two", "three"], "a.B": [], "e": [["f", "g"], "h"]}"#,
    )
    .unwrap();
    assert_eq!(dns.get("a.B."), ["one"]);
    assert_eq!(dns.get("C.D"), ["two", "three"]);
    assert_eq!(dns.get("e"), ["fg", "h"]);
    let answer =
        r#"{"a.b": {"Status":0,"Answer":[{"name":"c.d.","type":16,"data":"\"x\" \"y\""}]}}"#;
    assert_eq!(serde_json::from_str::<DnsRecords>(answer).unwrap().get("a.b"), ["xy"]);
    assert!(dns.get("e.f").is_empty());
    for bad in [r#"{"a": 1}"#, r#"["a"]"#, r#"{"a": {"b": "c"}}"#] {
        assert!(serde_json::from_str::<DnsRecords>(bad).is_err(), "{bad}");
    }
}

#[test]
fn of_a_zone_the_key_records_are_kept() {
    let mut dns = DnsRecords::read(
        "$ORIGIN b.cc.\n@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=none\"\nk TXT \"p=MI\"\nk TXT \"site=x\"\n\
         s._domainkey TXT \"what is this\"\nt._domainkey CNAME k\nwww CNAME @\nother CNAME k\n",
    )
    .unwrap();
    dns.retain_key_records();
    let kept: Vec<_> = dns.iter().map(|(name, texts)| (name, texts.join("|"))).collect();
    let expected = [
        ("k.b.cc", "p=MI"),
        ("s._domainkey.b.cc", "what is this"),
        ("other.b.cc", "p=MI"),
        ("t._domainkey.b.cc", "p=MI"),
    ];
    assert_eq!(kept, expected.map(|(name, text)| (name, text.to_owned())));
}

#[test]
fn records_are_read_as_tools_print_them_and_written_down() {
    let zone = "a.b. 300 IN CNAME c.d.\nc.d. 300 IN TXT \"v=DKIM1\\; p=MI\" \"IB\"\n";
    let dns = DnsRecords::read(zone).unwrap();
    for name in ["A.B", "c.d."] {
        assert_eq!(dns.get(name), ["v=DKIM1; p=MIIB"]);
    }
    let written = dns.to_json();
    assert_eq!(written, "{\n  \"a.b\": \"v=DKIM1; p=MIIB\",\n  \"c.d\": \"v=DKIM1; p=MIIB\"\n}\n");
    assert_eq!(DnsRecords::read(&written).unwrap().to_json(), written);
    let quoted = r#"{"a": ["\"v=DKIM1\\; p=MI\" \"IB\"", "p=\"MI\"", "\"x"]}"#;
    let written = DnsRecords::read(quoted).unwrap().to_json();
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(written["a"], serde_json::json!(["v=DKIM1; p=MIIB", "p=\"MI\"", "\"x"]));
    assert_eq!(DnsRecords::read("{}").unwrap(), DnsRecords::default());
    let circle = "a. IN CNAME b.\nb. IN CNAME a.\n";
    assert!(DnsRecords::read(circle).unwrap().get("a").is_empty());
    let answer =
        r#"{"Status":0,"Answer":[{"name":"a.b.","type":16,"data":"\"v=DKIM1; \" \"p=MI\""}]}"#;
    assert_eq!(DnsRecords::read(answer).unwrap().get("a.b"), ["v=DKIM1; p=MI"]);
    for (text, what) in [
        ("v=DKIM1; p=MIIB", "without the name"),
        ("MIIBIjANBgkqhkiG", "without the name"),
        ("[[\"v=DKIM1; p=MI\", \"IB\"]]", "without the name"),
        ("{\"a\": {\"b\": 1}}", "not JSON from names"),
        ("", "empty"),
    ] {
        let error = DnsRecords::read(text).unwrap_err();
        assert!(error.what.contains(what) && !error.hint.is_empty(), "{text}: {error}");
    }
}

#[test]
fn the_report_lists_every_rule_once_and_all_that_fail() {
    let bytes = message("a@b.cc", &signature("b.cc", ""));
    let inspection = inspect(&bytes, &DnsRecords::default(), None);
    let rules: Vec<_> = inspection.checks.iter().map(|check| check.rule).collect();
    let all = Rule::ALL.iter().copied().filter(|rule| rule.is_about_messages());
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
    assert!(refusal.detail.contains("c.cc") && refusal.detail.contains("other.org, b.cc"));
    assert_eq!(failed(&message("a@c.cc", &signatures)), [Rule::Alignment], "one cause, one line");
}

#[test]
fn a_domain_without_a_key_of_its_own_is_told_what_to_do() {
    for (from, signing, what) in [
        ("c.cc", "c-cc.20230601.gappssmtp.com", "Google Workspace"),
        ("c.cc", "ccc.onmicrosoft.com", "Microsoft 365"),
        ("mail.c.cc", "c.cc", "not one above it"),
        ("c.cc", "list.example", "whose own domain"),
    ] {
        let refusal = verdict(&message(&format!("a@{from}"), &signature(signing, "")));
        assert_eq!(refusal.rule, Rule::Alignment);
        assert!(refusal.hint.contains(what), "{refusal}: {}", refusal.hint);
    }
}

#[test]
fn a_mail_without_a_signature_says_why_as_far_as_it_shows() {
    for (fields, what) in [
        ("X-MS-Exchange-Organization-AuthAs: Internal\r\nReceived: x\r\n", "Microsoft 365"),
        ("", "Sent folder"),
        ("Received: from x\r\n", "does not sign"),
    ] {
        let refusal = verdict(&message("a@b.cc", fields));
        assert_eq!(refusal.rule, Rule::SignaturePresent);
        assert!(refusal.detail.contains(what) && !refusal.hint.is_empty(), "{refusal}");
    }
}

#[test]
fn a_file_that_is_no_mail_fails_in_one_line() {
    for bytes in [&b""[..], b"\r\nFrom: a@b.cc\r\n", b"<html>", b"\xff\xfeF\0", b"no header at all"]
    {
        assert_eq!(failed(bytes), [Rule::MessageSyntax]);
    }
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
        (b"".to_vec(), Rule::MessageSyntax, None),
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
