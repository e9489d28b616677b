//! Escrow events of a chain, tried with a key.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;
use zkdkim_net::{abi, Endpoint, Http, HttpSettings, PlainHttp, Rpc};
use zkdkim_relation::{recovery_subject::Address, Salt};
use zkdkim_salt::{
    dealer::deal_insecurely, Escrow, Identity, IdentityKey, MailAddress, Member, NetworkId,
    NodeIndex, OpeningKey, SigningKey,
};
use zkdkim_salt_client::find::{find, publication};
use zkdkim_test_vectors::server::{json_rpc, result};

/// A chain whose logs are these publications of accounts, a block each.
fn chain(published: Vec<([u8; 20], Vec<u8>)>) -> Rpc {
    let url = json_rpc(move |_, params| {
        let wanted = params[0]["topics"][1].as_str().map(str::to_owned);
        let log = |(block, (account, bytes)): (usize, &([u8; 20], Vec<u8>))| {
            let topic = format!("0x{}", hex::encode(abi::address(account)));
            let data = &abi::call_with_bytes("x()", &[], bytes)[4..];
            let log = json!({
                "blockNumber": format!("{block:#x}"), "data": format!("0x{}", hex::encode(data)),
                "topics": [format!("0x{}", "00".repeat(32)), topic],
            });
            wanted.as_ref().is_none_or(|wanted| *wanted == topic).then_some(log)
        };
        result(published.iter().enumerate().filter_map(log).collect())
    });
    let http = Http::new(&HttpSettings::default()).unwrap();
    Rpc::new(http, Endpoint::parse(&url, PlainHttp::AllowedInsecurely).unwrap())
}

#[test]
fn accounts_are_found_by_their_escrows() {
    let mut rng = ChaCha20Rng::seed_from_u64(51);
    let member = |i: u8| Member {
        index: NodeIndex::new(i).unwrap(),
        url: format!("https://node-{i}.example"),
        sealing: OpeningKey::random(&mut rng).sealing_key(),
        verifying: SigningKey::random(&mut rng).verifying_key(),
    };
    let members = (1..=3).map(member).collect();
    let network = NetworkId::parse("insecure-dealer-x").unwrap();
    let (committee, shares) = deal_insecurely(&network, 2, members, &mut rng).unwrap();
    let identity = |address: &str| {
        Identity::new(&network, &committee.master, &MailAddress::parse(address).unwrap())
    };
    let (ann, bob) = (identity("ann@example.org"), identity("bob@example.org"));
    let mut seal = |identity: &Identity| {
        let salt = Salt::random(&mut rng);
        (Escrow::seal(identity, &committee.master, &salt, &mut rng), salt)
    };
    let ((a1, s1), (b1, _), (a2, s2)) = (seal(&ann), seal(&bob), seal(&ann));
    let altered = {
        let mut bytes = a1.to_bytes();
        bytes[150] ^= 1;
        bytes
    };
    let published = vec![
        ([1; 20], publication(&[b1.clone(), a1])),
        ([2; 20], publication(&[b1])),
        ([3; 20], b"no escrow".to_vec()),
        ([4; 20], vec![]),
        ([5; 20], altered),
        ([6; 20], publication(&[a2])),
    ];
    let parts: Vec<_> = shares[..2].iter().map(|share| share.partial_key(&ann)).collect();
    let key = IdentityKey::combine(&committee, &ann, &parts).unwrap().key;
    let (rpc, recovery) = (chain(published), Address([9; 20]));
    let scan = find(&rpc, &recovery, None, 0..=10, &ann, &key).unwrap();
    assert_eq!((scan.events, scan.tried, scan.unreadable), (6, 5, 2));
    let found: Vec<_> = scan.found.iter().map(|found| (found.account.0[0], found.block)).collect();
    assert_eq!(found, [(1, 0), (6, 5)]);
    assert!(scan.found[0].salt == s1 && scan.found[1].salt == s2);
    let one = find(&rpc, &recovery, Some(&Address([6; 20])), 0..=10, &ann, &key).unwrap();
    assert_eq!((one.events, one.found.len()), (1, 1));
    let none = find(&rpc, &recovery, Some(&Address([2; 20])), 0..=10, &ann, &key).unwrap();
    assert_eq!((none.tried, none.found.len()), (1, 0));
}
