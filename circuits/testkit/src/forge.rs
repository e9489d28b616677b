//! The automatic dishonest prover: repairs what an alteration breaks, by further alterations.
//!
//! A violated copy is repaired by changing its other end, a violated gate by solving it for any one
//! cell in which it is linear, and so on, until nothing is violated (a forgery), a table or a
//! constant stands in the way, or the number of repairs is used up. So a value that only other free
//! cells hold in place, as an unranged carry does, is found without anybody naming it.
//!
//! Once the first phase holds, the prover knows the challenges: it goes on with the later phases as
//! they were, or as an honest prover would compute them, and repairs these, and only these, in the
//! same way.
//!
//! # Soundness
//!
//! An answer of `None` says that no forgery of this kind and size was met: gates are solved for
//! one cell at a time, and violated lookups are not repaired.

use std::collections::BTreeSet;

use zkdkim_plonk::halo2curves::ff::PrimeField;

use crate::{
    image::{Cell, Constraint, End, Image},
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

/// What a prover may still change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Everything, since no challenge is known.
    First,
    /// The cells of later phases.
    Later,
}

impl<F: PrimeField> Sweep<'_, F> {
    /// A set of alterations that begins with `cell` and that nothing notices. The image is left as
    /// it was.
    pub fn forge(&mut self, cell: Cell, value: F, effort: Effort) -> Option<Alteration<F>> {
        let stage = match self.image().phase(cell.column) {
            0 => Stage::First,
            _ => Stage::Later,
        };
        let mut search = Search {
            stage,
            steps: effort.steps,
            changed: BTreeSet::new(),
            computed: BTreeSet::new(),
        };
        self.attempt(cell, value, &mut search, effort.repairs + 1)
    }

    /// Changes one cell, with what follows from it, and repairs the rest.
    fn attempt(
        &mut self,
        cell: Cell,
        value: F,
        search: &mut Search,
        left: usize,
    ) -> Option<Alteration<F>> {
        let known = self.image().phase(cell.column) == 0;
        let fixed = known && search.stage == Stage::Later;
        if left == 0 || search.steps == 0 || fixed || search.changed.contains(&cell) {
            return None;
        }
        search.steps -= 1;
        let mut undo = Vec::new();
        let new = match search.stage {
            Stage::First => self.change(cell, value, &mut undo),
            Stage::Later => self.apply(vec![(cell, value)], &mut undo),
        };
        search.changed.extend(&new);
        let found = match search.stage {
            Stage::First => self.repair(search, left - 1),
            Stage::Later => self.finish(search, &[], left - 1),
        };
        for cell in &new {
            search.changed.remove(cell);
        }
        self.undo(undo);
        found
    }

    /// Repairs the first phase.
    fn repair(&mut self, search: &mut Search, left: usize) -> Option<Alteration<F>> {
        let cells: Vec<Cell> = search.changed.iter().copied().collect();
        let violated = self.violation(&cells, 0);
        if self.noticed_by_argument(&cells).is_some() {
            return None;
        }
        if let Some(constraint) = violated {
            return self.mend(constraint, search, left);
        }
        search.stage = Stage::Later;
        let found = self.finish(search, &[], left).or_else(|| {
            let mut undo = Vec::new();
            let computed = self.compute_later(&cells, &mut undo);
            let found =
                (!computed.is_empty()).then(|| self.finish(search, &computed, left)).flatten();
            self.undo(undo);
            found
        });
        search.stage = Stage::First;
        found
    }

    /// Repairs the later phases, of which the cells `computed` were computed anew.
    fn finish(
        &mut self,
        search: &mut Search,
        computed: &[Cell],
        left: usize,
    ) -> Option<Alteration<F>> {
        let mut cells: BTreeSet<Cell> = search.changed.clone();
        cells.extend(&search.computed);
        cells.extend(computed);
        let list: Vec<Cell> = cells.iter().copied().collect();
        match self.violation(&list, u8::MAX) {
            None => Some(list.iter().map(|cell| (*cell, self.image().get(*cell))).collect()),
            Some(constraint) => {
                let before = std::mem::replace(&mut search.computed, cells);
                let found = self.mend(constraint, search, left);
                search.computed = before;
                found
            }
        }
    }

    /// Makes one constraint hold, in every way in which one cell can.
    fn mend(
        &mut self,
        constraint: Constraint,
        search: &mut Search,
        left: usize,
    ) -> Option<Alteration<F>> {
        match constraint {
            Constraint::Copy(copy) => {
                let [a, b] = self.image().copies()[copy];
                [(a, b), (b, a)].into_iter().find_map(|(from, to)| {
                    let End::Advice(cell) = to else { return None };
                    let value = self.image().value(from);
                    self.attempt(cell, value, search, left)
                })
            }
            Constraint::Lookup { .. } => None,
            Constraint::Gate { poly, row } => {
                let mut candidates = self.image().read_by(poly, row);
                if search.stage == Stage::Later {
                    // The end of a running sum first, since that is what others copy.
                    candidates.reverse();
                }
                candidates.into_iter().find_map(|cell| {
                    let value = solve(self.image_mut(), poly, row, cell)?;
                    self.attempt(cell, value, search, left)
                })
            }
        }
    }
}

/// The state of a search.
struct Search {
    stage: Stage,
    /// Alterations that may still be tried.
    steps: usize,
    /// The cells that were altered on the way here.
    changed: BTreeSet<Cell>,
    /// The cells of later phases that were computed anew.
    computed: BTreeSet<Cell>,
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
