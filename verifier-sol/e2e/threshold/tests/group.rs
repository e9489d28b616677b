//! A group key: any two parties sign for it, one can't, and what is tampered with is refused.

use std::sync::OnceLock;

use dkls23::protocols::PartyIndex;
use k256::{
    ecdsa::{RecoveryId, Signature as Ecdsa, SigningKey, VerifyingKey},
    Scalar,
};
use sha3::{Digest, Keccak256};
use zkdkim_threshold::{run, sign, Error, Party, Signature};

const DIGEST: [u8; 32] = [0x5a; 32];

/// One 2-of-3 group for all tests: key generation takes seconds.
fn group() -> &'static [Party] {
    static GROUP: OnceLock<Vec<Party>> = OnceLock::new();
    GROUP.get_or_init(|| run::keygen_all(2, 3).unwrap())
}

/// The address in lower case, computed without dkls23.
fn address(key: &VerifyingKey) -> String {
    let point = key.to_sec1_point(false);
    format!("0x{}", hex::encode(&Keccak256::digest(&point.as_bytes()[1..])[12..]))
}

/// What `ecrecover` answers.
fn recovered(signature: &Signature, digest: &[u8; 32]) -> String {
    let ecdsa = Ecdsa::from_scalars(signature.r, signature.s).unwrap();
    assert_eq!(ecdsa.normalize_s(), ecdsa, "s is in the lower half");
    let parity = RecoveryId::from_byte(signature.v - 27).unwrap();
    address(&VerifyingKey::recover_from_prehash(digest, &ecdsa, parity).unwrap())
}

fn pair(shares: &[Party], a: usize, b: usize) -> [Party; 2] {
    [shares[a].clone(), shares[b].clone()]
}

#[test]
fn any_two_of_three_sign_for_the_group() {
    let shares = group();
    let group = shares[0].address.to_lowercase();
    for (a, b) in [(0, 1), (0, 2), (1, 2), (2, 0)] {
        let signature = run::sign_all(&pair(shares, a, b), &DIGEST).unwrap();
        assert_eq!(recovered(&signature, &DIGEST), group);
        assert!(signature.v == 27 || signature.v == 28);
    }
}

#[test]
fn larger_groups_sign_with_their_threshold() {
    let shares = run::keygen_all(3, 4).unwrap();
    let quorum = [shares[3].clone(), shares[0].clone(), shares[2].clone()];
    let signature = run::sign_all(&quorum, &DIGEST).unwrap();
    assert_eq!(recovered(&signature, &DIGEST), shares[0].address.to_lowercase());
    let error = run::sign_all(&shares, &DIGEST).unwrap_err();
    assert!(matches!(error, Error::WrongQuorum { expected: 3, got: 4 }), "{error}");
}

#[test]
fn one_share_is_not_enough() {
    let shares = group();
    let group = shares[0].address.to_lowercase();
    for share in shares {
        let error = run::sign_all(std::slice::from_ref(share), &DIGEST).unwrap_err();
        assert!(matches!(error, Error::WrongQuorum { expected: 2, got: 1 }), "{error}");
        let twice = [share.clone(), share.clone()];
        assert!(matches!(run::sign_all(&twice, &DIGEST), Err(Error::WrongQuorum { .. })));
        // Nor is the secret that it holds the group's key.
        let alone = SigningKey::from_slice(&share.poly_point.to_bytes()).unwrap();
        assert_ne!(address(alone.verifying_key()), group);
    }
}

#[test]
fn two_shares_hold_the_key_together_and_it_is_the_groups() {
    // What the protocol avoids: whoever has two shares can put the key together. So they are stored apart.
    let shares = group();
    let secret = shares[0].poly_point * Scalar::from(2u64) - shares[1].poly_point;
    let key = SigningKey::from_slice(&secret.to_bytes()).unwrap();
    assert_eq!(address(key.verifying_key()), shares[0].address.to_lowercase());
}

#[test]
fn shares_of_different_groups_do_not_mix() {
    let other = run::keygen_all(2, 2).unwrap();
    let mixed = [group()[0].clone(), other[1].clone()];
    let error = run::sign_all(&mixed, &DIGEST).unwrap_err();
    assert!(matches!(error, Error::DifferentGroups { .. }), "{error}");
}

#[test]
fn a_false_share_gives_no_signature() {
    let [honest, mut other] = pair(group(), 0, 1);
    other.poly_point += Scalar::ONE;
    let error = run::sign_all(&[honest, other], &DIGEST).unwrap_err();
    assert!(matches!(error, Error::Abort(_)), "{error}");
}

#[test]
fn signers_of_different_digests_stop() {
    let shares = group();
    let mut links = zkdkim_threshold::network::connect(&[1, 2]).into_iter();
    let (one, two) = (links.next().unwrap(), links.next().unwrap());
    let second = shares[1].clone();
    assert_eq!(second.party_index, PartyIndex::new(2).unwrap());
    let other = std::thread::spawn(move || sign(two, &second, b"once", &[1; 32]).is_err());
    assert!(sign(one, &shares[0], b"once", &DIGEST).is_err());
    assert!(other.join().unwrap());
}

#[test]
fn a_threshold_of_one_is_refused() {
    assert!(matches!(run::keygen_all(1, 3), Err(Error::Parameters(_))));
    assert!(matches!(run::keygen_all(4, 3), Err(Error::Parameters(_))));
}
