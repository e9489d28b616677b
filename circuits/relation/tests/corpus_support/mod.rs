//! The corpus of real and adversarial messages, which is not part of the repository.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

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
        self.entry["category"].as_str().unwrap_or("real")
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

/// Both folders; empty, with a note, where the corpus is absent.
pub fn corpus() -> Vec<Case> {
    let mut cases = Vec::new();
    for part in ["real", "adversarial"] {
        let folder = root().join("../shared/emails").join(part);
        let Ok(manifest) = std::fs::read_to_string(folder.join("manifest.json")) else {
            eprintln!("note: no corpus at {}; nothing to try", folder.display());
            continue;
        };
        let entries: Vec<Value> = serde_json::from_str(&manifest).expect("manifest is JSON");
        for entry in entries {
            let name = entry["file"].as_str().expect("file").to_owned();
            let bytes = std::fs::read(folder.join(&name)).expect("message file");
            cases.push(Case { name, bytes, entry });
        }
    }
    cases
}

/// The repository's root: the tests of several packages share this file.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().find(|folder| folder.join("test-vectors").is_dir());
    root.expect("a repository").to_owned()
}
