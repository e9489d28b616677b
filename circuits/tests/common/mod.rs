//! Messages and inputs that circuit tests share.
#![allow(dead_code)]

#[path = "../../relation/tests/corpus_support/mod.rs"]
pub mod corpus;

use std::path::PathBuf;

use num_bigint::BigUint;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit, PUBLIC_INPUTS};
use zkdkim_plonk::{dev::MockProver, halo2curves::bn256::Fr, plonk::Any};
use zkdkim_relation::{
    registry::{KeyRegistry, MerklePath, DEPTH},
    sealed::Reading,
    statement::{evaluate, StatementInput},
    Salt,
};

/// The repository's root, the folder above this crate's.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().expect("workspace").to_path_buf()
}

/// A salt for tests.
pub fn salt() -> Salt {
    Salt::new(Fr::from_raw([0x1234_5678_9abc_def0, 0x0fed_cba9_8765_4321, 7, 0]))
}

/// An input with some path, so that the registry's own checks of a key do not stand before the circuit's.
pub fn unregistered(header: Vec<u8>, signature: BigUint, modulus: BigUint) -> StatementInput {
    let path = MerklePath { index: 5, siblings: [Fr::from(9); DEPTH] };
    let reading = Reading::Clear;
    StatementInput { header, signature, modulus, salt: salt(), path, not_before: 0, reading }
}

/// The input that proves `header` under a registry that holds (`domain`, `modulus`) and one other key.
pub fn input(
    header: Vec<u8>,
    signature: BigUint,
    domain: &str,
    modulus: BigUint,
) -> StatementInput {
    let mut registry = KeyRegistry::new();
    registry.add("other.example", (BigUint::from(3u32) << 2046) + 1u32).expect("fits");
    let slot = registry.add(domain, modulus.clone()).expect("fits");
    let path = registry.path(slot).expect("known slot");
    let reading = Reading::Clear;
    StatementInput { header, signature, modulus, salt: salt(), path, not_before: 0, reading }
}

/// MockProver's failures, none if satisfied.
pub fn failures(circuit: &StatementCircuit, instances: &[Fr]) -> Vec<String> {
    let k = circuit.circuit_params().k;
    let prover = MockProver::run(k, circuit, vec![instances.to_vec()]).expect("synthesis");
    match prover.verify() {
        Ok(()) => Vec::new(),
        Err(failures) => failures.into_iter().map(|f| f.to_string()).collect(),
    }
}

/// The public inputs that the witness itself yields: what a prover would claim.
pub fn claimed(circuit: &StatementCircuit) -> Vec<Fr> {
    let mut instances = vec![Fr::zero(); PUBLIC_INPUTS];
    for (cell, public) in circuit.grid().copies() {
        if matches!(public.column.column_type(), Any::Instance) {
            instances[public.row] = circuit.grid().value(*cell).expect("assigned");
        }
    }
    instances
}

/// The circuit of an honest input, and its instances.
pub fn honest(params: CircuitParams, input: &StatementInput) -> (StatementCircuit, Vec<Fr>) {
    let instances = evaluate(input).expect("statement holds").to_instances().to_vec();
    (StatementCircuit::new(params, input).expect("fits"), instances)
}
