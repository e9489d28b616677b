//! The cache folder: SRS files and keys that were made once.
//!
//! ```text
//! srs/insecure-dev-k14-m8.srs      keys/insecure-dev-<circuit>.vk      default-srs.json
//! srs/ceremony-…-k14-m8.srs        keys/ceremony-…-<circuit>.vk        lock
//! ```
//!
//! Everything in it can be made again, so what is damaged, or of another version, is replaced with a note
//! to the user; ceremony files are the exception, as only the user has their source. Files appear
//! whole (temporary file, rename), and a lock keeps two processes from making the same key twice.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use zkdkim_plonk::{
    digest::Sha256Digest,
    keys::{circuit_name, KeyedCircuit, ProverKey, VerifierKey},
    kinds::SrsKind,
    progress::{step, Progress},
    srs::Srs,
    Error as PlonkError,
};

use crate::{
    binary::{read_srs, read_verifier_key, write_srs, write_verifier_key},
    error::{Error, Result},
    files::{self, FileLock, Overwrite, Secrecy},
};

const DEFAULT_SRS: &str = "default-srs.json";
const DEFAULT_SRS_LIMIT: u64 = 1 << 16;
const DEFAULT_SRS_VERSION: u32 = 2;

/// A cache folder by its path; nothing is kept open, so several may share one.
#[derive(Clone, Debug)]
pub struct KeyCache {
    root: PathBuf,
}

/// Whether a cached key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Use what is there and valid.
    Cached,
    /// Make it anew, even where a valid one lies there.
    Rebuild,
}

/// Which SRS was set up last, and so is used where none is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultSrs {
    version: u32,
    /// Where the SRS comes from.
    pub srs: SrsKind,
    /// SHA-256 of the payload of each file made from it: one for each size that was set up.
    pub files: BTreeMap<String, String>,
}

impl KeyCache {
    /// Opens a cache folder and makes it where it is missing.
    ///
    /// # Errors
    ///
    /// I/O failures.
    pub fn open(root: &Path) -> Result<KeyCache> {
        for folder in ["srs", "keys"] {
            files::make_folder(&root.join(folder))?;
        }
        Ok(KeyCache { root: root.into() })
    }

    /// The folder's path, as [`Self::open`] was given it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn lock(&self) -> Result<FileLock> {
        FileLock::acquire(&self.root.join("lock"))
    }

    /// Where an SRS of this kind and size lies.
    pub fn srs_path(&self, kind: &SrsKind, k: u32, fold: usize) -> PathBuf {
        self.root.join("srs").join(kind.file_name(k, fold))
    }

    /// Where a verifying key lies.
    ///
    /// # Errors
    ///
    /// As [`circuit_name`].
    pub fn key_path<C: KeyedCircuit>(&self, kind: &SrsKind, params: &C::Params) -> Result<PathBuf> {
        let circuit = Sha256Digest::of(circuit_name::<C>(params)?.as_bytes()).to_string();
        let name = format!("{}-{}.vk", kind.stem(), &circuit[..16]);
        Ok(self.root.join("keys").join(name))
    }

    /// The development SRS, made where it is missing or damaged.
    ///
    /// # Errors
    ///
    /// I/O failures and an impossible size.
    pub fn insecure_dev_srs(&self, k: u32, fold: usize, progress: &dyn Progress) -> Result<Srs> {
        let path = self.srs_path(&SrsKind::InsecureDev, k, fold);
        let known = self.known_srs(&SrsKind::InsecureDev, k, fold);
        let read = || read_cached(&path, progress, || read_srs(&path, known));
        let right = |srs: &Srs| srs.kind().is_insecure() && (srs.k(), srs.fold()) == (k, fold);
        if let Some(srs) = read().filter(right) {
            return Ok(srs);
        }
        let _lock = self.lock()?;
        if let Some(srs) = read_quietly(&path, || read_srs(&path, known)).filter(right) {
            return Ok(srs);
        }
        let srs =
            step(progress, "making the insecure development SRS", || Srs::insecure_dev(k, fold))?;
        write_srs(&path, &srs, Overwrite::Replace)?;
        Ok(srs)
    }

    /// The digest of an SRS file that was checked when it was set up. Whoever can write it can replace the keys, the salt
    /// and this program as well.
    fn known_srs(&self, kind: &SrsKind, k: u32, fold: usize) -> Option<Sha256Digest> {
        let default = self.default_srs().ok().filter(|default| default.srs == *kind)?;
        Sha256Digest::from_hex(default.files.get(&kind.file_name(k, fold))?)
    }

    /// Keeps an imported SRS.
    ///
    /// # Errors
    ///
    /// I/O failures.
    pub fn store_srs(&self, srs: &Srs) -> Result<PathBuf> {
        let path = self.srs_path(srs.kind(), srs.k(), srs.fold());
        let _lock = self.lock()?;
        write_srs(&path, srs, Overwrite::Replace)?;
        Ok(path)
    }

    /// Makes an SRS the one that is used where none is named. Other sizes of the same origin stay known.
    ///
    /// # Errors
    ///
    /// I/O failures.
    pub fn set_default_srs(&self, srs: &Srs) -> Result<()> {
        let known = self.default_srs().ok().filter(|known| known.srs == *srs.kind());
        let mut default = known.unwrap_or_else(|| DefaultSrs {
            version: DEFAULT_SRS_VERSION,
            srs: srs.kind().clone(),
            files: BTreeMap::new(),
        });
        let name = srs.kind().file_name(srs.k(), srs.fold());
        default.files.insert(name, srs.sha256().to_string());
        let path = self.root.join(DEFAULT_SRS);
        files::write_atomic(&path, Overwrite::Replace, Secrecy::Public, |out| {
            serde_json::to_writer_pretty(&mut *out, &default)?;
            out.write_all(b"\n")
        })
    }

    /// The SRS that was set up last.
    ///
    /// # Errors
    ///
    /// [`Error::NoSrs`] where there is none, [`Error::Text`] for a file of another form.
    pub fn default_srs(&self) -> Result<DefaultSrs> {
        let path = self.root.join(DEFAULT_SRS);
        if !path.exists() {
            return Err(Error::NoSrs { path: self.root.clone() });
        }
        let bytes = files::read_bounded(&path, DEFAULT_SRS, DEFAULT_SRS_LIMIT)?;
        let default: DefaultSrs = serde_json::from_slice(&bytes)
            .map_err(|e| Error::Text { path: path.clone(), detail: e.to_string() })?;
        if default.version != DEFAULT_SRS_VERSION {
            let detail = format!("version {}, expected {DEFAULT_SRS_VERSION}", default.version);
            return Err(Error::Text { path, detail });
        }
        Ok(default)
    }

    /// Reads the SRS that [`KeyCache::default_srs`] names, in this size.
    ///
    /// # Errors
    ///
    /// As [`read_srs`]; [`Error::NoSrs`] where this size was not set up; [`PlonkError::WrongSrs`] where the file is
    /// another one.
    pub fn read_default_srs(&self, k: u32, fold: usize, progress: &dyn Progress) -> Result<Srs> {
        let default = self.default_srs()?;
        if default.srs.is_insecure() {
            return self.insecure_dev_srs(k, fold, progress);
        }
        let path = self.srs_path(&default.srs, k, fold);
        let Some(expected) = default.files.get(&default.srs.file_name(k, fold)) else {
            return Err(Error::NoSrs { path });
        };
        let known = self.known_srs(&default.srs, k, fold);
        let srs = step(progress, "reading the SRS", || read_srs(&path, known))?;
        if srs.sha256().to_string() != *expected || *srs.kind() != default.srs {
            return Err(PlonkError::WrongSrs {
                what: "the cached SRS",
                expected: expected.clone(),
                got: srs.sha256().to_string(),
            }
            .into());
        }
        Ok(srs)
    }

    /// The proving key over an SRS. Its verifying key is made where it is missing, damaged or of another version.
    ///
    /// # Errors
    ///
    /// I/O failures and what key generation refuses.
    pub fn prover_key<C: KeyedCircuit>(
        &self,
        srs: &Srs,
        params: &C::Params,
        reuse: Reuse,
        progress: &dyn Progress,
    ) -> Result<ProverKey<C>> {
        let path = self.key_path::<C>(srs.kind(), params)?;
        let read = || {
            let key = read_verifier_key::<C>(&path, params)?;
            key.check_srs(srs.sha256(), srs.kind())?;
            Ok(ProverKey::complete(key, params, progress)?)
        };
        if reuse == Reuse::Cached {
            if let Some(key) = read_cached(&path, progress, read) {
                return Ok(key);
            }
        }
        let _lock = self.lock()?;
        // Another process may have made it while this one waited.
        if reuse == Reuse::Cached {
            if let Some(key) = read_quietly(&path, read) {
                return Ok(key);
            }
        }
        let key = ProverKey::<C>::generate(srs, params, progress)?;
        write_verifier_key(&path, key.verifier(), Overwrite::Replace)?;
        Ok(key)
    }

    /// The verifying key over the default SRS; the SRS itself is read only where the key is missing.
    ///
    /// # Errors
    ///
    /// As [`KeyCache::prover_key`].
    pub fn verifier_key<C: KeyedCircuit>(
        &self,
        params: &C::Params,
        progress: &dyn Progress,
    ) -> Result<VerifierKey<C>> {
        let default = self.default_srs()?;
        let (k, fold) = (C::k(params), C::fold(params));
        let path = self.key_path::<C>(&default.srs, params)?;
        let read = || {
            let key = read_verifier_key::<C>(&path, params)?;
            // The development SRS is recognised by its secret, and the same for all.
            let listed = default.files.get(&default.srs.file_name(k, fold));
            let sha256 = match listed.map(|digest| Sha256Digest::from_hex(digest)) {
                Some(Some(digest)) => digest,
                None if default.srs.is_insecure() => key.srs_sha256(),
                Some(None) => {
                    return Err(Error::Text {
                        path: self.root.join(DEFAULT_SRS),
                        detail: "a digest is no SHA-256".into(),
                    })
                }
                None => return Err(Error::NoSrs { path: path.clone() }),
            };
            Ok(key.check_srs(sha256, &default.srs).map(|()| key)?)
        };
        if let Some(key) = read_cached(&path, progress, read) {
            return Ok(key);
        }
        let srs = self.read_default_srs(k, fold, progress)?;
        let key = self.prover_key::<C>(&srs, params, Reuse::Cached, progress)?;
        Ok(key.verifier().clone())
    }
}

/// Reads a cached file; a note where it is there and of no use.
fn read_cached<T>(
    path: &Path,
    progress: &dyn Progress,
    read: impl FnOnce() -> Result<T>,
) -> Option<T> {
    if !path.exists() {
        return None;
    }
    read()
        .inspect_err(|error| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            progress.note(&format!("cached {name} is of no use and is made again: {error}"));
        })
        .ok()
}

fn read_quietly<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Option<T> {
    if path.exists() {
        read().ok()
    } else {
        None
    }
}
