//! The configuration file: read whole, checked whole, every fault with its place and its remedy.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use serde::Deserialize;
use zeroize::Zeroizing;
use zkdkim_store::files::{is_readable_by_others, read_bounded};

use crate::error::{Error, Result};

mod imap;
mod webhooks;

pub use imap::ImapConfig;
pub use webhooks::{WebhookConfig, WebhooksConfig};

const LIMIT_BYTES: u64 = 1 << 20;
const KEY_LIMIT_BYTES: u64 = 1 << 10;

/// Everything that an operator decides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://…`; `$NAME` is read from the environment, so that no password need lie in the file.
    pub database: String,
    /// The key registry, as `zkdkim registry` writes it.
    pub registry: PathBuf,
    /// Where salts come from.
    pub salts: SaltsConfig,
    /// How proofs are made.
    #[serde(default)]
    pub proving: ProvingConfig,
    /// Doors.
    pub http: HttpConfig,
    /// The LMTP door; without it there is none.
    pub lmtp: Option<LmtpConfig>,
    /// A mailbox that is looked into; without it there is none.
    pub imap: Option<ImapConfig>,
    /// Where operators look.
    pub admin: Option<AdminConfig>,
    /// Answers by mail; without it nobody is answered.
    pub answers: Option<AnswersConfig>,
    /// Notices to owners when a recovery starts; without it nobody is told.
    pub notices: Option<NoticesConfig>,
    /// Who is called when jobs move; without it nobody is.
    pub webhooks: Option<WebhooksConfig>,
    /// By EIP-155 identifier, in decimal.
    pub chains: BTreeMap<String, ChainConfig>,
    /// Bounds.
    #[serde(default)]
    pub limits: LimitsConfig,
}

/// Where salts come from; the folder is looked into first.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaltsConfig {
    /// A folder of `*.salt` files that the operator was given.
    pub folder: Option<PathBuf>,
    /// Nodes that open salts for whoever shows a mail.
    pub nodes: Option<NodesConfig>,
}

/// A committee of salt nodes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodesConfig {
    /// The committee's record.
    pub record: PathBuf,
    /// The record's digest, 0x and 64 digits, as the committee's operators published it.
    pub digest: String,
    /// Whether one dealer may have made the committee's key, who can open every salt.
    #[serde(default)]
    pub allow_insecure_dealer: bool,
}

/// How proofs are made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProvingConfig {
    /// The folder that `zkdkim setup` filled; the platform's where none is named.
    pub cache: Option<PathBuf>,
    /// Proofs that are made at a time, each on all cores.
    pub at_a_time: usize,
    /// Whether proofs over the insecure development SRS are made, which anybody can forge.
    pub allow_insecure_dev: bool,
}

impl Default for ProvingConfig {
    fn default() -> ProvingConfig {
        ProvingConfig { cache: None, at_a_time: 1, allow_insecure_dev: false }
    }
}

/// The HTTP door.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// The mail address that guardians write to; shown with every Subject.
    pub mail_to: String,
    /// Whether a proxy in front says who the client is (`X-Forwarded-For`, its last entry).
    #[serde(default)]
    pub behind_proxy: bool,
}

/// The LMTP door.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LmtpConfig {
    /// Address and port, on loopback or behind a firewall: whoever reaches it is taken for the mail server.
    pub listen: SocketAddr,
}

/// `/metrics` and `/healthz`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port, for operators alone.
    pub listen: SocketAddr,
}

/// Answers by mail.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswersConfig {
    /// The operator's mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who they come from.
    pub from: String,
}

/// Notices to owners; they go the way of the answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticesConfig {
    /// Most blocks whose events are asked for at a time.
    #[serde(default = "default_blocks")]
    pub blocks: u64,
}

/// A small file that its owner alone can read.
fn secret_text(path: &Path, why: &str) -> Result<Zeroizing<String>> {
    if is_readable_by_others(path) {
        let detail = format!("others can read it, and {why}");
        return Err(Error::config(path.display().to_string(), detail, "chmod 600 it"));
    }
    let bytes = Zeroizing::new(read_bounded(path, "a secret", KEY_LIMIT_BYTES)?);
    Ok(Zeroizing::new(std::str::from_utf8(&bytes).unwrap_or_default().trim().to_owned()))
}

/// A chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// A node's URL; `$NAME` is read from the environment.
    pub rpc: String,
    /// The recovery contracts that are served.
    pub contracts: Vec<Address>,
    /// A file with the sender's private key, 0x and 64 digits, readable by its owner alone.
    pub key_file: PathBuf,
    /// Blocks that a transaction has to be under, its own included.
    pub confirmations: u64,
    /// Highest fee for a unit of gas, in gwei.
    pub max_fee_gwei: u64,
    /// Most gas of one transaction.
    #[serde(default = "default_max_gas")]
    pub max_gas: u64,
    /// Seconds after which a transaction that is in no block is signed again with a higher fee.
    #[serde(default = "default_resend")]
    pub resend_seconds: u32,
    /// The block from which on escrows are looked for: that of the contracts' deployment.
    #[serde(default)]
    pub escrows_from: u64,
    /// Votes that go into one transaction at most.
    #[serde(default = "default_bundle")]
    pub bundle: usize,
}

fn default_blocks() -> u64 {
    1000
}

fn default_max_gas() -> u64 {
    8_000_000
}

fn default_resend() -> u32 {
    60
}

fn default_bundle() -> usize {
    8
}

/// Bounds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Longest mail, in bytes.
    pub mail_bytes: usize,
    /// Jobs that may be on their way.
    pub queue: u32,
    /// Requests of one client in a minute.
    pub requests_a_minute: u32,
    /// Transactions for one account in a day (UTC).
    pub transactions_a_day: u32,
    /// Hours for which a job waits for what time may change.
    pub patience_hours: u32,
    /// Days after which the outcome of a job is forgotten. Mails are erased with the outcome.
    pub remember_days: u32,
    /// Seconds between two looks at database and chain.
    pub poll_seconds: f64,
}

impl Default for LimitsConfig {
    fn default() -> LimitsConfig {
        LimitsConfig {
            mail_bytes: 2 << 20,
            queue: 10_000,
            requests_a_minute: 60,
            transactions_a_day: 50,
            patience_hours: 24,
            remember_days: 30,
            poll_seconds: 2.0,
        }
    }
}

impl Config {
    /// Reads a configuration; relative paths in it are taken from the file's folder.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with what is wrong first.
    pub fn read(path: &Path) -> Result<Config> {
        let place = path.display().to_string();
        let text = read_bounded(path, "a configuration", LIMIT_BYTES)?;
        let text = String::from_utf8(text)
            .map_err(|_| Error::config(&place, "no text in UTF-8", "save it as UTF-8"))?;
        let mut config: Config = toml::from_str(&text).map_err(|error| {
            let detail = error.to_string().trim().replace('\n', " ");
            Error::config(&place, detail, "docs/relayer.md lists all keys")
        })?;
        let folder = zkdkim_store::files::parent(path);
        config.resolve(folder)?;
        config.check()?;
        Ok(config)
    }

    fn resolve(&mut self, folder: &Path) -> Result<()> {
        let absolute = |path: &mut PathBuf| *path = folder.join(&*path);
        absolute(&mut self.registry);
        let nodes = self.salts.nodes.as_mut().map(|nodes| &mut nodes.record);
        let named = [self.salts.folder.as_mut(), nodes, self.proving.cache.as_mut()];
        named.into_iter().flatten().for_each(absolute);
        if let Some(imap) = &mut self.imap {
            absolute(&mut imap.password_file);
            imap.ca_file.as_mut().map(absolute);
        }
        for own in self.webhooks.iter_mut().flat_map(|webhooks| &mut webhooks.own) {
            absolute(&mut own.secret_file);
        }
        for chain in self.chains.values_mut() {
            absolute(&mut chain.key_file);
            chain.rpc = from_environment(&chain.rpc, "rpc")?;
        }
        self.database = from_environment(&self.database, "database")?;
        if let Some(file) = self.database.strip_prefix("sqlite:") {
            let file = folder.join(file.trim_start_matches("//"));
            self.database = format!("sqlite:{}", file.display());
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let positive = [
            ("limits, mail_bytes", self.limits.mail_bytes as u64),
            ("limits, queue", self.limits.queue.into()),
            ("limits, requests_a_minute", self.limits.requests_a_minute.into()),
            ("limits, transactions_a_day", self.limits.transactions_a_day.into()),
            ("limits, patience_hours", self.limits.patience_hours.into()),
            ("limits, remember_days", self.limits.remember_days.into()),
            ("proving, at_a_time", self.proving.at_a_time as u64),
        ];
        for (place, value) in positive {
            if value == 0 {
                return Err(Error::config(place, "it is 0", "give at least 1"));
            }
        }
        let poll = self.limits.poll_seconds;
        if !(0.05..=60.0).contains(&poll) {
            return Err(Error::config(
                "limits, poll_seconds",
                format!("it is {poll}"),
                "give 0.05 to 60",
            ));
        }
        if !self.http.mail_to.contains('@') {
            let hint = "name the address that guardians write to";
            return Err(Error::config("http, mail_to", "no mail address", hint));
        }
        if let Some(imap) = &self.imap {
            imap.check()?;
        }
        if self.notices.is_some() && self.answers.is_none() {
            let hint = "name the mail server in [answers]; notices go through it";
            return Err(Error::config("notices", "there is no mail server", hint));
        }
        if self.notices.as_ref().is_some_and(|notices| notices.blocks == 0) {
            return Err(Error::config("notices, blocks", "it is 0", "give at least 1"));
        }
        if self.salts.folder.is_none() && self.salts.nodes.is_none() {
            let hint = "name a folder of salts, or the record of a committee of salt nodes";
            return Err(Error::config("salts", "there is no source", hint));
        }
        if self.chains.is_empty() {
            return Err(Error::config("chains", "there is none", "add [chains.1], say"));
        }
        for (name, chain) in &self.chains {
            chain.check(name)?;
        }
        Ok(())
    }
}

impl ChainConfig {
    /// The identifier that a section's name is.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a name that is none.
    pub fn id(name: &str) -> Result<u64> {
        name.parse::<u64>().ok().filter(|id| *id != 0 && id.to_string() == name).ok_or_else(|| {
            let detail = "no EIP-155 identifier in decimal";
            Error::config(format!("chains.{name}"), detail, "[chains.1] is Ethereum's mainnet, say")
        })
    }

    fn check(&self, name: &str) -> Result<()> {
        ChainConfig::id(name)?;
        let place = |key: &str| format!("chains.{name}, {key}");
        if self.contracts.is_empty() {
            let hint = "list recovery contracts, as the deploy script printed them";
            return Err(Error::config(place("contracts"), "there is none", hint));
        }
        for (key, value) in [
            ("confirmations", self.confirmations),
            ("max_fee_gwei", self.max_fee_gwei),
            ("max_gas", self.max_gas),
            ("resend_seconds", self.resend_seconds.into()),
            ("bundle", self.bundle as u64),
        ] {
            if value == 0 {
                return Err(Error::config(place(key), "it is 0", "give at least 1"));
            }
        }
        Ok(())
    }

    /// The sender's key.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a file that others can read, and for one that holds no key. Never quotes it.
    pub fn signer(&self) -> Result<PrivateKeySigner> {
        let place = self.key_file.display().to_string();
        let why = "whoever has the key can spend what it pays with";
        let text = secret_text(&self.key_file, why)?;
        text.parse().map_err(|_| {
            Error::config(place, "no private key", "put 0x and 64 hexadecimal digits into it")
        })
    }
}

/// A value, or the environment's where it is `$NAME`.
fn from_environment(value: &str, place: &str) -> Result<String> {
    let Some(name) = value.strip_prefix('$') else { return Ok(value.to_owned()) };
    std::env::var(name).map_err(|_| {
        let detail = format!("the environment has no {name}");
        Error::config(place, detail, "set it, or write the value into the file")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        database = "sqlite:relayer.db"
        registry = "registry.json"
        salts = { folder = "salts" }
        http = { listen = "127.0.0.1:8080", mail_to = "recovery@relayer.example" }
        [chains.31337]
        rpc = "http://127.0.0.1:8545"
        contracts = ["0x00112233445566778899aabbccddeeff00112233"]
        key_file = "key"
        confirmations = 1
        max_fee_gwei = 100
    "#;

    fn read(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relayer.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    fn refused(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        let error = read(&GOOD.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(error, Error::Config { .. }), "{error}");
        error.to_string()
    }

    #[test]
    fn paths_are_those_beside_the_file() {
        let config = read(GOOD).unwrap();
        assert!(config.registry.is_absolute() && config.registry.ends_with("registry.json"));
        assert!(config.database.starts_with("sqlite:/") && config.database.ends_with("relayer.db"));
    }

    #[test]
    fn a_fault_is_named_with_its_place() {
        assert!(refused("max_fee_gwei", "max_fee").contains("max_fee"));
        assert!(refused("confirmations = 1", "confirmations = 0")
            .contains("chains.31337, confirmations"));
        assert!(refused("chains.31337", "chains.mainnet").contains("chains.mainnet"));
        assert!(refused("chains.31337", "chains.01").contains("chains.01"));
        assert!(refused("recovery@relayer.example", "recovery").contains("mail_to"));
        assert!(refused("folder = \"salts\"", "").contains("salts"));
        let chain = "[chains.31337]";
        let imap = "[imap]\nhost = \"h\"\nuser = \"u\"\npassword_file = \"p\"\n";
        let config = read(&GOOD.replacen(chain, &format!("{imap}{chain}"), 1)).unwrap();
        let read_imap = config.imap.unwrap();
        assert_eq!((read_imap.port, &read_imap.folder[..]), (993, "INBOX"));
        assert!(read_imap.password_file.is_absolute());
        let never = refused(chain, &format!("{imap}poll_seconds = 0\n{chain}"));
        assert!(never.contains("imap, poll_seconds"), "{never}");
        let same = refused(chain, &format!("{imap}keep_in = \"INBOX\"\n{chain}"));
        assert!(same.contains("imap, keep_in"), "{same}");
        assert!(refused(chain, "[notices]\n[chains.31337]").contains("no mail server"));
        let answers = "[answers]\nhost = \"h\"\nport = 25\nfrom = \"a@b.example\"\n[notices]\n";
        read(&GOOD.replacen(chain, &format!("{answers}{chain}"), 1)).unwrap();
        let none = refused(chain, &format!("{answers}blocks = 0\n{chain}"));
        assert!(none.contains("notices, blocks"), "{none}");
        assert!(refused("\"0x00112233445566778899aabbccddeeff00112233\"", "").contains("contracts"));
        assert!(
            refused("\"http://127.0.0.1:8545\"", "\"$ZKDKIM_NO_SUCH\"").contains("ZKDKIM_NO_SUCH")
        );
    }

    #[test]
    fn the_example_is_read() {
        let example = include_str!("../package/relayer.toml");
        // Of its environment nothing is there.
        let config =
            read(&example.replace("\"$ETHEREUM_RPC\"", "\"http://127.0.0.1:8545\"")).unwrap();
        assert!(config.salts.nodes.is_some() && config.answers.is_some());
        assert_eq!(config.proving.cache, Some("/var/lib/zkdkim-relayer/keys".into()));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let secret = "11".repeat(32);
        std::fs::write(&path, format!("0x{secret}\n")).unwrap();
        let mut chain = read(GOOD).unwrap().chains.remove("31337").unwrap();
        chain.key_file = path.clone();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o644).unwrap();
        assert!(chain.signer().unwrap_err().to_string().contains("chmod 600"));
        mode(0o600).unwrap();
        chain.signer().unwrap();
        std::fs::write(&path, &secret[1..]).unwrap();
        let error = chain.signer().unwrap_err().to_string();
        assert!(!error.contains(&secret[..10]), "{error}");
    }
}
