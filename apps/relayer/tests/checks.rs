//! Native rules and Subjects, with the stored messages.

use zkdkim_relation::KeyRegistry;
use zkdkim_relayer::{
    job::Errand,
    pipeline::{check, header_digest},
};

const CLOCK: u64 = 1_800_000_000;

fn registry() -> KeyRegistry {
    let path = zkdkim_test_vectors::folder().join("messages/registry.json");
    KeyRegistry::from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn message(name: &str) -> Vec<u8> {
    let found = zkdkim_test_vectors::messages().into_iter().find(|stored| stored.name == name);
    found.unwrap_or_else(|| panic!("there is no {name}")).bytes
}

#[test]
fn a_recovery_mail_is_read() {
    let mail = check(&message("recovery.eml"), &registry(), CLOCK).unwrap();
    assert_eq!(mail.target.errand, Errand::Recover);
    let subject = String::from_utf8(mail.provable.view.subject.clone()).unwrap();
    assert_eq!(mail.target.subject(), Some(subject));
    assert_ne!(header_digest(&mail.provable), [0; 32]);
}

#[test]
fn every_stored_message_is_read_or_refused_by_name() {
    let registry = registry();
    let all = zkdkim_test_vectors::messages().into_iter().chain(zkdkim_test_vectors::adversarial());
    for stored in all {
        if let Err((refused, _)) = check(&stored.bytes, &registry, CLOCK) {
            assert!(!refused.reason.is_empty() && !refused.detail.is_empty(), "{}", stored.name);
        }
    }
}

#[test]
fn a_sealed_subject_is_for_the_wallet() {
    let (refused, of) = check(&message("sealed.eml"), &registry(), CLOCK).unwrap_err();
    assert_eq!(refused.reason, "sealed-subject");
    assert!(of.is_some(), "its signature holds, so its sender can be told");
}

#[test]
fn nobody_is_told_of_a_mail_that_they_may_not_have_sent() {
    let (refused, of) =
        check(&message("refused-subject-changed.eml"), &registry(), CLOCK).unwrap_err();
    assert!(!refused.reason.is_empty());
    assert!(of.is_none());
}
