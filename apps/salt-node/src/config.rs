//! The configuration of `serve`, in TOML: docs/operators.md explains each key.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zkdkim_net::PlainHttp;
use zkdkim_relation::recovery_subject::Address;
use zkdkim_salt::{
    limits::{KeySettings, LimitSettings, Rate},
    Dealer,
};

use crate::{
    error::{Fault, Result},
    files,
};

/// All of it, as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The node's folder.
    pub home: PathBuf,
    /// Where requests are taken.
    pub listen: SocketAddr,
    /// Where metrics and health are shown; nowhere by default.
    pub metrics: Option<SocketAddr>,
    /// TLS of its own; without it, a proxy in front has to have it.
    pub tls: Option<Tls>,
    /// Proxies whose `X-Forwarded-For` tells clients apart.
    #[serde(default)]
    pub trusted_proxies: BTreeSet<IpAddr>,
    /// How log lines are written.
    #[serde(default)]
    pub log: LogForm,
    /// Root certificates in PEM that are trusted besides Mozilla's, for chains and resolvers.
    pub extra_roots: Option<PathBuf>,
    /// Chains that Subjects may name.
    #[serde(default)]
    pub chain: Vec<Chain>,
    /// Where providers' keys come from.
    pub keys: Keys,
    /// How much is answered.
    #[serde(default)]
    pub limits: Limits,
    /// What no node outside development has.
    #[serde(default)]
    pub insecure: Insecure,
}

/// Certificate and key of the service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain of certificates in PEM, the node's own first.
    pub certificate: PathBuf,
    /// The private key in PEM.
    pub key: PathBuf,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogForm {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// A chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// EIP-155 number.
    pub id: u64,
    /// URL of a node of it.
    pub rpc: Option<String>,
    /// A file that holds the URL, where that is a secret.
    pub rpc_file: Option<PathBuf>,
    /// Recovery contracts whose rounds count.
    #[serde(default)]
    pub recovery: Vec<String>,
    /// The contract that says which roots of the key registry count.
    pub roots: Option<String>,
}

/// Where providers' keys come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// `quorum` (resolvers over HTTPS), `system`, the address of a server, or `none`.
    pub dns: String,
    /// Other resolvers than the built-in ones.
    pub resolvers: Option<PathBuf>,
    /// A key registry, used while a chain accepts its root.
    pub registry: Option<PathBuf>,
}

/// How much is answered; each default is that of the library.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests of a client at once.
    pub client_burst: u32,
    /// Seconds until it may send one more.
    pub client_seconds: u64,
    /// Answers for an address within 24 hours.
    pub address_a_day: u32,
    /// Look-ups for a domain at once.
    pub domain_burst: u32,
    /// Seconds until there may be one more.
    pub domain_seconds: u64,
    /// Requests that are worked on at the same time.
    pub concurrent: usize,
    /// Connections at the same time.
    pub connections: usize,
    /// Seconds for each question to a chain or a resolver.
    pub timeout_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let (limits, keys) = (LimitSettings::default(), KeySettings::default());
        Limits {
            client_burst: limits.client.burst,
            client_seconds: limits.client.seconds,
            address_a_day: limits.address_a_day,
            domain_burst: keys.domain.burst,
            domain_seconds: keys.domain.seconds,
            concurrent: 64,
            connections: 1024,
            timeout_seconds: 5,
        }
    }
}

impl Limits {
    /// What the library is given.
    pub fn settings(&self) -> LimitSettings {
        let client = Rate { burst: self.client_burst, seconds: self.client_seconds };
        let address_a_day = self.address_a_day;
        LimitSettings { client, address_a_day, ..LimitSettings::default() }
    }

    /// The same for keys of providers.
    pub fn key_settings(&self) -> KeySettings {
        let domain = Rate { burst: self.domain_burst, seconds: self.domain_seconds };
        KeySettings { domain, ..KeySettings::default() }
    }
}

/// What no node outside development has.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Insecure {
    /// Serve a committee whose key one dealer made.
    pub allow_dealer: bool,
    /// Ask chains and resolvers without TLS.
    pub plain_http: bool,
}

impl Insecure {
    /// Whether a dealer's committee is taken.
    pub fn dealer(&self) -> Dealer {
        match self.allow_dealer {
            true => Dealer::AllowedInsecurely,
            false => Dealer::Refused,
        }
    }

    /// Whether something is asked without TLS.
    pub fn plain(&self) -> PlainHttp {
        match self.plain_http {
            true => PlainHttp::AllowedInsecurely,
            false => PlainHttp::Refused,
        }
    }
}

impl Config {
    /// Reads a configuration and checks what can be checked without asking anybody. Relative paths are those of the
    /// file's folder.
    pub fn read(path: &Path) -> Result<Config> {
        let bytes = files::read(path, files::SMALL)?;
        let text = std::str::from_utf8(&bytes).map_err(Fault::content(path))?;
        let mut config: Config = toml::from_str(text)
            .map_err(|error| Fault::content(path)(error.to_string().trim_end()))?;
        config.resolve(path.parent().unwrap_or(Path::new(".")));
        config.check()?;
        Ok(config)
    }

    fn resolve(&mut self, folder: &Path) {
        let tls = self.tls.iter_mut().flat_map(|tls| [&mut tls.certificate, &mut tls.key]);
        let optional = [&mut self.extra_roots, &mut self.keys.resolvers, &mut self.keys.registry];
        let rpc = self.chain.iter_mut().filter_map(|chain| chain.rpc_file.as_mut());
        let paths = [&mut self.home].into_iter().chain(tls).chain(optional.into_iter().flatten());
        for path in paths.chain(rpc) {
            // An absolute path stays as it is.
            *path = folder.join(&*path);
        }
    }

    fn check(&self) -> Result<()> {
        let limits = &self.limits;
        for (name, zero) in [
            ("client_burst", limits.client_burst == 0),
            ("client_seconds", limits.client_seconds == 0),
            ("address_a_day", limits.address_a_day == 0),
            ("domain_burst", limits.domain_burst == 0),
            ("domain_seconds", limits.domain_seconds == 0),
            ("concurrent", limits.concurrent == 0),
            ("connections", limits.connections == 0),
            ("timeout_seconds", limits.timeout_seconds == 0),
        ] {
            if zero {
                return Err(Fault::config(format!("limits.{name}"), "0 answers nothing"));
            }
        }
        let mut ids = BTreeSet::new();
        for chain in &self.chain {
            if !ids.insert(chain.id) {
                return Err(Fault::config("chain.id", format!("{} twice", chain.id)));
            }
            chain.rpc_url()?;
            chain.recovery_contracts()?;
            chain.roots_contract()?;
        }
        if self.chain.is_empty() {
            let detail = "without a chain no mail is fresh, so no request can be answered";
            return Err(Fault::config("chain", detail));
        }
        match &self.keys {
            Keys { dns, registry: None, .. } if dns == "none" => {
                Err(Fault::config("keys", "neither DNS nor a registry: no provider's key is known"))
            }
            Keys { registry: Some(_), .. } if self.chain.iter().all(|c| c.roots.is_none()) => {
                let detail = "a registry counts only while a chain's contract accepts its root: set chain.roots";
                Err(Fault::config("keys.registry", detail))
            }
            _ => Ok(()),
        }
    }
}

impl Chain {
    /// The URL, out of the configuration or of its file.
    pub fn rpc_url(&self) -> Result<String> {
        match (&self.rpc, &self.rpc_file) {
            (Some(url), None) => Ok(url.clone()),
            (None, Some(path)) => {
                let text = files::read_secret(path)?;
                let text =
                    std::str::from_utf8(&text).map_err(|_| Fault::content(path)("no text"))?;
                Ok(text.trim().to_owned())
            }
            _ => Err(Fault::config(format!("chain {}", self.id), "either rpc or rpc_file")),
        }
    }

    /// Recovery contracts whose rounds count.
    pub fn recovery_contracts(&self) -> Result<Vec<[u8; 20]>> {
        self.recovery.iter().map(|text| address("chain.recovery", text)).collect()
    }

    /// The contract that says which roots count.
    pub fn roots_contract(&self) -> Result<Option<[u8; 20]>> {
        self.roots.as_ref().map(|text| address("chain.roots", text)).transpose()
    }
}

fn address(what: &str, text: &str) -> Result<[u8; 20]> {
    text.parse::<Address>().map(|address| address.0).map_err(|error| Fault::config(what, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
home = "home"
listen = "127.0.0.1:0"
[[chain]]
id = 1
rpc = "https://chain.example/"
recovery = ["0x1111111111111111111111111111111111111111"]
[keys]
dns = "quorum"
"#;

    fn read(text: &str) -> Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&path).inspect(|config| {
            assert_eq!(config.home, folder.path().join("home"));
        })
    }

    #[test]
    fn defaults_are_the_librarys() {
        let config = read(GOOD).unwrap();
        assert_eq!(config.limits.settings(), LimitSettings::default());
        assert_eq!(config.limits.key_settings(), KeySettings::default());
        assert_eq!(config.insecure.dealer(), Dealer::Refused);
        assert_eq!(config.insecure.plain(), PlainHttp::Refused);
    }

    #[test]
    fn rejects_what_answers_nothing_and_says_where() {
        let with = |from: &str, to: &str| {
            assert!(GOOD.contains(from), "{from}");
            read(&GOOD.replace(from, to)).unwrap_err().to_string()
        };
        for (from, to, why) in [
            ("home = ", "homes = ", "unknown field `homes`"),
            ("id = 1", "id = \"1\"", "line 5"),
            ("rpc = \"https://chain.example/\"", "", "either rpc or rpc_file"),
            ("0x11", "0xzz", "chain.recovery"),
            ("[keys]", "[[chain]]\nid = 1\nrpc = \"https://b.example\"\n[keys]", "1 twice"),
            ("\"quorum\"", "\"none\"", "neither DNS nor a registry"),
            ("\"quorum\"", "\"quorum\"\nregistry = \"r.json\"", "set chain.roots"),
            ("\"quorum\"", "\"quorum\"\n[limits]\nconcurrent = 0", "limits.concurrent"),
        ] {
            let error = with(from, to);
            assert!(error.contains(why), "{error}");
        }
        let chainless =
            GOOD.split("[[chain]]").next().unwrap().to_owned() + "[keys]\ndns = \"quorum\"\n";
        assert!(read(&chainless).unwrap_err().to_string().contains("no mail is fresh"));
    }
}
