//! The reference against `test-vectors/statement.json`, whose hashes are circomlibjs's.

use num_bigint::BigUint;
use serde_json::Value;
use std::path::Path;
use zkdkim_relation::commitment::{
    digest_halves, email_commitment, from_biguint, key_hash, leaf, modulus_words, nullifier,
    pack_bytes, tag, EMAIL_TAG, KEY_TAG, LEAF_TAG, NULLIFIER_TAG, SEAL_TAG,
};
use zkdkim_relation::poseidon::hash2;
use zkdkim_relation::sealed::{seal, sealed_subject, spelt_seal};
use zkdkim_relation::{
    Blinding, CommandHash, EmailCommitment, Fr, KeyRegistry, PackedSubject, Salt,
};

fn vectors() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/statement.json");
    let text = std::fs::read_to_string(path).expect("statement.json is checked in");
    serde_json::from_str(&text).expect("statement.json is JSON")
}

fn list<'a>(vectors: &'a Value, key: &str) -> &'a [Value] {
    let list = vectors[key].as_array().expect("a list");
    assert!(!list.is_empty(), "{key} is empty");
    list
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn number(value: &Value) -> BigUint {
    let digits = text(value).strip_prefix("0x").expect("0x");
    BigUint::parse_bytes(digits.as_bytes(), 16).expect("hex digits")
}

fn element(value: &Value) -> Fr {
    from_biguint(&number(value)).expect("an element below r")
}

fn elements(value: &Value) -> Vec<Fr> {
    value.as_array().expect("a list").iter().map(element).collect()
}

#[test]
fn tags() {
    let vectors = vectors();
    for (name, constant) in [
        ("email", EMAIL_TAG),
        ("nullifier", NULLIFIER_TAG),
        ("key", KEY_TAG),
        ("leaf", LEAF_TAG),
        ("seal", SEAL_TAG),
    ] {
        let vector = &vectors["tags"][name];
        assert_eq!(text(&vector["text"]), constant);
        assert_eq!(tag(constant), element(&vector["element"]));
    }
}

#[test]
fn poseidon() {
    for v in list(&vectors(), "poseidon") {
        assert_eq!(hash2(element(&v["a"]), element(&v["b"])), element(&v["hash"]));
    }
}

#[test]
fn packing() {
    for v in list(&vectors(), "packing") {
        let words = elements(&v["words"]);
        assert_eq!(pack_bytes(text(&v["text"]).as_bytes(), words.len()), Some(words));
    }
}

#[test]
fn commitments_and_nullifiers() {
    let vectors = vectors();
    for v in list(&vectors, "commitments") {
        let got = email_commitment(&Salt::new(element(&v["salt"])), text(&v["address"]).as_bytes());
        assert_eq!(got, Some(EmailCommitment(element(&v["commitment"]))));
    }
    for v in list(&vectors, "nullifiers") {
        let digest: [u8; 32] = number(&v["digest"]).to_bytes_be().try_into().expect("32 bytes");
        assert_eq!(digest_halves(&digest)[..], elements(&v["halves"])[..]);
        let salt = Salt::new(element(&v["salt"]));
        assert_eq!(nullifier(&salt, &digest).0, element(&v["nullifier"]));
    }
}

#[test]
fn seals() {
    let vectors = vectors();
    for v in list(&vectors, "seals") {
        let bytes = number(&v["command"]).to_bytes_be();
        let mut command = [0; 31];
        command[31 - bytes.len()..].copy_from_slice(&bytes);
        let command = CommandHash(command);
        let blinding = Blinding::new(element(&v["blinding"]));
        let element = element(&v["seal"]);
        assert_eq!(seal(&command, &blinding), element);
        assert_eq!(sealed_subject(&command, &blinding), text(&v["subject"]));
        for subject in v["spellings"].as_array().expect("spellings") {
            assert_eq!(spelt_seal(text(subject).as_bytes()), Some(element), "{subject}");
        }
        assert_eq!(PackedSubject::sealed(command).0[..], elements(&v["words"])[..]);
    }
    for subject in list(&vectors, "not_sealed") {
        assert_eq!(spelt_seal(text(subject).as_bytes()), None, "{subject}");
    }
}

#[test]
fn leaves_and_roots() {
    let vectors = vectors();
    let keys = list(&vectors, "leaves");
    for v in keys {
        let modulus = number(&v["modulus"]);
        assert_eq!(modulus_words(&modulus)[..], elements(&v["words"])[..]);
        assert_eq!(key_hash(&modulus), element(&v["key_hash"]));
        assert_eq!(leaf(text(&v["domain"]).as_bytes(), &modulus), Some(element(&v["leaf"])));
    }
    for v in list(&vectors, "roots") {
        let count = v["count"].as_u64().expect("count") as usize;
        let mut registry = KeyRegistry::new();
        for key in &keys[..count] {
            registry.add(text(&key["domain"]), number(&key["modulus"])).expect("a valid entry");
        }
        for slot in v["removed"].as_array().expect("removed") {
            registry.remove(slot.as_u64().expect("slot") as u32).expect("a used slot");
        }
        assert_eq!(registry.root().0, element(&v["root"]), "{v}");
    }
}
