//! The table's entries, and how often each is looked up.

use std::collections::HashMap;

use super::{small, Tuple, TupleType};
use crate::{header::automaton::Automaton, spread::spread};

/// Number of words of the narrow spread table.
pub(super) const NARROW: usize = 1 << 10;

/// The characters of base64url in the order of their values (RFC 4648 §5).
pub const BASE64URL: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// How the spread tables stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableLayout {
    /// One below the other.
    Stacked,
    /// The narrow one in the rows of the other.
    Shared,
}

/// The lookup table in order of rows.
#[derive(Clone, Debug)]
pub struct LookupTable {
    pub(super) rows: Vec<Tuple>,
    /// First row of the 11-bit and of the 10-bit words.
    spread: [usize; 2],
    layout: TableLayout,
    /// Rows of the other entries.
    pub(super) wide: HashMap<[u64; 5], usize>,
}

impl LookupTable {
    /// The spread tables, below them the automaton's edges, the case table and the characters of base64url.
    pub fn new(layout: TableLayout) -> Self {
        let mut entries: Vec<[u64; 5]> = Vec::new();
        let mut first = [0; 2];
        for (i, (bits, kind)) in
            [(11, TupleType::Spread11), (10, TupleType::Spread10)].into_iter().enumerate()
        {
            if kind == TupleType::Spread10 && layout == TableLayout::Shared {
                continue;
            }
            first[i] = entries.len();
            entries.extend((0..1u32 << bits).map(|v| [v.into(), spread(v), 0, 0, kind as u64]));
        }
        let wide_start = entries.len();
        entries.extend(Automaton::header().edges().iter().map(|edge| {
            [
                u64::from(edge.state),
                u64::from(edge.symbol),
                u64::from(edge.next),
                edge.field as u64,
                TupleType::Automaton as u64,
            ]
        }));
        entries.extend((0..=255u8).map(|byte| {
            [byte.into(), byte.to_ascii_lowercase().into(), 0, 0, TupleType::Case as u64]
        }));
        let characters = || BASE64URL.iter().map(|byte| u64::from(*byte)).zip(0..);
        entries.extend(characters().map(|(c, value)| [c, value, 0, 0, TupleType::Sextet as u64]));
        let quartets = characters().step_by(4);
        entries.extend(quartets.map(|(c, value)| [c, value / 4, 0, 0, TupleType::Quartet as u64]));
        let mut wide: HashMap<_, _> =
            entries.iter().enumerate().skip(wide_start).map(|(row, e)| (*e, row)).collect();
        // What a row without a byte looks up.
        wide.insert([0; 5], 0);
        Self { rows: entries.iter().map(|e| e.map(small)).collect(), spread: first, layout, wide }
    }

    /// The first row of the 11-bit words, the first rows of which a narrow table may share.
    pub(super) fn first_word(&self) -> usize {
        self.spread[TupleType::Spread11 as usize]
    }

    /// Number of table rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the table is empty (it never is).
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// How often each entry is looked up.
pub(super) struct Counts {
    /// By row of the table.
    pub rows: Vec<u64>,
    /// By word, of a narrow table that shares rows.
    pub narrow: Vec<u64>,
}

impl Counts {
    pub fn new(table: &LookupTable) -> Self {
        let narrow = if table.layout == TableLayout::Shared { NARROW } else { 0 };
        Self { rows: vec![0; table.len()], narrow: vec![0; narrow] }
    }

    /// The counter of a word in the table of a range column.
    pub fn word(&mut self, table: &LookupTable, kind: TupleType, word: u64) -> &mut u64 {
        let index = table.spread[kind as usize] + word as usize;
        if table.layout == TableLayout::Shared && kind == TupleType::Spread10 {
            &mut self.narrow[index]
        } else {
            &mut self.rows[index]
        }
    }
}
