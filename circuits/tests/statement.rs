//! The whole circuit on messages of the test vectors.

mod common;

use common::{failures, honest};
use zkdkim_circuits::native::inspect::{inspect, DnsRecords};

#[test]
fn accepts_a_message() {
    let root = common::root().join("../shared/emails/real");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(root.join("manifest.json")).unwrap()).unwrap();
    let entry = manifest
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["file"].as_str().unwrap().starts_with("gmail.com-42"))
        .unwrap();
    let message = std::fs::read(root.join(entry["file"].as_str().unwrap())).unwrap();
    let dns: DnsRecords = serde_json::from_value(entry["dns"].clone()).unwrap();
    let provable = inspect(&message, &dns, None).verdict.unwrap();
    let input = common::input(
        provable.header.bytes.clone(),
        provable.signature.clone(),
        &provable.domain,
        provable.modulus.clone(),
    );
    let started = std::time::Instant::now();
    let (circuit, instances) = honest(&input);
    println!("witness {:?}", started.elapsed());
    let failures = failures(&circuit, &instances);
    println!("mock {:?}", started.elapsed());
    println!("{} failures", failures.len());
    for failure in failures.iter().take(12) {
        println!("{failure}");
    }
    assert!(failures.is_empty());
}
