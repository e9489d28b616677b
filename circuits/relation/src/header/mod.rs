//! The grammar of the signed header block: clauses 2.1 to 7.1 of the relation.
//!
//! Hand-written recursive descent over the exact bytes whose hash is signed. Nothing is decoded,
//! trimmed or repaired: a byte is either in the language or the block is refused at its offset.
//! The circuit's automaton is written against the same text and compared with this parser.
//!
//! ```text
//! block      = *( field CRLF ) "dkim-signature:" tag-list          ; at most 1024 bytes
//! field      = "from:" mailbox / "subject:" text / name ":" any    ; one from, one subject
//! mailbox    = addr-spec / [ phrase [SP] / quoted [SP] ] "<" addr-spec ">"
//! addr-spec  = dot-atom "@" label 1*( "." label )
//! tag-list   = tag *( ";" tag ) [ ";" [SP] ]
//! tag        = [SP] name [SP] "=" [SP] value [SP]
//! ```

mod mailbox;
mod tag_list;

pub use mailbox::{parse_mailbox, Mailbox};

use crate::refusal::{show_byte, show_text, Place, Refusal, Rule};
use std::fmt;
use std::ops::Range;
use zeroize::Zeroize;

/// Longest signed header block.
pub const MAX_HEADER_BYTES: usize = 1024;
/// Longest Subject value in bytes: six packed words of 31.
pub const MAX_SUBJECT_BYTES: usize = 186;
/// Longest address in bytes: four packed words of 31.
pub const MAX_ADDRESS_BYTES: usize = 124;
/// Longest domain in bytes: two packed words of 31.
pub const MAX_DOMAIN_BYTES: usize = 62;
/// Most digits in `t=`.
pub const MAX_TIMESTAMP_DIGITS: usize = 12;

/// What a signed header block says; spans are byte ranges of the block.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderView {
    /// The From address, A–Z lowered.
    pub address: Vec<u8>,
    /// Its domain, which is also the value of `d=`, lowered.
    pub domain: Vec<u8>,
    /// The whole Subject value.
    pub subject: Vec<u8>,
    /// The `t=` tag, 0 where there is none.
    pub timestamp: u64,
    /// The From value, from behind the colon to the CRLF.
    pub from_span: Range<usize>,
    /// The address within it.
    pub address_span: Range<usize>,
    /// The part of the address behind its `@`.
    pub domain_span: Range<usize>,
    /// The Subject value, which may be empty.
    pub subject_span: Range<usize>,
    /// The DKIM-Signature value, up to the end of the block.
    pub signature_span: Range<usize>,
    /// The value of `d=`.
    pub signing_domain_span: Range<usize>,
    /// The digits of `t=`.
    pub timestamp_span: Option<Range<usize>>,
}

/// Shows lengths only: the address is secret.
impl fmt::Debug for HeaderView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderView")
            .field("address_len", &self.address.len())
            .field("subject_len", &self.subject.len())
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

impl Drop for HeaderView {
    fn drop(&mut self) {
        self.address.zeroize();
        self.domain.zeroize();
        self.subject.zeroize();
    }
}

/// Parses a signed header block.
pub fn parse(block: &[u8]) -> Result<HeaderView, Refusal> {
    if block.len() > MAX_HEADER_BYTES {
        return Err(too_long(block));
    }
    let fields = Fields::cut(block)?;
    let mailbox = parse_mailbox(block, fields.from.clone())?;
    check_subject(block, fields.subject.clone())?;
    let tags = tag_list::parse(block, fields.signature.clone())?;

    let domain = block[mailbox.domain.clone()].to_ascii_lowercase();
    let signing_domain = block[tags.domain.clone()].to_ascii_lowercase();
    if domain != signing_domain {
        return Err(misaligned(&domain, &[signing_domain], Place::block(tags.domain.start)));
    }
    let digits = tags.timestamp.clone().map_or(&block[..0], |span| &block[span]);
    Ok(HeaderView {
        address: block[mailbox.address.clone()].to_ascii_lowercase(),
        domain,
        subject: block[fields.subject.clone()].to_vec(),
        timestamp: digits.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0')),
        from_span: fields.from,
        address_span: mailbox.address,
        domain_span: mailbox.domain,
        subject_span: fields.subject,
        signature_span: fields.signature,
        signing_domain_span: tags.domain,
        timestamp_span: tags.timestamp,
    })
}

/// The refusal for a block that is too long; it names the field that takes most of the room.
fn too_long(block: &[u8]) -> Refusal {
    let fields = block.split(|b| *b == b'\n').filter_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        Some((&line[..colon], line.len() - usize::from(line.ends_with(b"\r"))))
    });
    let mut detail = format!("{} bytes, at most {MAX_HEADER_BYTES}", block.len());
    let mut hint = "send a plain message";
    if let Some((name, bytes)) = fields.max_by_key(|(_, bytes)| *bytes) {
        detail += &format!(": the {} field holds {bytes} of them", usual_name(name));
        hint = match name {
            b"to" | b"cc" => "send it to fewer recipients, best to one",
            b"subject" => "use a shorter Subject",
            b"from" => "use a shorter display name",
            b"references" | b"in-reply-to" => "write a new mail, not a reply",
            b"dkim-signature" => "send from another provider: this one's signature leaves no room",
            _ => "send a new, plain mail; the sender's server signs this field",
        };
    }
    Refusal::new(Rule::HeaderLength, Place::block(MAX_HEADER_BYTES), detail).hint(hint)
}

/// A canonical field name as it is usually written.
fn usual_name(name: &[u8]) -> String {
    let mut start = true;
    let mut letter = |c: char| {
        let shown = if start { c.to_ascii_uppercase() } else { c };
        start = c == '-';
        shown
    };
    show_text(name).chars().map(&mut letter).collect::<String>().replace("Dkim", "DKIM")
}

/// Domains named in a refusal; a mail may have any number of signatures.
const MAX_SHOWN_DOMAINS: usize = 3;

/// The refusal for a From domain that none of the signatures speaks for.
pub(crate) fn misaligned(from: &[u8], signing: &[Vec<u8>], place: Place) -> Refusal {
    let shown: Vec<_> = signing.iter().take(MAX_SHOWN_DOMAINS).map(|d| show_text(d)).collect();
    let more = match signing.len().saturating_sub(MAX_SHOWN_DOMAINS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let detail = format!(
        "the From domain is {}, the signature is by {}{more}",
        show_text(from),
        shown.join(", ")
    );
    let ends_with = |suffix: &[u8]| signing.iter().any(|domain| domain.ends_with(suffix));
    let is_parent = |domain: &Vec<u8>| {
        from.strip_suffix(domain.as_slice()).is_some_and(|rest| rest.ends_with(b"."))
    };
    let hint = if ends_with(b".gappssmtp.com") {
        "the domain has no DKIM key of its own; its administrator makes one in Google Workspace \
         (Apps, Gmail, Authenticate email)"
    } else if ends_with(b".onmicrosoft.com") {
        "the domain has no DKIM key of its own; its administrator makes one in Microsoft 365 \
         (Defender portal, email authentication settings, DKIM)"
    } else if signing.iter().any(is_parent) {
        "the signing domain must be the From domain itself, not one above it; send from an address \
         at the signing domain"
    } else {
        "send from a mailbox whose own domain signs its mail"
    };
    Refusal::new(Rule::Alignment, place, detail).hint(hint)
}

fn refuse<T>(rule: Rule, offset: usize, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(rule, Place::block(offset), detail))
}

/// The value spans of the three fields that count.
struct Fields {
    from: Range<usize>,
    subject: Range<usize>,
    signature: Range<usize>,
}

impl Fields {
    fn cut(block: &[u8]) -> Result<Self, Refusal> {
        let (mut from, mut subject) = (None, None);
        let mut start = 0;
        loop {
            let (colon, end) = cut_field(block, start)?;
            let (name, value) = (&block[start..colon], colon + 1..end);
            let last = end == block.len();
            match name {
                b"dkim-signature" if last => {
                    return Ok(Self {
                        from: found(from, Rule::OneFrom, "From", end)?,
                        subject: found(subject, Rule::OneSubject, "Subject", end)?,
                        signature: value,
                    });
                }
                b"dkim-signature" => {
                    return refuse(
                        Rule::SignatureFieldLast,
                        start,
                        "a DKIM-Signature field before the end of the signed header",
                    );
                }
                _ if last => {
                    return refuse(
                        Rule::SignatureFieldLast,
                        start,
                        "the signed header does not end with its DKIM-Signature field",
                    );
                }
                b"from" if from.is_some() => {
                    return refuse(Rule::OneFrom, start, "a second From field");
                }
                b"subject" if subject.is_some() => {
                    return refuse(Rule::OneSubject, start, "a second Subject field");
                }
                b"from" => from = Some(value),
                b"subject" => subject = Some(value),
                _ => {}
            }
            start = end + 2;
        }
    }
}

fn found(
    span: Option<Range<usize>>,
    rule: Rule,
    name: &str,
    end: usize,
) -> Result<Range<usize>, Refusal> {
    span.ok_or_else(|| {
        Refusal::new(rule, Place::block(end), format!("no {name} field is signed"))
            .hint("the sender's server must sign From and Subject")
    })
}

/// The colon and the end (CRLF or end of block) of the field that starts at `start`.
fn cut_field(block: &[u8], start: usize) -> Result<(usize, usize), Refusal> {
    let mut at = start;
    let colon = loop {
        match block.get(at) {
            Some(b':') if at > start => break at,
            Some(0x21..=0x39 | 0x3b..=0x7e) => at += 1,
            Some(byte) => {
                let detail = format!("{} where a field name was expected", show_byte(*byte));
                return refuse(Rule::HeaderSyntax, at, detail);
            }
            None => return refuse(Rule::HeaderSyntax, at, "the block ends inside a field name"),
        }
    };
    loop {
        match block.get(at) {
            None => return Ok((colon, at)),
            Some(b'\r') if block.get(at + 1) == Some(&b'\n') => return Ok((colon, at)),
            Some(b'\r' | b'\n' | b'\t') => {
                let detail = format!("{} inside a field", show_byte(block[at]));
                return refuse(Rule::HeaderSyntax, at, detail);
            }
            Some(_) => at += 1,
        }
    }
}

fn check_subject(block: &[u8], span: Range<usize>) -> Result<(), Refusal> {
    if span.len() > MAX_SUBJECT_BYTES {
        let detail = format!("a Subject of {} bytes, more than {MAX_SUBJECT_BYTES}", span.len());
        return Err(Refusal::new(
            Rule::SubjectText,
            Place::block(span.start + MAX_SUBJECT_BYTES),
            detail,
        )
        .hint("use a shorter Subject"));
    }
    match block[span.clone()].iter().position(|&byte| !is_printable(byte)) {
        None => Ok(()),
        Some(bad) => {
            let at = span.start + bad;
            let detail = format!("{} in the Subject", show_byte(block[at]));
            Err(Refusal::new(Rule::SubjectText, Place::block(at), detail)
                .hint("write the Subject in plain ASCII"))
        }
    }
}

fn is_printable(byte: u8) -> bool {
    (0x20..=0x7e).contains(&byte)
}

#[cfg(test)]
mod tests;
