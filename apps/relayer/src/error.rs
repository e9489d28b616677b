//! Failures that are no refusals: of the machine, of the database, of the operator's files.

/// Result of what does not judge a mail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kept the relayer from doing its work. A job that meets one is tried again; a command ends.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database: unreachable, full, of another version.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database holds what this program never writes.
    #[error("database: {detail}; was it written by another version of this program?")]
    Stored {
        /// Which value, of which job.
        detail: String,
    },
    /// Another worker has taken the job over, so whatever this one found does not count.
    #[error("the lease of job {job} was lost to another worker")]
    LeaseLost {
        /// The job.
        job: String,
    },
    /// A node of a chain: unreachable, or an answer that is none.
    #[error("chain {chain}: {detail}")]
    Node {
        /// EIP-155 identifier.
        chain: u64,
        /// What was asked, and what came.
        detail: String,
    },
    /// A file or a value of the configuration.
    #[error("{place}: {detail}; {hint}")]
    Config {
        /// File and key.
        place: String,
        /// What is wrong.
        detail: String,
        /// What to do.
        hint: String,
    },
    /// SRS, keys, registry or salts on disk.
    #[error(transparent)]
    Files(#[from] zkdkim_store::Error),
    /// Proving failed where every rule held.
    #[error(transparent)]
    Prover(#[from] zkdkim_prover::Error),
    /// A socket, a thread, a program of the system.
    #[error("{action}: {source}")]
    Io {
        /// What was tried.
        action: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Something ended that never ends.
    #[error("{what} ended: {detail}")]
    Ended {
        /// A part of the program.
        what: &'static str,
        /// Why.
        detail: String,
    },
}

impl Error {
    /// For `map_err` of what the system refuses.
    pub fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        let action = action.into();
        move |source| Error::Io { action, source }
    }

    /// For `map_err` of a value in a configuration.
    pub fn config(place: impl Into<String>, detail: impl Into<String>, hint: &str) -> Error {
        Error::Config { place: place.into(), detail: detail.into(), hint: hint.into() }
    }

    /// A stable name for logs and metrics, in kebab case.
    pub fn id(&self) -> &'static str {
        match self {
            Error::Database(_) => "database",
            Error::Stored { .. } => "stored",
            Error::LeaseLost { .. } => "lease-lost",
            Error::Node { .. } => "chain-node",
            Error::Config { .. } => "configuration",
            Error::Files(_) => "files",
            Error::Prover(_) => "prover",
            Error::Io { .. } => "io",
            Error::Ended { .. } => "ended",
        }
    }
}
