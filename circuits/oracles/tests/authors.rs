//! Whenever the statement proves an address, no other parser sees a different author, except where
//! test-vectors/authors.json says why.

use std::collections::BTreeMap;
use std::path::Path;

use crate::authors_support::{
    cases,
    parsers::{proved, seen, Seen, PARSERS},
};
use serde_json::Value;

const ACCEPTED: usize = 100_000;

/// Why a parser sees another author: the name of a class in authors.json; none for what is not
/// explained.
fn class(parser: &str, proved: &str, others: &[String]) -> Option<&'static str> {
    let (local, domain) = proved.split_once('@').expect("an address");
    let [other] = others else { return None };
    let (other_local, other_domain) = other.split_once('@')?;
    // RFC 2047 §5 (3): no encoded word in an addr-spec. This parser takes it out of there all the
    // same, up to its end, and leaves the rest of the local part; where it began in the display name,
    // the bracket before the address is gone with it.
    let encoded = local.contains("?=") && local.ends_with(&other_local.to_ascii_lowercase());
    let same_domain = other_domain.trim_end_matches('>').eq_ignore_ascii_case(domain);
    (parser == "mail-parser" && encoded && same_domain).then_some("encoded word in the address")
}

#[test]
fn no_other_parser_sees_another_author() {
    let mut tally: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (message, proved) in cases().take(ACCEPTED) {
        for parser in PARSERS {
            let kind = match seen(parser, &message, &proved) {
                Seen::Same => "the same",
                Seen::Nobody => "nobody",
                Seen::Others(others) => class(parser.0, &proved, &others).unwrap_or_else(|| {
                    let text = message.escape_ascii();
                    panic!("{} sees {others:?}, proved is {proved}:\n{text}", parser.0)
                }),
            };
            *tally.entry((parser.0, kind)).or_default() += 1;
        }
    }
    println!("{tally:#?}");
    // The comparison is of parsers, not of refusals.
    assert!(PARSERS.iter().all(|(name, _)| tally[&(*name, "the same")] > ACCEPTED / 2));
}

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/authors.json");
    let text = std::fs::read_to_string(path).expect("vectors");
    serde_json::from_str(&text).expect("JSON")
}

fn in_json(seen: &Seen) -> Value {
    match seen {
        Seen::Same => "same".into(),
        Seen::Nobody => "nobody".into(),
        Seen::Others(others) => others.clone().into(),
    }
}

/// The verdicts of Python's parsers stand in the file as well; `test-vectors/scripts/authors.py`
/// compares those.
#[test]
fn vectors_of_authors() {
    let file = vectors();
    let classes = file["classes"].as_object().expect("classes");
    for vector in file["vectors"].as_array().expect("vectors") {
        let name = vector["name"].as_str().expect("a name");
        // One character stands for one byte.
        let text = vector["message"].as_str().expect("a message");
        let message: Vec<u8> = text.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        let address = proved(&message);
        assert_eq!(address.as_deref(), vector["proved"].as_str(), "{name}");
        let address = address.expect("an address");
        for parser in PARSERS {
            let seen = seen(parser, &message, &address);
            assert_eq!(in_json(&seen), vector["sees"][parser.0], "{name}: {}", parser.0);
            if let Seen::Others(others) = seen {
                assert_eq!(class(parser.0, &address, &others), vector["class"].as_str(), "{name}");
            }
        }
        // Whoever sees somebody else, the reason is written down.
        let sees = vector["sees"].as_object().expect("verdicts");
        assert_eq!(sees.len(), 4, "{name}");
        if sees.values().any(Value::is_array) {
            let class = vector["class"].as_str().expect("a class");
            assert!(classes[class].as_str().is_some_and(|why| why.len() > 80), "{name}: {class}");
        }
    }
}
