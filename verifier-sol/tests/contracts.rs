//! What surrounds verification: reproducible output, the key contract, the insecure setup, limits.

use crate::common::{
    self,
    large::Large,
    small::{Small, INSTANCES, K},
};
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::bn256::Fr,
    plonk::{
        keygen_vk, Advice, Circuit, Column, ConstraintSystem, Error as PlonkError, TableColumn,
    },
};
use zkdkim_verifier_sol::{
    export, Artifacts, CallOutcome, Error, Evm, InsecureSetup, Setup, Solc, Sources,
};

fn small_sources(kind: Setup) -> Sources {
    let params = common::params(K);
    let pk = common::proving_key(&params, &Small { seed: 3 });
    export(pk.get_vk(), &params, &common::metadata(INSTANCES, kind)).unwrap()
}

fn compiled(kind: Setup) -> Artifacts {
    Solc::in_crate().unwrap().compile(&small_sources(kind)).unwrap()
}

#[test]
fn the_same_key_gives_the_same_bytes() {
    // Witnesses differ, keys do not.
    let params = common::params(K);
    let pk = common::proving_key(&params, &Small { seed: 99 });
    let metadata = common::metadata(INSTANCES, Setup::Ceremony);
    let again = export(pk.get_vk(), &params, &metadata).unwrap();
    let first = small_sources(Setup::Ceremony);
    assert_eq!(first, again);
    let solc = Solc::in_crate().unwrap();
    assert_eq!(solc.compile(&first).unwrap(), solc.compile(&again).unwrap());
}

#[test]
fn artefacts_survive_json_and_refuse_changes() {
    let artifacts = compiled(Setup::Ceremony);
    let json = artifacts.to_json();
    assert_eq!(Artifacts::from_json(&json).unwrap(), artifacts);

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
    let artifacts = compiled(Setup::Ceremony);
    let mut evm = Evm::new();
    let deployed = artifacts.deploy(&mut evm, InsecureSetup::Refuse).unwrap();
    assert_eq!(evm.code_size(deployed.key).unwrap(), artifacts.key.size);
    assert_eq!(evm.code_size(deployed.verifier).unwrap(), artifacts.verifier.size);
    // Calling the data does nothing.
    let outcome = evm.call(deployed.key, vec![1, 2, 3]).unwrap();
    assert!(outcome.success && outcome.output.is_empty());
}

#[test]
fn the_verifier_refuses_another_key_contract() {
    let artifacts = compiled(Setup::Ceremony);
    let params = common::params(8);
    let pk = common::proving_key(&params, &Large);
    let metadata = common::metadata(common::large::INSTANCES, Setup::Ceremony);
    let other = export(pk.get_vk(), &params, &metadata).unwrap();
    let other = Solc::in_crate().unwrap().compile(&other).unwrap();

    let mut evm = Evm::new();
    let wrong = evm.deploy(other.key_initcode().unwrap()).unwrap();
    let initcode = artifacts.verifier_initcode(wrong.into_array(), InsecureSetup::Refuse).unwrap();
    let error = evm.deploy(initcode).unwrap_err();
    assert!(error.to_string().contains("UnknownKey"), "{error}");
    // Nor an account without code.
    let nobody = zkdkim_verifier_sol::Address::repeat_byte(9);
    let initcode = artifacts.verifier_initcode(nobody.into_array(), InsecureSetup::Refuse).unwrap();
    assert!(evm.deploy(initcode).unwrap_err().to_string().contains("UnknownKey"));
}

#[test]
fn an_insecure_setup_says_so_and_must_be_acknowledged() {
    let artifacts = compiled(Setup::InsecureDev);
    assert_eq!(artifacts.verifier.name, "InsecureDevVerifier");
    assert!(artifacts.verifier.source.contains("INSECURE: the setup's secret is public"));

    let mut evm = Evm::new();
    let error = artifacts.deploy(&mut evm, InsecureSetup::Refuse).unwrap_err();
    assert!(matches!(error, Error::InsecureSetup));

    // The contract itself insists, too.
    let key = evm.deploy(artifacts.key_initcode().unwrap()).unwrap();
    let mut initcode =
        artifacts.verifier_initcode(key.into_array(), InsecureSetup::Accept).unwrap();
    assert!(evm.deploy(initcode.clone()).is_ok());
    *initcode.last_mut().unwrap() ^= 1;
    let error = evm.deploy(initcode).unwrap_err();
    assert!(error.to_string().contains("InsecureSetupNotAcknowledged"), "{error}");
}

#[test]
fn views_tell_circuit_key_and_setup() {
    use sha3::Digest;
    let artifacts = compiled(Setup::InsecureDev);
    let mut evm = Evm::new();
    let deployed = artifacts.deploy(&mut evm, InsecureSetup::Accept).unwrap();
    let mut view = |signature: &str| -> CallOutcome {
        let selector = sha3::Keccak256::digest(signature)[..4].to_vec();
        evm.call(deployed.verifier, selector).unwrap()
    };
    let text = |outcome: CallOutcome| {
        let length = usize::from(outcome.output[63]);
        String::from_utf8(outcome.output[64..64 + length].to_vec()).unwrap()
    };
    assert_eq!(text(view("circuitId()")), "test/circuit-1");
    assert_eq!(text(view("srsKind()")), "insecure-dev");
    assert_eq!(view("verifyingKeyDigest()").output, [7; 32]);
    assert_eq!(view("verifyingKey()").output[12..], deployed.key[..]);
    assert!(!view("anythingElse()").success);
}

#[test]
fn metadata_cannot_smuggle_solidity() {
    let params = common::params(K);
    let pk = common::proving_key(&params, &Small { seed: 3 });
    for id in ["", "a\"; selfdestruct", "line\nbreak", "{{gates}}", &"x".repeat(65)] {
        let mut metadata = common::metadata(INSTANCES, Setup::Ceremony);
        metadata.circuit_id = id.to_owned();
        let result = export(pk.get_vk(), &params, &metadata);
        assert!(matches!(result, Err(Error::Metadata { .. })), "{id:?}");
    }
}

#[test]
fn too_many_instances_are_refused() {
    let params = common::params(K);
    let pk = common::proving_key(&params, &Small { seed: 3 });
    let metadata = common::metadata(1 << K, Setup::Ceremony);
    let result = export(pk.get_vk(), &params, &metadata);
    assert!(matches!(result, Err(Error::Limit { what: "instances", .. })));
}

/// Has a native lookup, which the generator does not know.
#[derive(Clone, Default)]
struct WithLookup;

impl Circuit<Fr> for WithLookup {
    type Config = (Column<Advice>, TableColumn);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let (advice, table) = (meta.advice_column(), meta.lookup_table_column());
        meta.instance_column();
        meta.enable_equality(advice);
        meta.lookup("lookup", |_| vec![(advice.cur(), table)]);
        (advice, table)
    }

    fn synthesize(
        &self,
        (advice, table): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), PlonkError> {
        layouter.assign_table(
            || "table",
            |mut t| t.assign_cell(|| "", table, 0, || Value::known(Fr::from(0))),
        )?;
        layouter.assign_region(
            || "advice",
            |mut region| {
                region.assign_advice(advice, 0, Value::known(Fr::from(0)));
                Ok(())
            },
        )
    }
}

#[test]
fn lookups_are_refused_by_name() {
    let params = common::params(5);
    let vk = keygen_vk(&params, &WithLookup).unwrap();
    let error = export(&vk, &params, &common::metadata(0, Setup::Ceremony)).unwrap_err();
    assert!(error.to_string().contains("lookup"), "{error}");
}

#[test]
fn a_missing_compiler_is_explained() {
    let folder = std::env::temp_dir();
    let error = Solc::new(&folder).unwrap_err();
    assert!(error.to_string().contains("npm ci"), "{error}");
}
