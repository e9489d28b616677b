//! Tests of the inspection with messages that are really signed: bounds on work, what holds of a
//! message, and that no policy accepts what the signature does not cover.

use super::*;
use crate::key_record::KeyRecord;
use crate::{evaluate, Fr, KeyRegistry, Reading, StatementInput};
use ::rsa::pkcs1v15::SigningKey;
use ::rsa::pkcs8::EncodePublicKey;
use ::rsa::signature::{SignatureEncoding, Signer};
use ::rsa::traits::PublicKeyParts;
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
        other.set_bit(0, true);
        registry.add("b.cc", other).unwrap();
    }
    let right = KeyRecord::parse(NAME, &record()).unwrap().modulus;
    registry.add("b.cc", right).unwrap();
    registry
}

#[test]
fn debug_shows_no_mail() {
    let provable = under(&sign(FIELDS, BODY, ""), UnsignedParts::AsSigned).verdict.unwrap();
    let shown = format!("{provable:?}");
    assert!(shown.contains("signature_index: 0") && shown.contains("4 fields"), "{shown}");
    assert!(!shown.contains("b.cc") && !shown.contains("hi"), "{shown}");
}

#[test]
fn every_key_of_the_domain_is_reached() {
    let message = sign(FIELDS, BODY, "");
    let registry = registry(40);
    let keys = KeySource::Registry(&registry);
    assert!(inspect_with(message.as_bytes(), keys, None).verdict.is_ok());
    assert_eq!((keys.count(b"b.cc"), keys.count(b"c.dd"), keys.count(b"\xff")), (40, 0, 0));
    let mut dns = DnsRecords::default();
    (0..40).for_each(|i| dns.add(NAME, format!("v=DKIM1; k=rsa; n={i}; p=")));
    dns.add(NAME, record());
    assert_eq!(KeySource::Dns(&dns).count(b"b.cc"), 0);
    assert!(inspect(message.as_bytes(), &dns, None).verdict.is_ok());
}

#[test]
fn a_key_that_the_registry_lacks_is_not_called_a_changed_message() {
    let message = sign(FIELDS, BODY, "");
    for (keys, what) in [(3, "none of the 2 keys of b.cc"), (2, "the one key of b.cc")] {
        let mut registry = registry(keys);
        registry.remove(keys as u32 - 1).unwrap();
        let keys = KeySource::Registry(&registry);
        let refusal = inspect_with(message.as_bytes(), keys, None).verdict.unwrap_err();
        assert_eq!(refusal.rule, Rule::RsaSignature);
        assert!(refusal.detail.contains(what), "{refusal}");
        assert!(refusal.hint.contains(NAME), "{}", refusal.hint);
    }
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
fn a_limit_that_is_hit_later_leaves_what_holds() {
    // The first signature's header holds, the body does not; the second has no RSA operation left.
    let genuine = sign(FIELDS, BODY, "").replace(BODY, "another\r\n");
    let second = sign(FIELDS, BODY, "t=1; ").split("From:").next().unwrap().to_owned();
    let message = genuine.replacen("From:", &format!("{second}From:"), 1);
    let message = Message::parse(message.as_bytes()).unwrap();
    let registry = registry(1);
    let case = Candidate {
        message: &message,
        keys: KeySource::Registry(&registry),
        clock: None,
        from: Some(b"b.cc"),
        bodies: Bodies::new(message.body()),
        work: Work::of(1 << 20, 1),
    };
    let inspection = choose(&case, &[(0, 0), (1, 1)], Report::new(UnsignedParts::MayDiffer));
    assert_eq!((rule(&inspection), inspection.holds), (None, Holds::Header));
}

#[test]
fn a_signature_whose_header_holds_is_before_one_whose_body_does() {
    let field = |message: String| message.split("From:").next().unwrap().to_owned();
    let header_holds = field(sign(FIELDS, BODY, ""));
    let body_holds = field(sign(&FIELDS.replace("hi", "ho"), "another\r\n", ""));
    for above in [format!("{header_holds}{body_holds}"), format!("{body_holds}{header_holds}")] {
        let message = format!("{above}{FIELDS}\r\nanother\r\n");
        let strict = under(&message, UnsignedParts::AsSigned);
        assert_eq!((rule(&strict), strict.holds), (Some(Rule::BodyHash), Holds::Header));
        assert_eq!(rule(&under(&message, UnsignedParts::MayDiffer)), None);
    }
    let message = format!("{header_holds}{header_holds}{FIELDS}\r\nanother\r\n");
    let provable = under(&message, UnsignedParts::MayDiffer).verdict.unwrap();
    assert_eq!(provable.signature_index, 0);
    // Of two that get equally far, the first is reported.
    let message = format!("{body_holds}{body_holds}{FIELDS}\r\nanother\r\n");
    let refusal = under(&message, UnsignedParts::AsSigned).verdict.unwrap_err();
    assert_eq!((refusal.rule, refusal.place.line), (Rule::RsaSignature, Some(1)));
}

#[test]
fn keys_that_cannot_be_used_cost_no_work() {
    let message = Message::parse(sign(FIELDS, BODY, "").as_bytes()).unwrap();
    let mut dns = DnsRecords::default();
    (0..3).for_each(|i| dns.add(NAME, format!("v=DKIM1; n={i}; p=")));
    dns.add(NAME, record());
    let case = Candidate {
        message: &message,
        keys: KeySource::Dns(&dns),
        clock: None,
        from: Some(b"b.cc"),
        bodies: Bodies::new(message.body()),
        work: Work::of(1 << 20, 1),
    };
    let inspection = choose(&case, &[(0, 0)], Report::new(UnsignedParts::AsSigned));
    assert_eq!(rule(&inspection), None);
}

#[test]
fn a_changed_body_has_its_cause_in_the_hint() {
    let good = sign(FIELDS, BODY, "");
    for (body, hint) in [
        ("another\r\n", "rewrites bodies"),
        ("", "the header alone"),
        ("one\ntwo\r\n", "mixes line ends"),
        ("one\r\ntwo\rthree\r\n", "mixes line ends"),
        ("\none\r\n", "mixes line ends"),
        ("one\r", "mixes line ends"),
    ] {
        let refusal =
            under(&good.replace(BODY, body), UnsignedParts::AsSigned).verdict.unwrap_err();
        assert_eq!(refusal.rule, Rule::BodyHash);
        assert!(refusal.hint.contains(hint), "{body:?}: {}", refusal.hint);
    }
}

fn outcome(inspection: &Inspection, rule: Rule) -> &Outcome {
    &inspection.checks.iter().find(|check| check.rule == rule).unwrap().outcome
}

#[test]
fn a_rule_that_comes_before_the_one_that_fails_passes() {
    let long = "a".repeat(130);
    for (fields, failed, passed) in [
        (
            FIELDS.replace("a@b.cc", &format!("{long}@b.cc")),
            Rule::AddressLength,
            Some(Rule::FromGrammar),
        ),
        (FIELDS.replace("a@b.cc", "a b"), Rule::FromGrammar, None),
        (FIELDS.replace("hi", &"h".repeat(1100)), Rule::HeaderLength, None),
        (FIELDS.replace("hi", &"h".repeat(200)), Rule::SubjectText, Some(Rule::HeaderLength)),
    ] {
        let inspection = under(&sign(&fields, BODY, ""), UnsignedParts::AsSigned);
        let outcome = |rule| outcome(&inspection, rule);
        assert!(matches!(outcome(failed), Outcome::Fail(_)), "{failed:?}");
        if let Some(passed) = passed {
            assert_eq!(*outcome(passed), Outcome::Pass, "{failed:?}");
        }
        let short = *outcome(Rule::HeaderLength) == Outcome::Pass;
        assert_eq!(short, failed != Rule::HeaderLength, "{failed:?}");
    }
}

#[test]
fn of_several_keys_the_one_that_gets_furthest_is_reported() {
    let message = sign(FIELDS, BODY, "");
    let another = RsaPrivateKey::new(&mut rand_chacha::ChaCha20Rng::seed_from_u64(12), 2048);
    let der = another.unwrap().to_public_key().to_public_key_der().unwrap();
    let another = format!("v=DKIM1; p={}", BASE64_STANDARD.encode(der.as_bytes()));
    for (records, failed, passed) in [
        (vec![another.clone()], Rule::RsaSignature, true),
        (vec!["v=DKIM1; p=".into(), another.clone()], Rule::RsaSignature, true),
        (vec![another, "v=DKIM1; p=".into()], Rule::RsaSignature, true),
        (vec!["v=DKIM1; p=".into()], Rule::KeyRecord, false),
    ] {
        let mut dns = DnsRecords::default();
        records.iter().for_each(|record| dns.add(NAME, record.clone()));
        let inspection = inspect(message.as_bytes(), &dns, None);
        assert_eq!(rule(&inspection), Some(failed), "{records:?}");
        for before in [Rule::KeySize, Rule::KeyExponent, Rule::SignatureEncoding] {
            let expected = if passed { Outcome::Pass } else { Outcome::NotReached };
            assert_eq!(*outcome(&inspection, before), expected, "{before:?}");
        }
    }
}

#[test]
fn of_a_key_with_another_exponent_the_size_is_right() {
    let public = key().to_public_key();
    let other = ::rsa::RsaPublicKey::new(public.n().clone(), 3u32.into()).unwrap();
    let der = other.to_public_key_der().unwrap();
    let mut dns = DnsRecords::default();
    dns.add(NAME, format!("v=DKIM1; p={}", BASE64_STANDARD.encode(der.as_bytes())));
    let inspection = inspect(sign(FIELDS, BODY, "").as_bytes(), &dns, None);
    assert_eq!(rule(&inspection), Some(Rule::KeyExponent));
    for before in [Rule::KeyRecord, Rule::KeySize] {
        assert_eq!(*outcome(&inspection, before), Outcome::Pass, "{before:?}");
    }
    assert_eq!(*outcome(&inspection, Rule::RsaSignature), Outcome::NotReached);
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
            not_before: 0,
            reading: Reading::Clear,
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
        (
            format!("Received: x\r\nX-MS-Exchange-Organization-AuthAs: Anonymous\r\n{unsigned}"),
            "does not sign",
        ),
        (format!("Received: x\r\nX-MS-Exchange-Other: Internal\r\n{unsigned}"), "does not sign"),
        (format!("Received: x\r\nX-Other-AuthAs: Internal\r\n{unsigned}"), "does not sign"),
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
