//! A proof that never changes: a seeded circuit, secret and prover.

use super::common::{keys, rng, Random, Spec};
use zkdkim_plonk::folded::{prove, verify, VerifyingKey};

const KEY: &str = include_str!("known_answer/key.hex");
const PROOF: &str = include_str!("known_answer/proof.hex");

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn hex(bytes: &[u8]) -> String {
    let line = |line: &[u8]| line.iter().map(|b| format!("{b:02x}")).collect::<String>();
    bytes.chunks(32).map(|c| line(c) + "\n").collect()
}

/// `UPDATE_KNOWN_ANSWER=1` writes the files anew, after a change of the protocol.
#[test]
fn key_and_proof_are_the_known_ones() {
    compare();
}

/// Key and proof as they are made here; examples/vectors.rs calls it where numbers are multiplied in another way.
pub fn compare() {
    let spec = Spec::random(5);
    let (srs, pk) = keys(&spec, 4);
    let instances = spec.instance_slices();
    let proof = prove(&srs, &pk, &Random(spec.clone()), &instances, rng(42)).unwrap();
    let key = pk.vk().to_bytes();
    if std::env::var("UPDATE_KNOWN_ANSWER").is_ok() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/folded/known_answer");
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(format!("{folder}/key.hex"), hex(&key)).unwrap();
        std::fs::write(format!("{folder}/proof.hex"), hex(&proof)).unwrap();
        return;
    }
    assert_eq!(hex(&key), KEY, "the key has changed");
    assert_eq!(hex(&proof), PROOF, "the proof has changed");
    let read = VerifyingKey::from_bytes(&bytes(KEY)).unwrap();
    verify(&read, &instances, &bytes(PROOF)).unwrap();
}
