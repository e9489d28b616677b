//! What became of a change to the circuit.

use serde::{Deserialize, Serialize};

/// What noticed an instance that was left out or weakened, if anything did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Noticed: how.
    Noticed(String),
    /// The circuit is the same without it: why.
    Redundant(String),
    /// Nothing noticed it.
    Unnoticed,
}
