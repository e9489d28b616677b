//! The file of a one-time key: what answers of nodes are sealed to, and nothing else.
//!
//! ```json
//! { "type": "zkdkim-salt-once-key", "version": 1, "key": "0x…", "until": 1800000000 }
//! ```
//!
//! Until the mail's answers are opened it is as secret as the salt; then it may be deleted.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zkdkim_salt::OpeningKey;

use crate::error::{Error, Result};

const TYPE: &str = "zkdkim-salt-once-key";
const VERSION: u32 = 1;

/// A one-time key.
#[derive(Clone, Debug)]
pub struct OnceKey {
    /// Opens the answers.
    pub opening: OpeningKey,
    /// Where a new key has to consent: the time that the consent names, in seconds since 1970.
    pub until: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json<'a> {
    // Borrowed from a buffer that is zeroized.
    r#type: &'a str,
    version: u32,
    key: &'a str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

impl OnceKey {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::OnceKey`]; it quotes nothing.
    pub fn from_json(bytes: &[u8]) -> Result<OnceKey> {
        let bad = |detail| Error::OnceKey { detail };
        let json: Json<'_> = serde_json::from_slice(bytes)
            .map_err(|_| bad("it is not as this program writes it"))?;
        if json.r#type != TYPE || json.version != VERSION {
            return Err(bad("its type or version is another"));
        }
        let digits = json.key.strip_prefix("0x").unwrap_or_default();
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, &mut *key)
            .map_err(|_| bad("its key is not 0x and 64 digits"))?;
        Ok(OnceKey { opening: OpeningKey::from_bytes(&key)?, until: json.until })
    }

    /// The content of the file; whoever keeps it keeps it secret.
    pub fn to_json(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(format!("0x{}", hex::encode(*self.opening.expose())));
        let json = Json { r#type: TYPE, version: VERSION, key: &key, until: self.until };
        // Strings and numbers only: nothing that the serialiser could refuse.
        Zeroizing::new(serde_json::to_string_pretty(&json).unwrap_or_default() + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        for until in [None, Some(7)] {
            let key = OnceKey { opening: OpeningKey::random(&mut rng), until };
            let again = OnceKey::from_json(key.to_json().as_bytes()).unwrap();
            assert!(
                again.opening.sealing_key() == key.opening.sealing_key() && again.until == until
            );
        }
    }

    #[test]
    fn errors_show_no_secret() {
        let digits = "7".repeat(64);
        for text in [
            digits.clone(),
            format!("{{\"type\":\"{TYPE}\",\"version\":2,\"key\":\"0x{digits}\"}}"),
            format!("{{\"type\":\"{TYPE}\",\"version\":1,\"key\":\"{digits}\"}}"),
            format!("{{\"type\":\"{TYPE}\",\"version\":1,\"key\":\"0x{digits}7\"}}"),
            format!("{{\"type\":\"{TYPE}\",\"version\":1,\"key\":\"0x{digits}\",\"x\":1}}"),
        ] {
            let error = OnceKey::from_json(text.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains("777"), "{error}");
        }
    }
}
