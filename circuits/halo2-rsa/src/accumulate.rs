//! Second-phase assignment: evaluations at the challenge.
//!
//! Everything is computed from the cells of the first-phase grid, never from the witness, so that a
//! grid that a test has altered still gets coherent accumulators: what then fails is the
//! alteration.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::ff::PrimeField,
    plonk::{Any, Column},
};

use crate::{
    gates::RsaConfig,
    layout::{RsaRows, PRODUCTS},
};

/// Reads a first-phase or fixed cell; an unwritten cell is zero.
fn read<F: PrimeField>(grid: &Grid<F>, column: impl Into<Column<Any>>, row: usize) -> F {
    grid.value(CellRef::new(column, row)).unwrap_or(F::ZERO)
}

impl RsaConfig {
    /// Writes every `acc` cell into `out` for the challenge `x`, from the cells of `grid`.
    ///
    /// The copies between `acc` cells were recorded by [`assign`](Self::assign).
    ///
    /// # Panics
    /// If `out` already holds one of the cells.
    pub fn assign_accumulators<F: PrimeField>(
        &self,
        grid: &Grid<F>,
        out: &mut Grid<F>,
        rows: &RsaRows,
        x: F,
    ) {
        self.accumulate_numbers(grid, out, rows, x);
        let lengths = RsaRows::LENGTHS;
        self.accumulate_values(grid, out, rows.modulus, lengths.modulus, |row| {
            (F::ONE - read(grid, self.columns.constant, row)) * x
        });
        self.accumulate_values(grid, out, rows.horner, lengths.horner, |row| {
            read(grid, self.columns.factor, row) * x
        });
        for product in 0..PRODUCTS {
            for (operand, source) in rows.operand_sources(product).into_iter().enumerate() {
                let value = read(out, self.columns.acc, source);
                out.advice(self.columns.acc, rows.operand(product, operand), value);
            }
        }
    }

    /// The pairs block: `acc = factor·acc(-1)·X² + high·X + low`.
    fn accumulate_numbers<F: PrimeField>(
        &self,
        grid: &Grid<F>,
        out: &mut Grid<F>,
        rows: &RsaRows,
        x: F,
    ) {
        let [l0, l1, l2, h0, h1, h2] = self.columns.range;
        let limb = |columns: [_; 3], row| {
            let [d0, d1, d2] = columns.map(|column| read(grid, column, row));
            d0 + d1 * F::from(1 << 11) + d2 * F::from(1 << 22)
        };
        let square = x.square();
        let mut acc = F::ZERO;
        for row in rows.pairs..rows.pairs + RsaRows::LENGTHS.pairs {
            let factor = read(grid, self.columns.factor, row);
            acc = factor * acc * square + limb([h0, h1, h2], row) * x + limb([l0, l1, l2], row);
            out.advice(self.columns.acc, row, acc);
        }
    }

    /// A block with one coefficient a row: `acc = multiplier·acc(-1) + value`.
    fn accumulate_values<F: PrimeField>(
        &self,
        grid: &Grid<F>,
        out: &mut Grid<F>,
        start: usize,
        length: usize,
        multiplier: impl Fn(usize) -> F,
    ) {
        let mut acc = F::ZERO;
        for row in start..start + length {
            acc = multiplier(row) * acc + read(grid, self.columns.value, row);
            out.advice(self.columns.acc, row, acc);
        }
    }
}
