//! A list of mailbox providers: which of them work as senders, under which selectors, and when that was seen.
//!
//! One line for each, columns separated by tabs: domains, works (yes, no, ?), selectors, key bits, `c=`, `t=`, note, seen (a
//! year). `?` was not seen. Lines that begin with `#` are comments.

use crate::error::{Error, Result};

const BUILT_IN: &str = include_str!("../providers.tsv");
const COLUMNS: usize = 8;

/// Whether mail from a provider can be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Works {
    /// It was seen to be.
    Yes,
    /// It can't; the note says why.
    No,
    /// Not seen.
    Unknown,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Domains of its addresses; in words where they are not its own.
    pub domains: Vec<String>,
    /// Whether mail from it can be proved.
    pub works: Works,
    /// Selectors that were seen; empty where none was.
    pub selectors: Vec<String>,
    /// Bits of its keys.
    pub key_bits: Option<String>,
    /// What its signatures have as `c=`.
    pub canonicalisation: Option<String>,
    /// Whether its signatures carry a time.
    pub timestamp: Option<String>,
    /// What to know, or what to do.
    pub note: Option<String>,
    /// The last year in which mail of it was seen.
    pub seen: u16,
}

/// The list that this crate brings.
///
/// # Errors
///
/// None, as a test reads the same list.
pub fn built_in() -> Result<Vec<Provider>> {
    parse(BUILT_IN)
}

/// Reads a list.
///
/// # Errors
///
/// [`Error::Providers`] with the first line that is none.
pub fn parse(text: &str) -> Result<Vec<Provider>> {
    let lines = text.lines().enumerate();
    let entries = lines.filter(|(_, line)| !line.starts_with('#') && !line.trim().is_empty());
    entries.map(|(at, line)| provider(at + 1, line)).collect()
}

fn provider(line: usize, text: &str) -> Result<Provider> {
    let refuse = |detail: String| Error::Providers { line, detail };
    let columns: Vec<&str> = text.split('\t').collect();
    let columns: [&str; COLUMNS] = columns
        .try_into()
        .map_err(|all: Vec<_>| refuse(format!("{} columns, not {COLUMNS}", all.len())))?;
    let [domains, works, selectors, bits, c, t, note, seen] = columns;
    let known = |text: &str| (text != "?" && !text.is_empty()).then(|| text.to_owned());
    let list =
        |text: &str| known(text).map_or(vec![], |text| text.split(", ").map(Into::into).collect());
    let (domains, selectors): (Vec<String>, Vec<String>) = (list(domains), list(selectors));
    if domains.is_empty() {
        return Err(refuse("no domain".into()));
    }
    if let Some(bad) = selectors.iter().find(|selector| crate::wire::check_name(selector).is_err())
    {
        return Err(refuse(format!("{bad:?} is no selector; write ? where none is known")));
    }
    let works = match works {
        "yes" => Works::Yes,
        "no" => Works::No,
        "?" => Works::Unknown,
        other => return Err(refuse(format!("{other:?} is none of yes, no, ?"))),
    };
    let seen = seen.parse().map_err(|_| refuse(format!("{seen:?} is no year")))?;
    Ok(Provider {
        domains,
        works,
        selectors,
        key_bits: known(bits),
        canonicalisation: known(c),
        timestamp: known(t),
        note: known(note),
        seen,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let providers = built_in().unwrap();
        let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(providers.len(), lines);
        for provider in &providers {
            // What doesn't work says why, and what to do where something can be done.
            assert!(provider.works == Works::Yes || provider.note.is_some(), "{provider:?}");
        }
        let gmail = providers.iter().find(|p| p.domains.iter().any(|d| d == "gmail.com")).unwrap();
        assert_eq!((gmail.works, gmail.key_bits.as_deref()), (Works::Yes, Some("2048")));
        assert_eq!(gmail.selectors, ["20230601", "20161025"]);
    }

    #[test]
    fn errors_name_the_line() {
        let good = "a.example\tyes\ts1, s2\t2048\trelaxed/relaxed\tyes\t\t2026";
        assert_eq!(parse(good).unwrap()[0].selectors, ["s1", "s2"]);
        for (bad, why) in [
            (good.replace("\t2026", ""), "7 columns"),
            (good.replace("2026", "soon"), "no year"),
            (good.replace("s1, s2", "s1 (old)"), "no selector"),
            (good.replace("yes\ts1", "maybe\ts1"), "none of yes"),
            (good.replace("a.example", "?"), "no domain"),
        ] {
            let error = parse(&format!("# head\n\n{bad}\n")).unwrap_err();
            assert!(matches!(error, Error::Providers { line: 3, .. }), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
