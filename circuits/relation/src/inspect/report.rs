//! Outcomes of the rules, collected while a message is looked at.

use super::{Inspection, Provable};
use crate::refusal::{Part, Place, Refusal, Rule};
use serde::Serialize;
use std::collections::BTreeMap;

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

/// Outcomes so far; the first failure of a rule stays.
#[derive(Clone, Default)]
pub(super) struct Report(BTreeMap<Rule, Option<Refusal>>);

impl Report {
    pub(super) fn record(&mut self, rule: Rule, refusal: Option<Refusal>) {
        let slot = self.0.entry(rule).or_insert(None);
        if slot.is_none() {
            *slot = refusal;
        }
    }

    pub(super) fn fail(&mut self, refusal: Refusal) {
        self.record(refusal.rule, Some(refusal));
    }

    pub(super) fn pass_between(&mut self, first: Rule, last: Rule) {
        for rule in Rule::ALL.iter().filter(|rule| (first..=last).contains(rule)) {
            self.record(*rule, None);
        }
    }

    pub(super) fn first_failure(&self) -> Option<Rule> {
        self.0.iter().find(|(_, refusal)| refusal.is_some()).map(|(rule, _)| *rule)
    }

    pub(super) fn finish(self, provable: Option<Provable>) -> Inspection {
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
