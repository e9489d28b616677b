//! The salt: the account owner's secret, a random field element in a file of its own.
//!
//! ```json
//! { "type": "zkdkim-salt", "version": 1, "salt": "0x…" }
//! ```
//!
//! Without it nobody can link commitments and nullifiers to an address (S16, S19 of the security
//! requirements), and with it gone no recovery can be proved: the file is never overwritten unasked.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zkdkim_relation::Salt;

use crate::{
    error::{Error, Result},
    hex_form::{field_from_hex, field_hex},
};

const TYPE: &str = "zkdkim-salt";
const VERSION: u32 = 1;
/// Fewer leading zero bits than this have a random salt, but for one in 2^64.
const MIN_BITS_BYTES: usize = 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json<'a> {
    // Borrowed from a buffer that is zeroized.
    r#type: &'a str,
    version: u32,
    salt: &'a str,
}

/// Reads a salt out of its file.
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
    Ok(Salt::new(salt))
}

/// The content of a salt's file; whoever keeps it keeps it secret.
pub fn to_json(salt: &Salt) -> Zeroizing<String> {
    let salt = Zeroizing::new(field_hex(&salt.expose()));
    let json = Json { r#type: TYPE, version: VERSION, salt: &salt };
    // Strings and numbers only: nothing that the serialiser could refuse.
    Zeroizing::new(serde_json::to_string_pretty(&json).unwrap_or_default() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::OsRng;
    use zkdkim_relation::Fr;

    #[test]
    fn accepts_what_it_wrote() {
        let salt = Salt::random(&mut OsRng);
        let again = from_json(to_json(&salt).as_bytes()).unwrap();
        assert_eq!(again.expose(), salt.expose());
        assert_ne!(Salt::random(&mut OsRng).expose(), salt.expose());
    }

    #[test]
    fn errors_show_no_secret() {
        let salt = Salt::random(&mut OsRng);
        let hex = field_hex(&salt.expose());
        for text in [
            hex.clone(),
            format!("{{\"type\":\"zkdkim-salt\",\"version\":2,\"salt\":\"{hex}\"}}"),
            format!("{{\"type\":\"zkdkim-salt\",\"version\":1,\"salt\":\"{hex}0\"}}"),
            format!("{{\"type\":\"zkdkim-salt\",\"version\":\"{hex}\"}}"),
        ] {
            let error = from_json(text.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains(&hex[2..20]), "{error}");
        }
    }

    #[test]
    fn rejects_a_salt_that_could_be_guessed() {
        let error = from_json(to_json(&Salt::new(Fr::from(7))).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("128 bits"));
    }
}
