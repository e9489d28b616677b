//! The reference against the corpus of real and adversarial messages, which is not part of the
//! repository: without it, these tests print a note and pass.

#[allow(dead_code, reason = "the circuit's tests use the rest")]
mod corpus_support;

use corpus_support::{corpus, strings, LF_FILE};
use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use zkdkim_relation::dkim::{self, SignatureField};
use zkdkim_relation::message::Message;
use zkdkim_relation::registry::DEPTH;
use zkdkim_relation::{canon, evaluate, header, inspect, Fr, MerklePath, Rule, StatementInput};

/// A bare LF inside a CRLF file. The manifest's reader ends the field there; this one keeps the
/// byte, and the block is refused for it. Neither block satisfies the statement.
const BARE_LF_FILE: &str = "subject-bare-lf-from.eml";

fn statement(block: Vec<u8>, signature: &BigUint, modulus: &BigUint) -> Result<String, Rule> {
    let address = header::parse(&block).map(|view| view.address.clone());
    let path = MerklePath { index: 0, siblings: [Fr::zero(); DEPTH] };
    // The relation asks whether any signature value fits, so s and s + n are the same witness.
    let signature = signature % modulus;
    let input = StatementInput {
        header: block,
        signature,
        modulus: modulus.clone(),
        salt: Fr::one(),
        path,
    };
    match evaluate(&input) {
        Ok(_) => Ok(String::from_utf8(address.expect("parsed")).expect("ASCII")),
        Err(refusal) => Err(refusal.rule),
    }
}

fn rule_of(reason: &str) -> Rule {
    match reason {
        "rsa" => Rule::RsaSignature,
        "d" => Rule::Alignment,
        "len" => Rule::HeaderLength,
        "ctl" => Rule::HeaderSyntax,
        "from-count" => Rule::OneFrom,
        "subject-count" => Rule::OneSubject,
        "from-grammar" | "from-8bit" => Rule::FromGrammar,
        "addr-len" => Rule::AddressLength,
        "subject-8bit" => Rule::SubjectText,
        "v" => Rule::Version,
        "a" => Rule::Algorithm,
        "c" => Rule::Canonicalisation,
        "l" => Rule::LengthTag,
        bits if bits.starts_with("bits") => Rule::KeySize,
        other => panic!("unknown reason {other}"),
    }
}

#[test]
fn the_statement_holds_for_exactly_the_manifests_identities() {
    let mut wrong = Vec::new();
    for case in corpus() {
        let message = Message::parse_lenient(&case.bytes);
        let (mut proved, mut rules) = (BTreeSet::new(), Vec::new());
        for signature in case.signatures(&message) {
            let value = signature.signature_bytes().unwrap_or_default();
            let value = BigUint::from_bytes_be(&value);
            for modulus in case.moduli() {
                let block = case.block(&message, &signature);
                match statement(block, &value, &modulus) {
                    Ok(address) => drop(proved.insert(address)),
                    Err(rule) => rules.push(rule),
                }
            }
        }
        if proved != case.identities() || proved.is_empty() == case.provable() {
            wrong.push(format!("{}: proved {proved:?}", case.name));
        }
        let reasons: Vec<_> = strings(&case.entry["statement"]["reasons"]).into_iter().collect();
        if let ([reason], [rule]) = (&reasons[..], &rules[..]) {
            // A simple header is folded and an ancient signature has other faults too: there the
            // manifest names the version or the canonicalisation first, the grammar the byte.
            if *rule != rule_of(reason) && !matches!(reason.as_str(), "c" | "v") {
                wrong.push(format!("{}: {rule}, not {reason}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn signed_header_blocks_are_the_manifests() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for case in corpus() {
        let message = Message::parse_lenient(&case.bytes);
        let fields = dkim::signature_fields(&message);
        let mut check = |index: usize, sha256: &str, len: u64| {
            let read = fields.get(index).map(|field| SignatureField::read(&message, *field));
            let Some(Ok(signature)) = read else {
                return wrong.push(format!("{}: signature {index} cannot be read", case.name));
            };
            let block = case.block(&message, &signature);
            if case.name == BARE_LF_FILE {
                return assert!(block.contains(&b'\n') && header::parse(&block).is_err());
            }
            compared += 1;
            if block.len() as u64 != len || hex::encode(Sha256::digest(&block)) != sha256 {
                wrong.push(format!("{}: {} bytes, not {len}", case.name, block.len()));
            }
        };
        if let Some(sha256) = case.text("signed_header_sha256") {
            let index = case.entry["signature_index"].as_u64().expect("signature_index");
            check(index as usize, sha256, case.entry["signed_header_len"].as_u64().expect("len"));
        }
        let list = case.entry["signed_headers"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, item) in list.iter().enumerate() {
            let sha256 = item["signed_header_sha256"].as_str().expect("sha256");
            check(index, sha256, item["signed_header_len"].as_u64().expect("len"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{compared} blocks compared");
}

#[test]
fn canonical_bodies_have_the_manifests_length() {
    for case in corpus() {
        let Some(length) = case.entry["canon_body_len"].as_u64() else { continue };
        let body = match case.text("c") {
            Some(c) if c.ends_with("/relaxed") => canon::Canonicalisation::Relaxed,
            _ => canon::Canonicalisation::Simple,
        };
        let message = Message::parse_lenient(&case.bytes);
        let canonical = canon::body(body, message.body());
        assert_eq!(canonical.len() as u64, length, "{}", case.name);
    }
}

#[test]
fn inspection_gives_the_expected_verdict() {
    let mut wrong = Vec::new();
    let mut table = Vec::new();
    for case in corpus() {
        let clock = case.entry["verify_time"].as_u64();
        let inspection = inspect(&case.bytes, &case.dns(), clock);
        let expected = case.expected();
        match &inspection.verdict {
            Ok(provable) => {
                let address = String::from_utf8(provable.view.address.clone()).expect("ASCII");
                let forbidden = strings(&case.entry["forbidden_identities"]);
                if expected == "reject"
                    || case.expected_address().as_ref() != Some(&address)
                    || forbidden.contains(&address)
                    || !(case.identities().contains(&address) || case.name == LF_FILE)
                {
                    wrong.push(format!("{}: {expected}, but proves {address}", case.name));
                }
                let block = provable.header.bytes.clone();
                let again = statement(block, &provable.signature, &provable.modulus);
                if again.as_deref() != Ok(&address) {
                    wrong.push(format!("{}: statement {again:?}", case.name));
                }
                table.push(format!("{:<44} {expected:<7} provable", case.name));
            }
            Err(refusal) => {
                if expected == "accept" {
                    wrong.push(format!("{}: {refusal}", case.name));
                }
                if refusal.detail.is_empty() {
                    wrong.push(format!("{}: no reason", case.name));
                }
                table.push(format!("{:<44} {expected:<7} {refusal}", case.name));
            }
        }
    }
    println!("{}", table.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_damaged_message_panics_or_proves_another_identity() {
    for case in corpus().iter().filter(|case| case.bytes.len() < 6000).step_by(7) {
        let dns = case.dns();
        let honest = case.identities();
        for at in (0..case.bytes.len()).step_by(97) {
            let mut damaged = case.bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            for message in [&damaged[..], &case.bytes[..at]] {
                if let Ok(provable) = inspect(message, &dns, None).verdict {
                    let address = String::from_utf8(provable.view.address.clone()).expect("ASCII");
                    assert!(honest.contains(&address), "{} at {at}: {address}", case.name);
                }
            }
        }
    }
}
