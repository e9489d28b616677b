//! Requests to a node, what it checks, and its answer.
//!
//! ```text
//! client                                                 node
//!   signed header block, RSA signature ──► Request
//!   sealed to the node ──────────────────────────────►  SaltNode::handle: size, epoch, rules, Subject, recipient,
//!                                                        freshness, limits, provider's key, RSA
//!   Release::open  ◄──────────────────────────────────  partial key, signed, sealed to the key that the mail names
//! ```
//!
//! Two Subjects open a salt, each as the whole Subject: one of their own, which names the key that the answer is sealed to
//! ([`SaltSubject`]); or that of a recovery, whose *new key* signs to which key it is sealed ([`Consent`]). So a request that
//! somebody copied gives nothing to anybody else.

mod check;
mod consent;
mod release;
mod subject;

pub use check::{
    Block, Chains, Gate, Granted, KeyFault, ProviderKeys, Refused, Unavailable,
    MAX_BLOCK_AGE_SECONDS, MAX_CLOCK_DIFFERENCE_SECONDS, MAX_SIGNATURE_AGE_SECONDS,
};
pub use consent::{Consent, MAX_CONSENT_SECONDS, MAX_CONSENT_SIGNATURE_BYTES};
pub use release::Release;
pub use subject::{SaltSubject, SubjectForm};

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;
use zkdkim_relation::{header::MAX_HEADER_BYTES, rsa::MODULUS_BYTES, Provable};

use crate::{
    bytes::{Kind, Reader, Writer},
    committee::{Committee, NodeIndex},
    error::{Error, Result},
    identity::NetworkId,
    keys::read_network,
    seal::{OpeningKey, SealingKey, SEAL_BYTES},
};

/// Longest request, before it is sealed.
pub const MAX_REQUEST_BYTES: usize = 4096;
/// Longest request as a node gets it.
pub const MAX_SEALED_REQUEST_BYTES: usize = MAX_REQUEST_BYTES + SEAL_BYTES;

const REQUEST_INFO: &[u8] = b"zkdkim-salt/1/request";

/// What a client shows to nodes: a signed header block and no body. The same for all nodes of the committee.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The network.
    pub network: NetworkId,
    /// The epoch of the committee that is asked.
    pub epoch: u32,
    /// The signed header block, at most 1,024 bytes.
    pub header: Zeroizing<Vec<u8>>,
    /// The number in `b=`, 256 bytes big-endian.
    pub signature: Zeroizing<[u8; MODULUS_BYTES]>,
    /// Where the Subject names a new key: what that key signed. None where the Subject itself names the key to seal to.
    pub consent: Option<Consent>,
}

impl Request {
    /// What a mail that can be proved shows to a committee.
    pub fn new(committee: &Committee, mail: &Provable, consent: Option<Consent>) -> Request {
        let number = Zeroizing::new(mail.signature.to_bytes_be());
        let mut signature = Zeroizing::new([0; MODULUS_BYTES]);
        // The number is below a modulus of 256 bytes.
        let at = MODULUS_BYTES.saturating_sub(number.len());
        signature[at..].copy_from_slice(&number[number.len() - (MODULUS_BYTES - at)..]);
        let header = Zeroizing::new(mail.header.bytes.clone());
        let (network, epoch) = (committee.network.clone(), committee.epoch);
        Request { network, epoch, header, signature, consent }
    }

    /// SHA-256 of the encoding: what answers are bound to.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&*self.encode()).into()
    }

    /// SHA-256 of the signed header block: what a consent names.
    pub fn header_digest(&self) -> [u8; 32] {
        Sha256::digest(&*self.header).into()
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(Kind::Request, MAX_REQUEST_BYTES);
        writer.short(self.network.as_str().as_bytes()).u32(self.epoch);
        writer.short(&self.header).fixed(&*self.signature);
        match &self.consent {
            None => writer.u8(0),
            Some(consent) => {
                let Consent { seal_to, until, signature } = consent;
                writer.u8(1).fixed(&seal_to.to_bytes()).u64(*until).short(signature)
            }
        };
        writer.secret()
    }

    fn decode(bytes: &[u8]) -> Result<Request> {
        let mut reader = Reader::new(Kind::Request, bytes)?;
        let (network, epoch) = (read_network(&mut reader)?, reader.u32()?);
        let header = Zeroizing::new(reader.short(MAX_HEADER_BYTES)?.to_vec());
        let signature = Zeroizing::new(reader.fixed()?);
        let consent = match reader.u8()? {
            0 => None,
            1 => {
                let seal_to = SealingKey::from_bytes(&reader.fixed()?);
                let seal_to = seal_to.ok_or_else(|| reader.error("a key to seal to is none"))?;
                let until = reader.u64()?;
                let signature = reader.short(MAX_CONSENT_SIGNATURE_BYTES)?.to_vec();
                Some(Consent { seal_to, until, signature })
            }
            _ => return reader.refuse("it has another kind of consent"),
        };
        reader.end().map(|()| Request { network, epoch, header, signature, consent })
    }

    /// Seals the request to one node.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] where a part is too long; [`Error::Committee`] where the committee has no such node.
    pub fn seal(
        &self,
        committee: &Committee,
        index: NodeIndex,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<u8>> {
        let bytes = self.encode();
        // What a node would not read is not sent.
        Request::decode(&bytes)?;
        let node = committee.node(index).ok_or(Error::Committee { detail: "no such node" })?;
        node.member.sealing.seal(REQUEST_INFO, &node_context(committee, index), &bytes, rng)
    }

    /// A node opens a request.
    ///
    /// # Errors
    ///
    /// [`Error::Sealed`] where it is sealed to another node or for another epoch; [`Error::Encoding`].
    pub fn open(
        sealed: &[u8],
        committee: &Committee,
        index: NodeIndex,
        opening: &OpeningKey,
    ) -> Result<Request> {
        Request::decode(&opening.open(REQUEST_INFO, &node_context(committee, index), sealed)?)
    }
}

/// Shows sizes only: the header holds the address.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("network", &self.network)
            .field("epoch", &self.epoch)
            .field("header_bytes", &self.header.len())
            .finish_non_exhaustive()
    }
}

/// A box for a node belongs to its network and index. The epoch is not in it, so that a node can say that it is another.
fn node_context(committee: &Committee, index: NodeIndex) -> Vec<u8> {
    [committee.network.as_str().as_bytes(), b"\0", &[index.get()]].concat()
}
