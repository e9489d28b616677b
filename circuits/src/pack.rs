//! Packing of small values into one field element, a row a value.
//!
//! # Statement
//! In every row of the gate `packed = factor · (packed of the row above) + value`.
//!
//! # Soundness
//! With factor 0 in the first row of a word the packed cell is a function of the values alone.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Fixed, Selector},
    poly::Rotation,
};

/// The columns that the gate is lent.
#[derive(Clone, Copy, Debug)]
pub struct PackColumns {
    /// The packed value so far.
    pub packed: Column<Advice>,
    /// The value of the row. Copies allowed.
    pub value: Column<Advice>,
    /// What the packed value of the row above is multiplied with.
    pub factor: Column<Fixed>,
}

/// The columns lent to the gate, and its selector.
#[derive(Clone, Debug)]
pub struct PackConfig {
    columns: PackColumns,
    selector: Selector,
}

impl PackConfig {
    /// Adds the gate, of degree 2 without its selector.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: PackColumns) -> Self {
        let selector = meta.selector();
        meta.create_gate("pack", |m| {
            let q = m.query_selector(selector);
            let packed = m.query_advice(columns.packed, Rotation::cur());
            let before = m.query_advice(columns.packed, Rotation::prev());
            let factor = m.query_fixed(columns.factor, Rotation::cur());
            let value = m.query_advice(columns.value, Rotation::cur());
            vec![q * (packed - before * factor - value)]
        });
        Self { columns, selector }
    }

    /// Enables the gate in a row, with its factor.
    pub fn enable(&self, grid: &mut Grid<Fr>, row: usize, factor: Fr) {
        grid.enable(self.selector, row);
        grid.fixed(self.columns.factor, row, factor);
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
            let copied = grid.copy_advice(*value, self.columns.value, row);
            packed = packed * factor + grid.value(copied).expect("just written");
            cell = Some(grid.advice(self.columns.packed, row, packed));
        }
        cell.expect("at least one value to pack")
    }
}
