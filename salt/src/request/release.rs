//! A node's answer: its partial key, signed, sealed to the key that the mail names.
//!
//! The signature is inside the box: whoever carries the box can't read it, and a client that got a wrong part holds a
//! statement of the node that it gave this part for this request.

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use super::Request;
use crate::{
    bytes::{Kind, Reader, Writer},
    committee::{Committee, NodeIndex},
    error::{Error, Result},
    keys::{read_index, PartialKey},
    seal::{OpeningKey, SealingKey},
    sign::{Context, SigningKey, SIGNATURE_BYTES},
};

const ANSWER_INFO: &[u8] = b"zkdkim-salt/1/answer";
const RELEASE_BYTES: usize = 8 + 32 + 4 + 1 + 48 + SIGNATURE_BYTES;

/// A partial key as its node gave it out. Secret as the part is.
pub struct Release {
    /// The part; [`IdentityKey::combine`](crate::IdentityKey::combine) checks it.
    pub part: PartialKey,
    /// The node's statement, signed: request, epoch, index, part.
    pub statement: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Release(node {}, redacted)", self.part.index())
    }
}

impl Release {
    /// A node's answer, in the form that [`Self::open`] opens.
    pub(crate) fn seal(
        digest: &[u8; 32],
        epoch: u32,
        part: &PartialKey,
        signing: &SigningKey,
        seal_to: &SealingKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<u8>> {
        let mut writer = Writer::new(Kind::Release, RELEASE_BYTES);
        writer.fixed(digest).u32(epoch).u8(part.index().get()).fixed(&*part.to_bytes());
        let mut statement = writer.secret();
        let signature = signing.sign(Context::Release, &statement);
        statement.extend_from_slice(&signature);
        let context = answer_context(digest, epoch, part.index());
        seal_to.seal(ANSWER_INFO, &context, &statement, rng)
    }

    /// Opens what a node answered to a request, and checks that it is this node's answer to this request.
    ///
    /// # Errors
    ///
    /// [`Error::Sealed`] or [`Error::Encoding`] where it is not such an answer, which anybody on the way may have caused;
    /// [`Error::Signature`] where the node did not sign it.
    pub fn open(
        sealed: &[u8],
        request: &Request,
        committee: &Committee,
        index: NodeIndex,
        opening: &OpeningKey,
    ) -> Result<Release> {
        let digest = request.digest();
        let context = answer_context(&digest, committee.epoch, index);
        let statement = opening.open(ANSWER_INFO, &context, sealed)?;
        let (found, part) = Release::read(&statement, committee)?;
        if found != digest || part.index() != index {
            return Err(Error::Encoding { what: "a node's release", detail: "it is another's" });
        }
        Ok(Release { part, statement })
    }

    /// Reads a node's statement: the digest of the request and the part, signed by the node. With the identity that was
    /// asked for, [`PartialKey::verify`] then says whether the node lied.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`], [`Error::Signature`].
    pub fn read(statement: &[u8], committee: &Committee) -> Result<([u8; 32], PartialKey)> {
        let mut reader = Reader::new(Kind::Release, statement)?;
        let digest = reader.fixed()?;
        if reader.u32()? != committee.epoch {
            return reader.refuse("it is of another epoch");
        }
        let index = read_index(&mut reader)?;
        let part = PartialKey::from_bytes(index, &Zeroizing::new(reader.fixed()?));
        let part = part.ok_or_else(|| reader.error("its part is no point of the group"))?;
        let signature = reader.fixed()?;
        let node = committee.node(index).ok_or_else(|| reader.error("there is no such node"))?;
        reader.end()?;
        let signed = &statement[..statement.len() - SIGNATURE_BYTES];
        let verifying = &node.member.verifying;
        verifying.verify(Context::Release, signed, &signature, "a node's release")?;
        Ok((digest, part))
    }
}

fn answer_context(digest: &[u8; 32], epoch: u32, index: NodeIndex) -> Vec<u8> {
    [&digest[..], &epoch.to_be_bytes(), &[index.get()]].concat()
}
