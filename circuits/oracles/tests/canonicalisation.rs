//! The reference's canonicalisation against mail-auth's, byte for byte, on the messages of the test vectors and on
//! messages from outside.

use mail_auth::common::headers::Writable;
use mail_auth::dkim::Canonicalization;
use mail_auth::AuthenticatedMessage;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use zkdkim_relation::canon::{self, Canonicalisation};
use zkdkim_relation::dkim::{self, SignatureField};
use zkdkim_relation::message::Message;
use zkdkim_test_vectors::{adversarial, messages, outside_messages, Stored};

/// Messages on which mail-auth signs another block than RFC 6376, their own manifest and
/// this project say; a new name here needs a reason.
const OTHER_BLOCKS: [(&str, &str); 5] = [
    ("dup-tag-h.eml", "a second h=: mail-auth takes the last, this project refuses the message"),
    ("from-bare-cr.eml", "a bare CR is white space there; the block grammar refuses it"),
    ("from-space-before-colon.eml", "a name with white space before the colon is not found there"),
    ("h-includes-dkim-signature.eml", "h= selects the verified signature itself there"),
    ("subject-bare-lf-from.eml", "a bare LF ends a field there; the block grammar refuses it"),
];

/// Signatures that mail-auth reads and this project does not.
const NOT_READ: [(&str, &str); 1] =
    [("refused-tag-without-name.eml", "RFC 6376 §3.2 gives every tag a name; mail-auth skips it")];

/// As [`OTHER_BLOCKS`], for relaxed bodies; a message from outside. Its manifest's canonical length is this project's.
const OTHER_BODIES: [(&str, &str); 1] = [(
    "yahoo.com-02-1751cdbe.eml",
    "white space in the last line: RFC 6376 §3.4.4 empties the line, then ignores it",
)];

/// CRLF messages; mail-auth does not repair line ends, so LF files are converted for both.
fn crlf_mails(stored: impl Iterator<Item = Stored>) -> Vec<Stored> {
    stored.map(|mail| Stored { bytes: crlf(mail.bytes), ..mail }).collect()
}

fn mails() -> Vec<Stored> {
    crlf_mails(messages().into_iter().chain(adversarial()))
}

fn outside(what: &str) -> Vec<Stored> {
    crlf_mails(outside_messages(what).into_iter().flatten())
}

fn crlf(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.windows(2).any(|pair| pair == b"\r\n") {
        return bytes;
    }
    bytes.split(|&b| b == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
}

fn has_bare_line_end(bytes: &[u8]) -> bool {
    let text = bytes.windows(2).any(|pair| (pair[0] == b'\r') != (pair[1] == b'\n'));
    text || bytes.first() == Some(&b'\n') || bytes.last() == Some(&b'\r')
}

#[test]
fn every_header_field_is_the_same() {
    compare_fields(&mails());
}

#[test]
fn header_fields_of_outside_messages() {
    compare_fields(&outside("header fields of messages from outside, against mail-auth"));
}

fn compare_fields(mails: &[Stored]) {
    let (mut fields, mut skipped) = (0, Vec::new());
    for mail in mails {
        for field in Message::parse_lenient(&mail.bytes).fields() {
            // mail-auth takes a bare CR, LF or form feed for white space; RFC 6376 knows only
            // space and tab, and the grammar of the block refuses the first two anyway.
            if has_bare_line_end(field.value()) || field.value().contains(&0x0c) {
                skipped.push(mail.name.clone());
                continue;
            }
            let terminated = [field.value(), b"\r\n"].concat();
            let mut theirs = Vec::new();
            let pair = std::iter::once((field.name(), &terminated[..]));
            Canonicalization::Relaxed.canonicalize_headers(pair, &mut theirs);
            let ours = [canon::relaxed_field(field.name(), field.value()), b"\r\n".to_vec()];
            assert_eq!(theirs, ours.concat(), "{}: {field:?}", mail.name);
            fields += 1;
        }
    }
    println!("{fields} fields compared, skipped for bare line ends: {skipped:?}");
    assert!(skipped.len() <= 4, "{skipped:?}");
}

#[test]
fn every_body_is_the_same() {
    compare_bodies(&mails());
}

#[test]
fn bodies_of_outside_messages() {
    compare_bodies(&outside("bodies of messages from outside, against mail-auth"));
}

fn compare_bodies(mails: &[Stored]) {
    let (mut bodies, mut skipped) = (0, Vec::new());
    for mail in mails {
        let message = Message::parse_lenient(&mail.bytes);
        if has_bare_line_end(message.body()) {
            skipped.push(mail.name.clone());
            continue;
        }
        for (theirs, ours) in [
            (Canonicalization::Simple, Canonicalisation::Simple),
            (Canonicalization::Relaxed, Canonicalisation::Relaxed),
        ] {
            let mut out = Vec::new();
            theirs.canonical_body(message.body(), 0).write(&mut out);
            let same = out == canon::body(ours, message.body());
            let known = ours == Canonicalisation::Relaxed
                && OTHER_BODIES.iter().any(|(name, _)| *name == mail.name);
            assert!(same != known, "{}: {ours:?}", mail.name);
            bodies += 1;
        }
    }
    println!("{bodies} bodies compared, skipped for bare line ends: {skipped:?}");
    assert!(skipped.len() <= 4, "{skipped:?}");
}

/// mail-auth's block of its first signature. The function is async but waits for nothing.
fn their_block(message: &AuthenticatedMessage<'_>) -> Option<Vec<u8>> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(message.get_canonicalized_header()).poll(&mut context) {
        Poll::Ready(block) => block.ok(),
        Poll::Pending => unreachable!("nothing to wait for"),
    }
}

#[test]
fn every_signed_header_block_is_the_same() {
    compare_blocks(&mails());
}

#[test]
fn signed_header_blocks_of_outside_messages() {
    compare_blocks(&outside("signed header blocks of messages from outside, against mail-auth"));
}

fn compare_blocks(mails: &[Stored]) {
    let (mut blocks, mut wrong) = (0, Vec::new());
    for mail in mails {
        let message = Message::parse_lenient(&mail.bytes);
        let Some(parsed) = AuthenticatedMessage::parse_with_opts(&mail.bytes, None, false) else {
            continue;
        };
        let mut fields = dkim::signature_fields(&message)
            .into_iter()
            .filter_map(|index| SignatureField::read(&message, index).ok());
        // Of a message with several signatures, one differs or none.
        let mut different = Vec::new();
        for header in &parsed.dkim_headers {
            // mail-auth leaves out signatures that it cannot parse; find ours of the same bytes.
            let same =
                |f: &SignatureField| header.value.starts_with(message.fields()[f.field].value());
            let not_read = NOT_READ.iter().any(|(name, _)| *name == mail.name);
            let Some(field) = fields.find(same) else {
                if !not_read {
                    wrong.push(format!("{}: no such signature here", mail.name));
                }
                continue;
            };
            if not_read {
                wrong.push(format!("{}: read all the same", mail.name));
            }
            let mut single = parsed.clone();
            single.dkim_headers = vec![header.clone()];
            // None: a signature that expires before it was made, which mail-auth skips.
            let Some(theirs) = their_block(&single) else { continue };
            let ours = field.signed_header(&message);
            blocks += 1;
            if theirs != ours.bytes {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                different.push(format!("{}\n{}", text(&theirs), text(&ours.bytes)));
            }
        }
        let known = OTHER_BLOCKS.iter().any(|(name, _)| *name == mail.name);
        if different.is_empty() == known {
            let blocks = different.join("\n");
            wrong.push(format!("{}: a listed difference: {known}\n{blocks}", mail.name));
        }
    }
    println!("{blocks} blocks compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
