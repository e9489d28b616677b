//! BLS12-381: scalars, the two groups, the pairing, and how each is written.
//!
//! Points are compressed as the ZCash encoding says (48 bytes in G1, 96 in G2). Whatever is decoded lies in the subgroup
//! of order q and is not the identity; scalars are big-endian and below q. Operations on secrets (scalar multiplication,
//! pairing, inversion) take the same time for all values; only public points are compared in variable time.

use std::fmt;

use ic_bls12_381::{
    hash_to_curve::{ExpandMsgXmd, HashToCurve},
    multi_miller_loop, pairing, G1Affine, G1Projective, G2Affine, G2Prepared, G2Projective, Gt,
    Scalar,
};
use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a point of G1: a partial or whole identity key.
pub const G1_BYTES: usize = 48;
/// Bytes of a point of G2: a public key or a commitment.
pub const G2_BYTES: usize = 96;
/// Bytes of a scalar.
pub const SCALAR_BYTES: usize = 32;

/// RFC 9380 §3.1: a tag of our own, which ends with the suite's name.
pub(crate) const HASH_TO_G1_TAG: &[u8] = b"ZKDKIM-SALT-V1-BLS12381G1_XMD:SHA-256_SSWU_RO_";

/// A secret number modulo q; overwritten when dropped.
#[derive(Clone)]
pub(crate) struct SecretScalar(pub(crate) Scalar);

impl SecretScalar {
    /// Uniform but for 2^-257, and not zero.
    pub(crate) fn random(rng: &mut (impl RngCore + CryptoRng)) -> SecretScalar {
        let mut wide = Zeroizing::new([0; 64]);
        loop {
            rng.fill_bytes(&mut *wide);
            let scalar = Scalar::from_bytes_wide(&wide);
            if !bool::from(scalar.ct_eq(&Scalar::zero())) {
                return SecretScalar(scalar);
            }
        }
    }

    /// Big-endian, below q, not zero.
    pub(crate) fn from_bytes(bytes: &[u8; SCALAR_BYTES]) -> Option<SecretScalar> {
        let mut little = Zeroizing::new(*bytes);
        little.reverse();
        let scalar = Option::<Scalar>::from(Scalar::from_bytes(&little)).map(SecretScalar)?;
        (!bool::from(scalar.0.ct_eq(&Scalar::zero()))).then_some(scalar)
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; SCALAR_BYTES]> {
        let mut bytes = Zeroizing::new(self.0.to_bytes());
        bytes.reverse();
        bytes
    }

    /// The public point of the secret.
    pub(crate) fn public(&self) -> PublicPoint {
        PublicPoint(G2Affine::from(G2Projective::generator() * self.0))
    }
}

impl Drop for SecretScalar {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretScalar(redacted)")
    }
}

/// A point of G2: the public key of a secret that somebody, or nobody, holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicPoint(pub(crate) G2Affine);

impl PublicPoint {
    /// Reads 96 bytes; none for what is not in the subgroup, is the identity, or is written otherwise.
    pub fn from_bytes(bytes: &[u8; G2_BYTES]) -> Option<PublicPoint> {
        let point = Option::<G2Affine>::from(G2Affine::from_compressed(bytes))?;
        (!bool::from(point.is_identity())).then_some(PublicPoint(point))
    }

    /// The compressed form.
    pub fn to_bytes(&self) -> [u8; G2_BYTES] {
        self.0.to_compressed()
    }
}

/// A point of G1; secret where it is a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyPoint(pub(crate) G1Affine);

impl KeyPoint {
    pub(crate) fn from_bytes(bytes: &[u8; G1_BYTES]) -> Option<KeyPoint> {
        let point = Option::<G1Affine>::from(G1Affine::from_compressed(bytes))?;
        (!bool::from(point.is_identity())).then_some(KeyPoint(point))
    }

    pub(crate) fn to_bytes(self) -> [u8; G1_BYTES] {
        self.0.to_compressed()
    }

    /// RFC 9380, `BLS12381G1_XMD:SHA-256_SSWU_RO_`.
    pub(crate) fn hash(message: &[u8], tag: &[u8]) -> KeyPoint {
        let point =
            <G1Projective as HashToCurve<ExpandMsgXmd<Sha256>>>::hash_to_curve(message, tag);
        KeyPoint(G1Affine::from(point))
    }

    pub(crate) fn times(&self, scalar: &SecretScalar) -> KeyPoint {
        KeyPoint(G1Affine::from(self.0 * scalar.0))
    }
}

impl Zeroize for KeyPoint {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

/// Whether e(a, G2) = e(b, key), in one final exponentiation.
pub(crate) fn is_key_of(a: &KeyPoint, b: &KeyPoint, key: &PublicPoint) -> bool {
    let generator = G2Prepared::from(-G2Affine::generator());
    let key = G2Prepared::from(key.0);
    let product = multi_miller_loop(&[(&a.0, &generator), (&b.0, &key)]).final_exponentiation();
    bool::from(product.ct_eq(&Gt::identity()))
}

/// e(a, b) as bytes; docs/escrow.md says which pairing and which order of coefficients.
pub(crate) fn pairing_bytes(a: &KeyPoint, b: &PublicPoint) -> Zeroizing<[u8; 576]> {
    Zeroizing::new(pairing(&a.0, &b.0).to_bytes())
}

/// A SHA-512 digest modulo q, as a little-endian number: uniform but for 2^-257.
pub(crate) fn scalar_of_digest(hash: Sha512) -> SecretScalar {
    let mut wide = Zeroizing::new([0; 64]);
    wide.copy_from_slice(&hash.finalize());
    SecretScalar(Scalar::from_bytes_wide(&wide))
}

/// The Lagrange coefficient at 0 of `index` among `indices`, which are distinct and not zero.
pub(crate) fn lagrange_at_zero(index: u8, indices: impl Iterator<Item = u8>) -> Scalar {
    lagrange(index, indices, Scalar::zero())
}

/// The Lagrange coefficient at `x` of `index` among `indices`, which are distinct.
pub(crate) fn lagrange(index: u8, indices: impl Iterator<Item = u8>, x: Scalar) -> Scalar {
    let at = |index: u8| Scalar::from(u64::from(index));
    let (mut above, mut below) = (Scalar::one(), Scalar::one());
    for other in indices.filter(|other| *other != index) {
        above *= x - at(other);
        below *= at(index) - at(other);
    }
    // Distinct indices below 256: never zero.
    above * below.invert().unwrap_or(Scalar::zero())
}

/// Σ coefficientᵢ · pointᵢ in G2.
pub(crate) fn combine_public(terms: impl Iterator<Item = (Scalar, G2Affine)>) -> G2Affine {
    let sum = terms.fold(G2Projective::identity(), |sum, (scalar, point)| sum + point * scalar);
    G2Affine::from(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::seed_from_u64(3)
    }

    /// RFC 9380 §J.9.1.
    #[test]
    fn hashing_is_that_of_rfc_9380() {
        let tag = b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_";
        for (message, x, y) in [
            (
                &b""[..],
                "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1",
                "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265",
            ),
            (
                b"abc",
                "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903",
                "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d",
            ),
        ] {
            let point = KeyPoint::hash(message, tag).0.to_uncompressed();
            assert_eq!(hex::encode(&point[..48]), x);
            assert_eq!(hex::encode(&point[48..]), y);
        }
    }

    #[test]
    fn rejects_points_outside_the_subgroup_and_the_identity() {
        // x = 0 lies on both curves with points outside the subgroup: y² = 4 in G1.
        let mut outside = [0; G1_BYTES];
        outside[0] = 0x80;
        assert!(bool::from(G1Affine::from_compressed_unchecked(&outside).is_some()));
        assert!(KeyPoint::from_bytes(&outside).is_none());
        let identity = G1Affine::identity().to_compressed();
        assert!(bool::from(G1Affine::from_compressed(&identity).is_some()));
        assert!(KeyPoint::from_bytes(&identity).is_none());
        let identity = G2Affine::identity().to_compressed();
        assert!(bool::from(G2Affine::from_compressed(&identity).is_some()));
        assert!(PublicPoint::from_bytes(&identity).is_none());

        let mut found = 0;
        let mut outside = [0; G2_BYTES];
        for low in 0..64 {
            (outside[0], outside[95]) = (0x80, low);
            if bool::from(G2Affine::from_compressed_unchecked(&outside).is_some()) {
                assert!(PublicPoint::from_bytes(&outside).is_none());
                found += 1;
            }
        }
        assert!(found > 10, "{found} points of the curve");
    }

    #[test]
    fn rejects_second_encodings() {
        let secret = SecretScalar::random(&mut rng());
        let point = KeyPoint::hash(b"x", HASH_TO_G1_TAG).times(&secret);
        assert!(KeyPoint::from_bytes(&point.to_bytes()) == Some(point));
        let public = secret.public();
        assert_eq!(PublicPoint::from_bytes(&public.to_bytes()), Some(public));
        // Without the flag of compression; with that of infinity.
        for flag in [0x80, 0x40] {
            let (mut g1, mut g2) = (point.to_bytes(), public.to_bytes());
            (g1[0], g2[0]) = (g1[0] ^ flag, g2[0] ^ flag);
            assert!(KeyPoint::from_bytes(&g1).is_none() && PublicPoint::from_bytes(&g2).is_none());
        }
        // A coordinate that is not below p.
        assert!(KeyPoint::from_bytes(&[0x9f; 48]).is_none());
        assert!(PublicPoint::from_bytes(&[0x9f; 96]).is_none());
    }

    #[test]
    fn scalars_are_below_q_and_not_zero() {
        let secret = SecretScalar::random(&mut rng());
        let again = SecretScalar::from_bytes(&secret.to_bytes()).unwrap();
        assert_eq!(again.0, secret.0);
        let q = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
        let q: [u8; 32] = hex::decode(q).unwrap().try_into().unwrap();
        assert!(SecretScalar::from_bytes(&q).is_none());
        assert!(SecretScalar::from_bytes(&[0; 32]).is_none());
        assert!(SecretScalar::from_bytes(&[0xff; 32]).is_none());
        let mut last = q;
        last[31] = 0;
        assert!(SecretScalar::from_bytes(&last).is_some());
        assert_eq!(format!("{secret:?}"), "SecretScalar(redacted)");
    }

    #[test]
    fn the_pairing_tells_a_key_from_others() {
        let (secret, other) = (SecretScalar::random(&mut rng()), SecretScalar(Scalar::from(5)));
        let base = KeyPoint::hash(b"x", HASH_TO_G1_TAG);
        assert!(is_key_of(&base.times(&secret), &base, &secret.public()));
        assert!(!is_key_of(&base.times(&other), &base, &secret.public()));
        assert!(!is_key_of(&base.times(&secret), &base, &other.public()));
    }

    #[test]
    fn interpolation_finds_the_constant_term() {
        let coefficients = [7u64, 11, 13].map(Scalar::from);
        let at = |x: u64| {
            let x = Scalar::from(x);
            coefficients[0] + x * (coefficients[1] + x * coefficients[2])
        };
        let indices = [2u8, 9, 255];
        let sum = |x: Scalar| {
            indices.iter().fold(Scalar::zero(), |sum, i| {
                sum + at(u64::from(*i)) * lagrange(*i, indices.into_iter(), x)
            })
        };
        assert_eq!(sum(Scalar::zero()), coefficients[0]);
        assert_eq!(sum(Scalar::from(77)), at(77));
    }
}
