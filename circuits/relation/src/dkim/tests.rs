//! Tests of signature fields and header selection.

use super::*;

const HASH: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

fn message(fields: &str) -> Message {
    Message::parse(fields.replace('\n', "\r\n").as_bytes()).unwrap()
}

fn first_block(fields: &str) -> String {
    let message = message(fields);
    let index = signature_fields(&message)[0];
    let signature = SignatureField::read(&message, index).unwrap();
    String::from_utf8(signature.signed_header(&message).bytes.clone()).unwrap()
}

fn faults(tags: &str) -> Vec<Rule> {
    let message = message(&format!("DKIM-Signature: {tags}\nFrom: a@b.cc\n\n"));
    let signature = SignatureField::read(&message, 0).unwrap();
    match Signature::check(&message, &signature) {
        Ok(_) => vec![],
        Err(faults) => faults.iter().map(|fault| fault.rule).collect(),
    }
}

#[test]
fn takes_repeated_names_from_the_bottom_and_skips_missing_ones() {
    let block = first_block(
        "A: 1\nDKIM-Signature: c=relaxed; h=a:A : b:\n\t a:dkim-signature:a; b=x\nB: 2\na : 3\nA:4\n\n",
    );
    assert_eq!(
        block,
        "a:4\r\na:3\r\nb:2\r\na:1\r\ndkim-signature:c=relaxed; h=a:A : b: a:dkim-signature:a; b="
    );
}

#[test]
fn empties_exactly_the_value_of_b() {
    for (tags, want) in [
        ("c=relaxed; b=abc", "c=relaxed; b="),
        ("c=relaxed; b=abc;", "c=relaxed; b=;"),
        ("c=relaxed; b=ab\n  cd ; x=1", "c=relaxed; b=; x=1"),
        ("c=relaxed; b = ab ; bh=b=c", "c=relaxed; b =; bh=b=c"),
        ("c=relaxed; bh=x; zb=y; b=ab", "c=relaxed; bh=x; zb=y; b="),
        ("b=ab==; c=relaxed", "b=; c=relaxed"),
        ("c=relaxed; h=x", "c=relaxed; h=x"),
    ] {
        assert_eq!(
            first_block(&format!("DKIM-Signature: {tags}\n\n")),
            format!("dkim-signature:{want}")
        );
    }
}

#[test]
fn simple_headers_stay_as_they_are() {
    let block = first_block("A :  1\n  2\nDKIM-Signature:  h=a;\n b=ab\n\n");
    assert_eq!(block, "A :  1\r\n  2\r\nDKIM-Signature:  h=a;\r\n b=");
}

#[test]
fn a_second_signature_can_be_signed_but_not_the_signature_itself() {
    let fields = "DKIM-Signature: c=relaxed; h=dkim-signature; b=x\nDKIM-Signature: y=2\n\n";
    assert_eq!(
        first_block(fields),
        "dkim-signature:y=2\r\ndkim-signature:c=relaxed; h=dkim-signature; b="
    );
}

#[test]
fn block_offsets_lead_back_to_fields() {
    let message = message("A: 1\nDKIM-Signature: c=relaxed; h=b:a\nB: 2\n\n");
    let header = SignatureField::read(&message, 1).unwrap().signed_header(&message);
    let at = |offset| header.field_at(offset);
    assert_eq!(
        [at(0), at(4), at(5), at(9), at(10), at(999)].map(Option::unwrap),
        [2, 2, 0, 0, 1, 1]
    );
    let place = place_in_message(&header, &message, Place::block(6));
    assert_eq!((place.line, place.field.as_deref()), (Some(1), Some("A")));
}

#[test]
fn checks_every_tag() {
    let base = format!(
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=b.cc; s=k_1.x; h=from:subject; bh={HASH}; b=AA=="
    );
    assert_eq!(faults(&base), []);
    for (from, to, rule) in [
        ("v=1; ", "", Rule::Version),
        ("v=1", "v=2", Rule::Version),
        ("rsa-sha256", "rsa-sha1", Rule::Algorithm),
        ("rsa-sha256", "ed25519-sha256", Rule::Algorithm),
        ("rsa-sha256", "RSA-SHA256", Rule::Algorithm),
        ("c=relaxed/relaxed; ", "", Rule::Canonicalisation),
        ("relaxed/relaxed", "simple/relaxed", Rule::Canonicalisation),
        ("relaxed/relaxed", "relaxed/nowsp", Rule::Canonicalisation),
        ("d=b.cc; ", "", Rule::SigningDomain),
        ("d=b.cc", "d=b..cc", Rule::SigningDomain),
        ("s=k_1.x; ", "", Rule::TagList),
        ("s=k_1.x", "s=", Rule::TagList),
        ("s=k_1.x", "s=k; q=http", Rule::TagList),
        ("h=from:subject; ", "", Rule::SignedFields),
        ("from:subject", "subject", Rule::SignedFields),
        ("from:subject", "from", Rule::SignedFields),
        ("from:subject", "x-from:subject", Rule::SignedFields),
        ("b=AA==", "b=AA==; l=3", Rule::LengthTag),
        ("b=AA==", "b=AA==; t=-1", Rule::Timestamp),
        ("b=AA==", "b=AA==; x=1x", Rule::Timestamp),
        ("b=AA==", "b=AA==; i=a@xb.cc", Rule::Identity),
        // A parent of d= has other users; so has a name that only begins like it.
        ("b=AA==", "b=AA==; i=a@cc", Rule::Identity),
        ("b=AA==", "b=AA==; i=@b.cc.ee", Rule::Identity),
        ("b=AA==", "b=AA==; i=b.cc", Rule::Identity),
        ("b=AA==", "b=AA==; i=", Rule::Identity),
        ("b=AA==", "b=AA==; i=a.b.cc", Rule::Identity),
        ("b=AA==", "b=AA==; h=from", Rule::TagList),
        (HASH, "AA==", Rule::BodyHash),
        (HASH, "!", Rule::BodyHash),
    ] {
        assert_eq!(faults(&base.replace(from, to)), [rule], "{from} -> {to}");
    }
    for (from, to) in [
        ("b=AA==", "b=AA==; i=a@x.B.cc; t=1; x=2; q=dns/txt; z=From:a; unknown=1"),
        ("relaxed/relaxed", "relaxed"),
        ("relaxed/relaxed", "relaxed/simple"),
        ("d=b.cc", "d=B.CC"),
        ("from:subject", "FROM : x :\n Subject"),
    ] {
        assert_eq!(faults(&base.replace(from, to)), [], "{from} -> {to}");
    }
}

#[test]
fn bounds_are_the_last_that_pass() {
    let base = format!(
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d=b.cc; s=k; h=from:subject; bh={HASH}; b=AA=="
    );
    let names = |n: usize| format!("from:subject{}", ":x".repeat(n - 2));
    let name = |len: usize| "s".repeat(len);
    for (from, to, rule) in [
        ("s=k", format!("s={}", name(253)), None),
        ("s=k", format!("s={}", name(254)), Some(Rule::TagList)),
        ("s=k", format!("s={}", name(300)), Some(Rule::TagList)),
        ("from:subject", names(MAX_SIGNED_NAMES), None),
        ("from:subject", names(MAX_SIGNED_NAMES + 1), Some(Rule::SignedFields)),
        ("b=AA==", format!("b=AA==; t={}", "1".repeat(12)), None),
        ("b=AA==", format!("b=AA==; t={}", "1".repeat(13)), Some(Rule::Timestamp)),
        ("b=AA==", "b=AA==; t=".to_owned(), Some(Rule::Timestamp)),
        ("b=AA==", "b=AA==; t=+1".to_owned(), Some(Rule::Timestamp)),
    ] {
        let got = faults(&base.replacen(from, &to, 1));
        assert_eq!(got, rule.into_iter().collect::<Vec<_>>(), "{to}");
    }
}

#[test]
fn debug_shows_sizes_only() {
    let message = message("DKIM-Signature: h=from; b=c2VjcmV0\nFrom: a@b.cc\n\n");
    let field = SignatureField::read(&message, 0).unwrap();
    let header = field.signed_header(&message);
    let shown = format!("{header:?} {field:?}");
    assert!(
        shown.contains("2 fields, ") && shown.contains(&format!("{} bytes", header.bytes.len()))
    );
    assert!(shown.contains("Tag(b, 8 bytes)"), "{shown}");
    assert!(!shown.contains("a@b") && !shown.contains("c2Vj"), "{shown}");
}

#[test]
fn every_signature_is_listed() {
    let message = message(&format!("{}\n", "DKIM-Signature: a=1\n".repeat(40)));
    assert_eq!(signature_fields(&message), (0..40).collect::<Vec<_>>());
}
