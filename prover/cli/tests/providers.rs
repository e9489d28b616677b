//! Real messages of several providers: proved, verified natively and by the checked-in contracts in the embedded EVM.
//! The corpus is not part of the repository; without it the test prints a note and passes.

mod statement_key;

use std::path::{Path, PathBuf};

use rand::rngs::OsRng;
use serde_json::Value;
use statement_key::{keys, Keys};
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::{progress::Silent, prove::prove, verify::verify};
use zkdkim_prover::prepare;
use zkdkim_relation::{
    inspect::{inspect, DnsRecords},
    KeyRegistry,
};
use zkdkim_verifier_sol::{Artifacts, InsecureSetup, Verdict};

/// The beginnings of file names; the last is a Google Workspace domain (its selector is `google`).
const PROVIDERS: [&str; 6] =
    ["gmail.com", "outlook.com", "icloud.com", "fastmail.com", "x.com", "sendeth.org"];

fn messages() -> Vec<(PathBuf, DnsRecords)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/emails/real");
    let Ok(manifest) = std::fs::read(folder.join("manifest.json")) else {
        eprintln!("note: no corpus at {}; nothing to prove", folder.display());
        return Vec::new();
    };
    let manifest: Vec<Value> = serde_json::from_slice(&manifest).unwrap();
    let accepted = |provider: &&str| {
        let entry = manifest.iter().find(|entry| {
            let file = entry["file"].as_str().unwrap();
            file.starts_with(&format!("{provider}-")) && entry["expected"] == "accept"
        });
        let entry = entry.unwrap_or_else(|| panic!("no accepted message of {provider}"));
        let dns = serde_json::from_value(entry["dns"].clone()).unwrap();
        (folder.join(entry["file"].as_str().unwrap()), dns)
    };
    PROVIDERS.iter().map(accepted).collect()
}

#[test]
fn messages_of_real_providers_are_proved_and_verified() {
    let messages = messages();
    if messages.is_empty() {
        return;
    }
    let mut registry = KeyRegistry::new();
    let mut mails = Vec::new();
    for (path, dns) in messages {
        let message = std::fs::read(&path).unwrap();
        let provable = *inspect(&message, &dns, None).verdict.unwrap();
        registry.add(&provable.domain, provable.modulus.clone()).unwrap();
        mails.push((path, message));
    }

    let Keys { params, srs, key } = keys();
    let contracts = Artifacts::checked_in(key.verifier()).expect("contracts of this key");
    let salt = statement_key::salt();
    for (path, message) in mails {
        let prepared = prepare(&message, &salt, &registry, None).unwrap();
        let circuit = StatementCircuit::new(*params, &prepared.input).unwrap();
        let instances = prepared.public.to_instances();
        let proof = prove(srs, key, circuit, &instances, OsRng, &Silent).unwrap();
        verify(key.verifier(), &instances, &proof).unwrap();
        let outcome = contracts.verify_once(InsecureSetup::Accept, &proof, &instances).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(outcome.verdict(), Verdict::Valid, "{name}");
        println!("{name}: {} bytes, {} gas", proof.len(), outcome.gas_used);
    }
}
