//! The whole statement: key generation, key loading, witness, proof, verification natively and in the EVM.

mod common;

use common::measure;
use criterion::Criterion;
use rand::rngs::OsRng;
use zkdkim_benches::sample;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    container::Container,
    keys::{ProverKey, VerifierKey},
    kinds::ContainerKind,
    progress::Silent,
    prove::prove,
    srs::Srs,
    verify::verify,
};
use zkdkim_prover::Proof;
use zkdkim_verifier_sol::{Artifacts, Evm, InsecureSetup, Sources};

type Key = ProverKey<StatementCircuit>;

fn statement(criterion: &mut Criterion, name: &str, params: CircuitParams) {
    let srs = Srs::insecure_dev(params.k, params.fold).expect("an SRS");
    let key = Key::generate(&srs, &params, &Silent).expect("keys");
    let registry = sample::registry().expect("registry");
    let (input, public) = sample::statement(&registry).expect("provable");
    let instances = public.to_instances();
    let verifier = key.verifier().to_container().expect("a key file").into_bytes();

    let mut group = criterion.benchmark_group(name);
    measure(&mut group, "parse, check and evaluate natively", || sample::statement(&registry));
    measure(&mut group, "load the keys", || {
        let file = Container::from_bytes(verifier.clone(), ContainerKind::VerifyingKey);
        let key = VerifierKey::from_container(&file.expect("a file"), &params).expect("a key");
        Key::complete(key, &params, &Silent).expect("keys")
    });
    measure(&mut group, "witness, first phase", || {
        StatementCircuit::new(params, &input).expect("fits")
    });
    let proved = || {
        let circuit = StatementCircuit::new(params, &input).expect("fits");
        prove(&srs, &key, circuit, &instances, OsRng, &Silent).expect("a proof")
    };
    let proof = Proof::new(key.verifier(), instances.to_vec(), proved());
    measure(&mut group, "verify natively", || {
        verify(key.verifier(), &instances, &proof.proof).expect("valid")
    });
    let sources = Sources::for_key(key.verifier()).expect("sources");
    let contracts = Artifacts::for_key(key.verifier(), &sources, None).expect("contracts");
    let mut evm = Evm::new();
    let deployed = contracts.deploy(&mut evm, InsecureSetup::Accept).expect("deployed");
    let calldata = proof.calldata();
    let gas = evm.call(deployed.verifier, calldata.clone()).expect("a call").gas_used;
    println!("gas of the verifying transaction: {gas}");
    measure(&mut group, "verify in the embedded EVM", || {
        evm.call(deployed.verifier, calldata.clone()).expect("a call")
    });
    measure(&mut group, "key generation", || Key::generate(&srs, &params, &Silent).expect("keys"));
    measure(&mut group, "prove, witness and own check included", proved);
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, params) in CircuitParams::LAYOUTS {
        statement(&mut criterion, name, params);
    }
    criterion.final_summary();
}
