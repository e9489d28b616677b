//! The three messages of a ceremony: encodings, signatures.
//!
//! ```text
//! deal    = head ‖ id ‖ dealer ‖ u8 t ‖ t × commitment (96) ‖ u8 n ‖ n × box (80) ‖ signature
//! verdict = head ‖ id ‖ receiver ‖ hash of all deals ‖ u8 count ‖ count × accused dealer ‖ signature
//! answer  = head ‖ id ‖ dealer ‖ u8 count ‖ count × (receiver ‖ share (32)) ‖ signature
//! ```
//!
//! The signature is over everything before it.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    bytes::{Kind, Reader, Writer},
    committee::{read_point, NodeIndex, MAX_NODES},
    error::{Error, Result},
    group::{PublicPoint, SecretScalar, SCALAR_BYTES},
    keys::read_index,
    seal::SEAL_BYTES,
    sign::{Context, SigningKey, VerifyingKey, SIGNATURE_BYTES},
};

pub(super) const SHARE_INFO: &[u8] = b"zkdkim-salt/1/share";
const BOX_BYTES: usize = SCALAR_BYTES + SEAL_BYTES;

/// What the box of a share is bound to: ceremony, dealer, receiver and the commitments that it must fit.
pub(super) fn share_context(
    id: &[u8; 32],
    dealer: NodeIndex,
    receiver: NodeIndex,
    commitments: &[PublicPoint],
) -> Vec<u8> {
    let mut hash = Sha256::new();
    commitments.iter().for_each(|commitment| hash.update(commitment.to_bytes()));
    [&id[..], &[dealer.get(), receiver.get()], &hash.finalize()].concat()
}

/// A dealer's polynomial, committed, and its values for the receivers, sealed.
pub(super) struct Deal {
    pub(super) index: NodeIndex,
    pub(super) commitments: Vec<PublicPoint>,
    /// In the order of the receivers.
    pub(super) boxes: Vec<Vec<u8>>,
}

/// Which deals a receiver saw, and which of them are wrong.
pub(super) struct Verdict {
    pub(super) index: NodeIndex,
    pub(super) seen: [u8; 32],
    pub(super) accused: Vec<NodeIndex>,
}

/// The shares of those who complained, in clear.
pub(super) struct Answer {
    pub(super) index: NodeIndex,
    pub(super) revealed: Vec<(NodeIndex, SecretScalar)>,
}

pub(super) enum Message {
    Deal(Deal),
    Verdict(Verdict),
    Answer(Answer),
}

fn begin(kind: Kind, capacity: usize, id: &[u8; 32], index: NodeIndex) -> Writer {
    let mut writer = Writer::new(kind, capacity);
    writer.fixed(id).u8(index.get());
    writer
}

fn signed(mut writer: Writer, signing: &SigningKey) -> Vec<u8> {
    let mut bytes = writer.public();
    let signature = signing.sign(Context::Ceremony, &bytes);
    bytes.extend_from_slice(&signature);
    bytes
}

impl Deal {
    pub(super) fn encode(&self, id: &[u8; 32], signing: &SigningKey) -> Vec<u8> {
        let mut writer = begin(Kind::Deal, 8192, id, self.index);
        writer.u8(self.commitments.len() as u8);
        for point in &self.commitments {
            writer.fixed(&point.to_bytes());
        }
        writer.u8(self.boxes.len() as u8);
        for sealed in &self.boxes {
            writer.fixed(sealed);
        }
        signed(writer, signing)
    }

    fn decode(reader: &mut Reader<'_>, index: NodeIndex) -> Result<Deal> {
        let commitments = list(reader, read_point)?;
        let boxes = list(reader, |reader| reader.take(BOX_BYTES).map(<[u8]>::to_vec))?;
        Ok(Deal { index, commitments, boxes })
    }
}

impl Verdict {
    pub(super) fn encode(&self, id: &[u8; 32], signing: &SigningKey) -> Vec<u8> {
        let mut writer = begin(Kind::Verdict, 512, id, self.index);
        writer.fixed(&self.seen).u8(self.accused.len() as u8);
        for accused in &self.accused {
            writer.u8(accused.get());
        }
        signed(writer, signing)
    }

    fn decode(reader: &mut Reader<'_>, index: NodeIndex) -> Result<Verdict> {
        Ok(Verdict { index, seen: reader.fixed()?, accused: list(reader, read_index)? })
    }
}

impl Answer {
    pub(super) fn encode(&self, id: &[u8; 32], signing: &SigningKey) -> Vec<u8> {
        let mut writer = begin(Kind::Answer, 2048, id, self.index);
        writer.u8(self.revealed.len() as u8);
        for (index, share) in &self.revealed {
            writer.u8(index.get()).fixed(&*share.to_bytes());
        }
        signed(writer, signing)
    }

    fn decode(reader: &mut Reader<'_>, index: NodeIndex) -> Result<Answer> {
        let share = |reader: &mut Reader<'_>| {
            let index = read_index(reader)?;
            let share = SecretScalar::from_bytes(&Zeroizing::new(reader.fixed()?));
            Ok((index, share.ok_or_else(|| reader.error("a share is no scalar"))?))
        };
        Ok(Answer { index, revealed: list(reader, share)? })
    }
}

/// At most as many items as there are nodes.
fn list<T>(
    reader: &mut Reader<'_>,
    mut item: impl FnMut(&mut Reader<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = usize::from(reader.u8()?);
    if count > MAX_NODES {
        return reader.refuse("a list of more than 32");
    }
    (0..count).map(|_| item(reader)).collect()
}

impl Message {
    /// Reads a message of the ceremony `id`; `signer` knows the key of who sent a message of which kind.
    pub(super) fn decode(
        bytes: &[u8],
        kind: Kind,
        id: &[u8; 32],
        signer: impl Fn(NodeIndex) -> Option<VerifyingKey>,
    ) -> Result<Message> {
        let mut reader = Reader::new(kind, bytes)?;
        if reader.fixed::<32>()? != *id {
            return reader.refuse("it is of another ceremony");
        }
        let index = read_index(&mut reader)?;
        let refuse = |detail| Err(Error::Ceremony { index, detail });
        let Some(key) = signer(index) else {
            return refuse("no such participant");
        };
        let body = bytes.len().saturating_sub(SIGNATURE_BYTES);
        let signature = bytes[body..].try_into().map_err(|_| reader.error("it is too short"))?;
        if key.verify(Context::Ceremony, &bytes[..body], &signature, "a message").is_err() {
            return refuse("the signature is wrong");
        }
        let message = match kind {
            Kind::Deal => Message::Deal(Deal::decode(&mut reader, index)?),
            Kind::Verdict => Message::Verdict(Verdict::decode(&mut reader, index)?),
            _ => Message::Answer(Answer::decode(&mut reader, index)?),
        };
        reader.take(SIGNATURE_BYTES)?;
        reader.end()?;
        Ok(message)
    }

    pub(super) fn index(&self) -> NodeIndex {
        match self {
            Message::Deal(message) => message.index,
            Message::Verdict(message) => message.index,
            Message::Answer(message) => message.index,
        }
    }
}
