//! Honest proofs, of circuits of all shapes and folds.

use zkdkim_plonk::folded::verify;
use zkdkim_verifier_sol::{Verdict, MAX_RUNTIME_BYTES};

use crate::{
    common::{
        edge::{Deep, Minimal, Phases},
        large::Large,
        small::{self, Small},
    },
    harness::Key,
    random_circuits::{Random, Spec},
};
use halo2_proofs::{halo2curves::bn256::Fr, halo2curves::ff::Field, plonk::Circuit};

/// Proves, verifies natively and in the EVM; a changed proof is refused. Returns the gas.
fn round_trip<C: Circuit<Fr>>(k: u32, fold: usize, circuit: &C, inputs: &[&[Fr]]) -> u64 {
    let counts: Vec<usize> = inputs.iter().map(|column| column.len()).collect();
    let key = Key::new(k, fold, circuit, &counts);
    let proof = key.prove(circuit, inputs, 1);
    verify(key.pk.vk(), inputs, &proof).unwrap();
    assert_eq!(proof.len(), key.artifacts.proof_bytes);
    let mut chain = key.deploy();
    let all = inputs.concat();
    let (verdict, gas) = chain.call(&proof, &all);
    assert_eq!(verdict, Verdict::Valid, "fold {fold}");
    let mut other = proof;
    *other.last_mut().unwrap() ^= 1;
    assert_ne!(chain.call(&other, &all).0, Verdict::Valid, "fold {fold}");
    for size in [key.artifacts.verifier.size, key.artifacts.key.size] {
        assert!(size <= MAX_RUNTIME_BYTES);
    }
    gas
}

#[test]
fn proofs_of_the_small_circuit_at_many_folds() {
    for fold in [1, 2, 3, 5, 8, 11, 16] {
        let circuit = Small { seed: 3 + fold as u64 };
        round_trip(small::K, fold, &circuit, &[&circuit.instances()]);
        // More rows than it needs.
        if fold == 3 {
            round_trip(small::K + 2, fold, &circuit, &[&circuit.instances()]);
        }
    }
}

#[test]
fn proofs_of_a_circuit_of_the_products_size() {
    for fold in [1, 8] {
        let gas = round_trip(8, fold, &Large, &[&Large::instances()]);
        println!("fold {fold}: {gas} gas");
    }
}

#[test]
fn circuits_at_the_edges() {
    for fold in [1, 4] {
        round_trip(5, fold, &Minimal, &[&[]]);
        round_trip(6, fold, &Phases, &[&[0, 9, 5].map(Fr::from)]);
        round_trip(6, fold, &Deep, &[&[Fr::ONE]]);
    }
}

#[test]
fn random_circuits_of_any_number_of_instance_columns() {
    let mut columns = [0; 3];
    for seed in 0..9 {
        let spec = Spec::random(seed);
        columns[spec.instances.len()] += 1;
        let fold = [1, 2, 4, 7][seed as usize % 4];
        round_trip(spec.k, fold, &Random(spec.clone()), &spec.instance_slices());
    }
    assert!(columns.iter().all(|n| *n > 0), "{columns:?}");
}
