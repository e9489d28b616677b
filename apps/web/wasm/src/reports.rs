//! What an inspection comes to, as JSON; the fields are those that `zkdkim inspect --json` writes.

use serde_json::{json, Value};
use zkdkim_prover::{hex_form::bytes_hex, Reading, Reveal};
use zkdkim_relation::{
    inspect::{Check, Inspection, Note, Outcome, Provable},
    recovery_subject::{advice, difference},
    statement::day_of,
    Refusal,
};

use crate::{fault::Fault, options::MessageOptions};

/// Each rule with its outcome.
fn rules(checks: &[Check]) -> Vec<Value> {
    let rule = |check: &Check| {
        let (outcome, refusal): (_, Option<&Refusal>) = match &check.outcome {
            Outcome::Pass => ("pass", None),
            Outcome::Warn(refusal) => ("warn", Some(refusal)),
            Outcome::Fail(refusal) => ("fail", Some(refusal)),
            Outcome::NotReached => ("not-reached", None),
        };
        let mut json = json!({
            "rule": check.rule,
            "title": check.rule.title(),
            "clause": check.rule.clause().number,
            "outcome": outcome,
        });
        if let Some(refusal) = refusal {
            json["detail"] = json!(refusal.detail);
            json["place"] = json!(refusal.place);
            if !refusal.hint.is_empty() {
                json["hint"] = json!(refusal.hint);
            }
        }
        json
    };
    checks.iter().map(rule).collect()
}

/// Judges an inspection: a Subject that is wanted must be there; without one, a Subject that no recovery contract can ask
/// for is pointed out.
pub fn judge<'a>(
    inspection: &'a Inspection,
    options: &MessageOptions,
) -> Result<(Result<&'a Provable, Fault>, Vec<Note>), Fault> {
    let wanted = options.wanted_subject()?;
    let mut notes = inspection.notes.clone();
    let outcome = match (&inspection.verdict, wanted) {
        (Err(refusal), _) => Err(Fault::Message(Box::new(refusal.clone()), inspection.holds)),
        (Ok(provable), None) => {
            notes.extend(advice(&provable.view.subject));
            Ok(&**provable)
        }
        (Ok(provable), Some(wanted)) => match difference(&provable.view.subject, &wanted) {
            None => Ok(&**provable),
            Some(Note { detail, hint, .. }) => {
                let hint = format!("{hint}: {wanted}");
                Err(Fault::Subject { detail, hint, holds: inspection.holds })
            }
        },
    };
    Ok((outcome, notes))
}

/// The report of `inspect`. A mail that is refused is a report, not an error: its rules say why.
pub fn inspection(inspection: &Inspection, options: &MessageOptions) -> Result<Value, Fault> {
    let reveal = options.reveal()?;
    let (outcome, notes) = judge(inspection, options)?;
    let mut json = match outcome {
        Ok(provable) => provable_json(provable, &reveal),
        Err(fault) => fault.to_json(),
    };
    json["holds"] = json!(inspection.holds);
    json["notes"] = json!(notes);
    json["rules"] = json!(rules(&inspection.checks));
    Ok(json)
}

fn provable_json(provable: &Provable, reveal: &Reveal) -> Value {
    let view = &provable.view;
    let mut json = json!({
        "verdict": "provable",
        "address": String::from_utf8_lossy(&view.address),
        "domain": provable.domain,
        "selector": provable.selector,
        "subject": String::from_utf8_lossy(&view.subject),
        "reading": "clear",
        "timestamp": view.timestamp,
        "not_before": reveal.not_before.unwrap_or_else(|| day_of(view.timestamp)),
        "header_bytes": provable.header.bytes.len(),
    });
    if let Reading::Sealed { command, .. } = &reveal.reading {
        json["reading"] = json!("sealed");
        json["command"] = json!(bytes_hex(&command.0));
    }
    json
}
