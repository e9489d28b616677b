//! What nodes and clients agree on about HTTP: paths, media types, the form of a refusal.
//!
//! ```text
//! POST /v1/release          a sealed request      200: a sealed answer; else a refusal, in JSON
//! GET  /v1/records/EPOCH    a committee record    404: not known here
//! GET  /v1/record           that of now
//! ```

use serde::{Deserialize, Serialize};
use zkdkim_relation::Rule;

/// Where requests are posted.
pub const RELEASE: &str = "/v1/release";
/// Where the present record is.
pub const RECORD: &str = "/v1/record";
/// Where the record of an epoch is, with the epoch behind it.
pub const RECORDS: &str = "/v1/records/";
/// The media type of requests, answers and records.
pub const BYTES: &str = "application/octet-stream";
/// Longest answer to a request, refusals included.
pub const MAX_ANSWER_BYTES: usize = 4096;
/// Longest record.
pub const MAX_RECORD_BYTES: usize = 1 << 16;

/// Why a node does not answer; no field quotes the mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A stable identifier of the cause: docs/escrow.md lists them.
    pub id: String,
    /// The same in words.
    pub detail: String,
    /// When it is worth trying again, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_seconds: Option<u64>,
}

/// Identifiers of refusals that are none of the relation's rules.
const IDS: [&str; 12] = [
    "request",
    "network",
    "epoch",
    "subject-form",
    "recipient",
    "expired",
    "stale",
    "future",
    "limit",
    "provider-key",
    "unavailable",
    "busy",
];

impl Refusal {
    /// The identifier, where it is one that docs/escrow.md lists; none for words of the node's own, which may be anything and
    /// belong into no log.
    pub fn known_id(&self) -> Option<&'static str> {
        let rules = Rule::ALL.iter().map(|rule| rule.id());
        IDS.into_iter().chain(rules).find(|id| *id == self.id)
    }

    /// Whether the same request may be answered later, or by the same node of another epoch.
    pub fn is_temporary(&self) -> bool {
        matches!(self.id.as_str(), "unavailable" | "limit" | "provider-key" | "epoch" | "busy")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_identifiers_are_known() {
        let known = |id: &str| {
            Refusal { id: id.into(), detail: String::new(), retry_seconds: None }.known_id()
        };
        for id in IDS.into_iter().chain(Rule::ALL.iter().map(|rule| rule.id())) {
            assert_eq!(known(id), Some(id));
        }
        for id in ["", "ann@example.org", "Stale", "stale "] {
            assert_eq!(known(id), None);
        }
    }
}
