//! How often a node answers: state in memory, bounded, with the clock handed in. A restart forgets it.
//!
//! *Clients* have a bucket of requests, charged before anything is opened. *Addresses* have a number of answers a day,
//! charged only after the provider's signature held: whoever has no mail of an address can't use it up. *Domains* have a
//! bucket of look-ups of keys that are not remembered ([`KeyMemory`]). Tables hold keyed hashes, never an address.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    identity::MailAddress,
    request::{KeyFault, ProviderKeys, Refused},
};

const DAY_SECONDS: u64 = 86_400;

/// A bucket: so many at once, and one more each so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests at once; at least 1.
    pub burst: u32,
    /// Seconds until one more is allowed; at least 1.
    pub seconds: u64,
}

/// How much is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// Requests of a client.
    pub client: Rate,
    /// Answers for an address within 24 hours.
    pub address_a_day: u32,
    /// Entries of each table; beyond twice as many, the oldest are forgotten.
    pub entries: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self { client: Rate { burst: 20, seconds: 3 }, address_a_day: 5, entries: 1 << 16 }
    }
}

type Tag = [u8; 16];

/// Two generations: when the younger is full, the older is dropped. So memory is bounded, and what is used stays.
struct Table<V> {
    entries: usize,
    young: HashMap<Tag, V>,
    old: HashMap<Tag, V>,
}

impl<V: Clone> Table<V> {
    fn new(entries: usize) -> Table<V> {
        Table { entries: entries.max(1), young: HashMap::new(), old: HashMap::new() }
    }

    fn get(&self, tag: &Tag) -> Option<&V> {
        self.young.get(tag).or_else(|| self.old.get(tag))
    }

    fn put(&mut self, tag: Tag, value: V) {
        if self.young.len() >= self.entries && !self.young.contains_key(&tag) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(tag, value);
    }
}

/// When the bucket of `tag` is empty again, if it were filled now; the state of a leaky bucket in one number.
fn take(table: &mut Table<u64>, tag: Tag, rate: Rate, now: u64) -> Result<(), u64> {
    let seconds = rate.seconds.max(1);
    let depth = seconds.saturating_mul(u64::from(rate.burst.max(1)));
    let filled = table.get(&tag).copied().unwrap_or(now).max(now).saturating_add(seconds);
    match filled.checked_sub(now) {
        Some(level) if level > depth => Err(level - depth),
        _ => {
            table.put(tag, filled);
            Ok(())
        }
    }
}

/// Counters of a node.
pub struct Limits {
    settings: LimitSettings,
    key: Zeroizing<[u8; 32]>,
    clients: Table<u64>,
    addresses: Table<Vec<u64>>,
}

impl Limits {
    /// Empty counters; `key` is random, and of this run only.
    pub fn new(settings: LimitSettings, key: [u8; 32]) -> Limits {
        let (clients, addresses) = (Table::new(settings.entries), Table::new(settings.entries));
        Limits { settings, key: Zeroizing::new(key), clients, addresses }
    }

    /// Charges a client, by whatever tells clients apart: an IP address, or the network that it lies in.
    ///
    /// # Errors
    ///
    /// [`Refused::Limit`].
    pub fn take_client(&mut self, client: &[u8], now: u64) -> Result<(), Refused> {
        let tag = tag(&self.key, b"client", client);
        take(&mut self.clients, tag, self.settings.client, now)
            .map_err(|retry_seconds| Refused::Limit { per: "of this client", retry_seconds })
    }

    /// Whether an address may have one more answer today.
    ///
    /// # Errors
    ///
    /// [`Refused::Limit`].
    pub fn peek_address(&self, address: &MailAddress, now: u64) -> Result<(), Refused> {
        let today = self.today(&self.address_tag(address), now);
        if today.len() < self.settings.address_a_day as usize {
            return Ok(());
        }
        let first = today.iter().min().copied().unwrap_or(now);
        let retry_seconds = first.saturating_add(DAY_SECONDS).saturating_sub(now).max(1);
        Err(Refused::Limit { per: "for this address", retry_seconds })
    }

    /// Charges an answer to an address.
    ///
    /// # Errors
    ///
    /// [`Refused::Limit`].
    pub fn take_address(&mut self, address: &MailAddress, now: u64) -> Result<(), Refused> {
        self.peek_address(address, now)?;
        let tag = self.address_tag(address);
        let mut today = self.today(&tag, now);
        today.push(now);
        self.addresses.put(tag, today);
        Ok(())
    }

    fn today(&self, tag: &Tag, now: u64) -> Vec<u64> {
        let times = self.addresses.get(tag).map_or(&[][..], Vec::as_slice);
        times.iter().copied().filter(|time| time.saturating_add(DAY_SECONDS) > now).collect()
    }

    fn address_tag(&self, address: &MailAddress) -> Tag {
        tag(&self.key, b"address", address.as_str().as_bytes())
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A keyed hash: a fixed-length key first, and SHA-256 of everything once more, so no longer input can be made of it.
fn tag(key: &[u8; 32], kind: &[u8], what: &[u8]) -> Tag {
    let inner =
        Sha256::new().chain_update(key).chain_update(kind).chain_update([0]).chain_update(what);
    let outer = Sha256::new().chain_update(key).chain_update(inner.finalize()).finalize();
    let mut tag = [0; 16];
    tag.copy_from_slice(&outer[..16]);
    tag
}

/// How long keys of providers are remembered, and how often others are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySettings {
    /// Seconds for which a key that was found is used without asking again.
    pub found_seconds: u64,
    /// Seconds for which one that was not found is taken not to be there.
    pub missing_seconds: u64,
    /// Look-ups for one domain.
    pub domain: Rate,
    /// Entries of each table.
    pub entries: usize,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            found_seconds: 3600,
            missing_seconds: 300,
            domain: Rate { burst: 10, seconds: 60 },
            entries: 1 << 12,
        }
    }
}

/// Keys of providers as they were found, for a while. Selectors are free to whoever forges a mail, so look-ups are limited
/// for each domain; a key that is remembered is not limited, so nobody shuts out a provider's users by forged selectors.
pub struct KeyMemory<K> {
    source: K,
    settings: KeySettings,
    state: Mutex<KeyState>,
}

struct KeyState {
    now: u64,
    found: Table<(u64, Option<Vec<BigUint>>)>,
    domains: Table<u64>,
}

impl<K: ProviderKeys> KeyMemory<K> {
    /// An empty memory before a source.
    pub fn new(source: K, settings: KeySettings) -> KeyMemory<K> {
        let (found, domains) = (Table::new(settings.entries), Table::new(settings.entries));
        KeyMemory { source, settings, state: Mutex::new(KeyState { now: 0, found, domains }) }
    }

    /// Sets the clock: seconds since 1970.
    pub fn at(&self, now: u64) -> &Self {
        self.state().now = now;
        self
    }

    fn state(&self) -> std::sync::MutexGuard<'_, KeyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: ProviderKeys> ProviderKeys for KeyMemory<K> {
    fn moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        // Names of domains and selectors are public: no key is needed. They hold no zero byte.
        let name = tag(&[0; 32], domain.as_bytes(), selector.as_bytes());
        {
            let mut state = self.state();
            let now = state.now;
            match state.found.get(&name) {
                Some((until, keys)) if *until > now => {
                    return keys.clone().ok_or(KeyFault::Unknown)
                }
                _ => {}
            }
            let domain = tag(&[0; 32], b"domain", domain.as_bytes());
            take(&mut state.domains, domain, self.settings.domain, now).map_err(KeyFault::Limit)?;
        }
        let asked = self.source.moduli(domain, selector);
        let (seconds, keys) = match &asked {
            Ok(keys) => (self.settings.found_seconds, Some(keys.clone())),
            Err(KeyFault::Unknown) => (self.settings.missing_seconds, None),
            // What could not be asked is asked again.
            Err(_) => return asked,
        };
        let mut state = self.state();
        let until = state.now.saturating_add(seconds);
        state.found.put(name, (until, keys));
        asked
    }
}

/// Answers that were given, for a while: a repeated request is cheap, equal, and not counted.
pub struct Replies {
    seconds: u64,
    table: Table<(u64, Vec<u8>)>,
}

impl Replies {
    /// Keeps up to twice `entries` answers for `seconds`.
    pub fn new(entries: usize, seconds: u64) -> Replies {
        Replies { seconds, table: Table::new(entries) }
    }

    /// The answer to a request with this digest.
    pub fn get(&self, digest: &[u8; 32], now: u64) -> Option<Vec<u8>> {
        let (until, answer) = self.table.get(&short(digest))?;
        (*until > now).then(|| answer.clone())
    }

    /// Keeps an answer.
    pub fn put(&mut self, digest: &[u8; 32], answer: Vec<u8>, now: u64) {
        self.table.put(short(digest), (now.saturating_add(self.seconds), answer));
    }
}

/// Half a SHA-256: requests that meet in it would get each other's sealed answer, which opens for neither.
fn short(digest: &[u8; 32]) -> Tag {
    let mut tag = [0; 16];
    tag.copy_from_slice(&digest[..16]);
    tag
}

#[cfg(test)]
mod tests;
