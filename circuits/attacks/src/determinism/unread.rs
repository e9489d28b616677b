//! Cells that only a lookup reads: rows and columns that a gadget leaves empty. A prover may put any entry there.
//!
//! They are listed, `circuits/attacks/unread.txt`, since a gate that is missing would add to them: a cell that no gate
//! reads any more and that is not on the list counts as undetermined.

use std::collections::{BTreeMap, BTreeSet};

use zkdkim_determinism::layout::Place;

use crate::statement::Statement;

/// Read when it is needed, so that a change of the list needs no new build.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/unread.txt");

/// The text of the list; empty where there is none, so that everything is missing.
fn text() -> String {
    std::fs::read_to_string(LIST).unwrap_or_default()
}

/// The listed cells of a layout: `layout: column first..last every STRIDE times COUNT` a line, rows from the top of the
/// circuit.
pub fn listed(layout: &str, statement: &Statement) -> BTreeSet<Place> {
    let text = text();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let own = lines.filter_map(|line| line.strip_prefix(layout)?.strip_prefix(": "));
    own.filter_map(|line| parse(line, statement))
        .flat_map(|(column, rows)| rows.into_iter().map(move |row| Place::Advice(column, row)))
        .collect()
}

/// Runs of rows, one a stride.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Runs {
    first: usize,
    last: usize,
    stride: usize,
    count: usize,
}

impl Runs {
    fn rows(self) -> impl Iterator<Item = usize> {
        let run = move |i: usize| (self.first..=self.last).map(move |row| row + i * self.stride);
        (0..self.count).flat_map(run)
    }

    /// `first..last every STRIDE times COUNT`, with what goes without saying left away.
    fn parse(text: &str) -> Option<Self> {
        let (rows, often) = text.split_once(" every ").unwrap_or((text, "0 times 1"));
        let (stride, count) = often.split_once(" times ")?;
        let (first, last) = rows.split_once("..").unwrap_or((rows, rows));
        let [first, last, stride, count] =
            [first, last, stride, count].map(|number| number.parse().ok());
        Some(Self { first: first?, last: last?, stride: stride?, count: count? })
    }

    fn write(self) -> String {
        let mut text = self.first.to_string();
        if self.last > self.first {
            text += &format!("..{}", self.last);
        }
        if self.count > 1 {
            text += &format!(" every {} times {}", self.stride, self.count);
        }
        text
    }

    /// Takes the longest series that begins with the first run.
    fn take(left: &mut Vec<(usize, usize)>) -> Self {
        let (first, last) = left[0];
        let like: BTreeSet<usize> =
            left.iter().filter(|run| run.1 - run.0 == last - first).map(|run| run.0).collect();
        let count =
            |stride: usize| (1..).take_while(|i| like.contains(&(first + i * stride))).count() + 1;
        let strides = like.iter().skip(1).map(|start| (count(start - first), start - first));
        // Of series of one length, the one with the shortest stride.
        let longest = strides.rev().max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 2);
        let (count, stride) = longest.unwrap_or((1, 0));
        let runs = Self { first, last, stride, count };
        let taken: BTreeSet<usize> = (0..count).map(|i| first + i * stride).collect();
        left.retain(|run| run.1 - run.0 != last - first || !taken.contains(&run.0));
        runs
    }
}

/// Column and rows of a line; a column's name may have spaces.
fn parse(line: &str, statement: &Statement) -> Option<(usize, Vec<usize>)> {
    statement.columns.iter().find_map(|(own, column)| {
        let rows = line.strip_prefix(own.as_str())?.strip_prefix(' ')?;
        Some((column.index(), Runs::parse(rows)?.rows().collect()))
    })
}

/// The lines for some cells.
pub fn lines(layout: &str, statement: &Statement, cells: &BTreeSet<Place>) -> Vec<String> {
    let mut columns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for cell in cells {
        if let Place::Advice(column, row) = cell {
            columns.entry(*column).or_default().push(*row);
        }
    }
    let mut lines = Vec::new();
    for (column, rows) in columns {
        let name = &statement.columns[column].0;
        let runs = rows.chunk_by(|a, b| a + 1 == *b);
        let mut left: Vec<_> = runs.map(|run| (run[0], run[run.len() - 1])).collect();
        while !left.is_empty() {
            lines.push(format!("{layout}: {name} {}", Runs::take(&mut left).write()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::Runs;

    #[test]
    fn series_are_written_and_read() {
        let rows = [3, 4, 15, 16, 20, 27, 28, 39, 40, 41];
        let chunks = rows.chunk_by(|a, b| a + 1 == *b);
        let mut left: Vec<_> = chunks.map(|run| (run[0], run[run.len() - 1])).collect();
        let mut lines = Vec::new();
        while !left.is_empty() {
            lines.push(Runs::take(&mut left).write());
        }
        assert_eq!(lines, ["3..4 every 12 times 3", "20", "39..41"]);
        let read = lines.iter().flat_map(|line| Runs::parse(line).expect("a line").rows());
        let mut read: Vec<usize> = read.collect();
        read.sort_unstable();
        assert_eq!(read, rows);
        for bad in ["", "x", "3..", "3 every 2", "3 every x times 2"] {
            assert_eq!(Runs::parse(bad), None, "{bad}");
        }
    }
}
