//! A key registry kept true: the selectors of a list of providers are looked up, and keys that are new are added.
//!
//! Nothing is removed: a list does not know all selectors, and mails on their way may still be signed with a key of
//! yesterday. What the list's selectors no longer show is reported, for a person to decide.

use zkdkim_relation::{
    dkim::key_name, key_record::KeyRecord, registry::RegistryError, KeyRegistry, Refusal,
};

use crate::{
    error::Error,
    live::LiveDns,
    providers::{Provider, Works},
};

/// What became of one selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its key is in the registry.
    Present {
        /// In this slot.
        slot: u32,
    },
    /// Its key was added.
    Added {
        /// In this slot.
        slot: u32,
        /// Slots with other keys of the domain: where there are any, the provider has rotated its key.
        beside: Vec<u32>,
    },
    /// The resolvers agree that there is no such record.
    Absent,
    /// It has a record that no signature can be proved with: revoked, too short, for testing.
    Unusable(Box<Refusal>),
    /// The registry does not take it.
    Refused(RegistryError),
    /// It is not known what it has.
    Unknown(Error),
}

/// A selector that was looked up; one for each record that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The provider's domain.
    pub domain: String,
    /// The selector.
    pub selector: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a synchronisation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Every selector that was looked up.
    pub items: Vec<Item>,
    /// Domains of the list that were left out, as no selector of theirs is known or their mail can't be proved.
    pub left_out: Vec<String>,
    /// Keys of the list's domains that no selector shows any more: slot and domain. Not where a look-up failed.
    pub unseen: Vec<(u32, String)>,
}

impl Report {
    /// How many keys were added.
    pub fn added(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.outcome, Outcome::Added { .. })).count()
    }

    /// How many selectors could not be looked up.
    pub fn unknown(&self) -> usize {
        self.items.iter().filter(|item| matches!(item.outcome, Outcome::Unknown(_))).count()
    }
}

/// Looks up every selector of the list and adds the keys that the registry does not have.
pub fn sync(registry: &mut KeyRegistry, providers: &[Provider], dns: &LiveDns) -> Report {
    let mut report = Report::default();
    let mut wanted: Vec<(String, String)> = Vec::new();
    for provider in providers {
        if provider.works != Works::Yes || provider.selectors.is_empty() {
            report.left_out.extend(provider.domains.iter().cloned());
            continue;
        }
        for domain in &provider.domains {
            wanted.extend(provider.selectors.iter().map(|s| (domain.clone(), s.clone())));
        }
    }
    let names: Vec<String> = wanted.iter().map(|(domain, s)| key_name(s, domain)).collect();
    let fetched = dns.fetch(&names);
    let mut seen = Vec::new();
    for ((domain, selector), name) in wanted.iter().zip(&names) {
        let mut report_item = |outcome| {
            if let Outcome::Present { slot } | Outcome::Added { slot, .. } = &outcome {
                seen.push(*slot);
            }
            let (domain, selector) = (domain.clone(), selector.clone());
            report.items.push(Item { domain, selector, outcome });
        };
        let of_name = |fault: &&Error| match fault {
            Error::Absent { name: n } | Error::NoQuorum { name: n, .. } => n == name,
            Error::System { name: n, .. } | Error::Name { name: n, .. } => n == name,
            _ => false,
        };
        match fetched.faults.iter().find(of_name) {
            Some(Error::Absent { .. }) => report_item(Outcome::Absent),
            Some(fault) => report_item(Outcome::Unknown(fault.clone())),
            None => fetched
                .records
                .get(name)
                .iter()
                .for_each(|text| report_item(add(registry, domain, name, text))),
        }
    }
    report.unseen = unseen(registry, &report.items, &seen);
    report
}

fn add(registry: &mut KeyRegistry, domain: &str, name: &str, text: &str) -> Outcome {
    let record = KeyRecord::parse(name, text);
    let record = record.and_then(|record| record.check_strength(name).map(|()| record));
    let modulus = match record {
        Ok(record) => record.modulus,
        Err(refusal) => return Outcome::Unusable(Box::new(refusal)),
    };
    let domain = domain.to_ascii_lowercase();
    if let Some(slot) = registry.find(&domain, &modulus) {
        return Outcome::Present { slot };
    }
    let others = registry.entries().filter(|(_, entry)| entry.domain == domain);
    let beside = others.map(|(slot, _)| slot).collect();
    match registry.add(&domain, modulus) {
        Ok(slot) => Outcome::Added { slot, beside },
        Err(error) => Outcome::Refused(error),
    }
}

/// Keys of domains whose selectors were all looked up, and that none of them has.
fn unseen(registry: &KeyRegistry, items: &[Item], seen: &[u32]) -> Vec<(u32, String)> {
    let whole = |domain: &str| {
        let mut of =
            items.iter().filter(|item| item.domain.eq_ignore_ascii_case(domain)).peekable();
        of.peek().is_some() && of.all(|item| !matches!(item.outcome, Outcome::Unknown(_)))
    };
    let entries =
        registry.entries().filter(|(slot, entry)| !seen.contains(slot) && whole(&entry.domain));
    entries.map(|(slot, entry)| (slot, entry.domain.clone())).collect()
}
