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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dealer::deal_insecurely, identity::Identity, Committee, KeyShare, MailAddress, Member,
        NetworkId,
    };
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use zkdkim_relation::rsa::MODULUS_BYTES;

    fn committee(rng: &mut ChaCha20Rng) -> (Committee, Vec<KeyShare>, Vec<SigningKey>) {
        let signing: Vec<_> = (0..3).map(|_| SigningKey::random(rng)).collect();
        let members = signing.iter().zip(1..).map(|(signing, i)| Member {
            index: NodeIndex::new(i).unwrap(),
            url: format!("https://node-{i}.example"),
            sealing: OpeningKey::random(rng).sealing_key(),
            verifying: signing.verifying_key(),
        });
        let members = members.collect();
        let network = NetworkId::parse("insecure-dealer-x").unwrap();
        let (committee, shares) = deal_insecurely(&network, 2, members, rng).unwrap();
        (committee, shares, signing)
    }

    /// The box is bound to request, epoch and index; so is the statement in it, which outlives the box.
    #[test]
    fn box_and_statement_are_each_bound_to_the_request() {
        let mut rng = ChaCha20Rng::seed_from_u64(23);
        let (committee, shares, signing) = committee(&mut rng);
        let address = MailAddress::parse("ann@example.org").unwrap();
        let identity = Identity::new(&committee.network, &committee.master, &address);
        let part = shares[0].partial_key(&identity);
        let request = Request {
            network: committee.network.clone(),
            epoch: 1,
            header: b"x".to_vec().into(),
            signature: [0; MODULUS_BYTES].into(),
            consent: None,
        };
        let (once, digest, index) = (OpeningKey::random(&mut rng), request.digest(), part.index());
        let to = once.sealing_key();
        let answer = Release::seal(&digest, 1, &part, &signing[0], &to, &mut rng).unwrap();
        let context =
            |digest: &[u8; 32], epoch, i| answer_context(digest, epoch, NodeIndex::new(i).unwrap());
        assert!(once.open(ANSWER_INFO, &context(&digest, 1, 1), &answer).is_ok());
        for other in [context(&[0; 32], 1, 1), context(&digest, 2, 1), context(&digest, 1, 2)] {
            assert!(once.open(ANSWER_INFO, &other, &answer).is_err());
        }
        // A box for this request with the statement for another, or of another node.
        let other = shares[1].partial_key(&identity);
        for (stated, part, key) in [(&[0; 32], &part, &signing[0]), (&digest, &other, &signing[1])]
        {
            let sealed = Release::seal(stated, 1, part, key, &to, &mut rng).unwrap();
            let inner = answer_context(stated, 1, part.index());
            let statement = once.open(ANSWER_INFO, &inner, &sealed).unwrap();
            let moved =
                to.seal(ANSWER_INFO, &context(&digest, 1, 1), &statement, &mut rng).unwrap();
            let refused = Release::open(&moved, &request, &committee, index, &once).unwrap_err();
            assert!(refused.to_string().contains("another's"), "{refused}");
        }
        assert!(Release::open(&answer, &request, &committee, index, &once).is_ok());
    }
}
