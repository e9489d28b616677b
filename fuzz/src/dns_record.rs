//! A DKIM key record, as text and as DER behind `p=`, and a file of records.

use base64::prelude::{Engine, BASE64_STANDARD};
use num_bigint::BigUint;
use rsa::{
    pkcs1::DecodeRsaPublicKey, pkcs8::DecodePublicKey, pkcs8::EncodePublicKey,
    traits::PublicKeyParts, RsaPublicKey,
};
use zkdkim_relation::{
    key_record::KeyRecord,
    rsa::{EXPONENT, MODULUS_BITS},
    DnsRecords,
};

const NAME: &str = "s._domainkey.example.org";

/// Reads the bytes in each of these ways. A key that passes is one that another decoder reads too.
pub fn run(data: &[u8]) -> bool {
    let mut accepted = false;
    if let Ok(text) = std::str::from_utf8(data) {
        accepted |= check(text).is_some();
        if let Ok(mut records) = DnsRecords::read(text) {
            records.retain_key_records();
            for text in records.iter().flat_map(|(_, texts)| texts) {
                accepted |= check(text).is_some();
            }
            let _ = records.to_json();
        }
    }
    if let Some(key) = check(&record(data)) {
        // The other decoder insists on the NULL parameters that some keys lack.
        let theirs = RsaPublicKey::from_public_key_der(data).ok();
        let theirs = theirs.or_else(|| RsaPublicKey::from_public_key_der(&with_null(data)?).ok());
        let theirs = theirs.or_else(|| RsaPublicKey::from_pkcs1_der(data).ok());
        let theirs = theirs.expect("a key for another decoder");
        assert_eq!(BigUint::from_bytes_be(&theirs.n().to_bytes_be()), key.modulus);
        accepted = true;
    }
    accepted
}

/// A SubjectPublicKeyInfo whose algorithm has no parameters, with NULL put there.
fn with_null(der: &[u8]) -> Option<Vec<u8>> {
    const BARE: &[u8] = b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    let at = der.windows(BARE.len()).position(|window| window == BARE)?;
    let oid = &BARE[2..];
    let body = [b"\x30\x0d", oid, b"\x05\x00", &der[at + BARE.len()..]].concat();
    let length = match body.len() {
        n @ 0..=0x7f => vec![n as u8],
        n @ 0x80..=0xff => vec![0x81, n as u8],
        n => vec![0x82, (n >> 8) as u8, n as u8],
    };
    Some([&[0x30], &length[..], &body].concat())
}

fn record(der: &[u8]) -> String {
    format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(der))
}

/// The key if it is one that can be proved; its record made anew is the same key.
fn check(text: &str) -> Option<KeyRecord> {
    let key = KeyRecord::parse(NAME, text).ok()?;
    key.check_strength(NAME).ok()?;
    assert_eq!((key.modulus.bits(), &key.exponent), (MODULUS_BITS, &BigUint::from(EXPONENT)));
    let number = |n: &BigUint| rsa::BigUint::from_bytes_be(&n.to_bytes_be());
    let public = RsaPublicKey::new(number(&key.modulus), number(&key.exponent)).expect("a key");
    let der = public.to_public_key_der().expect("an encoding");
    let again = KeyRecord::parse(NAME, &record(der.as_bytes())).expect("a record");
    assert_eq!((&again.modulus, &again.exponent), (&key.modulus, &key.exponent));
    Some(key)
}
