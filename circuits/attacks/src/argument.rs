//! What the logUp argument proves, as a statement about first-phase cells: each tuple is in the
//! table, and emitted and consumed bytes cancel.
//!
//! The table, the weights and the places of the tuples are read from the fixed columns of the image,
//! so that a bug planted there counts. A constraint of the argument's own sums that is left out
//! makes all of it void: a prover closes any sum with the cell that is then free
//! (`a_free_sum_takes_any_tuple` shows it with the gates themselves).

use std::{
    cell::{Cell as Slot, RefCell},
    collections::{BTreeMap, HashSet},
};

use zkdkim_circuits::{
    columns::{Columns, Lane, RANGE_BITS},
    header::{extract, BYTES},
    layout::Rows,
    logup::TupleType,
    statement::StatementConfig,
};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column},
};
use zkdkim_testkit::{Cell, Constraint, Image, Mutation};

/// A part of the argument that a planted bug leaves out in every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The pair of one range column.
    Range(usize),
    /// The tuple (state, symbol, next state, field) of a byte row.
    Edge,
    /// The pair (byte, lower-case form) of an output row.
    Case,
    /// The bytes that output rows take.
    Extraction,
}

impl Term {
    /// Every part: one for each of the six range columns, then the others.
    pub fn all() -> impl Iterator<Item = Self> {
        let ranges = (0..RANGE_BITS.len()).map(Self::Range);
        ranges.chain([Self::Edge, Self::Case, Self::Extraction])
    }

    /// Its name in verdicts and reports, such as `lookup spread 3`.
    pub fn name(self) -> String {
        match self {
            Self::Range(column) => format!("lookup spread {column}"),
            Self::Edge => "lookup automaton".to_owned(),
            Self::Case => "lookup case".to_owned(),
            Self::Extraction => "extraction".to_owned(),
        }
    }
}

type Entry = [u64; 5];

/// The argument, with its table as the image holds it.
pub struct Argument {
    columns: Columns,
    rows: Rows,
    /// The number of rows in which lookups count.
    active: usize,
    table: RefCell<HashSet<Entry>>,
    left_out: Slot<Option<Term>>,
    void: Slot<bool>,
}

impl Argument {
    /// The argument of a circuit. It knows no table before it sees an image.
    pub(crate) fn new(config: &StatementConfig, k: u32) -> Self {
        Self {
            columns: config.columns.clone(),
            rows: config.rows.clone(),
            active: config.usable_rows(k) - 1,
            table: RefCell::default(),
            left_out: Slot::new(None),
            void: Slot::new(false),
        }
    }

    /// Leaves a part out from now on, or nothing.
    pub fn leave_out(&self, term: Option<Term>) {
        self.left_out.set(term);
    }

    /// What is left out.
    pub fn left_out(&self) -> Option<Term> {
        self.left_out.get()
    }

    /// Whether the argument reads a fixed column.
    pub fn reads_fixed(&self, column: usize) -> bool {
        let c = &self.columns;
        let others = [c.active, c.step, c.output, c.weight, c.multipliers[1]];
        c.table.iter().chain(&others).any(|own| own.index() == column)
    }

    /// Reads the table, and whether the argument holds at all, from an image and its planted bug.
    pub fn read(&self, image: &Image<Fr>) {
        let c = &self.columns;
        let entry = |row| {
            let entry = c.table.map(|column| number(image.fixed_at(column.index(), row)));
            entry.into_iter().collect::<Option<Vec<u64>>>()?.try_into().ok()
        };
        let mut table: HashSet<Entry> = (0..self.active).filter_map(entry).collect();
        if let Some(narrow) = &c.narrow {
            // The table of 10-bit words shares rows with that of 11-bit words.
            let shared = |row: &usize| image.fixed_at(narrow.shared.index(), *row) != Fr::ZERO;
            let entries: Vec<Entry> = (0..self.active).filter(shared).filter_map(entry).collect();
            let kind = TupleType::Spread10 as u64;
            table
                .extend(entries.into_iter().map(|[dense, spread, ..]| [dense, spread, 0, 0, kind]));
        }
        self.table.replace(table);
        let own = |mutation: Mutation<Fr>| match mutation {
            Mutation::Polynomial(_) | Mutation::Selector { .. } => {
                let mut touched = image.touched(mutation).into_iter();
                touched.any(|constraint| image.name(constraint).starts_with("logup"))
            }
            Mutation::Fixed { column, value, .. } => {
                column == c.active.index() && value == Fr::ZERO
            }
            _ => false,
        };
        self.void.set(image.planted().is_some_and(own));
    }

    fn asks(&self, term: Term) -> bool {
        !self.void.get() && self.left_out.get() != Some(term)
    }

    fn holds(&self, entry: [Fr; 5]) -> bool {
        let numbers = entry.map(number).into_iter().collect::<Option<Vec<u64>>>();
        let entry: Option<Entry> = numbers.and_then(|numbers| numbers.try_into().ok());
        entry.is_some_and(|entry| self.table.borrow().contains(&entry))
    }

    /// What the argument notices where `changed` cells are read.
    pub fn notices(&self, image: &Image<Fr>, changed: &[Cell]) -> Option<String> {
        if self.void.get() {
            return None;
        }
        let c = &self.columns;
        let counts = |cell: &Cell| {
            let narrow = c.narrow.filter(|narrow| narrow.multiplicity.index() == cell.column);
            let rows = if narrow.is_some() { 1 << RANGE_BITS[2] } else { self.active };
            let wide = cell.column == c.multiplicity.index();
            (wide || narrow.is_some()) && cell.row < rows
        };
        if changed.iter().any(counts) {
            return Some("multiplicity".to_owned());
        }
        let failing = changed.iter().find_map(|cell| {
            let pairs = |lane| (0..RANGE_BITS.len()).map(move |i| (lane, i));
            let mut pairs = c.lanes.iter().flat_map(pairs);
            let range = pairs.find(|(lane, i)| {
                let pair = [lane.range[*i], lane.spread[*i]];
                pair.iter().any(|column| column.index() == cell.column)
                    && !self.range_holds(image, lane, *i, cell.row)
            });
            let range = range.map(|(_, i)| Term::Range(i).name());
            range.or_else(|| {
                let wide = c.wide.iter().chain([&c.lower]).any(|w| w.index() == cell.column);
                let rows = [Some(cell.row), cell.row.checked_sub(1)].into_iter().flatten();
                wide.then(|| rows.into_iter().find_map(|row| self.wide_failure(image, row)))?
            })
        });
        let in_extraction = |cell: &Cell| {
            self.byte_rows().any(|rows| rows.contains(&cell.row))
                && c.wide[1..].iter().any(|column| column.index() == cell.column)
        };
        failing.or_else(|| {
            let touched = changed.iter().any(in_extraction);
            touched.then(|| self.extraction_failure(image))?
        })
    }

    /// What the argument notices anywhere.
    pub fn notices_anywhere(&self, image: &Image<Fr>) -> Option<String> {
        if self.void.get() {
            return None;
        }
        let rows = || 0..self.active;
        let pairs = (0..RANGE_BITS.len()).flat_map(|i| rows().map(move |row| (i, row)));
        let lanes = &self.columns.lanes;
        let mut failing = pairs
            .filter(|(i, row)| lanes.iter().any(|lane| !self.range_holds(image, lane, *i, *row)));
        let range = failing.next().map(|(i, _)| Term::Range(i).name());
        let wide = || rows().find_map(|row| self.wide_failure(image, row));
        range.or_else(wide).or_else(|| self.extraction_failure(image))
    }

    fn range_holds(&self, image: &Image<Fr>, lane: &Lane, i: usize, row: usize) -> bool {
        if row >= self.active || !self.asks(Term::Range(i)) {
            return true;
        }
        let get = |column: Column<Advice>| image.get(Cell::new(column, row));
        let kind = if RANGE_BITS[i] == 11 { TupleType::Spread11 } else { TupleType::Spread10 };
        let [dense, spread] = [lane.range[i], lane.spread[i]].map(get);
        self.holds([dense, spread, Fr::ZERO, Fr::ZERO, Fr::from(kind as u64)])
    }

    /// The edge or the lower-case form that a row looks up, if it is in no table.
    fn wide_failure(&self, image: &Image<Fr>, row: usize) -> Option<String> {
        if row >= self.active {
            return None;
        }
        let c = &self.columns;
        let fixed = |column: Column<_>| image.fixed_at(column.index(), row);
        let mut tuple = [Fr::ZERO; 5];
        let mut name = None;
        let get = |column: Column<Advice>, row| image.get(Cell::new(column, row));
        for (weight, term) in [(fixed(c.step), Term::Edge), (fixed(c.output), Term::Case)] {
            if weight == Fr::ZERO || !self.asks(term) {
                continue;
            }
            let symbol = get(c.wide[1], row);
            let entry = match term {
                Term::Edge => [
                    get(c.wide[0], row),
                    symbol,
                    get(c.wide[0], row + 1),
                    get(c.wide[2], row),
                    Fr::from(TupleType::Automaton as u64),
                ],
                _ => {
                    let kind = Fr::from(TupleType::Case as u64) + fixed(c.multipliers[1]);
                    [symbol, get(c.lower, row), Fr::ZERO, Fr::ZERO, kind]
                }
            };
            tuple.iter_mut().zip(entry).for_each(|(sum, part)| *sum += weight * part);
            name = Some(term.name());
        }
        name.filter(|_| !self.holds(tuple))
    }

    /// The rows that emit bytes and those that take them.
    fn byte_rows(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let (header, outputs) = (self.rows.header, self.rows.outputs);
        [header..header + BYTES, outputs..outputs + extract::ROWS].into_iter()
    }

    fn extraction_failure(&self, image: &Image<Fr>) -> Option<String> {
        if !self.asks(Term::Extraction) {
            return None;
        }
        let c = &self.columns;
        let mut sums: BTreeMap<[[u8; 32]; 3], Fr> = BTreeMap::new();
        for row in self.byte_rows().flatten() {
            let fixed = |column: Column<_>| image.fixed_at(column.index(), row);
            let [byte, field, position, enabled] =
                [1, 2, 3, 4].map(|i| image.get(Cell::new(c.wide[i], row)));
            let weight = fixed(c.step) * field + fixed(c.weight) * enabled;
            if weight != Fr::ZERO {
                let position = fixed(c.multipliers[1]) + fixed(c.output) * position;
                let key = [field, position, byte].map(|v| v.to_bytes());
                *sums.entry(key).or_insert(Fr::ZERO) += weight;
            }
        }
        let cancel = sums.values().all(|sum| *sum == Fr::ZERO);
        (!cancel).then(|| Term::Extraction.name())
    }

    /// Whether a constraint is one of the argument's own sums.
    pub fn owns(&self, image: &Image<Fr>, constraint: Constraint) -> bool {
        image.name(constraint).starts_with("logup")
    }
}

/// A field element that fits 64 bits.
pub(crate) fn number(value: Fr) -> Option<u64> {
    let bytes = value.to_bytes();
    let low = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    bytes[8..].iter().all(|b| *b == 0).then_some(low)
}
