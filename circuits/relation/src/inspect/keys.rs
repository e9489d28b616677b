//! Where the signing keys come from, and which of them a signature may use.

use crate::dkim::{key_name, Signature};
use crate::key_record::KeyRecord;
use crate::refusal::{show_text, Part, Place, Refusal, Rule};
use crate::registry::KeyRegistry;
use num_bigint::BigUint;
use serde::Deserialize;
use std::collections::BTreeMap;

/// DNS names to their TXT records; in JSON a record or a list of records for each name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, OneOrMany>")]
pub struct DnsRecords(BTreeMap<String, Vec<String>>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<BTreeMap<String, OneOrMany>> for DnsRecords {
    fn from(map: BTreeMap<String, OneOrMany>) -> Self {
        let mut records = Self::default();
        for (name, value) in map {
            match value {
                OneOrMany::One(text) => records.add(&name, text),
                OneOrMany::Many(texts) => texts.into_iter().for_each(|t| records.add(&name, t)),
            }
        }
        records
    }
}

impl DnsRecords {
    /// Adds a TXT record; names do not depend on case or on a final dot.
    pub fn add(&mut self, name: &str, text: impl Into<String>) {
        self.0.entry(plain_name(name)).or_default().push(text.into());
    }

    /// The records of a name.
    pub fn get(&self, name: &str) -> &[String] {
        self.0.get(&plain_name(name)).map_or(&[], Vec::as_slice)
    }
}

fn plain_name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Where the signing keys come from.
#[derive(Clone, Copy, Debug)]
pub enum KeySource<'a> {
    /// Published records, by selector.
    Dns(&'a DnsRecords),
    /// The key registry, which knows domains but no selectors.
    Registry(&'a KeyRegistry),
}

impl KeySource<'_> {
    /// The moduli to try for a signature, each or why it may not be used.
    pub(super) fn moduli(&self, signature: &Signature) -> Vec<Result<BigUint, Refusal>> {
        let name = key_name(&signature.selector, &signature.domain);
        match self {
            KeySource::Dns(dns) => {
                let records = dns.get(&name);
                if records.is_empty() {
                    let place = Place::key_record(&name);
                    let detail = format!("no key record for {}", show_text(name.as_bytes()));
                    return vec![Err(Refusal::new(Rule::KeyRecord, place, detail)
                        .hint(format!("give the TXT record of {name}")))];
                }
                records.iter().map(|text| usable_key(&name, text, signature)).collect()
            }
            KeySource::Registry(registry) => {
                let keys: Vec<_> = registry.keys_of(&signature.domain).cloned().map(Ok).collect();
                if keys.is_empty() {
                    let place = Place::part(Part::Registry);
                    let detail = format!("no key of {}", signature.domain);
                    return vec![Err(Refusal::new(Rule::KeyRecord, place, detail)
                        .hint("add the domain's key to the registry first"))];
                }
                keys
            }
        }
    }
}

fn usable_key(name: &str, text: &str, signature: &Signature) -> Result<BigUint, Refusal> {
    let record = KeyRecord::parse(name, text)?;
    record.check_strength(name)?;
    if record.strict_identity && signature.identity_domain != signature.domain {
        let detail = format!("t=s forbids the identity at {}", signature.identity_domain);
        return Err(Refusal::new(Rule::KeyRecord, Place::key_record(name), detail));
    }
    Ok(record.modulus)
}
