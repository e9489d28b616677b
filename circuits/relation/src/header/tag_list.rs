//! Clauses 6.1 to 6.7: the tag list of the signature field, as it stands in the block.
//!
//! Not [`crate::tags`]: there RFC 6376 is read generously enough to report on any
//! message; here every byte follows the statement, as in the circuit.

use super::mailbox::Cursor;
use super::{is_printable, refuse, MAX_TIMESTAMP_DIGITS};
use crate::refusal::{show_byte, show_text, Place, Refusal, Rule};
use std::ops::Range;

/// The spans of the tags that the statement publishes or compares.
pub(super) struct Tags {
    pub(super) domain: Range<usize>,
    pub(super) timestamp: Option<Range<usize>>,
}

/// Parses the value of the signature field, `block[span]`.
pub(super) fn parse(block: &[u8], span: Range<usize>) -> Result<Tags, Refusal> {
    if let Some(bad) = block[span.clone()].iter().position(|&byte| !is_printable(byte)) {
        let at = span.start + bad;
        let detail = format!("{} in the DKIM-Signature field", show_byte(block[at]));
        return refuse(Rule::TagList, at, detail);
    }
    let (mut version, mut algorithm, mut canonicalisation) = (None, None, None);
    let (mut domain, mut timestamp) = (None, None);
    let mut at = span.start;
    loop {
        let end = block[at..span.end].iter().position(|&b| b == b';').map_or(span.end, |n| at + n);
        // `;` or `; ` may close the list, but a list is never empty.
        let rest = &block[at..end];
        if end == span.end && at > span.start && matches!(rest, b"" | b" ") {
            break;
        }
        let (name, value) = cut_tag(block, at..end)?;
        let text = &block[value.clone()];
        let (slot, valid, rule) = match name {
            b"v" => (&mut version, text == b"1", Rule::Version),
            b"a" => (&mut algorithm, text == b"rsa-sha256", Rule::Algorithm),
            b"c" => (&mut canonicalisation, is_relaxed(text), Rule::Canonicalisation),
            b"d" => (&mut domain, is_domain_text(text), Rule::SigningDomain),
            b"t" => (&mut timestamp, is_timestamp(text), Rule::Timestamp),
            b"l" => {
                return Err(Refusal::new(
                    Rule::LengthTag,
                    Place::block(at),
                    "the signature limits the body with l=",
                )
                .hint("the sender's server must sign the whole body"));
            }
            _ => {
                at = end + 1;
                if end == span.end {
                    break;
                }
                continue;
            }
        };
        if !valid {
            let detail = format!("{}={} ", show_text(name), show_text(text));
            return refuse(rule, value.start, detail.trim_end());
        }
        if slot.replace(value).is_some() {
            return refuse(rule, at, format!("a second {}= tag", show_text(name)));
        }
        if end == span.end {
            break;
        }
        at = end + 1;
    }
    let required = |slot: Option<Range<usize>>, rule, tag: &str| {
        slot.ok_or_else(|| Refusal::new(rule, Place::block(span.end), format!("no {tag}= tag")))
    };
    required(version, Rule::Version, "v")?;
    required(algorithm, Rule::Algorithm, "a")?;
    required(canonicalisation, Rule::Canonicalisation, "c")?;
    Ok(Tags { domain: required(domain, Rule::SigningDomain, "d")?, timestamp })
}

/// Name and value of `[SP] name [SP] "=" [SP] value [SP]`.
fn cut_tag(block: &[u8], tag: Range<usize>) -> Result<(&[u8], Range<usize>), Refusal> {
    let mut cursor = Cursor { text: block, at: tag.start, end: tag.end };
    cursor.eat(b' ');
    let start = cursor.at;
    if cursor.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
        cursor.eat_while(|b| b.is_ascii_alphanumeric() || b == b'_');
    }
    let name = &block[start..cursor.at];
    cursor.eat(b' ');
    if name.is_empty() || !cursor.eat(b'=') {
        return refuse(Rule::TagList, cursor.at, "a malformed tag");
    }
    cursor.eat(b' ');
    let value = cursor.at..tag.end;
    let trailing = usize::from(block[value.clone()].last() == Some(&b' '));
    Ok((name, value.start..value.end - trailing))
}

fn is_relaxed(text: &[u8]) -> bool {
    match text.strip_prefix(b"relaxed") {
        Some([]) => true,
        Some([b'/', body @ ..]) => body.iter().all(|b| (0x21..=0x7e).contains(b)),
        _ => false,
    }
}

fn is_domain_text(text: &[u8]) -> bool {
    let ldh = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    !text.is_empty() && text.iter().all(ldh)
}

fn is_timestamp(text: &[u8]) -> bool {
    (1..=MAX_TIMESTAMP_DIGITS).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}
