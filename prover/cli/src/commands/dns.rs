//! `dns record`: key records in the form in which this program keeps them.

use std::path::Path;

use serde_json::{json, Value};
use zkdkim_relation::{key_record::KeyRecord, key_text, DnsRecords};
use zkdkim_store::{
    documents::{read_key_text, write_dns},
    files::check_target,
    Error as StoreError, Overwrite,
};

use super::{CommandResult, SUCCESS};
use crate::{
    cli::{DnsCommand, HiArgs},
    fault::Fault,
    output::shown,
};

pub fn run(args: &HiArgs, command: &DnsCommand) -> CommandResult {
    let DnsCommand::Record { file, name, out, force } = command;
    let overwrite = if *force { Overwrite::Replace } else { Overwrite::Never };
    if let Some(out) = out {
        check_target(out, overwrite)?;
    }
    let records = read(file, &read_key_text(file)?, name.as_deref())?;
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
    if let Some(out) = out {
        write_dns(out, &records, overwrite)?;
    }
    let object: Value =
        serde_json::from_str(&recorded).map_err(|e| text_error(file, e.to_string()))?;
    args.output.result(
        "dns",
        SUCCESS,
        json!({
            "verdict": "done", "action": "record", "keys": keys, "records": object,
            "file": out.as_deref().map(shown),
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
