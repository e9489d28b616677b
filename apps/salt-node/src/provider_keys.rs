//! Providers' keys: of a registry whose root a chain accepts first, then of DNS, remembered for a while.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use num_bigint::BigUint;
use tracing::{info, warn};
use zkdkim_dns::{Error as DnsError, LiveDns, Resolvers};
use zkdkim_net::Http;
use zkdkim_relation::{dkim::key_name, DnsRecords, KeyRegistry};
use zkdkim_salt::{
    limits::KeyMemory,
    request::{KeyFault, ProviderKeys},
};

use crate::{
    chains::RpcChains,
    clock::now,
    config::Config,
    error::{Fault, Result},
    files,
};

/// 256 MiB, as the other programs of this project read.
const REGISTRY_LIMIT: u64 = 256 << 20;

/// DNS as it is now; nothing where the node has none.
struct Dns(Option<LiveDns>);

impl ProviderKeys for Dns {
    fn moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        let Some(dns) = &self.0 else { return Err(KeyFault::Unknown) };
        match dns.key_records(domain, selector) {
            Ok(texts) => {
                let mut records = DnsRecords::default();
                let name = key_name(selector, domain);
                texts.into_iter().for_each(|text| records.add(&name, text));
                records.moduli(domain, selector)
            }
            Err(DnsError::Absent { .. } | DnsError::Name { .. }) => Err(KeyFault::Unknown),
            Err(error) => {
                warn!(detail = nameless(&error), "a provider's key can't be looked up");
                Err(KeyFault::Unavailable)
            }
        }
    }
}

/// What went wrong, without the name that was asked for: a domain may have one user.
fn nameless(error: &DnsError) -> String {
    match error {
        DnsError::NoQuorum { said, .. } => {
            let said: Vec<_> = said.iter().map(|s| format!("{}: {}", s.resolver, s.what)).collect();
            said.join("; ")
        }
        error => error.id().into(),
    }
}

/// A registry file, while a chain accepts its root.
struct Registry {
    path: PathBuf,
    read: Option<SystemTime>,
    registry: KeyRegistry,
    accepted: bool,
}

/// Both sources.
#[derive(Clone)]
pub struct NodeKeysOfProviders(Arc<Sources>);

struct Sources {
    registry: RwLock<Option<Registry>>,
    dns: KeyMemory<Dns>,
    live: Option<LiveDns>,
}

impl NodeKeysOfProviders {
    /// The sources that the configuration names. The registry counts once [`Self::refresh`] has found its root accepted.
    pub fn new(http: &Http, config: &Config) -> Result<NodeKeysOfProviders> {
        let registry = match &config.keys.registry {
            None => None,
            Some(path) => {
                let (read, registry) = (modified(path), read_registry(path)?);
                Some(Registry { path: path.clone(), read, registry, accepted: false })
            }
        };
        let live = dns(http, config)?;
        let dns = KeyMemory::new(Dns(live.clone()), config.limits.key_settings());
        let registry = RwLock::new(registry);
        Ok(NodeKeysOfProviders(Arc::new(Sources { registry, dns, live })))
    }

    /// Sets the clock of what is remembered.
    pub fn at_present(&self) -> &Self {
        self.0.dns.at(now());
        self
    }

    /// Reads the registry anew where its file changed, and asks whether its root is accepted. Where no chain can be asked,
    /// what was known before stays, unless the file is another.
    pub fn refresh(&self, chains: &RpcChains) {
        let Some((path, read)) = self.with(|r| r.map(|r| (r.path.clone(), r.read))) else { return };
        let changed = modified(&path);
        if changed != read {
            match read_registry(&path) {
                Ok(registry) => {
                    let root = hex::encode(root_bytes(&registry));
                    info!(root, "the registry's file has changed");
                    self.update(|r| {
                        *r = Registry { path, read: changed, registry, accepted: false }
                    });
                }
                // The file of before stays in use.
                Err(fault) => warn!(detail = %fault, "the registry's file can't be read"),
            }
        }
        let root = self.with(|r| r.map(|r| root_bytes(&r.registry)));
        if let Some(accepted) = root.and_then(|root| chains.accepts_root(&root)) {
            let before = self.with(|r| r.is_some_and(|r| r.accepted));
            if before != accepted {
                info!(accepted, "whether the registry's root counts has changed");
            }
            self.update(|r| r.accepted = accepted);
        }
    }

    /// Whether the registry is used; none where there is none.
    pub fn registry_counts(&self) -> Option<bool> {
        self.with(|registry| registry.map(|registry| registry.accepted))
    }

    /// Looks a name up in DNS; none where the node has none.
    pub fn look_up(&self, name: &str) -> Option<Result<Vec<String>, DnsError>> {
        self.0.live.as_ref().map(|dns| dns.txt(name))
    }

    fn with<T>(&self, look: impl FnOnce(Option<&Registry>) -> T) -> T {
        look(self.0.registry.read().unwrap_or_else(PoisonError::into_inner).as_ref())
    }

    fn update(&self, change: impl FnOnce(&mut Registry)) {
        let mut registry = self.0.registry.write().unwrap_or_else(PoisonError::into_inner);
        registry.as_mut().map(change);
    }
}

impl ProviderKeys for NodeKeysOfProviders {
    fn moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        self.with(|registry| match registry {
            Some(Registry { registry, accepted: true, .. }) => registry.moduli(domain, selector),
            _ => Err(KeyFault::Unknown),
        })
    }

    fn further_moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        self.0.dns.moduli(domain, selector)
    }
}

fn dns(http: &Http, config: &Config) -> Result<Option<LiveDns>> {
    let timeout = Duration::from_secs(config.limits.timeout_seconds);
    let bad = |error: DnsError| Fault::config("keys.dns", error);
    match config.keys.dns.as_str() {
        "none" => Ok(None),
        "system" => LiveDns::system(timeout).map(Some).map_err(bad),
        "quorum" => {
            let list = match &config.keys.resolvers {
                None => Resolvers::default_list(),
                Some(path) => {
                    let bytes = files::read(path, files::SMALL)?;
                    let text = std::str::from_utf8(&bytes).map_err(Fault::content(path))?;
                    Resolvers::parse(text, config.insecure.plain())
                }
            };
            Ok(Some(LiveDns::https(http.clone(), list.map_err(bad)?)))
        }
        address => {
            let detail =
                "neither quorum, system, none nor the address of a server, such as 127.0.0.1:53";
            let address = address.parse().map_err(|_| Fault::config("keys.dns", detail))?;
            Ok(Some(LiveDns::at(address, timeout)))
        }
    }
}

fn read_registry(path: &Path) -> Result<KeyRegistry> {
    let bytes = files::read(path, REGISTRY_LIMIT)?;
    let text = std::str::from_utf8(&bytes).map_err(Fault::content(path))?;
    KeyRegistry::from_json(text).map_err(Fault::content(path))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// The root as contracts have it: a big-endian number.
fn root_bytes(registry: &KeyRegistry) -> [u8; 32] {
    let number = zkdkim_relation::packing::to_biguint(&registry.root().0).to_bytes_be();
    let mut root = [0; 32];
    root[32 - number.len()..].copy_from_slice(&number);
    root
}
