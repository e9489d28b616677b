//! Files: bounded reads, atomic writes, a lock between processes, the cache folder.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use crate::error::{Error, Result};

/// Whether an existing file may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// An existing file is an error.
    Never,
    /// An existing file is replaced, whole and at once.
    Replace,
}

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// As the umask says.
    Public,
    /// Only its owner (mode 0600 on Unix).
    OwnerOnly,
}

/// Reads a whole file that may not be longer than `limit`.
///
/// # Errors
///
/// I/O failures and [`Error::TooLarge`].
pub fn read_bounded(path: &Path, what: &'static str, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let announced = file.metadata().map_err(Error::io("read", path))?.len();
    if announced > limit {
        return Err(Error::TooLarge { path: path.into(), what, limit, got: announced });
    }
    // The reader is bounded as well: a device or a growing file has no length to trust.
    let mut bytes = Vec::with_capacity(announced as usize);
    let mut reader = file.take(limit + 1);
    reader.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { path: path.into(), what, limit, got: bytes.len() as u64 });
    }
    Ok(bytes)
}

/// Reads a message: a file, or standard input for `-`.
///
/// # Errors
///
/// I/O failures and [`Error::TooLarge`].
pub fn read_file_or_stdin(path: &Path, what: &'static str, limit: u64) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        return read_bounded(path, what, limit);
    }
    let mut bytes = Vec::new();
    let mut reader = io::stdin().lock().take(limit + 1);
    reader.read_to_end(&mut bytes).map_err(Error::io("read", "standard input"))?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { path: path.into(), what, limit, got: bytes.len() as u64 });
    }
    Ok(bytes)
}

/// Writes a file so that a reader sees the old content, or the new one whole: a temporary file in the
/// same folder, flushed to disk, then renamed. After a failure no file is left.
///
/// # Errors
///
/// I/O failures, and [`Error::Exists`] with [`Overwrite::Never`].
pub fn write_atomic(
    path: &Path,
    overwrite: Overwrite,
    secrecy: Secrecy,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let name = path.file_name().ok_or_else(|| Error::NotAFileName { path: path.into() })?;
    if overwrite == Overwrite::Never && fs::symlink_metadata(path).is_ok() {
        return Err(Error::Exists { path: path.into() });
    }
    let folder = parent(path);
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if secrecy == Secrecy::OwnerOnly { 0o600 } else { 0o666 };
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = secrecy;
    let mut file = builder.tempfile_in(folder).map_err(Error::io("create a file in", folder))?;
    {
        let mut buffered = io::BufWriter::with_capacity(1 << 20, file.as_file_mut());
        write(&mut buffered).and_then(|()| buffered.flush()).map_err(Error::io("write", path))?;
    }
    file.as_file().sync_all().map_err(Error::io("write", path))?;
    match overwrite {
        Overwrite::Replace => file.persist(path).map(drop).map_err(|e| e.error),
        // Fails when another process was faster.
        Overwrite::Never => file.persist_noclobber(path).map(drop).map_err(|e| e.error),
    }
    .map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: path.into() },
        _ => Error::Io { action: "write", path: path.into(), source },
    })
}

/// Whether a file can be written at a path, before the work whose result it shall hold.
///
/// # Errors
///
/// As [`write_atomic`] would fail: an existing file with [`Overwrite::Never`], a folder of this name, a
/// folder that does not exist or can't be written in.
pub fn check_target(path: &Path, overwrite: Overwrite) -> Result<()> {
    if overwrite == Overwrite::Never && fs::symlink_metadata(path).is_ok() {
        return Err(Error::Exists { path: path.into() });
    }
    if path.file_name().is_none() || path.is_dir() {
        return Err(Error::NotAFileName { path: path.into() });
    }
    check_folder(parent(path))
}

/// Whether something can be written in a folder.
///
/// # Errors
///
/// I/O failures.
pub fn check_folder(folder: &Path) -> Result<()> {
    tempfile::tempfile_in(folder).map(drop).map_err(Error::io("create a file in", folder))
}

/// The folder that a path lies in.
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether others than its owner can read a file; false where the system doesn't say.
pub fn is_readable_by_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Makes a folder with its parents.
///
/// # Errors
///
/// I/O failures.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::io("create the folder", path))
}

/// A lock between processes, released when dropped or when the process ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Waits for the lock on `path`, an empty file that stays where it is.
    ///
    /// # Errors
    ///
    /// I/O failures.
    pub fn acquire(path: &Path) -> Result<FileLock> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(Error::io("open the lock", path))?;
        file.lock().map_err(Error::io("lock", path))?;
        Ok(FileLock { _file: file })
    }
}

/// The folder for keys and SRS files when the user names none: `zkdkim` in the platform's cache folder.
///
/// # Errors
///
/// [`Error::NoHome`] where the environment gives no home.
pub fn default_cache_folder() -> Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = if cfg!(target_os = "macos") {
        from("HOME").map(|home| home.join("Library").join("Caches"))
    } else if cfg!(windows) {
        from("LOCALAPPDATA")
    } else {
        // A relative XDG_CACHE_HOME is to be ignored, says its specification.
        from("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| from("HOME").map(|home| home.join(".cache")))
    };
    base.map(|base| base.join("zkdkim")).ok_or(Error::NoHome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn write_atomic_leaves_nothing_after_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let result = write_atomic(&path, Overwrite::Never, Secrecy::Public, |w| {
            w.write_all(b"half")?;
            Err(io::Error::other("no"))
        });
        assert!(matches!(result, Err(Error::Io { .. })));
        assert!(entries(folder.path()).is_empty());
    }

    #[test]
    fn write_atomic_keeps_or_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let write = |overwrite, text: &'static [u8]| {
            write_atomic(&path, overwrite, Secrecy::Public, |w| w.write_all(text))
        };
        write(Overwrite::Never, b"one").unwrap();
        assert!(matches!(write(Overwrite::Never, b"two"), Err(Error::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(Overwrite::Replace, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(entries(folder.path()), ["out"]);
    }

    #[test]
    fn targets_are_checked_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("there"), "mine").unwrap();
        let check = |name, overwrite| check_target(&path(name), overwrite);
        check("new", Overwrite::Never).unwrap();
        check("there", Overwrite::Replace).unwrap();
        assert!(matches!(check("there", Overwrite::Never), Err(Error::Exists { .. })));
        assert!(matches!(check("no/folder/x", Overwrite::Replace), Err(Error::Io { .. })));
        assert!(matches!(check("there/x", Overwrite::Never), Err(Error::Io { .. })));
        let itself = check_target(folder.path(), Overwrite::Replace);
        assert!(matches!(itself, Err(Error::NotAFileName { .. })));
        assert_eq!(entries(folder.path()), ["there"]);
    }

    #[cfg(unix)]
    #[test]
    fn secret_files_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_atomic(&path, Overwrite::Never, Secrecy::OwnerOnly, |w| w.write_all(b"x")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn read_bounded_refuses_long_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        fs::write(&path, [0; 11]).unwrap();
        assert!(matches!(read_bounded(&path, "it", 10), Err(Error::TooLarge { got: 11, .. })));
        assert_eq!(read_bounded(&path, "it", 11).unwrap().len(), 11);
    }
}
