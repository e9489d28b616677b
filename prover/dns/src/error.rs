//! Why there is no record.

use std::fmt;

/// Result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What one resolver said, where it was not the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The resolver by its name.
    pub resolver: String,
    /// An error of its own, or a summary of the records that it has.
    pub what: String,
}

/// Every failure of this crate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The resolvers agree that there is no such record.
    #[error("there is no TXT record {name}")]
    Absent {
        /// The record's name.
        name: String,
    },
    /// So few resolvers say the same that nothing counts.
    #[error(
        "{name}: no answer that {quorum} of {asked} resolvers give: {}", list(.said)
    )]
    NoQuorum {
        /// The record's name.
        name: String,
        /// How many have to agree.
        quorum: usize,
        /// How many were asked.
        asked: usize,
        /// What each of them said.
        said: Vec<Said>,
    },
    /// The system's resolver has no answer.
    #[error("{name}: the system's resolver: {detail}")]
    System {
        /// The record's name.
        name: String,
        /// What went wrong.
        detail: String,
    },
    /// Not a name that DNS can have.
    #[error("{name:?} is no name of a DNS record: {detail}")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A list of resolvers that can't be used.
    #[error("resolvers: {detail}")]
    Resolvers {
        /// What is wrong with it.
        detail: String,
    },
    /// A line of a list of providers that can't be read.
    #[error("providers, line {line}: {detail}")]
    Providers {
        /// Which line, from 1 on.
        line: usize,
        /// What is wrong with it.
        detail: String,
    },
    /// No resolver can be asked at all.
    #[error(transparent)]
    Net(#[from] zkdkim_net::Error),
}

impl Error {
    /// Whether asking again later may help: the record was neither found nor found to be absent.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Error::NoQuorum { .. } | Error::System { .. } | Error::Net(_))
    }

    /// A stable identifier of the cause, in kebab case.
    pub fn id(&self) -> &'static str {
        match self {
            Error::Absent { .. } => "dns-absent",
            Error::NoQuorum { .. } => "dns-no-quorum",
            Error::System { .. } => "dns-system",
            Error::Name { .. } => "dns-name",
            Error::Resolvers { .. } => "dns-resolvers",
            Error::Providers { .. } => "providers",
            Error::Net(_) => "network",
        }
    }
}

fn list(said: &[Said]) -> impl fmt::Display + '_ {
    struct List<'a>(&'a [Said]);
    impl fmt::Display for List<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for (i, Said { resolver, what }) in self.0.iter().enumerate() {
                let comma = if i == 0 { "" } else { "; " };
                write!(f, "{comma}{resolver}: {what}")?;
            }
            Ok(())
        }
    }
    List(said)
}
