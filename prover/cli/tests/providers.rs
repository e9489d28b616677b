//! Messages with the habits of several providers: proved, verified natively and by the checked-in contracts in the embedded
//! EVM. Those of the test vectors always; real ones where there are messages from outside.

use crate::statement_key::{self, keys, Keys};
use rand::rngs::OsRng;
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::{progress::Silent, prove::prove, verify::verify};
use zkdkim_prover::prepare;
use zkdkim_relation::{
    inspect::{inspect, DnsRecords},
    KeyRegistry,
};
use zkdkim_test_vectors::{messages, outside_messages, Stored};
use zkdkim_verifier_sol::{Artifacts, InsecureSetup, Verdict};

/// The beginnings of file names; the last is a Google Workspace domain (its selector is `google`).
const PROVIDERS: [&str; 6] =
    ["gmail.com", "outlook.com", "icloud.com", "fastmail.com", "x.com", "sendeth.org"];

#[test]
fn messages_with_the_habits_of_providers_are_proved_and_verified() {
    let dns = include_bytes!("../../../test-vectors/messages/dns.json");
    let dns: DnsRecords = serde_json::from_slice(dns).unwrap();
    let mut mails = messages();
    mails.retain(|mail| mail.entry["expected"]["verdict"] == "provable");
    assert!(mails.len() >= 8, "{}", mails.len());
    prove_and_verify(mails.into_iter().map(|mail| (mail, dns.clone())).collect());
}

#[test]
fn outside_messages_of_six_providers_are_proved_and_verified() {
    let Some(mut mails) = outside_messages("proofs of messages from outside") else { return };
    mails.retain(|mail| mail.entry["expected"] == "accept");
    let first_of = |provider: &&str| {
        let at = mails.iter().position(|mail| mail.name.starts_with(&format!("{provider}-")));
        let mail = mails.remove(at.unwrap_or_else(|| panic!("no message of {provider}")));
        let dns = serde_json::from_value(mail.entry["dns"].clone()).unwrap();
        (mail, dns)
    };
    prove_and_verify(PROVIDERS.iter().map(first_of).collect());
}

fn prove_and_verify(mails: Vec<(Stored, DnsRecords)>) {
    let mut registry = KeyRegistry::new();
    for (mail, dns) in &mails {
        let provable = *inspect(&mail.bytes, dns, None).verdict.unwrap();
        if registry.find(&provable.domain, &provable.modulus).is_none() {
            registry.add(&provable.domain, provable.modulus.clone()).unwrap();
        }
    }
    let Keys { params, srs, key } = keys();
    let contracts = Artifacts::checked_in(key.verifier()).expect("contracts of this key");
    let salt = statement_key::salt();
    for (mail, _) in mails {
        let prepared = prepare(&mail.bytes, &salt, &registry, None).unwrap();
        let circuit = StatementCircuit::new(*params, &prepared.input).unwrap();
        let instances = prepared.public.to_instances();
        let proof = prove(srs, key, circuit, &instances, OsRng, &Silent).unwrap();
        verify(key.verifier(), &instances, &proof).unwrap();
        let outcome = contracts.verify_once(InsecureSetup::Accept, &proof, &instances).unwrap();
        assert_eq!(outcome.verdict(), Verdict::Valid, "{}", mail.name);
        println!("{}: {} bytes, {} gas", mail.name, proof.len(), outcome.gas_used);
    }
}
