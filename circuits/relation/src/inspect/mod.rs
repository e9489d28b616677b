//! Every rule on a message as it arrives: pass or the reason, the place, the remedy.
//!
//! This is the preflight of the tools. It covers the statement and what lies outside the signed
//! block, where a proof cannot look but an honest user would be misled: an unsigned second From,
//! a changed body, `i=` and `x=`, the key record's flags.
//!
//! Of these, two can be told apart from the rest ([`Holds`]): a body that is not the one that was
//! signed, and a stray line among the fields. Mailboxes rewrite bodies and gateways add lines, so
//! whoever knows that only the header is proved may say so ([`UnsignedParts::MayDiffer`]).
//!
//! Bounds lie on work, not on trust: signatures of the From domain are looked at first, and every
//! key of the domain can be reached. A limit that is hit is named in the refusal.

mod body;
mod candidate;
mod keys;
mod report;
mod work;

pub use keys::{DnsRecords, KeySource};
pub use report::{Check, Holds, Note, NoteId, Outcome};

use crate::canon;
use crate::dkim::{self, SignatureField, SignedHeader};
use crate::file_kind::Framing;
use crate::header::{self, HeaderView};
use crate::message::{Field, Message};
use crate::refusal::{Part, Place, Refusal, Rule};
use crate::rsa;
use body::Bodies;
use candidate::Candidate;
use num_bigint::BigUint;
use report::Report;
use std::fmt;
use work::Work;

/// A timestamp may lie this far ahead of the clock, in seconds.
pub const CLOCK_SKEW_SECONDS: u64 = 86_400;

/// Whether what lies outside the signed header must be as it was signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsignedParts {
    /// A changed body or a stray header line is a refusal.
    #[default]
    AsSigned,
    /// It is a warning: only the header is proved.
    MayDiffer,
}

/// How strictly a message is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Seconds since 1970; without it, a timestamp in the future passes.
    pub clock: Option<u64>,
    /// What a changed body means.
    pub unsigned_parts: UnsignedParts,
}

/// Every rule in order, and what a proof needs if all of them hold.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// All rules in reporting order.
    pub checks: Vec<Check>,
    /// What the signature still vouches for, whatever the policy.
    pub holds: Holds,
    /// What is worth knowing and no reason to refuse.
    pub notes: Vec<Note>,
    /// The pieces for proving, or the first rule that failed.
    pub verdict: Result<Box<Provable>, Refusal>,
}

/// A message that can be proved.
#[derive(Clone)]
pub struct Provable {
    /// The signed header block.
    pub header: SignedHeader,
    /// The block's address, domain, Subject and time, and where they stand in it.
    pub view: HeaderView,
    /// The number that `b=` spells; below the modulus.
    pub signature: BigUint,
    /// The key that it verifies with.
    pub modulus: BigUint,
    /// Signing domain, lowered; the domain of the address.
    pub domain: String,
    /// The selector `s=`, lowered.
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
    inspect_under(message, keys, &Policy { clock, ..Policy::default() })
}

/// Checks every rule with keys from a given source, under a policy.
pub fn inspect_under(message: &[u8], keys: KeySource<'_>, policy: &Policy) -> Inspection {
    let message = Message::parse_lenient(message);
    let mut common = Report::new(policy.unsigned_parts);
    match (message.broken(), message.defects().first()) {
        // One cause, one line: of fields that two readers see differently nothing else can be said.
        (Some(broken), _) => {
            common.fail(broken.clone());
            return common.finish(None);
        }
        (None, Some(stray)) => common.apart(stray.clone()),
        (None, None) => common.record(Rule::MessageSyntax, None),
    }
    common.note(framing_note(message.framing()));
    let from = one_field(&message, "From", Rule::OneFrom, &mut common);
    one_field(&message, "Subject", Rule::OneSubject, &mut common);
    let from_domain = from.and_then(|field| from_domain(field, &mut common));

    let fields = dkim::signature_fields(&message);
    if fields.is_empty() {
        common.fail(unsigned(&message));
        return common.finish(None);
    }
    common.record(Rule::SignaturePresent, None);
    let candidates = match candidates(&message, &fields, from_domain.as_deref()) {
        Ok(candidates) => candidates,
        Err(refusal) => {
            common.fail(refusal);
            return common.finish(None);
        }
    };
    let case = Candidate {
        message: &message,
        keys,
        clock: policy.clock,
        from: from_domain.as_deref(),
        bodies: Bodies::new(message.body()),
        work: Work::for_keys(keys.count(from_domain.as_deref().unwrap_or_default())),
    };
    choose(&case, &candidates, common)
}

/// The first signature that holds; where none does, the one that gets furthest tells the user most.
fn choose(case: &Candidate<'_>, candidates: &[(usize, usize)], common: Report) -> Inspection {
    let mut best: Option<(Report, Option<Provable>)> = None;
    for (looked_at, (index, field)) in candidates.iter().enumerate() {
        if case.work.is_spent() {
            let (mut report, provable) = best.unwrap_or((common, None));
            if provable.is_none() {
                report.fail(case.work.refusal(looked_at, candidates.len()));
            }
            return report.finish(provable);
        }
        let mut report = common.clone();
        let provable = case.check(*field, *index, &mut report);
        if report.is_clean() {
            return report.finish(provable);
        }
        if case.work.has_refused() {
            // No other signature can be verified; the report at hand names the limit.
            return match best {
                Some((best, Some(provable))) => best.finish(Some(provable)),
                _ => report.finish(None),
            };
        }
        if best.as_ref().is_none_or(|(best, _)| report.gets_further_than(best)) {
            best = Some((report, provable));
        }
    }
    let (report, provable) = best.unwrap_or((common, None));
    report.finish(provable)
}

/// Signatures of the From domain, as index among the signatures and among the fields. Without a From
/// domain, or where no signature can be read, all of them, so that the report says why.
fn candidates(
    message: &Message,
    fields: &[usize],
    from: Option<&[u8]>,
) -> Result<Vec<(usize, usize)>, Refusal> {
    let all = || fields.iter().copied().enumerate();
    let Some(from) = from else { return Ok(all().collect()) };
    let signatures: Vec<_> = all()
        .filter_map(|(index, field)| Some((index, SignatureField::read(message, field).ok()?)))
        .collect();
    let of_sender = |(_, signature): &&(usize, SignatureField)| signature.domain() == from;
    let aligned: Vec<_> =
        signatures.iter().filter(of_sender).map(|(index, s)| (*index, s.field)).collect();
    match signatures.first() {
        _ if !aligned.is_empty() => Ok(aligned),
        None => Ok(all().collect()),
        Some((_, first)) => {
            let mut domains: Vec<_> = signatures.iter().map(|(_, s)| s.domain()).collect();
            domains.dedup();
            let place = message.fields()[first.field].place();
            Err(header::misaligned(from, &domains, place))
        }
    }
}

fn framing_note(framing: Framing) -> Option<Note> {
    let detail = match framing {
        Framing::Bare => return None,
        Framing::Mbox => "an mbox with one mail: its first line is not part of the mail",
        Framing::Emlx => {
            "an .emlx file of Apple Mail: its first line and its end are not part of \
                          the mail"
        }
    };
    Some(Note::new(NoteId::Framing, detail, ""))
}

/// Why there is no signature, as far as the fields tell.
fn unsigned(message: &Message) -> Refusal {
    let within_tenant = message.fields().iter().any(|field| {
        let name = field.name().to_ascii_lowercase();
        let value = canon::relaxed_value(field.value()).to_ascii_lowercase();
        name.starts_with(b"x-ms-exchange-") && name.ends_with(b"-authas") && value == b"internal"
    });
    let (why, hint) = if within_tenant {
        (
            "mail within one Microsoft 365 organisation is not signed",
            "send to an address outside the organisation (a mailbox at another provider, or the \
             relayer's) and take the mail from there",
        )
    } else if message.body().split(|b| *b == b'\n').any(begins_signature) {
        (
            "the signed mail lies within this one, as an attachment",
            "save that attachment by itself (.eml) and give it",
        )
    } else if message.fields_named("Received").next().is_none() {
        (
            "a copy from the Sent folder or a draft; mail is signed on its way out",
            "take the mail that arrived: send it to a mailbox at another provider, or to the \
             relayer's address, and download the original there",
        )
    } else {
        (
            "the sender's provider does not sign, or a server on the way removed the signature",
            "take the original from the mailbox (\"show original\"); where that has none either, \
             send from a provider that signs",
        )
    };
    let detail = format!("no DKIM-Signature field: {why}");
    Refusal::new(Rule::SignaturePresent, Place::part(Part::Message), detail).hint(hint)
}

fn begins_signature(line: &[u8]) -> bool {
    const NAME: &[u8] = b"dkim-signature:";
    line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
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
mod signed;
#[cfg(test)]
mod tests;
