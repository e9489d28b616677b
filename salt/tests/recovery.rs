//! From set-up to recovery with what the crate offers: escrow, partial keys, combination, opening.

use super::support::{index, TestCommittee};
use rand::SeedableRng;
use zkdkim_relation::Salt;
use zkdkim_salt::{Error, Escrow, Identity, IdentityKey, MailAddress, PartialKey};

fn identity(test: &TestCommittee, address: &str) -> Identity {
    let address = MailAddress::parse(address).unwrap();
    Identity::new(&test.committee.network, &test.committee.master, &address)
}

fn parts(test: &TestCommittee, identity: &Identity, nodes: &[usize]) -> Vec<PartialKey> {
    nodes.iter().map(|i| test.shares[*i].partial_key(identity)).collect()
}

#[test]
fn a_salt_comes_back_from_any_three_nodes() {
    let mut test = TestCommittee::new(11);
    let ann = identity(&test, "Ann@example.org");
    let salt = Salt::random(&mut test.rng);
    let escrow = Escrow::seal(&ann, &test.committee.master, &salt, &mut test.rng);
    let bytes = escrow.to_bytes();
    for nodes in [[0, 1, 2], [4, 2, 0], [1, 3, 4]] {
        let combined = IdentityKey::combine(&test.committee, &ann, &parts(&test, &ann, &nodes));
        let key = combined.unwrap().key;
        let opened =
            Escrow::from_bytes(&bytes).unwrap().open(&identity(&test, "ann@example.org"), &key);
        assert!(opened.unwrap() == salt);
    }
}

#[test]
fn nodes_that_lie_are_named_and_do_no_harm() {
    let test = TestCommittee::new(12);
    let (ann, bob) = (identity(&test, "ann@example.org"), identity(&test, "bob@example.org"));
    let honest =
        IdentityKey::combine(&test.committee, &ann, &parts(&test, &ann, &[0, 1, 2])).unwrap();
    assert_eq!(honest.lying, []);
    // Node 2 answers for another address, node 9 does not exist.
    let mut some = parts(&test, &ann, &[0, 2, 3]);
    some.extend(parts(&test, &bob, &[1]));
    let stranger = PartialKey::from_bytes(index(9), &some[0].to_bytes()).unwrap();
    some.insert(0, stranger);
    let combined = IdentityKey::combine(&test.committee, &ann, &some).unwrap();
    assert_eq!(combined.lying, [index(2), index(9)]);
    some.pop();
    some.pop();
    some.extend(parts(&test, &bob, &[1, 4]));
    let error = IdentityKey::combine(&test.committee, &ann, &some).unwrap_err();
    let lying = vec![index(2), index(5), index(9)];
    assert_eq!(error, Error::TooFew { valid: 2, threshold: 3, lying });
    assert!(error.to_string().contains("2 of 3 partial keys hold; wrong: 2, 5, 9"), "{error}");
}

#[test]
fn the_part_of_one_node_counts_once() {
    let test = TestCommittee::new(13);
    let ann = identity(&test, "ann@example.org");
    let thrice = parts(&test, &ann, &[0, 0, 1, 1]);
    let error = IdentityKey::combine(&test.committee, &ann, &thrice).unwrap_err();
    assert_eq!(error, Error::TooFew { valid: 2, threshold: 3, lying: vec![] });
}

#[test]
fn an_escrow_says_nothing_about_its_address() {
    let mut test = TestCommittee::new(14);
    let salt = Salt::random(&mut test.rng);
    let bytes = |address: &str| {
        let rng = &mut rand_chacha::ChaCha20Rng::seed_from_u64(15);
        Escrow::seal(&identity(&test, address), &test.committee.master, &salt, rng).to_bytes()
    };
    let (ann, bob) = (bytes("ann@example.org"), bytes("bob@example.org"));
    assert_eq!(ann.len(), 168);
    assert_eq!(ann[..8], bob[..8]);
    assert_ne!(ann[8..104], bob[8..104], "with the same randomness, nothing is the same");
}

#[test]
fn nothing_secret_is_shown() {
    let test = TestCommittee::new(16);
    let ann = identity(&test, "ann@example.org");
    let parts = parts(&test, &ann, &[0, 1, 2]);
    let combined = IdentityKey::combine(&test.committee, &ann, &parts).unwrap();
    let shown = format!("{parts:?} {combined:?} {:?} {ann:?}", test.shares);
    assert!(!shown.contains("ann@") && shown.matches("redacted").count() >= 8, "{shown}");
    let secret = test.shares[0].to_bytes();
    let digits: String = secret[secret.len() - 8..].iter().map(|b| format!("{b:02x}")).collect();
    assert!(!shown.contains(&digits));
}
