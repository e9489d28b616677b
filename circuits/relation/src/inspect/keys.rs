//! Where the signing keys come from, and which of them a signature may use.

use crate::dkim::{key_name, Signature};
use crate::key_record::KeyRecord;
use crate::key_text::{self, key_owner, plain_name, Records, Unreadable};
use crate::refusal::{show_text, Part, Place, Refusal, Rule};
use crate::registry::KeyRegistry;
use num_bigint::BigUint;
use serde::{de::Error as _, Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Aliases that are followed from one name.
const MAX_ALIASES: usize = 8;
/// Names that a refusal shows.
const MAX_SHOWN_NAMES: usize = 5;

/// DNS names to their TXT records. The recorded form is a JSON object with a record or a list of
/// records for each name; [`Self::read`] takes what DNS tools print as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DnsRecords {
    records: BTreeMap<String, Vec<String>>,
    aliases: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for DnsRecords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let mut records = Self::default();
        for (name, value) in map {
            let texts = Records::from_json(&value).ok_or_else(|| {
                D::Error::custom(format!(
                    "{}: not a TXT record or a list of them",
                    show_text(name.as_bytes())
                ))
            })?;
            records.records.entry(plain_name(&name)).or_default().extend(texts.0);
        }
        Ok(records)
    }
}

impl DnsRecords {
    /// Adds a TXT record; names do not depend on case or on a final dot.
    pub fn add(&mut self, name: &str, text: impl Into<String>) {
        self.records.entry(plain_name(name)).or_default().push(text.into());
    }

    /// The records of a name, or of the name that it is an alias of.
    pub fn get(&self, name: &str) -> &[String] {
        let mut name = plain_name(name);
        for _ in 0..MAX_ALIASES {
            match (self.records.get(&name), self.aliases.get(&name)) {
                (Some(records), _) => return records,
                (None, Some(target)) => name.clone_from(target),
                (None, None) => return &[],
            }
        }
        &[]
    }

    /// Keeps what is meant as a key record, by its content or its name; a zone holds other records as well.
    pub fn retain_key_records(&mut self) {
        self.records.retain(|name, texts| {
            let named = key_owner(name).is_some();
            texts.retain(|text| named || key_text::looks_like_key_record(text));
            !texts.is_empty()
        });
        let records = &self.records;
        self.aliases
            .retain(|name, target| key_owner(name).is_some() || records.contains_key(target));
    }

    /// Every name with its records; an alias has those of its target.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        let names = self.records.keys().chain(self.aliases.keys());
        names.map(|name| (name.as_str(), self.get(name)))
    }

    /// Reads the recorded form, or records with their names as DNS tools print them.
    ///
    /// # Errors
    ///
    /// What the text is instead: among others, a record without the name that it is published under.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let trimmed = text.trim_start_matches('\u{feff}').trim_start();
        if trimmed.starts_with('{') && !is_answer(trimmed) {
            return serde_json::from_str(trimmed).map_err(|error| {
                let what = format!("not JSON from names to TXT records: {error}");
                Unreadable::new(what, key_text::WITH_NAME)
            });
        }
        let reading = key_text::read_all(text)?;
        let mut records = Self::default();
        for record in reading.records {
            let Some(name) = record.name else {
                let what = format!("{} without the name that it is published under", reading.form);
                return Err(Unreadable::new(what, key_text::WITH_NAME));
            };
            records.add(&name, record.text);
        }
        records.aliases = reading.aliases.into_iter().collect();
        Ok(records)
    }

    /// The recorded form: one object, names in order, the text of each record without quotes.
    pub fn to_json(&self) -> String {
        let plain = |text: &String| match key_text::single(text) {
            Ok(record) => record.text,
            Err(_) => text.clone(),
        };
        let value = |texts: &[String]| match texts {
            [text] => Value::from(plain(text)),
            texts => texts.iter().map(plain).collect(),
        };
        let map: BTreeMap<&str, Value> =
            self.iter().map(|(name, texts)| (name, value(texts))).collect();
        // Strings and lists of them: nothing that the serialiser could refuse.
        serde_json::to_string_pretty(&map).unwrap_or_default() + "\n"
    }
}

fn is_answer(text: &str) -> bool {
    serde_json::from_str(text).is_ok_and(|object| key_text::is_dns_over_https(&object))
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
    /// How many keys the user trusts for a domain; published records are not trusted, but tried.
    pub(super) fn count(&self, domain: &[u8]) -> usize {
        match (self, std::str::from_utf8(domain)) {
            (KeySource::Registry(registry), Ok(domain)) => registry.keys_of(domain).count(),
            _ => 0,
        }
    }

    /// The moduli to try for a signature, each or why it may not be used.
    pub(super) fn moduli(&self, signature: &Signature) -> Vec<Result<BigUint, Refusal>> {
        let name = key_name(&signature.selector, &signature.domain);
        match self {
            KeySource::Dns(dns) => {
                let records = dns.get(&name);
                if records.is_empty() {
                    let place = Place::key_record(&name);
                    let detail = format!("no key record for {}", show_text(name.as_bytes()));
                    let mut given: Vec<_> =
                        dns.iter().map(|(name, _)| show_text(name.as_bytes())).collect();
                    given.truncate(MAX_SHOWN_NAMES);
                    let hint = match given.is_empty() {
                        true => format!("give the TXT record of {name}"),
                        false => {
                            format!("give the TXT record of {name}; given: {}", given.join(", "))
                        }
                    };
                    return vec![Err(Refusal::new(Rule::KeyRecord, place, detail).hint(hint))];
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
