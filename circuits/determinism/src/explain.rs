//! Cells that are not determined and need not be.
//!
//! A cell that is left over is an error unless one of these rules, checked on the circuit, says why its value changes
//! nothing:
//!
//! - *Idle.* A lemma says that the cell counts only where a flag is set, and nothing else reads it
//!   ([`crate::lemmas::balance`]).
//! - *Hidden.* One constraint alone reads the cell, is linear in it and reads determined cells otherwise: the cell is
//!   determined, or its coefficient is zero and its value is nowhere seen. (The inverse in an is-zero gadget.)

use std::collections::{BTreeMap, BTreeSet};

use crate::{derive::Derivation, model::Cell, scalar::Scalar};

/// Why a cell need not be determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It counts only where a flag is set.
    Idle,
    /// Its coefficient may be zero in the one constraint that reads it.
    Hidden,
}

/// What a derivation leaves open.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// Cells that some constraint reads, that are not determined, and that no rule explains.
    pub undetermined: Vec<Cell>,
    /// Those that a rule explains.
    pub explained: BTreeMap<Why, Vec<Cell>>,
}

/// Sorts the cells that are not determined, among `cells`.
pub fn rest<F: Scalar>(d: &Derivation<'_, F>, cells: impl IntoIterator<Item = Cell>) -> Rest {
    let idle: BTreeSet<Cell> =
        d.lemmas.iter().flat_map(|lemma| lemma.idle.iter().copied()).collect();
    let mut rest = Rest::default();
    for cell in cells.into_iter().filter(|cell| !d.known(*cell)) {
        let why = if idle.contains(&cell) {
            Why::Idle
        } else if is_hidden(d, cell) {
            Why::Hidden
        } else {
            rest.undetermined.push(cell);
            continue;
        };
        rest.explained.entry(why).or_default().push(cell);
    }
    rest
}

fn is_hidden<F: Scalar>(d: &Derivation<'_, F>, cell: Cell) -> bool {
    let model = d.model;
    let [id] = model.readers[cell as usize][..] else { return false };
    let constraint = &model.constraints[id as usize];
    let power = |monomial: &[Cell]| monomial.iter().filter(|c| **c == cell).count();
    model.looked_readers[cell as usize].is_empty()
        && model.level(cell) == constraint.level
        && !d.without.constraints.contains(&id)
        && !model.argument_reads(cell)
        && constraint.terms.iter().all(|(_, monomial)| power(monomial) <= 1)
        && constraint.cells().iter().all(|c| *c == cell || d.known(*c))
}
