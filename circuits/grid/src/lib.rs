//! Deferred cell assignments.
//!
//! A circuit that is laid out by hand on absolute rows is easier to audit when its witness is *data*: one array per
//! column, a list of copies, a list of enabled selectors. Chips write into a [`Grid`]; the circuit's `synthesize`
//! replays it into Halo2 ([`Grid::assign`]). Tests alter a grid between the two steps, which is how the tamper sweep
//! and the dishonest-prover tests reach every cell.
//!
//! ```text
//!   chips --write--> Grid { advice, fixed, selectors, copies } --assign--> Region (absolute rows)
//!                       ^
//!                       tests alter any cell here
//! ```
//!
//! # Soundness
//!
//! Nothing here constrains anything. A grid's `fixed`, `selectors` and `copies` must not depend on the witness: they
//! become part of the verifying key.

use std::collections::BTreeMap;

use zkdkim_plonk::{
    circuit::{Cell, Region, Value},
    halo2curves::ff::PrimeField,
    plonk::{Advice, Any, Assigned, Column, Error, Fixed, Selector},
};

/// A cell by column and absolute row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    /// Advice, fixed or instance; its index counts columns of that type.
    pub column: Column<Any>,
    /// The row, counted from the top of the circuit and not of a region.
    pub row: usize,
}

impl CellRef {
    /// A reference to `column` at `row`.
    pub fn new(column: impl Into<Column<Any>>, row: usize) -> Self {
        Self { column: column.into(), row }
    }
}

/// One equality constraint between two cells.
pub type CopyPair = (CellRef, CellRef);

/// All assignments of one circuit instance, by absolute row.
#[derive(Clone, Debug, Default)]
pub struct Grid<F> {
    advice: BTreeMap<usize, (Column<Advice>, Vec<Option<F>>)>,
    fixed: BTreeMap<usize, (Column<Fixed>, BTreeMap<usize, F>)>,
    selectors: Vec<(Selector, usize)>,
    copies: Vec<CopyPair>,
}

impl<F: PrimeField> Grid<F> {
    /// A grid without assignments, selectors and copies.
    pub fn new() -> Self {
        Self {
            advice: BTreeMap::new(),
            fixed: BTreeMap::new(),
            selectors: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// Writes an advice cell and returns its reference.
    ///
    /// # Panics
    /// If the cell was written before: two chips would fight over it.
    pub fn advice(&mut self, column: Column<Advice>, row: usize, value: F) -> CellRef {
        let previous = self.advice_slot(column, row).replace(value);
        assert!(previous.is_none(), "advice cell {column:?} row {row} written twice");
        CellRef::new(column, row)
    }

    /// Writes a fixed cell and returns its reference.
    ///
    /// # Panics
    /// If the cell was written before.
    pub fn fixed(&mut self, column: Column<Fixed>, row: usize, value: F) -> CellRef {
        let cells = &mut self.fixed.entry(column.index()).or_insert((column, BTreeMap::new())).1;
        let previous = cells.insert(row, value);
        assert!(previous.is_none(), "fixed cell {column:?} row {row} written twice");
        CellRef::new(column, row)
    }

    /// Enables a selector at a row.
    pub fn enable(&mut self, selector: Selector, row: usize) {
        self.selectors.push((selector, row));
    }

    /// Constrains two cells to be equal. Both columns must have equality enabled.
    pub fn copy(&mut self, left: CellRef, right: CellRef) {
        self.copies.push((left, right));
    }

    /// Writes an advice cell with the value of `from` and constrains the two to be equal.
    ///
    /// # Panics
    /// If `from` holds no value yet or the target was written before.
    pub fn copy_advice(&mut self, from: CellRef, column: Column<Advice>, row: usize) -> CellRef {
        let value = self.value(from).expect("copied cell holds a value");
        let to = self.advice(column, row, value);
        self.copy(from, to);
        to
    }

    /// The value of an assigned cell; `None` where nothing was written.
    pub fn value(&self, cell: CellRef) -> Option<F> {
        let index = cell.column.index();
        match cell.column.column_type() {
            Any::Advice(_) => *self.advice.get(&index)?.1.get(cell.row)?,
            Any::Fixed => self.fixed.get(&index)?.1.get(&cell.row).copied(),
            Any::Instance => None,
        }
    }

    /// Writes an advice cell over whatever stood there: for columns that are filled in once everything else stands,
    /// such as lookup multiplicities.
    pub fn set(&mut self, column: Column<Advice>, row: usize, value: F) {
        *self.advice_slot(column, row) = Some(value);
    }

    /// [`Self::set`] by the name of what tests do with it: a dishonest witness.
    pub fn forge(&mut self, column: Column<Advice>, row: usize, value: F) {
        self.set(column, row, value);
    }

    fn advice_slot(&mut self, column: Column<Advice>, row: usize) -> &mut Option<F> {
        let cells = &mut self.advice.entry(column.index()).or_insert((column, Vec::new())).1;
        if cells.len() <= row {
            cells.resize(row + 1, None);
        }
        &mut cells[row]
    }

    /// One advice column as a vector of `rows` values, zero where nothing was written.
    pub fn advice_column(&self, column: Column<Advice>, rows: usize) -> Vec<F> {
        let mut values = vec![F::ZERO; rows];
        if let Some((_, cells)) = self.advice.get(&column.index()) {
            for (target, value) in values.iter_mut().zip(cells) {
                *target = value.unwrap_or(F::ZERO);
            }
        }
        values
    }

    /// One fixed column as a vector of `rows` values, zero where nothing was written.
    pub fn fixed_column(&self, column: Column<Fixed>, rows: usize) -> Vec<F> {
        let mut values = vec![F::ZERO; rows];
        if let Some((_, cells)) = self.fixed.get(&column.index()) {
            for (&row, &value) in cells.range(..rows) {
                values[row] = value;
            }
        }
        values
    }

    /// Every advice cell that was written, column by column.
    pub fn advice_cells(&self) -> impl Iterator<Item = (Column<Advice>, usize, F)> + '_ {
        self.advice.values().flat_map(|(column, cells)| {
            cells
                .iter()
                .enumerate()
                .filter_map(move |(row, value)| value.map(|value| (*column, row, value)))
        })
    }

    /// Every fixed cell that was written, column by column.
    pub fn fixed_cells(&self) -> impl Iterator<Item = (Column<Fixed>, usize, F)> + '_ {
        self.fixed.values().flat_map(|(column, cells)| {
            cells.iter().map(move |(row, value)| (*column, *row, *value))
        })
    }

    /// Overwrites every advice value with zero.
    pub fn wipe(&mut self) {
        for (_, cells) in self.advice.values_mut() {
            for value in cells.iter_mut().flatten() {
                *value = F::ZERO;
            }
            // Keeps the compiler from dropping the writes as dead.
            std::hint::black_box(&cells);
        }
    }

    /// The recorded equality constraints.
    pub fn copies(&self) -> &[CopyPair] {
        &self.copies
    }

    /// The enabled selectors with their absolute rows, in the order in which they were enabled.
    pub fn selectors(&self) -> &[(Selector, usize)] {
        &self.selectors
    }

    /// Replays the grid into a region whose offsets are absolute rows.
    ///
    /// # Errors
    /// Those of Halo2's `Region`.
    pub fn assign(&self, region: &mut Region<'_, F>) -> Result<(), Error> {
        for (selector, row) in &self.selectors {
            selector.enable(region, *row)?;
        }
        for (column, cells) in self.fixed.values() {
            for (&row, &value) in cells {
                region.assign_fixed(*column, row, Assigned::Trivial(value));
            }
        }
        for (column, row, value) in self.advice_cells() {
            region.assign_advice(column, row, Value::known(Assigned::Trivial(value)));
        }
        for (left, right) in &self.copies {
            region.constrain_equal(
                Cell { row_offset: left.row, column: left.column },
                Cell { row_offset: right.row, column: right.column },
            );
        }
        Ok(())
    }
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
