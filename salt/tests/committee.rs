//! Committee records: what is accepted, and each refusal.

use super::support::{index, TestCommittee};
use zkdkim_salt::{
    dealer::deal_insecurely, Committee, CommitteeRecord, Dealer, Error, NetworkId, SigningKey,
};

fn refused(test: &TestCommittee, change: impl Fn(&mut Committee)) -> &'static str {
    let mut committee = test.committee.clone();
    change(&mut committee);
    match test.record(&committee) {
        Err(Error::Committee { detail }) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let test = TestCommittee::new(1);
    let record = test.record(&test.committee).unwrap();
    let bytes = record.to_bytes();
    let again = CommitteeRecord::read(&bytes, Dealer::AllowedInsecurely).unwrap();
    assert!(again == record);
    assert_eq!(again.committee().digest(), test.committee.digest());
    for share in &test.shares {
        share.check(again.committee()).unwrap();
    }
}

#[test]
fn the_mark_of_the_dealer_is_refused_unless_allowed_and_cannot_be_removed() {
    let test = TestCommittee::new(2);
    let bytes = test.record(&test.committee).unwrap().to_bytes();
    let refused = CommitteeRecord::read(&bytes, Dealer::Refused).unwrap_err();
    assert_eq!(refused, Error::InsecureDealer);
    assert!(refused.to_string().contains("can open every escrow"));
    // The same key under a plain name: the signatures are on the marked one.
    let mut renamed = test.committee.clone();
    renamed.network = NetworkId::parse("main-1").unwrap();
    for node in &mut renamed.nodes {
        node.member.url = node.member.url.replace("http:", "https:");
    }
    let signatures = test.nodes.iter().map(|node| test.committee.sign(&node.signing)).collect();
    let unsigned = CommitteeRecord::new(renamed, signatures, vec![], Dealer::Refused);
    assert_eq!(unsigned.unwrap_err(), Error::RecordSignature(index(1)));
    let members = test.nodes.iter().map(|node| node.member()).collect();
    let plain = NetworkId::parse("main-1").unwrap();
    let dealt = deal_insecurely(&plain, 3, members, &mut TestCommittee::new(3).rng);
    assert_eq!(dealt.unwrap_err(), Error::InsecureDealer);
}

#[test]
fn rejects_a_record_that_one_node_did_not_sign() {
    let mut test = TestCommittee::new(4);
    test.nodes[2].signing = SigningKey::random(&mut test.rng);
    let refused = test.record(&test.committee).unwrap_err();
    assert_eq!(refused, Error::RecordSignature(index(3)));
}

#[test]
fn rejects_every_altered_byte() {
    let test = TestCommittee::new(5);
    let mut bytes = test.record(&test.committee).unwrap().to_bytes();
    let read = |bytes: &[u8]| CommitteeRecord::read(bytes, Dealer::AllowedInsecurely);
    for at in (0..bytes.len()).step_by(5) {
        bytes[at] ^= 1;
        assert!(read(&bytes).is_err(), "byte {at}");
        bytes[at] ^= 1;
    }
    for len in (0..bytes.len()).step_by(11) {
        assert_eq!(read(&bytes[..len]).unwrap_err().id(), "encoding", "{len}");
    }
    bytes.push(0);
    assert_eq!(read(&bytes).unwrap_err().id(), "encoding");
}

#[test]
fn rejects_committees_that_cannot_be() {
    let test = TestCommittee::new(6);
    for (change, expected) in [
        (&(|c: &mut Committee| c.threshold = 1) as &dyn Fn(&mut Committee), "below 2"),
        (&|c| c.threshold = 4, "2t - 1"),
        (&|c| c.nodes.truncate(4), "2t - 1"),
        (&|c| c.nodes.swap(0, 1), "order"),
        (&|c| c.nodes[1] = c.nodes[0].clone(), "order"),
        (&|c| c.epoch = 0, "begin with 1"),
        (&|c| c.epoch = 2, "no record before"),
        (&|c| c.previous = [1; 32], "no record before"),
        (&|c| c.nodes[1].member.url = c.nodes[0].member.url.clone(), "share a URL"),
        (&|c| c.nodes[1].member.sealing = c.nodes[0].member.sealing.clone(), "share a URL"),
        (&|c| c.nodes[1].member.verifying = c.nodes[0].member.verifying, "share a URL"),
        (&|c| c.nodes[1].key = c.nodes[0].key, "same public key"),
        (&|c| c.nodes[1].member.url = "ftp://x".into(), "https://"),
        (&|c| c.nodes[1].member.url = "https://".into(), "https://"),
        (&|c| c.nodes[1].member.url = "https://a b".into(), "https://"),
        (&|c| c.nodes[1].member.url = format!("https://{}", "a".repeat(200)), "https://"),
        (&|c| c.master = c.nodes[0].key, "do not make the master key"),
        (
            &|c| {
                let key = c.nodes[3].key;
                c.nodes[3].key = c.nodes[4].key;
                c.nodes[4].key = key
            },
            "no one polynomial",
        ),
        (
            &|c| {
                let key = c.nodes[0].key;
                c.nodes[0].key = c.nodes[4].key;
                c.nodes[4].key = key
            },
            "do not make the master key",
        ),
    ] {
        let detail = refused(&test, change);
        assert!(detail.contains(expected), "{detail}, not {expected}");
    }
}

#[test]
fn a_plain_network_has_no_plain_http() {
    let test = TestCommittee::new(7);
    let mut committee = test.committee.clone();
    committee.network = NetworkId::parse("main-1").unwrap();
    let refused = test.record(&committee).unwrap_err();
    assert!(refused.to_string().contains("https://"), "{refused}");
}
