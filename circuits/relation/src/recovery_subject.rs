//! The Subjects that recovery contracts ask for, and why a given Subject is none of them.
//!
//! A proof says what the Subject is, whatever it is; the contracts of this project accept exactly three
//! forms, which they build themselves and compare byte by byte (`RecoverySubject.sol`):
//!
//! ```text
//! Guard 0x<account> on <chain id> nonce <nonce>
//! Recover 0x<account> on <chain id> nonce <nonce> to 0x<new owner>
//! Cancel 0x<account> on <chain id> nonce <nonce>
//! ```
//!
//! An account may ask for the sealed form instead ([`crate::sealed`]): then the contract compares [`Command::hash`], and the
//! Subject says nothing to those who carry it.
//!
//! Addresses are 40 lower-case hexadecimal digits, numbers decimal without leading zeros: two
//! different commands never have the same text. A new owner is an address, or the 64 digits of the keccak256 of
//! longer bytes, such as a passkey's. What is provable and none of these is useless there,
//! so [`advice`] says what became of it on its way, and what to do.

use crate::inspect::{Note, NoteId};
use crate::owner::{Owner, OwnerHash};
use crate::packing::PACKED_BYTES;
use crate::sealed::spelt_seal;
use crate::values::CommandHash;
use base64::prelude::{Engine, BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha3::{Digest, Keccak256};
use std::fmt;
use std::str::FromStr;

/// Twenty bytes of an Ethereum account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(pub [u8; 20]);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Address {
    type Err = String;

    /// `0x` and 40 hexadecimal digits, in any case.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40);
        let digits = digits.ok_or("not 0x and 40 hexadecimal digits")?.as_bytes();
        let mut bytes = [0; 20];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let digit = |d: u8| (d as char).to_digit(16).ok_or("not a hexadecimal digit");
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Address(bytes))
    }
}

impl From<Owner> for Action {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Key(key) => Action::Recover(key),
            Owner::Bytes(hash) => Action::RecoverTo(hash),
        }
    }
}

/// What a guardian says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// That it agrees to be one.
    Guard,
    /// That the account shall have this key.
    Recover(Address),
    /// That the account shall have the owner of this hash, which is no address.
    RecoverTo(OwnerHash),
    /// That the recovery that waits shall end.
    Cancel,
}

/// What a recovery contract may ask a guardian to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    /// The account that is guarded or recovered.
    pub account: Address,
    /// EIP-155 identifier of its chain.
    pub chain: u128,
    /// The number that the recovery contract has drawn for the account: for its configuration
    /// ([`Action::Guard`]), or for the round that is open.
    pub nonce: u64,
    /// What the guardian says of the account.
    pub action: Action,
}

/// The version that a command's hash names: that of the statement.
const HASH_VERSION: u128 = 2;

impl Command {
    /// The command as a sealed Subject hides it and the chain sees it: the first 31 bytes of
    /// `keccak256(abi.encode(version, chain id, recovery contract, account, action, nonce, keccak256(new owner)))`, where
    /// the new owner's data are its bytes, the 20 of an address or more, and none where no owner is set.
    pub fn hash(&self, contract: &Address) -> CommandHash {
        let none = Keccak256::digest([]).into();
        let (action, owner): (u128, [u8; 32]) = match &self.action {
            Action::Guard => (0, none),
            Action::Recover(key) => (1, Keccak256::digest(key.0).into()),
            Action::RecoverTo(OwnerHash(hash)) => (1, *hash),
            Action::Cancel => (2, none),
        };
        let number = |value: u128| {
            let mut word = [0; 32];
            word[16..].copy_from_slice(&value.to_be_bytes());
            word
        };
        let address = |Address(bytes): &Address| {
            let mut word = [0; 32];
            word[12..].copy_from_slice(bytes);
            word
        };
        let words: [[u8; 32]; 7] = [
            number(HASH_VERSION),
            number(self.chain),
            address(contract),
            address(&self.account),
            number(action),
            number(self.nonce.into()),
            owner,
        ];
        let digest: [u8; 32] = Keccak256::digest(words.concat()).into();
        let mut hash = [0; PACKED_BYTES];
        hash.copy_from_slice(&digest[..PACKED_BYTES]);
        CommandHash(hash)
    }
}

/// The Subject, as the contract builds it.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Command { account, chain, nonce, action } = self;
        match action {
            Action::Guard => write!(f, "Guard {account} on {chain} nonce {nonce}"),
            Action::Recover(key) => {
                write!(f, "Recover {account} on {chain} nonce {nonce} to {key}")
            }
            Action::RecoverTo(owner) => {
                write!(f, "Recover {account} on {chain} nonce {nonce} to {owner}")
            }
            Action::Cancel => write!(f, "Cancel {account} on {chain} nonce {nonce}"),
        }
    }
}

impl FromStr for Command {
    type Err = ();

    /// Exactly what [`fmt::Display`] writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, ()> {
        let words: Vec<&str> = text.split(' ').collect();
        let [verb, account, "on", chain, "nonce", nonce, ref rest @ ..] = words[..] else {
            return Err(());
        };
        let action = match (verb, rest) {
            ("Guard", []) => Action::Guard,
            ("Recover", ["to", owner]) => match owner.parse() {
                Ok(hash) => Action::RecoverTo(hash),
                Err(_) => Action::Recover(owner.parse().map_err(drop)?),
            },
            ("Cancel", []) => Action::Cancel,
            _ => return Err(()),
        };
        let command = Command {
            account: account.parse().map_err(drop)?,
            chain: chain.parse().map_err(drop)?,
            nonce: nonce.parse().map_err(drop)?,
            action,
        };
        // Written again it must be the same text: no capitals, no leading zeros or signs.
        (command.to_string() == text).then_some(command).ok_or(())
    }
}

/// Why no recovery contract accepts this Subject, and the remedy; none where one may.
pub fn advice(subject: &[u8]) -> Option<Note> {
    let text = String::from_utf8_lossy(subject);
    if text.parse::<Command>().is_ok() || spelt_seal(subject).is_some() {
        return None;
    }
    let (cause, remedy) = cause(&text);
    Some(Note::new(
        NoteId::Subject,
        format!("no recovery contract asks for this Subject: {cause}"),
        remedy,
    ))
}

/// How a Subject differs from the one that is wanted, and the remedy; none where it is the same.
pub fn difference(subject: &[u8], wanted: &str) -> Option<Note> {
    let text = String::from_utf8_lossy(subject);
    if text == wanted {
        return None;
    }
    let (cause, remedy) = match recovered(&text) {
        Some((found, cause, remedy)) if found == wanted => (cause.to_owned(), remedy),
        _ => {
            let same = text.bytes().zip(wanted.bytes()).take_while(|(a, b)| a == b).count();
            (format!("it differs from byte {same} on"), WRITE_EXACTLY)
        }
    };
    Some(Note::new(
        NoteId::Subject,
        format!("the Subject is not the one that is wanted: {cause}"),
        remedy,
    ))
}

const WRITE_EXACTLY: &str = "send a new mail whose Subject is the contract's text, copied exactly";
const ENCODED: &str = "the sender's program wrote it in encoded words (RFC 2047)";
const ENCODED_REMEDY: &str =
    "send it again from another program or the provider's web mail, as plain \
                              text without special characters or line breaks";

fn cause(text: &str) -> (String, &'static str) {
    match recovered(text) {
        Some((_, cause, remedy)) => (cause.into(), remedy),
        None => (
            "it is none of \"Guard 0x… on … nonce …\", \"Recover 0x… on … nonce … to 0x…\" and \
             \"Cancel 0x… on … nonce …\""
                .into(),
            WRITE_EXACTLY,
        ),
    }
}

/// The Subject as it was meant, what happened to it, and the remedy.
fn recovered(text: &str) -> Option<(String, &'static str, &'static str)> {
    if let Some(decoded) = decode_words(text) {
        return Some((decoded, ENCODED, ENCODED_REMEDY));
    }
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if plain != text && plain.parse::<Command>().is_ok() {
        return Some((plain, "it has spaces too many", WRITE_EXACTLY));
    }
    // "Re:", "Fwd:", "[EXTERNAL]": whatever stands before or behind the command.
    let begins =
        ["Guard 0x", "Recover 0x", "Cancel 0x"].iter().filter_map(|word| plain.find(word)).min();
    if let Some(at) = begins.filter(|at| *at > 0) {
        if let Some((command, _)) = longest_command(&plain[at..]) {
            let cause = "something stands before the command, as in a reply or a forwarded mail";
            return Some((command, cause, "write a new mail; do not reply or forward"));
        }
    }
    let lower = lowered_hex(&plain);
    if lower != plain {
        if let Some((command, "")) = longest_command(&lower) {
            return Some((command, "its addresses have capital letters", WRITE_EXACTLY));
        }
    }
    let (command, _) = longest_command(&plain)?;
    Some((command, "something stands behind the command", WRITE_EXACTLY))
}

/// The longest run of words from the start that is a command, and what follows it.
fn longest_command(text: &str) -> Option<(String, &str)> {
    let mut ends: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).take(16).collect();
    ends.push(text.len());
    ends.iter().rev().find_map(|end| {
        let command = &text[..*end];
        command.parse::<Command>().is_ok().then(|| (command.to_owned(), text[*end..].trim_start()))
    })
}

fn lowered_hex(text: &str) -> String {
    let word = |word: &str| match word.get(..2) {
        Some("0x" | "0X") => word.to_ascii_lowercase(),
        _ => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Decodes a text of encoded words (RFC 2047 §2) in ASCII or UTF-8; none where there are none.
fn decode_words(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut found = false;
    let mut after_encoded = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let decoded = decode_word(word);
        // White space between two encoded words is not part of the text (RFC 2047 §6.2).
        let between_encoded = after_encoded && decoded.is_some();
        if !out.is_empty() && !between_encoded {
            out.push(b' ');
        }
        after_encoded = decoded.is_some();
        found |= after_encoded;
        out.extend(decoded.unwrap_or_else(|| word.as_bytes().to_vec()));
    }
    found.then(|| String::from_utf8_lossy(&out).into_owned())
}

fn decode_word(word: &str) -> Option<Vec<u8>> {
    let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut parts = inner.splitn(3, '?');
    let (_charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    match encoding {
        "B" | "b" => {
            BASE64_STANDARD.decode(text).or_else(|_| BASE64_STANDARD_NO_PAD.decode(text)).ok()
        }
        "Q" | "q" => quoted_printable(text),
        _ => None,
    }
}

fn quoted_printable(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'_' => b' ',
            b'=' => {
                let mut digit = || (bytes.next()? as char).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            byte => byte,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "0x00112233445566778899aabbccddeeff00112233";
    const KEY: &str = "0xffeeddccbbaa99887766554433221100ffeeddcc";

    fn recover() -> String {
        format!("Recover {ACCOUNT} on 1 nonce 0 to {KEY}")
    }

    fn guard() -> String {
        format!("Guard {ACCOUNT} on 8453 nonce 12")
    }

    fn cancel() -> String {
        format!("Cancel {ACCOUNT} on 1 nonce 7")
    }

    #[test]
    fn commands_are_the_contracts_texts() {
        let command = Command {
            account: ACCOUNT.parse().unwrap(),
            chain: 1,
            nonce: 0,
            action: Action::Recover(KEY.parse().unwrap()),
        };
        assert_eq!(command.to_string(), recover());
        for text in [recover(), guard(), cancel()] {
            assert_eq!(text.parse::<Command>().unwrap().to_string(), text);
            assert_eq!(advice(text.as_bytes()), None);
        }
        let longest = Command { chain: u128::MAX, nonce: u64::MAX, ..command }.to_string();
        assert_eq!(longest.len(), 166);
        assert_eq!(longest.parse::<Command>().unwrap().to_string(), longest);
        for bad in ["0x12", "00112233445566778899aabbccddeeff0011223344", &"0x".repeat(21)] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_owner_is_an_address_or_named_by_its_hash() {
        let key = Owner::from_bytes(&[0x11; 20]).unwrap();
        assert_eq!(Action::from(key), Action::Recover(Address([0x11; 20])));
        // keccak256 of 84 bytes of 0x22, as `RecoverySubject.t.sol` has it.
        let hash = "0xbfa295dd86670d0f3dff72a8db1ee271ec2e65a8935586bf14dcca201e080924";
        let passkey: Owner = format!("0x{}", "22".repeat(84)).parse().unwrap();
        let action = Action::from(passkey);
        assert_eq!(action, Action::RecoverTo(hash.parse().unwrap()));
        let account = ACCOUNT.parse().unwrap();
        let text = Command { account, chain: 1, nonce: 0, action }.to_string();
        assert_eq!(text, format!("Recover {ACCOUNT} on 1 nonce 0 to {hash}"));
        assert_eq!(text.parse::<Command>().unwrap().action, action);
        assert_eq!(advice(text.as_bytes()), None);
        assert!(advice(text.to_uppercase().as_bytes()).is_some());
    }

    #[test]
    fn a_command_has_the_hash_of_the_contract() {
        // By another implementation of Keccak-256 and the ABI, as in `EmailRecoverySealed.t.sol`.
        let contract = "0x7EC0000000000000000000000000000000000001".parse().unwrap();
        let account = "0xAcc0000000000000000000000000000000000001".parse().unwrap();
        let key = Address([0x11; 20]);
        for (action, hash) in [
            (Action::Guard, "c522e3cac386f532b6e71ec127b78a969f17e85ca757bf7b145bbb116b0140"),
            (
                Action::Recover(key),
                "4bb7b8714b6de904603bf5123bdca889e11840a44e9fbe9b1f9e11b6642919",
            ),
            (Action::Cancel, "c361d65b276ab54b435874a031763cd99f1421324d82cf72523c1a19b8ee6d"),
        ] {
            let command = Command { account, chain: 31_337, nonce: 7, action };
            assert_eq!(hex::encode(command.hash(&contract).0), hash, "{action:?}");
        }
    }

    #[test]
    fn a_sealed_subject_is_one_that_a_contract_may_ask_for() {
        let subject = format!("zkdkim {}", "A".repeat(43));
        assert_eq!(advice(subject.as_bytes()), None);
        assert!(advice(&subject.as_bytes()[..49]).is_some());
    }

    #[test]
    fn every_other_subject_gets_its_cause() {
        let encoded = |text: &str| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(text));
        let text = recover();
        let (one, two) = text.split_at(40);
        for (subject, cause) in [
            (encoded(&text), "encoded words"),
            (format!("{} {}", encoded(one), encoded(two)), "encoded words"),
            (format!("=?us-ascii?Q?{}?=", text.replace(' ', "_")), "encoded words"),
            (format!("=?UTF-8?q?{}?=", text.replace(' ', "=20")), "encoded words"),
            (encoded("Hello"), "encoded words"),
            (format!("Re: {text}"), "before the command"),
            (format!("[EXT] Fwd: {}", guard()), "before the command"),
            (format!("Re: {}", cancel()), "before the command"),
            (format!("{} to {KEY}", cancel()), "behind the command"),
            (format!("{text} thanks"), "behind the command"),
            (text.replace("aabb", "AaBb"), "capital letters"),
            (text.replace(" on ", "  on "), "spaces too many"),
            (text.replace("nonce 0", "nonce 00"), "none of"),
            (text.replace("on 1", "on +1"), "none of"),
            (text.replace("Recover", "recover"), "none of"),
            (text.replace(KEY, &KEY[..41]), "none of"),
            ("Hello".into(), "none of"),
            ("Hello  there".into(), "none of"),
            (String::new(), "none of"),
        ] {
            let note = advice(subject.as_bytes()).expect(&subject);
            assert!(note.detail.contains(cause), "{subject}: {}", note.detail);
            assert!(!note.hint.is_empty());
        }
    }

    #[test]
    fn what_is_wanted_decides() {
        let text = recover();
        assert_eq!(difference(text.as_bytes(), &text), None);
        let other = difference(text.replace("nonce 0", "nonce 1").as_bytes(), &text).unwrap();
        assert!(other.detail.contains("differs from byte 62 on"), "{}", other.detail);
        let reply = difference(format!("Re: {text}").as_bytes(), &text).unwrap();
        assert!(reply.detail.contains("before the command"), "{}", reply.detail);
        assert!(difference(b"\xff\xfe", &text).is_some());
    }

    #[test]
    fn an_encoded_subject_is_compared_by_what_it_means() {
        let text = recover();
        let word = |text: &str| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(text));
        let quoted = |text: &str| {
            let byte = |b: u8| match b {
                b' ' => "_".to_owned(),
                b if b % 2 == 0 => format!("={b:02X}"),
                b if b % 3 == 0 => format!("={b:02x}"),
                b => (b as char).to_string(),
            };
            format!("=?us-ascii?q?{}?=", text.bytes().map(byte).collect::<String>())
        };
        let (one, two) = text.split_at(40);
        for subject in [
            word(&text),
            word(&text).trim_end_matches("?=").trim_end_matches('=').to_owned() + "?=",
            quoted(&text),
            format!("{} {}", word(one), quoted(two)),
            // Between a plain word and an encoded one the space counts.
            format!("Recover {}", word(&text["Recover ".len()..])),
            format!("{} {KEY}", word(text.trim_end_matches(KEY).trim_end())),
        ] {
            let note = difference(subject.as_bytes(), &text).expect(&subject);
            assert!(note.detail.contains("encoded words"), "{subject}: {}", note.detail);
            let other = difference(subject.as_bytes(), &guard()).expect(&subject);
            assert!(other.detail.contains("differs from byte"), "{subject}: {}", other.detail);
        }
        for broken in
            ["=?utf-8?Q?=4?=", "=?utf-8?Q?=zz?=", "=?utf-8?X?a?=", "=?utf-8?B?!?=", "=?a?="]
        {
            let note = advice(broken.as_bytes()).unwrap();
            assert!(note.detail.contains("none of"), "{broken}: {}", note.detail);
        }
    }

    #[test]
    fn no_cut_or_changed_subject_panics() {
        let text = format!("=?utf-8?B?AAAA?= =?x?Q?=4?= Re: {} é", recover());
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let _ = advice(&text.as_bytes()[..end]);
            for odd in [" ", "?", "=", "0x", "é", "_"] {
                let _ = advice(format!("{}{odd}{}", &text[..end], &text[end..]).as_bytes());
            }
        }
    }
}
