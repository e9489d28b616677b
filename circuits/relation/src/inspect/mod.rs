//! Every rule on a message as it arrives: pass or the reason, the place, the remedy.
//!
//! This is the preflight of the tools. It covers the statement and what lies outside the signed
//! block, where a proof cannot look but an honest user would be misled: an unsigned second From,
//! a changed body, `i=` and `x=`, the key record's flags.

mod candidate;
mod keys;
mod report;

pub use keys::{DnsRecords, KeySource};
pub use report::{Check, Outcome};

use crate::canon;
use crate::dkim::{self, SignatureField, SignedHeader};
use crate::header::{self, HeaderView};
use crate::message::{Field, Message};
use crate::refusal::{Part, Place, Refusal, Rule};
use crate::rsa;
use candidate::Candidate;
use num_bigint::BigUint;
use report::Report;
use std::fmt;

/// A timestamp may lie this far ahead of the clock, in seconds.
pub const CLOCK_SKEW_SECONDS: u64 = 86_400;
/// Keys tried for one signature.
pub const MAX_KEYS: usize = 16;

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

impl Drop for Provable {
    fn drop(&mut self) {
        rsa::wipe(&mut self.signature);
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
    // Where none holds, the one that gets furthest tells the user most.
    let mut best: Option<Report> = None;
    for (index, field) in candidates {
        let case = Candidate { message: &message, keys, clock, from: from_domain.as_deref() };
        let mut report = common.clone();
        let provable = case.check(field, index, &mut report);
        if report.first_failure().is_none() {
            return report.finish(provable);
        }
        if best.as_ref().is_none_or(|best| report.first_failure() > best.first_failure()) {
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

#[cfg(test)]
mod tests;
