//! Instances without which every cell is still determined: each with the attack that it alone stops, or the reason why
//! it is redundant. They are listed in `circuits/attacks/assertions.txt`.

use std::collections::BTreeMap;

/// Read when it is needed, so that a change of the list needs no new build.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assertions.txt");

/// The text of the list; empty where there is none, so that everything is missing.
fn text() -> String {
    std::fs::read_to_string(LIST).unwrap_or_default()
}

/// What a listed instance is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It asserts something: the name of the attack that it alone stops.
    Asserts(String),
    /// Other constraints say the same: the reason.
    Redundant(String),
}

/// The list, by the name of a constraint: a block of rows, the rows in it, the purpose.
#[derive(Clone, Debug, Default)]
pub struct Assertions(BTreeMap<String, Vec<(String, std::ops::RangeInclusive<usize>, Purpose)>>);

impl Assertions {
    /// Reads the list. A line that is none is skipped: the instances that it should list are then unclassified.
    pub fn read() -> Self {
        let mut list = Self::default();
        for line in text().lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            if let Some((name, block, rows, purpose)) = parse(line) {
                list.0.entry(name).or_default().push((block, rows, purpose));
            }
        }
        list
    }

    /// The purpose of an instance, by its name and its row's name (`block row`).
    pub fn purpose(&self, name: &str, row: &str) -> Option<&Purpose> {
        let (block, row) = row.rsplit_once(' ')?;
        let row: usize = row.parse().ok()?;
        let fits = |(own, rows, _): &&(String, std::ops::RangeInclusive<usize>, Purpose)| {
            own == block && rows.contains(&row)
        };
        self.0.get(name)?.iter().find(fits).map(|(_, _, purpose)| purpose)
    }

    /// Whether some instance of a name is listed.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Every listed place: name, row's name and purpose.
    pub fn places(&self) -> impl Iterator<Item = (&str, String, &Purpose)> + '_ {
        self.0.iter().flat_map(|(name, entries)| {
            entries.iter().flat_map(move |(block, rows, purpose)| {
                rows.clone().map(move |row| (name.as_str(), format!("{block} {row}"), purpose))
            })
        })
    }
}

/// `asserts NAME at SAMPLE_HEADER FIRST..LAST: ATTACK` or `redundant NAME at SAMPLE_HEADER FIRST..LAST: REASON`.
fn parse(line: &str) -> Option<(String, String, std::ops::RangeInclusive<usize>, Purpose)> {
    let (kind, rest) = line.split_once(' ')?;
    let (instance, text) = rest.split_once(": ")?;
    let (name, place) = instance.rsplit_once(" at ")?;
    let (block, rows) = place.rsplit_once(' ')?;
    let (first, last) = rows.split_once("..").unwrap_or((rows, rows));
    let purpose = match kind {
        "asserts" => Purpose::Asserts(text.to_owned()),
        "redundant" => Purpose::Redundant(text.to_owned()),
        _ => return None,
    };
    Some((name.to_owned(), block.to_owned(), first.parse().ok()?..=last.parse().ok()?, purpose))
}

/// Lines for instances, by name and row's name.
pub fn lines(places: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let mut blocks: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (name, place) in places {
        if let Some((block, row)) = place.rsplit_once(' ') {
            let rows = blocks.entry((name, block.to_owned())).or_default();
            rows.extend(row.parse::<usize>().ok());
        }
    }
    let mut lines = Vec::new();
    for ((name, block), mut rows) in blocks {
        rows.sort_unstable();
        rows.dedup();
        for run in rows.chunk_by(|a, b| a + 1 == *b) {
            let (first, last) = (run[0], run[run.len() - 1]);
            lines.push(match last - first {
                0 => format!("{name} at {block} {first}"),
                _ => format!("{name} at {block} {first}..{last}"),
            });
        }
    }
    lines
}
