//! What the page asks for, as JSON: the options of the command line under the names of JavaScript.

use std::fmt;

use serde::{de::DeserializeOwned, Deserialize, Deserializer};
use zeroize::Zeroizing;
use zkdkim_circuits::statement::CircuitParams;
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_prover::{
    hex_form::field_from_hex, sealing_file::command_from_hex, Expected, Reading, Reveal, Sealing,
};
use zkdkim_relation::{
    inspect::{Policy, UnsignedParts},
    owner::Owner,
    recovery_subject::{Action, Address, Command},
    CommandHash, EmailCommitment, Nullifier, RegistryRoot,
};

use crate::fault::Fault;

/// Reads options; the names of fields are in serde's message.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|e| Fault::input("options", e))
}

/// What somebody says of an account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AccountCommand {
    /// The account that is guarded or recovered: `0x` and 40 digits.
    pub account: Option<String>,
    /// Its chain's EIP-155 number, in decimal digits: it may be longer than JavaScript's numbers.
    pub chain: Option<String>,
    /// The number that the recovery contract has drawn.
    pub nonce: Option<String>,
    /// The key that the account shall have.
    pub new_key: Option<String>,
    /// The owner that it shall have where that is more than an address: its bytes.
    pub new_owner: Option<String>,
    /// Whether a recovery shall be stopped.
    pub cancel: bool,
}

fn number<T: std::str::FromStr>(what: &'static str, text: Option<&str>) -> Result<T, Fault> {
    let text = text.ok_or_else(|| Fault::input(what, "it is missing; it belongs to account"))?;
    // FromStr takes signs and leading zeros, which the contract's text has not.
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let value = plain.then(|| text.parse().ok()).flatten();
    value.ok_or_else(|| Fault::input(what, "not a decimal number of its size"))
}

fn address(what: &'static str, text: &str) -> Result<Address, Fault> {
    text.parse().map_err(|e: String| Fault::input(what, e))
}

impl AccountCommand {
    /// The command in words.
    pub fn command(&self) -> Result<Command, Fault> {
        let missing = || Fault::input("account", "it is missing; a command names the account");
        let account = self.account.as_ref().ok_or_else(missing)?;
        let action = match (&self.new_key, &self.new_owner, self.cancel) {
            (None, None, true) => Action::Cancel,
            (None, None, false) => Action::Guard,
            (Some(key), None, false) => Action::Recover(address("newKey", key)?),
            (None, Some(owner), false) => {
                owner.parse::<Owner>().map_err(|e| Fault::input("newOwner", e))?.into()
            }
            (None, Some(_), true) | (Some(_), _, true) => {
                return Err(Fault::input("cancel", "it excludes newKey and newOwner"));
            }
            (Some(_), Some(_), false) => {
                return Err(Fault::input("newOwner", "it excludes newKey"));
            }
        };
        Ok(Command {
            account: address("account", account)?,
            chain: number("chain", self.chain.as_deref())?,
            nonce: number("nonce", self.nonce.as_deref())?,
            action,
        })
    }
}

/// A text that is overwritten when it is dropped.
pub struct Secret(Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Secret(Zeroizing::new(text)))
    }
}

/// Options of `inspect` and `prove`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct MessageOptions {
    /// Take a message whose body or unsigned lines are not those that were signed.
    pub accept_changed_body: bool,
    /// The Subject that the contract asks for.
    pub subject: Option<String>,
    /// The same by its parts.
    pub command: Option<AccountCommand>,
    /// Content of the file of a sealed Subject.
    pub sealing: Option<Secret>,
    /// The bound of the time that the proof shows, in seconds since 1970.
    pub not_before: Option<u64>,
    /// What `t=` and `x=` are compared with, in seconds since 1970.
    pub clock: Option<u64>,
}

impl MessageOptions {
    /// The policy of the inspection.
    pub fn policy(&self) -> Policy {
        let unsigned_parts = match self.accept_changed_body {
            true => UnsignedParts::MayDiffer,
            false => UnsignedParts::AsSigned,
        };
        Policy { clock: self.clock, unsigned_parts }
    }

    fn sealing(&self) -> Result<Option<Sealing>, Fault> {
        Ok(self.sealing.as_ref().map(|text| Sealing::from_json(text.0.as_bytes())).transpose()?)
    }

    /// What the proof shall reveal.
    pub fn reveal(&self) -> Result<Reveal, Fault> {
        let reading = self.sealing()?.map_or(Reading::Clear, |sealing| sealing.reading());
        Ok(Reveal { not_before: self.not_before, reading })
    }

    /// The Subject that is wanted, if the caller said.
    pub fn wanted_subject(&self) -> Result<Option<String>, Fault> {
        let command = self.command.as_ref().map(AccountCommand::command).transpose()?;
        match (self.sealing()?, command, &self.subject) {
            (Some(sealing), None, None) => Ok(Some(sealing.subject())),
            (None, Some(command), None) => Ok(Some(command.to_string())),
            (None, None, subject) => Ok(subject.clone()),
            _ => Err(Fault::input("subject", "give one of subject, command and sealing")),
        }
    }
}

/// Options of `verify`: what is expected, and whether the development SRS will do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct VerifyOptions {
    root: Option<String>,
    commitment: Option<String>,
    nullifier: Option<String>,
    subject: Option<String>,
    command: Option<String>,
    not_before: Option<u64>,
    /// Take a proof that anybody can forge.
    pub allow_insecure_dev: bool,
}

fn element(what: &'static str, text: &Option<String>) -> Result<Option<Fr>, Fault> {
    let read = |text: &String| {
        let detail = "not 0x and 64 lower-case digits of a number below r";
        field_from_hex(text).ok_or_else(|| Fault::input(what, detail))
    };
    text.as_ref().map(read).transpose()
}

/// A command as a sealed Subject hides it.
pub fn command_hash(text: &str) -> Result<CommandHash, Fault> {
    command_from_hex(text).ok_or_else(|| Fault::input("command", "not 0x and 62 lower-case digits"))
}

impl VerifyOptions {
    /// The expectations.
    pub fn expected(&self) -> Result<Expected, Fault> {
        Ok(Expected {
            root: element("root", &self.root)?.map(RegistryRoot),
            commitment: element("commitment", &self.commitment)?.map(EmailCommitment),
            nullifier: element("nullifier", &self.nullifier)?.map(Nullifier),
            subject: self.subject.clone(),
            command: self.command.as_deref().map(command_hash).transpose()?,
            not_before: self.not_before,
        })
    }
}

/// Options of `subject`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SubjectOptions {
    /// What is said of which account.
    #[serde(default)]
    pub command: AccountCommand,
    /// Whether the mail's providers shall see random characters.
    #[serde(default)]
    pub sealed: bool,
    /// The recovery contract, which a sealed command names.
    pub contract: Option<String>,
    /// The command to seal, where a contract gives it.
    pub command_hash: Option<String>,
}

impl SubjectOptions {
    /// What is to be sealed.
    pub fn hash(&self) -> Result<CommandHash, Fault> {
        if let Some(hash) = &self.command_hash {
            return command_hash(hash);
        }
        let missing = || Fault::input("contract", "a sealed command names the recovery contract");
        let contract = address("contract", self.contract.as_deref().ok_or_else(missing)?)?;
        Ok(self.command.command()?.hash(&contract))
    }
}

/// Options of `load`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct LoadOptions {
    layout: String,
    /// SHA-256 of the payload of the SRS, in hexadecimal.
    pub srs_sha256: String,
}

impl LoadOptions {
    /// The layout by its name.
    pub fn params(&self) -> Result<CircuitParams, Fault> {
        let names = CircuitParams::LAYOUTS.map(|(name, _)| name).join(", ");
        CircuitParams::named(&self.layout)
            .ok_or_else(|| Fault::input("layout", format!("there is none of this name; {names}")))
    }
}
