//! A provider, its key records, and mails that it signs.

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
    canon, dkim::SignatureField, inspect, message::Message, DnsRecords, Provable,
};

/// What no log and no metric may hold; nor may its parts.
pub const LOCAL_PART: &str = "ann-of-the-hidden-mailbox";
pub const DOMAIN: &str = "provider-nobody-names.example";
pub const KEY_NAME: &str = "s1._domainkey.provider-nobody-names.example";

pub fn address() -> String {
    format!("{LOCAL_PART}@{DOMAIN}")
}

fn provider() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(31);
        RsaPrivateKey::new(&mut rng, 2048).expect("a key")
    })
}

/// The provider's key record.
pub fn record() -> String {
    let der = provider().to_public_key().to_public_key_der().expect("a key");
    format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(der.as_bytes()))
}

/// What DNS has under a name.
pub fn zone(name: &str) -> Vec<String> {
    if name == KEY_NAME {
        vec![record()]
    } else {
        vec![]
    }
}

/// A mail to oneself with this Subject, signed; `tags` are more tags, such as `t=5; `.
pub fn mail(subject: &str, tags: &str) -> Vec<u8> {
    let body = "body\r\n";
    let bh = canon::body_hash(canon::Canonicalisation::Relaxed, body.as_bytes());
    let address = address();
    let fields = format!("From: Ann <{address}>\r\nTo: {address}\r\nSubject: {subject}\r\n");
    let unsigned = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={DOMAIN}; s=s1; h=from:to:subject; \
         bh={}; {tags}b=",
        BASE64_STANDARD.encode(bh)
    );
    let message = Message::parse_lenient(format!("{unsigned}\r\n{fields}\r\n{body}").as_bytes());
    let block = SignatureField::read(&message, 0).expect("tags").signed_header(&message);
    let signature = SigningKey::<sha2::Sha256>::new(provider().clone()).sign(&block.bytes).to_vec();
    let signature = BASE64_STANDARD.encode(signature);
    format!("{unsigned}{signature}\r\n{fields}\r\n{body}").into_bytes()
}

/// The same, inspected, with all rules kept.
pub fn provable(subject: &str, tags: &str) -> Box<Provable> {
    let mut dns = DnsRecords::default();
    dns.add(KEY_NAME, record());
    inspect(&mail(subject, tags), &dns, None).verdict.expect("a mail that can be proved")
}
