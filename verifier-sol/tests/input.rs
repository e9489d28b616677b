//! Every proof has one encoding and one layout of calldata.

use zkdkim_plonk::{calldata::encode_calldata, halo2curves::bn256::Fr};
use zkdkim_verifier_sol::Verdict;

use crate::common::input::{self, malformed, plus, Q, R};
use crate::{common::small::INSTANCES, harness::fixture};

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

/// Clauses: `input-canonical`.
#[test]
fn rejects_second_encodings_of_public_inputs() {
    let mut f = fixture();
    let bytes = f.proof.len();
    input::rejects_second_encodings_of_public_inputs(bytes, INSTANCES, &mut |change| {
        f.with_calldata(change)
    });
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
