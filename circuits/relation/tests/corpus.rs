//! The reference against the adversarial messages of the test vectors, and against messages from outside.

use crate::corpus_support::{outside, strings, tricks, Case, LF_FILE};
use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use zkdkim_relation::dkim::{self, SignatureField};
use zkdkim_relation::message::Message;
use zkdkim_relation::registry::DEPTH;
use zkdkim_relation::{
    canon, evaluate, header, inspect, Clause, Fr, MerklePath, Reading, Rule, StatementInput,
};

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
        salt: zkdkim_relation::Salt::new(Fr::one()),
        path,
        not_before: 0,
        reading: Reading::Clear,
    };
    match evaluate(&input) {
        Ok(_) => Ok(String::from_utf8(address.expect("parsed")).expect("ASCII")),
        Err(refusal) => Err(refusal.rule),
    }
}

/// The rules that a block breaks according to the manifest: by their identifiers, or by the words of the manifest of the
/// messages from outside, which is older.
fn broken(case: &Case) -> Vec<Rule> {
    let clauses = strings(&case.entry["statement"]["clauses"]);
    let reasons = strings(&case.entry["statement"]["reasons"]);
    clauses.iter().map(|id| rule(id)).chain(reasons.iter().map(|word| rule_of(word))).collect()
}

/// The rule of an identifier.
fn rule(id: &str) -> Rule {
    let clause = Clause::find(id).unwrap_or_else(|| panic!("no clause is called {id}"));
    clause.rule().unwrap_or_else(|| panic!("no rule refuses for {id}"))
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
    identities_are_the_manifests(&tricks());
}

#[test]
fn outside_messages_have_the_manifests_identities() {
    identities_are_the_manifests(&outside("identities of messages from outside"));
}

fn identities_are_the_manifests(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
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
        if let ([expected], [rule]) = (&broken(case)[..], &rules[..]) {
            // A simple header is folded and an ancient signature has other faults too: there the
            // manifest names the version or the canonicalisation first, the grammar the byte.
            if rule != expected && !matches!(expected, Rule::Canonicalisation | Rule::Version) {
                wrong.push(format!("{}: {rule}, not {expected}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn signed_header_blocks_are_the_manifests() {
    blocks_are_the_manifests(&tricks());
}

#[test]
fn outside_messages_have_the_manifests_blocks() {
    blocks_are_the_manifests(&outside("signed header blocks of messages from outside"));
}

fn blocks_are_the_manifests(cases: &[Case]) {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for case in cases {
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
fn outside_messages_have_bodies_of_the_manifests_length() {
    for case in outside("canonical bodies of messages from outside") {
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
    verdicts_are_the_manifests(&tricks());
}

#[test]
fn outside_messages_get_the_expected_verdict() {
    verdicts_are_the_manifests(&outside("inspection of messages from outside"));
}

#[test]
fn stored_files_are_those_that_the_manifest_describes() {
    for case in tricks() {
        let digest = hex::encode(Sha256::digest(&case.bytes));
        assert_eq!(Some(digest.as_str()), case.text("file_sha256"), "{}", case.name);
    }
}

/// The clause that the manifest names is the one that the message is refused for, and what names none is provable.
#[test]
fn refused_messages_break_the_clause_that_the_manifest_names() {
    let mut wrong = Vec::new();
    for case in tricks() {
        let clock = case.entry["verify_time"].as_u64();
        let refusal = inspect(&case.bytes, &case.dns(), clock).verdict.err();
        let (got, expected) = (refusal.as_ref().map(|refusal| refusal.rule), case.text("clause"));
        if got != expected.map(rule) {
            wrong.push(format!("{}: {refusal:?}, not {expected:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn verdicts_are_the_manifests(cases: &[Case]) {
    let mut wrong = Vec::new();
    let mut table = Vec::new();
    for case in cases {
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
    damage_proves_no_other_identity(&tricks());
}

#[test]
fn damaged_outside_messages_prove_no_other_identity() {
    damage_proves_no_other_identity(&outside("damaged messages from outside"));
}

fn damage_proves_no_other_identity(cases: &[Case]) {
    for case in cases.iter().filter(|case| case.bytes.len() < 6000).step_by(7) {
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
