//! A message: as it is, and signed anew by a key of our own, so that what lies behind the signature
//! check is reached.

use std::ops::Range;
use std::sync::OnceLock;

use base64::prelude::{Engine, BASE64_STANDARD};
use num_bigint::BigUint;
use rand::SeedableRng;
use rsa::{
    pkcs1v15::SigningKey,
    pkcs8::EncodePublicKey,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
    RsaPrivateKey,
};
use sha2::Sha256;
use zkdkim_relation::{
    canon::{self, Canonicalisation},
    commitment::email_commitment,
    dkim::{key_name, signature_fields, SignatureField},
    evaluate,
    header::{self, parse_mailbox},
    inspect::{inspect, inspect_with, KeySource},
    message::Message,
    DnsRecords, Fr, KeyRegistry, Provable, Reading, StatementInput,
};

/// The clock of the inspection.
const NOW: u64 = 2_000_000_000;

/// A signing key, its modulus and its key record.
struct Signing {
    key: SigningKey<Sha256>,
    modulus: BigUint,
    record: String,
}

fn signing() -> &'static Signing {
    static SIGNING: OnceLock<Signing> = OnceLock::new();
    SIGNING.get_or_init(|| {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let key = RsaPrivateKey::new(&mut rng, 2048).expect("a key");
        let der = key.to_public_key().to_public_key_der().expect("an encoding");
        Signing {
            modulus: BigUint::from_bytes_be(&key.n().to_bytes_be()),
            record: format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(der.as_bytes())),
            key: SigningKey::new(key),
        }
    })
}

/// Makes what every run needs, so that the first run is not the slow one.
pub fn prepare() {
    signing();
}

/// Inspects the message, and the same with a true body hash and signature.
pub fn run(data: &[u8]) -> bool {
    let lenient = Message::parse_lenient(data);
    assert_eq!(Message::parse(data).is_ok(), lenient.defects().is_empty());
    let provable = check(data);
    let signed = sign(data).is_some_and(|signed| check(&signed));
    provable || signed
}

/// A message that is said to be provable is provable, as what its one From field says.
fn check(data: &[u8]) -> bool {
    let message = Message::parse_lenient(data);
    let mut records = DnsRecords::default();
    for field in signature_fields(&message) {
        let Ok(field) = SignatureField::read(&message, field) else { continue };
        let text = |tag| String::from_utf8_lossy(field.tags.value(tag).unwrap_or_default());
        let name = key_name(&text("s"), &text("d"));
        if records.get(&name).is_empty() {
            records.add(&name, signing().record.clone());
        }
    }
    let Ok(provable) = inspect(data, &records, Some(NOW)).verdict else { return false };

    assert!(message.defects().is_empty());
    let [from] = message.fields_named("from").collect::<Vec<_>>()[..] else {
        panic!("provable without one From field");
    };
    assert_eq!(message.fields_named("subject").count(), 1);
    let value = canon::relaxed_value(from.value());
    let mailbox = parse_mailbox(&value, 0..value.len()).expect("one mailbox");
    assert_eq!(value[mailbox.address].to_ascii_lowercase(), provable.view.address);
    assert_eq!(provable.view.domain, provable.domain.as_bytes());
    evaluates(data, &provable);
    true
}

/// With the registry in the place of DNS it is provable too, and its statement holds.
fn evaluates(data: &[u8], provable: &Provable) {
    let mut registry = KeyRegistry::new();
    let slot = registry.add(&provable.domain, signing().modulus.clone()).expect("an entry");
    let by_registry = inspect_with(data, KeySource::Registry(&registry), Some(NOW));
    assert!(by_registry.verdict.is_ok());
    let input = StatementInput {
        header: provable.header.bytes.clone(),
        signature: provable.signature.clone(),
        modulus: provable.modulus.clone(),
        salt: zkdkim_relation::Salt::new(Fr::one()),
        path: registry.path(slot).expect("a live slot"),
        not_before: provable.view.timestamp,
        reading: Reading::Clear,
    };
    let public = evaluate(&input).expect("the statement holds");
    assert_eq!(public.registry_root, registry.root());
    let commitment = email_commitment(&input.salt, &provable.view.address);
    assert_eq!(commitment, Some(public.email_commitment));
    assert_eq!(public.not_before, provable.view.timestamp);
}

/// The message with `bh=` and `b=` of its first signature made true; none where no proof could come
/// of it anyway.
fn sign(data: &[u8]) -> Option<Vec<u8>> {
    let message = Message::parse(data).ok()?;
    let index = *signature_fields(&message).first()?;
    let hash = canon::body_hash(body_canonicalisation(&message, index)?, message.body());
    let message = with_tag(&message, index, "bh", &hash)?;
    let header = SignatureField::read(&message, index).ok()?.signed_header(&message);
    header::parse(&header.bytes).ok()?;
    let signature = signing().key.sign(&header.bytes).to_vec();
    Some(to_bytes(&with_tag(&message, index, "b", &signature)?))
}

fn body_canonicalisation(message: &Message, index: usize) -> Option<Canonicalisation> {
    let field = SignatureField::read(message, index).ok()?;
    match field.tags.value("c")?.ends_with(b"/relaxed") {
        true => Some(Canonicalisation::Relaxed),
        false => Some(Canonicalisation::Simple),
    }
}

/// The message with another value of a tag in one of its fields.
fn with_tag(message: &Message, index: usize, tag: &str, value: &[u8]) -> Option<Message> {
    let field = SignatureField::read(message, index).ok()?;
    let Range { start, end } = field.tags.get(tag)?.raw.clone();
    let raw = message.fields()[index].raw();
    let value_at = raw.len() - message.fields()[index].value().len();
    let base64 = BASE64_STANDARD.encode(value);
    let changed = [&raw[..value_at + start], base64.as_bytes(), &raw[value_at + end..]].concat();
    Message::parse(&assemble(message, Some((index, &changed)))).ok()
}

fn to_bytes(message: &Message) -> Vec<u8> {
    assemble(message, None)
}

fn assemble(message: &Message, changed: Option<(usize, &[u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, field) in message.fields().iter().enumerate() {
        let raw = changed.filter(|(at, _)| *at == index).map_or(field.raw(), |(_, raw)| raw);
        bytes.extend_from_slice(raw);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(message.body());
    bytes
}
