//! The salt: the account owner's secret, a random field element in a file of its own.
//!
//! ```json
//! { "type": "zkdkim-salt", "version": 1, "salt": "0x…" }
//! ```
//!
//! Without it nobody can link commitments and nullifiers to an address (S16, S19 of the security
//! requirements), and with it gone no recovery can be proved: the file is never overwritten unasked.

use std::fmt;

use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field};

use crate::{
    error::{Error, Result},
    hex_form::{field_from_hex, field_hex},
};

const TYPE: &str = "zkdkim-salt";
const VERSION: u32 = 1;
/// Fewer leading zero bits than this have a random salt, but for one in 2^64.
const MIN_BITS_BYTES: usize = 16;

/// A salt; `Debug` shows nothing of it.
pub struct Salt(Fr);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(redacted)")
    }
}

/// Best effort: the field type cannot be zeroized, so it is overwritten and the compiler is told that
/// somebody looks.
impl Drop for Salt {
    fn drop(&mut self) {
        self.0 = Fr::ZERO;
        std::hint::black_box(&self.0);
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json<'a> {
    // Borrowed from a buffer that is zeroized.
    r#type: &'a str,
    version: u32,
    salt: &'a str,
}

impl Salt {
    /// A new salt, uniform in the field.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Salt {
        Salt(Fr::random(rng))
    }

    /// The secret itself, to compute with.
    pub fn expose(&self) -> Fr {
        self.0
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// [`Error::SaltFile`] for anything but a salt of at least 128 bits.
    pub fn from_json(bytes: &[u8]) -> Result<Salt> {
        // No detail of serde's: it quotes the content.
        let bad = |detail| Error::SaltFile { detail };
        let json: Json<'_> = serde_json::from_slice(bytes)
            .map_err(|_| bad("not a salt file as `zkdkim salt new` writes it"))?;
        if json.r#type != TYPE || json.version != VERSION {
            return Err(bad("not a salt file of version 1"));
        }
        let salt = field_from_hex(json.salt).ok_or_else(|| bad("the salt is no field element"))?;
        let digits = &json.salt.as_bytes()[2..];
        if digits[..64 - 2 * MIN_BITS_BYTES].iter().all(|&digit| digit == b'0') {
            return Err(bad("the salt has less than 128 bits; it could be guessed"));
        }
        Ok(Salt(salt))
    }

    /// The JSON form; whoever keeps it keeps it secret.
    pub fn to_json(&self) -> Zeroizing<String> {
        let salt = Zeroizing::new(field_hex(&self.0));
        let json = Json { r#type: TYPE, version: VERSION, salt: &salt };
        // Strings and numbers only: nothing that the serialiser could refuse.
        Zeroizing::new(serde_json::to_string_pretty(&json).unwrap_or_default() + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::OsRng;

    #[test]
    fn accepts_what_it_wrote() {
        let salt = Salt::random(&mut OsRng);
        let again = Salt::from_json(salt.to_json().as_bytes()).unwrap();
        assert_eq!(again.expose(), salt.expose());
        assert_ne!(Salt::random(&mut OsRng).expose(), salt.expose());
    }

    #[test]
    fn debug_and_errors_show_no_secret() {
        let salt = Salt::random(&mut OsRng);
        let hex = field_hex(&salt.expose());
        assert_eq!(format!("{salt:?}"), "Salt(redacted)");
        for text in [
            hex.clone(),
            format!("{{\"type\":\"zkdkim-salt\",\"version\":2,\"salt\":\"{hex}\"}}"),
            format!("{{\"type\":\"zkdkim-salt\",\"version\":1,\"salt\":\"{hex}0\"}}"),
            format!("{{\"type\":\"zkdkim-salt\",\"version\":\"{hex}\"}}"),
        ] {
            let error = Salt::from_json(text.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains(&hex[2..20]), "{error}");
        }
    }

    #[test]
    fn rejects_a_salt_that_could_be_guessed() {
        let error = Salt::from_json(Salt(Fr::from(7)).to_json().as_bytes()).unwrap_err();
        assert!(error.to_string().contains("128 bits"));
    }
}
