//! What surrounds verification: reproducible output, the key contract, metadata, sizes.

use serde_json::json;
use zkdkim_verifier_sol::{export, Address, CallOutcome, Error, Evm, InsecureSetup, Setup, Solc};

use crate::{
    common::{
        self,
        large::{self, Large},
        small::{Small, INSTANCES, K},
        snapshot::{self, entry},
    },
    harness::{fixture, Key},
};

#[test]
fn the_same_key_gives_the_same_bytes() {
    // Witnesses differ, keys do not.
    let f = fixture();
    let again = Key::new(K, 4, &Small { seed: 99 }, &[INSTANCES]);
    assert_eq!(f.key.sources, again.sources);
    assert_eq!(f.key.artifacts, again.artifacts);
}

#[test]
fn only_the_keys_own_code_is_accepted() {
    let f = fixture();
    let mut evm = Evm::new();
    let initcode = f.key.artifacts.key_initcode().unwrap();
    let runtime = &f.key.sources.key_runtime;
    let at = initcode.windows(runtime.len()).position(|w| w == runtime).unwrap();
    // Any other byte of the data, and data that is shorter.
    for byte in (0..runtime.len()).step_by(7) {
        let mut other = initcode.clone();
        other[at + byte] ^= 1;
        // A changed first byte may be one that no code may begin with.
        let Ok(key) = evm.deploy(other) else { continue };
        let accept = InsecureSetup::Accept;
        let verifier = f.key.artifacts.verifier_initcode(key.into_array(), accept).unwrap();
        let error = evm.deploy(verifier).unwrap_err();
        assert!(error.to_string().contains("UnknownKey"), "byte {byte}: {error}");
    }
    let nobody = Address::repeat_byte(9).into_array();
    let verifier = f.key.artifacts.verifier_initcode(nobody, InsecureSetup::Accept).unwrap();
    assert!(evm.deploy(verifier).unwrap_err().to_string().contains("UnknownKey"));
}

#[test]
fn an_insecure_setup_must_be_acknowledged() {
    let f = fixture();
    let mut evm = Evm::new();
    let error = f.key.artifacts.deploy(&mut evm, InsecureSetup::Refuse).unwrap_err();
    assert!(matches!(error, Error::InsecureSetup));
    let key = evm.deploy(f.key.artifacts.key_initcode().unwrap()).unwrap();
    let accept = InsecureSetup::Accept;
    let mut initcode = f.key.artifacts.verifier_initcode(key.into_array(), accept).unwrap();
    assert!(evm.deploy(initcode.clone()).is_ok());
    *initcode.last_mut().unwrap() ^= 1;
    let error = evm.deploy(initcode).unwrap_err();
    assert!(error.to_string().contains("InsecureSetupNotAcknowledged"), "{error}");
    // A ceremony's needs no consent.
    let sources = export(f.key.pk.vk(), &common::metadata(INSTANCES, Setup::Ceremony)).unwrap();
    let artifacts = Solc::in_crate().unwrap().compile(&sources).unwrap();
    assert_eq!(artifacts.verifier.name, "Verifier");
    artifacts.deploy(&mut evm, InsecureSetup::Refuse).unwrap();
}

#[test]
fn views_tell_circuit_key_and_setup() {
    use sha3::Digest;
    let mut f = fixture();
    let verifier = f.chain.deployed.verifier;
    let mut view = |signature: &str| -> CallOutcome {
        let selector = sha3::Keccak256::digest(signature)[..4].to_vec();
        f.chain.evm.call(verifier, selector).unwrap()
    };
    let text = |outcome: CallOutcome| {
        let length = usize::from(outcome.output[63]);
        String::from_utf8(outcome.output[64..64 + length].to_vec()).unwrap()
    };
    assert_eq!(text(view("circuitId()")), "test/circuit-1");
    assert_eq!(text(view("srsKind()")), "insecure-dev");
    assert_eq!(view("verifyingKeyDigest()").output, [7; 32]);
    assert_eq!(view("verifyingKey()").output[12..], f.chain.deployed.key[..]);
    assert!(!view("anythingElse()").success);
}

#[test]
fn metadata_must_fit_the_key_and_solidity() {
    let f = fixture();
    for id in ["", "a\"; selfdestruct", "line\nbreak", "{{copies}}", &"x".repeat(65)] {
        let mut metadata = common::metadata(INSTANCES, Setup::Ceremony);
        metadata.circuit_id = id.to_owned();
        let result = export(f.key.pk.vk(), &metadata);
        assert!(matches!(result, Err(Error::Metadata { .. })), "{id:?}");
    }
    for inputs in [INSTANCES - 1, INSTANCES + 1] {
        let metadata = common::metadata(inputs, Setup::Ceremony);
        let result = export(f.key.pk.vk(), &metadata);
        assert!(matches!(result, Err(Error::Limit { got, .. }) if got == inputs));
    }
}

/// `ZKDKIM_BLESS=1 cargo test -p zkdkim-verifier-sol --test suite surroundings::` rewrites the file.
#[test]
fn contracts_equal_the_snapshot() {
    let found = json!({
        "small, fold 4": entry(&fixture().key.artifacts),
        "large, fold 8": entry(&Key::new(8, 8, &Large, &[large::INSTANCES]).artifacts),
        "large, fold 1": entry(&Key::new(8, 1, &Large, &[large::INSTANCES]).artifacts),
    });
    snapshot::assert_is("contracts.json", &found);
}
