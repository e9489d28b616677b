//! What a node keeps of a ceremony: everything that it has taken, so that it can go on after any interruption.
//!
//! ```text
//! ceremonies/ID/setting.toml, before     what was agreed
//! ceremonies/ID/seed                     all randomness of this node's deal; secret, erased at the end
//! ceremonies/ID/taken/deal-3             a message as it was taken
//! ceremonies/ID/closed-deals             that the time for deals is over; likewise -verdicts, -answers
//! ```
//!
//! The node's own messages are functions of the seed, its keys and what it took, so making them again gives the same bytes:
//! nobody gets two different messages of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rand::{rngs::OsRng, RngCore};
use zeroize::Zeroizing;
use zkdkim_salt::{Dealer, NodeIndex};

use super::setting::Agreed;
use crate::{
    error::{Fault, Result},
    files::{self, Existing},
};

/// Longest message of a ceremony: 32 commitments and boxes.
pub const MAX_MESSAGE_BYTES: u64 = 16 << 10;

/// A stage of a ceremony.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Dealers deal.
    Deals,
    /// Receivers say which deals are wrong.
    Verdicts,
    /// Accused dealers answer.
    Answers,
}

impl Stage {
    /// The stage's messages, in the singular.
    pub fn message(self) -> &'static str {
        match self {
            Stage::Deals => "deal",
            Stage::Verdicts => "verdict",
            Stage::Answers => "answer",
        }
    }
}

/// A ceremony's folder in a node's.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// The folder, whether it is there or not.
    pub fn new(folder: PathBuf) -> Store {
        Store(folder)
    }

    /// Whether the ceremony was begun here.
    pub fn exists(&self) -> bool {
        self.0.join("setting.toml").exists()
    }

    /// Begins: keeps what was agreed, and draws the seed. Doing it again changes nothing.
    pub fn begin(&self, setting: &[u8], before: Option<&[u8]>) -> Result<()> {
        if self.exists() {
            return Ok(());
        }
        files::make_folder(&self.0.join("taken"))?;
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *seed);
        match files::write_secret(&self.0.join("seed"), &*seed, Existing::Kept) {
            // Of an attempt that was interrupted.
            Ok(()) | Err(Fault::Exists { .. }) => {}
            Err(fault) => return Err(fault),
        }
        if let Some(before) = before {
            files::write(&self.0.join("before"), before, Existing::Replaced)?;
        }
        // Last: with it, the ceremony has begun.
        files::write(&self.0.join("setting.toml"), setting, Existing::Replaced)
    }

    /// What was agreed.
    pub fn agreed(&self, dealer: Dealer) -> Result<Agreed> {
        let before = self.0.join("before");
        let before = before.exists().then_some(before);
        Agreed::read(&self.0.join("setting.toml"), before.as_deref(), dealer)
    }

    /// The seed; none once it was erased.
    pub fn seed(&self) -> Result<Option<Zeroizing<[u8; 32]>>> {
        let path = self.0.join("seed");
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read_secret(&path)?;
        let seed: [u8; 32] =
            bytes.as_slice().try_into().map_err(|_| Fault::content(&path)("not 32 bytes"))?;
        Ok(Some(Zeroizing::new(seed)))
    }

    /// Erases the seed: the ceremony is over.
    pub fn erase_seed(&self) -> Result<()> {
        files::erase(&self.0.join("seed"))
    }

    /// Erases the seed and removes the folder.
    pub fn remove(&self) -> Result<()> {
        self.erase_seed()?;
        fs::remove_dir_all(&self.0).map_err(Fault::io("remove", &self.0))
    }

    fn taken(&self, stage: Stage, index: NodeIndex) -> PathBuf {
        self.0.join("taken").join(file_name(stage, index))
    }

    /// Keeps a message that the board took.
    pub fn take(&self, stage: Stage, index: NodeIndex, bytes: &[u8]) -> Result<()> {
        files::write(&self.taken(stage, index), bytes, Existing::Replaced)
    }

    /// A message that was taken.
    pub fn message(&self, stage: Stage, index: NodeIndex) -> Result<Option<Vec<u8>>> {
        let path = self.taken(stage, index);
        path.exists().then(|| files::read(&path, MAX_MESSAGE_BYTES)).transpose()
    }

    fn closed(&self, stage: Stage) -> PathBuf {
        self.0.join(format!("closed-{}s", stage.message()))
    }

    /// Whether a stage is over.
    pub fn is_closed(&self, stage: Stage) -> bool {
        self.closed(stage).exists()
    }

    /// Ends a stage, for good.
    pub fn close(&self, stage: Stage) -> Result<()> {
        files::write(&self.closed(stage), b"", Existing::Replaced)
    }
}

/// The name of a message's file.
pub fn file_name(stage: Stage, index: NodeIndex) -> String {
    format!("{}-{index}", stage.message())
}

/// The files of a folder that are messages of a stage, with the index that their name says.
pub fn offered(folder: &Path, stage: Stage) -> Result<Vec<(NodeIndex, PathBuf)>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(Fault::io("open", folder))?;
    for entry in entries {
        let entry = entry.map_err(Fault::io("read", folder))?;
        let name = entry.file_name();
        let index = name.to_str().and_then(|name| {
            let index = name.strip_prefix(stage.message())?.strip_prefix('-')?;
            NodeIndex::new(index.parse().ok()?)
        });
        found.extend(index.map(|index| (index, entry.path())));
    }
    found.sort();
    Ok(found)
}
