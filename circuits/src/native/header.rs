//! The grammar of the signed header block: relation points 2–7 of the statement.
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

use super::refusal::{show_byte, show_text, Place, Refusal, Rule};
use std::fmt;
use std::ops::Range;
use zeroize::Zeroize;

/// Longest signed header block.
pub const MAX_HEADER_BYTES: usize = 1024;
/// Longest Subject value.
pub const MAX_SUBJECT_BYTES: usize = 186;
/// Longest address.
pub const MAX_ADDRESS_BYTES: usize = 124;
/// Longest domain.
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
    /// The From value.
    pub from_span: Range<usize>,
    /// The address within it.
    pub address_span: Range<usize>,
    /// The address's domain.
    pub domain_span: Range<usize>,
    /// The Subject value.
    pub subject_span: Range<usize>,
    /// The DKIM-Signature value.
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

/// A mailbox found in a From value; spans are byte ranges of the text it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The addr-spec.
    pub address: Range<usize>,
    /// Its domain.
    pub domain: Range<usize>,
}

/// Parses a signed header block.
pub fn parse(block: &[u8]) -> Result<HeaderView, Refusal> {
    if block.len() > MAX_HEADER_BYTES {
        let detail = format!("a signed header of {} bytes, not {MAX_HEADER_BYTES}", block.len());
        return Err(Refusal::new(Rule::HeaderLength, Place::block(MAX_HEADER_BYTES), detail)
            .hint("send a plain message: fewer recipients, a shorter Subject and display name"));
    }
    let fields = Fields::cut(block)?;
    let mailbox = parse_mailbox(block, fields.from.clone())?;
    check_subject(block, fields.subject.clone())?;
    let tags = parse_tags(block, fields.signature.clone())?;

    let domain = block[mailbox.domain.clone()].to_ascii_lowercase();
    let signing_domain = block[tags.domain.clone()].to_ascii_lowercase();
    if domain != signing_domain {
        return Err(misaligned(&domain, &signing_domain, Place::block(tags.domain.start)));
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

/// The refusal for a From domain that the signature does not speak for.
pub(crate) fn misaligned(from: &[u8], signing: &[u8], place: Place) -> Refusal {
    let (from, signing) = (show_text(from), show_text(signing));
    let detail = format!("the From domain is {from}, the signature is by {signing}");
    Refusal::new(Rule::Alignment, place, detail)
        .hint("send from a mailbox whose own domain signs its mail")
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

/// Relation points 4 and 5: the one mailbox of the From value `text[span]`.
pub fn parse_mailbox(text: &[u8], span: Range<usize>) -> Result<Mailbox, Refusal> {
    let hint = "From must be `name@domain`, `Display Name <name@domain>` or \
                `\"Display Name\" <name@domain>`, in plain ASCII";
    let mut cursor = Cursor { text, at: span.start, end: span.end };
    cursor.mailbox().and_then(check_lengths).map_err(|refusal| match refusal.rule {
        Rule::FromGrammar => refusal.hint(hint),
        _ => refusal,
    })
}

fn check_lengths(mailbox: Mailbox) -> Result<Mailbox, Refusal> {
    let limits = [
        ("an address", mailbox.address.clone(), MAX_ADDRESS_BYTES),
        ("a domain", mailbox.domain.clone(), MAX_DOMAIN_BYTES),
    ];
    for (what, span, max) in limits {
        if span.len() > max {
            let detail = format!("{what} of {} bytes, more than {max}", span.len());
            return refuse(Rule::AddressLength, span.start + max, detail);
        }
    }
    Ok(mailbox)
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    end: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        (self.at < self.end).then(|| self.text[self.at])
    }

    fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    fn eat_while(&mut self, accept: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&accept) {
            self.at += 1;
        }
        self.at - start
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, Refusal> {
        let found = self.peek().map_or("the end of the field".into(), show_byte);
        refuse(Rule::FromGrammar, self.at, format!("{found} where {expected} was expected"))
    }

    fn mailbox(&mut self) -> Result<Mailbox, Refusal> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.quoted()?,
            Some(b'<') => {}
            Some(byte) if is_atext(byte) => {
                self.phrase();
                if self.peek() == Some(b'@') {
                    // No display name after all: the address stands alone.
                    self.at = start;
                    let mailbox = self.addr_spec()?;
                    return match self.peek() {
                        None => Ok(mailbox),
                        Some(_) => self.unexpected("the end of the address"),
                    };
                }
            }
            _ => return self.unexpected("a mailbox"),
        }
        self.eat(b' ');
        if !self.eat(b'<') {
            return self.unexpected("'<' and an address");
        }
        let mailbox = self.addr_spec()?;
        if !self.eat(b'>') {
            return self.unexpected("'>'");
        }
        match self.peek() {
            None => Ok(mailbox),
            Some(_) => self.unexpected("the end of the field after '>'"),
        }
    }

    /// Atoms, dots and single inner spaces; a space before anything else is left alone.
    fn phrase(&mut self) {
        let more = |byte: Option<u8>| byte.is_some_and(|b| is_atext(b) || b == b'.');
        loop {
            let next = (self.at + 1 < self.end).then(|| self.text[self.at + 1]);
            match self.peek() {
                Some(b' ') if more(next) => self.at += 2,
                byte if more(byte) => self.at += 1,
                _ => return,
            }
        }
    }

    fn quoted(&mut self) -> Result<(), Refusal> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    if !self.peek().is_some_and(is_printable) {
                        return self.unexpected("a quoted character");
                    }
                    self.at += 1;
                }
                Some(byte) if is_printable(byte) => self.at += 1,
                _ => return self.unexpected("the closing quote"),
            }
        }
    }

    fn addr_spec(&mut self) -> Result<Mailbox, Refusal> {
        let start = self.at;
        loop {
            if self.eat_while(is_atext) == 0 {
                return self.unexpected("a part of the local name");
            }
            if !self.eat(b'.') {
                break;
            }
        }
        if !self.eat(b'@') {
            return self.unexpected("'@'");
        }
        let domain = self.at;
        let mut labels = 0;
        loop {
            if self.eat_while(|b| b.is_ascii_alphanumeric() || b == b'-') == 0 {
                return self.unexpected("a domain label");
            }
            labels += 1;
            let label_start = self.text[domain..self.at].iter().rposition(|&b| b == b'.');
            let first = label_start.map_or(domain, |dot| domain + dot + 1);
            if self.text[first] == b'-' || self.text[self.at - 1] == b'-' {
                self.at = if self.text[first] == b'-' { first } else { self.at - 1 };
                return self.unexpected("a letter or digit");
            }
            if !self.eat(b'.') {
                break;
            }
        }
        if labels < 2 {
            return self.unexpected("'.' and another domain label");
        }
        Ok(Mailbox { address: start..self.at, domain: domain..self.at })
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

/// The spans of the tags that the statement publishes or compares.
struct Tags {
    domain: Range<usize>,
    timestamp: Option<Range<usize>>,
}

/// Relation point 6: the tag list of the signature field.
fn parse_tags(block: &[u8], span: Range<usize>) -> Result<Tags, Refusal> {
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

fn is_printable(byte: u8) -> bool {
    (0x20..=0x7e).contains(&byte)
}

/// RFC 5322 §3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
