//! The automatic dishonest prover: repairs what an alteration breaks, by further alterations.
//!
//! A violated copy is repaired by changing its other end, a violated gate by solving it for any one
//! cell in which it is linear, and so on, until nothing is violated (a forgery), a table or a
//! constant stands in the way, or the number of repairs is used up. So a value that only other free
//! cells hold in place, as an unranged carry does, is found without anybody naming it.
//!
//! # Soundness
//!
//! An answer of `None` says that no forgery of this kind and size was met: gates are solved for
//! one cell at a time, and violated lookups are not repaired.

use std::collections::BTreeSet;

use halo2_proofs::halo2curves::ff::PrimeField;

use crate::{
    image::{Cell, Image, Violation},
    sweep::{Alteration, Sweep},
};

/// How far a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Cells that are changed after the first one, at most.
    pub repairs: usize,
    /// Alterations that are tried, at most.
    pub steps: usize,
}

impl<F: PrimeField> Sweep<'_, F> {
    /// A set of alterations that begins with `cell` and that nothing notices. The image is left as
    /// it was. For first-phase cells.
    pub fn forge(&mut self, cell: Cell, value: F, effort: Effort) -> Option<Alteration<F>> {
        let Effort { repairs, mut steps } = effort;
        let mut changed = BTreeSet::new();
        self.attempt(cell, value, &mut changed, repairs + 1, &mut steps)
    }

    /// Changes one cell, with what follows from it, and repairs the rest.
    fn attempt(
        &mut self,
        cell: Cell,
        value: F,
        changed: &mut BTreeSet<Cell>,
        left: usize,
        steps: &mut usize,
    ) -> Option<Alteration<F>> {
        if left == 0 || *steps == 0 || changed.contains(&cell) {
            return None;
        }
        *steps -= 1;
        let mut undo = Vec::new();
        let new = self.change(cell, value, &mut undo);
        changed.extend(&new);
        let found = self.repair(changed, left - 1, steps);
        for cell in &new {
            changed.remove(cell);
        }
        self.undo(undo);
        found
    }

    fn repair(
        &mut self,
        changed: &mut BTreeSet<Cell>,
        left: usize,
        steps: &mut usize,
    ) -> Option<Alteration<F>> {
        let cells: Vec<Cell> = changed.iter().copied().collect();
        let violation = self.violation(&cells);
        if self.noticed_by_argument(&cells).is_some() {
            return None;
        }
        match violation {
            Some(Violation::Copy { other, value, .. }) => {
                self.attempt(other?, value, changed, left, steps)
            }
            Some(Violation::Lookup(_)) => None,
            Some(Violation::Gate { poly, row }) => {
                let candidates = self.image().read_by(poly, row);
                candidates.into_iter().find_map(|cell| {
                    let value = solve(self.image_mut(), poly, row, cell)?;
                    self.attempt(cell, value, changed, left, steps)
                })
            }
            None => self
                .noticed_later(&cells)
                .is_none()
                .then(|| cells.iter().map(|cell| (*cell, self.image().get(*cell))).collect()),
        }
    }
}

/// The value of `cell` at which a polynomial is zero in a row, if it is linear in the cell.
fn solve<F: PrimeField>(image: &mut Image<F>, poly: usize, row: usize, cell: Cell) -> Option<F> {
    let old = image.get(cell);
    let mut at = |value: F| {
        image.set(cell, value);
        image.evaluate_poly(poly, row)
    };
    let [here, next] = [old, old + F::ONE].map(&mut at);
    let slope: Option<F> = (next - here).invert().into();
    let solution = slope.map(|inverse| old - here * inverse);
    let solved = solution.filter(|value| at(*value) == F::ZERO);
    image.set(cell, old);
    solved
}
