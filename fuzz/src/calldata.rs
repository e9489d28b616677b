//! Calldata: the checked-in contracts in an EVM against the native verifier, on a proof of the
//! statement.

use std::cell::RefCell;
use std::sync::OnceLock;

use rand::rngs::OsRng;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    calldata::decode_calldata,
    keys::{ProverKey, VerifierKey},
    progress::Silent,
    srs::Srs,
    verify::verify,
};
use zkdkim_prover::{Prover, Salt};
use zkdkim_relation::KeyRegistry;
use zkdkim_verifier_sol::{Address, Artifacts, Evm, InsecureSetup, Verdict};

use crate::edits;

const MESSAGE: &[u8] = include_bytes!("../../test-vectors/messages/recovery.eml");
const REGISTRY: &str = include_str!("../../test-vectors/messages/registry.json");
/// The selector stands before the first word.
const WORDS_AT: usize = 4;

struct Fixture {
    key: VerifierKey<StatementCircuit>,
    honest: Vec<u8>,
}

fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let params = CircuitParams::default();
        let srs = Srs::insecure_dev(params.k, params.fold).expect("a k that is supported");
        let key = ProverKey::<StatementCircuit>::generate(&srs, &params, &Silent).expect("keys");
        let registry = KeyRegistry::from_json(REGISTRY).expect("the registry of the test vectors");
        let verifier = key.verifier().clone();
        let prover = Prover::new(srs, key, params).expect("they belong together");
        let salt = Salt::random(&mut OsRng);
        let proof =
            prover.prove(MESSAGE, &salt, &registry, None, OsRng, &Silent).expect("provable");
        Fixture { key: verifier, honest: proof.calldata() }
    })
}

thread_local! {
    static EVM: RefCell<(Evm, Address)> = RefCell::new(deploy());
}

fn deploy() -> (Evm, Address) {
    let contracts = Artifacts::checked_in(&fixture().key).expect("contracts of this key");
    let mut evm = Evm::new();
    let deployed = contracts.deploy(&mut evm, InsecureSetup::Accept).expect("deployed");
    (evm, deployed.verifier)
}

/// Makes what every run needs, so that the first run is not the slow one.
pub fn prepare() {
    EVM.with_borrow(|_| ());
}

/// With an even first byte the rest is calldata, otherwise it is changes to an honest one's. Both
/// verifiers accept the honest calldata and nothing else.
pub fn run(data: &[u8]) -> bool {
    let Some((first, rest)) = data.split_first() else { return false };
    let Fixture { key, honest } = fixture();
    let calldata = match first % 2 {
        0 => rest.to_vec(),
        _ => edits::apply(honest, WORDS_AT, rest),
    };
    let verdict = EVM.with_borrow_mut(|(evm, verifier)| {
        evm.call(*verifier, calldata.clone()).expect("a transaction").verdict()
    });
    let native = decode_calldata(&calldata)
        .is_some_and(|(proof, instances)| verify(key, &instances, &proof).is_ok());
    assert!(!matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
    assert_eq!(verdict == Verdict::Valid, native, "{verdict:?}");
    assert_eq!(native, calldata == *honest);
    native
}
