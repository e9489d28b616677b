//! The tags of a signature, each as the statement and RFC 6376 §3.5 want it.

use super::{SignatureField, MAX_SIGNED_NAMES};
use crate::canon::Canonicalisation;
use crate::header::MAX_TIMESTAMP_DIGITS;
use crate::message::{Field, Message};
use crate::refusal::{show_text, Refusal, Rule};
use crate::tags::TagList;
use base64::prelude::{Engine, BASE64_STANDARD};

/// A signature with every tag checked.
#[derive(Clone, Debug)]
pub struct Signature {
    /// `d=`: the signing domain, lowered; at most 253 bytes.
    pub domain: String,
    /// `s=`: the selector, lowered; at most 253 bytes.
    pub selector: String,
    /// Domain of the identity `i=`, lowered; the signing domain where there is none.
    pub identity_domain: String,
    /// How the body is canonicalised.
    pub body_canonicalisation: Canonicalisation,
    /// `bh=`, decoded: the 32 bytes of a SHA-256.
    pub body_hash: Vec<u8>,
    /// `t=` in seconds since 1970, at most 12 digits; `None` where there is no such tag.
    pub timestamp: Option<u64>,
    /// `x=`, after which the signature is void, in the same form as `timestamp`.
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
