//! `providers`: which mailbox providers work as senders, as far as it was seen, and when.

use serde::Serialize;
use serde_json::json;

use super::{CommandResult, SUCCESS};
use crate::cli::HiArgs;

/// One line for each provider; the head says what the columns are and where they come from.
const TABLE: &str = include_str!("../../providers.tsv");

/// Whether mail from a provider can be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Works {
    Yes,
    No,
    /// Its line says `?`: not seen.
    Unknown,
}

/// One line of the table.
#[derive(Debug, Serialize)]
struct Provider {
    domains: Vec<&'static str>,
    works: Works,
    /// Selectors that were seen.
    selectors: &'static str,
    key_bits: Option<&'static str>,
    /// What its signatures have as `c=`; `None` where that was not seen.
    canonicalisation: Option<&'static str>,
    /// Whether the signature carries a time.
    timestamp: Option<&'static str>,
    /// What to know, or what to do.
    note: Option<&'static str>,
    /// The last year in which mail of it was seen.
    seen: &'static str,
}

pub fn run(args: &HiArgs) -> CommandResult {
    let providers: Vec<Provider> = table().collect();
    for provider in &providers {
        args.output.object("provider", provider)?;
    }
    args.output.text(format!(
        "{:<34} {:<8} {:<10} {:<5} {}",
        "provider", "works", "key bits", "seen", "note"
    ))?;
    for provider in &providers {
        let works = match provider.works {
            Works::Yes => "yes",
            Works::No => "no",
            Works::Unknown => "not seen",
        };
        args.output.text(format!(
            "{:<34} {works:<8} {:<10} {:<5} {}",
            provider.domains.join(", "),
            provider.key_bits.unwrap_or("?"),
            provider.seen,
            provider.note.unwrap_or_default()
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

fn table() -> impl Iterator<Item = Provider> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let known = |text: &'static str| (text != "?" && !text.is_empty()).then_some(text);
        let [domains, works, selectors, bits, c, t, note, seen] =
            line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        Some(Provider {
            domains: domains.split(", ").collect(),
            works: match works {
                "yes" => Works::Yes,
                "no" => Works::No,
                _ => Works::Unknown,
            },
            selectors: known(selectors).unwrap_or_default(),
            key_bits: known(bits),
            canonicalisation: known(c),
            timestamp: known(t),
            note: known(note),
            seen,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        let providers: Vec<Provider> = table().collect();
        assert_eq!(providers.len(), lines);
        for provider in &providers {
            assert!(provider.seen.parse::<u16>().is_ok(), "{provider:?}");
            // What doesn't work says why, and what to do where something can be done.
            assert!(provider.works == Works::Yes || provider.note.is_some(), "{provider:?}");
        }
        let gmail = providers.iter().find(|p| p.domains.contains(&"gmail.com")).unwrap();
        assert_eq!((gmail.works, gmail.key_bits), (Works::Yes, Some("2048")));
    }
}
