//! Signatures of nodes: Ed25519 (RFC 8032), over a context and a payload, so that a signature made for one purpose serves
//! no other.

use std::fmt;

use ed25519_dalek::Signer;
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// A committee record, by its members.
    Record,
    /// A committee record, by members of the committee before.
    Handover,
    /// A message of a key ceremony.
    Ceremony,
    /// A partial key, given out for a request.
    Release,
}

impl Context {
    fn message(self, payload: &[u8]) -> Vec<u8> {
        let name = match self {
            Context::Record => "record",
            Context::Handover => "handover",
            Context::Ceremony => "ceremony",
            Context::Release => "release",
        };
        // No name is the beginning of another, and none holds a zero byte.
        [b"zkdkim-salt/1/", name.as_bytes(), b"\0", payload].concat()
    }
}

/// A node's secret key for signatures; overwritten when dropped.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> SigningKey {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        SigningKey::from_bytes(&seed)
    }

    /// Takes the 32 secret bytes.
    pub fn from_bytes(seed: &[u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The secret itself, to be kept.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, context: Context, payload: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(&context.message(payload)).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

/// A node's public key for signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Reads 32 bytes; none for what is no point, has a small order, or is written otherwise.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<VerifyingKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
        // One encoding for each key: a coordinate above p is another spelling.
        let canonical = key.to_edwards().compress().to_bytes() == *bytes;
        (canonical && !key.is_weak()).then_some(VerifyingKey(key))
    }

    /// The 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub(crate) fn verify(
        &self,
        context: Context,
        payload: &[u8],
        signature: &[u8; SIGNATURE_BYTES],
        what: &'static str,
    ) -> Result<()> {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0
            .verify_strict(&context.message(payload), &signature)
            .map_err(|_| Error::Signature(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_signature_serves_one_context_and_one_payload() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(5);
        let (key, other) = (SigningKey::random(&mut rng), SigningKey::random(&mut rng));
        let mut signature = key.sign(Context::Record, b"x");
        let public = key.verifying_key();
        assert_eq!(public.verify(Context::Record, b"x", &signature, "x"), Ok(()));
        assert!(public.verify(Context::Handover, b"x", &signature, "x").is_err());
        assert!(public.verify(Context::Record, b"y", &signature, "x").is_err());
        assert!(other.verifying_key().verify(Context::Record, b"x", &signature, "x").is_err());
        signature[0] ^= 1;
        assert!(public.verify(Context::Record, b"x", &signature, "x").is_err());
        assert!(format!("{key:?}").contains("redacted"));
        let again = SigningKey::from_bytes(&key.expose());
        assert_eq!(again.verifying_key(), public);
        assert_eq!(VerifyingKey::from_bytes(&public.to_bytes()), Some(public));
    }

    #[test]
    fn rejects_keys_of_small_order_and_second_encodings() {
        let mut one = [0; 32];
        one[0] = 1;
        assert!(ed25519_dalek::VerifyingKey::from_bytes(&one).is_ok());
        assert_eq!(VerifyingKey::from_bytes(&one), None);
        assert!(ed25519_dalek::VerifyingKey::from_bytes(&[0xff; 32]).is_ok());
        assert_eq!(VerifyingKey::from_bytes(&[0xff; 32]), None);
    }
}
