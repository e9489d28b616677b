//! Packing of small values into one field element, a row a value.
//!
//! # Statement
//! In every row of the gate `wide[0] = k[2] · (wide[0] of the row above) + wide[1]`.
//!
//! # Soundness
//! With k\[2\] = 0 in the first row of a word the packed cell is a function of the values alone.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{ConstraintSystem, Selector},
    poly::Rotation,
};

use crate::columns::Columns;

/// The gate's configuration.
#[derive(Clone, Debug)]
pub struct PackConfig {
    columns: Columns,
    selector: Selector,
}

impl PackConfig {
    /// Adds the gate, of degree 2 without its selector.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: &Columns) -> Self {
        let c = columns.clone();
        let selector = meta.selector();
        meta.create_gate("pack", |m| {
            let q = m.query_selector(selector);
            let packed = m.query_advice(c.wide[0], Rotation::cur());
            let before = m.query_advice(c.wide[0], Rotation::prev());
            let factor = m.query_fixed(c.k[2], Rotation::cur());
            let value = m.query_advice(c.wide[1], Rotation::cur());
            vec![q * (packed - before * factor - value)]
        });
        Self { columns: c, selector }
    }

    /// Enables the gate in a row, with its factor.
    pub fn enable(&self, grid: &mut Grid<Fr>, row: usize, factor: Fr) {
        grid.enable(self.selector, row);
        grid.fixed(self.columns.k[2], row, factor);
    }

    /// Copies `values` into rows from `start` on and packs them, the first as the most significant digit in base
    /// `base`; returns the packed cell.
    ///
    /// # Panics
    /// If there are no values, or one of them is not assigned.
    pub fn assign(
        &self,
        grid: &mut Grid<Fr>,
        start: usize,
        base: Fr,
        values: &[CellRef],
    ) -> CellRef {
        let mut packed = Fr::zero();
        let mut cell = None;
        for (i, value) in values.iter().enumerate() {
            let row = start + i;
            let factor = if i == 0 { Fr::zero() } else { base };
            self.enable(grid, row, factor);
            let copied = grid.copy_advice(*value, self.columns.wide[1], row);
            packed = packed * factor + grid.value(copied).expect("just written");
            cell = Some(grid.advice(self.columns.wide[0], row, packed));
        }
        cell.expect("at least one value to pack")
    }
}
