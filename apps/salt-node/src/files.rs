//! Files: bounded reads, atomic writes, secrets for their owner only.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
};

use zeroize::Zeroizing;

use crate::error::{Fault, Result};

/// Longer than any file that a node reads, but for registries.
pub const SMALL: u64 = 1 << 20;

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is an error.
    Kept,
    /// It is replaced, whole and at once.
    Replaced,
}

/// Reads a file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(Fault::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(Fault::io("read", path))?;
    match bytes.len() as u64 > limit {
        true => Err(Fault::content(path)(format!("more than {limit} bytes"))),
        false => Ok(bytes),
    }
}

/// Reads a secret, which only its owner may be able to read.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(Fault::io("open", path))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(Fault::Readable { path: path.into() });
        }
    }
    read(path, SMALL).map(Zeroizing::new)
}

/// Writes a file that everybody may read, whole or not at all.
pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    write_with_mode(path, bytes, existing, 0o644)
}

/// Writes a file that only its owner can read, whole or not at all.
pub fn write_secret(path: &Path, bytes: &[u8], existing: Existing) -> Result<()> {
    write_with_mode(path, bytes, existing, 0o600)
}

fn write_with_mode(path: &Path, bytes: &[u8], existing: Existing, mode: u32) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.tempfile_in(folder).map_err(Fault::io("create a file in", folder))?;
    file.write_all(bytes).map_err(Fault::io("write", path))?;
    file.as_file().sync_all().map_err(Fault::io("write", path))?;
    let kept = match existing {
        Existing::Replaced => file.persist(path).map(drop).map_err(|error| error.error),
        Existing::Kept => file.persist_noclobber(path).map(drop).map_err(|error| error.error),
    };
    kept.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => Fault::Exists { path: path.into() },
        _ => Fault::Io { action: "write", path: path.into(), source },
    })?;
    sync_folder(folder)
}

/// A new name is on disk only when its folder is.
fn sync_folder(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    File::open(folder).and_then(|file| file.sync_all()).map_err(Fault::io("write", folder))?;
    Ok(())
}

/// Makes a folder with its parents, for its owner only.
pub fn make_folder(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(Fault::io("create the folder", path))
}

/// Overwrites a secret and removes it. What a disk's controller, a snapshot or a backup keeps, it does not reach.
pub fn erase(path: &Path) -> Result<()> {
    let len = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Fault::io("open", path)(error)),
    };
    let mut file =
        fs::OpenOptions::new().write(true).open(path).map_err(Fault::io("open", path))?;
    let zeros = vec![0; len.min(SMALL) as usize];
    file.write_all(&zeros).and_then(|()| file.sync_all()).map_err(Fault::io("erase", path))?;
    fs::remove_file(path).map_err(Fault::io("remove", path))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}
