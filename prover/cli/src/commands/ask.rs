//! What several commands do before they ask others: clients, committees, keys of mailboxes.

use std::{path::Path, time::Duration};

use rand::rngs::OsRng;
use serde_json::{json, Value};
use zkdkim_dns::{LiveDns, Resolvers};
use zkdkim_net::{Endpoint, Http, HttpSettings, Rpc};
use zkdkim_plonk::progress::Progress;
use zkdkim_relation::{
    inspect::{inspect_under, KeySource, Policy, UnsignedParts},
    Provable,
};
use zkdkim_salt::{
    request::{Consent, Request},
    Committee, CommitteeRecord, Identity, MailAddress,
};
use zkdkim_salt_client::{Error as NodesError, NodeReport, OnceKey, Opened, Outcome, SaltClient};
use zkdkim_store::{
    documents::{read_message, read_registry},
    files::read_bounded,
};

use super::inspect::with_dns;
use crate::{
    cli::{
        clock,
        net::{KeyRecords, NetArgs},
        salt::{CommitteeArgs, MailArgs, OpeningArgs},
    },
    fault::Fault,
};

const RECORD_LIMIT: u64 = 1 << 16;
const SMALL_LIMIT: u64 = 1 << 20;

/// A client for HTTP as the arguments say.
pub fn http(net: &NetArgs) -> Result<Http, Fault> {
    let extra_roots = match &net.tls_roots {
        None => Vec::new(),
        Some(path) => read_bounded(path, "root certificates", SMALL_LIMIT)?,
    };
    let timeout = Duration::from_secs(net.timeout);
    Ok(Http::new(&HttpSettings { timeout, extra_roots })?)
}

/// DNS as it is now; a file is read elsewhere.
pub fn live_dns(net: &NetArgs, source: &KeyRecords) -> Result<LiveDns, Fault> {
    if *source == KeyRecords::System {
        return Ok(LiveDns::system(Duration::from_secs(net.timeout))?);
    }
    let list = match &net.resolvers {
        None => Resolvers::default_list()?,
        Some(path) => {
            let bytes = read_bounded(path, "a list of resolvers", SMALL_LIMIT)?;
            let text =
                String::from_utf8(bytes).map_err(|_| Fault::input("--resolvers", "no text"))?;
            Resolvers::parse(&text, net.plain())?
        }
    };
    Ok(LiveDns::https(http(net)?, list))
}

/// A chain's node.
pub fn chain(net: &NetArgs, url: &str) -> Result<Rpc, Fault> {
    Ok(Rpc::new(http(net)?, Endpoint::parse(url, net.plain())?))
}

/// A committee's record, and with it the pin.
pub fn committee(args: &CommitteeArgs) -> Result<CommitteeRecord, Fault> {
    let path = &args.committee;
    let bytes = read_bounded(path, "a committee record", RECORD_LIMIT)?;
    CommitteeRecord::read(&bytes, args.dealer())
        .map_err(|error| Fault::NodesFile { path: path.clone(), error: error.into() })
}

/// A mail that can be proved. Only its signed header counts here, so its body may be another.
pub fn mail(args: &MailArgs, net: &NetArgs) -> Result<Box<Provable>, Fault> {
    let message = read_message(&args.message)?;
    let policy = Policy { clock: clock(None), unsigned_parts: UnsignedParts::MayDiffer };
    let inspection = match (&args.dns, &args.registry) {
        (Some(dns), _) => with_dns(&message, dns, net, &policy)?,
        (None, Some(path)) => {
            inspect_under(&message, KeySource::Registry(&read_registry(path)?), &policy)
        }
        // clap asks for one of them.
        (None, None) => return Err(Fault::input("--dns", "no key records are given")),
    };
    let holds = inspection.holds;
    inspection.verdict.map_err(|refusal| Fault::Message {
        path: args.message.clone(),
        refusal: Box::new(refusal),
        holds,
    })
}

/// The identity of a mail's address.
pub fn identity(committee: &Committee, mail: &Provable) -> Result<Identity, Fault> {
    let address = String::from_utf8_lossy(&mail.view.address);
    let address = MailAddress::parse(&address)?;
    Ok(Identity::new(&committee.network, &committee.master, &address))
}

/// A one-time key's file.
pub fn once_key(path: &Path) -> Result<OnceKey, Fault> {
    let bytes = zeroize::Zeroizing::new(read_bounded(path, "a one-time key", 4096)?);
    OnceKey::from_json(&bytes).map_err(|error| Fault::NodesFile { path: path.into(), error })
}

/// The key of a mail's address, from the nodes; with what belongs to it.
pub struct KeyOfMailbox {
    /// The client, of the committee's present epoch.
    pub client: SaltClient,
    /// Whose key it is.
    pub identity: Identity,
    /// The key, and what each node did.
    pub opened: Opened,
}

/// Shows a mail to the nodes. Where they are of a later epoch, follows them there.
pub fn key_of_mailbox(
    args: &MailArgs,
    opening: &OpeningArgs,
    net: &NetArgs,
    progress: &dyn Progress,
) -> Result<KeyOfMailbox, Fault> {
    let mut client = SaltClient::new(http(net)?, committee(&opening.committee)?)?;
    let once = once_key(&opening.key_file)?;
    let mail = mail(args, net)?;
    let consent = consent(&once, opening.signature.as_deref())?;
    let identity = identity(client.committee(), &mail)?;
    let ask = |client: &SaltClient| {
        let request = Request::new(client.committee(), &mail, consent.clone());
        client.identity_key(&request, &identity, &once.opening, &mut OsRng)
    };
    let opened = match ask(&client) {
        Err(error) if is_of_another_epoch(&error) && client.follow()? > 0 => {
            let epoch = client.committee().epoch;
            progress.note(&format!(
                "the committee is in epoch {epoch}: `zkdkim salt committee --update` keeps its record"
            ));
            ask(&client)?
        }
        asked => asked?,
    };
    for node in opened.nodes.iter().filter(|node| matches!(node.outcome, Outcome::Lied(_))) {
        progress.note(&format!("{node}"));
    }
    Ok(KeyOfMailbox { client, identity, opened })
}

fn is_of_another_epoch(error: &NodesError) -> bool {
    let NodesError::TooFew { nodes, .. } = error else { return false };
    nodes.iter().any(|node| matches!(&node.outcome, Outcome::Refused(r) if r.id == "epoch"))
}

fn consent(once: &OnceKey, signature: Option<&str>) -> Result<Option<Consent>, Fault> {
    let refuse = |detail: &str| Err(Fault::input("--signature", detail));
    match (once.until, signature) {
        (None, None) => Ok(None),
        (Some(until), Some(text)) => {
            let bytes = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
            let Some(signature) = bytes else { return refuse("not 0x and hexadecimal digits") };
            Ok(Some(Consent { seal_to: once.opening.sealing_key(), until, signature }))
        }
        (Some(_), None) => {
            refuse("the one-time key is of a consent: the new key's signature is needed")
        }
        (None, Some(_)) => {
            refuse("the one-time key is of a Subject that names it: nobody else signs")
        }
    }
}

/// What nodes did, as JSON.
pub fn node_objects(nodes: &[NodeReport]) -> Vec<Value> {
    let object = |node: &NodeReport| {
        json!({
            "index": node.index.get(), "origin": node.origin, "outcome": node.outcome.word(),
        })
    };
    nodes.iter().map(object).collect()
}

/// What nodes did, as lines.
pub fn node_lines(nodes: &[NodeReport]) -> String {
    nodes.iter().map(|node| format!("  {node}\n")).collect()
}
