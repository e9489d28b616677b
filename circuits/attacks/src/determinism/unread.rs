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

/// The listed cells of a layout: `layout: column first..last` a line, rows from the top of the circuit.
pub fn listed(layout: &str, statement: &Statement) -> BTreeSet<Place> {
    let text = text();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let own = lines.filter_map(|line| line.strip_prefix(layout)?.strip_prefix(": "));
    own.filter_map(|line| parse(line, statement))
        .flat_map(|(column, rows)| rows.map(move |row| Place::Advice(column, row)))
        .collect()
}

/// Column and rows of a line.
fn parse(line: &str, statement: &Statement) -> Option<(usize, std::ops::RangeInclusive<usize>)> {
    let (name, rows) = line.rsplit_once(' ')?;
    let (first, last) = rows.split_once("..").unwrap_or((rows, rows));
    let column = statement.columns.iter().find(|(own, _)| own == name)?.1.index();
    Some((column, first.parse().ok()?..=last.parse().ok()?))
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
        for run in rows.chunk_by(|a, b| a + 1 == *b) {
            let (first, last) = (run[0], run[run.len() - 1]);
            lines.push(match last - first {
                0 => format!("{layout}: {name} {first}"),
                _ => format!("{layout}: {name} {first}..{last}"),
            });
        }
    }
    lines
}
