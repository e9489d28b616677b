//! The two Subjects that open a salt. Each is the whole Subject: an automatic answer, `Re: …`, is signed by the domain too.
//!
//! ```text
//! zkdkim salt 1 NETWORK KEY CHAIN:BLOCK:HASH
//! Recover 0x<account> on <chain id> nonce <nonce> to 0x<new key>
//! ```
//!
//! KEY is the one-time key that the answer is sealed to (64 lower-case hexadecimal digits), HASH the first eight bytes of
//! the block's hash (16 digits): it shows that the mail was not written before the block, where the provider signs no time.
//! `Guard …` and `Cancel …`, which the recovery contracts ask for too, open nothing: they name no key that could say where to
//! seal the answer.

use std::{fmt, str::FromStr};

use zkdkim_relation::recovery_subject::{Action, Command};

use crate::{identity::NetworkId, seal::SealingKey};

const PREFIX: &str = "zkdkim salt 1 ";

/// The Subject of a mail that does nothing but open a salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaltSubject {
    /// The network that is asked.
    pub network: NetworkId,
    /// The key that answers are sealed to; of this one request.
    pub key: SealingKey,
    /// EIP-155 identifier of a chain that the nodes follow.
    pub chain: u64,
    /// Number of a block of it, at most two hours old.
    pub block: u64,
    /// The first eight bytes of the block's hash.
    pub hash: [u8; 8],
}

impl fmt::Display for SaltSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{} ", self.network)?;
        self.key.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, " {}:{}:", self.chain, self.block)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SaltSubject {
    type Err = ();

    /// Exactly what [`fmt::Display`] writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, ()> {
        let words: Vec<&str> = text.strip_prefix(PREFIX).ok_or(())?.split(' ').collect();
        let [network, key, moment] = words[..] else { return Err(()) };
        let parts: Vec<&str> = moment.split(':').collect();
        let [chain, block, hash] = parts[..] else { return Err(()) };
        let subject = SaltSubject {
            network: NetworkId::parse(network).map_err(drop)?,
            key: SealingKey::from_bytes(&digits(key).ok_or(())?).ok_or(())?,
            chain: chain.parse().map_err(drop)?,
            block: block.parse().map_err(drop)?,
            hash: digits(hash).ok_or(())?,
        };
        // Written again it must be the same text: no capitals, no leading zeros or signs.
        (subject.to_string() == text).then_some(subject).ok_or(())
    }
}

/// Exactly N bytes in hexadecimal.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digit = |d: u8| (d as char).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some(bytes)
}

/// What a Subject asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectForm {
    /// To open a salt, and nothing else.
    Salt(SaltSubject),
    /// A recovery that names a new key, which may have the salt opened too.
    Recover(Command),
}

impl SubjectForm {
    /// Reads a whole Subject; the reason where it is neither form.
    pub fn parse(subject: &[u8]) -> Result<SubjectForm, &'static str> {
        let text = std::str::from_utf8(subject).map_err(|_| NEITHER)?;
        if let Ok(salt) = text.parse() {
            return Ok(SubjectForm::Salt(salt));
        }
        match text.parse::<Command>() {
            Ok(command) if matches!(command.action, Action::Recover(_)) => {
                Ok(SubjectForm::Recover(command))
            }
            Ok(_) => Err("it names no key that the answer could be sealed to"),
            Err(()) => Err(NEITHER),
        }
    }
}

const NEITHER: &str =
    "it is neither \"zkdkim salt 1 …\" nor \"Recover 0x… on … nonce … to 0x…\", as a whole";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpeningKey;
    use rand::SeedableRng;

    fn subject() -> SaltSubject {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(20);
        SaltSubject {
            network: NetworkId::parse("main-1").unwrap(),
            key: OpeningKey::random(&mut rng).sealing_key(),
            chain: 1,
            block: 20_000_000,
            hash: [0xab; 8],
        }
    }

    #[test]
    fn a_subject_is_read_as_it_was_written() {
        let subject = subject();
        let text = subject.to_string();
        assert_eq!(SubjectForm::parse(text.as_bytes()), Ok(SubjectForm::Salt(subject)));
    }

    #[test]
    fn the_longest_subject_fits_into_a_proof() {
        let network = NetworkId::parse(&"n".repeat(32)).unwrap();
        let longest = SaltSubject { network, chain: u64::MAX, block: u64::MAX, ..subject() };
        assert!(longest.to_string().len() <= zkdkim_relation::header::MAX_SUBJECT_BYTES);
    }

    #[test]
    fn only_the_whole_subject_counts() {
        let text = subject().to_string();
        let recover = "Recover 0x1111111111111111111111111111111111111111 on 1 nonce 0 to \
                       0x2222222222222222222222222222222222222222";
        assert!(matches!(SubjectForm::parse(recover.as_bytes()), Ok(SubjectForm::Recover(_))));
        for good in [&text[..], recover] {
            let words: Vec<_> = good.split(' ').collect();
            for bad in [
                format!("Re: {good}"),
                format!(" {good}"),
                format!("{good} "),
                format!("{good}\n"),
                format!("[x] {good}"),
                format!("{good} (x)"),
                good.replacen(' ', "  ", 1),
                words[..words.len() - 1].join(" "),
                good.to_uppercase(),
            ] {
                assert!(SubjectForm::parse(bad.as_bytes()).is_err(), "{bad}");
            }
        }
        for (from, to) in [
            ("salt 1 ", "salt 2 "),
            ("salt 1 ", "salt 01 "),
            (" 1:", " 01:"),
            (" 1:", " +1:"),
            (" 1:", " 99999999999999999999:"),
            ("abab", "ABAB"),
            ("abab", "ababab"),
            ("abab", "abag"),
            ("main-1", "Main-1"),
            (":20000000:", "::"),
            (":20000000:", ":"),
        ] {
            let bad = text.replacen(from, to, 1);
            assert!(bad != text && SubjectForm::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let zero = text.replacen(text.split(' ').nth(4).unwrap(), &"0".repeat(64), 1);
        assert!(SubjectForm::parse(zero.as_bytes()).is_err());
    }

    #[test]
    fn a_command_without_a_key_opens_nothing() {
        for verb in ["Guard", "Cancel"] {
            let text = format!("{verb} 0x1111111111111111111111111111111111111111 on 1 nonce 0");
            assert!(SubjectForm::parse(text.as_bytes()).unwrap_err().contains("names no key"));
        }
        assert!(SubjectForm::parse(b"\xff").is_err());
    }
}
