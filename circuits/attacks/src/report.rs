//! The result of a run over mutants: what noticed each, and why the rest is redundant.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};

/// One mutant and what noticed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The kind of mutant.
    pub kind: String,
    /// What is left out or changed.
    pub mutant: String,
    /// What noticed it; `None` for a survivor.
    pub noticed: Option<String>,
}

/// How many of a kind were noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Mutants of the kind that were tried.
    pub mutants: usize,
    /// Those that something noticed.
    pub noticed: usize,
}

/// A survivor and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survivor {
    /// What is left out or changed.
    pub mutant: String,
    /// Why nothing needs it; `None` where nobody knows.
    pub reason: Option<String>,
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What chose the sample.
    pub seed: u64,
    /// Counts of all kinds together and of each.
    pub counts: BTreeMap<String, Count>,
    /// The mutants that nothing noticed, each with its reason if `redundant.txt` has one.
    pub survivors: Vec<Survivor>,
    /// Every mutant of the run, noticed or not.
    pub mutants: Vec<Entry>,
}

impl Report {
    /// The report on a run.
    pub fn new(seed: u64, mutants: Vec<Entry>) -> Self {
        let mut counts: BTreeMap<String, Count> = BTreeMap::new();
        for entry in &mutants {
            for kind in ["all", &entry.kind] {
                let count = counts.entry(kind.to_owned()).or_default();
                count.mutants += 1;
                count.noticed += usize::from(entry.noticed.is_some());
            }
        }
        let survivors = mutants.iter().filter(|entry| entry.noticed.is_none());
        let survivors = survivors
            .map(|entry| Survivor { mutant: entry.mutant.clone(), reason: reason(&entry.mutant) })
            .collect();
        Self { seed, counts, survivors, mutants }
    }

    /// Whether at least 95 of 100 were noticed and every survivor is known to be redundant.
    pub fn is_good(&self) -> bool {
        let all = self.counts.get("all").copied().unwrap_or_default();
        let explained = self.survivors.iter().all(|survivor| survivor.reason.is_some());
        explained && all.noticed * 100 >= all.mutants * 95
    }

    /// Writes it as JSON, whole or not at all.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let beside = path.with_extension("json.new");
        fs::write(&beside, text)?;
        fs::rename(&beside, path)
    }
}

/// The reason that `redundant.txt` gives for a survivor. A pattern is the whole text, or ends with
/// `a..b` for the last number of it.
pub fn reason(mutant: &str) -> Option<String> {
    redundant().into_iter().find(|(pattern, _)| matches(pattern, mutant)).map(|(_, reason)| reason)
}

fn matches(pattern: &str, mutant: &str) -> bool {
    if pattern == mutant {
        return true;
    }
    let split = |text: &str| {
        let (before, last) = text.rsplit_once(' ')?;
        Some((before.to_owned(), last.to_owned()))
    };
    let (Some((before, range)), Some((text, number))) = (split(pattern), split(mutant)) else {
        return false;
    };
    let bounds = range.split_once("..").map(|(low, high)| (low.parse(), high.parse()));
    match (bounds, number.parse::<usize>()) {
        (Some((Ok(low), Ok(high))), Ok(number)) => before == text && (low..=high).contains(&number),
        _ => false,
    }
}

/// The lines of `redundant.txt`: pattern and reason.
pub fn redundant() -> Vec<(String, String)> {
    let lines = include_str!("../redundant.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
    let split = |line: &str| {
        let (pattern, reason) = line.split_once(": ").expect("a reason");
        (pattern.to_owned(), reason.to_owned())
    };
    lines.map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_of_redundant_mutants() {
        assert!(matches("polynomial a[0]", "polynomial a[0]"));
        assert!(!matches("polynomial a[0]", "polynomial a[1]"));
        assert!(matches("selector a at header 3..5", "selector a at header 5"));
        assert!(!matches("selector a at header 3..5", "selector a at header 6"));
        assert!(!matches("selector a at header 3..5", "selector b at header 4"));
    }
}
