//! Everything that is read from others, with bytes that nobody meant: nothing panics, and what is taken is taken as it is
//! written.

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_relation::Salt;
use zkdkim_salt::{
    ceremony::{Board, Setting},
    limits::LimitSettings,
    node::{NodeKeys, SaltNode},
    request::{Release, Request, SubjectForm},
    CommitteeRecord, Dealer, Escrow, Identity, KeyShare, MailAddress, NetworkId,
};

use super::support::{
    index,
    mail::{dns, provable, TestChain, NOW},
    TestCommittee, TestNode,
};

/// Some bytes of `good` changed, cut, doubled; or bytes that have nothing to do with it.
fn edited(good: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..rng.gen_range(1..4) {
        let at = rng.gen_range(0..bytes.len().max(1));
        match rng.gen_range(0..6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at.min(bytes.len()), rng.gen()),
            2 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][rng.gen_range(0..5)],
            3 if at < bytes.len() => bytes[at] ^= 1 << rng.gen_range(0..8),
            4 => bytes.extend_from_within(at.min(bytes.len())..),
            5 if rng.gen_ratio(1, 8) => rng.fill_bytes(&mut bytes),
            _ => {}
        }
    }
    bytes
}

#[test]
fn documents_are_refused_or_taken_as_they_are_written() {
    let mut rng = ChaCha20Rng::seed_from_u64(41);
    let test = TestCommittee::new(42);
    let record = test.record(&test.committee).unwrap().to_bytes();
    let share = test.shares[0].to_bytes();
    let address = MailAddress::parse("ann@example.org").unwrap();
    let identity = Identity::new(&test.committee.network, &test.committee.master, &address);
    let salt = Salt::random(&mut rng);
    let escrow = Escrow::seal(&identity, &test.committee.master, &salt, &mut rng).to_bytes();
    let keys = NodeKeys::random(&mut rng).to_bytes();
    for _ in 0..300 {
        let bytes = edited(&escrow, &mut rng);
        if let Ok(read) = Escrow::from_bytes(&bytes) {
            assert_eq!(read.to_bytes(), bytes);
        }
        let bytes = edited(&share, &mut rng);
        if let Ok(read) = KeyShare::from_bytes(&bytes) {
            assert_eq!(*read.to_bytes(), bytes);
            let _ = read.check(&test.committee);
        }
        let bytes = edited(&keys, &mut rng);
        let _ = NodeKeys::from_bytes(&bytes);
        let bytes = edited(&record, &mut rng);
        if let Ok(read) = CommitteeRecord::read(&bytes, Dealer::AllowedInsecurely) {
            assert_eq!(read.to_bytes(), bytes);
        }
        let _ = Release::read(&edited(&record, &mut rng), &test.committee);
    }
}

#[test]
fn messages_of_a_ceremony_are_refused_or_taken() {
    let mut rng = ChaCha20Rng::seed_from_u64(43);
    let nodes: Vec<_> = (1..=3).map(|i| TestNode::new(i, &mut rng)).collect();
    let member = |node: &TestNode| {
        let mut member = node.member();
        member.url = member.url.replace("http:", "https:");
        member
    };
    let members = nodes.iter().map(member).collect();
    let setting = Setting::generation(NetworkId::parse("main-1").unwrap(), 2, members).unwrap();
    let (_, deal) = setting.deal(index(1), &nodes[0].signing, &mut rng).unwrap();
    let mut board = Board::new(setting);
    for _ in 0..300 {
        let bytes = edited(&deal, &mut rng);
        assert!(board.post(&bytes).is_err() || bytes == deal);
    }
    board.post(&deal).unwrap();
}

#[test]
fn requests_are_refused_or_answered() {
    let mut rng = ChaCha20Rng::seed_from_u64(44);
    let test = TestCommittee::new(45);
    let committee = &test.committee;
    let record = test.record(committee).unwrap();
    let node = &test.nodes[0];
    let keys = NodeKeys { opening: node.opening.clone(), signing: node.signing.clone() };
    let settings = LimitSettings::default();
    let node = SaltNode::new(record, test.shares[0].clone(), keys, settings, &mut rng).unwrap();
    let (chain, dns) = (TestChain::new(), dns());
    let subject =
        format!("zkdkim salt 1 {} {} 1:77:{}", committee.network, "09".repeat(32), "ab".repeat(8));
    let request = Request::new(committee, &provable(&subject, ""), None);
    let mut ids = std::collections::BTreeSet::new();
    for i in 0..400u32 {
        let mut changed = request.clone();
        changed.header = edited(&request.header, &mut rng).into();
        let Ok(sealed) = changed.seal(committee, index(1), &mut rng) else { continue };
        let outcome = node.handle(&sealed, &i.to_be_bytes(), NOW, &chain, &dns, &mut rng);
        match outcome {
            Ok(_) => assert!(changed.header == request.header),
            Err(refused) => drop(ids.insert(refused.id())),
        }
        // A box that opens and holds something else.
        let sealing = &committee.node(index(1)).unwrap().member.sealing;
        let context = [committee.network.as_str().as_bytes(), b"\0\x01"].concat();
        let plain = edited(&request.header, &mut rng);
        let sealed = sealing.seal(b"zkdkim-salt/1/request", &context, &plain, &mut rng).unwrap();
        let refused = node.handle(&sealed, &i.to_be_bytes(), NOW, &chain, &dns, &mut rng);
        assert_eq!(refused.unwrap_err().id(), "request");
    }
    assert!(ids.len() > 8, "{ids:?}");
    for _ in 0..2000 {
        let bytes = edited(subject.as_bytes(), &mut rng);
        if let Ok(SubjectForm::Salt(read)) = SubjectForm::parse(&bytes) {
            assert_eq!(read.to_string().into_bytes(), bytes);
        }
    }
}
