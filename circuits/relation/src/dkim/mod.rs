//! DKIM-Signature fields (RFC 6376 §3.5) and the signed header block (§3.7, §5.4.2).
//!
//! Reading a signature is split in two: [`SignatureField::read`] needs only tag-list syntax, so
//! that a report can say whose signature it is even if a tag is wrong; [`Signature::check`]
//! demands every tag as the statement and RFC 6376 want it.

mod signature;

pub use signature::Signature;

use crate::canon::{self, Canonicalisation};
use crate::message::{Field, Message};
use crate::refusal::{Place, Refusal, Rule};
use crate::tags::TagList;
use base64::prelude::{Engine, BASE64_STANDARD};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use zeroize::Zeroize;

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

/// Shows numbers of fields and bytes only: the block holds the address.
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

/// The DKIM-Signature fields of a message, from the top.
pub fn signature_fields(message: &Message) -> Vec<usize> {
    let is_signature = |(_, field): &(usize, &Field)| field.is("dkim-signature");
    let fields = message.fields().iter().enumerate().filter(is_signature);
    fields.map(|(index, _)| index).collect()
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
mod tests;
