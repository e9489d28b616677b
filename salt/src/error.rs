//! Why something was refused.

use zkdkim_relation::Refusal;

use crate::node_index::NodeIndex;

/// Result of everything in this crate but what a node answers, whose refusals are [`Refused`](crate::request::Refused).
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of this crate. No text quotes an address or a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not one of this crate's encodings.
    #[error("not {what}: {detail}")]
    Encoding {
        /// What was expected, with its article.
        what: &'static str,
        /// What is wrong.
        detail: &'static str,
    },
    /// The address is not one plain mailbox of at most 124 bytes.
    #[error("the address is refused: {}", .0.rule)]
    Address(Box<Refusal>),
    /// More than the address alone was given.
    #[error("more than a plain address, such as ann@example.org")]
    NotOnlyAddress,
    /// The network's name breaks the rules of [`NetworkId`](crate::NetworkId).
    #[error("a network's name is 1 to 32 lower-case letters, digits and hyphens, and begins with a letter")]
    Network,
    /// A committee that can't be: see `detail`.
    #[error("no committee: {detail}")]
    Committee {
        /// The rule that it breaks.
        detail: &'static str,
    },
    /// A committee whose key one dealer made, met where that was not allowed.
    #[error(
        "the committee's key was made by one dealer, who can open every escrow: for development only, \
         and only when allowed explicitly"
    )]
    InsecureDealer,
    /// A signature on a committee record is missing or wrong.
    #[error("the committee record is not signed by node {0}")]
    RecordSignature(NodeIndex),
    /// The record does not continue the one that it should.
    #[error("the committee record does not follow the one before: {detail}")]
    Succession {
        /// What differs.
        detail: &'static str,
    },
    /// A share that does not belong to the record.
    #[error("the key share is not that of node {index} in this committee: {detail}")]
    Share {
        /// The node that the share says it is of.
        index: NodeIndex,
        /// What differs.
        detail: &'static str,
    },
    /// Too few of the partial keys hold; `lying` sent others than their public keys say.
    #[error("{valid} of {threshold} partial keys hold; wrong: {}", list(.lying))]
    TooFew {
        /// How many nodes answered rightly.
        valid: usize,
        /// How many are needed.
        threshold: usize,
        /// Nodes whose partial key does not fit their public key, in order.
        lying: Vec<NodeIndex>,
    },
    /// The combined key does not fit the master public key; out of reach where the record was checked.
    #[error("the combined key does not fit the master public key")]
    Combined,
    /// The escrow was made for another address or committee, or it was altered.
    #[error("the escrow does not open: it is for another address or committee, or it was altered")]
    Escrow,
    /// A box of HPKE that does not open, or a key to seal to that is none.
    #[error("{0}")]
    Sealed(&'static str),
    /// A signature that does not hold, on something else than a record.
    #[error("the signature on {0} is wrong")]
    Signature(&'static str),
    /// A message of a key ceremony that is refused.
    #[error("key ceremony: {detail} (participant {index})")]
    Ceremony {
        /// Whose message it is.
        index: NodeIndex,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// A key ceremony that can't go on.
    #[error("key ceremony: {0}")]
    CeremonyStage(&'static str),
}

fn list(nodes: &[NodeIndex]) -> String {
    match nodes {
        [] => "none".into(),
        _ => nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

impl Error {
    /// A stable identifier of the cause, in kebab case.
    pub fn id(&self) -> &'static str {
        match self {
            Error::Encoding { .. } => "encoding",
            Error::Address(_) | Error::NotOnlyAddress => "address",
            Error::Network => "network",
            Error::Committee { .. } => "committee",
            Error::InsecureDealer => "insecure-dealer",
            Error::RecordSignature(_) => "record-signature",
            Error::Succession { .. } => "succession",
            Error::Share { .. } => "share",
            Error::TooFew { .. } => "too-few",
            Error::Combined => "combined",
            Error::Escrow => "escrow",
            Error::Sealed(_) => "sealed",
            Error::Signature(_) => "signature",
            Error::Ceremony { .. } => "ceremony",
            Error::CeremonyStage(_) => "ceremony-stage",
        }
    }
}
