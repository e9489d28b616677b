//! The statement's key over the development SRS, cached between tests, and witnesses from the test vectors.
#![allow(dead_code)]

use std::{path::Path, sync::OnceLock};

use rand::rngs::OsRng;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_plonk::{keys::ProverKey, progress::Silent, prove::prove, srs::Srs};
use zkdkim_prover::{prepare, Salt};
use zkdkim_relation::KeyRegistry;
use zkdkim_store::{KeyCache, Reuse};

/// A key and what it was made from.
pub struct Keys {
    pub params: CircuitParams,
    pub srs: Srs,
    pub key: ProverKey<StatementCircuit>,
}

/// The key of a layout.
pub fn of(params: CircuitParams) -> Keys {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkdkim-cache");
    let cache = KeyCache::open(&cache).unwrap();
    let srs = cache.insecure_dev_srs(params.k, params.fold, &Silent).unwrap();
    let key = cache.prover_key(&srs, &params, Reuse::Cached, &Silent).unwrap();
    Keys { params, srs, key }
}

/// The key of the default layout.
pub fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| of(CircuitParams::default()))
}

/// The circuit and the public inputs of a message of the test vectors.
pub fn witness(params: CircuitParams, file: &str, salt: &Salt) -> (StatementCircuit, Vec<Fr>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/messages");
    let registry = std::fs::read_to_string(folder.join("registry.json")).unwrap();
    let registry = KeyRegistry::from_json(&registry).unwrap();
    let message = std::fs::read(folder.join(file)).unwrap();
    let prepared = prepare(&message, salt, &registry, None).unwrap();
    let circuit = StatementCircuit::new(params, &prepared.input).unwrap();
    (circuit, prepared.public.to_instances().to_vec())
}

/// A salt that nobody else has.
pub fn salt() -> Salt {
    Salt::random(&mut OsRng)
}

/// A proof as users make it.
pub fn proof_of(keys: &Keys, circuit: StatementCircuit, instances: &[Fr]) -> Vec<u8> {
    prove(&keys.srs, &keys.key, circuit, instances, OsRng, &Silent).expect("provable")
}
