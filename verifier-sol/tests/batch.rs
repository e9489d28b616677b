//! Many proofs in one call: all or nothing, one pairing.

use zkdkim_plonk::{
    calldata::encode_batch_calldata,
    folded::verify_batch,
    halo2curves::{bn256::Fr, ff::Field},
};
use zkdkim_verifier_sol::Verdict;

use crate::common::input::{malformed, plus, PROOF_AT, Q, R};
use crate::{
    common::small::{Small, INSTANCES},
    harness::{fixture, Chain, Fixture},
};

type Item = (Vec<u8>, Vec<Fr>);

fn items(f: &Fixture, count: usize) -> Vec<Item> {
    let circuits = (0..count as u64).map(|i| Small { seed: 3 + i * i });
    let both = circuits.map(|c| (f.key.prove(&c, &[&c.instances()], c.seed), c.instances()));
    both.collect()
}

fn calldata(items: &[Item]) -> Vec<u8> {
    encode_batch_calldata(items.iter().map(|(proof, inputs)| (&proof[..], &inputs[..])))
}

fn call(chain: &mut Chain, items: &[Item]) -> (Verdict, u64) {
    chain.call_raw(calldata(items))
}

/// The index and the selector in a refusal of one proof of a batch.
fn refusal(chain: &mut Chain, items: &[Item]) -> (u8, [u8; 4]) {
    let outcome = chain.evm.call(chain.deployed.verifier, calldata(items)).unwrap();
    assert_eq!(outcome.verdict(), malformed("MalformedInBatch"));
    assert_eq!(outcome.output.len(), 68);
    (outcome.output[35], outcome.output[36..40].try_into().unwrap())
}

fn natively(f: &Fixture, items: &[Item]) -> bool {
    let inputs: Vec<[&[Fr]; 1]> = items.iter().map(|(_, inputs)| [&inputs[..]]).collect();
    let both = items.iter().zip(&inputs).map(|((proof, _), inputs)| (&inputs[..], &proof[..]));
    verify_batch(f.key.pk.vk(), both).is_ok()
}

#[test]
fn accepts_one_and_many() {
    let mut f = fixture();
    let all = items(&f, 7);
    let mut gas = vec![];
    for count in [1, 2, 3, 7] {
        assert!(natively(&f, &all[..count]));
        let (verdict, used) = call(&mut f.chain, &all[..count]);
        assert_eq!(verdict, Verdict::Valid, "{count} proofs");
        gas.push(used);
    }
    // A proof more costs less than a proof alone: pairing, key and generator are paid once.
    let single = f.chain.call(&all[0].0, &all[0].1).1;
    assert!(gas[1] - gas[0] < single - 113_000, "{gas:?}, alone {single}");
    // The same proof twice is a batch like any other.
    let twice = vec![all[0].clone(), all[0].clone()];
    assert_eq!(call(&mut f.chain, &twice).0, Verdict::Valid);
}

#[test]
fn one_false_proof_spoils_all() {
    let mut f = fixture();
    let all = items(&f, 4);
    for place in 0..4 {
        for word in [f.leading(), f.leading() + 5, f.words() - 5] {
            let mut bad = all.clone();
            bad[place].0[32 * word + 31] ^= 1;
            assert_eq!(call(&mut f.chain, &bad).0, Verdict::Invalid, "proof {place}");
            assert!(!natively(&f, &bad));
        }
        for input in 0..INSTANCES {
            let mut bad = all.clone();
            bad[place].1[input] += Fr::ONE;
            assert_eq!(call(&mut f.chain, &bad).0, Verdict::Invalid, "inputs {place}");
        }
    }
    // Inputs of one with the proof of another.
    let mut crossed = all.clone();
    (crossed[1].1, crossed[2].1) = (all[2].1.clone(), all[1].1.clone());
    assert_eq!(call(&mut f.chain, &crossed).0, Verdict::Invalid);
}

/// Both proofs are false by the same amount, once added and once taken: with equal weights they would cancel.
#[test]
fn faults_do_not_cancel() {
    let mut f = fixture();
    let all = vec![items(&f, 1).remove(0); 2];
    // The last message is W', on which no challenge but the batch's own depends.
    let at = f.proof.len() - 64;
    let other = [f.other_proof[at..at + 32].to_vec(), f.other_proof[at + 32..].to_vec()];
    let mut bad = all.clone();
    bad[0].0[at..at + 32].copy_from_slice(&other[0]);
    bad[0].0[at + 32..].copy_from_slice(&other[1]);
    // 2 W' − other: the sum of both right sides is right.
    let read = |bytes: &[u8]| {
        let x = zkdkim_plonk::words::word_base(bytes[..32].try_into().unwrap()).unwrap();
        let y = zkdkim_plonk::words::word_base(bytes[32..64].try_into().unwrap()).unwrap();
        use zkdkim_plonk::halo2curves::{bn256::G1Affine, CurveAffine};
        G1Affine::from_xy(x, y).unwrap()
    };
    use zkdkim_plonk::halo2curves::{bn256::G1, group::Curve};
    let honest = G1::from(read(&all[0].0[at..]));
    let rest = (honest + honest - G1::from(read(&bad[0].0[at..]))).to_affine();
    bad[1].0[at..].copy_from_slice(&zkdkim_plonk::words::g1_words(&rest).concat());
    assert_eq!(call(&mut f.chain, &bad).0, Verdict::Invalid);
    assert!(!natively(&f, &bad));
}

#[test]
fn a_malformed_proof_is_named_by_its_index() {
    use sha3::Digest;
    let selector = |error: &str| sha3::Keccak256::digest(error)[..4].to_vec();
    let mut f = fixture();
    let all = items(&f, 3);
    let scalar = 32 * f.leading();
    for place in 0..3 {
        let cases: [(usize, &str, &str); 2] =
            [(scalar, R, "ScalarNotCanonical()"), (0, Q, "CoordinateNotCanonical()")];
        for (at, modulus, error) in cases {
            let mut bad = all.clone();
            let alias = plus(&bad[place].0[at..at + 32], modulus);
            bad[place].0[at..at + 32].copy_from_slice(&alias);
            let (index, reason) = refusal(&mut f.chain, &bad);
            assert_eq!((usize::from(index), reason.to_vec()), (place, selector(error)));
        }
        let mut bad = all.clone();
        bad[place].0[..64].fill(0);
        let (index, reason) = refusal(&mut f.chain, &bad);
        assert_eq!(usize::from(index), place);
        assert_eq!(reason.to_vec(), selector("PointNotOnCurve()"));
        // An input's alias, in calldata.
        let mut data = calldata(&all);
        let at = PROOF_AT + 3 * f.proof.len() + 32 + 32 * (INSTANCES * place + 2);
        let alias = plus(&data[at..at + 32], R);
        data[at..at + 32].copy_from_slice(&alias);
        let outcome = f.chain.evm.call(f.chain.deployed.verifier, data).unwrap();
        assert_eq!(outcome.verdict(), malformed("MalformedInBatch"));
        assert_eq!(usize::from(outcome.output[35]), place);
        assert_eq!(outcome.output[36..40].to_vec(), selector("InstanceNotCanonical()"));
    }
}

#[test]
fn rejects_empty_batches_and_other_lengths() {
    let mut f = fixture();
    let all = items(&f, 2);
    assert_eq!(call(&mut f.chain, &[]).0, malformed("EmptyBatch"));
    for change in [-32i64, -1, 1, 32] {
        let mut bad = all.clone();
        let length = (bad[1].0.len() as i64 + change) as usize;
        bad[1].0.resize(length, 0);
        assert_eq!(call(&mut f.chain, &bad).0, malformed("ProofLength"), "{change}");
    }
    for (proofs, inputs) in [(1, 2), (2, 1)] {
        let data =
            encode_batch_calldata((0..2).map(|i| (&all[i].0[..], &all[i].1[..])).enumerate().map(
                |(i, (proof, input))| {
                    (if i < proofs { proof } else { &[] }, if i < inputs { input } else { &[] })
                },
            ));
        assert_eq!(f.chain.call_raw(data).0, malformed("InstanceCount"));
    }
    let mut tail = calldata(&all);
    tail.push(0);
    assert_eq!(f.chain.call_raw(tail).0, malformed("CalldataLayout"));
}
