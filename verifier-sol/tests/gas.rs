//! Gas and code size of a verifier of the product's size.

use crate::common::{self, large::Large, Harness};
use zkdkim_verifier_sol::{Verdict, MAX_RUNTIME_BYTES};

#[test]
fn a_verifier_of_the_products_size_is_within_the_limits() {
    let harness = Harness::new(8, &Large, common::large::INSTANCES);
    let instances = Large::instances();
    let proof = common::prove(&harness.params, &harness.pk, Large, &instances);
    assert!(harness.verifies_natively(&proof, &instances));
    let mut chain = harness.deploy();
    let (verdict, gas) = chain.call(&proof, &instances);

    let cs = harness.pk.get_vk().cs();
    let code = &harness.artifacts.verifier;
    println!(
        "degree {}, advice {}, fixed {}, permuted {}, advice queries {}, fixed queries {}, gate polys {}",
        cs.degree(),
        cs.num_advice_columns(),
        cs.num_fixed_columns(),
        cs.permutation().get_columns().len(),
        cs.advice_queries().len(),
        cs.fixed_queries().len(),
        cs.gates().iter().map(|g| g.polynomials().len()).sum::<usize>(),
    );
    println!(
        "gas {gas}, proof {} bytes, verifier {} bytes, key {} bytes, deployment {} gas",
        proof.len(),
        code.size,
        harness.artifacts.key.size,
        chain.deployed.gas_used,
    );
    assert_eq!(verdict, Verdict::Valid);
    assert_eq!(proof.len(), harness.artifacts.proof_bytes);
    assert!(gas <= 800_000, "gas {gas}");
    assert!(code.size <= MAX_RUNTIME_BYTES);
    assert!(harness.artifacts.key.size <= MAX_RUNTIME_BYTES);
}
