//! Constants that chips copy from: one fixed cell for each.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field};

use crate::{
    columns::Columns,
    header::{
        automaton::{END, START},
        reading,
    },
};
use zkdkim_relation::{commitment, sealed::SEALED_PREFIX, values::sealed_mark};

/// Fixed cells by value.
#[derive(Clone, Debug)]
pub struct Constants(Vec<(Fr, CellRef)>);

impl Constants {
    /// The most constants there can be.
    pub const MAX: usize = 16;

    /// Writes the constants of the statement into the constant column from `start` on.
    pub fn assign(grid: &mut Grid<Fr>, columns: &Columns, start: usize) -> Self {
        let mut values = vec![
            Fr::ZERO,
            Fr::from(u64::from(START)),
            Fr::from(u64::from(END)),
            commitment::tag(commitment::EMAIL_TAG),
            commitment::tag(commitment::NULLIFIER_TAG),
            commitment::tag(commitment::KEY_TAG),
            commitment::tag(commitment::LEAF_TAG),
            commitment::tag(commitment::SEAL_TAG),
            Self::sealed_prefix(),
            sealed_mark(),
            Fr::from(u64::from(reading::CLEAR)),
        ];
        values.dedup();
        assert!(values.len() <= Self::MAX);
        let cells = values.into_iter().enumerate();
        Self(cells.map(|(i, v)| (v, grid.fixed(columns.first().constant, start + i, v))).collect())
    }

    /// The bytes that a sealed Subject begins with, as one number.
    pub fn sealed_prefix() -> Fr {
        commitment::from_be_bytes(SEALED_PREFIX.as_bytes())
    }

    /// The cell of a domain tag.
    ///
    /// # Panics
    /// As [`Self::cell`].
    pub fn tag(&self, text: &str) -> CellRef {
        self.cell(commitment::tag(text))
    }

    /// The cell that holds `value`.
    ///
    /// # Panics
    /// If the value is none of the statement's constants: an error of the circuit's author.
    pub fn cell(&self, value: Fr) -> CellRef {
        let found = self.0.iter().find(|(v, _)| *v == value);
        found.unwrap_or_else(|| panic!("{value:?} is not among the constants")).1
    }
}
