//! Committees for tests, by the insecure dealer.

pub mod mail;
mod signer;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_salt::{
    dealer::deal_insecurely, Committee, CommitteeRecord, Dealer, KeyShare, Member, NetworkId,
    NodeIndex, OpeningKey, SigningKey,
};

pub fn index(i: u8) -> NodeIndex {
    NodeIndex::new(i).expect("not 0")
}

/// A node with its secrets.
pub struct TestNode {
    pub index: NodeIndex,
    pub opening: OpeningKey,
    pub signing: SigningKey,
}

impl TestNode {
    pub fn new(i: u8, rng: &mut ChaCha20Rng) -> TestNode {
        let (opening, signing) = (OpeningKey::random(rng), SigningKey::random(rng));
        TestNode { index: index(i), opening, signing }
    }

    pub fn member(&self) -> Member {
        Member {
            index: self.index,
            url: format!("http://127.0.0.1:{}", 8000 + u16::from(self.index.get())),
            sealing: self.opening.sealing_key(),
            verifying: self.signing.verifying_key(),
        }
    }
}

/// Five nodes of which three are needed.
pub struct TestCommittee {
    pub nodes: Vec<TestNode>,
    pub committee: Committee,
    pub shares: Vec<KeyShare>,
    pub rng: ChaCha20Rng,
}

impl TestCommittee {
    pub fn new(seed: u64) -> TestCommittee {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let nodes: Vec<_> = (1..=5).map(|i| TestNode::new(i, &mut rng)).collect();
        let network = NetworkId::parse("insecure-dealer-test").expect("a name");
        let members = nodes.iter().map(TestNode::member).collect();
        let (committee, shares) =
            deal_insecurely(&network, 3, members, &mut rng).expect("a committee");
        TestCommittee { nodes, committee, shares, rng }
    }

    /// The record, signed by all nodes of `committee` whatever it says.
    pub fn record(&self, committee: &Committee) -> zkdkim_salt::Result<CommitteeRecord> {
        let signatures = self.nodes.iter().map(|node| committee.sign(&node.signing)).collect();
        CommitteeRecord::new(committee.clone(), signatures, vec![], Dealer::AllowedInsecurely)
    }
}
