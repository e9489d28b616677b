//! DKIM-Signature fields (RFC 6376 §3.5) and the signed header block (§3.7, §5.4.2).
//!
//! Reading a signature is split in two: [`SignatureField::read`] needs only tag-list syntax, so
//! that a report can say whose signature it is even if a tag is wrong; [`Signature::check`]
//! demands every tag as the statement and RFC 6376 want it.

use super::canon::{self, Canonicalisation};
use super::header::MAX_TIMESTAMP_DIGITS;
use super::message::{Field, Message};
use super::refusal::{show_text, Place, Refusal, Rule};
use super::tags::TagList;
use base64::prelude::{Engine, BASE64_STANDARD};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use zeroize::Zeroize;

/// Signatures beyond this many are not looked at: each costs a hash and an RSA operation.
pub const MAX_SIGNATURES: usize = 20;
/// More names than this in `h=` are refused.
pub const MAX_SIGNED_NAMES: usize = 512;

/// A DKIM-Signature field whose value is a tag list.
#[derive(Clone, Debug)]
pub struct SignatureField {
    /// Index of the field in the message.
    pub field: usize,
    /// The tags, as they stand; duplicates and unknown ones included.
    pub tags: TagList,
}

/// The signed header block and where each field of it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedHeader {
    /// The exact bytes whose SHA-256 is signed.
    pub bytes: Vec<u8>,
    /// For each field of the block, its bytes (without CRLF) and its index in the message.
    pub fields: Vec<(Range<usize>, usize)>,
}

/// Shows sizes only.
impl fmt::Debug for SignedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedHeader({} fields, {} bytes)", self.fields.len(), self.bytes.len())
    }
}

impl Drop for SignedHeader {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl SignedHeader {
    /// The index in the message of the field that holds this byte of the block.
    pub fn field_at(&self, offset: usize) -> Option<usize> {
        let next = self.fields.iter().position(|(span, _)| offset < span.end + 2);
        next.or(self.fields.len().checked_sub(1)).map(|i| self.fields[i].1)
    }
}

impl SignatureField {
    /// Reads the signature field with this index; the value must be a tag list.
    pub fn read(message: &Message, field: usize) -> Result<Self, Refusal> {
        let text = &message.fields()[field];
        match TagList::parse(text.value()) {
            Ok(tags) => Ok(Self { field, tags }),
            Err(error) => {
                let place = text.place().at(error.offset);
                Err(Refusal::new(Rule::TagList, place, error.what)
                    .hint("the signature is unusable; the sender must sign again"))
            }
        }
    }

    /// The signing domain, lowered; empty where there is none.
    pub fn domain(&self) -> Vec<u8> {
        self.tags.value("d").unwrap_or_default().to_ascii_lowercase()
    }

    /// The header canonicalisation of `c=`; simple is the default.
    pub fn header_canonicalisation(&self) -> Canonicalisation {
        match self.tags.value("c") {
            Some(c) if c == b"relaxed" || c.starts_with(b"relaxed/") => Canonicalisation::Relaxed,
            _ => Canonicalisation::Simple,
        }
    }

    /// The names of `h=`, lowered.
    pub fn signed_names(&self) -> Vec<Vec<u8>> {
        let value = self.tags.get("h").map(|tag| tag.compact()).unwrap_or_default();
        value.to_ascii_lowercase().split(|&b| b == b':').map(<[u8]>::to_vec).collect()
    }

    /// The exact bytes that this signature signs, whatever else is wrong with it.
    ///
    /// RFC 6376 §5.4.2: of fields with the same name the lowest is taken first; a name without a
    /// field left stands for nothing. The signature itself comes last, its `b=` emptied.
    pub fn signed_header(&self, message: &Message) -> SignedHeader {
        let canonicalisation = self.header_canonicalisation();
        let mut left: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        for (index, field) in message.fields().iter().enumerate() {
            if index != self.field {
                left.entry(field.name().to_ascii_lowercase()).or_default().push(index);
            }
        }
        let mut header = SignedHeader { bytes: Vec::new(), fields: Vec::new() };
        for name in self.signed_names().iter().take(MAX_SIGNED_NAMES) {
            if let Some(index) = left.get_mut(name).and_then(Vec::pop) {
                let field = &message.fields()[index];
                header.push(canonical(canonicalisation, field.raw(), field), index);
                header.bytes.extend_from_slice(b"\r\n");
            }
        }
        let field = &message.fields()[self.field];
        header.push(canonical(canonicalisation, &self.without_signature(field), field), self.field);
        header
    }

    /// The raw field with everything between `b=` and the next `;` or the end removed.
    fn without_signature(&self, field: &Field) -> Vec<u8> {
        let value_at = field.raw().len() - field.value().len();
        let mut raw = field.raw().to_vec();
        if let Some(tag) = self.tags.get("b") {
            raw.drain(value_at + tag.raw.start..value_at + tag.raw.end);
        }
        raw
    }

    /// The bytes of `b=`, if they are base64.
    pub fn signature_bytes(&self) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(self.tags.get("b")?.compact()).ok()
    }
}

impl SignedHeader {
    fn push(&mut self, field: Vec<u8>, index: usize) {
        let start = self.bytes.len();
        self.bytes.extend(field);
        self.fields.push((start..self.bytes.len(), index));
    }
}

fn canonical(canonicalisation: Canonicalisation, raw: &[u8], field: &Field) -> Vec<u8> {
    match canonicalisation {
        Canonicalisation::Simple => raw.to_vec(),
        Canonicalisation::Relaxed => {
            let value_at = field.raw().len() - field.value().len();
            canon::relaxed_field(field.name(), &raw[value_at..])
        }
    }
}

/// A signature with every tag checked.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Signing domain, lowered.
    pub domain: String,
    /// Selector.
    pub selector: String,
    /// Domain of the identity `i=`, lowered; the signing domain where there is none.
    pub identity_domain: String,
    /// How the body is canonicalised.
    pub body_canonicalisation: Canonicalisation,
    /// `bh=`.
    pub body_hash: Vec<u8>,
    /// `t=`.
    pub timestamp: Option<u64>,
    /// `x=`.
    pub expiry: Option<u64>,
}

impl Signature {
    /// Checks every tag but `b=`; all faults, in the order of the rules.
    pub fn check(message: &Message, signature: &SignatureField) -> Result<Self, Vec<Refusal>> {
        let check = Check { tags: &signature.tags, field: &message.fields()[signature.field] };
        let mut faults = Vec::new();
        let domain = keep(check.domain_name("d", Rule::SigningDomain), &mut faults);
        keep(check.no_duplicate(), &mut faults);
        keep(check.query(), &mut faults);
        let selector = keep(check.domain_name("s", Rule::TagList), &mut faults);
        keep(check.exactly("v", "1", Rule::Version), &mut faults);
        keep(check.exactly("a", "rsa-sha256", Rule::Algorithm), &mut faults);
        let body_canonicalisation = keep(check.canonicalisation(), &mut faults);
        keep(check.no_length(), &mut faults);
        let timestamp = keep(check.time("t"), &mut faults);
        let expiry = keep(check.time("x"), &mut faults);
        let owner = domain.clone().unwrap_or_default();
        let identity_domain = keep(check.identity(&owner), &mut faults);
        keep(check.signed_names(&signature.signed_names()), &mut faults);
        let body_hash = keep(check.body_hash(), &mut faults);
        match (
            domain,
            selector,
            body_canonicalisation,
            timestamp,
            expiry,
            identity_domain,
            body_hash,
        ) {
            (Some(domain), Some(selector), Some(body), Some(t), Some(x), Some(i), Some(bh))
                if faults.is_empty() =>
            {
                Ok(Self {
                    domain,
                    selector,
                    identity_domain: i,
                    body_canonicalisation: body,
                    body_hash: bh,
                    timestamp: t,
                    expiry: x,
                })
            }
            _ => Err(faults),
        }
    }
}

fn keep<T>(result: Result<T, Refusal>, faults: &mut Vec<Refusal>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

struct Check<'a> {
    tags: &'a TagList,
    field: &'a Field,
}

impl Check<'_> {
    fn refuse<T>(&self, rule: Rule, tag: &str, detail: String, hint: &str) -> Result<T, Refusal> {
        let place = match self.tags.get(tag) {
            Some(tag) => self.field.place().at(tag.name_at),
            None => self.field.place(),
        };
        Err(Refusal::new(rule, place, detail).hint(hint))
    }

    fn required(&self, tag: &str, rule: Rule) -> Result<&[u8], Refusal> {
        match self.tags.value(tag) {
            Some(value) => Ok(value),
            None => self.refuse(rule, tag, format!("no {tag}= tag"), "RFC 6376 §3.5 requires it"),
        }
    }

    fn no_duplicate(&self) -> Result<(), Refusal> {
        match self.tags.duplicate() {
            None => Ok(()),
            Some(tag) => {
                let place = self.field.place().at(tag.name_at);
                let detail = format!("a second {}= tag", tag.name);
                Err(Refusal::new(Rule::TagList, place, detail).hint("each tag may occur once"))
            }
        }
    }

    fn exactly(&self, tag: &str, want: &str, rule: Rule) -> Result<(), Refusal> {
        match self.required(tag, rule)? {
            value if value == want.as_bytes() => Ok(()),
            value => {
                let detail = format!("{tag}={}", show_text(value));
                self.refuse(rule, tag, detail, &format!("only {tag}={want} is supported"))
            }
        }
    }

    fn domain_name(&self, tag: &str, rule: Rule) -> Result<String, Refusal> {
        let value = self.required(tag, rule)?;
        // Selectors with underscores exist; a domain with one has no mailbox in the grammar.
        let label = |label: &[u8]| {
            !label.is_empty()
                && label.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if value.len() > 253 || !value.split(|&b| b == b'.').all(label) {
            let detail = format!("{tag}={} is no domain name", show_text(value));
            return self.refuse(rule, tag, detail, "");
        }
        Ok(show_text_whole(value))
    }

    /// `q=` lists how to get the key; DNS must be among the ways.
    fn query(&self) -> Result<(), Refusal> {
        match self.tags.get("q").map(|tag| tag.compact()) {
            None => Ok(()),
            Some(q) if q.split(|&b| b == b':').any(|way| way == b"dns/txt" || way == b"dns") => {
                Ok(())
            }
            Some(q) => self.refuse(Rule::TagList, "q", format!("q={}", show_text(&q)), ""),
        }
    }

    fn canonicalisation(&self) -> Result<Canonicalisation, Refusal> {
        match self.tags.value("c") {
            Some(b"relaxed" | b"relaxed/simple") => Ok(Canonicalisation::Simple),
            Some(b"relaxed/relaxed") => Ok(Canonicalisation::Relaxed),
            other => {
                let detail = match other {
                    None => "no c= tag, which means simple/simple".into(),
                    Some(c) => format!("c={}", show_text(c)),
                };
                let hint = "the sender's server must sign with c=relaxed/relaxed or relaxed/simple";
                self.refuse(Rule::Canonicalisation, "c", detail, hint)
            }
        }
    }

    fn no_length(&self) -> Result<(), Refusal> {
        match self.tags.get("l") {
            None => Ok(()),
            Some(_) => self.refuse(
                Rule::LengthTag,
                "l",
                "the signature limits the body with l=".into(),
                "the sender's server must sign the whole body",
            ),
        }
    }

    fn time(&self, tag: &str) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.tags.value(tag) else { return Ok(None) };
        let digits = (1..=MAX_TIMESTAMP_DIGITS).contains(&value.len())
            && value.iter().all(u8::is_ascii_digit);
        match std::str::from_utf8(value).ok().filter(|_| digits).and_then(|v| v.parse().ok()) {
            Some(time) => Ok(Some(time)),
            None => {
                let detail = format!("{tag}={} is no time", show_text(value));
                self.refuse(Rule::Timestamp, tag, detail, "1 to 12 digits, seconds since 1970")
            }
        }
    }

    fn identity(&self, domain: &str) -> Result<String, Refusal> {
        let Some(tag) = self.tags.get("i") else { return Ok(domain.to_owned()) };
        let value = show_text_whole(&tag.compact());
        match value.rsplit_once('@') {
            Some((_, host)) if host == domain || host.ends_with(&format!(".{domain}")) => {
                Ok(host.to_owned())
            }
            _ => {
                let detail = format!("i={} is not at or under d=", show_text(value.as_bytes()));
                self.refuse(Rule::Identity, "i", detail, "")
            }
        }
    }

    fn signed_names(&self, names: &[Vec<u8>]) -> Result<(), Refusal> {
        self.required("h", Rule::SignedFields)?;
        if names.len() > MAX_SIGNED_NAMES {
            let detail = format!("{} names in h=", names.len());
            return self.refuse(Rule::SignedFields, "h", detail, "");
        }
        for wanted in ["from", "subject"] {
            if !names.iter().any(|name| name == wanted.as_bytes()) {
                let detail = format!("h= does not list {wanted}");
                let hint = "the sender's server must sign From and Subject";
                return self.refuse(Rule::SignedFields, "h", detail, hint);
            }
        }
        Ok(())
    }

    fn body_hash(&self) -> Result<Vec<u8>, Refusal> {
        self.required("bh", Rule::BodyHash)?;
        let value = self.tags.get("bh").map(|tag| tag.compact()).unwrap_or_default();
        match BASE64_STANDARD.decode(value) {
            Ok(hash) if hash.len() == 32 => Ok(hash),
            _ => self.refuse(Rule::BodyHash, "bh", "bh= is not a SHA-256 in base64".into(), ""),
        }
    }
}

/// ASCII text lowered; other bytes become `?`, which no domain holds.
fn show_text_whole(bytes: &[u8]) -> String {
    let shown = |b: &u8| if b.is_ascii_graphic() { b.to_ascii_lowercase() as char } else { '?' };
    bytes.iter().map(shown).collect()
}

/// The DKIM-Signature fields of a message, from the top, at most [`MAX_SIGNATURES`].
pub fn signature_fields(message: &Message) -> Vec<usize> {
    let is_signature = |(_, field): &(usize, &Field)| field.is("dkim-signature");
    let fields = message.fields().iter().enumerate().filter(is_signature);
    fields.take(MAX_SIGNATURES).map(|(index, _)| index).collect()
}

/// The DNS name at which a selector's key is published.
pub fn key_name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// The place of a refusal of the block, as a line of the message.
pub(crate) fn place_in_message(header: &SignedHeader, message: &Message, place: Place) -> Place {
    match place.offset.and_then(|at| header.field_at(at)).and_then(|i| message.fields().get(i)) {
        Some(field) => Place { line: Some(field.line()), field: field.place().field, ..place },
        None => place,
    }
}

#[cfg(test)]
#[path = "dkim_tests.rs"]
mod tests;
