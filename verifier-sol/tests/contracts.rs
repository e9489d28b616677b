//! Compiled contracts as documents and as code on a chain, and what is said without a compiler.

use crate::harness::fixture;
use zkdkim_verifier_sol::{Artifacts, Solc};

#[test]
fn artefacts_survive_json_and_refuse_changes() {
    let artifacts = &fixture().key.artifacts;
    let json = artifacts.to_json();
    assert_eq!(Artifacts::from_json(&json).unwrap(), *artifacts);

    let change = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
        edit(&mut value);
        Artifacts::from_json(&value.to_string()).unwrap_err().to_string()
    };
    assert!(change(&|v| v["version"] = 2.into()).contains("version"));
    assert!(change(&|v| v["surplus"] = 1.into()).contains("unknown field"));
    assert!(change(&|v| v["key"]["size"] = 1.into()).contains("size or digest"));
    assert!(change(&|v| v["verifier"]["runtime"] = "0x00".into()).contains("size or digest"));
    assert!(change(&|v| v["key"] = v["verifier"].clone()).contains("another key"));
}

#[test]
fn deployed_code_is_the_code_of_the_artefacts() {
    let mut f = fixture();
    let artifacts = &f.key.artifacts;
    assert_eq!(f.chain.evm.code_size(f.chain.deployed.key).unwrap(), artifacts.key.size);
    assert_eq!(f.chain.evm.code_size(f.chain.deployed.verifier).unwrap(), artifacts.verifier.size);
    // Calling the data does nothing.
    let outcome = f.chain.evm.call(f.chain.deployed.key, vec![1, 2, 3]).unwrap();
    assert!(outcome.success && outcome.output.is_empty());
}

#[test]
fn a_missing_compiler_is_explained() {
    let folder = std::env::temp_dir();
    let error = Solc::new(&folder).unwrap_err();
    assert!(error.to_string().contains("npm ci"), "{error}");
}
