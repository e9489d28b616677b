//! Why a file could not be read or written, with its path.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb: `open`, `read`, `write` and the like.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An output file is there already and may not be replaced.
    #[error("{} exists already", path.display())]
    Exists {
        /// The output file that exists.
        path: PathBuf,
    },
    /// The path ends in no file name.
    #[error("{} is not the name of a file to write", path.display())]
    NotAFileName {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A file is longer than any valid one.
    #[error("{}: {what} of {got} bytes, more than the limit of {limit}", path.display())]
    TooLarge {
        /// The file as it was given; `-` for standard input.
        path: PathBuf,
        /// What it was read as, such as `a message`.
        what: &'static str,
        /// The longest that is accepted.
        limit: u64,
        /// Its length in bytes; a stream is read no further than one byte beyond the limit.
        got: u64,
    },
    /// The content of a file is not what it should be.
    #[error("{}: {error}", path.display())]
    Content {
        /// The file whose content was refused.
        path: PathBuf,
        /// What is wrong with it.
        error: zkdkim_prover::Error,
    },
    /// A text file is not what it should be.
    #[error("{}: {detail}", path.display())]
    Text {
        /// The file whose content was refused.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A file holds no key records that can be read.
    #[error("{}: {error}", path.display())]
    KeyText {
        /// The file as it was given; `-` for standard input.
        path: PathBuf,
        /// What it holds instead, and what to give.
        error: zkdkim_relation::key_text::Unreadable,
    },
    /// No SRS was set up.
    #[error("no SRS is set up in {}", path.display())]
    NoSrs {
        /// The cache folder in which none was found.
        path: PathBuf,
    },
    /// The environment names no home folder, so there is no default for the cache.
    #[error("no home folder is known to keep SRS and keys in")]
    NoHome,
    /// An SRS or key could not be made.
    #[error(transparent)]
    Plonk(#[from] zkdkim_plonk::Error),
}

impl Error {
    /// An I/O failure with its place.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }

    /// Bad content with its place.
    pub fn content<E: Into<zkdkim_prover::Error>>(path: &Path) -> impl FnOnce(E) -> Error + '_ {
        move |error| Error::Content { path: path.into(), error: error.into() }
    }

    /// The file that it is about, where there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Error::Io { path, .. }
            | Error::Exists { path }
            | Error::NotAFileName { path }
            | Error::TooLarge { path, .. }
            | Error::Content { path, .. }
            | Error::Text { path, .. }
            | Error::KeyText { path, .. }
            | Error::NoSrs { path } => Some(path),
            Error::NoHome | Error::Plonk(_) => None,
        }
    }

    /// A stable identifier of the cause, in kebab case.
    pub fn id(&self) -> &'static str {
        match self {
            Error::Io { .. } | Error::NotAFileName { .. } => "io",
            Error::Exists { .. } => "exists",
            Error::TooLarge { .. } => "too-large",
            Error::Content { error, .. } => error.id(),
            Error::Text { .. } | Error::KeyText { .. } | Error::NoHome => "input",
            Error::NoSrs { .. } => "no-srs",
            Error::Plonk(error) => error.id(),
        }
    }
}
