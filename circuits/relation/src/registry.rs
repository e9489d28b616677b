//! The key registry: an append-style Poseidon Merkle tree of (domain, key) leaves.
//!
//! A slot, once used, is never used again: a removed key leaves the leaf 0 behind, so the index
//! in an old path never comes to mean another key. Unused slots are 0 as well. Only used slots
//! are stored and hashed; the empty rest of the tree is a list of twenty known hashes.

use crate::commitment::leaf;
use crate::poseidon::hash2;
use crate::rsa::MODULUS_BITS;
use crate::values::RegistryRoot;
use crate::Fr;
use halo2curves::ff::Field;
use num_bigint::BigUint;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::sync::OnceLock;

/// Depth of the tree.
pub const DEPTH: usize = 20;
/// Slots in the tree.
pub const CAPACITY: usize = 1 << DEPTH;

/// The version of the file form that this code reads and writes.
pub const FILE_VERSION: u32 = 1;
const FILE_TYPE: &str = "zkdkim-key-registry";

/// Where a leaf lies and the siblings on its way to the root, lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerklePath {
    /// The slot; bit i says on which side of the i-th sibling the path runs (0: left).
    pub index: u32,
    /// One sibling a level, that of the leaf first.
    pub siblings: [Fr; DEPTH],
}

impl MerklePath {
    /// The root that this path gives for a leaf.
    pub fn root(&self, leaf: Fr) -> RegistryRoot {
        let siblings = self.siblings.iter().enumerate();
        RegistryRoot(siblings.fold(leaf, |node, (level, sibling)| {
            match (self.index >> level) & 1 {
                0 => hash2(node, *sibling),
                _ => hash2(*sibling, node),
            }
        }))
    }
}

/// One key of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The signing domain, lower case.
    pub domain: String,
    /// The modulus, odd and of exactly 2,048 bits in a registry.
    pub modulus: BigUint,
}

/// What is wrong with an entry or a registry file.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// A domain that no address of the grammar can have.
    #[error("{0:?} is not a lower-case domain name of at most 62 bytes with a dot")]
    Domain(String),
    /// A modulus of another size.
    #[error("a key of {0} bits; the registry holds keys of 2048 bits only")]
    KeySize(u64),
    /// A modulus that is no RSA key's.
    #[error("an even modulus")]
    EvenModulus,
    /// The entry is there already.
    #[error("this key of {0} is in the registry already, in slot {1}")]
    Duplicate(String, u32),
    /// No slot is left.
    #[error("the registry is full ({CAPACITY} slots)")]
    Full,
    /// No live entry in this slot.
    #[error("slot {0} holds no key")]
    NoEntry(u32),
    /// Another file, another version or a malformed one.
    #[error("not a registry file of version {FILE_VERSION}: {0}")]
    File(String),
}

/// The registry: used slots in order, None where a key was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRegistry {
    slots: Vec<Option<KeyEntry>>,
}

impl KeyRegistry {
    /// A registry in which no slot is used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key and returns its slot. The domain is lowered first.
    pub fn add(&mut self, domain: &str, modulus: BigUint) -> Result<u32, RegistryError> {
        let entry = KeyEntry { domain: domain.to_ascii_lowercase(), modulus };
        check_entry(&entry)?;
        if let Some(slot) = self.find(&entry.domain, &entry.modulus) {
            return Err(RegistryError::Duplicate(entry.domain, slot));
        }
        if self.slots.len() == CAPACITY {
            return Err(RegistryError::Full);
        }
        self.slots.push(Some(entry));
        Ok(self.slots.len() as u32 - 1)
    }

    /// Removes the key in a slot; the slot stays empty for ever.
    pub fn remove(&mut self, slot: u32) -> Result<KeyEntry, RegistryError> {
        let entry = self.slots.get_mut(slot as usize).and_then(Option::take);
        entry.ok_or(RegistryError::NoEntry(slot))
    }

    /// The slot of a key.
    pub fn find(&self, domain: &str, modulus: &BigUint) -> Option<u32> {
        let hit = |(_, e): &(u32, &KeyEntry)| e.domain == domain && e.modulus == *modulus;
        self.entries().find(hit).map(|(slot, _)| slot)
    }

    /// The live entries with their slots.
    pub fn entries(&self) -> impl Iterator<Item = (u32, &KeyEntry)> {
        let live = |(i, slot): (usize, &'_ Option<KeyEntry>)| slot.is_some().then_some(i as u32);
        self.slots
            .iter()
            .enumerate()
            .filter_map(move |(i, slot)| live((i, slot)).zip(slot.as_ref()))
    }

    /// The moduli of a domain; rotation makes several usual.
    pub fn keys_of<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = &'a BigUint> {
        self.entries().filter(move |(_, e)| e.domain == domain).map(|(_, e)| &e.modulus)
    }

    /// Slots used so far, removed ones included.
    pub fn used_slots(&self) -> usize {
        self.slots.len()
    }

    /// The root of the tree.
    pub fn root(&self) -> RegistryRoot {
        let mut level = self.leaves();
        for empty in empty_subtrees().iter().take(DEPTH) {
            level = parents(&level, *empty);
        }
        RegistryRoot(level.first().copied().unwrap_or(empty_subtrees()[DEPTH]))
    }

    /// The path of a live entry.
    pub fn path(&self, slot: u32) -> Result<MerklePath, RegistryError> {
        if !matches!(self.slots.get(slot as usize), Some(Some(_))) {
            return Err(RegistryError::NoEntry(slot));
        }
        let mut siblings = [Fr::ZERO; DEPTH];
        let (mut level, mut at) = (self.leaves(), slot as usize);
        for (sibling, empty) in siblings.iter_mut().zip(empty_subtrees()) {
            *sibling = level.get(at ^ 1).copied().unwrap_or(*empty);
            level = parents(&level, *empty);
            at >>= 1;
        }
        Ok(MerklePath { index: slot, siblings })
    }

    /// The file form: JSON with a type and a version.
    pub fn to_json(&self) -> String {
        let entry = |slot: &Option<KeyEntry>| {
            slot.as_ref().map(|e| FileEntry {
                domain: e.domain.clone(),
                modulus: format!("0x{}", e.modulus.to_str_radix(16)),
            })
        };
        let file = File {
            r#type: FILE_TYPE.into(),
            version: FILE_VERSION,
            depth: DEPTH,
            slots: self.slots.iter().map(entry).collect(),
        };
        // Strings and numbers only: nothing that the serialiser could refuse.
        serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
    }

    /// Reads the file form; every entry is checked as if it were added.
    pub fn from_json(text: &str) -> Result<Self, RegistryError> {
        let bad = |what: String| RegistryError::File(what);
        let file: File = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        if file.r#type != FILE_TYPE || file.version != FILE_VERSION || file.depth != DEPTH {
            let (t, v, d) = (file.r#type, file.version, file.depth);
            return Err(bad(format!("type {t:?}, version {v}, depth {d}")));
        }
        let mut registry = Self::new();
        let mut seen = std::collections::HashMap::new();
        for (slot, entry) in file.slots.into_iter().enumerate() {
            let entry = entry.map(FileEntry::parse).transpose()?;
            if let Some(entry) = &entry {
                check_entry(entry)?;
                let key = (entry.domain.clone(), entry.modulus.clone());
                if let Some(first) = seen.insert(key, slot as u32) {
                    return Err(RegistryError::Duplicate(entry.domain.clone(), first));
                }
            }
            registry.slots.push(entry);
        }
        Ok(registry)
    }

    fn leaves(&self) -> Vec<Fr> {
        // Entries were checked when they came in, so each has a leaf.
        let leaf = |e: &KeyEntry| leaf(e.domain.as_bytes(), &e.modulus);
        self.slots.iter().map(|s| s.as_ref().and_then(leaf).unwrap_or(Fr::ZERO)).collect()
    }
}

fn parents(level: &[Fr], empty: Fr) -> Vec<Fr> {
    level.chunks(2).map(|pair| hash2(pair[0], pair.get(1).copied().unwrap_or(empty))).collect()
}

/// Root of an empty subtree of each height, from the leaf (0) up to the whole tree.
pub fn empty_subtrees() -> &'static [Fr; DEPTH + 1] {
    static EMPTY: OnceLock<[Fr; DEPTH + 1]> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let mut nodes = [Fr::ZERO; DEPTH + 1];
        for level in 0..DEPTH {
            nodes[level + 1] = hash2(nodes[level], nodes[level]);
        }
        nodes
    })
}

fn check_entry(entry: &KeyEntry) -> Result<(), RegistryError> {
    // The grammar of addresses is the judge: a domain that cannot occur in one is useless here.
    let address = format!("a@{}", entry.domain);
    let lower = !entry.domain.bytes().any(|b| b.is_ascii_uppercase());
    if !lower || super::header::parse_mailbox(address.as_bytes(), 0..address.len()).is_err() {
        return Err(RegistryError::Domain(super::refusal::show_text(entry.domain.as_bytes())));
    }
    match entry.modulus.bits() {
        MODULUS_BITS if !entry.modulus.bit(0) => Err(RegistryError::EvenModulus),
        MODULUS_BITS => Ok(()),
        bits => Err(RegistryError::KeySize(bits)),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    r#type: String,
    version: u32,
    depth: usize,
    #[serde(deserialize_with = "at_most_capacity")]
    slots: Vec<Option<FileEntry>>,
}

/// Stops at the first slot too many: an empty one takes five bytes in a file and ten times as many in
/// memory.
fn at_most_capacity<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Option<FileEntry>>, D::Error> {
    struct Slots;
    impl<'de> Visitor<'de> for Slots {
        type Value = Vec<Option<FileEntry>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {CAPACITY} slots")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut slots = Vec::new();
            while let Some(slot) = list.next_element()? {
                if slots.len() == CAPACITY {
                    return Err(A::Error::invalid_length(CAPACITY + 1, &self));
                }
                slots.push(slot);
            }
            Ok(slots)
        }
    }
    deserializer.deserialize_seq(Slots)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    domain: String,
    modulus: String,
}

impl FileEntry {
    fn parse(self) -> Result<KeyEntry, RegistryError> {
        let digits = self.modulus.strip_prefix("0x").filter(|hex| {
            hex.len() <= MODULUS_BITS as usize / 4 && hex.bytes().all(|b| b.is_ascii_hexdigit())
        });
        let modulus = digits.and_then(|hex| BigUint::parse_bytes(hex.as_bytes(), 16));
        match modulus {
            Some(modulus) => Ok(KeyEntry { domain: self.domain, modulus }),
            None => Err(RegistryError::File("a modulus is not 0x and up to 512 hex digits".into())),
        }
    }
}

#[cfg(test)]
mod tests;
