//! The statement's key over the development SRS, cached between tests, and witnesses from the test vectors.
#![allow(dead_code)]

use std::{path::Path, sync::OnceLock};

use halo2_proofs::halo2curves::bn256::Fr;
use zkdkim::{
    keys::{cache::Reuse, KeyCache, ProverKey},
    progress::Silent,
    salt::Salt,
    srs::Srs,
    statement::prepare,
};
use zkdkim_circuits::{
    native::KeyRegistry,
    statement::{CircuitParams, StatementCircuit},
};

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
    let srs = cache.insecure_dev_srs(params.k, &Silent).unwrap();
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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/messages");
    let registry = std::fs::read_to_string(folder.join("registry.json")).unwrap();
    let registry = KeyRegistry::from_json(&registry).unwrap();
    let message = std::fs::read(folder.join(file)).unwrap();
    let prepared = prepare(&message, salt, &registry, None).unwrap();
    let circuit = StatementCircuit::new(params, &prepared.input).unwrap();
    (circuit, prepared.public.to_instances().to_vec())
}
