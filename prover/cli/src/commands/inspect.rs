//! `inspect`: every rule with its outcome, what still holds, and what would be public.

use std::path::Path;

use serde::Serialize;
use serde_json::json;
use zkdkim_prover::{hex_form::bytes_hex, Reading, Reveal};
use zkdkim_relation::{
    inspect::{
        inspect_under, Holds, Inspection, KeySource, Note, Outcome as RuleOutcome, Policy, Provable,
    },
    recovery_subject::{advice, difference},
    statement::day_of,
    Place, Refusal, Rule,
};
use zkdkim_store::documents::{read_dns, read_message};

use super::{ask, CommandResult, SUCCESS};
use crate::{
    cli::{
        net::{KeyRecords, NetArgs},
        HiArgs, InspectArgs, MessageArgs,
    },
    fault::Fault,
    output::{shown, Output},
};

pub fn run(args: &HiArgs, command: &InspectArgs) -> CommandResult {
    let message = read_message(&command.message)?;
    let inspection = with_dns(&message, &command.dns, &command.net, &command.how.policy())?;
    report_rules(args.output, &inspection)?;
    let reveal = command.how.reveal()?;
    let verdict = judge(&command.message, &inspection, &command.how)?;
    Ok(report_verdict(args.output, &inspection, &verdict, &reveal)?)
}

/// Inspects a message under key records from wherever the user says. Where its key could not be looked up, that is the
/// fault, and not that there is none.
pub fn with_dns(
    message: &[u8],
    dns: &KeyRecords,
    net: &NetArgs,
    policy: &Policy,
) -> Result<Inspection, Fault> {
    let (records, faults) = match dns {
        KeyRecords::File(path) => (read_dns(path)?, Vec::new()),
        live => {
            let fetched = ask::live_dns(net, live)?.for_message(message);
            (fetched.records, fetched.faults)
        }
    };
    let inspection = inspect_under(message, KeySource::Dns(&records), policy);
    let keyless = inspection.verdict.as_ref().is_err_and(|refusal| refusal.rule == Rule::KeyRecord);
    match faults.into_iter().find(|fault| keyless && fault.is_temporary()) {
        Some(fault) => Err(fault.into()),
        None => Ok(inspection),
    }
}

/// One object or line for each rule.
pub fn report_rules(output: Output, inspection: &Inspection) -> std::io::Result<()> {
    for check in &inspection.checks {
        let (word, mark, refusal): (_, _, Option<&Refusal>) = match &check.outcome {
            RuleOutcome::Pass => ("pass", "ok  ", None),
            RuleOutcome::Warn(refusal) => ("warn", "WARN", Some(refusal)),
            RuleOutcome::Fail(refusal) => ("fail", "FAIL", Some(refusal)),
            RuleOutcome::NotReached => ("not-reached", "-   ", None),
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

/// What an inspection comes to, with what the user expects of the Subject.
pub struct Verdict<'a> {
    /// The pieces for proving, or why not.
    pub outcome: Result<&'a Provable, Fault>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
}

/// Judges an inspection. A Subject that was named must be there; without one, a Subject that no
/// recovery contract can ask for is pointed out.
///
/// # Errors
///
/// Where what the Subject is sealed over can't be read.
pub fn judge<'a>(
    path: &Path,
    inspection: &'a Inspection,
    how: &MessageArgs,
) -> zkdkim_store::Result<Verdict<'a>> {
    let wanted = how.wanted_subject()?;
    let mut notes = inspection.notes.clone();
    let outcome = match (&inspection.verdict, wanted) {
        (Err(refusal), _) => Err(Fault::Message {
            path: path.into(),
            refusal: Box::new(refusal.clone()),
            holds: inspection.holds,
        }),
        (Ok(provable), None) => {
            notes.extend(advice(&provable.view.subject));
            Ok(&**provable)
        }
        (Ok(provable), Some(wanted)) => match difference(&provable.view.subject, &wanted) {
            None => Ok(&**provable),
            Some(Note { detail, hint, .. }) => Err(Fault::Subject {
                path: path.into(),
                detail,
                hint: format!("{hint}: {wanted}"),
                holds: inspection.holds,
            }),
        },
    };
    Ok(Verdict { outcome, notes })
}

/// What still holds, in words.
fn held(holds: Holds) -> &'static str {
    match holds {
        Holds::Message => "header and body are the ones that were signed",
        Holds::Header => "the header alone is the one that was signed; the rest of the file is not",
        Holds::Nothing => "no signature",
    }
}

/// The last object of `inspect`.
#[derive(Default, Serialize)]
struct Last<'a> {
    verdict: &'a str,
    holds: Option<Holds>,
    address: Option<&'a str>,
    domain: Option<&'a str>,
    selector: Option<&'a str>,
    subject: Option<&'a str>,
    reading: Option<&'a str>,
    command: Option<String>,
    timestamp: Option<u64>,
    not_before: Option<u64>,
    header_bytes: Option<usize>,
    notes: &'a [Note],
    rule: Option<&'a str>,
    detail: Option<&'a str>,
    place: Option<&'a Place>,
    hint: Option<&'a str>,
    file: Option<String>,
}

fn report_verdict(
    output: Output,
    inspection: &Inspection,
    verdict: &Verdict<'_>,
    reveal: &Reveal,
) -> std::io::Result<u8> {
    let Verdict { outcome, notes } = verdict;
    let holds = Some(inspection.holds);
    match outcome {
        Ok(provable) => {
            let view = &provable.view;
            let address = String::from_utf8_lossy(&view.address);
            let subject = String::from_utf8_lossy(&view.subject);
            let (reading, command) = match &reveal.reading {
                Reading::Clear => ("clear", None),
                Reading::Sealed { command, .. } => ("sealed", Some(bytes_hex(&command.0))),
            };
            let not_before = reveal.not_before.unwrap_or_else(|| day_of(view.timestamp));
            output.result(
                "inspect",
                SUCCESS,
                Last {
                    verdict: "provable",
                    holds,
                    address: Some(&address),
                    domain: Some(&provable.domain),
                    selector: Some(&provable.selector),
                    subject: Some(&subject),
                    reading: Some(reading),
                    command: command.clone(),
                    timestamp: Some(view.timestamp),
                    not_before: Some(not_before),
                    header_bytes: Some(provable.header.bytes.len()),
                    notes,
                    ..Last::default()
                },
            )?;
            output.text(format!(
                "\nprovable: {} bytes of signed header\nholds: {}\n\npublic:\n  {}\n  not before \
                 {not_before}\n  and three numbers: registry root, commitment, nullifier\n\nhidden:\n\
                 {}  address    {address}\n  timestamp  {}\n  domain     {}\n  selector   {}\n  and the rest of \
                 the message",
                provable.header.bytes.len(),
                held(inspection.holds),
                match &command {
                    Some(command) => format!("command    {command}"),
                    None => format!("subject    {subject}"),
                },
                match command {
                    Some(_) => format!("  subject    {subject}\n"),
                    None => String::new(),
                },
                match view.timestamp {
                    0 => "none".into(),
                    time => time.to_string(),
                },
                provable.domain,
                provable.selector,
            ))?;
            report_notes(output, notes)?;
            Ok(SUCCESS)
        }
        Err(fault) => {
            let (code, hint) = (fault.exit_code(), fault.hint());
            let refusal = fault.refusal();
            let detail =
                refusal.map_or_else(|| fault.to_string(), |refusal| refusal.detail.clone());
            output.result(
                "inspect",
                code,
                Last {
                    verdict: fault.verdict(),
                    holds,
                    notes,
                    rule: Some(fault.id()),
                    detail: Some(&detail),
                    place: refusal.map(|refusal| &refusal.place),
                    hint: hint.as_deref(),
                    file: fault.file().map(shown),
                    ..Last::default()
                },
            )?;
            let place = refusal.map(|r| format!(" ({})", r.place)).unwrap_or_default();
            output.text(format!(
                "\nrefused: {}: {detail}{place}\nholds: {}",
                fault.id(),
                held(inspection.holds)
            ))?;
            if let Some(hint) = &hint {
                output.text(format!("hint: {hint}"))?;
            }
            report_notes(output, notes)?;
            Ok(code)
        }
    }
}

fn report_notes(output: Output, notes: &[Note]) -> std::io::Result<()> {
    for Note { detail, hint, .. } in notes {
        output.text(format!("\nnote: {detail}"))?;
        if !hint.is_empty() {
            output.text(format!("      {hint}"))?;
        }
    }
    Ok(())
}
