//! `registry sync`: keys of providers as DNS has them now.

use std::path::Path;

use serde_json::{json, Value};
use zkdkim_dns::{
    providers::{built_in, parse},
    sync::{sync, Item, Outcome, Report},
};
use zkdkim_prover::hex_form::field_hex;
use zkdkim_store::{
    documents::{read_registry, write_registry},
    files::{check_target, read_bounded},
    Overwrite,
};

use super::{ask, CommandResult, SUCCESS};
use crate::{
    cli::{
        net::{KeyRecords, NetArgs},
        HiArgs,
    },
    fault::Fault,
};

const PROVIDERS_LIMIT: u64 = 1 << 20;

pub fn run(
    args: &HiArgs,
    path: &Path,
    providers: Option<&Path>,
    system: bool,
    net: &NetArgs,
) -> CommandResult {
    let mut registry = read_registry(path)?;
    check_target(path, Overwrite::Replace)?;
    let providers = match providers {
        None => built_in()?,
        Some(path) => {
            let bytes = read_bounded(path, "a list of providers", PROVIDERS_LIMIT)?;
            parse(&String::from_utf8(bytes).map_err(|_| Fault::input("--providers", "no text"))?)?
        }
    };
    let source = if system { KeyRecords::System } else { KeyRecords::Live };
    let report = sync(&mut registry, &providers, &ask::live_dns(net, &source)?);
    if report.added() > 0 {
        write_registry(path, &registry, Overwrite::Replace)?;
    }
    let root = field_hex(&registry.root().0);
    show(args, &report)?;
    if report.unknown() > 0 {
        let (unknown, asked) = (report.unknown(), report.items.len());
        return Err(Fault::Sync { unknown, asked }.into());
    }
    let keys = registry.entries().count();
    let unseen: Vec<Value> = report
        .unseen
        .iter()
        .map(|(slot, domain)| json!({ "slot": slot, "domain": domain }))
        .collect();
    args.output.result(
        "registry",
        SUCCESS,
        json!({
            "verdict": "done", "action": "sync", "root": root, "keys": keys,
            "used_slots": registry.used_slots(), "added": report.added(),
            "left_out": report.left_out, "unseen": unseen,
        }),
    )?;
    args.output.text(format!("sync: {} added, {keys} keys, root {root}", report.added()))?;
    Ok(SUCCESS)
}

fn show(args: &HiArgs, report: &Report) -> std::io::Result<()> {
    for item in &report.items {
        let Item { domain, selector, .. } = item;
        let (outcome, slot, detail) = words(&item.outcome);
        let beside = match &item.outcome {
            Outcome::Added { beside, .. } if !beside.is_empty() => Some(beside),
            _ => None,
        };
        args.output.object(
            "registry-selector",
            json!({
                "domain": domain, "selector": selector, "outcome": outcome, "slot": slot,
                "beside": beside, "detail": detail,
            }),
        )?;
        let slot = slot.map_or(String::new(), |slot| format!(" slot {slot}"));
        let rotated = match beside {
            Some(slots) => format!("; rotated: the domain has other keys in {slots:?}"),
            None => String::new(),
        };
        let detail = detail.map_or(String::new(), |detail| format!(": {detail}"));
        args.output
            .text(format!("{outcome:<9} {selector}._domainkey.{domain}{slot}{rotated}{detail}"))?;
    }
    for (slot, domain) in &report.unseen {
        args.output
            .text(format!("unseen    slot {slot}, a key of {domain} that no known selector has"))?;
    }
    if !report.left_out.is_empty() {
        args.output.text(format!("left out  {}", report.left_out.join(", ")))?;
    }
    Ok(())
}

fn words(outcome: &Outcome) -> (&'static str, Option<u32>, Option<String>) {
    match outcome {
        Outcome::Present { slot } => ("present", Some(*slot), None),
        Outcome::Added { slot, .. } => ("added", Some(*slot), None),
        Outcome::Absent => ("absent", None, None),
        Outcome::Unusable(refusal) => ("unusable", None, Some(refusal.detail.clone())),
        Outcome::Refused(error) => ("refused", None, Some(error.to_string())),
        Outcome::Unknown(error) => ("unknown", None, Some(error.to_string())),
    }
}
