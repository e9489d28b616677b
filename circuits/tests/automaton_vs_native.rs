//! The automaton, with the counting rules of the circuit on top of it, against the hand-written
//! parser of the reference: same verdict, same spans, on the same blocks.

use std::collections::BTreeMap;

use crate::automaton_support::verdict::{circuit, native, Verdict};
use crate::automaton_support::{conformance, mutated, samples, tokens};
use zkdkim_relation::dkim::{signature_fields, SignatureField};
use zkdkim_relation::header::{
    MAX_ADDRESS_BYTES, MAX_DOMAIN_BYTES, MAX_HEADER_BYTES, MAX_SUBJECT_BYTES, MAX_TIMESTAMP_DIGITS,
};
use zkdkim_relation::message::Message;
use zkdkim_test_vectors::{adversarial, messages, outside_messages, Stored};

/// How often each verdict was given.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    misaligned: usize,
    refused: usize,
}

impl Tally {
    fn compare(&mut self, block: &[u8]) {
        let verdict = circuit(block);
        assert_eq!(verdict, native(block), "{:?}", String::from_utf8_lossy(block));
        match verdict {
            Verdict::Accepted { .. } => self.accepted += 1,
            Verdict::Misaligned => self.misaligned += 1,
            Verdict::Refused => self.refused += 1,
        }
    }
}

const FROM: &[u8] = b"from:a@b.c\r\n";
const SUBJECT: &[u8] = b"subject:s\r\n";
const SIGNATURE: &[u8] = b"dkim-signature:";
const TAGS: [&str; 4] = ["v=1", "a=rsa-sha256", "c=relaxed", "d=b.c"];

/// Adds the fields and tags that a block lacks, as far as a glance can tell.
fn complete(block: &[u8]) -> Vec<u8> {
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|w| w == part);
    let has_field =
        |name: &[u8]| block.starts_with(name) || contains(block, &[b"\r\n", name].concat());
    let mut whole = Vec::new();
    for (name, field) in [(&b"from:"[..], FROM), (b"subject:", SUBJECT)] {
        if !has_field(name) {
            whole.extend_from_slice(field);
        }
    }
    let tags_at = block.windows(SIGNATURE.len()).rposition(|w| w == SIGNATURE);
    let tags_at = tags_at.map_or(block.len(), |at| at + SIGNATURE.len());
    let (fields, tags) = block.split_at(tags_at);
    whole.extend_from_slice(fields);
    for tag in TAGS {
        if !contains(tags, &tag.as_bytes()[..2]) {
            whole.extend_from_slice(tag.as_bytes());
            whole.push(b';');
        }
    }
    whole.extend_from_slice(tags);
    whole
}

#[test]
fn conformance_blocks() {
    let mut tally = Tally::default();
    conformance(|block| {
        tally.compare(block);
        tally.compare(&complete(block));
    });
    println!("{tally:?}");
    assert!(tally.accepted > 5_000 && tally.misaligned > 5_000);
}

#[test]
fn mutated_blocks() {
    let mut tally = Tally::default();
    for sample in samples() {
        tally.compare(&sample);
        tally.compare(&complete(&sample));
    }
    for block in mutated(0x7a6b, 200_000) {
        tally.compare(&block);
        tally.compare(&complete(&block));
    }
    println!("{tally:?}");
    assert!(tally.accepted > 20_000 && tally.misaligned > 1_000);
}

/// Every sequence of at most `length` tokens between `before` and `after`.
fn exhaust(tally: &mut Tally, before: &[u8], list: &[Vec<u8>], after: &[u8], length: usize) {
    tally.compare(&[before, after].concat());
    if length > 0 {
        for token in list {
            exhaust(tally, &[before, token].concat(), list, after, length - 1);
        }
    }
}

#[test]
fn short_values() {
    let mut tally = Tally::default();
    let signature = [SIGNATURE, TAGS.join(";").as_bytes()].concat();
    let after_from = [&b"\r\n"[..], SUBJECT, &signature].concat();
    let list =
        tokens(&["a@b.c", "<a@b.c>", "x", ".", "@", "<", ">", "\"", "\\", " ", "-", "(", "\t"]);
    exhaust(&mut tally, b"from:", &list, &after_from, 5);

    let before_tags = [FROM, SUBJECT, SIGNATURE].concat();
    let list = tokens(&[
        "v=1",
        "a=rsa-sha256",
        "c=relaxed",
        "d=b.c",
        "t=1",
        "l=1",
        "x",
        "=",
        " ",
        ";",
        "/",
    ]);
    let rest = format!(";{}", TAGS.join(";"));
    for after in ["", &rest, ";a=rsa-sha256;c=relaxed;d=b.c", ";v=1;a=rsa-sha256;c=relaxed"] {
        exhaust(&mut tally, &before_tags, &list, after.as_bytes(), 4);
    }

    let list = tokens(&[
        "from:",
        "subject:",
        "dkim-signature:",
        "a@b.c",
        "x",
        ":",
        "\r\n",
        "\r",
        "\n",
        " ",
        "b=;",
        "F",
    ]);
    for before in [&b""[..], FROM, SUBJECT, &[FROM, SUBJECT].concat()] {
        exhaust(&mut tally, before, &list, &signature, 4);
    }
    println!("{tally:?}");
    assert!(tally.accepted > 1_000);
}

#[test]
fn lengths() {
    let mut counts = BTreeMap::new();
    let mut check = |what: &'static str, block: String| {
        let mut tally = Tally::default();
        tally.compare(block.as_bytes());
        *counts.entry((what, tally.accepted == 1)).or_insert(0) += 1;
    };
    let block = |address: &str, domain: &str, subject: &str, more: &str| {
        format!(
            "from:{address}\r\nsubject:{subject}\r\n\
             dkim-signature:v=1;a=rsa-sha256;c=relaxed;d={domain};{more}b="
        )
    };
    for n in 1..=MAX_ADDRESS_BYTES {
        check("local part", block(&format!("{}@b.c", "x".repeat(n)), "b.c", "s", ""));
    }
    for n in 1..=MAX_DOMAIN_BYTES {
        let domain = format!("{}.c", "x".repeat(n));
        check("domain", block(&format!("a@{domain}"), &domain, "s", ""));
    }
    for n in 0..=MAX_SUBJECT_BYTES + 1 {
        check("subject", block("a@b.c", "b.c", &"x".repeat(n), ""));
    }
    for n in 1..=MAX_TIMESTAMP_DIGITS + 1 {
        check("time", block("a@b.c", "b.c", "s", &format!("t={};", "9".repeat(n))));
    }
    let room = MAX_HEADER_BYTES - block("a@b.c", "b.c", "s", "x=;").len();
    for n in 0..=room + 1 {
        check("block", block("a@b.c", "b.c", "s", &format!("x={};", "y".repeat(n))));
    }
    let expected = BTreeMap::from([
        (("local part", true), MAX_ADDRESS_BYTES - 4),
        (("local part", false), 4),
        (("domain", true), MAX_DOMAIN_BYTES - 2),
        (("domain", false), 2),
        (("subject", true), MAX_SUBJECT_BYTES + 1),
        (("subject", false), 1),
        (("time", true), MAX_TIMESTAMP_DIGITS),
        (("time", false), 1),
        (("block", true), room + 1),
        (("block", false), 1),
    ]);
    assert_eq!(counts, expected);
}

/// The signed header blocks of every message of the tree. A message whose block satisfies the statement according to its
/// manifest must have a signature whose address is the one expected.
#[test]
fn stored_messages() {
    compare_blocks(messages().into_iter().chain(adversarial()));
}

#[test]
fn blocks_of_outside_messages() {
    let stored = outside_messages("the automaton on messages from outside");
    compare_blocks(stored.into_iter().flatten());
}

fn compare_blocks(stored: impl Iterator<Item = Stored>) {
    let mut tally = Tally::default();
    for Stored { name, bytes, entry } in stored {
        let message = Message::parse_lenient(&bytes);
        let mut addresses = Vec::new();
        for field in signature_fields(&message) {
            let Ok(signature) = SignatureField::read(&message, field) else { continue };
            let header = signature.signed_header(&message);
            let block = &header.bytes;
            tally.compare(block);
            if let Verdict::Accepted { address, .. } = circuit(block) {
                let address = block[address].to_ascii_lowercase();
                addresses.push(String::from_utf8(address).expect("ASCII"));
            }
        }
        let identities = entry["statement"]["identities"].as_array();
        let expected = identities.into_iter().flatten().chain(entry["expected"].get("address"));
        for identity in expected.filter_map(|identity| identity.as_str()) {
            assert!(addresses.iter().any(|a| a == identity), "{name}: {addresses:?}");
        }
    }
    println!("{tally:?}");
}
