//! Accounts of a mailbox, by what they published: the nodes' own code answers.

use serde_json::{json, Value};
use zkdkim_wasm::Operation;

use crate::{salts::Case, support::mail::mail};

const ACCOUNT: &str = "0x2222222222222222222222222222222222222222";

impl Case {
    fn moment(&self) -> Value {
        let hash = format!("0x{}", hex::encode(self.chain.block.hash));
        json!({ "chain": "1", "block": self.chain.number.to_string(), "hash": hash })
    }

    /// Subject and one-time key.
    fn find_subject(&mut self) -> (String, String) {
        let (options, moment) = (self.pinned().to_string(), self.moment().to_string());
        let record = self.record.clone();
        let arguments = [options.as_bytes(), moment.as_bytes(), &record];
        let made = self.call(Operation::FindSubject, &arguments).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("subject"), text("key"))
    }

    fn find_seal(&mut self, subject: &str, key: &str) -> Result<Value, Value> {
        let (options, record) = (self.pinned().to_string(), self.record.clone());
        let (mail, registry) = (mail(subject, ""), self.registry.clone());
        let arguments =
            [b"{}", options.as_bytes(), &mail, registry.as_bytes(), &record, key.as_bytes()];
        self.call(Operation::FindSeal, &arguments)
    }

    fn find_try(&mut self, escrows: &[&[u8]]) -> Result<Value, Value> {
        let event = |escrow: &&[u8]| json!({ "account": ACCOUNT, "block": "9", "escrow": format!("0x{}", hex::encode(escrow)) });
        let batch = Value::Array(escrows.iter().map(event).collect()).to_string();
        self.call(Operation::FindTry, &[batch.as_bytes()])
    }
}

fn detail(fault: &Value) -> &str {
    fault["detail"].as_str().unwrap()
}

#[test]
fn what_was_published_for_a_mailbox_is_found_among_the_rest() {
    let mut case = Case::new();
    let foreign = case.escrow_to(b"bob@example.org").unwrap();
    let (subject, key) = case.find_subject();
    assert!(subject.ends_with(" 1:77:abababababababab"), "{subject}");
    let sealed = case.find_seal(&subject, &key).unwrap();
    let answers = case.answers_to(&sealed, 3).to_string();
    let nodes = case.call(Operation::FindKey, &[answers.as_bytes()]).unwrap();
    assert_eq!(nodes["nodes"][2], "node 3: it gave its part");
    let own = case.escrow.clone();
    let both = [&foreign[..], &own].concat();
    let tried = case.find_try(&[&foreign, &both, b"none", b"", &foreign[1..]]).unwrap();
    assert_eq!((&tried["tried"], &tried["unreadable"]), (&json!(3), &json!(3)));
    let found = tried["found"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["account"], &found[0]["block"]), (&json!(ACCOUNT), &json!("9")));
    assert_eq!(found[0]["salt"], case.salt);
    let salt = case.salt.clone();
    let commitment = case.call(Operation::Commitment, &[b"ann@example.org", salt.as_bytes()]);
    assert_eq!(found[0]["commitment"], commitment.unwrap()["commitment"]);
    case.call(Operation::FindEnd, &[]).unwrap();
    assert!(detail(&case.find_try(&[&own]).unwrap_err()).starts_with("salt: no salt is being"));
}

#[test]
fn another_mail_another_key_and_too_few_nodes_find_nothing() {
    let mut case = Case::new();
    let (subject, key) = case.find_subject();
    let (other, _) = case.find_subject();
    let vote = case.subject();
    let elsewhere = subject.replace("salt 1 ", "salt 1 other-");
    let refused = [
        (&vote, &key, "mail: its Subject is that of a recovery"),
        (&elsewhere, &key, "mail: its Subject names another network"),
        (&other, &key, "key: the mail's Subject names another one-time key"),
    ];
    for (subject, key, words) in refused {
        let fault = case.find_seal(subject, key).unwrap_err();
        assert!(detail(&fault).starts_with(words), "{fault}");
    }
    for bad in ["", "{}", &key.replace("\"version\":1", "\"version\":2"), &key.replace("0x", "0")] {
        let fault = case.find_seal(&subject, bad).unwrap_err();
        assert!(detail(&fault).starts_with("key: not the one-time key"), "{fault}");
        assert!(!fault.to_string().contains(&key[70..90]), "{fault}");
    }
    let sealed = case.find_seal(&subject, &key).unwrap();
    let answers = case.answers_to(&sealed, 2).to_string();
    let fault = case.call(Operation::FindKey, &[answers.as_bytes()]).unwrap_err();
    assert_eq!(fault["rule"], "salt-nodes");
    assert!(case.find_try(&[]).is_err());
    // A block that the nodes do not know.
    case.chain.number = 78;
    let sealed = case.find_seal(&subject, &key).unwrap();
    let answers = case.answers_to(&sealed, 3).to_string();
    assert!(case.call(Operation::FindKey, &[answers.as_bytes()]).is_err());
}
