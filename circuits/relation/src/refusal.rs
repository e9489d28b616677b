//! Why a message or a statement is refused: the rule, the place, the reason and the remedy.

use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $title:literal;)*) => {
        /// Every rule that a message must keep, in the order in which they are reported.
        ///
        /// The identifiers are stable: scripts and translations may rely on them.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// All rules, in reporting order.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant,)*];

            /// The stable identifier, in kebab case.
            pub const fn id(self) -> &'static str {
                match self { $(Rule::$variant => $id,)* }
            }

            /// One line for people.
            pub const fn title(self) -> &'static str {
                match self { $(Rule::$variant => $title,)* }
            }
        }
    };
}

rules! {
    /// The file is a sequence of header fields and a body, with proper line ends.
    MessageSyntax = "message-syntax", "the file is a well-formed message";
    /// Exactly one From field, in the message and in the signed block.
    OneFrom = "one-from", "exactly one From field, and it is signed";
    /// Exactly one Subject field, in the message and in the signed block.
    OneSubject = "one-subject", "exactly one Subject field, and it is signed";
    /// Clause 4.1: one mailbox, unambiguous.
    FromGrammar = "from-grammar", "the From field holds one plain mailbox";
    /// Clause 5.2: at most 124 bytes, the domain at most 62.
    AddressLength = "address-length", "the address fits into 124 bytes, its domain into 62";
    /// There is a DKIM-Signature field at all.
    SignaturePresent = "signature-present", "the message carries a DKIM signature";
    /// Exactly one well-formed `d=`.
    SigningDomain = "signing-domain", "the signature names its domain (d=)";
    /// Clause 7.1: the From domain is `d=`.
    Alignment = "alignment", "the signing domain is the domain of the From address";
    /// RFC 6376 §3.2: the signature field is a tag list without duplicates.
    TagList = "tag-list", "the DKIM-Signature field is a well-formed tag list";
    /// `v=1`.
    Version = "version", "the signature has version 1 (v=1)";
    /// `a=rsa-sha256`.
    Algorithm = "algorithm", "the signature algorithm is rsa-sha256";
    /// `c=relaxed` for the header.
    Canonicalisation = "canonicalisation", "the header canonicalisation is relaxed";
    /// No `l=`.
    LengthTag = "length-tag", "the signature covers the whole body (no l=)";
    /// `t=` and `x=`.
    Timestamp = "timestamp", "the signature's times are well formed (t=, x=)";
    /// `i=` lies at or under `d=`.
    Identity = "identity", "the signature's identity (i=) belongs to its domain";
    /// `h=` names From and Subject.
    SignedFields = "signed-fields", "the signature covers From and Subject (h=)";
    /// `bh=` is the hash of the body.
    BodyHash = "body-hash", "the body is the one that was signed (bh=)";
    /// RFC 6376 §3.6.1: a usable key record.
    KeyRecord = "key-record", "the signing key is published and may be used";
    /// Exactly 2,048 bits, and odd.
    KeySize = "key-size", "the RSA key is an odd number of exactly 2,048 bits";
    /// Exponent 65537.
    KeyExponent = "key-exponent", "the RSA key has the exponent 65537";
    /// `b=` is base64 of 256 bytes, a number below the modulus.
    SignatureEncoding = "signature-encoding", "the signature value (b=) is well formed";
    /// The signed header block has at most 1,024 bytes.
    HeaderLength = "header-length", "the signed header fits into 1,024 bytes";
    /// Clause 2.2: fields, CRLF, no stray control bytes.
    HeaderSyntax = "header-syntax", "the signed header is a sequence of clean fields";
    /// Clause 3.3: the signature field is the last one, and only the last.
    SignatureFieldLast = "signature-field-last", "one signature field, at the end of the block";
    /// The Subject is printable ASCII of at most 186 bytes.
    SubjectText = "subject-text", "the Subject is printable ASCII of at most 186 bytes";
    /// Clause 1.1: the RSA signature.
    RsaSignature = "rsa-signature", "the RSA signature is valid for the signed header";
    /// Clause 8.1: the key is in the registry.
    Registry = "registry", "domain and key are in the key registry";
    /// Clause 2.4: the Subject is the seal of the command.
    SealedSubject = "sealed-subject", "the Subject is sealed over the command";
    /// Clause 9.3: the bound is not above `t=`.
    NotBefore = "input-not-before", "the lower bound of the time is not above t=";
}

impl Rule {
    /// Whether the rule is about the message alone, not about what a prover adds to it: a registry, a bound, a blinding.
    pub fn is_about_messages(self) -> bool {
        !matches!(self, Rule::Registry | Rule::SealedSubject | Rule::NotBefore)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// The part of the input that a [`Place`] lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The message file.
    Message,
    /// The signed header block (the bytes whose hash is signed).
    SignedHeader,
    /// A DNS key record.
    KeyRecord,
    /// The key registry.
    Registry,
    /// A number handed in: signature, modulus or path.
    Input,
}

/// Where a rule failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Which input.
    pub part: Part,
    /// Line of the message file, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Field or record name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Byte offset, counted from 0, in the part (in the field's value for a message).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
}

impl Place {
    /// A part as a whole.
    pub fn part(part: Part) -> Self {
        Self { part, line: None, field: None, offset: None }
    }

    /// A line of the message.
    pub fn line(line: u32) -> Self {
        Self { line: Some(line), ..Self::part(Part::Message) }
    }

    /// A field of the message.
    pub fn field(name: impl Into<String>, line: u32) -> Self {
        Self { field: Some(name.into()), ..Self::line(line) }
    }

    /// A byte of the signed header block.
    pub fn block(offset: usize) -> Self {
        Self { offset: Some(offset), ..Self::part(Part::SignedHeader) }
    }

    /// A DNS name's record.
    pub fn key_record(name: impl Into<String>) -> Self {
        Self { field: Some(name.into()), ..Self::part(Part::KeyRecord) }
    }

    /// The same place with a byte offset.
    pub fn at(mut self, offset: usize) -> Self {
        self.offset = Some(offset);
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.part {
            Part::Message => "message",
            Part::SignedHeader => "signed header",
            Part::KeyRecord => "key record",
            Part::Registry => "key registry",
            Part::Input => "input",
        })?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        match self.offset {
            Some(offset) => write!(f, ", byte {offset}"),
            None => Ok(()),
        }
    }
}

/// A rule that failed, where, why, and what would make it pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{rule}: {detail} ({place})")]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// Where it failed.
    pub place: Place,
    /// What was found.
    pub detail: String,
    /// What would make it pass; empty where nothing would.
    pub hint: String,
}

impl Refusal {
    /// A refusal without advice.
    pub fn new(rule: Rule, place: Place, detail: impl Into<String>) -> Self {
        Self { rule, place, detail: detail.into(), hint: String::new() }
    }

    /// The same refusal with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// Shows a byte of a message in a refusal: printable as itself, others as a number.
pub(crate) fn show_byte(byte: u8) -> String {
    match byte {
        0x21..=0x7e => format!("'{}'", byte as char),
        b' ' => "a space".into(),
        _ => format!("byte 0x{byte:02x}"),
    }
}

/// Shows untrusted text in a refusal: printable ASCII only, and not more than 80 bytes of it.
pub(crate) fn show_text(bytes: &[u8]) -> String {
    const MAX: usize = 80;
    let mut out: String = bytes
        .iter()
        .take(MAX)
        .map(|&b| if (0x20..=0x7e).contains(&b) { b as char } else { '?' })
        .collect();
    if bytes.len() > MAX {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_unique() {
        let mut seen = std::collections::HashSet::new();
        for rule in Rule::ALL {
            assert!(seen.insert(rule.id()), "{rule} twice");
            assert!(rule.id().bytes().all(|b| b == b'-' || b.is_ascii_lowercase()));
            assert!(!rule.title().is_empty());
        }
    }

    #[test]
    fn all_is_in_the_order_of_the_variants() {
        assert!(Rule::ALL.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn a_refusal_reads_as_one_sentence() {
        let refusal = Refusal::new(Rule::OneFrom, Place::field("From", 7).at(3), "two From fields");
        assert_eq!(
            refusal.to_string(),
            "one-from: two From fields (message, line 7, From, byte 3)"
        );
        let record = Place::key_record("s._domainkey.b.cc").to_string();
        assert_eq!(record, "key record, s._domainkey.b.cc");
        let json = serde_json::to_value(&refusal).unwrap();
        assert_eq!(json["rule"], "one-from");
        assert_eq!(json["place"]["line"], 7);
    }

    #[test]
    fn untrusted_text_is_cleaned_and_cut() {
        assert_eq!(show_text(b"a\x1b[2Jb"), "a?[2Jb");
        assert_eq!(show_text(&[b'x'; 100]), "x".repeat(80) + "…");
        assert_eq!(show_text(&[b'x'; 80]), "x".repeat(80));
        assert_eq!(show_byte(9), "byte 0x09");
    }
}
