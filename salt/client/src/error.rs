//! Why no key, no record or no account was found.

use std::fmt;

use crate::client::{NodeReport, Outcome};

/// Result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of this crate. No text of its own quotes an address or a secret; what a node says of itself, which
/// [`Error::TooFew`] lists, may be anything, so it is for the person who asked and for no log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// So few nodes gave a right part that there is no key.
    #[error("{gave} of {threshold} nodes gave their part of the key{}", list(.nodes))]
    TooFew {
        /// Nodes whose part is right.
        gave: usize,
        /// How many are needed.
        threshold: usize,
        /// What each node did, in the order of the record.
        nodes: Vec<NodeReport>,
    },
    /// No node has a record that follows the pinned one.
    #[error("no node of the committee has a record of epoch {epoch} that follows the pinned one{}", list(.nodes))]
    NoRecord {
        /// The epoch that was asked for.
        epoch: u32,
        /// What each node did.
        nodes: Vec<NodeReport>,
    },
    /// The file of a one-time key is none.
    #[error("not a file of a one-time key: {detail}")]
    OnceKey {
        /// What is wrong with it; quotes nothing.
        detail: &'static str,
    },
    /// A record, a request or an escrow.
    #[error(transparent)]
    Salt(#[from] zkdkim_salt::Error),
    /// The committee or the chain can't be asked.
    #[error(transparent)]
    Net(#[from] zkdkim_net::Error),
}

impl Error {
    /// A stable identifier of the cause, in kebab case.
    pub fn id(&self) -> &'static str {
        match self {
            Error::TooFew { .. } => "salt-nodes",
            Error::NoRecord { .. } => "salt-record",
            Error::OnceKey { .. } => "once-key",
            Error::Salt(error) => error.id(),
            Error::Net(_) => "network",
        }
    }

    /// The refusal that stands in the way, where so many nodes gave the same that asking again as it is can't help.
    pub fn final_refusal(&self) -> Option<&crate::api::Refusal> {
        let Error::TooFew { threshold, nodes, .. } = self else { return None };
        let refusals = nodes.iter().filter_map(|node| match &node.outcome {
            Outcome::Refused(refusal) if !refusal.is_temporary() => Some(refusal),
            _ => None,
        });
        let refusals: Vec<_> = refusals.collect();
        // Of the others there are fewer than t.
        (nodes.len() - refusals.len() < *threshold).then(|| refusals.first().copied()).flatten()
    }

    /// Whether asking again later may help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Error::TooFew { .. } => self.final_refusal().is_none(),
            Error::NoRecord { .. } => true,
            Error::Net(error) => matches!(
                error,
                zkdkim_net::Error::Unreachable { .. } | zkdkim_net::Error::Answer { .. }
            ),
            Error::OnceKey { .. } | Error::Salt(_) => false,
        }
    }
}

fn list(nodes: &[NodeReport]) -> impl fmt::Display + '_ {
    struct List<'a>(&'a [NodeReport]);
    impl fmt::Display for List<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|node| write!(f, "; {node}"))
        }
    }
    List(nodes)
}
