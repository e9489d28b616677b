//! `dns record`, `dns fetch`: key records in the form in which this program keeps them.

use std::path::Path;

use serde_json::{json, Value};
use zkdkim_relation::{
    dkim::key_name,
    key_record::KeyRecord,
    key_text::{self, signing_domain},
    DnsRecords,
};
use zkdkim_store::{
    documents::{read_key_text, write_dns},
    files::check_target,
    Error as StoreError, Overwrite,
};

use super::{ask, CommandResult, SUCCESS};
use crate::{
    cli::{
        keys::DnsCommand,
        net::{KeyRecords, NetArgs},
        HiArgs,
    },
    fault::Fault,
    output::shown,
};

pub fn run(args: &HiArgs, command: &DnsCommand) -> CommandResult {
    match command {
        DnsCommand::Record { file, name, out, force } => {
            let target = target(out.as_deref(), *force)?;
            let records = read(file, &read_key_text(file)?, name.as_deref())?;
            write(args, "record", file, &records, target)
        }
        DnsCommand::Fetch { domain, selectors, system, out, force, net } => {
            let target = target(out.as_deref(), *force)?;
            let records = fetch(net, domain, selectors, *system)?;
            write(args, "fetch", Path::new(domain), &records, target)
        }
    }
}

/// The file to write, if one is wanted, and whether it may be there.
type Target<'a> = Option<(&'a Path, Overwrite)>;

fn target(out: Option<&Path>, force: bool) -> Result<Target<'_>, Fault> {
    let overwrite = if force { Overwrite::Replace } else { Overwrite::Never };
    let Some(out) = out else { return Ok(None) };
    check_target(out, overwrite)?;
    Ok(Some((out, overwrite)))
}

/// Looks all of them up; one that is missing is an error, so that what is written is whole.
fn fetch(
    net: &NetArgs,
    domain: &str,
    selectors: &[String],
    system: bool,
) -> Result<DnsRecords, Fault> {
    let domain =
        signing_domain(domain).map_err(|error| Fault::KeyText { what: "DOMAIN", error })?;
    let names: Vec<String> = selectors.iter().map(|selector| key_name(selector, &domain)).collect();
    let source = if system { KeyRecords::System } else { KeyRecords::Live };
    let fetched = ask::live_dns(net, &source)?.fetch(&names);
    match fetched.faults.into_iter().next() {
        Some(fault) => Err(fault.into()),
        None => Ok(fetched.records),
    }
}

/// Writes records in which every key can be used, to a file or to standard output.
fn write(
    args: &HiArgs,
    action: &str,
    file: &Path,
    records: &DnsRecords,
    target: Target<'_>,
) -> CommandResult {
    let mut keys = Vec::new();
    for (name, texts) in records.iter() {
        for text in texts {
            let content = StoreError::content(file);
            let key = KeyRecord::parse(name, text)
                .and_then(|key| key.check_strength(name).map(|()| key))
                .map_err(content)?;
            keys.push(json!({ "name": name, "bits": key.modulus.bits() }));
        }
    }
    if keys.is_empty() {
        return Err(text_error(file, "no key record in it").into());
    }
    let recorded = records.to_json();
    if let Some((out, overwrite)) = target {
        write_dns(out, records, overwrite)?;
    }
    let out = target.map(|(out, _)| out);
    let object: Value =
        serde_json::from_str(&recorded).map_err(|e| text_error(file, e.to_string()))?;
    args.output.result(
        "dns",
        SUCCESS,
        json!({
            "verdict": "done", "action": action, "keys": keys, "records": object,
            "file": out.map(shown),
        }),
    )?;
    args.output.text(match out {
        Some(out) => format!("wrote {} key records to {}", keys.len(), shown(out)),
        None => recorded.trim_end().to_owned(),
    })?;
    Ok(SUCCESS)
}

/// The records of a text, under the names that it gives or under the one that the user gives.
fn read(file: &Path, text: &str, name: Option<&str>) -> Result<DnsRecords, Fault> {
    let unreadable = |error| StoreError::KeyText { path: file.into(), error };
    let Some(name) = name else {
        let mut records = DnsRecords::read(text).map_err(unreadable)?;
        records.retain_key_records();
        return Ok(records);
    };
    let whole = matches!(key_text::key_owner(&key_text::plain_name(name)), Some((Some(_), _)));
    if !whole {
        let detail = "not the name of a key record, SELECTOR._domainkey.DOMAIN";
        return Err(Fault::input("--name", detail));
    }
    let record = key_text::single(text).map_err(unreadable)?;
    let mut records = DnsRecords::default();
    records.add(name, record.text);
    Ok(records)
}

fn text_error(file: &Path, detail: impl Into<String>) -> StoreError {
    StoreError::Text { path: file.into(), detail: detail.into() }
}
