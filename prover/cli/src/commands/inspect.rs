//! `inspect`: every rule with its outcome, and what would be public.

use serde::Serialize;
use serde_json::json;
use zkdkim_relation::{
    inspect::{inspect, Inspection, Outcome as RuleOutcome},
    Place, Refusal,
};
use zkdkim_store::documents::{read_dns, read_message};

use super::{Outcome, SUCCESS};
use crate::{
    cli::{clock, HiArgs, InspectArgs},
    fault::INVALID,
    output::Output,
};

pub fn run(args: &HiArgs, command: &InspectArgs) -> Outcome {
    let message = read_message(&command.message)?;
    let dns = read_dns(&command.dns)?;
    let inspection = inspect(&message, &dns, clock(command.clock));
    report_rules(args.output, &inspection)?;
    report_verdict(args.output, &inspection)?;
    Ok(if inspection.verdict.is_ok() { SUCCESS } else { INVALID })
}

/// One object or line for each rule.
pub fn report_rules(output: Output, inspection: &Inspection) -> std::io::Result<()> {
    for check in &inspection.checks {
        let (word, refusal): (_, Option<&Refusal>) = match &check.outcome {
            RuleOutcome::Pass => ("pass", None),
            RuleOutcome::Fail(refusal) => ("fail", Some(refusal)),
            RuleOutcome::NotReached => ("not-reached", None),
        };
        output.object(
            "inspect-rule",
            json!({
                "rule": check.rule,
                "title": check.rule.title(),
                "outcome": word,
                "detail": refusal.map(|r| &r.detail),
                "place": refusal.map(|r| &r.place),
                "hint": refusal.map(|r| &r.hint).filter(|hint| !hint.is_empty()),
            }),
        )?;
        let mark = match word {
            "pass" => "ok  ",
            "fail" => "FAIL",
            _ => "-   ",
        };
        output.text(format!("{mark} {:<20} {}", check.rule.id(), check.rule.title()))?;
        if let Some(refusal) = refusal {
            output.text(format!("       {} ({})", refusal.detail, refusal.place))?;
            if !refusal.hint.is_empty() {
                output.text(format!("       hint: {}", refusal.hint))?;
            }
        }
    }
    Ok(())
}

/// The last object of `inspect`; what is not known is null.
#[derive(Default, Serialize)]
struct Verdict<'a> {
    verdict: &'a str,
    rule: Option<&'a str>,
    detail: Option<&'a str>,
    address: Option<&'a str>,
    domain: Option<&'a str>,
    selector: Option<&'a str>,
    subject: Option<&'a str>,
    timestamp: Option<u64>,
    header_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<&'a Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

fn report_verdict(output: Output, inspection: &Inspection) -> std::io::Result<()> {
    match &inspection.verdict {
        Ok(provable) => {
            let view = &provable.view;
            let address = String::from_utf8_lossy(&view.address);
            let subject = String::from_utf8_lossy(&view.subject);
            output.object(
                "inspect",
                Verdict {
                    verdict: "provable",
                    address: Some(&address),
                    domain: Some(&provable.domain),
                    selector: Some(&provable.selector),
                    subject: Some(&subject),
                    timestamp: Some(view.timestamp),
                    header_bytes: Some(provable.header.bytes.len()),
                    ..Verdict::default()
                },
            )?;
            output.text(format!(
                "\nprovable: {} bytes of signed header\n\npublic:\n  subject    {subject}\n  timestamp  \
                 {}\n  and three numbers: registry root, commitment, nullifier\n\nhidden:\n  address    \
                 {address}\n  domain     {}\n  selector   {}\n  and the rest of the message",
                provable.header.bytes.len(),
                match view.timestamp {
                    0 => "none".into(),
                    time => time.to_string(),
                },
                provable.domain,
                provable.selector,
            ))
        }
        Err(refusal) => {
            output.object(
                "inspect",
                Verdict {
                    verdict: "refused",
                    rule: Some(refusal.rule.id()),
                    detail: Some(&refusal.detail),
                    place: Some(&refusal.place),
                    hint: Some(&refusal.hint),
                    ..Verdict::default()
                },
            )?;
            output.text(format!(
                "\nrefused: {}: {} ({})",
                refusal.rule.id(),
                refusal.detail,
                refusal.place
            ))
        }
    }
}
