//! Mails and key records as people bring them (`test-vectors/mail`): each gets the verdict of the
//! manifest, under either policy, and says what still holds.

use serde_json::Value;
use zkdkim_relation::inspect::{inspect_under, KeySource, Outcome, Policy, UnsignedParts};
use zkdkim_relation::recovery_subject::advice;
use zkdkim_relation::{DnsRecords, Inspection};

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/mail")
}

fn manifest() -> Value {
    let text = std::fs::read_to_string(folder().join("manifest.json")).expect("a checked-in file");
    serde_json::from_str(&text).expect("manifest.json is JSON")
}

fn inspected(entry: &Value, clock: Option<u64>, unsigned_parts: UnsignedParts) -> Inspection {
    let file = folder().join(entry["file"].as_str().expect("file"));
    let bytes = std::fs::read(file).expect("a checked-in message");
    let dns = DnsRecords::read(&entry["dns"].to_string()).expect("records");
    inspect_under(&bytes, KeySource::Dns(&dns), &Policy { clock, unsigned_parts })
}

fn verdict(inspection: &Inspection) -> &str {
    match &inspection.verdict {
        Ok(_) => "provable",
        Err(refusal) => refusal.rule.id(),
    }
}

#[test]
fn every_mail_gets_its_verdict() {
    let manifest = manifest();
    let mails = manifest["mails"].as_array().expect("mails");
    assert_eq!(mails.len(), 10);
    for entry in mails {
        let file = &entry["file"];
        for (policy, key) in
            [(UnsignedParts::AsSigned, "as_signed"), (UnsignedParts::MayDiffer, "may_differ")]
        {
            let inspection = inspected(entry, manifest["clock"].as_u64(), policy);
            assert_eq!(entry[key], verdict(&inspection), "{file} {key}");
            assert_eq!(entry["holds"], serde_json::json!(inspection.holds), "{file} {key}");
            let mut notes = inspection.notes.clone();
            if let Ok(provable) = &inspection.verdict {
                assert_eq!(provable.view.address, b"ann@example.org", "{file}");
                notes.extend(
                    advice(&provable.view.subject).filter(|_| file == "subject-encoded-words.eml"),
                );
            }
            let ids: Vec<_> = notes.iter().map(|note| serde_json::json!(note.id)).collect();
            let expected =
                if inspection.verdict.is_ok() { &entry["notes"] } else { &Value::Array(vec![]) };
            assert_eq!(*expected, Value::Array(ids), "{file} {key}");
        }
    }
}

#[test]
fn one_cause_is_one_line() {
    let manifest = manifest();
    for entry in manifest["mails"].as_array().expect("mails") {
        let inspection = inspected(entry, None, UnsignedParts::AsSigned);
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Fail(_));
        let lines = inspection.checks.iter().filter(|check| failed(&check.outcome)).count();
        assert_eq!(lines, usize::from(inspection.verdict.is_err()), "{}", entry["file"]);
    }
}
