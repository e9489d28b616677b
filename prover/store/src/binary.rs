//! SRS and keys as files.

use std::{fs::File, io::BufReader, path::Path};

use zkdkim_plonk::{
    container::{Container, EncodedContainer},
    digest::Sha256Digest,
    keys::{KeyedCircuit, VerifierKey},
    kinds::{ContainerKind, PtauCheck},
    srs::{ptau, Srs},
    Error as PlonkError,
};

use crate::{
    error::{Error, Result},
    files::{self, Overwrite, Secrecy},
    manifest,
};

fn read(path: &Path, kind: ContainerKind) -> Result<Container> {
    let bytes = files::read_bounded(path, "a file", kind.limit_bytes())?;
    Container::from_bytes(bytes, kind).map_err(Error::content(path))
}

fn write(path: &Path, overwrite: Overwrite, file: &EncodedContainer) -> Result<()> {
    files::write_atomic(path, overwrite, Secrecy::Public, |out| file.write_to(out))
}

/// Reads an SRS file. Everything is checked anew, unless its payload has the digest of one that was checked before.
///
/// # Errors
///
/// I/O failures, and [`Error::Content`] with what [`Srs::from_container`] refuses.
pub fn read_srs(path: &Path, known: Option<Sha256Digest>) -> Result<Srs> {
    let container = read(path, ContainerKind::Srs)?;
    match known.filter(|digest| *digest == container.payload_sha256()) {
        Some(digest) => Srs::from_known_container(container, digest),
        None => Srs::from_container(&container),
    }
    .map_err(Error::content(path))
}

/// Writes an SRS, whole or not at all.
///
/// # Errors
///
/// I/O failures, and an existing file with [`Overwrite::Never`].
pub fn write_srs(path: &Path, srs: &Srs, overwrite: Overwrite) -> Result<()> {
    write(path, overwrite, &srs.to_container()?)
}

/// Reads a verifying key for these parameters.
///
/// # Errors
///
/// I/O failures, and [`Error::Content`] for a damaged file, another kind, circuit or k, a malformed key.
pub fn read_verifier_key<C: KeyedCircuit>(
    path: &Path,
    params: &C::Params,
) -> Result<VerifierKey<C>> {
    let container = read(path, ContainerKind::VerifyingKey)?;
    VerifierKey::from_container(&container, params).map_err(Error::content(path))
}

/// Writes a verifying key, whole or not at all.
///
/// # Errors
///
/// I/O failures, and an existing file with [`Overwrite::Never`].
pub fn write_verifier_key<C: KeyedCircuit>(
    path: &Path,
    key: &VerifierKey<C>,
    overwrite: Overwrite,
) -> Result<()> {
    write(path, overwrite, &key.to_container()?)
}

/// Imports what an SRS for 2^k rows and this fold takes from a `.ptau` file of snarkjs; `progress` is told how many bytes of how many were read.
/// A file that [`manifest`] does not list is imported as unlisted: the caller has to warn.
///
/// # Errors
///
/// I/O failures, and [`Error::Content`] with what [`ptau::import`] refuses.
pub fn import_ptau(
    path: &Path,
    k: u32,
    fold: usize,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Srs> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    if !metadata.is_file() {
        let detail = "not a regular file".into();
        let error = PlonkError::Ptau { check: PtauCheck::Magic, detail };
        return Err(Error::content(path)(error));
    }
    let reader = BufReader::with_capacity(1 << 20, file);
    ptau::import(reader, metadata.len(), k, fold, &manifest::find, progress).map_err(|error| {
        match error {
            PlonkError::Read { source, .. } => Error::io("read", path)(source),
            other => Error::content(path)(other),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Power 8, one contribution; `plonk/tests/ptau` tells how it was made.
    const CONTRIBUTED: &[u8] = include_bytes!("../../../plonk/tests/ptau/pot08_contributed.ptau");

    #[test]
    fn import_from_a_file_reports_progress() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pot.ptau");
        std::fs::write(&path, CONTRIBUTED).unwrap();
        let mut last = (0, 0);
        import_ptau(&path, 4, 2, &mut |read, len| last = (read, len)).unwrap();
        assert_eq!(last, (CONTRIBUTED.len() as u64, CONTRIBUTED.len() as u64));
        let missing = import_ptau(&folder.path().join("none"), 4, 2, &mut |_, _| {});
        assert!(matches!(missing, Err(Error::Io { .. })));
        let folder = import_ptau(folder.path(), 4, 2, &mut |_, _| {}).unwrap_err();
        assert_eq!(folder.id(), "ptau-magic");
    }
}
