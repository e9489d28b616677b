//! Why a command ends early, and what to do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Result of every command.
pub type Result<T, E = Fault> = std::result::Result<T, E>;

/// Every failure that an operator is told of. No text holds a secret or an address.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file or a folder.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `open`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file that has to be made anew and is there.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A secret that others can read.
    #[error("other users of this machine can read {}", path.display())]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// What is in a file is not what it should be.
    #[error("{}: {detail}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; quotes no secret.
        detail: String,
    },
    /// Something in the configuration.
    #[error("configuration: {what}: {detail}")]
    Config {
        /// The key, such as `chain.rpc`.
        what: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A committee whose key one dealer made.
    #[error("the committee {0} has a key of one dealer, who can open every escrow")]
    InsecureDealer(String),
    /// A key ceremony.
    #[error("key ceremony: {0}")]
    Ceremony(String),
    /// The library.
    #[error(transparent)]
    Salt(#[from] zkdkim_salt::Error),
    /// A port that can't be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: String,
        /// The system's error.
        source: io::Error,
    },
}

impl Fault {
    /// For `map_err`: an I/O failure with what was tried on which file.
    pub fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Fault + 'a {
        move |source| Fault::Io { action, path: path.into(), source }
    }

    /// For `map_err`: a file with the wrong content.
    pub fn content<E: ToString>(path: &Path) -> impl Fn(E) -> Fault + '_ {
        move |error| Fault::Content { path: path.into(), detail: error.to_string() }
    }

    /// A [`Fault::Config`].
    pub fn config(what: impl Into<String>, detail: impl ToString) -> Fault {
        Fault::Config { what: what.into(), detail: detail.to_string() }
    }

    /// What would make it pass, where the error itself does not say.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Fault::Exists { .. } => "it is kept: a node's keys and shares are never replaced unasked",
            Fault::Readable { path } => return Some(format!("chmod 600 {}", path.display())),
            Fault::InsecureDealer(_) => {
                "for development only: set insecure.allow_dealer, or pass --allow-insecure-dealer"
            }
            Fault::Salt(zkdkim_salt::Error::Share { .. }) => {
                "the share, the keys and the record have to be of one node and one epoch: restore them from the same backup"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}
