//! Whatever is changed in a proof or in its public inputs, the contract says what the native verifier says.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::{
    halo2curves::{
        bn256::{Fr, G1Affine, G1},
        ff::Field,
        group::Curve,
    },
    words::g1_words,
};
use zkdkim_verifier_sol::Verdict;

use crate::common::input::{malformed, plus, Q, R};
use crate::{
    common::small::{Small, INSTANCES},
    harness::{expected, fixture, Fixture},
};

/// `ZKDKIM_MUTATIONS=10000` for the long run.
fn mutations() -> usize {
    std::env::var("ZKDKIM_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_500)
}

#[test]
fn every_byte_of_a_proof_counts() {
    let mut f = fixture();
    for byte in 0..f.proof.len() {
        let mut proof = f.proof.clone();
        proof[byte] ^= 1 << (byte % 8);
        let verdict = f.verdict_of(&proof);
        let native = f.natively(&proof, &f.instances);
        assert_ne!(verdict, Verdict::Valid, "byte {byte}");
        assert_eq!(verdict, expected(&native), "byte {byte}: {native:?}");
    }
}

fn point(rng: &mut impl Rng) -> Vec<u8> {
    let any: G1Affine = match rng.gen_range(0..3) {
        0 => G1::generator().to_affine(),
        _ => (G1::generator() * Fr::random(rng)).to_affine(),
    };
    g1_words(&any).concat()
}

/// One change out of many kinds, anywhere.
pub fn mutate(f: &Fixture, rng: &mut impl Rng) -> (Vec<u8>, Vec<Fr>) {
    let (mut proof, mut instances) = (f.proof.clone(), f.instances.clone());
    let words = f.words();
    let word = rng.gen_range(0..words);
    let at = 32 * word;
    // A point's place, mostly before the evaluations.
    let place = |rng: &mut dyn rand::RngCore| match rng.gen_range(0..4) {
        0 => f.proof.len() - 64 * rng.gen_range(1..3),
        _ => 64 * rng.gen_range(0..f.leading() / 2),
    };
    let even = place(rng);
    match rng.gen_range(0..12) {
        0 => proof[at + rng.gen_range(0..32)] ^= 1 << rng.gen_range(0..8),
        1 => rng.fill(&mut proof[at..at + 32]),
        2 => proof[at..at + 32].fill([0, 0xff][rng.gen_range(0..2)]),
        3 => {
            let from = 32 * rng.gen_range(0..words);
            proof.copy_within(from..from + 32, at);
        }
        4 => {
            let modulus = if f.is_coordinate(word) { Q } else { R };
            let alias = plus(&proof[at..at + 32], modulus);
            proof[at..at + 32].copy_from_slice(&alias);
        }
        5 => proof[even..even + 64].copy_from_slice(&point(rng)),
        6 => {
            let from = place(rng);
            proof.copy_within(from..from + 64, even);
        }
        7 => proof[at..at + 32].copy_from_slice(&f.other_proof[at..at + 32]),
        8 => proof[even..even + 64].copy_from_slice(&f.other_proof[even..even + 64]),
        9 => {
            let from = rng.gen_range(0..words / 2);
            proof[64 * from..].copy_from_slice(&f.other_proof[64 * from..]);
        }
        10 => {
            let small = Fr::from(rng.gen_range(0..4u64));
            proof[at..at + 32].copy_from_slice(&zkdkim_plonk::words::scalar_word(&small));
        }
        _ => {
            let i = rng.gen_range(0..INSTANCES);
            instances[i] = match rng.gen_range(0..3) {
                0 => f.other_instances[i],
                1 => instances[i] + Fr::ONE,
                _ => Fr::random(rng),
            };
        }
    }
    (proof, instances)
}

#[test]
fn native_verifier_and_contract_agree_on_mutated_proofs() {
    let mut f = fixture();
    let mut rng = ChaCha20Rng::seed_from_u64(21);
    let mut seen = std::collections::BTreeMap::new();
    for i in 0..mutations() {
        let (proof, instances) = mutate(&f, &mut rng);
        let changed = proof != f.proof || instances != f.instances;
        let verdict = f.chain.call(&proof, &instances).0;
        let native = f.natively(&proof, &instances);
        // Of two faults each may name another.
        let same_kind = match (&verdict, &expected(&native)) {
            (Verdict::Malformed(_), Verdict::Malformed(_)) => true,
            (a, b) => a == b,
        };
        assert!(same_kind, "mutation {i}: {verdict:?}, natively {native:?}");
        assert_eq!(verdict == Verdict::Valid, !changed, "mutation {i}");
        *seen.entry(format!("{verdict:?}")).or_insert(0) += 1;
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn rejects_every_other_public_input() {
    let mut f = fixture();
    let proof = f.proof.clone();
    for i in 0..INSTANCES {
        for other in [f.instances[i] + Fr::ONE, -f.instances[i], Fr::from(99)] {
            let mut instances = f.instances.clone();
            instances[i] = other;
            assert_eq!(f.chain.call(&proof, &instances).0, Verdict::Invalid, "input {i}");
        }
    }
    let mut rotated = f.instances.clone();
    rotated.rotate_left(1);
    assert_eq!(f.chain.call(&proof, &rotated).0, Verdict::Invalid);
}

#[test]
fn rejects_zero_and_infinity_and_other_points() {
    let mut f = fixture();
    for word in (0..f.words()).filter(|w| !f.is_coordinate(*w)).collect::<Vec<_>>() {
        assert_eq!(f.with_word(word, |_| [0; 32]), Verdict::Invalid, "word {word}");
    }
    let points: Vec<usize> = (0..f.words()).filter(|w| f.is_coordinate(*w)).step_by(2).collect();
    for &at in &points {
        let mut proof = f.proof.clone();
        proof[32 * at..32 * at + 64].fill(0);
        assert_eq!(f.verdict_of(&proof), malformed("PointNotOnCurve"), "word {at}");
        let negated = f.with_word(at + 1, |y| {
            let q = num_bigint::BigUint::parse_bytes(Q.as_bytes(), 16).unwrap();
            plus(&[0; 32], &(q - num_bigint::BigUint::from_bytes_be(y)).to_str_radix(16))
        });
        assert_eq!(negated, Verdict::Invalid, "word {at}");
    }
}

#[test]
fn rejects_proofs_of_a_false_statement() {
    let mut f = fixture();
    let mut instances = f.instances.clone();
    instances[5] += Fr::from(1);
    // The prover goes through with a witness that does not fit its public inputs.
    let proof = f.key.prove(&Small { seed: 3 }, &[&instances], 3);
    assert!(f.natively(&proof, &instances).is_err());
    assert_eq!(f.chain.call(&proof, &instances).0, Verdict::Invalid);
}
