//! Why a question has no answer.

/// Result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of this crate. Texts name scheme, host and port of what was asked, never path or query: they may hold a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a URL that may be asked.
    #[error("not a URL to ask: {detail}")]
    Endpoint {
        /// What is wrong with it.
        detail: String,
    },
    /// The root certificates could not be read.
    #[error("root certificates: {detail}")]
    Roots {
        /// What is wrong with them.
        detail: String,
    },
    /// No client could be made.
    #[error("no HTTP client: {detail}")]
    Client {
        /// What the library below says.
        detail: String,
    },
    /// No answer: the host can't be reached, does not show a valid certificate, or takes too long.
    #[error("{origin} does not answer: {detail}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// What went wrong.
        detail: String,
    },
    /// The answer is longer than it may be.
    #[error("{origin} answers with more than {limit} bytes")]
    TooLarge {
        /// Scheme, host and port.
        origin: String,
        /// How many bytes it may have.
        limit: usize,
    },
    /// An answer that is none to this question.
    #[error("{origin} answers with {detail}")]
    Answer {
        /// Scheme, host and port.
        origin: String,
        /// What it is instead.
        detail: String,
    },
    /// The chain's node refuses the call.
    #[error("{origin} refuses: {message} (code {code})")]
    Rpc {
        /// Scheme, host and port.
        origin: String,
        /// JSON-RPC's code.
        code: i64,
        /// The node's words, shortened.
        message: String,
    },
}
