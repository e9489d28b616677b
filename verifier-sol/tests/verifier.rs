//! The generated verifier accepts real proofs and nothing else (S15).

use std::sync::LazyLock;

use crate::common::{
    self,
    input::{self, malformed, plus, PROOF_AT, Q, R},
    small::{Small, INSTANCES, K},
    Chain, Harness,
};
use num_bigint::BigUint;
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_plonk::{calldata::encode_calldata, words::Word};
use zkdkim_verifier_sol::Verdict;

struct Shared {
    harness: Harness,
    proof: Vec<u8>,
    instances: Vec<Fr>,
}

/// One proof for all tests; an EVM for each.
struct Fixture {
    harness: &'static Harness,
    chain: Chain,
    proof: Vec<u8>,
    instances: Vec<Fr>,
}

fn fixture() -> Fixture {
    static SHARED: LazyLock<Shared> = LazyLock::new(|| {
        let circuit = Small { seed: 3 };
        let harness = Harness::new(K, &circuit, INSTANCES);
        let instances = circuit.instances();
        let proof = common::prove(&harness.params, &harness.pk, circuit, &instances);
        Shared { harness, proof, instances }
    });
    let Shared { harness, proof, instances } = &*SHARED;
    Fixture { harness, chain: harness.deploy(), proof: proof.clone(), instances: instances.clone() }
}

impl Fixture {
    fn words(&self) -> usize {
        self.proof.len() / 32
    }

    /// Words before the evaluations: commitments of advice, products, the blinding polynomial and
    /// the quotient.
    fn leading(&self) -> usize {
        let cs = self.harness.pk.get_vk().cs();
        let products = cs.permutation().get_columns().len().div_ceil(3);
        2 * (cs.num_advice_columns() + products + 1 + 4)
    }

    fn is_coordinate(&self, word: usize) -> bool {
        word < self.leading() || word >= self.words() - 4
    }

    fn verdict_of(&mut self, proof: &[u8]) -> Verdict {
        let instances = self.instances.clone();
        self.chain.call(proof, &instances).0
    }

    /// Changes one word of the proof.
    fn with_word(&mut self, word: usize, change: impl Fn(&Word) -> Word) -> Verdict {
        let mut proof = self.proof.clone();
        let bytes: &mut Word = (&mut proof[32 * word..32 * word + 32]).try_into().unwrap();
        *bytes = change(bytes);
        assert_ne!(proof, self.proof);
        self.verdict_of(&proof)
    }

    fn with_calldata(&mut self, change: impl Fn(&mut Vec<u8>)) -> Verdict {
        let mut calldata = encode_calldata(&self.proof, &self.instances);
        change(&mut calldata);
        self.chain.call_raw(calldata).0
    }
}

#[test]
fn accepts_proofs_as_halo2_and_snark_verifier_do() {
    let mut f = fixture();
    for seed in [3, 4, 1 << 40] {
        let circuit = Small { seed };
        let instances = circuit.instances();
        let proof = common::prove(&f.harness.params, &f.harness.pk, circuit, &instances);
        assert!(f.harness.verifies_natively(&proof, &instances));
        assert!(f.harness.verifies_by_reference(&proof, &instances));
        let (verdict, gas) = f.chain.call(&proof, &instances);
        println!("gas {gas}, verifier {} bytes", f.harness.artifacts.verifier.size);
        assert_eq!(verdict, Verdict::Valid);
    }
}

#[test]
fn the_circuit_exercises_what_it_claims_to() {
    let f = fixture();
    let cs = f.harness.pk.get_vk().cs();
    assert_eq!(cs.num_challenges(), 2);
    assert_eq!(cs.permutation().get_columns().len().div_ceil(3), 3, "several products");
    assert_eq!(cs.instance_queries().len(), 3);
    assert_eq!(f.words() * 32, f.harness.artifacts.proof_bytes);
    let own_fixed = 3;
    assert!(cs.num_fixed_columns() < own_fixed + cs.num_selectors(), "selectors were merged");
    let degree = |g: &zkdkim_plonk::plonk::Gate<Fr>| {
        g.polynomials().iter().map(|p| p.degree()).max().unwrap()
    };
    assert_eq!(cs.gates().iter().map(degree).max(), Some(5));
}

#[test]
fn rejects_every_flipped_bit_position_of_every_proof_word() {
    let mut f = fixture();
    for word in 0..f.words() {
        for byte in [0, 15, 31] {
            let verdict = f.with_word(word, |w| {
                let mut w = *w;
                w[byte] ^= 1;
                w
            });
            let lowest = byte == 31;
            match (f.is_coordinate(word), lowest) {
                (true, _) => assert!(matches!(verdict, Verdict::Malformed(_)), "word {word}"),
                // Well formed, but the evaluation of another polynomial.
                (false, true) => assert_eq!(verdict, Verdict::Invalid, "word {word}"),
                (false, false) => assert_ne!(verdict, Verdict::Valid, "word {word}"),
            }
        }
    }
}

#[test]
fn gives_the_verdict_of_halo2_and_snark_verifier_on_wrong_evaluations() {
    let mut f = fixture();
    for word in (f.leading()..f.words() - 4).step_by(3) {
        let mut proof = f.proof.clone();
        proof[32 * word + 31] ^= 1;
        assert!(!f.harness.verifies_natively(&proof, &f.instances), "word {word}");
        assert!(!f.harness.verifies_by_reference(&proof, &f.instances), "word {word}");
        assert_eq!(f.verdict_of(&proof), Verdict::Invalid, "word {word}");
    }
}

#[test]
fn never_accepts_for_want_of_gas() {
    let mut f = fixture();
    let (_, gas) = f.chain.call(&f.proof.clone(), &f.instances.clone());
    let mut wrong = f.proof.clone();
    let evaluation = 32 * f.leading() + 31;
    wrong[evaluation] ^= 1;
    let verifier = f.chain.deployed.verifier;
    for limit in (60_000..gas + 20_000).step_by(2_500) {
        let calldata = encode_calldata(&wrong, &f.instances);
        // Below the cost of its calldata the transaction is not even run.
        if let Ok(outcome) = f.chain.evm.call_with_gas(verifier, calldata, limit) {
            assert_ne!(outcome.verdict(), Verdict::Valid, "gas limit {limit}");
        }
        let calldata = encode_calldata(&f.proof, &f.instances);
        if let Ok(outcome) = f.chain.evm.call_with_gas(verifier, calldata, limit) {
            let valid = outcome.verdict() == Verdict::Valid;
            assert!(!valid || limit >= gas, "gas limit {limit}");
        }
    }
}

/// Clauses: `input-canonical`.
#[test]
fn rejects_second_encodings_of_scalars_and_coordinates() {
    let mut f = fixture();
    for word in 0..f.words() {
        if f.is_coordinate(word) {
            let verdict = f.with_word(word, |w| plus(w, Q));
            assert_eq!(verdict, malformed("CoordinateNotCanonical"), "word {word}");
        } else {
            let verdict = f.with_word(word, |w| plus(w, R));
            assert_eq!(verdict, malformed("ScalarNotCanonical"), "word {word}");
        }
        let verdict = f.with_word(word, |_| [0xff; 32]);
        assert!(matches!(verdict, Verdict::Malformed(_)), "word {word}");
    }
}

#[test]
fn rejects_zero_and_infinity_and_other_points() {
    let mut f = fixture();
    for word in (0..f.words()).filter(|w| !f.is_coordinate(*w)).collect::<Vec<_>>() {
        assert_eq!(f.with_word(word, |_| [0; 32]), Verdict::Invalid, "word {word}");
    }
    let points: Vec<usize> = (0..f.words()).filter(|w| f.is_coordinate(*w)).step_by(2).collect();
    for &at in &points {
        let replaced = |f: &Fixture, point: [Word; 2]| {
            let mut proof = f.proof.clone();
            proof[32 * at..32 * at + 64].copy_from_slice(&point.concat());
            proof
        };
        let infinity = replaced(&f, [[0; 32]; 2]);
        assert_eq!(f.verdict_of(&infinity), malformed("PointNotOnCurve"), "word {at}");

        let [mut one, mut two] = [[0; 32]; 2];
        (one[31], two[31]) = (1, 2);
        let generator = replaced(&f, [one, two]);
        assert_eq!(f.verdict_of(&generator), Verdict::Invalid, "word {at}");

        let negated = f.with_word(at + 1, |y| {
            let q = BigUint::parse_bytes(Q.as_bytes(), 16).unwrap();
            plus(&[0; 32], &(q - BigUint::from_bytes_be(y)).to_str_radix(16))
        });
        assert_eq!(negated, Verdict::Invalid, "word {at}");
    }
    for pair in points.windows(2) {
        let mut proof = f.proof.clone();
        let (a, b) = (32 * pair[0], 32 * pair[1]);
        proof[a..a + 64].copy_from_slice(&f.proof[b..b + 64]);
        proof[b..b + 64].copy_from_slice(&f.proof[a..a + 64]);
        assert_eq!(f.verdict_of(&proof), Verdict::Invalid, "points {pair:?} swapped");
    }
}

#[test]
fn rejects_swapped_evaluations() {
    let mut f = fixture();
    for word in f.leading()..f.words() - 5 {
        let mut proof = f.proof.clone();
        let (left, right) = (32 * word, 32 * (word + 1));
        if proof[left..right] == proof[right..right + 32] {
            continue;
        }
        proof.copy_within(right..right + 32, left);
        proof[right..right + 32].copy_from_slice(&f.proof[left..right]);
        assert_eq!(f.verdict_of(&proof), Verdict::Invalid, "words {word} and the next");
    }
}

/// Clauses: `input-canonical`.
#[test]
fn rejects_every_other_instance() {
    let mut f = fixture();
    let at = PROOF_AT + f.proof.len() + 32;
    for instance in 0..INSTANCES {
        let place = at + 32 * instance..at + 32 * instance + 32;
        let flipped = f.with_calldata(|data| data[place.end - 1] ^= 1);
        assert_eq!(flipped, Verdict::Invalid);
    }
    let bytes = f.proof.len();
    input::rejects_second_encodings_of_public_inputs(bytes, INSTANCES, &mut |change| {
        f.with_calldata(change)
    });
    let mut rotated = f.instances.clone();
    rotated.rotate_left(1);
    let proof = f.proof.clone();
    assert_eq!(f.chain.call(&proof, &rotated).0, Verdict::Invalid);
}

#[test]
fn rejects_calldata_of_any_other_length() {
    let mut f = fixture();
    let whole = encode_calldata(&f.proof, &f.instances).len();
    input::rejects_other_lengths(whole, &mut |change| f.with_calldata(change));
}

#[test]
fn rejects_other_layouts_of_the_same_arguments() {
    let mut f = fixture();
    let proof_bytes = f.proof.len();

    input::rejects_other_layouts(proof_bytes, &mut |change| f.with_calldata(change));

    let (proof, mut instances) = (f.proof.clone(), f.instances.clone());
    instances.push(Fr::from(0));
    assert_eq!(f.chain.call(&proof, &instances).0, malformed("InstanceCount"));
    instances.truncate(INSTANCES - 1);
    assert_eq!(f.chain.call(&proof, &instances).0, malformed("InstanceCount"));
    let instances = f.instances.clone();
    for length in [0, proof_bytes - 32, proof_bytes - 1, proof_bytes + 1, proof_bytes + 32] {
        let mut proof = proof.clone();
        proof.resize(length, 0);
        assert_eq!(f.chain.call(&proof, &instances).0, malformed("ProofLength"));
    }
}

/// Clauses: `input-canonical`.
#[test]
fn native_reader_rejects_what_the_contract_rejects() {
    let f = fixture();
    for word in 0..f.words() {
        let modulus = if f.is_coordinate(word) { Q } else { R };
        let mut proof = f.proof.clone();
        let bytes: &mut Word = (&mut proof[32 * word..32 * word + 32]).try_into().unwrap();
        *bytes = plus(bytes, modulus);
        assert!(!f.harness.verifies_natively(&proof, &f.instances), "word {word}");
    }
    let longer = [f.proof.as_slice(), &[0]].concat();
    assert!(!f.harness.verifies_natively(&longer, &f.instances));
    assert!(!f.harness.verifies_natively(&f.proof[..f.proof.len() - 1], &f.instances));
}

#[test]
fn rejects_proofs_of_a_false_statement() {
    let mut f = fixture();
    let circuit = Small { seed: 3 };
    let mut instances = f.instances.clone();
    instances[5] += Fr::from(1);
    // The prover goes through with a witness that does not fit its public inputs.
    let proof = common::prove(&f.harness.params, &f.harness.pk, circuit, &instances);
    assert!(!f.harness.verifies_natively(&proof, &instances));
    assert!(!f.harness.verifies_by_reference(&proof, &instances));
    assert_eq!(f.chain.call(&proof, &instances).0, Verdict::Invalid);
}
