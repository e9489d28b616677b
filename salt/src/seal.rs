//! Sealing to a key: HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
//!
//! A box is the 32 bytes of the encapsulated key and the ciphertext with its tag of 16. `info` says what the box is for,
//! `aad` which context it belongs to; both must be the same to open it. Base mode says nothing about the sender: whoever
//! needs that puts a signature inside.

use std::{convert::Infallible, fmt};

use hpke::{
    aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::X25519HkdfSha256, single_shot_open,
    single_shot_seal_with_rng, Deserializable, Kem, OpModeR, OpModeS, Serializable,
};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Bytes by which a box is longer than what it holds.
pub const SEAL_BYTES: usize = 32 + 16;

type Suite = X25519HkdfSha256;

/// A secret key that opens boxes; overwritten when dropped.
#[derive(Clone)]
pub struct OpeningKey(<Suite as Kem>::PrivateKey);

/// A public key to seal to.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey(<Suite as Kem>::PublicKey);

impl OpeningKey {
    /// A new key.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> OpeningKey {
        let mut material = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *material);
        OpeningKey(Suite::derive_keypair(&*material).0)
    }

    /// Takes the 32 secret bytes, as [`Self::expose`] gives them.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<OpeningKey> {
        let key = <Suite as Kem>::PrivateKey::from_bytes(bytes);
        key.map(OpeningKey).map_err(|_| Error::Sealed("not a secret key of X25519"))
    }

    /// The secret itself, to be kept.
    pub fn expose(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public key.
    pub fn sealing_key(&self) -> SealingKey {
        SealingKey(Suite::sk_to_pk(&self.0))
    }

    /// Opens a box.
    ///
    /// # Errors
    ///
    /// [`Error::Sealed`] where it was sealed to another key, for another context, or altered.
    pub fn open(&self, info: &[u8], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        const REFUSED: Error = Error::Sealed(
            "the box does not open: it is sealed to another key, for another context, or altered",
        );
        let (encapsulated, ciphertext) = sealed.split_at_checked(32).ok_or(REFUSED)?;
        let encapsulated =
            <Suite as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| REFUSED)?;
        single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeR::Base,
            &self.0,
            &encapsulated,
            info,
            ciphertext,
            aad,
        )
        .map(Zeroizing::new)
        .map_err(|_| REFUSED)
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey(redacted)")
    }
}

impl SealingKey {
    /// Reads 32 bytes: the u-coordinate with its unused bit zero, and not the number 0.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<SealingKey> {
        if bytes[31] >> 7 != 0 || *bytes == [0; 32] {
            return None;
        }
        <Suite as Kem>::PublicKey::from_bytes(bytes).ok().map(SealingKey)
    }

    /// The 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    /// Seals to this key.
    ///
    /// # Errors
    ///
    /// [`Error::Sealed`] where the key is a point of small order, to which nothing can be sealed.
    pub fn seal(
        &self,
        info: &[u8],
        aad: &[u8],
        plaintext: &[u8],
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<Vec<u8>> {
        let (encapsulated, ciphertext) =
            single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(
                &OpModeS::Base,
                &self.0,
                info,
                plaintext,
                aad,
                &mut Adapter(rng),
            )
            .map_err(|_| Error::Sealed("nothing can be sealed to this key"))?;
        Ok([&encapsulated.to_bytes()[..], &ciphertext].concat())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The generator that the caller hands in, for a crate that knows a later edition of its traits.
struct Adapter<'a, R>(&'a mut R);

impl<R: RngCore> hpke::rand_core::TryRng for Adapter<'_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: RngCore + CryptoRng> hpke::rand_core::TryCryptoRng for Adapter<'_, R> {}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_box_opens_with_its_key_in_its_context_only() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(6);
        let (key, other) = (OpeningKey::random(&mut rng), OpeningKey::random(&mut rng));
        let mut sealed = key.sealing_key().seal(b"info", b"aad", b"text", &mut rng).unwrap();
        assert_eq!(sealed.len(), 4 + SEAL_BYTES);
        assert_eq!(&**key.open(b"info", b"aad", &sealed).unwrap(), b"text");
        assert!(other.open(b"info", b"aad", &sealed).is_err());
        assert!(key.open(b"other", b"aad", &sealed).is_err());
        assert!(key.open(b"info", b"other", &sealed).is_err());
        for at in 0..sealed.len() {
            sealed[at] ^= 1;
            assert!(key.open(b"info", b"aad", &sealed).is_err(), "{at}");
            assert!(key.open(b"info", b"aad", &sealed[..at]).is_err(), "{at}");
            sealed[at] ^= 1;
        }
        let again = OpeningKey::from_bytes(&key.expose()).unwrap();
        assert_eq!(&**again.open(b"info", b"aad", &sealed).unwrap(), b"text");
        assert!(format!("{key:?}").contains("redacted"));
    }

    #[test]
    fn rejects_keys_to_which_everybody_has_the_secret() {
        assert_eq!(SealingKey::from_bytes(&[0; 32]), None);
        let mut high = [9; 32];
        high[31] |= 0x80;
        assert_eq!(SealingKey::from_bytes(&high), None);
        // u = 1 has order 4.
        let mut one = [0; 32];
        one[0] = 1;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
        let sealed = SealingKey::from_bytes(&one).unwrap().seal(b"", b"", b"text", &mut rng);
        assert_eq!(sealed, Err(Error::Sealed("nothing can be sealed to this key")));
    }
}
