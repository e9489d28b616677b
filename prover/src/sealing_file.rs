//! What a sealed Subject was made from: the command, and the blinding that hides it in the mail.
//!
//! ```json
//! { "type": "zkdkim-sealing", "version": 1, "command": "0x…", "blinding": "0x…" }
//! ```
//!
//! Whoever has this file and the mail knows that the one belongs to the other; without it no proof of the mail shows its
//! command.

use rand::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zkdkim_relation::{sealed, Blinding, CommandHash, Reading};

use crate::{
    error::{Error, Result},
    hex_form::{bytes_from_hex, bytes_hex, field_from_hex, field_hex},
};

const TYPE: &str = "zkdkim-sealing";
const VERSION: u32 = 1;
/// Zero digits at the start of a blinding that has 128 bits.
const MOST_ZEROS: usize = 32;

/// A command and its blinding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    /// What the contract asks for.
    pub command: CommandHash,
    /// What hides it; new for each mail.
    pub blinding: Blinding,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Json<'a> {
    // Borrowed from a buffer that is zeroized.
    r#type: &'a str,
    version: u32,
    command: &'a str,
    blinding: &'a str,
}

impl Sealing {
    /// Seals a command with a new blinding.
    pub fn new(command: CommandHash, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        Self { command, blinding: Blinding::random(rng) }
    }

    /// The Subject of the mail to send.
    pub fn subject(&self) -> String {
        sealed::sealed_subject(&self.command, &self.blinding)
    }

    /// How a proof reads that Subject.
    pub fn reading(&self) -> Reading {
        Reading::Sealed { command: self.command, blinding: self.blinding.clone() }
    }

    /// The content of its file, which is kept secret until the proof is made.
    pub fn to_json(&self) -> Zeroizing<String> {
        let blinding = Zeroizing::new(field_hex(&self.blinding.expose()));
        let command = bytes_hex(&self.command.0);
        let json = Json { r#type: TYPE, version: VERSION, command: &command, blinding: &blinding };
        // Strings and numbers only: nothing that the serialiser could refuse.
        Zeroizing::new(serde_json::to_string_pretty(&json).unwrap_or_default() + "\n")
    }

    /// Reads its file.
    ///
    /// # Errors
    ///
    /// [`Error::SealingFile`] for anything but a command of 31 bytes and a blinding of at least 128 bits.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        // No detail of serde's: it quotes the content.
        let bad = |detail| Error::SealingFile { detail };
        let json: Json<'_> = serde_json::from_slice(bytes)
            .map_err(|_| bad("not a file of a sealed Subject, with its command and blinding"))?;
        if json.r#type != TYPE || json.version != VERSION {
            return Err(bad("not a file of a sealed Subject, version 1"));
        }
        let command = command_from_hex(json.command)
            .ok_or_else(|| bad("the command is not 0x and 62 lower-case digits"))?;
        let blinding =
            field_from_hex(json.blinding).ok_or_else(|| bad("the blinding is no field element"))?;
        if json.blinding.as_bytes()[2..][..MOST_ZEROS].iter().all(|&digit| digit == b'0') {
            return Err(bad("the blinding has less than 128 bits; the command could be guessed"));
        }
        Ok(Self { command, blinding: Blinding::new(blinding) })
    }
}

/// A command as `0x` and 62 lower-case digits.
pub fn command_from_hex(text: &str) -> Option<CommandHash> {
    bytes_from_hex(text)?.try_into().ok().map(CommandHash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::OsRng;
    use zkdkim_relation::Fr;

    fn example() -> Sealing {
        Sealing::new(CommandHash([0xab; 31]), &mut OsRng)
    }

    #[test]
    fn accepts_what_it_wrote() {
        let sealing = example();
        assert_eq!(Sealing::from_json(sealing.to_json().as_bytes()).unwrap(), sealing);
        assert_ne!(example().subject(), sealing.subject());
        assert!(sealing.subject().starts_with("zkdkim "));
    }

    #[test]
    fn refuses_others_and_shows_no_secret() {
        let sealing = example();
        let text = sealing.to_json().to_string();
        let hex = field_hex(&sealing.blinding.expose());
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("zkdkim-sealing", "zkdkim-salt"),
            ("0xabab", "0xab"),
            ("0xabab", "0xABAB"),
            (&hex[..], "0x1"),
            ("}", ""),
        ] {
            let error = Sealing::from_json(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(!error.to_string().contains(&hex[2..20]), "{error}");
        }
        let weak = Sealing { blinding: Blinding::new(Fr::from(7)), ..sealing };
        let error = Sealing::from_json(weak.to_json().as_bytes()).unwrap_err();
        assert!(error.to_string().contains("128 bits"));
    }
}
