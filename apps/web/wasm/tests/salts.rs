//! A salt on its way to the nodes of a committee and back: the nodes' own code answers.

use k256::ecdsa::SigningKey;
use serde_json::{json, Value};
use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;
use zkdkim_plonk::progress::Silent;
use zkdkim_relation::KeyRegistry;
use zkdkim_salt::{
    limits::LimitSettings,
    node::{NodeKeys, SaltNode},
};
use zkdkim_wasm::{Operation, Session};

use crate::support::{
    mail::{dns, mail, provable, TestChain, NOW},
    TestCommittee,
};

/// The account of the key below, as every development chain shows it.
const NEW_KEY: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
const DIGITS: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

pub struct Case {
    session: Session,
    test: TestCommittee,
    nodes: Vec<SaltNode>,
    pub chain: TestChain,
    pub record: Vec<u8>,
    pub registry: String,
    pub salt: String,
    pub escrow: Vec<u8>,
}

impl Case {
    pub fn new() -> Case {
        let mut test = TestCommittee::new(7);
        let record = test.record(&test.committee).unwrap();
        let mut nodes = Vec::new();
        for (node, share) in test.nodes.iter().zip(&test.shares) {
            let keys = NodeKeys { opening: node.opening.clone(), signing: node.signing.clone() };
            let settings = LimitSettings::default();
            let node = SaltNode::new(record.clone(), share.clone(), keys, settings, &mut test.rng);
            nodes.push(node.unwrap());
        }
        let mut case = Case {
            session: Session::default(),
            test,
            nodes,
            chain: TestChain::new(),
            record: record.to_bytes(),
            registry: registry(),
            salt: String::new(),
            escrow: vec![],
        };
        case.salt = case.call(Operation::Salt, &[]).unwrap()["salt"].as_str().unwrap().to_owned();
        case.escrow = case.escrow_to(b"Ann@example.org").unwrap();
        case
    }

    pub fn call(&mut self, operation: Operation, arguments: &[&[u8]]) -> Result<Value, Value> {
        let arguments = arguments.iter().map(|bytes| Zeroizing::new(bytes.to_vec())).collect();
        match self.session.call(operation, arguments, &Silent) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).expect("JSON")),
            Err(fault) => Err(fault.to_json()),
        }
    }

    pub fn pinned(&self) -> Value {
        let digest = format!("0x{}", hex::encode(self.test.committee.digest()));
        json!({ "digest": digest, "allowInsecureDealer": true, "until": NOW + 3600 })
    }

    pub fn escrow_to(&mut self, address: &[u8]) -> Result<Vec<u8>, Value> {
        let (options, record) = (self.pinned().to_string(), self.record.clone());
        let salt = self.salt.clone();
        let arguments = [options.as_bytes(), &record, address, salt.as_bytes()];
        let escrow = self.call(Operation::Escrow, &arguments)?;
        Ok(hex::decode(&escrow["escrow"].as_str().unwrap()[2..]).unwrap())
    }

    fn request(&mut self, options: &Value, subject: &str) -> Result<String, Value> {
        let (options, record) = (options.to_string(), self.record.clone());
        let (mail, registry) = (mail(subject, ""), self.registry.clone());
        let arguments = [b"{}", options.as_bytes(), &mail, registry.as_bytes(), &record];
        let text = self.call(Operation::SaltRequest, &arguments)?;
        Ok(text["text"].as_str().unwrap().to_owned())
    }

    pub fn subject(&self) -> String {
        let (account, nonce) = (self.chain.account, self.chain.nonce);
        format!("Recover {account} on 1 nonce {nonce} to {NEW_KEY}")
    }

    /// What so many nodes answer to a signature.
    fn answers(&mut self, signature: &str, count: usize) -> Value {
        let sealed = self.call(Operation::SaltSeal, &[signature.as_bytes()]).unwrap();
        self.answers_to(&sealed, count)
    }

    /// What so many nodes answer to what was sealed for them.
    pub fn answers_to(&mut self, sealed: &Value, count: usize) -> Value {
        assert_eq!(sealed["threshold"], 3);
        let bodies = sealed["bodies"].as_array().unwrap();
        let mut answers = Vec::new();
        for (node, body) in self.nodes.iter().zip(bodies).take(count) {
            let request = hex::decode(&body["body"].as_str().unwrap()[2..]).unwrap();
            let rng = &mut self.test.rng;
            let answer = node.handle(&request, b"client", NOW, &self.chain, &dns(), rng);
            let body = answer.map(|answer| format!("0x{}", hex::encode(answer))).ok();
            answers.push(json!({ "index": node.share().index().get(), "body": body }));
        }
        Value::Array(answers)
    }

    fn open(&mut self, answers: &Value) -> Result<Value, Value> {
        let (answers, escrow) = (answers.to_string(), self.escrow.clone());
        self.call(Operation::SaltOpen, &[answers.as_bytes(), &escrow])
    }
}

fn registry() -> String {
    let mut registry = KeyRegistry::new();
    registry.add("example.org", provable("x", "").modulus.clone()).expect("a key");
    registry.to_json()
}

fn signed(text: &str) -> String {
    let prefix = format!("\x19Ethereum Signed Message:\n{}", text.len());
    let hash = Keccak256::new().chain_update(prefix).chain_update(text).finalize();
    let key = SigningKey::from_slice(&hex::decode(DIGITS).unwrap()).unwrap();
    let (signature, recovery) = key.sign_prehash_recoverable(&hash);
    format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte())
}

#[test]
fn a_salt_comes_back_from_three_nodes() {
    let mut case = Case::new();
    let foreign = case.escrow_to(b"bob@example.org").unwrap();
    case.escrow = [foreign, case.escrow.clone()].concat();
    let text = case.request(&case.pinned(), &case.subject()).unwrap();
    let answers = case.answers(&signed(&text), 3);
    let opened = case.open(&answers).unwrap();
    assert_eq!(opened["salts"].as_array().unwrap().len(), 1);
    assert_eq!(opened["salts"][0]["salt"], case.salt);
    let salt = case.salt.clone();
    let commitment = case.call(Operation::Commitment, &[b"ann@example.org", salt.as_bytes()]);
    assert_eq!(opened["salts"][0]["commitment"], commitment.unwrap()["commitment"]);
    // What the answers were sealed to is gone.
    assert!(case.open(&answers).unwrap_err()["detail"].as_str().unwrap().starts_with("salt:"));
}

#[test]
fn too_few_answers_and_false_ones_are_named_and_open_nothing() {
    let mut case = Case::new();
    let text = case.request(&case.pinned(), &case.subject()).unwrap();
    let fault = {
        let answers = case.answers(&signed(&text), 2);
        case.open(&answers).unwrap_err()
    };
    assert_eq!(fault["rule"], "salt-nodes");
    case.request(&case.pinned(), &case.subject()).unwrap();
    // Signed for the text before: every node refuses it.
    let answers = case.answers(&signed(&text), 3);
    let fault = case.open(&answers).unwrap_err();
    let detail = fault["detail"].as_str().unwrap();
    assert!(detail.contains("node 3: it did not answer, or refused"), "{detail}");
    let text = case.request(&case.pinned(), &case.subject()).unwrap();
    let mut answers = case.answers(&signed(&text), 3);
    answers[1]["body"] = answers[0]["body"].clone();
    let fault = case.open(&answers).unwrap_err();
    assert!(fault["detail"].as_str().unwrap().contains("node 1: it gave its part"), "{fault}");
}

#[test]
fn another_record_an_insecure_dealer_and_another_subject_are_refused() {
    let mut case = Case::new();
    let (good, subject) = (case.pinned(), case.subject());
    let mut other = good.clone();
    other["digest"] = json!(format!("0x{}", "00".repeat(32)));
    let mut unasked = good.clone();
    unasked["allowInsecureDealer"] = json!(false);
    let cancel = format!("Cancel {} on 1 nonce 4", case.chain.account);
    let refused = [
        (other, &subject, "record: its digest is"),
        (unasked, &subject, "record: the committee's key was made by one dealer"),
        (good, &cancel, "mail: "),
    ];
    for (options, subject, words) in refused {
        let fault = case.request(&options, subject).unwrap_err();
        let detail = fault["detail"].as_str().unwrap();
        assert!(detail.starts_with(words), "{detail}");
    }
    assert!(case.escrow_to(b"Ann <ann@example.org>").is_err());
    for operation in [Operation::SaltSeal, Operation::SaltOpen] {
        assert!(case.call(operation, &[b"0x00", b""]).is_err());
    }
}
