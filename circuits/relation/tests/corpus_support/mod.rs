//! The adversarial messages of the test vectors, and messages from outside where there are some.

use std::collections::BTreeSet;

use num_bigint::BigUint;
use serde_json::Value;
use zkdkim_relation::{
    canon,
    dkim::{self, SignatureField},
    key_record::KeyRecord,
    message::Message,
    tags::TagList,
    DnsRecords,
};
use zkdkim_test_vectors::{adversarial, outside_messages, Stored};

/// A file with bare line feeds. The tools read it as if they were CRLF; the manifest's verdict on the statement is about
/// the bytes as they stand.
pub const LF_FILE: &str = "lf-only.eml";

/// The block of [`LF_FILE`] as the manifest judges it.
pub fn block_with_bare_line_feeds(message: &Message, signature: &SignatureField) -> Vec<u8> {
    let header = signature.signed_header(message);
    let mut block = Vec::new();
    for (span, index) in &header.fields {
        let field = &message.fields()[*index];
        if *index != signature.field {
            block.extend(&header.bytes[span.clone()]);
            block.extend(b"\n\r\n");
        } else {
            let raw = field.value().split(|b| *b == b'\r').collect::<Vec<_>>().concat();
            let b_at = raw.windows(3).position(|w| w == b" b=").expect("b=") + 3;
            block.extend(canon::relaxed_field(field.name(), &raw[..b_at]));
        }
    }
    block
}

/// A message and its entry in the manifest.
pub struct Case {
    pub name: String,
    pub bytes: Vec<u8>,
    pub entry: Value,
}

/// What a prover may try to prove of a message: any of its signatures with any key on offer.
pub struct Attempt {
    pub block: Vec<u8>,
    pub signature: BigUint,
    pub modulus: BigUint,
}

impl Case {
    pub fn category(&self) -> &str {
        self.entry["category"].as_str().unwrap_or("outside")
    }

    pub fn provable(&self) -> bool {
        self.entry["statement"]["provable"].as_bool().expect("statement.provable")
    }

    pub fn identities(&self) -> BTreeSet<String> {
        strings(&self.entry["statement"]["identities"])
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.entry[key].as_str()
    }

    pub fn dns(&self) -> DnsRecords {
        serde_json::from_value(self.entry["dns"].clone()).expect("dns of the manifest")
    }

    pub fn expected(&self) -> &str {
        self.text("expected").expect("expected")
    }

    pub fn expected_address(&self) -> Option<String> {
        let address = self.text("expected_from").or(self.text("from_address"));
        address.map(str::to_ascii_lowercase)
    }

    /// The signatures that can be read at all.
    pub fn signatures(&self, message: &Message) -> Vec<SignatureField> {
        let fields = dkim::signature_fields(message).into_iter();
        fields.filter_map(|field| SignatureField::read(message, field).ok()).collect()
    }

    /// The signed header block as the manifest judges it.
    pub fn block(&self, message: &Message, signature: &SignatureField) -> Vec<u8> {
        match self.name.as_str() {
            LF_FILE => block_with_bare_line_feeds(message, signature),
            _ => signature.signed_header(message).bytes.clone(),
        }
    }

    /// Every modulus in the case's records, whatever else the record says.
    pub fn moduli(&self) -> Vec<BigUint> {
        let records = self.entry["dns"].as_object().expect("dns is an object");
        let keys = records.values().filter_map(|text| {
            let tags = TagList::parse(text.as_str()?.as_bytes()).ok()?;
            let p = String::from_utf8(tags.get("p")?.compact()).ok()?;
            KeyRecord::parse("key", &format!("p={p}")).ok().map(|record| record.modulus)
        });
        keys.collect()
    }

    /// Every signature with every key. The value of `s` is free in the relation: s and s + n are one witness.
    pub fn attempts(&self) -> Vec<Attempt> {
        let message = Message::parse_lenient(&self.bytes);
        let mut attempts = Vec::new();
        for signature in &self.signatures(&message) {
            let value = signature.signature_bytes().unwrap_or_default();
            for modulus in self.moduli() {
                let block = self.block(&message, signature);
                attempts.push(Attempt {
                    block,
                    signature: BigUint::from_bytes_be(&value) % &modulus,
                    modulus,
                });
            }
        }
        attempts
    }
}

/// The strings of a JSON list.
pub fn strings(value: &Value) -> BTreeSet<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

impl From<Stored> for Case {
    fn from(stored: Stored) -> Self {
        Self { name: stored.name, bytes: stored.bytes, entry: stored.entry }
    }
}

/// The messages of the tree, one trick each.
pub fn tricks() -> Vec<Case> {
    adversarial().into_iter().map(Case::from).collect()
}

/// The messages from outside; without them none, and a line that says that `what` was not run.
pub fn outside(what: &str) -> Vec<Case> {
    outside_messages(what).into_iter().flatten().map(Case::from).collect()
}
