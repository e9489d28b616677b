//! DKIM key records (RFC 6376 §3.6.1): a DNS TXT record to an RSA key.

use crate::der;
use crate::key_text;
use crate::refusal::{show_byte, show_text, Place, Refusal, Rule};
use crate::rsa::{EXPONENT, MODULUS_BITS};
use crate::tags::TagList;
use base64::prelude::{Engine, BASE64_STANDARD};
use num_bigint::BigUint;

pub use crate::key_text::MAX_RECORD_BYTES;

/// An RSA key record that a signature may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Modulus n, of any size ([`Self::check_strength`] demands 2,048 bits).
    pub modulus: BigUint,
    /// Public exponent e, of any size ([`Self::check_strength`] demands 65537).
    pub exponent: BigUint,
    /// `t=s`: the identity's domain must be the signing domain itself.
    pub strict_identity: bool,
}

impl KeyRecord {
    /// Parses the record published at `name`, in whatever form [`key_text`] reads; the name only
    /// serves the refusals' places.
    ///
    /// # Errors
    ///
    /// [`Rule::KeyRecord`]: what the text is instead, or what is wrong with the record.
    pub fn parse(name: &str, text: &str) -> Result<Self, Refusal> {
        let refuse = |detail: String, hint: &str| {
            Err(Refusal::new(Rule::KeyRecord, Place::key_record(name), detail).hint(hint))
        };
        let text = match key_text::single(text) {
            Ok(record) => without_empty_tags(&record.text),
            Err(error) => return refuse(error.what, &error.hint),
        };
        if text.len() > MAX_RECORD_BYTES {
            return refuse(format!("a record of {} bytes", text.len()), "");
        }
        let tags = match TagList::parse(text.as_bytes()) {
            Ok(tags) => tags,
            Err(error) => {
                let place = Place::key_record(name).at(error.offset);
                let shown = show_text(text.as_bytes());
                let detail = format!("{} in {shown:?}", error.what);
                return Err(Refusal::new(Rule::KeyRecord, place, detail)
                    .hint("give the TXT record as published, `v=DKIM1; k=rsa; p=…`"));
            }
        };
        if let Some(tag) = tags.duplicate() {
            return refuse(format!("a second {}= tag", tag.name), "each tag may occur once");
        }
        if let Some(v) = tags.get("v") {
            if v.value != b"DKIM1" {
                return refuse(format!("v={}", show_text(&v.value)), "only v=DKIM1 is known");
            }
            if tags.iter().next() != Some(v) {
                return refuse("v= is not the first tag".into(), "RFC 6376 §3.6.1 wants it first");
            }
        }
        let lists = |tag: &str, wanted: &[&[u8]]| match tags.get(tag).map(|tag| tag.compact()) {
            None => true,
            Some(list) => list.split(|&b| b == b':').any(|item| wanted.contains(&item)),
        };
        let shown = |tag: &str| show_text(tags.value(tag).unwrap_or_default());
        if !lists("k", &[b"rsa"]) {
            return refuse(format!("k={}", shown("k")), "only RSA keys can be proved");
        }
        if !lists("h", &[b"sha256"]) {
            return refuse(format!("h={} excludes sha256", shown("h")), "");
        }
        if !lists("s", &[b"*", b"email"]) {
            return refuse(format!("s={} excludes e-mail", shown("s")), "");
        }
        let flag = |flag: &[u8]| tags.get("t").is_some() && lists("t", &[flag]);
        if flag(b"y") {
            let hint = "mail of a domain that only tests DKIM counts as unsigned";
            return refuse("the key is for testing (t=y)".into(), hint);
        }
        let Some(p) = tags.get("p").map(|tag| tag.compact()) else {
            return refuse("no p= tag".into(), "the record must hold a key");
        };
        if p.is_empty() {
            return refuse("the key is revoked (empty p=)".into(), "use a newer message");
        }
        // Base64 has no quotes: where one stands, two pieces were pasted together.
        let p: Vec<u8> = p.into_iter().filter(|b| *b != b'"').collect();
        let bytes = match BASE64_STANDARD.decode(&p) {
            Ok(bytes) => bytes,
            Err(error) => return refuse(not_base64(&error, &p), WHOLE),
        };
        match der::rsa_public_key(&bytes) {
            Ok((modulus, exponent)) => Ok(Self { modulus, exponent, strict_identity: flag(b"s") }),
            Err(_) if bytes.len() == ED25519_BYTES => refuse(
                "p= holds 32 bytes, which is an Ed25519 key".into(),
                "only RSA keys can be proved; give the record of the selector with k=rsa",
            ),
            Err(what) => refuse(what.into(), WHOLE),
        }
    }

    /// What the statement demands: exactly 2,048 bits, e = 65537.
    pub fn check_strength(&self, name: &str) -> Result<(), Refusal> {
        let place = || Place::key_record(name);
        let bits = self.modulus.bits();
        if bits != MODULUS_BITS {
            let hint = if bits < MODULUS_BITS {
                "the domain must publish a 2,048-bit key, shorter ones can be factored; at a mailbox \
                 provider that has none, use another provider"
            } else {
                "larger keys are not supported yet"
            };
            return Err(
                Refusal::new(Rule::KeySize, place(), format!("a {bits}-bit key")).hint(hint)
            );
        }
        if self.exponent != BigUint::from(EXPONENT) {
            let exponent = match self.exponent.bits() {
                0..=64 => self.exponent.to_string(),
                bits => format!("a number of {bits} bits"),
            };
            return Err(Refusal::new(
                Rule::KeyExponent,
                place(),
                format!("the exponent {exponent}"),
            )
            .hint("only e = 65537 is supported"));
        }
        Ok(())
    }
}

/// What to do about a record that is not whole.
const WHOLE: &str = "give the record unchanged and complete";
/// RFC 8463 §4: the key itself, without a structure around it.
const ED25519_BYTES: usize = 32;

/// A doubled or closing-double semicolon leaves a tag without a name or a value, which means nothing.
fn without_empty_tags(text: &str) -> String {
    let tags = text.split(';').filter(|tag| !tag.trim().is_empty());
    tags.collect::<Vec<_>>().join(";")
}

fn not_base64(error: &base64::DecodeError, p: &[u8]) -> String {
    match error {
        base64::DecodeError::InvalidByte(at, byte) if *byte != b'=' => {
            format!("p= is not base64: {} as its character {}", show_byte(*byte), at + 1)
        }
        _ => {
            format!("p= is not base64: cut off or changed, {} characters of it are there", p.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> String {
        // SEQUENCE { INTEGER 197, INTEGER 65537 }
        BASE64_STANDARD.encode([0x30, 9, 2, 2, 0, 0xc5, 2, 3, 1, 0, 1])
    }

    fn parse(text: &str) -> Result<KeyRecord, String> {
        KeyRecord::parse("s._domainkey.b.cc", text).map_err(|refusal| {
            assert_eq!(refusal.rule, Rule::KeyRecord);
            refusal.detail
        })
    }

    #[test]
    fn accepts_records() {
        let p = key();
        for text in [
            format!("v=DKIM1; k=rsa; p={p}"),
            format!("p={p}"),
            format!("v=DKIM1;h=sha1 : sha256;s=email;t=x;n=note;g=*;p={p};"),
            format!("v=DKIM1; s=*; p={} {}", &p[..4], &p[4..]),
            format!("\"v=DKIM1; k=rsa; p={}\" \"{}\"", &p[..4], &p[4..]),
            format!("v=DKIM1;; k=rsa; p={p};;"),
            format!("v=DKIM1; k=rsa; p={}\" \"{}", &p[..4], &p[4..]),
            format!("v=DKIM1\\; k=rsa\\; p={p}"),
        ] {
            let record = parse(&text).unwrap();
            assert_eq!(record.modulus, BigUint::from(197u32), "{text}");
            assert!(!record.strict_identity);
        }
        assert!(parse(&format!("v=DKIM1; t=s; p={p}")).unwrap().strict_identity);
    }

    #[test]
    fn rejects_records() {
        let p = key();
        for (text, what) in [
            (String::new(), "an empty text"),
            (";; ;".into(), "a tag without"),
            ("\"v=DKIM1; p=\" x".into(), "between the quoted pieces"),
            ("v=DKIM1".into(), "no p="),
            ("v=DKIM1; p=".into(), "revoked"),
            ("v=DKIM1; p=!".into(), "not base64"),
            ("v=DKIM1; p=AAAA".into(), "another structure"),
            ("v=DKIM1; p=MAkCAgDFAgMBAA==".into(), "cut off"),
            (format!("v=DKIM2; p={p}"), "v=DKIM2"),
            (format!("k=rsa; v=DKIM1; p={p}"), "not the first"),
            (format!("v=DKIM1; k=ed25519; p={p}"), "k=ed25519"),
            (format!("v=DKIM1; h=sha1; p={p}"), "excludes sha256"),
            (format!("v=DKIM1; s=tlsrpt; p={p}"), "excludes e-mail"),
            (format!("v=DKIM1; t=y; p={p}"), "testing"),
            (format!("v=DKIM1; t=s:y; p={p}"), "testing"),
            (format!("v=DKIM1; p={p}; p={p}"), "second p="),
            (format!("v=DKIM1; p={p}é"), "a character (U+00E9)"),
            (format!("v=DKIM1; p={p}\u{1}"), "no tag value"),
            (format!("v=DKIM1; n={}; p={p}", "x".repeat(MAX_RECORD_BYTES)), "bytes"),
            (format!("v=DKIM1; p={}", BASE64_STANDARD.encode([7; 32])), "Ed25519"),
        ] {
            let got = parse(&text).unwrap_err();
            assert!(got.contains(what), "{text}: {got}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_base64() {
        for (p, what) in [
            ("MI!I", "'!' as its character 3"),
            ("MII", "cut off or changed, 3 characters"),
            ("MII=MII=", "cut off or changed, 8 characters"),
            ("MIIx=", "cut off or changed, 5 characters"),
        ] {
            let got = parse(&format!("v=DKIM1; p={p}")).unwrap_err();
            assert!(got.contains(what), "{p}: {got}");
        }
    }

    #[test]
    fn the_longest_record_is_read() {
        let head = format!("v=DKIM1; p={}; n=", key());
        let record = |len: usize| parse(&format!("{head}{}", "x".repeat(len - head.len())));
        assert!(record(MAX_RECORD_BYTES).is_ok());
        let refused = record(MAX_RECORD_BYTES + 1).unwrap_err();
        assert_eq!(refused, format!("a record of {} bytes", MAX_RECORD_BYTES + 1));
    }

    #[test]
    fn strength() {
        let rule = |bits: u64, exponent: u32| {
            let modulus = (BigUint::from(1u32) << (bits - 1)) + 1u32;
            let record = KeyRecord { modulus, exponent: exponent.into(), strict_identity: false };
            record.check_strength("n").map_err(|refusal| (refusal.rule, refusal.hint))
        };
        assert_eq!(rule(2048, 65537), Ok(()));
        for (bits, why) in [
            (512, "can be factored"),
            (1024, "can be factored"),
            (2047, "can be factored"),
            (2049, "not supported yet"),
            (4096, "not supported yet"),
        ] {
            let (rule, hint) = rule(bits, 65537).unwrap_err();
            assert!(rule == Rule::KeySize && hint.contains(why), "{bits}: {hint}");
        }
        for exponent in [1, 3, 17, 65539] {
            assert_eq!(rule(2048, exponent).unwrap_err().0, Rule::KeyExponent);
        }
    }
}
