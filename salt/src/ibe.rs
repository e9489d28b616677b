//! Encrypting a salt to an address: Boneh–Franklin with the Fujisaki–Okamoto transformation.
//!
//! ```text
//! escrow = head (8) ‖ U (96) ‖ V (32) ‖ W (32)
//! σ random, r = H3(M, σ, salt), U = r·G2, V = σ ⊕ H2(M, U, e(H(M), pk)^r), W = salt ⊕ H4(σ)
//! ```
//!
//! Nothing in it depends on the address but through the key that opens it, so it says nothing about the address. To open
//! it is to try: σ and salt are found, and U must be what they make. docs/escrow.md fixes each byte.

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;
use zkdkim_relation::{
    packing::{from_biguint, to_biguint},
    Salt,
};

use crate::{
    bytes::{Kind, Reader, Writer},
    error::{Error, Result},
    group::{pairing_bytes, scalar_of_digest, PublicPoint, SecretScalar, G2_BYTES},
    identity::Identity,
    keys::IdentityKey,
};

/// Bytes of an escrow.
pub const ESCROW_BYTES: usize = 8 + G2_BYTES + 32 + 32;

const H2_TAG: &[u8] = b"ZKDKIM-SALT-V1-H2";
const H3_TAG: &[u8] = b"ZKDKIM-SALT-V1-H3";
const H4_TAG: &[u8] = b"ZKDKIM-SALT-V1-H4";

/// A salt, encrypted to an address. Public: anybody may keep it, and it tells nobody whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Escrow {
    u: PublicPoint,
    v: [u8; 32],
    w: [u8; 32],
}

impl Escrow {
    /// Encrypts a salt to an address under a network's master public key. No mail and no node is needed for it.
    pub fn seal(
        identity: &Identity,
        master: &PublicPoint,
        salt: &Salt,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Escrow {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::seal_with(identity, master, salt, &seed)
    }

    /// As [`Self::seal`], with the seed σ: only for known answers, since a seed that is used twice or guessed gives the
    /// salt away.
    pub(crate) fn seal_with(
        identity: &Identity,
        master: &PublicPoint,
        salt: &Salt,
        seed: &[u8; 32],
    ) -> Escrow {
        let plain = salt_bytes(salt);
        let r = exponent(identity, seed, &plain);
        let u = r.public();
        let shared = pairing_bytes(&identity.point().times(&r), master);
        Escrow { u, v: xor(seed, &mask(identity, &u, &*shared)), w: xor(&plain, &pad(seed)) }
    }

    /// Opens it with the key of an address: the salt, if it was encrypted to that address.
    ///
    /// # Errors
    ///
    /// [`Error::Escrow`] where it is for another address, network or key, or was altered in any bit.
    pub fn open(&self, identity: &Identity, key: &IdentityKey) -> Result<Salt> {
        let shared = pairing_bytes(key.point(), &self.u);
        let seed = Zeroizing::new(xor(&self.v, &mask(identity, &self.u, &*shared)));
        let plain = Zeroizing::new(xor(&self.w, &pad(&seed)));
        let u = exponent(identity, &seed, &plain).public();
        if !bool::from(u.to_bytes().ct_eq(&self.u.to_bytes())) {
            return Err(Error::Escrow);
        }
        salt_from_bytes(&plain).ok_or(Error::Escrow)
    }

    /// The 168 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Kind::Escrow, ESCROW_BYTES);
        writer.fixed(&self.u.to_bytes()).fixed(&self.v).fixed(&self.w).public()
    }

    /// Reads 168 bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] for anything but an escrow.
    pub fn from_bytes(bytes: &[u8]) -> Result<Escrow> {
        let mut reader = Reader::new(Kind::Escrow, bytes)?;
        let u = PublicPoint::from_bytes(&reader.fixed()?);
        let u = u.ok_or_else(|| reader.error("its first point is none of the group"))?;
        let escrow = Escrow { u, v: reader.fixed()?, w: reader.fixed()? };
        reader.end().map(|()| escrow)
    }
}

impl fmt::Debug for Escrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Escrow({ESCROW_BYTES} bytes)")
    }
}

/// H2: 32 bytes that only who has the pairing's value knows.
fn mask(identity: &Identity, u: &PublicPoint, shared: &[u8]) -> Zeroizing<[u8; 32]> {
    let hash = hash_of::<Sha256>(H2_TAG, identity).chain_update(u.to_bytes()).chain_update(shared);
    Zeroizing::new(hash.finalize().into())
}

/// H3: the exponent, a function of everything that is encrypted and of whom it is for.
fn exponent(identity: &Identity, seed: &[u8; 32], plain: &[u8; 32]) -> SecretScalar {
    scalar_of_digest(hash_of::<Sha512>(H3_TAG, identity).chain_update(seed).chain_update(plain))
}

/// H4: 32 bytes from the seed.
fn pad(seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Sha256::new().chain_update(H4_TAG).chain_update(seed).finalize().into())
}

/// A hash that has taken its tag and the identity, whose parts carry their lengths.
fn hash_of<D: Digest>(tag: &[u8], identity: &Identity) -> D {
    // A message of an identity has less than 2^16 bytes.
    let len = (identity.message().len() as u16).to_be_bytes();
    D::new().chain_update(tag).chain_update(len).chain_update(identity.message())
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|i| a[i] ^ b[i])
}

/// A salt in 32 bytes, big-endian. The field's number type is not constant-time; the salt is its owner's own here.
fn salt_bytes(salt: &Salt) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    let number = Zeroizing::new(to_biguint(&salt.expose()).to_bytes_be());
    bytes[32 - number.len()..].copy_from_slice(&number);
    bytes
}

fn salt_from_bytes(bytes: &[u8; 32]) -> Option<Salt> {
    from_biguint(&num_bigint::BigUint::from_bytes_be(bytes)).map(Salt::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{group::SecretScalar, identity::MailAddress, NetworkId};
    use rand::SeedableRng;

    struct Case {
        secret: SecretScalar,
        rng: rand_chacha::ChaCha20Rng,
    }

    impl Case {
        fn new() -> Case {
            let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(8);
            Case { secret: SecretScalar::random(&mut rng), rng }
        }

        fn identity(&self, address: &str) -> Identity {
            let network = NetworkId::parse("main-1").unwrap();
            Identity::new(&network, &self.secret.public(), &MailAddress::parse(address).unwrap())
        }

        fn key(&self, identity: &Identity) -> IdentityKey {
            IdentityKey::new(identity.point().times(&self.secret))
        }
    }

    #[test]
    fn opens_for_its_address_and_for_no_other() {
        let mut case = Case::new();
        let (ann, bob) = (case.identity("ann@example.org"), case.identity("bob@example.org"));
        let salt = Salt::random(&mut case.rng);
        let escrow = Escrow::seal(&ann, &case.secret.public(), &salt, &mut case.rng);
        assert!(escrow.open(&ann, &case.key(&ann)).unwrap() == salt);
        assert_eq!(escrow.open(&bob, &case.key(&bob)).err(), Some(Error::Escrow));
        assert_eq!(escrow.open(&ann, &case.key(&bob)).err(), Some(Error::Escrow));
        assert_eq!(escrow.open(&bob, &case.key(&ann)).err(), Some(Error::Escrow));
        let again = Escrow::seal(&ann, &case.secret.public(), &salt, &mut case.rng);
        assert!(escrow != again, "encryption is randomised");
    }

    #[test]
    fn rejects_altered_bytes() {
        let mut case = Case::new();
        let ann = case.identity("ann@example.org");
        let key = case.key(&ann);
        let salt = Salt::random(&mut case.rng);
        let bytes = Escrow::seal(&ann, &case.secret.public(), &salt, &mut case.rng).to_bytes();
        assert_eq!(bytes.len(), ESCROW_BYTES);
        // A bit of each byte, and each bit at some byte.
        for bit in (0..8 * ESCROW_BYTES).step_by(7) {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let opened = Escrow::from_bytes(&altered).and_then(|escrow| escrow.open(&ann, &key));
            assert!(opened.is_err(), "bit {bit}");
        }
        for len in [0, 8, ESCROW_BYTES - 1] {
            assert_eq!(Escrow::from_bytes(&bytes[..len]).unwrap_err().id(), "encoding");
        }
        assert!(Escrow::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
    }

    /// Without the check of U this would open: V and W are only masked.
    #[test]
    fn rejects_a_mauled_escrow_that_keeps_its_point() {
        let mut case = Case::new();
        let ann = case.identity("ann@example.org");
        let salt = Salt::random(&mut case.rng);
        let mut escrow = Escrow::seal(&ann, &case.secret.public(), &salt, &mut case.rng);
        escrow.w[31] ^= 1;
        assert_eq!(escrow.open(&ann, &case.key(&ann)).err(), Some(Error::Escrow));
    }

    #[test]
    fn a_number_that_is_no_salt_does_not_open() {
        let case = Case::new();
        let ann = case.identity("ann@example.org");
        let (seed, plain) = ([7; 32], [0xff; 32]);
        let r = exponent(&ann, &seed, &plain);
        let shared = pairing_bytes(&ann.point().times(&r), &case.secret.public());
        let u = r.public();
        let v = xor(&seed, &mask(&ann, &u, &*shared));
        let escrow = Escrow { u, v, w: xor(&plain, &pad(&seed)) };
        assert_eq!(escrow.open(&ann, &case.key(&ann)).err(), Some(Error::Escrow));
    }
}
