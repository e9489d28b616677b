//! Deriving again without some constraints, from the first step that rests on them.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

use super::{
    lemmas::{self, residue, About, Lemma},
    ranges::{Index, Prepared, Ranges, Support},
    rules::Rule,
    By, Derivation, Reason, Start, Without, UNKNOWN,
};
use crate::{model::Cell, scalar::Scalar};

/// What makes use of each constraint and tuple in a derivation.
pub struct Uses {
    /// By constraint or tuple: the cells whose step makes use of it, for their ranges as well.
    pub(crate) cells: HashMap<Support, Vec<Cell>>,
    lemmas: HashMap<Support, Vec<u32>>,
    ranges: HashSet<Support>,
    index: Index,
}

impl<'m, F: Scalar> Derivation<'m, F> {
    /// Indexes what makes use of what.
    pub fn uses(&self, prepared: &Prepared) -> Uses {
        let mut lemmas: HashMap<Support, Vec<u32>> = HashMap::new();
        for (id, lemma) in self.lemmas.iter().enumerate() {
            for support in &lemma.supports {
                lemmas.entry(*support).or_default().push(id as u32);
            }
        }
        let (ranges, index) = (self.ranges.used(), Index::new(&self.ranges, prepared));
        Uses { cells: self.cells_of(), lemmas, ranges, index }
    }

    /// By constraint or tuple: the cells whose step makes use of it, for their ranges as well.
    pub(crate) fn cells_of(&self) -> HashMap<Support, Vec<Cell>> {
        let mut cells_of: HashMap<Support, Vec<Cell>> = HashMap::new();
        for cell in 0..self.model.cells as Cell {
            let Some(reason) = self.reason(cell) else { continue };
            let main = match reason.by {
                By::Constraint(id) => Some(Support::Constraint(id)),
                By::Looked(id) => Some(Support::Looked(id)),
                _ => None,
            };
            let also = reason.also.map(Support::Constraint);
            let mut supports = self.ranges.supports(reason.nodes.iter().copied());
            supports.extend(main.into_iter().chain(also));
            supports.sort_unstable();
            supports.dedup();
            for support in supports {
                cells_of.entry(support).or_default().push(cell);
            }
        }
        cells_of
    }

    /// Derives again without some constraints. Steps made before any step that rests on these are kept, as their
    /// premises are, and so are lemmas that do not rest on them.
    pub fn again(&self, prepared: &Prepared, start: &Start, without: Without, uses: &Uses) -> Self {
        let anew = |without| Self::new(self.model, prepared, start, without);
        if without.argument {
            return anew(without);
        }
        let mut ranges = self.ranges.clone();
        if without.supports().any(|support| uses.ranges.contains(&support)) {
            let mut less = Ranges::clone(&self.ranges);
            if !less.are_settled() || less.leave_out(prepared, &uses.index, &without).is_none() {
                return anew(without);
            }
            ranges = Rc::new(less);
        }
        let first = self.first_use(&without, uses);
        let mut derivation = Self {
            model: self.model,
            ranges,
            without,
            lemmas: self.lemmas.clone(),
            findings: Vec::new(),
            visits: 0,
            stamps: self.stamps.clone(),
            reasons: self.reasons.clone(),
            constants: self.constants.clone(),
            stamp: first,
            horizon: UNKNOWN,
            queue: VecDeque::new(),
            void_ranges: HashSet::new(),
            queued: [
                vec![false; self.model.constraints.len()],
                vec![false; self.model.looked.len()],
            ],
        };
        let mut progress = lemmas::Progress::default();
        for lemma in &mut derivation.lemmas {
            let kept = |cell: &Cell| self.stamps[*cell as usize] < first;
            if lemma.cells.is_empty() || !lemma.cells.iter().all(kept) {
                *lemma = nothing();
            } else if let About::Product(operands) = &lemma.about {
                progress.products.extend(residue::number_in_row(self, operands.row));
            }
        }
        for cell in 0..self.model.cells {
            if derivation.stamps[cell] >= first {
                derivation.stamps[cell] = UNKNOWN;
                derivation.reasons[cell] = None;
                derivation.constants.remove(&(cell as Cell));
            }
        }
        for (i, given) in start.given.iter().enumerate() {
            let by = By::Given(i as u32);
            derivation.determine(given.cell, Reason::new(Rule::Given, by), None);
        }
        for cell in 0..self.model.cells as Cell {
            if !derivation.known(cell) {
                derivation.enqueue_readers(cell);
            }
        }
        derivation.run(&start.lemmas, progress);
        derivation
    }

    /// The least stamp of a step that rests on what is left out.
    fn first_use(&self, without: &Without, uses: &Uses) -> u32 {
        let mut first = self.stamp + 1;
        for support in without.supports() {
            let lemmas = uses.lemmas.get(&support).into_iter().flatten();
            let of_lemmas = lemmas.flat_map(|id| &self.lemmas[*id as usize].cells);
            let cells = uses.cells.get(&support).into_iter().flatten();
            for cell in cells.chain(of_lemmas) {
                first = first.min(self.stamps[*cell as usize]);
            }
        }
        first
    }
}

/// In the place of a lemma that has to be applied anew.
fn nothing() -> Lemma {
    let (supports, premises, cells) = (Vec::new(), Vec::new(), Vec::new());
    let (concludes, idle) = (Vec::new(), Vec::new());
    Lemma { rule: Rule::Count, supports, premises, cells, concludes, idle, about: About::Counts }
}
