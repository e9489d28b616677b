//! What the gadget benchmarks measure are proofs.

use zkdkim_benches::{
    gadgets::{Gadget, Harness, Poseidon, Rsa},
    sample,
};

fn proves(gadget: impl Gadget) {
    let harness = Harness::new(gadget).expect("keys");
    let proof = harness.prove().expect("a proof");
    harness.verify(&proof).expect("a valid proof");
    let mut other = proof;
    other[100] ^= 1;
    harness.verify(&other).expect_err("a tampered proof");
}

#[test]
fn poseidon_alone_proves() {
    proves(Poseidon);
}

#[test]
fn rsa_alone_proves() {
    let (input, _) = sample::statement(&sample::registry().expect("registry")).expect("provable");
    proves(Rsa::new(&input.header, &input.signature, &input.modulus));
}

#[test]
fn sha256_alone_proves() {
    proves(zkdkim_benches::gadgets::Sha256::full());
}
