//! One logarithmic-derivative argument for every lookup and for the extraction of bytes.
//!
//! # Statement
//! With rows 0 … u − 2 active, for every accepted assignment (but for an error of at most 2^-217, see below):
//! - in every active row each of the six pairs (range\[i\], spread\[i\]) of every lane is an entry of the spread table
//!   of `RANGE_BITS[i]` bits;
//! - in every byte row (state, symbol, next state, field) is an edge of the header automaton, and in every output row
//!   (byte, lower-cased byte) is an entry of the case table;
//! - the bytes that output rows consume, with their weights, are exactly those that byte rows emit.
//!
//! # Layout
//! Tuples have the components (c0, c1, c2, c3) and a type; a tuple is compressed to
//! `c0 + θ c1 + θ² c2 + θ³ c3 + θ⁴ type`.
//!
//! ```text
//! type         c0      c1          c2          c3      made by
//! 0 SPREAD11   dense   spread                          range columns 0, 1, 3, 4 in every row
//! 1 SPREAD10   dense   spread                          range columns 2, 5 in every row
//! 2 AUTOMATON  state   symbol      next state  field   byte rows; elsewhere the all-zero tuple of type 0
//! 3 CASE       byte    lower case                      output rows
//! 4 BYTE       byte    position                field   extraction only: never in the table
//! ```
//!
//! `helper[0]`, `helper[1]` of a lane hold Σ 1/(γ + f) of three range lookups each, `extract` holds N/(γ + D) of the
//! row's byte (weight N), and φ runs over all rows:
//! `φ' − φ = Σ helper + extract + 1/(γ + f7) − m/(γ + t)`, with φ = 0 in the first and the last row.
//!
//! The entries of the four tables stand one below the other. Or else, where that is too long ([`Columns::narrow`]),
//! rows whose entry (c0, c1, 0, 0) of type SPREAD11 has c0 < 2^10 are flagged as *shared*: there the entry (c0, c1, 0,
//! 0) of type SPREAD10 counts too, with a multiplicity m2 of its own. `fraction = − shared · m2/(γ + t + θ⁴)` is then one
//! more term of φ' − φ.
//!
//! # Soundness
//! All components, multiplicities and weights are first-phase cells or fixed, so they are committed before θ and γ are
//! drawn. Two different multisets of fewer than 2^18 fractions agree at a random γ with probability below 2^18/p, and
//! two different tuples are
//! compressed to one value with probability at most 4/p a pair; with fewer than 2^17 tuples against 2^14 entries that
//! is below 2^-217 in all (two lanes have as many range lookups in half the rows). The number of lookups is far below p, so a sum of multiplicities does not vanish. `m` needs
//! no range: an entry that is not looked up needs m = 0, one that is needs the right number, and a tuple that is not
//! an entry leaves a pole. The type is a component by itself, and a constant in every tuple, so that an entry
//! of one table can't stand for one of another whatever the other components are. Tuples of type BYTE are in no table:
//! their fractions must cancel among themselves.
//!
//! A row of the table that is not assigned is the zero entry of type 0, a true pair (0, 0). A row that is not flagged
//! as shared has `fraction (γ + t + θ⁴) = 0`, so it adds no narrow entry.
//!
//! # Completeness
//! Fails when γ hits a pole: probability below 2^-234 a proof.
//!
//! # Source
//! Haböck, "Multivariate lookups based on logarithmic derivatives" (ePrint 2022/1530).

use std::collections::HashMap;

use halo2_proofs::{
    halo2curves::{
        bn256::Fr,
        ff::{BatchInvert, Field},
    },
    plonk::{Advice, Column, ConstraintSystem, Expression, Selector, VirtualCells},
    poly::Rotation,
};
use zkdkim_grid::Grid;

use crate::{
    field::constant,
    header::automaton::Automaton,
    layout::{Columns, Lane, Narrow, RANGE_BITS, RANGE_SLOTS},
    spread::spread,
};

/// Types of tuples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum TupleType {
    /// 11-bit words and their spread forms.
    Spread11 = 0,
    /// 10-bit words and their spread forms.
    Spread10 = 1,
    /// Edges of the header automaton.
    Automaton = 2,
    /// Bytes and their lower-case forms.
    Case = 3,
    /// Emitted and consumed bytes.
    Byte = 4,
}

/// The table of a range column.
fn spread_type(column: usize) -> TupleType {
    match RANGE_BITS[column] {
        11 => TupleType::Spread11,
        10 => TupleType::Spread10,
        bits => unreachable!("no spread table of {bits} bits"),
    }
}

/// Components and type.
type Tuple = [Fr; 5];

/// The lookup argument's configuration.
#[derive(Clone, Debug)]
pub struct LogUpConfig {
    columns: Columns,
    ends: Selector,
}

/// The lookup table in order of rows.
#[derive(Clone, Debug)]
pub struct LookupTable {
    rows: Vec<Tuple>,
    /// First row of the 11-bit and of the 10-bit words.
    spread: [usize; 2],
    /// Whether the 10-bit words share the rows of the 11-bit ones.
    shared: bool,
    wide: HashMap<[u64; 5], usize>,
}

fn small(value: u64) -> Fr {
    Fr::from(value)
}

/// Number of words of the narrow spread table.
const NARROW: usize = 1 << 10;

impl LookupTable {
    /// The spread tables, the automaton's edges and the case table: one below the other, or (`shared`) the narrow
    /// spread table in the rows of the other.
    pub fn new(shared: bool) -> Self {
        let mut entries: Vec<[u64; 5]> = Vec::new();
        let mut first = [0; 2];
        for (i, (bits, kind)) in
            [(11, TupleType::Spread11), (10, TupleType::Spread10)].into_iter().enumerate()
        {
            if kind == TupleType::Spread10 && shared {
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
        let mut wide: HashMap<_, _> =
            entries.iter().enumerate().skip(wide_start).map(|(row, e)| (*e, row)).collect();
        // What a row without a byte looks up.
        wide.insert([0; 5], 0);
        Self { rows: entries.iter().map(|e| e.map(small)).collect(), spread: first, shared, wide }
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
struct Counts {
    rows: Vec<u64>,
    narrow: Vec<u64>,
}

impl Counts {
    fn new(table: &LookupTable) -> Self {
        let narrow = if table.shared { NARROW } else { 0 };
        Self { rows: vec![0; table.len()], narrow: vec![0; narrow] }
    }

    /// The counter of a word in the table of a range column.
    fn word(&mut self, table: &LookupTable, kind: TupleType, word: u64) -> &mut u64 {
        let index = table.spread[kind as usize] + word as usize;
        if table.shared && kind == TupleType::Spread10 {
            &mut self.narrow[index]
        } else {
            &mut self.rows[index]
        }
    }
}

fn compress<T>(components: [T; 5], theta: &T) -> T
where
    T: Clone + std::ops::Add<Output = T> + std::ops::Mul<Output = T>,
{
    let [c0, c1, c2, c3, kind] = components;
    (((kind * theta.clone() + c3) * theta.clone() + c2) * theta.clone() + c1) * theta.clone() + c0
}

/// The low 64 bits of a field element that fits them.
fn as_u64(value: Fr) -> Option<u64> {
    let bytes = value.to_bytes();
    let (low, high) = bytes.split_at(8);
    high.iter().all(|&b| b == 0).then(|| u64::from_le_bytes(low.try_into().expect("8 bytes")))
}

impl LogUpConfig {
    /// Adds the argument's gates. Highest degree 5, the activity column included.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: Columns) -> Self {
        let ends = meta.selector();
        let config = Self { columns, ends };
        for lane in &config.columns.lanes {
            for half in 0..2 {
                config.helper_gate(meta, lane, half);
            }
        }
        config.extract_gate(meta);
        if let Some(narrow) = &config.columns.narrow {
            config.narrow_gate(meta, narrow);
        }
        config.sum_gates(meta);
        config
    }

    fn challenges(&self, m: &mut VirtualCells<'_, Fr>) -> (Expression<Fr>, Expression<Fr>) {
        (m.query_challenge(self.columns.theta), m.query_challenge(self.columns.gamma))
    }

    fn helper_gate(&self, meta: &mut ConstraintSystem<Fr>, lane: &Lane, half: usize) {
        meta.create_gate("logup range fractions", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(self.columns.active, Rotation::cur());
            let h = m.query_advice(lane.helper[half], Rotation::cur());
            let [f0, f1, f2]: [Expression<Fr>; 3] = std::array::from_fn(|i| {
                let column = 3 * half + i;
                let dense = m.query_advice(lane.range[column], Rotation::cur());
                let spread = m.query_advice(lane.spread[column], Rotation::cur());
                let theta4 = theta.clone() * theta.clone() * theta.clone() * theta.clone();
                let base = gamma.clone() + dense + spread * theta.clone();
                match spread_type(column) as u64 {
                    0 => base,
                    kind => base + theta4 * small(kind),
                }
            });
            let pairs = f0.clone() * f1.clone() + (f0.clone() + f1.clone()) * f2.clone();
            vec![active * (h * f0 * f1 * f2 - pairs)]
        });
    }

    fn extract_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        let c = &self.columns;
        meta.create_gate("logup extraction fraction", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(c.active, Rotation::cur());
            let output = m.query_fixed(c.output, Rotation::cur());
            let step = m.query_fixed(c.step, Rotation::cur());
            let weight = m.query_fixed(c.weight, Rotation::cur());
            // In byte rows k[1] is the position and `output` is 0; in output rows k[1] is 0.
            let fixed_position = m.query_fixed(c.k[1], Rotation::cur());
            let [byte, field, position, enable] =
                [1, 2, 3, 4].map(|i| m.query_advice(c.wide[i], Rotation::cur()));
            let position = fixed_position + output * position;
            let tuple = compress(
                [byte, position, constant(0), field.clone(), constant(TupleType::Byte as u64)],
                &theta,
            );
            let extract = m.query_advice(c.extract, Rotation::cur());
            vec![active * (extract * (gamma + tuple) - step * field - weight * enable)]
        });
    }

    /// `fraction (γ + t + θ⁴) + shared · m2 = 0`, or else words above 2^10 could pass for narrow ones.
    fn narrow_gate(&self, meta: &mut ConstraintSystem<Fr>, narrow: &Narrow) {
        let c = &self.columns;
        meta.create_gate("logup narrow table fraction", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(c.active, Rotation::cur());
            let shared = m.query_fixed(narrow.shared, Rotation::cur());
            let [c0, c1, c2, c3, kind] = c.table.map(|t| m.query_fixed(t, Rotation::cur()));
            let kind = kind + constant(TupleType::Spread10 as u64);
            let t = gamma + compress([c0, c1, c2, c3, kind], &theta);
            let multiplicity = m.query_advice(narrow.multiplicity, Rotation::cur());
            let fraction = m.query_advice(narrow.fraction, Rotation::cur());
            vec![active * (fraction * t + shared * multiplicity)]
        });
    }

    fn sum_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let c = &self.columns;
        meta.create_gate("logup running sum", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(c.active, Rotation::cur());
            let step = m.query_fixed(c.step, Rotation::cur());
            let output = m.query_fixed(c.output, Rotation::cur());
            let [state, symbol, field] =
                [0, 1, 2].map(|i| m.query_advice(c.wide[i], Rotation::cur()));
            let next = m.query_advice(c.wide[0], Rotation::next());
            let lower = m.query_advice(c.lower, Rotation::cur());
            let edge = compress(
                [state, symbol.clone(), next, field, constant(TupleType::Automaton as u64)],
                &theta,
            );
            let case = compress(
                [symbol, lower, constant(0), constant(0), constant(TupleType::Case as u64)],
                &theta,
            );
            let f = gamma.clone() + step * edge + output * case;
            let table = c.table.map(|t| m.query_fixed(t, Rotation::cur()));
            let t = gamma + compress(table, &theta);
            let multiplicity = m.query_advice(c.multiplicity, Rotation::cur());
            let phi = m.query_advice(c.phi, Rotation::cur());
            let phi_next = m.query_advice(c.phi, Rotation::next());
            let sums = self
                .fraction_columns()
                .map(|column| m.query_advice(column, Rotation::cur()))
                .reduce(|a, b| a + b)
                .expect("at least three columns");
            let difference = phi_next - phi - sums;
            vec![active * (difference * f.clone() * t.clone() - t + multiplicity * f)]
        });
        meta.create_gate("logup sum starts and ends at zero", |m| {
            let ends = m.query_selector(self.ends);
            vec![ends * m.query_advice(c.phi, Rotation::cur())]
        });
    }

    /// The columns that hold sums of fractions.
    fn fraction_columns(&self) -> impl Iterator<Item = Column<Advice>> + '_ {
        let c = &self.columns;
        let helpers = c.lanes.iter().flat_map(|lane| lane.helper);
        helpers.chain([c.extract]).chain(c.narrow.map(|narrow| narrow.fraction))
    }

    /// Writes the table and the activity of the rows; `usable` is the number of rows that witnesses may use.
    pub fn assign_fixed(&self, grid: &mut Grid<Fr>, table: &LookupTable, usable: usize) {
        for (row, tuple) in table.rows.iter().enumerate() {
            for (column, value) in self.columns.table.iter().zip(tuple) {
                grid.fixed(*column, row, *value);
            }
        }
        for row in 0..usable - 1 {
            grid.fixed(self.columns.active, row, Fr::ONE);
        }
        if let Some(narrow) = &self.columns.narrow {
            let first = table.spread[TupleType::Spread11 as usize];
            for row in first..first + NARROW {
                grid.fixed(narrow.shared, row, Fr::ONE);
            }
        }
        grid.enable(self.ends, 0);
        grid.enable(self.ends, usable - 1);
    }

    /// Fills in the spread cells that belong to the range cells, and counts the lookups.
    ///
    /// A tuple that no table holds is not counted: the argument is then unsatisfied, as it must be.
    pub fn assign_multiplicities(&self, grid: &mut Grid<Fr>, table: &LookupTable, usable: usize) {
        let mut counts = Counts::new(table);
        for lane in &self.columns.lanes {
            count_words(grid, lane, table, &mut counts, usable - 1);
        }
        for tuple in self.wide_tuples(grid, usable - 1) {
            let Some(key) = tuple.map(as_u64).into_iter().collect::<Option<Vec<_>>>() else {
                continue;
            };
            let key: [u64; 5] = key.try_into().expect("five components");
            if let Some(row) = table.wide.get(&key) {
                counts.rows[*row] += 1;
            }
        }
        for (row, count) in counts.rows.into_iter().enumerate() {
            grid.forge(self.columns.multiplicity, row, small(count));
        }
        if let Some(narrow) = &self.columns.narrow {
            let first = table.spread[TupleType::Spread11 as usize];
            for (word, count) in counts.narrow.into_iter().enumerate() {
                grid.forge(narrow.multiplicity, first + word, small(count));
            }
        }
    }

    /// The tuples that the wide columns look up, row by row.
    fn wide_tuples(&self, grid: &Grid<Fr>, rows: usize) -> Vec<Tuple> {
        let c = &self.columns;
        let [state, symbol, field] = [0, 1, 2].map(|i| grid.advice_column(c.wide[i], rows + 1));
        let lower = grid.advice_column(c.lower, rows);
        let step = grid.fixed_column(c.step, rows);
        let output = grid.fixed_column(c.output, rows);
        let kind = |t: TupleType| small(t as u64);
        (0..rows)
            .map(|r| {
                if step[r] == Fr::ONE {
                    [state[r], symbol[r], state[r + 1], field[r], kind(TupleType::Automaton)]
                } else if output[r] == Fr::ONE {
                    [symbol[r], lower[r], Fr::ZERO, Fr::ZERO, kind(TupleType::Case)]
                } else {
                    [Fr::ZERO; 5]
                }
            })
            .collect()
    }

    /// The second-phase columns, from what stands in `grid`.
    pub fn assign_sums(
        &self,
        grid: &Grid<Fr>,
        out: &mut Grid<Fr>,
        table: &LookupTable,
        usable: usize,
        theta: Fr,
        gamma: Fr,
    ) {
        let c = &self.columns;
        let rows = usable - 1;
        let mut inverses = Denominators::new(self, rows, gamma);
        let theta4 = theta.square().square();
        for (lane, columns) in c.lanes.iter().enumerate() {
            for column in 0..RANGE_SLOTS {
                let dense = grid.advice_column(columns.range[column], rows);
                let spread = grid.advice_column(columns.spread[column], rows);
                let kind = theta4 * small(spread_type(column) as u64);
                for row in 0..rows {
                    inverses.row_mut(row)[lane * RANGE_SLOTS + column] +=
                        dense[row] + theta * spread[row] + kind;
                }
            }
        }
        let [byte, field, position, enable] =
            [1, 2, 3, 4].map(|i| grid.advice_column(c.wide[i], rows));
        let fixed_position = grid.fixed_column(c.k[1], rows);
        let output = grid.fixed_column(c.output, rows);
        let step = grid.fixed_column(c.step, rows);
        let weight = grid.fixed_column(c.weight, rows);
        let ranges = inverses.ranges;
        for (row, tuple) in self.wide_tuples(grid, rows).into_iter().enumerate() {
            let position = fixed_position[row] + output[row] * position[row];
            let kind = small(TupleType::Byte as u64);
            let entry = compress(*table.rows.get(row).unwrap_or(&[Fr::ZERO; 5]), &theta);
            let terms = &mut inverses.row_mut(row)[ranges..];
            terms[EXTRACT] += compress([byte[row], position, Fr::ZERO, field[row], kind], &theta);
            terms[WIDE] += compress(tuple, &theta);
            terms[TABLE] += entry;
            if let Some(narrow) = terms.get_mut(NARROW_TABLE) {
                *narrow += entry + theta4 * small(TupleType::Spread10 as u64);
            }
        }
        inverses.invert();
        let multiplicity = grid.advice_column(c.multiplicity, rows);
        let narrow = c.narrow.map(|narrow| {
            let shared = grid.fixed_column(narrow.shared, rows);
            (shared, grid.advice_column(narrow.multiplicity, rows))
        });
        let mut phi = Fr::ZERO;
        for row in 0..rows {
            let (words, terms) = inverses.row(row).split_at(ranges);
            let helpers = words.chunks_exact(3).map(|three| three.iter().sum::<Fr>());
            let extract = terms[EXTRACT] * (step[row] * field[row] + weight[row] * enable[row]);
            let fraction = narrow.as_ref().map(|(shared, multiplicity)| {
                -shared[row] * multiplicity[row] * terms[NARROW_TABLE]
            });
            out.advice(c.phi, row, phi);
            phi += terms[WIDE] - multiplicity[row] * terms[TABLE];
            for (column, sum) in
                self.fraction_columns().zip(helpers.chain([extract]).chain(fraction))
            {
                out.advice(column, row, sum);
                phi += sum;
            }
        }
        out.advice(c.phi, rows, phi);
    }
}

/// Fills in a lane's spread cells that belong to its range cells, and counts the lookups.
fn count_words(
    grid: &mut Grid<Fr>,
    lane: &Lane,
    table: &LookupTable,
    counts: &mut Counts,
    rows: usize,
) {
    for (column, bits) in RANGE_BITS.into_iter().enumerate() {
        let dense = grid.advice_column(lane.range[column], rows);
        let given = grid.advice_column(lane.spread[column], rows);
        for (row, (value, given)) in dense.iter().zip(given).enumerate() {
            let value = if bool::from(value.is_zero()) { Some(0) } else { as_u64(*value) };
            let Some(value) = value.filter(|v| *v < 1 << bits) else { continue };
            let expected = spread(value as u32);
            if value != 0 && bool::from(given.is_zero()) {
                grid.forge(lane.spread[column], row, small(expected));
            } else if given != small(expected) {
                continue;
            }
            *counts.word(table, spread_type(column), value) += 1;
        }
    }
}

// The denominators of a row behind those of its range lookups.
const EXTRACT: usize = 0;
const WIDE: usize = 1;
const TABLE: usize = 2;
const NARROW_TABLE: usize = 3;

/// All denominators, row by row; then their inverses.
struct Denominators {
    values: Vec<Fr>,
    /// Range lookups of a row.
    ranges: usize,
    per_row: usize,
}

impl Denominators {
    /// Each one γ.
    fn new(config: &LogUpConfig, rows: usize, gamma: Fr) -> Self {
        let c = &config.columns;
        let ranges = RANGE_SLOTS * c.lanes.len();
        let others = if c.narrow.is_some() { NARROW_TABLE + 1 } else { TABLE + 1 };
        let per_row = ranges + others;
        Self { values: vec![gamma; rows * per_row], ranges, per_row }
    }

    fn row(&self, row: usize) -> &[Fr] {
        &self.values[row * self.per_row..][..self.per_row]
    }

    fn row_mut(&mut self, row: usize) -> &mut [Fr] {
        &mut self.values[row * self.per_row..][..self.per_row]
    }

    fn invert(&mut self) {
        self.values.iter_mut().batch_invert();
    }
}
