//! The committee record: its encoding, signatures and succession.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Committee, Member, Node, NodeIndex, MAX_NODES, MAX_URL_BYTES};
use crate::{
    bytes::{Kind, Reader, Writer},
    error::{Error, Result},
    group::PublicPoint,
    keys::{read_index, read_network},
    seal::SealingKey,
    sign::{Context, SigningKey, VerifyingKey, SIGNATURE_BYTES},
};

/// The first bytes of an encoding are its head; the digest has a tag of its own instead.
const HEAD_BYTES: usize = 8;
const DIGEST_TAG: &[u8] = b"ZKDKIM-SALT-V1-RECORD";

type Signature = [u8; SIGNATURE_BYTES];

/// Whether a committee is taken whose key one dealer made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dealer {
    /// It is refused.
    Refused,
    /// It is taken: its dealer can open every escrow. For development.
    AllowedInsecurely,
}

/// A committee, signed by all its nodes.
#[derive(Clone, PartialEq, Eq)]
pub struct CommitteeRecord {
    committee: Committee,
    signatures: Vec<Signature>,
    handover: Vec<(NodeIndex, Signature)>,
}

impl Committee {
    /// SHA-256 of the record's body under its tag: what nodes sign and clients pin.
    pub fn digest(&self) -> [u8; 32] {
        let body = &self.encode().public()[HEAD_BYTES..];
        Sha256::new().chain_update(DIGEST_TAG).chain_update(body).finalize().into()
    }

    /// A node's signature on the record of its own committee.
    pub fn sign(&self, key: &SigningKey) -> Signature {
        key.sign(Context::Record, &self.digest())
    }

    /// A node's signature on the record of the committee that follows its own.
    pub fn sign_handover(&self, key: &SigningKey) -> Signature {
        key.sign(Context::Handover, &self.digest())
    }

    fn encode(&self) -> Writer {
        let mut writer = Writer::new(Kind::Record, 512 * (1 + self.nodes.len()));
        writer.short(self.network.as_str().as_bytes()).u32(self.epoch).u8(self.threshold);
        // `check` bounds the number of nodes.
        writer.fixed(&self.master.to_bytes()).u8(self.nodes.len() as u8);
        for Node { member, key } in &self.nodes {
            write_member(&mut writer, member);
            writer.fixed(&key.to_bytes());
        }
        writer.fixed(&self.transcript).fixed(&self.previous);
        writer
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Committee> {
        let (network, epoch, threshold) = (read_network(reader)?, reader.u32()?, reader.u8()?);
        let master = read_point(reader)?;
        let count = usize::from(reader.u8()?);
        if count > MAX_NODES {
            return reader.refuse("more than 32 nodes");
        }
        let mut nodes = Vec::with_capacity(count);
        for _ in 0..count {
            nodes.push(Node { member: read_member(reader)?, key: read_point(reader)? });
        }
        let (transcript, previous) = (reader.fixed()?, reader.fixed()?);
        Ok(Committee { network, epoch, threshold, master, nodes, transcript, previous })
    }
}

pub(crate) fn write_member(writer: &mut Writer, member: &Member) {
    writer.u8(member.index.get()).short(member.url.as_bytes());
    writer.fixed(&member.sealing.to_bytes()).fixed(&member.verifying.to_bytes());
}

fn read_member(reader: &mut Reader<'_>) -> Result<Member> {
    let index = read_index(reader)?;
    let url = std::str::from_utf8(reader.short(MAX_URL_BYTES)?);
    let url = url.map_err(|_| reader.error("a node's URL is no text"))?.to_owned();
    let sealing = SealingKey::from_bytes(&reader.fixed()?);
    let sealing = sealing.ok_or_else(|| reader.error("a key to seal to is none"))?;
    let verifying = VerifyingKey::from_bytes(&reader.fixed()?);
    let verifying = verifying.ok_or_else(|| reader.error("a key of signatures is none"))?;
    Ok(Member { index, url, sealing, verifying })
}

pub(crate) fn read_point(reader: &mut Reader<'_>) -> Result<PublicPoint> {
    let point = PublicPoint::from_bytes(&reader.fixed()?);
    point.ok_or_else(|| reader.error("a public key is no point of the group"))
}

impl CommitteeRecord {
    /// Puts a record together and checks it as [`Self::read`] does.
    ///
    /// # Errors
    ///
    /// Those of [`Self::read`].
    pub fn new(
        committee: Committee,
        signatures: Vec<[u8; SIGNATURE_BYTES]>,
        handover: Vec<(NodeIndex, [u8; SIGNATURE_BYTES])>,
        dealer: Dealer,
    ) -> Result<CommitteeRecord> {
        let record = CommitteeRecord { committee, signatures, handover };
        record.check(dealer)?;
        Ok(record)
    }

    /// Reads a record, and takes it only where it is a possible committee that all its nodes signed. Whether it is the
    /// committee that is meant, its digest says ([`Committee::digest`]), or that it follows such a one
    /// ([`Self::follows`]).
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`], [`Error::Committee`], [`Error::RecordSignature`]; [`Error::InsecureDealer`] where one dealer
    /// made the key and that was not allowed.
    pub fn read(bytes: &[u8], dealer: Dealer) -> Result<CommitteeRecord> {
        let mut reader = Reader::new(Kind::Record, bytes)?;
        let committee = Committee::decode(&mut reader)?;
        let mut signatures = Vec::with_capacity(committee.nodes.len());
        for _ in &committee.nodes {
            signatures.push(reader.fixed()?);
        }
        let count = usize::from(reader.u8()?);
        if count > MAX_NODES {
            return reader.refuse("more than 32 signatures of the committee before");
        }
        let mut handover = Vec::with_capacity(count);
        for _ in 0..count {
            handover.push((read_index(&mut reader)?, reader.fixed()?));
        }
        reader.end()?;
        CommitteeRecord::new(committee, signatures, handover, dealer)
    }

    /// The form that [`Self::read`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = self.committee.encode();
        for signature in &self.signatures {
            writer.fixed(signature);
        }
        writer.u8(self.handover.len() as u8);
        for (index, signature) in &self.handover {
            writer.u8(index.get()).fixed(signature);
        }
        writer.public()
    }

    /// What it says.
    pub fn committee(&self) -> &Committee {
        &self.committee
    }

    fn check(&self, dealer: Dealer) -> Result<()> {
        if self.committee.is_insecure() && dealer == Dealer::Refused {
            return Err(Error::InsecureDealer);
        }
        self.committee.check()?;
        if self.signatures.len() != self.committee.nodes.len() || self.handover.len() > MAX_NODES {
            return Err(Error::Committee { detail: "not one signature for each node" });
        }
        // Each once: they are counted.
        if !self.handover.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            let detail = "the signatures of the committee before are not in order, each once";
            return Err(Error::Committee { detail });
        }
        let digest = self.committee.digest();
        for (node, signature) in self.committee.nodes.iter().zip(&self.signatures) {
            let Member { index, verifying, .. } = &node.member;
            verifying
                .verify(Context::Record, &digest, signature, "a committee record")
                .map_err(|_| Error::RecordSignature(*index))?;
        }
        Ok(())
    }

    /// Whether this record continues `before`: the same network and key, the next epoch, and signatures of t nodes of the
    /// committee before. Who pinned `before` may then pin this one.
    ///
    /// # Errors
    ///
    /// [`Error::Succession`] with what differs.
    pub fn follows(&self, before: &CommitteeRecord) -> Result<()> {
        let (new, old) = (&self.committee, &before.committee);
        let refuse = |detail| Err(Error::Succession { detail });
        if new.network != old.network {
            return refuse("another network");
        }
        if new.master != old.master {
            return refuse("another master public key");
        }
        if old.epoch.checked_add(1) != Some(new.epoch) {
            return refuse("not the next epoch");
        }
        if new.previous != old.digest() {
            return refuse("it names another record before it");
        }
        let digest = new.digest();
        let mut signed = 0;
        for (index, signature) in &self.handover {
            let Some(node) = old.node(*index) else {
                return refuse("a signature by a node that the committee before did not have");
            };
            let verifying = &node.member.verifying;
            if verifying.verify(Context::Handover, &digest, signature, "a handover").is_err() {
                return refuse("a signature of the committee before is wrong");
            }
            signed += 1;
        }
        match signed >= usize::from(old.threshold) {
            true => Ok(()),
            false => refuse("fewer than t nodes of the committee before signed"),
        }
    }
}

impl fmt::Debug for CommitteeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommitteeRecord").field(&self.committee).finish()
    }
}
