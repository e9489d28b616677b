//! Where the Subject names a new key: that key says to which key the answer is sealed.
//!
//! What it signs is a text that a wallet can show (EIP-191, `personal_sign`):
//!
//! ```text
//! zkdkim salt 1
//! network NETWORK
//! mail 0x<SHA-256 of the signed header block>
//! seal to 0x<key>
//! until <seconds since 1970>
//! ```

use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use sha3::{Digest, Keccak256};
use zkdkim_relation::recovery_subject::Address;

use crate::{identity::NetworkId, seal::SealingKey};

/// A consent may reach so far into the future.
pub const MAX_CONSENT_SECONDS: u64 = 48 * 3600;
/// Longest signature: 65 bytes of a key of its own, or what a contract takes (ERC-1271).
pub const MAX_CONSENT_SIGNATURE_BYTES: usize = 2048;

/// To which key the answer is sealed, signed by the new key of the Subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The key that the answer is sealed to.
    pub seal_to: SealingKey,
    /// Seconds since 1970 after which it is void.
    pub until: u64,
    /// The signature on [`Consent::hash`].
    pub signature: Vec<u8>,
}

impl Consent {
    /// The text that is signed.
    pub fn text(
        network: &NetworkId,
        header_digest: &[u8; 32],
        seal_to: &SealingKey,
        until: u64,
    ) -> String {
        let (mail, key) = (hex(header_digest), hex(&seal_to.to_bytes()));
        format!("zkdkim salt 1\nnetwork {network}\nmail 0x{mail}\nseal to 0x{key}\nuntil {until}")
    }

    /// EIP-191's hash of the text: what an account signs, or what a contract is asked about.
    pub fn hash(&self, network: &NetworkId, header_digest: &[u8; 32]) -> [u8; 32] {
        let text = Consent::text(network, header_digest, &self.seal_to, self.until);
        let prefix = format!("\x19Ethereum Signed Message:\n{}", text.len());
        Keccak256::new().chain_update(prefix).chain_update(text).finalize().into()
    }

    /// The account whose key made the signature, where it is one of 65 bytes: r, s, v. Of the two signatures (s and −s)
    /// that a key could make of one, only the lower counts.
    pub fn signer(&self, hash: &[u8; 32]) -> Option<Address> {
        let (body, v) = match self.signature.as_slice() {
            [body @ .., v] if body.len() == 64 => (body, *v),
            _ => return None,
        };
        let signature = Signature::from_slice(body).ok()?;
        if signature.normalize_s() != signature {
            return None;
        }
        let parity = match v {
            27 | 28 => v - 27,
            0 | 1 => v,
            _ => return None,
        };
        let recovery = RecoveryId::from_byte(parity)?;
        let key = VerifyingKey::recover_from_prehash(hash, &signature, recovery).ok()?;
        let point = key.to_sec1_point(false);
        let digest = Keccak256::digest(point.as_bytes().get(1..)?);
        Some(Address(digest[12..].try_into().ok()?))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpeningKey;
    use k256::ecdsa::SigningKey;
    use rand::SeedableRng;

    fn key() -> SigningKey {
        let digits = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        SigningKey::from_slice(&hex::decode(digits).unwrap()).unwrap()
    }

    /// The account of the key above, as every development chain shows it.
    const ACCOUNT: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

    fn consent() -> (Consent, [u8; 32]) {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(21);
        let seal_to = OpeningKey::random(&mut rng).sealing_key();
        let mut consent = Consent { seal_to, until: 1000, signature: vec![] };
        let hash = consent.hash(&NetworkId::parse("main-1").unwrap(), &[7; 32]);
        let (signature, recovery) = key().sign_prehash_recoverable(&hash);
        consent.signature = signature.to_bytes().to_vec();
        consent.signature.push(27 + recovery.to_byte());
        (consent, hash)
    }

    #[test]
    fn the_text_is_what_a_wallet_shows() {
        let (consent, _) = consent();
        let network = NetworkId::parse("main-1").unwrap();
        let text = Consent::text(&network, &[7; 32], &consent.seal_to, 1000);
        let lines: Vec<_> = text.split('\n').collect();
        assert_eq!(lines[..2], ["zkdkim salt 1", "network main-1"]);
        assert_eq!(lines[2], format!("mail 0x{}", "07".repeat(32)));
        assert_eq!(lines[3].len(), "seal to 0x".len() + 64);
        assert_eq!(lines[4..], ["until 1000"]);
    }

    #[test]
    fn the_account_of_the_key_is_found() {
        let (mut consent, hash) = consent();
        assert_eq!(consent.signer(&hash).unwrap().to_string(), ACCOUNT);
        consent.signature[64] -= 27;
        assert_eq!(consent.signer(&hash).unwrap().to_string(), ACCOUNT);
    }

    #[test]
    fn every_part_of_the_text_is_signed() {
        let (consent, hash) = consent();
        let network = |name| NetworkId::parse(name).unwrap();
        let later = Consent { until: 1001, ..consent.clone() };
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(22);
        let other =
            Consent { seal_to: OpeningKey::random(&mut rng).sealing_key(), ..consent.clone() };
        for changed in [
            later.hash(&network("main-1"), &[7; 32]),
            other.hash(&network("main-1"), &[7; 32]),
            consent.hash(&network("main-2"), &[7; 32]),
            consent.hash(&network("main-1"), &[8; 32]),
        ] {
            assert_ne!(changed, hash);
            assert_ne!(consent.signer(&changed).map(|a| a.to_string()).as_deref(), Some(ACCOUNT));
        }
    }

    #[test]
    fn rejects_the_other_signature_and_other_lengths() {
        let (consent, hash) = consent();
        let with = |signature: Vec<u8>| Consent { signature, ..consent.clone() }.signer(&hash);
        let signature = Signature::from_slice(&consent.signature[..64]).unwrap();
        let (r, s) = signature.split_scalars();
        let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
        let mut other = high.to_bytes().to_vec();
        other.push(27 + (1 - (consent.signature[64] - 27)));
        assert_eq!(with(other), None);
        assert_eq!(with(consent.signature[..64].to_vec()), None);
        assert_eq!(with([&consent.signature[..], &[0]].concat()), None);
        assert_eq!(with(vec![]), None);
        assert_eq!(with(vec![0; 65]), None);
        let mut odd = consent.signature.clone();
        odd[64] = 29;
        assert_eq!(with(odd), None);
    }
}
