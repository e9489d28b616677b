//! The nodes of an insecure committee for the tests of package and page: what `SaltNode` answers, on standard input and
//! output, a line for a line.
//!
//! ```text
//! about                      JSON: record, its digest, a registry with the provider of the mails
//! mail SUBJECT               a mail from ann@example.org, signed
//! round ACCOUNT NONCE        the round that is open, on chain 1
//! block NUMBER HASH          the newest block of chain 1, made now
//! ask INDEX BODY             a node's answer, or `refused`
//! ```
//!
//! Bytes are hexadecimal digits.

// Shared with the salt's own tests, which use more of it.
#[allow(dead_code)]
#[path = "../../../../salt/tests/support/mod.rs"]
mod support;

use std::{
    io::{self, BufRead, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::json;
use support::{
    mail::{dns, mail, provable, TestChain},
    TestCommittee,
};
use zkdkim_relation::{recovery_subject::Address, KeyRegistry};
use zkdkim_salt::{
    limits::LimitSettings,
    node::{NodeKeys, SaltNode},
    request::Block,
};

struct World {
    test: TestCommittee,
    nodes: Vec<SaltNode>,
    chain: TestChain,
}

impl World {
    fn new() -> World {
        let mut test = TestCommittee::new(7);
        let record = test.record(&test.committee).expect("a record");
        let mut nodes = Vec::new();
        for (node, share) in test.nodes.iter().zip(&test.shares) {
            let keys = NodeKeys { opening: node.opening.clone(), signing: node.signing.clone() };
            let settings = LimitSettings::default();
            let node = SaltNode::new(record.clone(), share.clone(), keys, settings, &mut test.rng);
            nodes.push(node.expect("a node"));
        }
        World { test, nodes, chain: TestChain::new() }
    }

    fn about(&self) -> String {
        let mut registry = KeyRegistry::new();
        registry.add("example.org", provable("x", "").modulus.clone()).expect("a key");
        let record = self.nodes[0].record();
        json!({
            "record": hex::encode(record.to_bytes()),
            "digest": format!("0x{}", hex::encode(record.committee().digest())),
            "registry": registry.to_json(),
        })
        .to_string()
    }

    fn round(&mut self, account: &str, nonce: &str) -> Option<String> {
        let bytes = hex::decode(account.strip_prefix("0x")?).ok()?;
        self.chain.account = Address(bytes.try_into().ok()?);
        self.chain.nonce = nonce.parse().ok()?;
        Some("done".into())
    }

    fn block(&mut self, number: &str, hash: &str) -> Option<String> {
        self.chain.number = number.parse().ok()?;
        let hash = hex::decode(hash.strip_prefix("0x")?).ok()?.try_into().ok()?;
        self.chain.block = Block { hash, time: now()? };
        Some("done".into())
    }

    fn ask(&mut self, index: &str, body: &str) -> Option<String> {
        let node = self.nodes.get(index.parse::<usize>().ok()?.checked_sub(1)?)?;
        let body = hex::decode(body).ok()?;
        let answer = node.handle(&body, b"client", now()?, &self.chain, &dns(), &mut self.test.rng);
        Some(answer.map_or_else(|refused| format!("refused: {}", refused.id()), hex::encode))
    }

    fn answer(&mut self, line: &str) -> Option<String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "about" => Some(self.about()),
            "mail" => Some(hex::encode(mail(rest, ""))),
            "block" => rest.split_once(' ').and_then(|(number, hash)| self.block(number, hash)),
            "round" => rest.split_once(' ').and_then(|(account, nonce)| self.round(account, nonce)),
            "ask" => rest.split_once(' ').and_then(|(index, body)| self.ask(index, body)),
            _ => None,
        }
    }
}

fn now() -> Option<u64> {
    Some(SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs())
}

fn main() -> io::Result<()> {
    let (mut world, mut out) = (World::new(), io::stdout());
    for line in io::stdin().lock().lines() {
        let answer = world.answer(&line?).unwrap_or_else(|| "not understood".into());
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
