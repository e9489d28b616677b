//! Which committees of salt nodes a relayer asks.

use std::{collections::BTreeMap, path::Path};

use rand::{rngs::StdRng, SeedableRng};
use zkdkim_relayer::{config::NodesConfig, pipeline::SaltNodes, store::Store};
use zkdkim_salt::{
    dealer::deal_insecurely, node::NodeKeys, CommitteeRecord, Dealer, Member, NetworkId, NodeIndex,
};

use crate::support::database;

/// A record of three nodes, written into a folder; its digest.
fn record(folder: &Path) -> String {
    let rng = &mut StdRng::seed_from_u64(7);
    let keys = [(); 3].map(|()| NodeKeys::random(rng));
    let members = keys.iter().zip(1..).map(|(keys, index)| Member {
        index: NodeIndex::new(index).unwrap(),
        url: format!("https://salt{index}.example"),
        sealing: keys.opening.sealing_key(),
        verifying: keys.signing.verifying_key(),
    });
    let network = NetworkId::parse("insecure-dealer-relayer").unwrap();
    let (committee, _) = deal_insecurely(&network, 2, members.collect(), rng).unwrap();
    let digest = hex::encode(committee.digest());
    let signatures = keys.iter().map(|keys| committee.sign(&keys.signing)).collect();
    let dealer = Dealer::AllowedInsecurely;
    let record = CommitteeRecord::new(committee, signatures, vec![], dealer).unwrap();
    std::fs::write(folder.join("committee.record"), record.to_bytes()).unwrap();
    digest
}

/// What is wrong with a configuration of nodes; nothing where they are asked.
async fn fault(store: &Store, config: NodesConfig) -> Option<String> {
    let store = store.clone();
    let open = move || SaltNodes::open(store, &config, &BTreeMap::new()).map(drop);
    let opened = tokio::task::spawn_blocking(open).await.unwrap();
    opened.err().map(|error| error.to_string())
}

#[tokio::test]
async fn only_the_committee_that_is_pinned_and_allowed_is_asked() {
    let database = database::sqlite().await;
    let store = &database.store;
    let folder = tempfile::tempdir().unwrap();
    let digest = record(folder.path());
    let config = |digest: &str, allow_insecure_dealer| NodesConfig {
        record: folder.path().join("committee.record"),
        digest: digest.into(),
        allow_insecure_dealer,
    };
    assert_eq!(fault(store, config(&digest, true)).await, None);
    assert_eq!(fault(store, config(&format!("0x{digest}"), true)).await, None);
    for other in ["", "0x", &digest[2..], &"0".repeat(64)] {
        let text = fault(store, config(other, true)).await.unwrap();
        assert!(text.contains("another than the pinned one"), "{text}");
    }
    let text = fault(store, config(&digest, false)).await.unwrap();
    assert!(text.contains("dealer"), "{text}");
}
