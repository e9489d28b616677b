//! A node's folder.
//!
//! ```text
//! HOME/keys                      the long-term keys; secret
//! HOME/member.toml               who the node is, for settings of ceremonies
//! HOME/epochs/EPOCH/record       the committee's record
//! HOME/epochs/EPOCH/share        the node's share; secret, erased when the epoch is over
//! HOME/ceremonies/ID/            a key ceremony that is going on
//! ```

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use zkdkim_salt::{node::NodeKeys, CommitteeRecord, Dealer, KeyShare};

use crate::{
    error::{Fault, Result},
    files::{self, Existing},
};

/// A node's folder.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// The folder at this path.
    pub fn new(path: &Path) -> Home {
        Home(path.into())
    }

    /// Where something in it lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes the folder with new keys.
    pub fn init(&self, keys: &NodeKeys) -> Result<()> {
        files::make_folder(&self.0)?;
        files::write_secret(&self.path("keys"), &keys.to_bytes(), Existing::Kept)
    }

    /// The long-term keys.
    pub fn keys(&self) -> Result<NodeKeys> {
        let path = self.path("keys");
        NodeKeys::from_bytes(&files::read_secret(&path)?).map_err(Fault::content(&path))
    }

    fn epoch_folder(&self, epoch: u32) -> PathBuf {
        self.path("epochs").join(epoch.to_string())
    }

    /// Puts a record and, for a member, its share in their place. Doing it again with the same changes nothing; the record
    /// comes last, so an epoch that has one is whole.
    pub fn install(&self, record: &CommitteeRecord, share: Option<&KeyShare>) -> Result<()> {
        let folder = self.epoch_folder(record.committee().epoch);
        files::make_folder(&folder)?;
        let path = folder.join("record");
        let there = path.exists().then(|| files::read(&path, files::SMALL)).transpose()?;
        if let Some(there) = &there {
            let there = CommitteeRecord::read(there, Dealer::AllowedInsecurely);
            let same = |there: CommitteeRecord| there.committee() == record.committee();
            if !there.is_ok_and(same) {
                // Before the share is touched: it belongs to the record that is there.
                return Err(Fault::content(&path)("there is another record of this epoch"));
            }
        }
        if let Some(share) = share {
            files::write_secret(&folder.join("share"), &share.to_bytes(), Existing::Replaced)?;
        }
        match there {
            Some(_) => Ok(()),
            None => files::write(&path, &record.to_bytes(), Existing::Kept),
        }
    }

    /// All records that the node has, by epoch, as they are stored.
    pub fn records(&self, dealer: Dealer) -> Result<BTreeMap<u32, CommitteeRecord>> {
        let folder = self.path("epochs");
        let mut records = BTreeMap::new();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(records),
            Err(error) => return Err(Fault::io("open", &folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(Fault::io("read", &folder))?;
            let Some(epoch) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
            else {
                continue;
            };
            let path = entry.path().join("record");
            if !path.exists() {
                continue;
            }
            let record = CommitteeRecord::read(&files::read(&path, files::SMALL)?, dealer);
            let record = record.map_err(|error| match error {
                zkdkim_salt::Error::InsecureDealer => {
                    Fault::InsecureDealer(path.display().to_string())
                }
                error => Fault::content(&path)(error),
            })?;
            if record.committee().epoch != epoch {
                return Err(Fault::content(&path)("a record of another epoch than its folder's"));
            }
            records.insert(epoch, record);
        }
        Ok(records)
    }

    /// The share of an epoch; none where the node has none.
    pub fn share(&self, epoch: u32) -> Result<Option<KeyShare>> {
        let path = self.epoch_folder(epoch).join("share");
        match path.exists() {
            false => Ok(None),
            true => {
                let share = KeyShare::from_bytes(&files::read_secret(&path)?);
                share.map(Some).map_err(Fault::content(&path))
            }
        }
    }

    /// The record and share that the node serves: those of the latest epoch in which it has both.
    pub fn current(&self, dealer: Dealer) -> Result<(CommitteeRecord, KeyShare)> {
        for (epoch, record) in self.records(dealer)?.into_iter().rev() {
            if let Some(share) = self.share(epoch)? {
                return Ok((record, share));
            }
        }
        let detail = "no committee record with a share of this node: run a key ceremony first";
        Err(Fault::content(&self.0)(detail))
    }

    /// Epochs before this one whose share is still there.
    pub fn old_shares(&self, before: u32) -> Result<Vec<u32>> {
        let epochs = self.records(Dealer::AllowedInsecurely)?.into_keys();
        let old = epochs.filter(|epoch| *epoch < before);
        Ok(old.filter(|epoch| self.epoch_folder(*epoch).join("share").exists()).collect())
    }

    /// Erases the share of an epoch.
    pub fn erase_share(&self, epoch: u32) -> Result<()> {
        files::erase(&self.epoch_folder(epoch).join("share"))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use zkdkim_salt::{dealer::deal_insecurely, Member, NetworkId, NodeIndex};

    use super::*;

    /// A committee of three nodes, and the share of the first.
    fn committee(seed: u64) -> (CommitteeRecord, KeyShare) {
        let rng = &mut ChaCha20Rng::seed_from_u64(seed);
        let keys = [(); 3].map(|()| NodeKeys::random(rng));
        let members = keys.iter().zip(1..).map(|(keys, index)| Member {
            index: NodeIndex::new(index).unwrap(),
            url: format!("https://salt{index}.example"),
            sealing: keys.opening.sealing_key(),
            verifying: keys.signing.verifying_key(),
        });
        let network = NetworkId::parse("insecure-dealer-home").unwrap();
        let (committee, mut shares) = deal_insecurely(&network, 2, members.collect(), rng).unwrap();
        let signatures = keys.iter().map(|keys| committee.sign(&keys.signing)).collect();
        let dealer = Dealer::AllowedInsecurely;
        let record = CommitteeRecord::new(committee, signatures, vec![], dealer).unwrap();
        (record, shares.remove(0))
    }

    #[test]
    fn another_committee_of_an_epoch_does_not_take_the_place_of_a_share() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let ((first, share), (second, other)) = (committee(1), committee(2));
        let epoch = first.committee().epoch;
        assert_eq!(epoch, second.committee().epoch);
        for _ in 0..2 {
            home.install(&first, Some(&share)).unwrap();
        }
        let error = home.install(&second, Some(&other)).unwrap_err().to_string();
        assert!(error.contains("another record"), "{error}");
        let kept = home.share(epoch).unwrap().unwrap();
        assert_eq!(kept.to_bytes(), share.to_bytes());
        assert_eq!(
            home.current(Dealer::AllowedInsecurely).unwrap().0.committee(),
            first.committee()
        );
    }
}
