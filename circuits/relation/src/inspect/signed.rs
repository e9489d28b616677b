//! Tests of the inspection with messages that are really signed: bounds on work, what holds of a
//! message, and that no policy accepts what the signature does not cover.

use super::*;
use crate::key_record::KeyRecord;
use crate::{evaluate, Fr, KeyRegistry, StatementInput};
use ::rsa::pkcs1v15::SigningKey;
use ::rsa::pkcs8::EncodePublicKey;
use ::rsa::signature::{SignatureEncoding, Signer};
use ::rsa::RsaPrivateKey;
use base64::prelude::{Engine, BASE64_STANDARD};
use num_bigint::RandBigInt;
use rand::SeedableRng;
use sha2::Sha256;
use std::sync::OnceLock;

const NAME: &str = "s._domainkey.b.cc";
const BODY: &str = "body\r\n";
const FIELDS: &str = "From: a@b.cc\r\nSubject: hi\r\nX-Note: 1\r\n";

fn key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut rng(), 2048).unwrap())
}

fn rng() -> rand_chacha::ChaCha20Rng {
    rand_chacha::ChaCha20Rng::seed_from_u64(11)
}

fn record() -> String {
    let der = key().to_public_key().to_public_key_der().unwrap();
    format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(der.as_bytes()))
}

fn dns() -> DnsRecords {
    let mut dns = DnsRecords::default();
    dns.add(NAME, record());
    dns
}

/// `fields` and `body` under a signature by `b.cc` over From, Subject and X-Note.
fn sign(fields: &str, body: &str, extra: &str) -> String {
    let bh = canon::body_hash(canon::Canonicalisation::Relaxed, body.as_bytes());
    let unsigned = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=b.cc; s=s; h=from:subject:x-note; \
         bh={}; {extra}b=",
        BASE64_STANDARD.encode(bh)
    );
    let message = Message::parse_lenient(format!("{unsigned}\r\n{fields}\r\n{body}").as_bytes());
    let block = SignatureField::read(&message, 0).unwrap().signed_header(&message);
    let signature = SigningKey::<Sha256>::new(key().clone()).sign(&block.bytes).to_vec();
    format!("{unsigned}{}\r\n{fields}\r\n{body}", BASE64_STANDARD.encode(signature))
}

fn under(message: &str, unsigned_parts: UnsignedParts) -> Inspection {
    let policy = Policy { clock: None, unsigned_parts };
    inspect_under(message.as_bytes(), KeySource::Dns(&dns()), &policy)
}

fn rule(inspection: &Inspection) -> Option<Rule> {
    inspection.verdict.as_ref().err().map(|refusal| refusal.rule)
}

/// A registry whose last key of `b.cc` is the right one.
fn registry(keys: usize) -> KeyRegistry {
    let (mut rng, mut registry) = (rng(), KeyRegistry::new());
    for _ in 1..keys {
        let mut other = rng.gen_biguint(2048);
        other.set_bit(2047, true);
        registry.add("b.cc", other).unwrap();
    }
    let right = KeyRecord::parse(NAME, &record()).unwrap().modulus;
    registry.add("b.cc", right).unwrap();
    registry
}

#[test]
fn every_key_of_the_domain_is_reached() {
    let message = sign(FIELDS, BODY, "");
    let registry = registry(40);
    let keys = KeySource::Registry(&registry);
    assert!(inspect_with(message.as_bytes(), keys, None).verdict.is_ok());
    let mut dns = DnsRecords::default();
    (0..40).for_each(|i| dns.add(NAME, format!("v=DKIM1; k=rsa; n={i}; p=")));
    dns.add(NAME, record());
    assert!(inspect(message.as_bytes(), &dns, None).verdict.is_ok());
}

#[test]
fn a_key_that_the_registry_lacks_is_not_called_a_changed_message() {
    let message = sign(FIELDS, BODY, "");
    let mut registry = registry(3);
    registry.remove(2).unwrap();
    let keys = KeySource::Registry(&registry);
    let refusal = inspect_with(message.as_bytes(), keys, None).verdict.unwrap_err();
    assert_eq!(refusal.rule, Rule::RsaSignature);
    assert!(refusal.detail.contains("none of the 2 keys of b.cc"), "{refusal}");
    assert!(refusal.hint.contains(NAME), "{}", refusal.hint);
}

#[test]
fn no_number_of_other_signatures_hides_the_genuine_one() {
    let foreign =
        "DKIM-Signature: v=1; a=rsa-sha256; d=list.example; s=s; h=from; bh=AA==; b=AA==\r\n";
    let forged = sign(FIELDS, BODY, "t=1; ").split("From:").next().unwrap().to_owned();
    let genuine = sign(FIELDS, BODY, "");
    for above in [foreign.repeat(1000), forged.replace("b=", "b=AA").repeat(200)] {
        let inspection = under(&(above + &genuine), UnsignedParts::AsSigned);
        assert_eq!(rule(&inspection), None, "{:?}", inspection.verdict);
    }
}

#[test]
fn a_limit_of_work_that_is_hit_says_so() {
    let genuine = sign(FIELDS, BODY, "");
    let forged =
        sign(&FIELDS.replace("hi", "ho"), BODY, "").split("From:").next().unwrap().to_owned();
    let message = Message::parse(format!("{forged}{genuine}").as_bytes()).unwrap();
    let registry = registry(3);
    let run = |bytes, powers, candidates: &[(usize, usize)]| {
        let case = Candidate {
            message: &message,
            keys: KeySource::Registry(&registry),
            clock: None,
            from: Some(b"b.cc"),
            bodies: Bodies::new(message.body()),
            work: Work::of(bytes, powers),
        };
        choose(&case, candidates, Report::new(UnsignedParts::AsSigned)).verdict
    };
    let both = [(0, 0), (1, 1)];
    assert!(run(1 << 20, 6, &both).is_ok());
    let refusal = run(1, 100, &both).unwrap_err();
    assert_eq!(refusal.rule, Rule::SignaturePresent);
    assert!(refusal.detail.contains("first 1 signatures") && refusal.detail.contains("limit"));
    for (powers, candidates) in [(2, &both[..]), (2, &both[1..]), (5, &both[..])] {
        let refusal = run(1 << 20, powers, candidates).unwrap_err();
        assert_eq!(refusal.rule, Rule::KeyRecord);
        assert!(refusal.detail.contains("2 of 3 keys of b.cc") && refusal.detail.contains("limit"));
    }
}

#[test]
fn what_holds_is_told_apart() {
    let good = sign(FIELDS, BODY, "");
    let stray = good.replace("X-Note", "checked by x\r\nX-Note");
    for (message, failed) in [
        (good.replace(BODY, "another\r\n"), Rule::BodyHash),
        (good.replace(BODY, ""), Rule::BodyHash),
        (stray, Rule::MessageSyntax),
    ] {
        let strict = under(&message, UnsignedParts::AsSigned);
        assert_eq!((rule(&strict), strict.holds), (Some(failed), Holds::Header));
        let tolerant = under(&message, UnsignedParts::MayDiffer);
        assert_eq!((rule(&tolerant), tolerant.holds), (None, Holds::Header));
        let check = tolerant.checks.iter().find(|check| check.rule == failed).unwrap();
        assert!(matches!(check.outcome, Outcome::Warn(_)));
        // What is proved is what was signed.
        let provable = tolerant.verdict.unwrap();
        let registry = registry(1);
        let input = StatementInput {
            header: provable.header.bytes.clone(),
            signature: provable.signature.clone(),
            modulus: provable.modulus.clone(),
            salt: crate::Salt::new(Fr::one()),
            path: registry.path(0).unwrap(),
        };
        assert!(evaluate(&input).is_ok());
        assert_eq!(
            (&provable.view.address[..], &provable.view.subject[..]),
            (&b"a@b.cc"[..], &b"hi"[..])
        );
    }
    assert_eq!(under(&good, UnsignedParts::AsSigned).holds, Holds::Message);
}

#[test]
fn tolerance_extends_to_unsigned_parts_only() {
    let good = sign(FIELDS, BODY, "");
    let changed = |from: &str, to: &str| good.replace(BODY, "another\r\n").replacen(from, to, 1);
    for (message, expected) in [
        (changed("Subject: hi", "Subject: ho"), Rule::RsaSignature),
        (changed("X-Note: 1", "X-Note: 2"), Rule::RsaSignature),
        (changed("X-Note", "From: c@d.ee\r\nX-Note"), Rule::OneFrom),
        (changed("X-Note", "Subject: ho\r\nX-Note"), Rule::OneSubject),
        (changed("DKIM", " x\r\nDKIM"), Rule::MessageSyntax),
        (changed("X-Note: 1", "X-Note: 1\rFrom: x"), Rule::MessageSyntax),
        (changed("X-Note", "From x: y\r\nX-Note"), Rule::MessageSyntax),
        (changed("bh=", "bh=A"), Rule::BodyHash),
        (changed("d=b.cc", "d=c.cc"), Rule::Alignment),
        (sign(FIELDS, BODY, "l=1; ") + "more\r\n", Rule::LengthTag),
        (sign(FIELDS, BODY, "t=5; x=5; ") + "more\r\n", Rule::Timestamp),
        (sign(FIELDS, BODY, "i=@c.cc; ") + "more\r\n", Rule::Identity),
    ] {
        let inspection = under(&message, UnsignedParts::MayDiffer);
        assert_eq!(
            (rule(&inspection), inspection.holds),
            (Some(expected), Holds::Nothing),
            "{message}"
        );
    }
}

#[test]
fn one_cause_is_one_line() {
    let good = sign(FIELDS, BODY, "");
    let unsigned = format!("{FIELDS}\r\n{BODY}");
    let cr = good.replace("\r\n", "\r");
    for (message, what) in [
        (format!("\u{feff}{good}"), "a byte order mark"),
        (format!("\r\n{good}"), "an empty line"),
        (cr, "a bare CR"),
        (good.replace("\r\n", "\r\r\n"), "a bare CR"),
        (good.replace("\r\n", "\r\n\r\n"), "an empty line after every line"),
        (good.replace("Subject: hi", "Subject\u{1}: hi"), "in a field name"),
        (unsigned.clone(), "a copy from the Sent folder"),
        (format!("Received: x\r\n{unsigned}"), "does not sign"),
        (
            format!("{FIELDS}X-MS-Exchange-CrossTenant-AuthAs: Internal\r\n\r\n{BODY}"),
            "one Microsoft 365",
        ),
        (
            format!("{unsigned}--b\r\nContent-Type: message/rfc822\r\n\r\n{good}"),
            "as an attachment",
        ),
    ] {
        let inspection = under(&message, UnsignedParts::AsSigned);
        let failed = |check: &&Check| matches!(check.outcome, Outcome::Fail(_));
        let lines: Vec<_> = inspection.checks.iter().filter(failed).collect();
        assert_eq!(lines.len(), 1, "{what}: {lines:?}");
        let refusal = inspection.verdict.unwrap_err();
        assert!(refusal.detail.contains(what), "{what}: {refusal}");
        assert!(!refusal.hint.is_empty(), "{what}");
    }
}

#[test]
fn wrappings_are_taken_off_and_noted() {
    let good = sign(FIELDS, BODY, "");
    let note = |message: &str| {
        let inspection = under(message, UnsignedParts::AsSigned);
        assert_eq!(rule(&inspection), None, "{message}");
        inspection.notes.iter().map(|note| note.id).collect::<Vec<_>>()
    };
    assert_eq!(note(&good), []);
    assert_eq!(note(&format!("From a@b.cc Mon Jan  1 00:00:00 2024\r\n{good}")), [NoteId::Framing]);
    assert_eq!(note(&format!("{}\n{good}<?xml version=\"1.0\"?>", good.len())), [NoteId::Framing]);
    let quoted = sign(FIELDS, "From here on\r\n", "").replace("From here", ">From here");
    assert_eq!(note(&quoted), [NoteId::MboxQuoting]);
}
