//! What the argument writes: table and activity, multiplicities, sums of fractions.

use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::{
    bn256::Fr,
    ff::{BatchInvert, Field},
};

use super::{
    compress, small, spread_type,
    table::{Counts, LookupTable, NARROW},
    LogUpConfig, Tuple, TupleType,
};
use crate::{
    columns::{Lane, RANGE_BITS, RANGE_SLOTS},
    spread::spread,
};

/// The low 64 bits of a field element that fits them.
fn as_u64(value: Fr) -> Option<u64> {
    let bytes = value.to_bytes();
    let (low, high) = bytes.split_at(8);
    high.iter().all(|&b| b == 0).then(|| u64::from_le_bytes(low.try_into().expect("8 bytes")))
}

impl LogUpConfig {
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
            let first = table.first_word();
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
            grid.set(self.columns.multiplicity, row, small(count));
        }
        if let Some(narrow) = &self.columns.narrow {
            let first = table.first_word();
            for (word, count) in counts.narrow.into_iter().enumerate() {
                grid.set(narrow.multiplicity, first + word, small(count));
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
        let shift = grid.fixed_column(c.multipliers[1], rows);
        let kind = |t: TupleType| small(t as u64);
        (0..rows)
            .map(|r| {
                if step[r] == Fr::ONE {
                    [state[r], symbol[r], state[r + 1], field[r], kind(TupleType::Automaton)]
                } else if output[r] == Fr::ONE {
                    [symbol[r], lower[r], Fr::ZERO, Fr::ZERO, kind(TupleType::Case) + shift[r]]
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
        let fixed_position = grid.fixed_column(c.multipliers[1], rows);
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
                grid.set(lane.spread[column], row, small(expected));
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
    /// Room for all denominators of `rows` rows, each γ as long as nothing is added.
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
