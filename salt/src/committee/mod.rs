//! Committees: who the nodes are, their public keys, and the record that all of them signed.
//!
//! ```text
//! record     = head ‖ body ‖ signature of each node, in order ‖ u8 count ‖ count × (index ‖ signature)
//! body       = network ‖ epoch ‖ t ‖ pk ‖ u8 n ‖ n × node ‖ transcript ‖ previous
//! node       = index ‖ URL ‖ key to seal to (32) ‖ key of signatures (32) ‖ Vᵢ (96)
//! digest     = SHA-256("ZKDKIM-SALT-V1-RECORD" ‖ body)       what is signed, what clients pin
//! ```
//!
//! The signatures behind the count are those of the committee before, by which a client that pinned an old record accepts
//! a new one: [`CommitteeRecord::follows`].

mod record;

pub use crate::node_index::NodeIndex;
pub(crate) use record::{read_point, write_member};
pub use record::{CommitteeRecord, Dealer};

use ic_bls12_381::Scalar;

use crate::{
    error::{Error, Result},
    group::{combine_public, lagrange, PublicPoint},
    identity::NetworkId,
    seal::SealingKey,
    sign::VerifyingKey,
};

/// Most nodes of a committee.
pub const MAX_NODES: usize = 32;
/// Longest URL of a node in bytes.
pub const MAX_URL_BYTES: usize = 200;

/// Who a node is, before it has a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub index: NodeIndex,
    /// Where it answers: `https://` and what follows, at most 200 bytes of printable ASCII.
    pub url: String,
    /// Requests and shares are sealed to this key.
    pub sealing: SealingKey,
    /// Its signatures verify with this key.
    pub verifying: VerifyingKey,
}

/// A node with its part of the public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Who it is.
    pub member: Member,
    /// Vᵢ = sᵢ · G2.
    pub key: PublicPoint,
}

/// What a committee record says, without its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    /// The network; part of every identity.
    pub network: NetworkId,
    /// 1 for the first committee of the network, one more with each resharing.
    pub epoch: u32,
    /// t: so many nodes make a key, one less learn nothing.
    pub threshold: u8,
    /// pk: escrows are made with it, and it stays the same over all epochs.
    pub master: PublicPoint,
    /// The nodes, by index.
    pub nodes: Vec<Node>,
    /// Hash of the key ceremony's messages.
    pub transcript: [u8; 32],
    /// Digest of the record before; zeros in epoch 1.
    pub previous: [u8; 32],
}

impl Committee {
    /// The node with this index.
    pub fn node(&self, index: NodeIndex) -> Option<&Node> {
        self.nodes.iter().find(|node| node.member.index == index)
    }

    /// Whether one dealer made the key and so can open every escrow: the network's name says so.
    pub fn is_insecure(&self) -> bool {
        self.network.is_insecure()
    }

    /// Everything that a record must keep but its signatures.
    ///
    /// # Errors
    ///
    /// [`Error::Committee`] with the rule that it breaks.
    pub fn check(&self) -> Result<()> {
        let members: Vec<_> = self.nodes.iter().map(|node| &node.member).collect();
        check_members(&members, self.threshold, self.is_insecure())?;
        let refuse = |detail| Err(Error::Committee { detail });
        if self.epoch == 0 {
            return refuse("epochs begin with 1");
        }
        if (self.epoch == 1) != (self.previous == [0; 32]) {
            return refuse("only the first epoch has no record before");
        }
        let keys: Vec<_> = self.nodes.iter().map(|node| node.key.to_bytes()).collect();
        if !distinct(&keys) {
            return refuse("two nodes have the same public key");
        }
        self.check_keys()
    }

    /// All Vᵢ and pk lie on one polynomial of degree t − 1, so that every t nodes make the same key.
    fn check_keys(&self) -> Result<()> {
        let (basis, others) = self.nodes.split_at(usize::from(self.threshold));
        let indices = || basis.iter().map(|node| node.member.index.get());
        let at = |x: Scalar| {
            let term = |node: &Node| (lagrange(node.member.index.get(), indices(), x), node.key.0);
            combine_public(basis.iter().map(term))
        };
        let agrees = |x: u8, key: &PublicPoint| at(Scalar::from(u64::from(x))) == key.0;
        if !agrees(0, &self.master) {
            return Err(Error::Committee { detail: "the nodes' keys do not make the master key" });
        }
        match others.iter().all(|node| agrees(node.member.index.get(), &node.key)) {
            true => Ok(()),
            false => Err(Error::Committee { detail: "the nodes' keys lie on no one polynomial" }),
        }
    }
}

/// The rules for members and threshold, before there are keys.
pub(crate) fn check_members(members: &[&Member], threshold: u8, insecure: bool) -> Result<()> {
    let refuse = |detail| Err(Error::Committee { detail });
    let (n, t) = (members.len(), usize::from(threshold));
    if n > MAX_NODES {
        return refuse("more than 32 nodes");
    }
    if t < 2 {
        return refuse("the threshold is below 2: one node alone would have the key");
    }
    // t − 1 may be dishonest, and the others must be t: else a ceremony is not safe, and a committee not available.
    if n < 2 * t - 1 {
        return refuse("fewer than 2t - 1 nodes");
    }
    if !members.windows(2).all(|pair| pair[0].index < pair[1].index) {
        return refuse("the nodes are not in the order of their indices, each once");
    }
    for member in members {
        let (url, printable) = (&member.url, |b: &u8| (0x21..=0x7e).contains(b));
        let scheme = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://").filter(|_| insecure));
        let good = url.len() <= MAX_URL_BYTES && url.as_bytes().iter().all(printable);
        if !good || scheme.is_none_or(str::is_empty) {
            return refuse("a node's URL is not https:// and at most 200 bytes of printable ASCII");
        }
    }
    let urls: Vec<_> = members.iter().map(|member| member.url.as_bytes()).collect();
    let sealing: Vec<_> = members.iter().map(|member| member.sealing.to_bytes()).collect();
    let verifying: Vec<_> = members.iter().map(|member| member.verifying.to_bytes()).collect();
    if !distinct(&urls) || !distinct(&sealing) || !distinct(&verifying) {
        return refuse("two nodes share a URL or a key");
    }
    Ok(())
}

fn distinct<T: Ord + Clone>(values: &[T]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}
