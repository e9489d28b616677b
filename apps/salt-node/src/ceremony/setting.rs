//! The setting of a ceremony as operators agree on it: a file in TOML, put together from the nodes' `member.toml`.
//!
//! ```toml
//! network = "main-1"
//! threshold = 3
//!
//! [[member]]
//! index = 1
//! url = "https://salt.example"
//! sealing = "0x…"
//! verifying = "0x…"
//! ```

use std::path::Path;

use serde::{Deserialize, Serialize};
use zkdkim_salt::{
    ceremony::Setting, node::NodeKeys, CommitteeRecord, Dealer, Member, NetworkId, NodeIndex,
    SealingKey, VerifyingKey,
};

use crate::{
    error::{Fault, Result},
    files,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    network: String,
    threshold: u8,
    member: Vec<MemberEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberEntry {
    index: u8,
    url: String,
    sealing: String,
    verifying: String,
}

/// A setting, with what the library's does not show.
#[derive(Clone, Debug)]
pub struct Agreed {
    /// As the library has it.
    pub setting: Setting,
    /// The members of the new committee.
    pub members: Vec<Member>,
    /// The committee before, in a resharing.
    pub before: Option<CommitteeRecord>,
}

/// The entry of a node, for a setting.
pub fn member_entry(index: NodeIndex, url: &str, keys: &NodeKeys) -> String {
    let hex = |bytes: [u8; 32]| format!("\"0x{}\"", hex::encode(bytes));
    format!(
        "[[member]]\nindex = {index}\nurl = {}\nsealing = {}\nverifying = {}\n",
        toml_string(url),
        hex(keys.opening.sealing_key().to_bytes()),
        hex(keys.signing.verifying_key().to_bytes())
    )
}

fn toml_string(text: &str) -> String {
    // TOML's basic strings are written as JSON's.
    serde_json::Value::from(text).to_string()
}

impl Agreed {
    /// Reads a setting, and the record of the committee before where the key is passed on.
    pub fn read(path: &Path, before: Option<&Path>, dealer: Dealer) -> Result<Agreed> {
        let bytes = files::read(path, files::SMALL)?;
        let text = std::str::from_utf8(&bytes).map_err(Fault::content(path))?;
        let file: File = toml::from_str(text)
            .map_err(|error| Fault::content(path)(error.to_string().trim_end()))?;
        let network = NetworkId::parse(&file.network).map_err(Fault::content(path))?;
        let read = |entry: &MemberEntry| member(entry).map_err(Fault::content(path));
        let members: Vec<_> = file.member.iter().map(read).collect::<Result<_>>()?;
        let before = match before {
            None => None,
            Some(path) => {
                let record = CommitteeRecord::read(&files::read(path, files::SMALL)?, dealer);
                Some(record.map_err(Fault::content(path))?)
            }
        };
        let setting = match &before {
            None => Setting::generation(network, file.threshold, members.clone()),
            Some(record) if record.committee().network != network => {
                return Err(Fault::content(path)("another network than that of the record before"));
            }
            Some(record) => Setting::resharing(record, file.threshold, members.clone()),
        };
        let setting = setting.map_err(|error| match error {
            zkdkim_salt::Error::Network => {
                Fault::content(path)("a network of this name has a dealer, and no ceremony")
            }
            error => Fault::content(path)(error),
        })?;
        Ok(Agreed { setting, members, before })
    }

    /// Which member the keys are of.
    pub fn member(&self, keys: &NodeKeys) -> Option<NodeIndex> {
        let (sealing, verifying) = (keys.opening.sealing_key(), keys.signing.verifying_key());
        let mine = |m: &&Member| m.verifying == verifying && m.sealing == sealing;
        self.members.iter().find(mine).map(|member| member.index)
    }

    /// Which dealer they are of: a member, or in a resharing a node of the committee before.
    pub fn dealer(&self, keys: &NodeKeys) -> Option<NodeIndex> {
        let Some(before) = &self.before else { return self.member(keys) };
        let verifying = keys.signing.verifying_key();
        let nodes = before.committee().nodes.iter();
        nodes.map(|node| &node.member).find(|m| m.verifying == verifying).map(|m| m.index)
    }

    /// Everybody who may deal.
    pub fn dealers(&self) -> Vec<NodeIndex> {
        match &self.before {
            None => self.members.iter().map(|member| member.index).collect(),
            Some(before) => before.committee().nodes.iter().map(|n| n.member.index).collect(),
        }
    }
}

fn member(entry: &MemberEntry) -> Result<Member, String> {
    let MemberEntry { index, url, sealing, verifying } = entry;
    let refuse = |what: &str| format!("member {index}: {what}");
    let sealing = key(sealing).and_then(|bytes| SealingKey::from_bytes(&bytes));
    let verifying = key(verifying).and_then(|bytes| VerifyingKey::from_bytes(&bytes));
    Ok(Member {
        index: NodeIndex::new(*index).ok_or_else(|| refuse("indices begin with 1"))?,
        url: url.clone(),
        sealing: sealing.ok_or_else(|| refuse("sealing is no key"))?,
        verifying: verifying.ok_or_else(|| refuse("verifying is no key"))?,
    })
}

fn key(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.strip_prefix("0x")?).ok()?.try_into().ok()
}
