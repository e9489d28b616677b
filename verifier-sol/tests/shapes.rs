//! Circuits at the edges of what the generator supports.

use crate::common::{
    self,
    edge::{Deep, Minimal, Phases},
    Harness,
};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{keygen_vk, Circuit},
};
use zkdkim_verifier_sol::{Setup, Sources, Verdict};

/// Proves and verifies everywhere; returns the sources.
fn round_trip<C: Circuit<Fr> + Clone>(k: u32, circuit: C, instances: &[Fr]) -> Sources {
    let harness = Harness::new(k, &circuit, instances.len());
    let proof = common::prove(&harness.params, &harness.pk, circuit, instances);
    assert!(harness.verifies_natively(&proof, instances), "halo2");
    assert!(harness.verifies_by_reference(&proof, instances), "snark-verifier");
    let mut chain = harness.deploy();
    let (verdict, gas) = chain.call(&proof, instances);
    println!("gas {gas}, verifier {} bytes", harness.artifacts.verifier.size);
    assert_eq!(verdict, Verdict::Valid);
    let mut other = proof;
    *other.last_mut().unwrap() ^= 1;
    assert_ne!(chain.call(&other, instances).0, Verdict::Valid);
    harness.sources
}

#[test]
fn one_column_without_public_inputs() {
    round_trip(4, Minimal, &[]);
}

#[test]
fn phases_and_challenges_out_of_order() {
    let instances = [0, 9, 5].map(Fr::from);
    round_trip(5, Phases, &instances);
}

#[test]
fn long_expressions_fit_the_stack() {
    let sources = round_trip(5, Deep, &[Fr::from(1)]);
    // A gate's name is a comment, and stays one.
    assert!(sources.verifier_source.contains("// deep ?*/ // name\n"));
}

#[test]
fn keys_without_selector_compression_work() {
    let circuit = common::small::Small { seed: 8 };
    let params = common::params(common::small::K);
    let vk = keygen_vk(&params, &circuit).unwrap();
    let metadata = common::metadata(common::small::INSTANCES, Setup::Ceremony);
    let plain = zkdkim_verifier_sol::export(&vk, &params, &metadata).unwrap();
    let pk = common::proving_key(&params, &circuit);
    let merged = zkdkim_verifier_sol::export(pk.get_vk(), &params, &metadata).unwrap();
    assert_ne!(plain.key_runtime, merged.key_runtime, "the key decides, not the circuit");
    let artifacts = zkdkim_verifier_sol::Solc::in_crate().unwrap().compile(&plain).unwrap();
    let pk = zkdkim_plonk::plonk::keygen_pk(&params, vk, &circuit).unwrap();
    let instances = circuit.instances();
    let proof = common::prove(&params, &pk, circuit, &instances);
    let refuse = zkdkim_verifier_sol::InsecureSetup::Refuse;
    let outcome = artifacts.verify_once(refuse, &proof, &instances).unwrap();
    assert_eq!(outcome.verdict(), Verdict::Valid);
}
