//! The cache folder: SRS files and keys that were made once.
//!
//! ```text
//! srs/insecure-dev-k14.srs      keys/insecure-dev-k14-<circuit>.vk      default-srs.json
//! srs/ceremony-…-k14.srs        keys/insecure-dev-k14-<circuit>.pk      lock
//! ```
//!
//! Everything in it can be made again, so what is damaged, or of another version, is replaced with a note
//! to the user; ceremony files are the exception, as only the user has their source. Files appear
//! whole (temporary file, rename), and a lock keeps two processes from making the same key twice.

use std::path::{Path, PathBuf};

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
    binary::{
        read_prover_key, read_srs, read_verifier_key, write_prover_key, write_srs,
        write_verifier_key,
    },
    error::{Error, Result},
    files::{self, FileLock, Overwrite, Secrecy},
};

const DEFAULT_SRS: &str = "default-srs.json";
const DEFAULT_SRS_LIMIT: u64 = 4096;

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
    /// Binary logarithm of its powers.
    pub k: u32,
    /// SHA-256 of its payload.
    pub sha256: String,
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
    pub fn srs_path(&self, kind: &SrsKind, k: u32) -> PathBuf {
        self.root.join("srs").join(kind.file_name(k))
    }

    /// Where a key lies; `extension` is `vk` or `pk`.
    ///
    /// # Errors
    ///
    /// As [`circuit_name`].
    pub fn key_path<C: KeyedCircuit>(
        &self,
        kind: &SrsKind,
        params: &C::Params,
        extension: &str,
    ) -> Result<PathBuf> {
        let circuit = Sha256Digest::of(circuit_name::<C>(params)?.as_bytes()).to_string();
        let name = format!("{}-k{}-{}.{extension}", kind.stem(), C::k(params), &circuit[..16]);
        Ok(self.root.join("keys").join(name))
    }

    /// The development SRS, made where it is missing or damaged.
    ///
    /// # Errors
    ///
    /// I/O failures and an impossible k.
    pub fn insecure_dev_srs(&self, k: u32, progress: &dyn Progress) -> Result<Srs> {
        let path = self.srs_path(&SrsKind::InsecureDev, k);
        let read = || read_cached(&path, progress, || read_srs(&path));
        let right = |srs: &Srs| srs.kind().is_insecure() && srs.k() == k;
        if let Some(srs) = read().filter(right) {
            return Ok(srs);
        }
        let _lock = self.lock()?;
        if let Some(srs) = read_quietly(&path, || read_srs(&path)).filter(right) {
            return Ok(srs);
        }
        let srs = step(progress, "making the insecure development SRS", || Srs::insecure_dev(k))?;
        write_srs(&path, &srs, Overwrite::Replace)?;
        Ok(srs)
    }

    /// Keeps an imported SRS.
    ///
    /// # Errors
    ///
    /// I/O failures.
    pub fn store_srs(&self, srs: &Srs) -> Result<PathBuf> {
        let path = self.srs_path(srs.kind(), srs.k());
        let _lock = self.lock()?;
        write_srs(&path, srs, Overwrite::Replace)?;
        Ok(path)
    }

    /// Makes an SRS the one that is used where none is named.
    ///
    /// # Errors
    ///
    /// I/O failures.
    pub fn set_default_srs(&self, srs: &Srs) -> Result<()> {
        let default = DefaultSrs {
            version: 1,
            srs: srs.kind().clone(),
            k: srs.k(),
            sha256: srs.sha256().to_string(),
        };
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
        if default.version != 1 {
            let detail = format!("version {}, expected 1", default.version);
            return Err(Error::Text { path, detail });
        }
        Ok(default)
    }

    /// Reads the SRS that [`KeyCache::default_srs`] names.
    ///
    /// # Errors
    ///
    /// As [`read_srs`]; [`PlonkError::WrongSrs`] where the file is another one.
    pub fn read_default_srs(&self, k: u32, progress: &dyn Progress) -> Result<Srs> {
        let default = self.default_srs()?;
        if default.srs.is_insecure() {
            return self.insecure_dev_srs(k, progress);
        }
        if default.k != k {
            return Err(PlonkError::WrongK { expected: k, got: default.k }.into());
        }
        let srs = read_srs(&self.srs_path(&default.srs, k))?;
        if srs.sha256().to_string() != default.sha256 || *srs.kind() != default.srs {
            return Err(PlonkError::WrongSrs {
                what: "the cached SRS",
                expected: default.sha256,
                got: srs.sha256().to_string(),
            }
            .into());
        }
        Ok(srs)
    }

    /// The proving key over an SRS, made where it is missing, damaged or of another version.
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
        let path = self.key_path::<C>(srs.kind(), params, "pk")?;
        let read = || {
            let key = read_prover_key::<C>(&path, params)?;
            Ok(key.verifier().check_srs(srs.sha256(), srs.kind()).map(|()| key)?)
        };
        if reuse == Reuse::Cached {
            let cached =
                step(progress, "reading the proving key", || read_cached(&path, progress, read));
            if let Some(key) = cached {
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
        let vk_path = self.key_path::<C>(srs.kind(), params, "vk")?;
        step(progress, "writing the keys", || {
            write_verifier_key(&vk_path, key.verifier(), Overwrite::Replace)?;
            write_prover_key(&path, &key, Overwrite::Replace)
        })?;
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
        let path = self.key_path::<C>(&default.srs, params, "vk")?;
        let read = || {
            let key = read_verifier_key::<C>(&path, params)?;
            let sha256 = match Sha256Digest::from_hex(&default.sha256) {
                Some(digest) => digest,
                None => {
                    return Err(Error::Text {
                        path: self.root.join(DEFAULT_SRS),
                        detail: "sha256 is no digest".into(),
                    })
                }
            };
            // The development SRS is the same for all; its k need not be that of the default.
            let sha256 = if default.srs.is_insecure() { key.srs_sha256() } else { sha256 };
            Ok(key.check_srs(sha256, &default.srs).map(|()| key)?)
        };
        if let Some(key) = read_cached(&path, progress, read) {
            return Ok(key);
        }
        let srs = self.read_default_srs(C::k(params), progress)?;
        let _lock = self.lock()?;
        if let Some(key) = read_quietly(&path, read) {
            return Ok(key);
        }
        let key = step(progress, "making the verifying key", || {
            VerifierKey::<C>::generate(&srs, params)
        })?;
        write_verifier_key(&path, &key, Overwrite::Replace)?;
        Ok(key)
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
