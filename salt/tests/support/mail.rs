//! Mails that are really signed, and the chains that a test node asks.

use zkdkim_relation::{inspect, recovery_subject::Address, DnsRecords, Provable};
use zkdkim_salt::request::{Block, Chains, Unavailable};

use super::signer;

/// When the tests play, in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;

/// The provider's published key.
pub fn dns() -> DnsRecords {
    let mut dns = DnsRecords::default();
    dns.add("s1._domainkey.example.org", signer::record());
    dns
}

/// A mail of Ann's with a Subject, signed by example.org; `tags` are more tags, such as `t=5; `.
pub fn mail(subject: &str, tags: &str) -> Vec<u8> {
    let fields =
        format!("From: Ann <Ann@Example.org>\r\nTo: ann@example.org\r\nSubject: {subject}\r\n");
    signer::sign(&fields, "example.org", tags)
}

/// The same, as its owner's program has it: inspected, with all rules kept.
pub fn provable(subject: &str, tags: &str) -> Box<Provable> {
    inspect(&mail(subject, tags), &dns(), None).verdict.expect("a mail that can be proved")
}

/// A chain with one block and one account.
#[derive(Clone)]
pub struct TestChain {
    pub number: u64,
    pub block: Block,
    pub account: Address,
    pub nonce: u64,
    /// The contract that accepts every signature, if there is one.
    pub accepts: Option<Address>,
    pub available: bool,
}

impl TestChain {
    pub fn new() -> TestChain {
        let block = Block { hash: [0xab; 32], time: NOW - 600 };
        let account = Address([0x11; 20]);
        TestChain { number: 77, block, account, nonce: 4, accepts: None, available: true }
    }

    fn answer<T>(&self, value: T) -> Result<T, Unavailable> {
        self.available.then_some(value).ok_or(Unavailable)
    }
}

impl Chains for TestChain {
    fn block(&self, chain: u64, number: u64) -> Result<Option<Block>, Unavailable> {
        self.answer((chain == 1 && number == self.number).then_some(self.block))
    }

    fn is_round_open(
        &self,
        chain: u128,
        account: Address,
        nonce: u64,
    ) -> Result<bool, Unavailable> {
        self.answer(chain == 1 && account == self.account && nonce == self.nonce)
    }

    fn accepts_signature(
        &self,
        chain: u128,
        account: Address,
        _: &[u8; 32],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        self.answer(chain == 1 && Some(account) == self.accepts && signature == b"a contract's")
    }
}
