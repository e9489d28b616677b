//! Whether a witness that the program has just computed satisfies everything, without looking at what it cannot help
//! satisfying.
//!
//! # Statement
//! [`Program::accepts`] says what [`Program::run`] and then [`Program::holds`] say.
//!
//! *Proof.* A constraint is left out if a step sets its cell to what it is equal to, and nothing that it reads is written
//! afterwards: then it holds. A tuple is left out if a step writes what an entry says beside what it reads, and nothing in
//! it is written afterwards: then it is that entry, unless there was none, in which case the answer is no. ∎

use std::collections::BTreeSet;

use super::{Broken, Op, Program};
use crate::{
    lemmas::{balance::Taker, About},
    model::{Cell, Component, Source},
    scalar::Scalar,
};

/// Constraints and tuples by number, and whether weights that have to cancel are among it.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks {
    constraints: Vec<u32>,
    looked: Vec<u32>,
    balances: bool,
}

impl<F: Scalar> Program<'_, F> {
    /// Computes a witness from the given cells, and says whether everything holds.
    pub fn accepts(&self, values: &mut Vec<F>) -> bool {
        self.run_and_check(values, &mut |_| false)
    }

    /// Computes a witness from the given cells, and calls `go_on` with what does not hold until it says no; returns whether
    /// it never did.
    pub fn run_and_check(
        &self,
        values: &mut Vec<F>,
        go_on: &mut dyn FnMut(Broken) -> bool,
    ) -> bool {
        values.resize(self.check.model.cells, F::ZERO);
        let mut missing = Vec::new();
        for op in &self.ops {
            if let (false, Op::Table { looked, .. }) = (self.step(op, values), op) {
                missing.push(*looked);
            }
        }
        let checks = &self.checks;
        let others = checks.looked.iter().copied().filter(|id| !missing.contains(id));
        missing.iter().all(|looked| go_on(Broken::Looked(*looked)))
            && self.constraints(checks.constraints.iter().copied(), values, go_on)
            && self.lookups(others, values, go_on)
            && (!checks.balances || self.balances(values, go_on))
    }

    /// The part of the program that some cells are concerned by: it asks of everything that reads one of them whether it
    /// holds, and computes what is needed for that and nothing else.
    #[must_use]
    pub fn part(mut self, is_concerned: &dyn Fn(Cell) -> bool) -> Self {
        let model = &self.check.model;
        let reads_one = |cells: &[Cell]| cells.iter().any(|cell| is_concerned(*cell));
        let of_constraint =
            |id: u32| -> Vec<Cell> { model.constraints[id as usize].cells().into_iter().collect() };
        let of_tuple = |id: u32| -> Vec<Cell> {
            model.looked[id as usize].tuple.iter().flat_map(Component::cells).collect()
        };
        self.checks.constraints.retain(|id| reads_one(&of_constraint(*id)));
        self.checks.looked.retain(|id| reads_one(&of_tuple(*id)));
        let balanced: Vec<Cell> = model
            .argument
            .balanced
            .values()
            .flatten()
            .flat_map(|id| model.argument.terms[*id].cells())
            .collect();
        self.checks.balances &= reads_one(&balanced);
        let mut needed: BTreeSet<Cell> =
            self.checks.constraints.iter().flat_map(|id| of_constraint(*id)).collect();
        needed.extend(self.checks.looked.iter().flat_map(|id| of_tuple(*id)));
        if self.checks.balances {
            needed.extend(balanced);
        }
        let mut kept = vec![false; self.ops.len()];
        for (i, op) in self.ops.iter().enumerate().rev() {
            let (writes, reads) = (self.writes(op), self.reads(op));
            // A step that a concerned constraint or tuple is left to is a check as well.
            kept[i] = writes.iter().any(|cell| needed.contains(cell))
                || reads_one(&writes)
                || matches!(op, Op::Table { .. }) && reads_one(&reads);
            if kept[i] {
                needed.extend(reads);
            }
        }
        let mut kept = kept.into_iter();
        self.ops.retain(|_| kept.next().unwrap_or(false));
        self
    }

    /// Number of steps, and of constraints and tuples that are looked at.
    pub fn size(&self) -> [usize; 2] {
        [self.ops.len(), self.checks.constraints.len() + self.checks.looked.len()]
    }

    /// What is not satisfied by the way in which it is computed.
    pub(super) fn to_check(&self) -> Checks {
        let model = &self.check.model;
        let mut written = vec![0u32; model.cells];
        for (i, op) in self.ops.iter().enumerate() {
            for cell in self.writes(op) {
                written[cell as usize] = i as u32 + 1;
            }
        }
        let mut by_constraint = vec![false; model.constraints.len()];
        let mut by_tuple = vec![false; model.looked.len()];
        for (i, op) in self.ops.iter().enumerate() {
            let now = i as u32 + 1;
            let before = |cell: &Cell| written[*cell as usize] < now;
            match op {
                Op::Linear { cell, constraint, form: Some(_) } => {
                    let cells = model.constraints[*constraint as usize].cells();
                    let others = cells.iter().filter(|other| *other != cell);
                    by_constraint[*constraint as usize] |=
                        written[*cell as usize] == now && others.into_iter().all(before);
                }
                Op::Table { looked, known } => {
                    let components = model.looked[*looked as usize].tuple.iter().enumerate();
                    let is_set = |(i, component): (usize, &Component<F>)| match component {
                        _ if known >> i & 1 == 1 => component.cells().iter().all(before),
                        Component::Cell(cell) => written[*cell as usize] == now,
                        _ => false,
                    };
                    by_tuple[*looked as usize] |= components.into_iter().all(is_set);
                }
                _ => {}
            }
        }
        let is_checked = |id: &u32| {
            let constraint = &model.constraints[*id as usize];
            let counts = constraint.level == 0 && constraint.source != Source::Definition;
            counts && !by_constraint[*id as usize]
        };
        Checks {
            constraints: (0..model.constraints.len() as u32).filter(is_checked).collect(),
            looked: (0..model.looked.len() as u32).filter(|id| !by_tuple[*id as usize]).collect(),
            balances: true,
        }
    }

    /// The cells that a step writes.
    fn writes(&self, op: &Op<F>) -> Vec<Cell> {
        let model = &self.check.model;
        match op {
            Op::Linear { cell, .. } | Op::ZeroOrNot { cell, .. } | Op::Hidden { cell, .. } => {
                vec![*cell]
            }
            Op::Recompose { parts, .. } => parts.iter().map(|part| part.cell).collect(),
            Op::Table { looked, known } => {
                let components = model.looked[*looked as usize].tuple.iter().enumerate();
                let unknown = components.filter(|(i, _)| known >> i & 1 == 0);
                unknown.flat_map(|(_, component)| component.cells()).collect()
            }
            Op::Lemma(id) => match &self.lemmas[*id as usize] {
                About::Run(tuples, spec) => {
                    let cell = |id: &u32, i: usize| model.looked[*id as usize].tuple[i].cells();
                    let own = |id| [cell(id, spec.state), cell(id, spec.output)].concat();
                    tuples.iter().flat_map(own).collect()
                }
                About::Balance(plan) => {
                    let own = |t: &Taker| [Some(t.flag), Some(t.byte), Some(t.position), t.field];
                    let rows = plan.runs.iter().flat_map(|run| &run.rows);
                    rows.flat_map(own).flatten().collect()
                }
                About::Product(operands) => {
                    let limbs = [2, 4].iter().flat_map(|i| operands.limbs[*i].iter().flatten());
                    let with_parts = |limb: &Cell| {
                        let parts = self.limbs.get(limb).into_iter().flat_map(|(_, parts)| parts);
                        let parts: Vec<Cell> = parts.map(|part| part.cell).collect();
                        [vec![*limb], parts].concat()
                    };
                    limbs.flat_map(with_parts).collect()
                }
                About::Counts => Vec::new(),
            },
        }
    }

    /// The cells that a step reads.
    fn reads(&self, op: &Op<F>) -> Vec<Cell> {
        let model = &self.check.model;
        let of = |id: u32| model.constraints[id as usize].cells().into_iter();
        match op {
            Op::Linear { constraint, .. }
            | Op::Hidden { constraint, .. }
            | Op::Recompose { constraint, .. } => of(*constraint).collect(),
            Op::ZeroOrNot { constraint, also, .. } => of(*constraint).chain(of(*also)).collect(),
            Op::Table { looked, .. } => {
                model.looked[*looked as usize].tuple.iter().flat_map(Component::cells).collect()
            }
            Op::Lemma(id) => match &self.lemmas[*id as usize] {
                About::Run(tuples, _) => {
                    let tuples = tuples.iter().map(|id| &model.looked[*id as usize].tuple);
                    tuples.flatten().flat_map(Component::cells).collect()
                }
                About::Balance(plan) => {
                    plan.emitters.iter().flat_map(|e| [e.byte, e.field]).collect()
                }
                About::Product(operands) => {
                    let limbs: Vec<Cell> =
                        operands.limbs.iter().flatten().flatten().copied().collect();
                    let definitions = limbs.iter().flat_map(|limb| &model.readers[*limb as usize]);
                    let definitions = definitions
                        .filter(|id| model.constraints[**id as usize].source == Source::Definition);
                    let cells: Vec<Cell> = definitions.flat_map(|id| of(*id)).collect();
                    [limbs, cells].concat()
                }
                About::Counts => Vec::new(),
            },
        }
    }
}
