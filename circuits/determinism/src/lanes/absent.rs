//! What is left of ranges and lemmas without an instance.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use super::{
    constants,
    steps::{Cut, Cuts},
    Conclusion,
};
use crate::{
    check::Check,
    derive::{Derivation, Without},
    lemmas::{self, residue, About},
    model::{Cell, Component, Source},
    ranges::{Index, Support},
    scalar::Scalar,
};

/// A derivation of which everything counts as determined, to ask lemmas and ranges.
pub(super) struct Absent<'c, F> {
    check: &'c Check<F>,
    scratch: Derivation<'c, F>,
    constants: HashMap<Cell, F>,
    index: Index,
    cuts: Cuts<F>,
    /// By row of a product's gate: the cells that have to have a range.
    ranged: HashMap<usize, BTreeSet<Cell>>,
}

/// What is other than in the whole circuit.
#[derive(Default)]
pub(super) struct Left {
    /// What the constraints that read a cell that can hold more say by recomposition.
    pub(super) cuts: Vec<(u32, Box<[Cut]>)>,
    /// By lemma, among those that were asked: what it concludes.
    pub(super) lemmas: Vec<(usize, Vec<Cell>)>,
}

impl<'c, F: Scalar> Absent<'c, F> {
    pub(super) fn new(
        check: &'c Check<F>,
        d: &Derivation<'c, F>,
        constants: HashMap<Cell, F>,
    ) -> Self {
        let index = Index::new(&d.ranges, &check.prepared);
        let scratch = d.scratch(constants.clone());
        Self { check, scratch, constants, index, cuts: Cuts::new(), ranged: HashMap::new() }
    }

    /// Looks at ranges, and at the lemmas whose premises are among what is left out.
    pub(super) fn without(
        &mut self,
        without: &Without,
        all: &[Conclusion],
        wanting: &[usize],
    ) -> Left {
        let (mut left, mut more) = (Left::default(), Vec::new());
        // Where ranges are not settled they stay as they are: too narrow rather than too wide.
        let settled = self.scratch.ranges.are_settled();
        let ranges = Rc::get_mut(&mut self.scratch.ranges).expect("a copy of its own");
        let found =
            settled.then(|| ranges.leave_out(&self.check.prepared, &self.index, without)).flatten();
        let absence = found.map(|(absence, cells)| {
            more = cells;
            absence
        });
        let model = &self.check.model;
        let readers: BTreeSet<u32> =
            more.iter().flat_map(|cell: &Cell| &model.readers[*cell as usize]).copied().collect();
        for id in readers {
            let cuts = self.cuts.of(model, &self.constants, id, &self.scratch.ranges);
            left.cuts.push((id, cuts));
        }
        self.scratch.without = without.clone();
        let mut constants = std::mem::take(self.scratch.constants_mut());
        let lost = constants::lost(&self.scratch, without, &mut constants);
        *self.scratch.constants_mut() = constants;
        for number in wanting {
            if let Some(cells) = self.lemma(without, &all[*number]) {
                left.lemmas.push((*number, cells));
            }
        }
        self.scratch.without = Without::default();
        self.scratch.constants_mut().extend(lost);
        if let Some(absence) = absence {
            let ranges = Rc::get_mut(&mut self.scratch.ranges).expect("a copy of its own");
            ranges.restore(&absence);
        }
        left
    }

    /// What a lemma concludes; `None` if the same as ever.
    fn lemma(&mut self, without: &Without, conclusion: &Conclusion) -> Option<Vec<Cell>> {
        let spec = &self.check.start.lemmas;
        let model = &self.check.model;
        match &conclusion.about {
            About::Run(tuples, run) => {
                // It falls apart into runs with an end that is no constant, if it does.
                let ends = tuples.iter().filter(|id| without.looked.contains(id)).any(|id| {
                    let ends = [run.state, run.next].map(|i| &model.looked[*id as usize].tuple[i]);
                    ends.into_iter().any(|end| match end {
                        Component::Cell(cell) => {
                            let others = |id: &&u32| {
                                let looked = &model.looked[**id as usize];
                                matches!(looked.tuple[run.state], Component::Cell(own) if own == *cell)
                            };
                            self.constants.contains_key(cell)
                                || model.looked_readers[*cell as usize].iter().filter(others).count() > 1
                        }
                        _ => true,
                    })
                });
                (!ends).then(Vec::new)
            }
            About::Product(operands) => {
                let is_own = |(of, _): &&(u32, Vec<u32>)| {
                    let source = model.constraints[*of as usize].source;
                    matches!(source, Source::Gate { row, .. } if row == operands.row)
                };
                let own = model.identities.expanded.iter().find(is_own);
                let left_out = |id: &u32| without.leaves_out(Support::Constraint(*id));
                if own.is_none_or(|(_, equations)| equations.iter().any(left_out)) {
                    return Some(Vec::new());
                }
                let scratch = &self.scratch;
                let ranged = self.ranged.entry(operands.row).or_insert_with(|| {
                    let spec = spec.products.as_ref().expect("products");
                    residue::ranged(scratch, spec, operands.row)
                });
                if ranged.iter().any(|cell| scratch.ranges.get(*cell).is_none()) {
                    return Some(Vec::new());
                }
                Some(lemmas::conclusions(&mut self.scratch, spec, &conclusion.about))
            }
            _ => Some(lemmas::conclusions(&mut self.scratch, spec, &conclusion.about)),
        }
    }
}
