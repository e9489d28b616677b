//! `providers`: which mailbox providers work as senders, as far as it was seen, and when.

use serde::Serialize;
use serde_json::json;
use zkdkim_dns::providers::{built_in, Provider, Works};

use super::{CommandResult, SUCCESS};
use crate::cli::HiArgs;

/// One line of the list, as it is shown.
#[derive(Debug, Serialize)]
struct Line {
    domains: Vec<String>,
    works: &'static str,
    /// Selectors that were seen.
    selectors: String,
    key_bits: Option<String>,
    /// What its signatures have as `c=`; `None` where that was not seen.
    canonicalisation: Option<String>,
    /// Whether the signature carries a time.
    timestamp: Option<String>,
    /// What to know, or what to do.
    note: Option<String>,
    /// The last year in which mail of it was seen.
    seen: String,
}

impl Line {
    fn new(provider: Provider) -> Line {
        Line {
            works: match provider.works {
                Works::Yes => "yes",
                Works::No => "no",
                Works::Unknown => "unknown",
            },
            domains: provider.domains,
            selectors: provider.selectors.join(", "),
            key_bits: provider.key_bits,
            canonicalisation: provider.canonicalisation,
            timestamp: provider.timestamp,
            note: provider.note,
            seen: provider.seen.to_string(),
        }
    }
}

pub fn run(args: &HiArgs) -> CommandResult {
    let providers: Vec<Line> = built_in()?.into_iter().map(Line::new).collect();
    for provider in &providers {
        args.output.object("provider", provider)?;
    }
    args.output.text(format!(
        "{:<34} {:<8} {:<10} {:<5} {}",
        "provider", "works", "key bits", "seen", "note"
    ))?;
    for provider in &providers {
        let works = match provider.works {
            "unknown" => "not seen",
            works => works,
        };
        args.output.text(format!(
            "{:<34} {works:<8} {:<10} {:<5} {}",
            provider.domains.join(", "),
            provider.key_bits.as_deref().unwrap_or("?"),
            provider.seen,
            provider.note.as_deref().unwrap_or_default()
        ))?;
    }
    args.output.text(
        "\nAs seen in public archives and recorded messages, in the year given; providers change their \
         keys.\n`zkdkim inspect` says for one message whether it can be proved.",
    )?;
    args.output.result(
        "providers",
        SUCCESS,
        json!({ "verdict": "done", "providers": providers.len() }),
    )?;
    Ok(SUCCESS)
}
