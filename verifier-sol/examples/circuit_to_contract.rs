//! Any Halo2 circuit becomes a contract: keys, a proof, Solidity, bytecode, and a call in the embedded EVM.
//!
//! ```sh
//! npm ci --prefix verifier-sol
//! cargo run --release -p zkdkim-verifier-sol --features evm --example circuit_to_contract
//! ```

use std::error::Error;

use rand::rngs::OsRng;
use zkdkim_plonk::{
    calldata::encode_calldata, keys::ProverKey, progress::Silent, prove::prove, srs::Srs,
};
use zkdkim_verifier_sol::{Artifacts, Sources};

#[path = "../../plonk/tests/common/mod.rs"]
mod circuit;
use circuit::{Params, ProductAndSum};

fn main() -> Result<(), Box<dyn Error>> {
    // I know two numbers with the product 42 and the sum 13.
    let params = Params::default();
    let (circuit, public) = ProductAndSum::new(params, 6, 7);

    // The secret of this SRS is public; for real, import one of a ceremony.
    let srs = Srs::insecure_dev(params.k, params.fold)?;
    let key = ProverKey::generate(&srs, &params, &Silent)?;
    let proof = prove(&srs, &key, circuit, &public, OsRng, &Silent)?;

    let sources = Sources::for_key(key.verifier())?;
    for (name, source) in sources.files() {
        println!("{name}: {} lines", source.lines().count());
    }
    let contracts = Artifacts::for_key(key.verifier(), &sources, None)?;
    let run = contracts.measure(encode_calldata(&proof, &public))?;
    println!("valid; {} gas, {} + {} bytes of code", run.gas, run.verifier_bytes, run.key_bytes);
    Ok(())
}
