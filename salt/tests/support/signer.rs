//! A mail provider with one key, which signs what it is given.

use std::sync::OnceLock;

use base64::prelude::{Engine, BASE64_STANDARD};
use rand::SeedableRng;
use rsa::{
    pkcs1v15::SigningKey,
    pkcs8::EncodePublicKey,
    signature::{SignatureEncoding, Signer},
    RsaPrivateKey,
};
use zkdkim_relation::{canon, dkim::SignatureField, message::Message};

fn key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(31);
        RsaPrivateKey::new(&mut rng, 2048).expect("a key")
    })
}

/// The provider's key record.
pub fn record() -> String {
    let der = key().to_public_key().to_public_key_der().expect("a key");
    format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(der.as_bytes()))
}

/// A mail with these fields, each with its end of line, signed for a domain under the selector `s1`; `tags` are more tags,
/// such as `t=5; `.
pub fn sign(fields: &str, domain: &str, tags: &str) -> Vec<u8> {
    let body = "body\r\n";
    let bh = canon::body_hash(canon::Canonicalisation::Relaxed, body.as_bytes());
    let unsigned = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s1; h=from:to:subject; \
         bh={}; {tags}b=",
        BASE64_STANDARD.encode(bh)
    );
    let message = Message::parse_lenient(format!("{unsigned}\r\n{fields}\r\n{body}").as_bytes());
    let block = SignatureField::read(&message, 0).expect("tags").signed_header(&message);
    let signature = SigningKey::<sha2::Sha256>::new(key().clone()).sign(&block.bytes).to_vec();
    let signature = BASE64_STANDARD.encode(signature);
    format!("{unsigned}{signature}\r\n{fields}\r\n{body}").into_bytes()
}
