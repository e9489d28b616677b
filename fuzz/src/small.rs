//! The small circuit of the prover's tests, its keys, and an honest proof: files and proofs of the
//! statement itself are a hundred times as large and read by the same code.

#[path = "../../plonk/tests/common/mod.rs"]
mod circuit;

use std::sync::OnceLock;

use rand::rngs::OsRng;
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_plonk::{keys::ProverKey, progress::Silent, prove::prove, srs::Srs};

pub(crate) use circuit::{Params, ProductAndSum};

/// Keys and a proof of the small circuit.
pub(crate) struct Fixture {
    pub(crate) key: ProverKey<ProductAndSum>,
    pub(crate) instances: [Fr; 2],
    pub(crate) proof: Vec<u8>,
}

/// Made on first use, over the development SRS.
pub(crate) fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let params = Params::default();
        let srs = Srs::insecure_dev(params.k, params.fold).expect("a small k");
        let key = ProverKey::generate(&srs, &params, &Silent).expect("keys");
        let (circuit, instances) = ProductAndSum::new(params, 6, 7);
        let proof = prove(&srs, &key, circuit, &instances, OsRng, &Silent).expect("a proof");
        Fixture { key, instances, proof }
    })
}
