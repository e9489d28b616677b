//! Outcomes of the rules, collected while a message is looked at.

use super::{Inspection, Provable, UnsignedParts};
use crate::refusal::{Part, Place, Refusal, Rule};
use serde::Serialize;
use std::collections::BTreeMap;

/// The outcome of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "refusal", rename_all = "kebab-case")]
pub enum Outcome {
    /// The rule was looked at and holds.
    Pass,
    /// It does not, and the policy takes the message all the same.
    Warn(Refusal),
    /// The rule does not hold, and the message is refused for it.
    Fail(Refusal),
    /// It could not be looked at, because an earlier rule failed.
    NotReached,
}

/// One rule and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A clause of the relation, or a rule of the tools alone.
    pub rule: Rule,
    /// What the inspection made of it; in JSON, its fields stand beside `rule`.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What the signature still vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Header and body are the ones that were signed.
    Message,
    /// The header is; the body or a stray line among the fields is not.
    Header,
    /// No signature was found good to its end, or a rule on the signed header fails.
    Nothing,
}

/// What a [`Note`] is about; the identifiers in JSON are stable.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteId {
    /// The mail was taken out of an mbox or an `.emlx`.
    Framing,
    /// The body fits once the quoting of an mbox is undone.
    MboxQuoting,
    /// The Subject is none that a recovery contract asks for.
    Subject,
}

/// Something worth knowing that is no reason to refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about.
    pub id: NoteId,
    /// What was found, in words for the user.
    pub detail: String,
    /// What to do about it; empty where nothing need be done.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

impl Note {
    /// A note with advice, which may be empty.
    pub fn new(id: NoteId, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { id, detail: detail.into(), hint: hint.into() }
    }
}

/// What is known of one rule; the worst stays, and of equals the first.
#[derive(Clone)]
enum Finding {
    Pass,
    /// Fails for something outside the signed header.
    Apart(Refusal),
    Fail(Refusal),
}

/// What is known so far of a message, or of it under one of its signatures.
#[derive(Clone)]
pub(super) struct Report {
    unsigned_parts: UnsignedParts,
    findings: BTreeMap<Rule, Finding>,
    notes: Vec<Note>,
}

impl Report {
    pub(super) fn new(unsigned_parts: UnsignedParts) -> Self {
        Self { unsigned_parts, findings: BTreeMap::new(), notes: Vec::new() }
    }

    pub(super) fn record(&mut self, rule: Rule, refusal: Option<Refusal>) {
        match refusal {
            Some(refusal) => self.fail(refusal),
            None => drop(self.findings.entry(rule).or_insert(Finding::Pass)),
        }
    }

    pub(super) fn fail(&mut self, refusal: Refusal) {
        let slot = self.findings.entry(refusal.rule).or_insert(Finding::Pass);
        if !matches!(slot, Finding::Fail(_)) {
            *slot = Finding::Fail(refusal);
        }
    }

    /// A failure that leaves the signed header as it is.
    pub(super) fn apart(&mut self, refusal: Refusal) {
        let slot = self.findings.entry(refusal.rule).or_insert(Finding::Pass);
        if matches!(slot, Finding::Pass) {
            *slot = Finding::Apart(refusal);
        }
    }

    pub(super) fn note(&mut self, note: Option<Note>) {
        self.notes.extend(note);
    }

    pub(super) fn pass_between(&mut self, first: Rule, last: Rule) {
        for rule in Rule::ALL.iter().filter(|rule| (first..=last).contains(rule)) {
            self.record(*rule, None);
        }
    }

    pub(super) fn is_clean(&self) -> bool {
        self.findings.values().all(|finding| matches!(finding, Finding::Pass))
    }

    /// Whether its first failure comes later. One that fails for the body alone is the furthest.
    pub(super) fn gets_further_than(&self, other: &Report) -> bool {
        let first = |report: &Report, counts: fn(&Finding) -> bool| {
            let rule = report.findings.iter().find(|(_, f)| counts(f)).map(|(rule, _)| *rule);
            (rule.is_none(), rule)
        };
        let failure = |report| first(report, |f| matches!(f, Finding::Fail(_)));
        let any = |report| first(report, |f| !matches!(f, Finding::Pass));
        match (failure(self), failure(other)) {
            // One of them is provable for its header: the failures outside it say nothing here.
            (mine, theirs) if mine.0 || theirs.0 => mine.0 && !theirs.0,
            _ => any(self) > any(other),
        }
    }

    pub(super) fn finish(self, provable: Option<Provable>) -> Inspection {
        let tolerant = self.unsigned_parts == UnsignedParts::MayDiffer;
        let failure = |finding: &Finding| match finding {
            Finding::Fail(refusal) => Some(refusal.clone()),
            Finding::Pass | Finding::Apart(_) => None,
        };
        let apart = |finding: &Finding| match finding {
            Finding::Apart(refusal) => Some(refusal.clone()),
            Finding::Pass | Finding::Fail(_) => None,
        };
        let failed = self.findings.values().find_map(failure);
        let holds = match (&failed, self.findings.values().find_map(apart), &provable) {
            (None, None, Some(_)) => Holds::Message,
            (None, Some(_), Some(_)) => Holds::Header,
            _ => Holds::Nothing,
        };
        let first = match tolerant {
            true => failed,
            false => self.findings.values().find_map(|f| failure(f).or_else(|| apart(f))),
        };
        let check = |rule: &Rule| Check {
            rule: *rule,
            outcome: match self.findings.get(rule) {
                None => Outcome::NotReached,
                Some(Finding::Pass) => Outcome::Pass,
                Some(Finding::Apart(refusal)) if tolerant => Outcome::Warn(refusal.clone()),
                Some(Finding::Apart(refusal) | Finding::Fail(refusal)) => {
                    Outcome::Fail(refusal.clone())
                }
            },
        };
        // Others belong to proving.
        let rules = Rule::ALL.iter().filter(|rule| rule.is_about_messages());
        let checks = rules.map(check).collect();
        let verdict = match (provable, first) {
            (_, Some(refusal)) => Err(refusal),
            (Some(provable), None) => Ok(Box::new(provable)),
            (None, None) => Err(Refusal::new(
                Rule::SignaturePresent,
                Place::part(Part::Message),
                "no signature could be checked to the end",
            )),
        };
        Inspection { checks, holds, notes: self.notes, verdict }
    }
}
