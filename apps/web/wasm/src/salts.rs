//! Salts that are kept for a mailbox: encrypted to it, and opened with what the salt nodes answer (docs/escrow.md).
//!
//! ```text
//! SaltRequest   mail, record ──► text for the new key to sign          the one-time key stays here
//! SaltSeal      its signature ──► for each node a body to post         `/v1/release`
//! SaltOpen      answers, escrows ──► salts                             the one-time key is dropped
//! ```
//!
//! The page posts: this module reaches nobody. No node is believed: each answer is checked by the committee's record, which
//! the caller pins by its digest.

use rand::rngs::OsRng;
use serde::Deserialize;
use serde_json::{json, Value};
use zeroize::Zeroizing;
use zkdkim_prover::{
    hex_form::{bytes_from_hex, bytes_hex, field_hex},
    salt_file,
};
use zkdkim_relation::{commitment::email_commitment, inspect::Provable, Salt};
use zkdkim_salt::{
    request::{Consent, Release, Request, SubjectForm},
    Committee, CommitteeRecord, Dealer, Escrow, Identity, IdentityKey, MailAddress, NodeIndex,
    OpeningKey, PartialKey, ESCROW_BYTES,
};

use crate::fault::Fault;

/// More than any account publishes; each costs a pairing.
const ESCROWS_LIMIT: usize = 256;
/// Longest record that nodes hand out.
const RECORD_LIMIT: usize = 1 << 16;

/// Which committee is meant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RecordOptions {
    /// Digest of the record, `0x` and 64 digits: what the caller pins.
    digest: String,
    /// Take a committee whose key one dealer made.
    allow_insecure_dealer: bool,
    /// Seconds since 1970 after which the new key's consent is void.
    until: u64,
}

/// A node's answer, as it came over the wire.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    index: u8,
    /// `0x` and the bytes; none where the node gave no answer.
    body: Option<String>,
}

/// A committee and a mail that is shown to it.
pub struct Asking {
    record: CommitteeRecord,
    address: Zeroizing<Vec<u8>>,
    identity: Identity,
    opening: OpeningKey,
    request: Request,
    until: u64,
}

fn salt_fault(what: &'static str) -> impl Fn(zkdkim_salt::Error) -> Fault {
    move |error| Fault::input(what, error)
}

pub fn read_record(bytes: &[u8], options: &RecordOptions) -> Result<CommitteeRecord, Fault> {
    if bytes.len() > RECORD_LIMIT {
        return Err(Fault::input("record", format!("longer than {RECORD_LIMIT} bytes")));
    }
    let dealer = match options.allow_insecure_dealer {
        true => Dealer::AllowedInsecurely,
        false => Dealer::Refused,
    };
    let record = CommitteeRecord::read(bytes, dealer).map_err(salt_fault("record"))?;
    let digest = bytes_hex(&record.committee().digest());
    if digest != options.digest {
        let detail = format!("its digest is {digest}, not the one that was given");
        return Err(Fault::input("record", detail));
    }
    Ok(record)
}

/// Encrypts a salt to an address: what the account publishes.
pub fn escrow(
    options: &RecordOptions,
    record: &[u8],
    address: &str,
    salt: &[u8],
) -> Result<Value, Fault> {
    let record = read_record(record, options)?;
    let salt = salt_file::from_json(salt)?;
    let identity = identity_of(record.committee(), address)?;
    let escrow = Escrow::seal(&identity, &record.committee().master, &salt, &mut OsRng);
    Ok(json!({
        "escrow": bytes_hex(&escrow.to_bytes()),
        "network": record.committee().network.as_str(),
        "epoch": record.committee().epoch,
    }))
}

fn identity_of(committee: &Committee, address: &str) -> Result<Identity, Fault> {
    let address = MailAddress::parse(address).map_err(salt_fault("address"))?;
    Ok(Identity::new(&committee.network, &committee.master, &address))
}

impl Asking {
    /// Begins to ask for the salt of a mail's address.
    pub fn new(options: &RecordOptions, record: &[u8], mail: &Provable) -> Result<Asking, Fault> {
        let record = read_record(record, options)?;
        let form = SubjectForm::parse(&mail.view.subject)
            .map_err(|detail| Fault::input("mail", detail))?;
        if let SubjectForm::Salt(_) = form {
            let detail = "its Subject names no new key, which would have to consent";
            return Err(Fault::input("mail", detail));
        }
        let mut asking = Asking::with_key(record, mail, OpeningKey::random(&mut OsRng))?;
        asking.until = options.until;
        Ok(asking)
    }

    /// The same without a consent, by a key that the mail names itself.
    pub fn with_key(
        record: CommitteeRecord,
        mail: &Provable,
        opening: OpeningKey,
    ) -> Result<Asking, Fault> {
        let address = Zeroizing::new(mail.view.address.to_ascii_lowercase());
        let identity = identity_of(record.committee(), &String::from_utf8_lossy(&address))?;
        let request = Request::new(record.committee(), mail, None);
        Ok(Asking { record, address, identity, opening, request, until: 0 })
    }

    /// Address and identity, once nothing is asked any more.
    pub fn into_mailbox(self) -> (Zeroizing<Vec<u8>>, Identity) {
        (self.address, self.identity)
    }

    /// What the new key signs, by EIP-191 or ERC-1271.
    pub fn text(&self) -> String {
        let Request { network, .. } = &self.request;
        let seal_to = self.opening.sealing_key();
        Consent::text(network, &self.request.header_digest(), &seal_to, self.until)
    }

    /// Bodies to post to the nodes, once the new key has signed.
    pub fn seal(&mut self, signature: &[u8]) -> Result<Value, Fault> {
        let signature = std::str::from_utf8(signature).ok().and_then(bytes_from_hex);
        let signature =
            signature.ok_or_else(|| Fault::input("signature", "not 0x and hexadecimal digits"))?;
        let seal_to = self.opening.sealing_key();
        self.request.consent = Some(Consent { seal_to, until: self.until, signature });
        self.bodies()
    }

    /// What is posted to each node.
    pub fn bodies(&self) -> Result<Value, Fault> {
        let committee = self.record.committee();
        let mut bodies = Vec::with_capacity(committee.nodes.len());
        for node in &committee.nodes {
            let sealed = self.request.seal(committee, node.member.index, &mut OsRng);
            let body = bytes_hex(&sealed.map_err(salt_fault("signature"))?);
            let index = node.member.index.get();
            bodies.push(json!({ "index": index, "url": node.member.url, "body": body }));
        }
        Ok(json!({ "bodies": bodies, "threshold": committee.threshold }))
    }

    /// The salts of the escrows that open, in their order, with what an account stores for each.
    pub fn open(&self, answers: &[u8], escrows: &[u8]) -> Result<Value, Fault> {
        let (key, nodes) = self.key(answers)?;
        Ok(json!({ "salts": self.opened(escrows, &key)?, "nodes": nodes }))
    }

    /// The key of the mail's address, and what each node did.
    pub fn key(&self, answers: &[u8]) -> Result<(IdentityKey, Vec<String>), Fault> {
        let answers: Vec<Answer> =
            serde_json::from_slice(answers).map_err(|e| Fault::input("answers", e))?;
        let mut outcomes = Vec::with_capacity(answers.len());
        let mut parts = Vec::new();
        for answer in &answers {
            let outcome = match self.part(answer) {
                Ok(part) => {
                    parts.push(part);
                    "it gave its part".to_owned()
                }
                Err(detail) => detail,
            };
            outcomes.push(format!("node {}: {outcome}", answer.index));
        }
        let committee = self.record.committee();
        let key = IdentityKey::combine(committee, &self.identity, &parts)
            .map_err(|_| Fault::Nodes { detail: outcomes.join("; ") })?
            .key;
        Ok((key, outcomes))
    }

    fn part(&self, answer: &Answer) -> Result<PartialKey, String> {
        let committee = self.record.committee();
        let index = NodeIndex::new(answer.index).ok_or("there is no such node")?;
        let node = committee.node(index).ok_or("there is no such node")?;
        let body = answer.body.as_deref().ok_or("it did not answer, or refused")?;
        let body = bytes_from_hex(body).ok_or("its answer is not 0x and hexadecimal digits")?;
        let release = Release::open(&body, &self.request, committee, index, &self.opening)
            .map_err(|error| error.to_string())?;
        match release.part.verify(&self.identity, &node.key) {
            true => Ok(release.part),
            false => Err("it lied: it signed a part that is not its own".into()),
        }
    }

    fn opened(&self, escrows: &[u8], key: &IdentityKey) -> Result<Vec<Value>, Fault> {
        if escrows.is_empty() || !escrows.len().is_multiple_of(ESCROW_BYTES) {
            let detail = format!("not a row of escrows of {ESCROW_BYTES} bytes each");
            return Err(Fault::input("escrows", detail));
        }
        if escrows.len() > ESCROWS_LIMIT * ESCROW_BYTES {
            return Err(Fault::input("escrows", format!("more than {ESCROWS_LIMIT}")));
        }
        let open = |bytes| Escrow::from_bytes(bytes).and_then(|e| e.open(&self.identity, key)).ok();
        let salts: Vec<Salt> = escrows.chunks(ESCROW_BYTES).filter_map(open).collect();
        if salts.is_empty() {
            return Err(Fault::Nodes {
                detail: "no escrow is for the address of this mail".into(),
            });
        }
        Ok(salts.iter().map(|salt| shown(salt, &self.address)).collect())
    }
}

/// A salt's file, and what an account stores for it.
pub fn shown(salt: &Salt, address: &[u8]) -> Value {
    let commitment = email_commitment(salt, address);
    json!({
        "salt": *salt_file::to_json(salt),
        "commitment": commitment.map(|commitment| field_hex(&commitment.0)),
    })
}
