//! Mails that are really signed, and the chains that a test node asks.

use std::sync::OnceLock;

use base64::prelude::{Engine, BASE64_STANDARD};
use rand::SeedableRng;
use rsa::{
    pkcs1v15::SigningKey,
    pkcs8::EncodePublicKey,
    signature::{SignatureEncoding, Signer},
    RsaPrivateKey,
};
use zkdkim_relation::{
    canon, dkim::SignatureField, inspect, message::Message, recovery_subject::Address, DnsRecords,
    Provable,
};
use zkdkim_salt::request::{Block, Chains, Unavailable};

/// When the tests play, in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;

fn provider() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(31);
        RsaPrivateKey::new(&mut rng, 2048).expect("a key")
    })
}

/// The provider's published key.
pub fn dns() -> DnsRecords {
    let der = provider().to_public_key().to_public_key_der().expect("a key");
    let mut dns = DnsRecords::default();
    dns.add(
        "s1._domainkey.example.org",
        format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(der.as_bytes())),
    );
    dns
}

/// A mail of Ann's with a Subject, signed by example.org; `tags` are more tags, such as `t=5; `.
pub fn mail(subject: &str, tags: &str) -> Vec<u8> {
    let body = "body\r\n";
    let bh = canon::body_hash(canon::Canonicalisation::Relaxed, body.as_bytes());
    let fields =
        format!("From: Ann <Ann@Example.org>\r\nTo: ann@example.org\r\nSubject: {subject}\r\n");
    let unsigned = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; \
         h=from:to:subject; bh={}; {tags}b=",
        BASE64_STANDARD.encode(bh)
    );
    let message = Message::parse_lenient(format!("{unsigned}\r\n{fields}\r\n{body}").as_bytes());
    let block = SignatureField::read(&message, 0).expect("tags").signed_header(&message);
    let signature = SigningKey::<sha2::Sha256>::new(provider().clone()).sign(&block.bytes).to_vec();
    let signature = BASE64_STANDARD.encode(signature);
    format!("{unsigned}{signature}\r\n{fields}\r\n{body}").into_bytes()
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
