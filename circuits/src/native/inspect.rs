//! Every rule on a message as it arrives: pass or the reason, the place, the remedy.
//!
//! This is the preflight of the tools. It covers the statement and what lies outside the signed
//! block, where a proof cannot look but an honest user would be misled: an unsigned second From,
//! a changed body, `i=` and `x=`, the key record's flags.

use super::canon::{self, Canonicalisation};
use super::dkim::{self, key_name, place_in_message, Signature, SignatureField, SignedHeader};
use super::header::{self, HeaderView};
use super::key_record::KeyRecord;
use super::message::{Field, Message};
use super::refusal::{show_text, Part, Place, Refusal, Rule};
use super::registry::KeyRegistry;
use super::rsa;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// A timestamp may lie this far ahead of the clock, in seconds.
pub const CLOCK_SKEW_SECONDS: u64 = 86_400;
/// Keys tried for one signature.
pub const MAX_KEYS: usize = 16;

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

/// The outcome of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "refusal", rename_all = "kebab-case")]
pub enum Outcome {
    /// The rule holds.
    Pass,
    /// It does not.
    Fail(Refusal),
    /// It could not be looked at, because an earlier rule failed.
    NotReached,
}

/// One rule and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The rule.
    pub rule: Rule,
    /// Its outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Every rule in order, and what a proof needs if all of them hold.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// All rules in reporting order.
    pub checks: Vec<Check>,
    /// The pieces for proving, or the first rule that failed.
    pub verdict: Result<Box<Provable>, Refusal>,
}

/// A message that can be proved.
#[derive(Clone)]
pub struct Provable {
    /// The signed header block.
    pub header: SignedHeader,
    /// What it says.
    pub view: HeaderView,
    /// The signature value.
    pub signature: BigUint,
    /// The key that it verifies with.
    pub modulus: BigUint,
    /// Signing domain, lowered; the domain of the address.
    pub domain: String,
    /// Selector.
    pub selector: String,
    /// Which DKIM-Signature field it is, counted from the top.
    pub signature_index: usize,
}

/// Shows sizes and public names only.
impl fmt::Debug for Provable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provable")
            .field("header", &self.header)
            .field("signature_index", &self.signature_index)
            .finish_non_exhaustive()
    }
}

/// Checks every rule with keys from DNS records. `clock` is seconds since 1970; without it, a
/// timestamp in the future passes.
pub fn inspect(message: &[u8], dns: &DnsRecords, clock: Option<u64>) -> Inspection {
    inspect_with(message, KeySource::Dns(dns), clock)
}

/// Checks every rule with keys from a given source.
pub fn inspect_with(message: &[u8], keys: KeySource<'_>, clock: Option<u64>) -> Inspection {
    let message = Message::parse_lenient(message);
    let mut common = Report::default();
    common.record(Rule::MessageSyntax, message.defects().first().cloned());
    let from = one_field(&message, "From", Rule::OneFrom, &mut common);
    one_field(&message, "Subject", Rule::OneSubject, &mut common);
    let from_domain = from.and_then(|field| from_domain(field, &mut common));

    let fields = dkim::signature_fields(&message);
    if fields.is_empty() {
        let missing = Refusal::new(
            Rule::SignaturePresent,
            Place::part(Part::Message),
            "no DKIM-Signature field",
        );
        common.fail(missing.hint("take the original from the mailbox (\"show original\")"));
        return common.finish(None);
    }
    common.record(Rule::SignaturePresent, None);

    let candidates = aligned(&message, &fields, from_domain.as_deref());
    let mut best: Option<Report> = None;
    for (index, field) in candidates {
        let case = Candidate { message: &message, keys, clock, from: from_domain.as_deref() };
        let mut report = common.clone();
        let provable = case.check(field, index, &mut report);
        if report.failures() == 0 {
            return report.finish(provable);
        }
        if best.as_ref().is_none_or(|best| report.failures() < best.failures()) {
            best = Some(report);
        }
    }
    best.unwrap_or(common).finish(None)
}

/// Signatures of the From domain; where there is none, all, so that the report says why.
fn aligned(message: &Message, fields: &[usize], from: Option<&[u8]>) -> Vec<(usize, usize)> {
    let all = || fields.iter().copied().enumerate();
    let of_sender = |(_, field): &(usize, usize)| {
        SignatureField::read(message, *field).is_ok_and(|s| Some(s.domain().as_slice()) == from)
    };
    let aligned: Vec<_> = all().filter(of_sender).collect();
    if aligned.is_empty() {
        all().collect()
    } else {
        aligned
    }
}

fn one_field<'m>(
    message: &'m Message,
    name: &'static str,
    rule: Rule,
    report: &mut Report,
) -> Option<&'m Field> {
    let fields: Vec<_> = message.fields_named(name).collect();
    match fields[..] {
        [field] => {
            report.record(rule, None);
            return Some(field);
        }
        [] => report.fail(
            Refusal::new(rule, Place::part(Part::Message), format!("no {name} field"))
                .hint(format!("the message needs a {name} field")),
        ),
        [first, second, ..] => report.fail(
            Refusal::new(
                rule,
                second.place(),
                format!("{} {name} fields, the first in line {}", fields.len(), first.line()),
            )
            .hint("mail readers disagree about which one counts; send a message with one"),
        ),
    }
    None
}

/// The domain of the From address, which decides whose signature counts.
fn from_domain(field: &Field, report: &mut Report) -> Option<Vec<u8>> {
    let value = canon::relaxed_value(field.value());
    match header::parse_mailbox(&value, 0..value.len()) {
        Ok(mailbox) => {
            report.record(Rule::FromGrammar, None);
            report.record(Rule::AddressLength, None);
            Some(value[mailbox.domain].to_ascii_lowercase())
        }
        Err(mut refusal) => {
            let offset = refusal.place.offset.unwrap_or_default();
            refusal.place = field.place().at(offset);
            if refusal.rule == Rule::AddressLength {
                report.record(Rule::FromGrammar, None);
            }
            report.fail(refusal);
            None
        }
    }
}

struct Candidate<'a> {
    message: &'a Message,
    keys: KeySource<'a>,
    clock: Option<u64>,
    from: Option<&'a [u8]>,
}

impl Candidate<'_> {
    fn check(&self, field: usize, index: usize, report: &mut Report) -> Option<Provable> {
        let field = match SignatureField::read(self.message, field) {
            Ok(field) => field,
            Err(refusal) => {
                report.fail(refusal);
                return None;
            }
        };
        if let Some(from) = self.from {
            let signing = field.domain();
            let place = self.message.fields()[field.field].place();
            let bad = (signing != from).then(|| header::misaligned(from, &signing, place));
            report.record(Rule::Alignment, bad);
        }
        let header = field.signed_header(self.message);
        let view = self.check_block(&header, report);
        let signature = match Signature::check(self.message, &field) {
            Ok(signature) => signature,
            Err(faults) => {
                faults.into_iter().for_each(|fault| report.fail(fault));
                report.pass_between(Rule::TagList, Rule::SignedFields);
                return None;
            }
        };
        report.record(Rule::Timestamp, self.check_times(&field, &signature));
        report.pass_between(Rule::SigningDomain, Rule::SignedFields);
        report.record(Rule::BodyHash, self.check_body(&field, &signature));
        let value = self.signature_value(&field, report);
        let modulus = self.check_keys(&field, &signature, &header, value.as_ref(), report)?;
        Some(Provable {
            view: view?,
            header,
            signature: value?,
            modulus,
            domain: signature.domain,
            selector: signature.selector,
            signature_index: index,
        })
    }

    fn check_block(&self, header: &SignedHeader, report: &mut Report) -> Option<HeaderView> {
        match header::parse(&header.bytes) {
            Ok(view) => {
                report.pass_between(Rule::HeaderLength, Rule::SubjectText);
                Some(view)
            }
            Err(mut refusal) => {
                refusal.place = place_in_message(header, self.message, refusal.place);
                if refusal.rule != Rule::HeaderLength {
                    report.record(Rule::HeaderLength, None);
                }
                report.fail(refusal);
                None
            }
        }
    }

    fn check_times(&self, field: &SignatureField, signature: &Signature) -> Option<Refusal> {
        let place = |tag: &str| {
            let place = self.message.fields()[field.field].place();
            place.at(field.tags.get(tag).map_or(0, |tag| tag.name_at))
        };
        let time = signature.timestamp?;
        if let Some(expiry) = signature.expiry.filter(|expiry| *expiry <= time) {
            let detail = format!("it expires (x={expiry}) before it was made (t={time})");
            return Some(Refusal::new(Rule::Timestamp, place("x"), detail));
        }
        if self.clock.is_some_and(|now| time > now.saturating_add(CLOCK_SKEW_SECONDS)) {
            let detail = format!("t={time} lies in the future");
            return Some(
                Refusal::new(Rule::Timestamp, place("t"), detail)
                    .hint("check the clock of this machine"),
            );
        }
        None
    }

    fn check_body(&self, field: &SignatureField, signature: &Signature) -> Option<Refusal> {
        let body = self.message.body();
        if canon::body_hash(signature.body_canonicalisation, body)[..] == signature.body_hash[..] {
            return None;
        }
        let hint = match signature.body_canonicalisation {
            _ if has_bare_line_end(body) => {
                "the body mixes line ends; save the message with one kind throughout"
            }
            Canonicalisation::Simple => "even one changed space counts (c=…/simple)",
            Canonicalisation::Relaxed => "take the whole original from the mailbox, unedited",
        };
        let place = self.message.fields()[field.field].place();
        Some(
            Refusal::new(Rule::BodyHash, place, "the body is not the one that was signed")
                .hint(hint),
        )
    }

    fn signature_value(&self, field: &SignatureField, report: &mut Report) -> Option<BigUint> {
        let bytes = field.signature_bytes();
        let mut refusal = match bytes.as_deref().map(rsa::signature_from_bytes) {
            Some(Ok(value)) => return Some(value),
            Some(Err(refusal)) => refusal,
            None => Refusal::new(
                Rule::SignatureEncoding,
                Place::part(Part::Message),
                "b= is missing or not base64",
            ),
        };
        let at = field.tags.get("b").map_or(0, |tag| tag.name_at);
        refusal.place = self.message.fields()[field.field].place().at(at);
        report.fail(refusal);
        None
    }

    /// Tries the keys in order; without one that verifies, reports what the first was refused for.
    fn check_keys(
        &self,
        field: &SignatureField,
        signature: &Signature,
        header: &SignedHeader,
        value: Option<&BigUint>,
        report: &mut Report,
    ) -> Option<BigUint> {
        let digest: [u8; 32] = Sha256::digest(&header.bytes).into();
        let mut first = None;
        for key in self.keys(signature).into_iter().take(MAX_KEYS) {
            let outcome = key.and_then(|modulus| match value {
                Some(value) => rsa::verify(&digest, value, &modulus).map(|()| Some(modulus)),
                None => Ok(None),
            });
            match outcome {
                Ok(modulus) => {
                    report.pass_between(Rule::KeyRecord, Rule::KeyExponent);
                    if modulus.is_some() {
                        report.record(Rule::SignatureEncoding, None);
                        report.record(Rule::RsaSignature, None);
                    }
                    return modulus;
                }
                // A wrong key among several says less than a good key that does not fit.
                Err(refusal) => {
                    first = first.filter(|f: &Refusal| f.rule >= refusal.rule).or(Some(refusal));
                }
            }
        }
        let mut refusal = first?;
        if refusal.place.part == Part::Input {
            let at = field.tags.get("b").map_or(0, |tag| tag.name_at);
            refusal.place = self.message.fields()[field.field].place().at(at);
        }
        if refusal.rule > Rule::KeyExponent {
            report.pass_between(Rule::KeyRecord, Rule::KeyExponent);
        }
        if refusal.rule == Rule::RsaSignature {
            report.record(Rule::SignatureEncoding, None);
        }
        report.fail(refusal);
        None
    }

    fn keys(&self, signature: &Signature) -> Vec<Result<BigUint, Refusal>> {
        let name = key_name(&signature.selector, &signature.domain);
        match self.keys {
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

fn has_bare_line_end(body: &[u8]) -> bool {
    let bare = |i: usize| match body[i] {
        b'\n' => i == 0 || body[i - 1] != b'\r',
        b'\r' => body.get(i + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..body.len()).any(bare)
}

/// Outcomes so far; the first failure of a rule stays.
#[derive(Clone, Default)]
struct Report(BTreeMap<Rule, Option<Refusal>>);

impl Report {
    fn record(&mut self, rule: Rule, refusal: Option<Refusal>) {
        let slot = self.0.entry(rule).or_insert(None);
        if slot.is_none() {
            *slot = refusal;
        }
    }

    fn fail(&mut self, refusal: Refusal) {
        self.record(refusal.rule, Some(refusal));
    }

    fn pass_between(&mut self, first: Rule, last: Rule) {
        for rule in Rule::ALL.iter().filter(|rule| (first..=last).contains(rule)) {
            self.record(*rule, None);
        }
    }

    fn failures(&self) -> usize {
        self.0.values().flatten().count()
    }

    fn finish(self, provable: Option<Provable>) -> Inspection {
        let first = self.0.values().flatten().next().cloned();
        let check = |rule: &Rule| Check {
            rule: *rule,
            outcome: match self.0.get(rule) {
                None => Outcome::NotReached,
                Some(None) => Outcome::Pass,
                Some(Some(refusal)) => Outcome::Fail(refusal.clone()),
            },
        };
        // The registry's rule belongs to proving, not to the message.
        let rules = Rule::ALL.iter().filter(|rule| **rule != Rule::Registry);
        let verdict = match (first, provable) {
            (Some(refusal), _) => Err(refusal),
            (None, Some(provable)) => Ok(Box::new(provable)),
            (None, None) => Err(Refusal::new(
                Rule::SignaturePresent,
                Place::part(Part::Message),
                "no signature could be checked to the end",
            )),
        };
        Inspection { checks: rules.map(check).collect(), verdict }
    }
}

#[cfg(test)]
#[path = "inspect_tests.rs"]
mod tests;
