//! The accounts that a mailbox guards, for somebody who knows nothing but the mailbox: `zkdkim account find` in a page.
//!
//! ```text
//! FindSubject   record, a fresh block ──► the Subject of a mail to oneself, and the one-time key, which the caller keeps
//! FindSeal      mail, record, that key ──► for each node a body to post
//! FindKey       answers ──► what each node did                          the mailbox's key stays here
//! FindTry       published escrows, a batch at a time ──► those that open
//! FindEnd       nothing                                                 the mailbox's key is dropped
//! ```
//!
//! Anybody can encrypt any salt to any mailbox, so an escrow that opens is the account's own only where the account stores the
//! commitment that is given with it.

use rand::rngs::OsRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use zeroize::Zeroizing;
use zkdkim_prover::hex_form::{bytes_from_hex, bytes_hex};
use zkdkim_relation::{inspect::Provable, Salt};
use zkdkim_salt::{
    request::{SaltSubject, SubjectForm},
    Escrow, Identity, IdentityKey, OpeningKey, ESCROW_BYTES,
};

use crate::{
    fault::Fault,
    salts::{read_record, shown, Asking, RecordOptions},
};

/// Events of one batch; their escrows are tried between two looks at whether the caller still wants it.
const BATCH_LIMIT: usize = 4096;
/// As the command line writes its files (`zkdkim salt subject`).
const TYPE: &str = "zkdkim-salt-once-key";
const VERSION: u32 = 1;

/// A block of a chain that the committee follows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MomentOptions {
    /// EIP-155 number, in decimal digits.
    chain: String,
    /// Number of the block, in decimal digits.
    block: String,
    /// Its hash, `0x` and 64 digits.
    hash: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnceKey<'a> {
    // Borrowed from a buffer that is overwritten.
    r#type: &'a str,
    version: u32,
    key: &'a str,
}

/// The mailbox's key, between batches.
pub struct Finding {
    address: Zeroizing<Vec<u8>>,
    identity: Identity,
    key: IdentityKey,
}

/// What an account published.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    account: String,
    block: String,
    /// Any number of escrows, one behind the other: `0x` and hexadecimal digits.
    escrow: String,
}

fn number(what: &'static str, text: &str) -> Result<u64, Fault> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    plain.ok_or_else(|| Fault::input(what, "not a decimal number of 64 bits"))
}

/// The Subject, and the key that answers to it are sealed to.
pub fn subject(
    options: &RecordOptions,
    moment: &MomentOptions,
    record: &[u8],
) -> Result<Value, Fault> {
    let record = read_record(record, options)?;
    let hash = bytes_from_hex(&moment.hash).filter(|bytes| bytes.len() == 32);
    let hash = hash.ok_or_else(|| Fault::input("hash", "not 0x and 64 hexadecimal digits"))?;
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    let opening = OpeningKey::random(&mut OsRng);
    let subject = SaltSubject {
        network: record.committee().network.clone(),
        key: opening.sealing_key(),
        chain: number("chain", &moment.chain)?,
        block: number("block", &moment.block)?,
        hash: first,
    };
    let key = Zeroizing::new(bytes_hex(&*opening.expose()));
    let file = OnceKey { r#type: TYPE, version: VERSION, key: &key };
    Ok(json!({ "subject": subject.to_string(), "key": json!(file).to_string() }))
}

fn once_key(file: &[u8]) -> Result<OpeningKey, Fault> {
    // It quotes nothing of what is there.
    let bad = || Fault::input("key", "not the one-time key that belongs to the mail's Subject");
    let file: OnceKey<'_> = serde_json::from_slice(file).map_err(|_| bad())?;
    if file.r#type != TYPE || file.version != VERSION {
        return Err(bad());
    }
    let bytes = Zeroizing::new(bytes_from_hex(file.key).ok_or_else(bad)?);
    let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| bad())?;
    OpeningKey::from_bytes(bytes).map_err(|_| bad())
}

/// Begins to ask for the key of a mail's address, and gives what is to be posted.
pub fn seal(
    options: &RecordOptions,
    record: &[u8],
    mail: &Provable,
    key: &[u8],
) -> Result<(Asking, Value), Fault> {
    let record = read_record(record, options)?;
    let opening = once_key(key)?;
    let form =
        SubjectForm::parse(&mail.view.subject).map_err(|detail| Fault::input("mail", detail))?;
    let SubjectForm::Salt(subject) = form else {
        let detail =
            "its Subject is that of a recovery: this takes the one that opens a salt alone";
        return Err(Fault::input("mail", detail));
    };
    if subject.network != record.committee().network {
        return Err(Fault::input("mail", "its Subject names another network of salt nodes"));
    }
    if subject.key != opening.sealing_key() {
        return Err(Fault::input("key", "the mail's Subject names another one-time key"));
    }
    let asking = Asking::with_key(record, mail, opening)?;
    let bodies = asking.bodies()?;
    Ok((asking, bodies))
}

impl Finding {
    /// The key out of the nodes' answers, and what each node did.
    pub fn new(asking: Asking, answers: &[u8]) -> Result<(Finding, Value), Fault> {
        let (key, nodes) = asking.key(answers)?;
        let (address, identity) = asking.into_mailbox();
        Ok((Finding { address, identity, key }, json!({ "nodes": nodes })))
    }

    /// The escrows of a batch of events that open, in their order; what is no escrow is counted and passed over.
    pub fn attempt(&self, batch: &[u8]) -> Result<Value, Fault> {
        let events: Vec<Event> =
            serde_json::from_slice(batch).map_err(|e| Fault::input("escrows", e))?;
        if events.len() > BATCH_LIMIT {
            return Err(Fault::input("escrows", format!("more than {BATCH_LIMIT} in a batch")));
        }
        let bytes: Vec<Option<Vec<u8>>> = events.iter().map(|e| pieces(&e.escrow)).collect();
        let unreadable = bytes.iter().filter(|bytes| bytes.is_none()).count();
        let tries: Vec<(&Event, &[u8])> = events
            .iter()
            .zip(&bytes)
            .flat_map(|(event, bytes)| bytes.iter().map(move |bytes| (event, bytes)))
            .flat_map(|(event, bytes)| bytes.chunks(ESCROW_BYTES).map(move |piece| (event, piece)))
            .collect();
        let found: Vec<Value> =
            tries.par_iter().filter_map(|(event, piece)| self.open(event, piece)).collect();
        Ok(json!({ "found": found, "tried": tries.len(), "unreadable": unreadable }))
    }

    fn open(&self, event: &Event, piece: &[u8]) -> Option<Value> {
        let escrow = Escrow::from_bytes(piece);
        let salt: Salt = escrow.and_then(|e| e.open(&self.identity, &self.key)).ok()?;
        let mut json = shown(&salt, &self.address);
        json["account"] = json!(event.account);
        json["block"] = json!(event.block);
        Some(json)
    }
}

/// The bytes of a row of escrows; none where it is none.
fn pieces(published: &str) -> Option<Vec<u8>> {
    bytes_from_hex(published)
        .filter(|bytes| !bytes.is_empty() && bytes.len().is_multiple_of(ESCROW_BYTES))
}
