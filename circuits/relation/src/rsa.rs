//! RSASSA-PKCS1-v1_5 with SHA-256, 2,048 bits and e = 65537 (RFC 8017 §8.2.2, §9.2).
//!
//! The whole encoded block is computed and compared, never parsed: a verifier that parses the
//! padding is how signatures with a small exponent were forged.

use crate::refusal::{Part, Place, Refusal, Rule};
use num_bigint::BigUint;

/// The only modulus size of the statement.
pub const MODULUS_BITS: u64 = 2048;
/// The same in bytes.
pub const MODULUS_BYTES: usize = 256;
/// The only public exponent.
pub const EXPONENT: u32 = 65537;

/// The DigestInfo of SHA-256 before the digest (RFC 8017 §9.2, note 1).
pub const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// The EMSA-PKCS1-v1_5 encoding of a SHA-256 digest for a 2,048-bit key, big-endian.
pub fn encode(digest: &[u8; 32]) -> [u8; MODULUS_BYTES] {
    const DIGEST_AT: usize = MODULUS_BYTES - 32;
    const INFO_AT: usize = DIGEST_AT - DIGEST_INFO.len();
    let mut block = [0xff; MODULUS_BYTES];
    block[0] = 0;
    block[1] = 1;
    block[INFO_AT - 1] = 0;
    block[INFO_AT..DIGEST_AT].copy_from_slice(&DIGEST_INFO);
    block[DIGEST_AT..].copy_from_slice(digest);
    block
}

/// A signature value from its bytes: exactly as long as the modulus (RFC 8017 §8.2.2 step 1).
pub fn signature_from_bytes(bytes: &[u8]) -> Result<BigUint, Refusal> {
    if bytes.len() != MODULUS_BYTES {
        let detail = format!("a signature of {} bytes, not {MODULUS_BYTES}", bytes.len());
        return Err(Refusal::new(Rule::SignatureEncoding, Place::part(Part::Input), detail));
    }
    Ok(BigUint::from_bytes_be(bytes))
}

/// Overwrites a signature value: best effort, as the number type offers no zeroizing of its own.
pub fn wipe(signature: &mut BigUint) {
    signature.assign_from_slice(&[0; MODULUS_BYTES / 4]);
    std::hint::black_box(signature);
}

/// Clauses 1.1 and 1.2, with the signature below the modulus.
pub fn verify(digest: &[u8; 32], signature: &BigUint, modulus: &BigUint) -> Result<(), Refusal> {
    let refuse = |rule, detail: String| Err(Refusal::new(rule, Place::part(Part::Input), detail));
    if modulus.bits() != MODULUS_BITS {
        return refuse(Rule::KeySize, format!("a modulus of {} bits", modulus.bits()));
    }
    if !modulus.bit(0) {
        return refuse(Rule::KeySize, "an even modulus".into());
    }
    if signature >= modulus {
        return refuse(Rule::SignatureEncoding, "the signature is not below the modulus".into());
    }
    let opened = signature.modpow(&EXPONENT.into(), modulus);
    if opened != BigUint::from_bytes_be(&encode(digest)) {
        let detail = "the signature does not fit the signed header and the key";
        return Err(Refusal::new(Rule::RsaSignature, Place::part(Part::Input), detail).hint(
            "the message was changed after signing, or the key is another one; take the \
             original from the mailbox (\"show original\", \"download message\")",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::rsa::signature::{SignatureEncoding, Signer};
    use ::rsa::{pkcs1v15::SigningKey, traits::PublicKeyParts, RsaPrivateKey};
    use rand::SeedableRng;
    use sha2::{Digest, Sha256};

    fn fixture() -> ([u8; 32], BigUint, BigUint) {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let key = RsaPrivateKey::new(&mut rng, 2048).unwrap();
        let modulus = BigUint::from_bytes_be(&key.n().to_bytes_be());
        let signature = SigningKey::<Sha256>::new(key).sign(b"header").to_vec();
        (Sha256::digest(b"header").into(), signature_from_bytes(&signature).unwrap(), modulus)
    }

    #[test]
    fn accepts_a_signature_of_another_implementation() {
        let (digest, signature, modulus) = fixture();
        assert_eq!(verify(&digest, &signature, &modulus), Ok(()));
    }

    #[test]
    fn rejects_every_other_signature() {
        let (digest, signature, modulus) = fixture();
        let rule = |s: &BigUint| verify(&digest, s, &modulus).unwrap_err().rule;
        assert_eq!(rule(&(&signature + &modulus)), Rule::SignatureEncoding);
        assert_eq!(rule(&modulus), Rule::SignatureEncoding);
        for s in
            [&modulus - 1u32, &modulus - &signature, &signature + 1u32, 0u32.into(), 1u32.into()]
        {
            assert_eq!(rule(&s), Rule::RsaSignature);
        }
        let mut other = digest;
        other[31] ^= 1;
        assert_eq!(verify(&other, &signature, &modulus).unwrap_err().rule, Rule::RsaSignature);
    }

    #[test]
    fn rejects_other_sizes_and_even_moduli() {
        let (digest, signature, modulus) = fixture();
        for other in [&modulus >> 1u32, &modulus << 1u32, BigUint::from(0u32), &modulus - 1u32] {
            assert_eq!(verify(&digest, &signature, &other).unwrap_err().rule, Rule::KeySize);
        }
        for len in [0, 255, 257] {
            assert!(signature_from_bytes(&vec![1; len]).is_err());
        }
    }

    #[test]
    fn nothing_is_left_of_a_wiped_signature() {
        let (_, mut signature, _) = fixture();
        wipe(&mut signature);
        assert_eq!(signature, BigUint::from(0u32));
    }

    #[test]
    fn the_encoding_is_the_one_of_rfc_8017() {
        let block = encode(&[0xab; 32]);
        assert_eq!(&block[..2], [0, 1]);
        assert!(block[2..204].iter().all(|&b| b == 0xff));
        assert_eq!(block[204], 0);
        assert_eq!(&block[205..224], DIGEST_INFO);
        assert_eq!(&block[224..], [0xab; 32]);
    }
}
