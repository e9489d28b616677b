//! `salt`: made, encrypted to a mailbox, and got back from the nodes by a mail.

use std::path::Path;

use rand::rngs::OsRng;
use serde_json::{json, Value};
use zkdkim_prover::{hex_form::bytes_hex, Salt};
use zkdkim_salt::{
    request::{Consent, Request, SaltSubject},
    CommitteeRecord, Escrow, Identity, MailAddress, OpeningKey, ESCROW_BYTES,
};
use zkdkim_salt_client::{OnceKey, SaltClient};
use zkdkim_store::{
    documents::write_salt,
    files::{self, check_target, read_bounded, Secrecy},
    Overwrite,
};

use super::{ask, read_salt, CommandResult, SUCCESS};
use crate::{
    cli::{
        clock,
        net::NetArgs,
        salt::{CommitteeArgs, MailArgs, NewKeyArgs, SaltCommand},
        HiArgs,
    },
    fault::Fault,
    output::shown,
};

pub fn run(args: &HiArgs, command: &SaltCommand) -> CommandResult {
    match command {
        SaltCommand::New { out, force } => new(args, out, overwrite(*force)),
        SaltCommand::Committee { committee, update, net } => {
            show_committee(args, committee, *update, net)
        }
        SaltCommand::Escrow { committee, address, salt_file, out, force } => {
            let out = out.as_deref().map(|out| (out, overwrite(*force)));
            escrow(args, committee, address, salt_file, out)
        }
        SaltCommand::Subject { committee, rpc, once, net } => {
            subject(args, committee, rpc, once, net)
        }
        SaltCommand::Consent { mail, committee, once, valid, net } => {
            consent(args, mail, committee, once, *valid, net)
        }
        SaltCommand::Recover { mail, opening, escrow, out, force, net } => {
            check_target(out, overwrite(*force))?;
            let escrow = read_escrow(escrow)?;
            let key = ask::key_of_mailbox(mail, opening, net, args.progress.as_ref())?;
            let salt = escrow.open(&key.identity, &key.opened.key).map_err(Fault::from)?;
            write_salt(out, &salt, overwrite(*force))?;
            let nodes = &key.opened.nodes;
            let fields = json!({
                "file": shown(out), "epoch": key.client.committee().epoch,
                "nodes": ask::node_objects(nodes),
            });
            done(args, "recover", fields)?;
            args.output.text(format!("{}wrote {}", ask::node_lines(nodes), shown(out)))?;
            Ok(SUCCESS)
        }
    }
}

fn overwrite(force: bool) -> Overwrite {
    match force {
        true => Overwrite::Replace,
        false => Overwrite::Never,
    }
}

/// The last object of a command that did what it should.
fn done(args: &HiArgs, action: &str, mut fields: Value) -> std::io::Result<()> {
    fields["verdict"] = "done".into();
    fields["action"] = action.into();
    args.output.result("salt", SUCCESS, fields)
}

fn new(args: &HiArgs, out: &Path, overwrite: Overwrite) -> CommandResult {
    check_target(out, overwrite)?;
    write_salt(out, &Salt::random(&mut OsRng), overwrite)?;
    done(args, "new", json!({ "file": shown(out) }))?;
    args.output.text(format!(
        "wrote {}: keep it safe and secret; without it, or an escrow of it, no recovery can be proved",
        shown(out)
    ))?;
    Ok(SUCCESS)
}

fn show_committee(
    args: &HiArgs,
    committee: &CommitteeArgs,
    update: bool,
    net: &NetArgs,
) -> CommandResult {
    let mut record = ask::committee(committee)?;
    if update {
        check_target(&committee.committee, Overwrite::Replace)?;
        let mut client = SaltClient::new(ask::http(net)?, record)?;
        let steps = client.follow()?;
        record = client.record().clone();
        if steps > 0 {
            write_record(&committee.committee, &record)?;
        }
        args.output.text(format!("followed over {steps} epochs"))?;
    }
    let committee_of = record.committee();
    let digest = hex::encode(committee_of.digest());
    let node = |node: &zkdkim_salt::Node| json!({ "index": node.member.index.get(), "url": node.member.url });
    let fields = json!({
        "network": committee_of.network.as_str(), "epoch": committee_of.epoch,
        "threshold": committee_of.threshold, "digest": digest,
        "members": committee_of.nodes.iter().map(node).collect::<Vec<_>>(),
    });
    done(args, "committee", fields)?;
    args.output.text(format!(
        "network {}, epoch {}, {} of {} nodes\ndigest {digest}",
        committee_of.network,
        committee_of.epoch,
        committee_of.threshold,
        committee_of.nodes.len()
    ))?;
    for node in &committee_of.nodes {
        args.output.text(format!("  {} {}", node.member.index, node.member.url))?;
    }
    Ok(SUCCESS)
}

fn write_record(path: &Path, record: &CommitteeRecord) -> Result<(), Fault> {
    let bytes = record.to_bytes();
    let written =
        files::write_atomic(path, Overwrite::Replace, Secrecy::Public, |out| out.write_all(&bytes));
    Ok(written?)
}

fn escrow(
    args: &HiArgs,
    committee: &CommitteeArgs,
    address: &str,
    salt_file: &Path,
    out: Option<(&Path, Overwrite)>,
) -> CommandResult {
    if let Some((out, overwrite)) = out {
        check_target(out, overwrite)?;
    }
    let record = ask::committee(committee)?;
    let committee = record.committee();
    let address = MailAddress::parse(address);
    let address = address.map_err(|error| Fault::input("--address", error))?;
    let salt = read_salt(salt_file, args.progress.as_ref())?;
    let identity = Identity::new(&committee.network, &committee.master, &address);
    let escrow = Escrow::seal(&identity, &committee.master, &salt, &mut OsRng);
    let text = bytes_hex(&escrow.to_bytes());
    if let Some((out, overwrite)) = out {
        files::write_atomic(out, overwrite, Secrecy::Public, |file| {
            file.write_all(format!("{text}\n").as_bytes())
        })?;
    }
    let fields = json!({
        "escrow": text, "network": committee.network.as_str(), "epoch": committee.epoch,
        "file": out.map(|(out, _)| shown(out)),
    });
    done(args, "escrow", fields)?;
    args.output.text(text)?;
    Ok(SUCCESS)
}

/// An escrow as it was printed, or a file that holds it.
fn read_escrow(given: &str) -> Result<Escrow, Fault> {
    let text = match given.starts_with("0x") {
        true => given.to_owned(),
        false => {
            let bytes = read_bounded(Path::new(given), "an escrow", 4096)?;
            String::from_utf8(bytes).map_err(|_| Fault::input("--escrow", "no text"))?
        }
    };
    let digits = text.trim().strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
    let bytes = digits.filter(|bytes| bytes.len() == ESCROW_BYTES).ok_or_else(|| {
        Fault::input("--escrow", format!("not 0x and {} hexadecimal digits", 2 * ESCROW_BYTES))
    })?;
    Ok(Escrow::from_bytes(&bytes)?)
}

fn write_once(once: &NewKeyArgs, key: &OnceKey) -> Result<(), Fault> {
    let text = key.to_json();
    let written =
        files::write_atomic(&once.out, overwrite(once.force), Secrecy::OwnerOnly, |out| {
            out.write_all(text.as_bytes())
        });
    Ok(written?)
}

fn subject(
    args: &HiArgs,
    committee: &CommitteeArgs,
    rpc: &str,
    once: &NewKeyArgs,
    net: &NetArgs,
) -> CommandResult {
    check_target(&once.out, overwrite(once.force))?;
    let record = ask::committee(committee)?;
    let chain = ask::chain(net, rpc)?;
    let (id, block) = (chain.chain_id().map_err(Fault::from)?, chain.latest_block());
    let block = block.map_err(Fault::from)?;
    let key = OnceKey { opening: OpeningKey::random(&mut OsRng), until: None };
    let mut hash = [0; 8];
    hash.copy_from_slice(&block.hash[..8]);
    let subject = SaltSubject {
        network: record.committee().network.clone(),
        key: key.opening.sealing_key(),
        chain: id,
        block: block.number,
        hash,
    };
    write_once(once, &key)?;
    let subject = subject.to_string();
    done(args, "subject", json!({ "subject": subject, "file": shown(&once.out) }))?;
    args.progress.note(&format!(
        "send a mail with exactly this Subject within two hours; {} opens the answers",
        shown(&once.out)
    ));
    args.output.text(subject)?;
    Ok(SUCCESS)
}

fn consent(
    args: &HiArgs,
    mail: &MailArgs,
    committee: &CommitteeArgs,
    once: &NewKeyArgs,
    valid: u64,
    net: &NetArgs,
) -> CommandResult {
    check_target(&once.out, overwrite(once.force))?;
    let record = ask::committee(committee)?;
    let mail = ask::mail(mail, net)?;
    let request = Request::new(record.committee(), &mail, None);
    let now = clock(None).ok_or_else(|| Fault::input("clock", "this machine has none"))?;
    let until = now.saturating_add(valid);
    let key = OnceKey { opening: OpeningKey::random(&mut OsRng), until: Some(until) };
    let seal_to = key.opening.sealing_key();
    let text = Consent::text(&request.network, &request.header_digest(), &seal_to, until);
    write_once(once, &key)?;
    done(args, "consent", json!({ "text": text, "file": shown(&once.out) }))?;
    args.progress.note("the new key signs this text (EIP-191); give the signature to --signature");
    args.output.text(text)?;
    Ok(SUCCESS)
}
