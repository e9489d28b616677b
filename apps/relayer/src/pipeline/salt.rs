//! Where the salt of a mailbox comes from: files that an operator was given, or, with a client of salt nodes, the mailbox itself.

use std::path::{Path, PathBuf};

use alloy::primitives::U256;
use zkdkim_relation::{commitment::email_commitment, inspect::Provable, EmailCommitment, Salt};
use zkdkim_store::documents::read_salt;

use crate::{
    error::{Error, Result},
    job::{Job, Refused},
};

/// What a salt is looked for with.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The job, with its target.
    pub job: &'a Job,
    /// The mail, which every rule holds for.
    pub mail: &'a Provable,
    /// The commitments of the account's guardians: the mailbox's is one of them, under its salt.
    pub guardians: &'a [EmailCommitment],
}

impl Asked<'_> {
    /// Whether this is the salt of the mailbox.
    pub fn fits(&self, salt: &Salt) -> bool {
        let commitment = email_commitment(salt, &self.mail.view.address);
        commitment.is_some_and(|commitment| self.guardians.contains(&commitment))
    }
}

/// Why there is no salt.
#[derive(Debug)]
pub enum SaltFault {
    /// This mailbox has none here.
    Refused(Refused),
    /// It can't be had now; it is asked for again in so many seconds.
    Later(i64),
    /// The source itself fails.
    Failed(Error),
}

impl From<Error> for SaltFault {
    fn from(error: Error) -> SaltFault {
        SaltFault::Failed(error)
    }
}

/// Where salts come from.
#[async_trait::async_trait]
pub trait SaltSource: Send + Sync {
    /// The salt of the mailbox that sent the mail. It is kept nowhere.
    async fn salt(&self, asked: &Asked<'_>) -> Result<Salt, SaltFault>;
}

/// A folder of salt files, as `zkdkim salt new` writes them, under any names that end with `.salt`: which mailbox one
/// belongs to, only the commitments say.
#[derive(Clone, Debug)]
pub struct SaltFolder {
    path: PathBuf,
}

/// Each is a hash over the address; this many take a second.
const MAX_SALTS: usize = 20_000;

impl SaltFolder {
    /// A folder. Its files are read whenever a salt is needed, so new ones count at once.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it can't be read, holds more than 20,000 salts, or one that others can read.
    pub fn open(path: &Path) -> Result<SaltFolder> {
        let folder = SaltFolder { path: path.into() };
        for file in folder.files()? {
            if zkdkim_store::files::is_readable_by_others(&file) {
                let detail = "others can read it, and whoever has a salt can guess its address";
                return Err(Error::config(file.display().to_string(), detail, "chmod 600 it"));
            }
            read_salt(&file)?;
        }
        Ok(folder)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        let place = self.path.display().to_string();
        let read = |error: std::io::Error| {
            Error::config(&place, error.to_string(), "make the folder, and put salt files into it")
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(read)? {
            let file = entry.map_err(read)?.path();
            if file.extension().is_some_and(|extension| extension == "salt") {
                files.push(file);
            }
        }
        if files.len() > MAX_SALTS {
            let detail = format!("{} salts, more than {MAX_SALTS}", files.len());
            return Err(Error::config(&place, detail, "let salt nodes keep them"));
        }
        Ok(files)
    }

    fn find(&self, fits: impl Fn(&Salt) -> bool) -> Result<Option<Salt>> {
        for file in self.files()? {
            let salt = read_salt(&file)?;
            if fits(&salt) {
                return Ok(Some(salt));
            }
        }
        Ok(None)
    }
}

#[async_trait::async_trait]
impl SaltSource for SaltFolder {
    async fn salt(&self, asked: &Asked<'_>) -> Result<Salt, SaltFault> {
        let folder = self.clone();
        let address = zeroize::Zeroizing::new(asked.mail.view.address.clone());
        let guardians = asked.guardians.to_vec();
        let find = move || {
            folder.find(|salt| {
                email_commitment(salt, &address).is_some_and(|c| guardians.contains(&c))
            })
        };
        let found = tokio::task::spawn_blocking(find).await;
        let found =
            found.map_err(|e| Error::Ended { what: "reading", detail: e.to_string() })??;
        found.ok_or_else(|| {
            SaltFault::Refused(Refused::new(
                "no-salt",
                "this relayer has no salt with which this mailbox is a guardian of the account",
                "send from the address that the owner named; or hand in a proof that is made where the salt is",
            ))
        })
    }
}

/// A commitment as contracts have it.
pub fn commitment_of(word: U256) -> Option<EmailCommitment> {
    let text = format!("0x{}", hex::encode(word.to_be_bytes::<32>()));
    zkdkim_prover::hex_form::field_from_hex(&text).map(EmailCommitment)
}
