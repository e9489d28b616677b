//! Every proof has one encoding and one layout of calldata.

use zkdkim_plonk::{calldata::encode_calldata, halo2curves::bn256::Fr, words::Word};
use zkdkim_verifier_sol::Verdict;

use crate::{
    common::small::INSTANCES,
    folded::harness::{fixture, malformed, plus, PROOF_AT, Q, R},
};

#[test]
fn rejects_second_encodings_of_scalars_and_coordinates() {
    let mut f = fixture();
    for word in 0..f.words() {
        let (modulus, error) = match f.is_coordinate(word) {
            true => (Q, "CoordinateNotCanonical"),
            false => (R, "ScalarNotCanonical"),
        };
        assert_eq!(f.with_word(word, |w| plus(w, modulus)), malformed(error), "word {word}");
        assert_eq!(f.with_word(word, |_| [0xff; 32]), malformed(error), "word {word}");
        assert_eq!(f.with_word(word, |_| plus(&[0; 32], modulus)), malformed(error));
    }
}

#[test]
fn rejects_second_encodings_of_public_inputs() {
    let mut f = fixture();
    let at = PROOF_AT + f.proof.len() + 32;
    for instance in 0..INSTANCES {
        let place = at + 32 * instance..at + 32 * instance + 32;
        for multiple in 1..=4 {
            let verdict = f.with_calldata(|data| {
                for _ in 0..multiple {
                    let sum = plus(&data[place.clone()], R);
                    data[place.clone()].copy_from_slice(&sum);
                }
            });
            assert_eq!(verdict, malformed("InstanceNotCanonical"));
        }
        let order = f.with_calldata(|data| {
            data[place.clone()].copy_from_slice(&plus(&[0; 32], R));
        });
        assert_eq!(order, malformed("InstanceNotCanonical"));
    }
}

#[test]
fn rejects_calldata_of_any_other_length() {
    let mut f = fixture();
    let whole = encode_calldata(&f.proof, &f.instances).len();
    for cut in [1, 31, 32, 33, 64, whole - PROOF_AT, whole - 4, whole - 1, whole] {
        let verdict = f.with_calldata(|data| data.truncate(whole - cut));
        assert!(matches!(verdict, Verdict::Malformed(_)), "cut {cut}: {verdict:?}");
    }
    for tail in [1, 31, 32, 1000] {
        let verdict = f.with_calldata(|data| data.resize(whole + tail, 0));
        assert_eq!(verdict, malformed("CalldataLayout"), "tail {tail}");
    }
}

#[test]
fn rejects_other_layouts_of_the_same_arguments() {
    let mut f = fixture();
    let proof_bytes = f.proof.len();

    // Every byte of both offsets and both lengths.
    for start in [4, 0x24, 0x44, PROOF_AT + proof_bytes] {
        for byte in start..start + 32 {
            for bit in [0, 7] {
                let verdict = f.with_calldata(|data| data[byte] ^= 1 << bit);
                assert!(matches!(verdict, Verdict::Malformed(_)), "byte {byte}: {verdict:?}");
            }
        }
    }

    // Well-formed for Solidity's decoder: instances first, then the proof.
    let swapped = f.with_calldata(|data| {
        let proof = data[0x44..PROOF_AT + proof_bytes].to_vec();
        let instances = data[PROOF_AT + proof_bytes..].to_vec();
        data.truncate(0x44);
        data[4..0x24].copy_from_slice(&word(0x40 + instances.len()));
        data[0x24..0x44].copy_from_slice(&word(0x40));
        data.extend(instances);
        data.extend(proof);
    });
    assert_eq!(swapped, malformed("CalldataLayout"));

    // A gap of one word between the offsets and the proof.
    let gap = f.with_calldata(|data| {
        data[4..0x24].copy_from_slice(&word(0x60));
        data[0x24..0x44].copy_from_slice(&word(0x80 + proof_bytes));
        data.splice(0x44..0x44, [0; 32]);
    });
    assert_eq!(gap, malformed("CalldataLayout"));
}

#[test]
fn rejects_other_numbers_of_inputs_and_lengths_of_proofs() {
    let mut f = fixture();
    let (proof, mut instances) = (f.proof.clone(), f.instances.clone());
    instances.push(Fr::from(0));
    assert_eq!(f.chain.call(&proof, &instances).0, malformed("InstanceCount"));
    instances.truncate(INSTANCES - 1);
    assert_eq!(f.chain.call(&proof, &instances).0, malformed("InstanceCount"));
    let instances = f.instances.clone();
    let whole = proof.len();
    for length in [0, whole - 32, whole - 1, whole + 1, whole + 32, 2 * whole] {
        let mut proof = proof.clone();
        proof.resize(length, 0);
        assert_eq!(f.chain.call(&proof, &instances).0, malformed("ProofLength"));
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
    for limit in (60_000..gas + 20_000).step_by(1_500) {
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

fn word(value: usize) -> Word {
    let mut word = Word::default();
    word[24..].copy_from_slice(&(value as u64).to_be_bytes());
    word
}
