//! What can go wrong.

use std::{io, path::PathBuf};

use dkls23::protocols::{
    messages::MessageError, Abort, AbortKind, InvalidParameters, InvalidPartyIndex,
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
        /// What was attempted.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a share.
    #[error("{} is not a share of a threshold key: {detail}", path.display())]
    ShareFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        detail: String,
    },
    /// Threshold and number of parties do not fit.
    #[error("{0}")]
    Parameters(#[from] InvalidParameters),
    /// A party has the number 0.
    #[error("{0}")]
    PartyIndex(#[from] InvalidPartyIndex),
    /// Other than exactly as many shares as the threshold.
    #[error("{got} different shares; a signature of this group takes exactly {expected}")]
    WrongQuorum {
        /// The threshold.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Shares of two groups.
    #[error("the shares belong to different groups: {first} and {other}")]
    DifferentGroups {
        /// The address of the first share's group.
        first: String,
        /// The address of another's.
        other: String,
    },
    /// A party ended before it had sent everything.
    #[error("party {peer} left before round {round}")]
    PeerLeft {
        /// Which one.
        peer: u8,
        /// The round in which it is missing.
        round: usize,
    },
    /// A message that does not have the form of its round.
    #[error("a message is malformed: {0}")]
    Message(#[from] MessageError),
    /// A party revealed another proof than it had committed to.
    #[error("party {peer} revealed something else than it had committed to")]
    CommitmentChanged {
        /// Which one.
        peer: u8,
    },
    /// The parties of one run ended with different results.
    #[error("the parties disagree on the result")]
    Disagreement,
    /// The signature is valid, but `ecrecover` can't express it; a second attempt gives another one.
    #[error("r lies above the group order, which ecrecover cannot express; sign again")]
    Unrecoverable,
    /// The protocol found a fault of a party.
    #[error("party {} stopped: {}{}", .0.index, .0.reason, ban_advice(.0))]
    Abort(Box<Abort>),
}

impl Error {
    /// Names the file or folder that an I/O failure belongs to.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Io { action, path, source }
    }

    /// Whether the protocol refused, rather than the arguments or the environment.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Error::Io { .. } | Error::ShareFile { .. } | Error::Parameters(_))
    }

    /// Whether this follows from the failure of another party, which says more.
    pub fn is_consequence(&self) -> bool {
        matches!(self, Error::PeerLeft { .. })
    }
}

impl From<Abort> for Error {
    fn from(abort: Abort) -> Error {
        Error::Abort(Box::new(abort))
    }
}

/// Two parties reuse what they set up at key generation. After certain faults that leaks, a little more with
/// each attempt, so the paper wants the other party excluded for good.
fn ban_advice(abort: &Abort) -> String {
    match abort.kind {
        AbortKind::BanCounterparty(peer) => {
            format!("; never sign with party {peer} again, make a new key without it")
        }
        AbortKind::Recoverable => String::new(),
    }
}
