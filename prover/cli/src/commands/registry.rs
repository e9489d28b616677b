//! `registry`: the file behind the root that contracts hold.

use std::path::Path;

use serde_json::json;
use zkdkim_net::{contracts, Rpc};
use zkdkim_plonk::words::scalar_word;
use zkdkim_prover::hex_form::{bytes_hex, field_hex};
use zkdkim_relation::{
    commitment::leaf,
    key_record::KeyRecord,
    key_text::{domain_of_record, signing_domain},
    recovery_subject::Address,
    registry::RegistryError,
    KeyRegistry,
};
use zkdkim_store::{
    documents::{read_key_text, read_registry, write_registry},
    files::check_target,
    Error as StoreError, Overwrite,
};

use super::{ask, sync, CommandResult, Stop, SUCCESS};
use crate::{
    cli::{
        keys::{RegistryArgs, RegistryCommand},
        HiArgs,
    },
    fault::Fault,
};

pub fn run(args: &HiArgs, command: &RegistryArgs) -> CommandResult {
    let path = command.file.as_deref();
    let path = path.ok_or_else(|| Fault::input("registry", "--file FILE is needed"))?;
    let (action, registry, slot) = match &command.command {
        RegistryCommand::Init { force } => {
            let registry = KeyRegistry::new();
            let overwrite = if *force { Overwrite::Replace } else { Overwrite::Never };
            check_target(path, overwrite)?;
            write_registry(path, &registry, overwrite)?;
            ("init", registry, None)
        }
        RegistryCommand::Add { domain, txt_record } => {
            let mut registry = read_registry(path)?;
            let slot = match txt_record.as_str() {
                "-" => add(path, &mut registry, domain, &read_key_text(Path::new("-"))?)?,
                txt_record => add(path, &mut registry, domain, txt_record)?,
            };
            write_registry(path, &registry, Overwrite::Replace)?;
            ("add", registry, Some(slot))
        }
        RegistryCommand::Remove { domain, slot } => {
            let mut registry = read_registry(path)?;
            let slot = remove(&mut registry, domain, *slot)?;
            write_registry(path, &registry, Overwrite::Replace)?;
            ("remove", registry, Some(slot))
        }
        RegistryCommand::Root => ("root", read_registry(path)?, None),
        RegistryCommand::Path { slot } => {
            let registry = read_registry(path)?;
            show_path(args, &registry, *slot)?;
            ("path", registry, Some(*slot))
        }
        RegistryCommand::Show => {
            let registry = read_registry(path)?;
            show(args, &registry)?;
            ("show", registry, None)
        }
        RegistryCommand::Sync { providers, system, net } => {
            return sync::run(args, path, providers.as_deref(), *system, net);
        }
        RegistryCommand::Propose { rpc, contract, net } => {
            return propose(args, &read_registry(path)?, &ask::chain(net, rpc)?, contract);
        }
    };
    let root = field_hex(&registry.root().0);
    let keys = registry.entries().count();
    args.output.result(
        "registry",
        SUCCESS,
        json!({
            "verdict": "done", "action": action, "slot": slot, "root": root, "keys": keys,
            "used_slots": registry.used_slots(),
        }),
    )?;
    match action {
        "root" => args.output.text(root)?,
        _ => {
            let slot = slot.map_or(String::new(), |slot| format!(" slot {slot}"));
            args.output.text(format!("{action}{slot}: {keys} keys, root {root}"))?;
        }
    }
    Ok(SUCCESS)
}

/// The call that makes the root the contract's next one. It is for its owner, who has a key or is a contract of several, to send.
fn propose(
    args: &HiArgs,
    registry: &KeyRegistry,
    chain: &Rpc,
    contract: &Address,
) -> CommandResult {
    let root = scalar_word(&registry.root().0);
    let latest = contracts::latest_root(chain, &contract.0).map_err(Fault::from)?;
    let data = bytes_hex(&contracts::propose_root(&root, &latest));
    let call = (root != latest).then(|| json!({ "to": contract.to_string(), "data": data }));
    let text = match call {
        Some(_) => format!("to   {contract}\ndata {data}"),
        None => format!("propose: the contract has the root {} already", bytes_hex(&root)),
    };
    args.output.result(
        "registry",
        SUCCESS,
        json!({
            "verdict": "done", "action": "propose", "root": bytes_hex(&root),
            "latest": bytes_hex(&latest), "call": call, "keys": registry.entries().count(),
            "used_slots": registry.used_slots(),
        }),
    )?;
    args.output.text(text)?;
    Ok(SUCCESS)
}

/// Adds the key of a TXT record, under the same rules as a message's key.
fn add(
    path: &Path,
    registry: &mut KeyRegistry,
    given: &str,
    txt_record: &str,
) -> Result<u32, Fault> {
    let domain = domain_of(given)?;
    let record = KeyRecord::parse(given, txt_record)?;
    if let Some(other) = domain_of_record(txt_record).filter(|other| *other != domain) {
        let detail = format!("{domain}, but the record's name says {other}");
        return Err(Fault::input("DOMAIN", detail));
    }
    record.check_strength(given)?;
    registry.add(&domain, record.modulus).map_err(|error| match error {
        RegistryError::Domain(_) => Fault::input("DOMAIN", error),
        error => StoreError::content(path)(error).into(),
    })
}

fn domain_of(given: &str) -> Result<String, Fault> {
    signing_domain(given).map_err(|error| Fault::KeyText { what: "DOMAIN", error })
}

fn remove(registry: &mut KeyRegistry, domain: &str, slot: Option<u32>) -> Result<u32, Fault> {
    let domain = domain_of(domain)?;
    let slots: Vec<u32> =
        registry.entries().filter(|(_, e)| e.domain == domain).map(|(slot, _)| slot).collect();
    let slot = match (slot, &slots[..]) {
        (_, []) => return Err(Fault::input("DOMAIN", "has no key in the registry")),
        (None, [slot]) => *slot,
        (None, several) => {
            let detail = format!("has keys in the slots {several:?}; say which with --slot");
            return Err(Fault::input("DOMAIN", detail));
        }
        (Some(slot), all) if all.contains(&slot) => slot,
        (Some(_), all) => {
            return Err(Fault::input("--slot", format!("the domain has the slots {all:?}")));
        }
    };
    registry.remove(slot)?;
    Ok(slot)
}

fn show_path(args: &HiArgs, registry: &KeyRegistry, slot: u32) -> Result<(), Stop> {
    let path = registry.path(slot).map_err(Fault::from)?;
    // A slot that has a path has an entry, and an entry has a leaf.
    let entry = registry.entries().find_map(|(at, entry)| (at == slot).then_some(entry));
    let Some(leaf) = entry.and_then(|entry| leaf(entry.domain.as_bytes(), &entry.modulus)) else {
        return Err(Fault::input("SLOT", "has no key in the registry").into());
    };
    let (leaf, siblings) = (field_hex(&leaf), path.siblings.each_ref().map(field_hex));
    args.output
        .object("registry-path", json!({ "slot": slot, "leaf": leaf, "siblings": siblings }))?;
    args.output.text(format!("leaf {leaf}"))?;
    for sibling in siblings {
        args.output.text(sibling)?;
    }
    Ok(())
}

fn show(args: &HiArgs, registry: &KeyRegistry) -> std::io::Result<()> {
    for (slot, entry) in registry.entries() {
        let modulus = entry.modulus.to_str_radix(16);
        args.output.object(
            "registry-key",
            json!({ "slot": slot, "domain": entry.domain, "modulus": format!("0x{modulus}") }),
        )?;
        let (head, tail) = (&modulus[..8.min(modulus.len())], modulus.len().saturating_sub(8));
        args.output.text(format!(
            "{slot:>6}  {:<40} {} bits  0x{head}…{}",
            entry.domain,
            entry.modulus.bits(),
            &modulus[tail..]
        ))?;
    }
    Ok(())
}
