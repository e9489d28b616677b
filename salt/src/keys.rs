//! Keys and their parts: a node's share, what it gives for an address, and how t of these make the key of the address.
//!
//! ```text
//! node i:    Sᵢ = sᵢ · H(M)              checked by e(Sᵢ, G2) = e(H(M), Vᵢ)
//! anybody:   S  = Σ λᵢ · Sᵢ over t nodes  checked by e(S, G2) = e(H(M), pk)
//! ```

use std::fmt;

use ic_bls12_381::{G1Affine, G1Projective};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    bytes::{Kind, Reader, Writer},
    committee::{Committee, NodeIndex},
    error::{Error, Result},
    group::{is_key_of, lagrange_at_zero, KeyPoint, PublicPoint, SecretScalar, G1_BYTES},
    identity::{Identity, NetworkId, MAX_NETWORK_BYTES},
};

/// A node's share of the identity key. `Debug` shows nothing of it, and it is overwritten when dropped.
#[derive(Clone)]
pub struct KeyShare {
    network: NetworkId,
    epoch: u32,
    index: NodeIndex,
    secret: SecretScalar,
}

impl KeyShare {
    pub(crate) fn new(committee: &Committee, index: NodeIndex, secret: SecretScalar) -> KeyShare {
        KeyShare { network: committee.network.clone(), epoch: committee.epoch, index, secret }
    }

    /// Which node's share it is.
    pub fn index(&self) -> NodeIndex {
        self.index
    }

    /// The epoch that it belongs to; after a resharing it is erased.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(crate) fn secret(&self) -> &SecretScalar {
        &self.secret
    }

    /// Compares the share with the node's public key in the record; every start of a node begins with it.
    ///
    /// # Errors
    ///
    /// [`Error::Share`] where it belongs to another network, epoch or node, or does not fit Vᵢ.
    pub fn check(&self, committee: &Committee) -> Result<()> {
        let refuse = |detail| Err(Error::Share { index: self.index, detail });
        if self.network != committee.network {
            return refuse("it is of another network");
        }
        if self.epoch != committee.epoch {
            return refuse("it is of another epoch");
        }
        match committee.node(self.index) {
            None => refuse("there is no such node"),
            Some(node) if node.key == self.secret.public() => Ok(()),
            Some(_) => refuse("it does not fit the node's public key"),
        }
    }

    /// The node's part of the key of an address. Whether it may be given out, the caller decides.
    pub fn partial_key(&self, identity: &Identity) -> PartialKey {
        PartialKey { index: self.index, point: identity.point().times(&self.secret) }
    }

    /// The form in which it is kept; secret.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut writer = Writer::new(Kind::KeyShare, 128);
        writer.short(self.network.as_str().as_bytes()).u32(self.epoch).u8(self.index.get());
        writer.fixed(&*self.secret.to_bytes()).secret()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for anything else; it quotes nothing.
    pub fn from_bytes(bytes: &[u8]) -> Result<KeyShare> {
        let mut reader = Reader::new(Kind::KeyShare, bytes)?;
        let network = read_network(&mut reader)?;
        let epoch = reader.u32()?;
        let index = read_index(&mut reader)?;
        let secret = SecretScalar::from_bytes(&Zeroizing::new(reader.fixed()?));
        let secret = secret.ok_or_else(|| reader.error("its secret is no scalar"))?;
        reader.end().map(|()| KeyShare { network, epoch, index, secret })
    }
}

impl fmt::Debug for KeyShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyShare(node {}, epoch {}, redacted)", self.index, self.epoch)
    }
}

pub(crate) fn read_network(reader: &mut Reader<'_>) -> Result<NetworkId> {
    let bytes = reader.short(MAX_NETWORK_BYTES)?;
    let text = std::str::from_utf8(bytes).ok().and_then(|text| NetworkId::parse(text).ok());
    text.ok_or_else(|| reader.error("its network has no proper name"))
}

pub(crate) fn read_index(reader: &mut Reader<'_>) -> Result<NodeIndex> {
    let index = reader.u8()?;
    NodeIndex::new(index).ok_or_else(|| reader.error("0 is no node"))
}

/// One node's part of the key of an address; secret, as t of them are the key.
#[derive(Clone, PartialEq, Eq)]
pub struct PartialKey {
    index: NodeIndex,
    point: KeyPoint,
}

impl PartialKey {
    /// Which node's part it is.
    pub fn index(&self) -> NodeIndex {
        self.index
    }

    /// Whether it is the part of this node, by its public key Vᵢ.
    pub fn verify(&self, identity: &Identity, node_key: &PublicPoint) -> bool {
        is_key_of(&self.point, identity.point(), node_key)
    }

    /// 48 bytes; the index goes beside them.
    pub fn to_bytes(&self) -> Zeroizing<[u8; G1_BYTES]> {
        Zeroizing::new(self.point.to_bytes())
    }

    /// Reads 48 bytes; none for what is no point of the group.
    pub fn from_bytes(index: NodeIndex, bytes: &[u8; G1_BYTES]) -> Option<PartialKey> {
        KeyPoint::from_bytes(bytes).map(|point| PartialKey { index, point })
    }
}

impl Drop for PartialKey {
    fn drop(&mut self) {
        self.point.zeroize();
    }
}

impl fmt::Debug for PartialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartialKey(node {}, redacted)", self.index)
    }
}

/// The key of an address: opens every escrow that was or will be made to it. `Debug` shows nothing of it, and it is
/// overwritten when dropped.
#[derive(Clone)]
pub struct IdentityKey(KeyPoint);

impl IdentityKey {
    #[cfg(test)]
    pub(crate) fn new(point: KeyPoint) -> IdentityKey {
        IdentityKey(point)
    }

    pub(crate) fn point(&self) -> &KeyPoint {
        &self.0
    }

    /// Makes the key of an address out of partial keys, in any order; each is checked, and nodes whose part is wrong are
    /// named. Several parts of one node count once: the first that holds.
    ///
    /// # Errors
    ///
    /// [`Error::TooFew`], with the nodes that lied, where fewer than t parts hold.
    pub fn combine(
        committee: &Committee,
        identity: &Identity,
        parts: &[PartialKey],
    ) -> Result<Combined> {
        let mut good: Vec<&PartialKey> = Vec::new();
        let mut lying = Vec::new();
        for part in parts {
            if good.iter().any(|other| other.index == part.index) {
                continue;
            }
            match committee.node(part.index) {
                Some(node) if part.verify(identity, &node.key) => good.push(part),
                _ => lying.push(part.index),
            }
        }
        lying.sort();
        lying.dedup();
        let threshold = usize::from(committee.threshold);
        if good.len() < threshold {
            return Err(Error::TooFew { valid: good.len(), threshold, lying });
        }
        good.truncate(threshold);
        let indices = || good.iter().map(|part| part.index.get());
        let sum = good.iter().fold(G1Projective::identity(), |sum, part| {
            sum + part.point.0 * lagrange_at_zero(part.index.get(), indices())
        });
        let point = KeyPoint(G1Affine::from(sum));
        if !is_key_of(&point, identity.point(), &committee.master) {
            return Err(Error::Combined);
        }
        Ok(Combined { key: IdentityKey(point), lying })
    }
}

impl Drop for IdentityKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(redacted)")
    }
}

/// A key, and who tried to spoil it.
#[derive(Debug)]
pub struct Combined {
    /// The key of the address.
    pub key: IdentityKey,
    /// Nodes whose partial key does not fit their public key, or that the committee does not have; in order.
    pub lying: Vec<NodeIndex>,
}
