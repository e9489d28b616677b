//! A message of the test vectors becomes a proof, and the proof is checked: the whole of the library in two calls each
//! way.
//!
//! ```sh
//! cargo run --release -p zkdkim-prover --example mail_to_proof
//! ```

use std::{error::Error, fs, path::Path};

use rand::rngs::OsRng;
use zkdkim_circuits::statement::CircuitParams;
use zkdkim_plonk::{keys::ProverKey, progress::Silent, srs::Srs};
use zkdkim_prover::{Expected, Prover, Salt, Verifier};
use zkdkim_relation::KeyRegistry;

fn main() -> Result<(), Box<dyn Error>> {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/messages");
    let mail = fs::read(vectors.join("recovery.eml"))?;
    // Whoever runs the verifier keeps the registry: which keys of which domains are trusted.
    let registry = KeyRegistry::from_json(&fs::read_to_string(vectors.join("registry.json"))?)?;
    // The owner of the mailbox makes this once and keeps it.
    let salt = Salt::random(&mut OsRng);

    // Once: SRS and keys. For real, the SRS of a ceremony; the secret of this one is public.
    let params = CircuitParams::ON_CHAIN;
    let srs = Srs::insecure_dev(params.k, params.fold)?;
    let key = ProverKey::generate(&srs, &params, &Silent)?;
    let verifying_key = key.verifier().clone();

    // The owner: a mail becomes a proof.
    let prover = Prover::new(srs, key, params)?;
    let clock = Some(1_700_000_060);
    let proof = prover.prove(&mail, &salt, &registry, clock, OsRng, &Silent)?;

    // Anybody: the proof is valid, and for the registry that they trust. `Verifier::new` would refuse this key.
    let verifier = Verifier::allowing_insecure_dev(verifying_key);
    let expected = Expected { root: Some(registry.root()), ..Expected::default() };
    let verified = verifier.verify(&proof, &expected)?;
    println!("{} bytes of proof", proof.proof.len());
    println!("a mail with the Subject {:?} was signed", verified.public.subject);
    println!("by the provider of the address behind {}", verified.public.commitment);
    println!("compared: {:?}; not compared: {:?}", verified.checked, verified.unchecked);
    Ok(())
}
