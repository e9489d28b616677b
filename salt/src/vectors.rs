//! Known answers of `test-vectors/scripts/salt.py`, which shares no line with this crate.

use ic_bls12_381::Scalar;
use serde_json::Value;

use crate::{
    group::{combine_public, lagrange_at_zero, KeyPoint, PublicPoint, SecretScalar},
    Escrow, Identity, IdentityKey, MailAddress, NetworkId,
};
use zkdkim_relation::{packing::from_biguint, Salt};

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../test-vectors/salt.json");
    let text = std::fs::read_to_string(path).expect("salt.json is checked in");
    serde_json::from_str(&text).expect("salt.json is JSON")
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    let bytes = hex::decode(value.as_str().expect("a string")).expect("hex digits");
    bytes.try_into().expect("the right length")
}

fn public(value: &Value) -> PublicPoint {
    PublicPoint::from_bytes(&bytes(value)).expect("a point")
}

#[test]
fn shares_have_their_public_keys_and_make_the_master_key() {
    let vectors = vectors();
    let shares = vectors["shares"].as_object().expect("shares");
    assert_eq!(shares.len(), 5);
    for share in shares.values() {
        let secret = SecretScalar::from_bytes(&bytes(&share["secret"])).unwrap();
        assert_eq!(secret.public(), public(&share["public"]));
    }
    let three = [1u8, 3, 4];
    let terms = three.map(|i| {
        let weight: Scalar = lagrange_at_zero(i, three.into_iter());
        (weight, public(&shares[&i.to_string()]["public"]).0)
    });
    assert_eq!(combine_public(terms.into_iter()), public(&vectors["master"]).0);
}

#[test]
fn identities_keys_and_escrows_are_those_of_the_script() {
    let vectors = vectors();
    let master = public(&vectors["master"]);
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let text = |key: &str| case[key].as_str().expect("a string");
        let network = NetworkId::parse(text("network")).unwrap();
        let address = MailAddress::parse(text("address")).unwrap();
        let identity = Identity::new(&network, &master, &address);
        assert_eq!(hex::encode(identity.message()), text("message"));
        assert_eq!(hex::encode(identity.point().to_bytes()), text("point"));
        let parts = case["parts"].as_object().expect("parts");
        for (i, part) in parts {
            let secret = SecretScalar::from_bytes(&bytes(&vectors["shares"][i]["secret"])).unwrap();
            assert_eq!(
                hex::encode(identity.point().times(&secret).to_bytes()),
                part.as_str().unwrap()
            );
        }
        let salt = num_bigint::BigUint::from_bytes_be(&bytes::<32>(&case["salt"]));
        let salt = Salt::new(from_biguint(&salt).expect("a salt"));
        let escrow = Escrow::seal_with(&identity, &master, &salt, &bytes(&case["seed"]));
        assert_eq!(hex::encode(escrow.to_bytes()), text("escrow"));
        let key = IdentityKey::new(KeyPoint::from_bytes(&bytes(&case["key"])).unwrap());
        let read = Escrow::from_bytes(&hex::decode(text("escrow")).unwrap()).unwrap();
        assert!(read.open(&identity, &key).unwrap() == salt);
    }
}
