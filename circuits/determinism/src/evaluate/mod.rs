//! The constraints as a function: computes a whole first phase from the given cells.
//!
//! Each step of a derivation says how its cell follows; run in order, the steps are a prover that knows no assignment
//! code, only constraints. On an input that the circuit accepts, the result satisfies everything (there is only one
//! assignment, up to what is free), so its public inputs are what the circuit *says*, to be compared with what it should
//! say. On any other input some constraint does not hold, whatever a prover does, and [`Program::broken`] names it.
//!
//! Run on a derivation that leaves an instance out, the same program makes the attack that the instance stops: cells that
//! the instance held follow from the others, and if it was the only one that refused, nothing is broken but it.

mod accepts;
mod broken;
mod form;
mod steps;

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use crate::{
    check::Check,
    derive::{By, Derivation},
    explain::Why,
    lemmas::About,
    model::{Cell, Source},
    ranges::{Range, Support},
    rules::Rule,
    scalar::Scalar,
};
use accepts::Checks;
use form::{Form, Recomposition};
use steps::{move_bytes, Edges};

/// A part of a recomposition.
#[derive(Clone, Debug)]
struct Part {
    cell: Cell,
    range: Range,
}

/// One step.
#[derive(Clone, Debug)]
enum Op<F> {
    Linear {
        cell: Cell,
        constraint: u32,
        /// What the cell is equal to, where it has a constant before it.
        form: Option<Form<F>>,
    },
    ZeroOrNot {
        cell: Cell,
        constraint: u32,
        also: u32,
    },
    Recompose {
        parts: Vec<Part>,
        constraint: u32,
        /// The same with constant weights.
        prepared: Option<Recomposition<F>>,
    },
    Table {
        looked: u32,
        known: u64,
    },
    Lemma(u32),
    /// A cell that is seen nowhere where its coefficient is zero.
    Hidden {
        cell: Cell,
        constraint: u32,
    },
}

/// What does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Broken {
    /// A constraint: a gate in a row, or a copy.
    Constraint(u32),
    /// A tuple that is not in its table.
    Looked(u32),
    /// Tuples of a kind whose weights do not cancel.
    Balance(u64),
}

/// How cells follow from the given ones, in order.
pub struct Program<'c, F> {
    check: &'c Check<F>,
    ops: Vec<Op<F>>,
    lemmas: Vec<About>,
    /// By lemma: whether a product's remainder is there before it is computed.
    earlier: Vec<bool>,
    /// Virtual limbs of quotients and remainders: definition and pieces.
    limbs: HashMap<Cell, (u32, Vec<Part>)>,
    /// By lemma: the edges of a run's automaton.
    edges: HashMap<u32, Edges<F>>,
    inverses: RefCell<HashMap<F, F>>,
    /// Room for the key of a lookup.
    key: RefCell<Vec<F>>,
    /// What has to be looked at after a run.
    checks: Checks,
}

impl<'c, F: Scalar> Program<'c, F> {
    /// The program of a finished derivation.
    pub fn new(check: &'c Check<F>, d: &Derivation<'_, F>) -> Self {
        let mut ops = Vec::new();
        let mut earlier = vec![false; d.lemmas.len()];
        let mut groups: HashMap<u32, Vec<Cell>> = HashMap::new();
        let order = d.in_order();
        for cell in &order {
            let reason = d.reason(*cell).expect("determined");
            if let (Rule::Recomposition, By::Constraint(id)) = (reason.rule, reason.by) {
                groups.entry(id).or_default().push(*cell);
            }
        }
        let mut done: BTreeSet<Support> = BTreeSet::new();
        let mut done_lemmas = BTreeSet::new();
        for cell in order.into_iter().filter(|cell| d.model.level(*cell) == 0) {
            let reason = d.reason(cell).expect("determined");
            #[allow(clippy::collapsible_match, reason = "a guard should have no effect")]
            match (reason.rule, reason.by) {
                (Rule::Linear, By::Constraint(constraint)) => {
                    let form = Form::solved(&d.model.constraints[constraint as usize], cell);
                    ops.push(Op::Linear { cell, constraint, form });
                }
                (Rule::ZeroOrNot, By::Constraint(constraint)) => {
                    let also = reason.also.expect("two constraints");
                    ops.push(Op::ZeroOrNot { cell, constraint, also });
                }
                (Rule::Recomposition, By::Constraint(constraint))
                    if done.insert(Support::Constraint(constraint)) =>
                {
                    let parts: Vec<Part> =
                        groups[&constraint].iter().map(|cell| part(d, *cell)).collect();
                    let own = &d.model.constraints[constraint as usize];
                    let prepared = Recomposition::new(own, &parts);
                    ops.push(Op::Recompose { parts, constraint, prepared });
                }
                (Rule::Table, By::Looked(looked)) if done.insert(Support::Looked(looked)) => {
                    ops.push(Op::Table { looked, known: known_before(d, looked, cell) });
                }
                (_, By::Lemma(lemma)) if done_lemmas.insert(lemma) => {
                    earlier[lemma as usize] = has_remainder(d, lemma);
                    ops.push(Op::Lemma(lemma));
                }
                _ => {}
            }
        }
        let rest = check.rest(d);
        for cell in rest.explained.get(&Why::Hidden).into_iter().flatten() {
            let constraint = d.model.readers[*cell as usize][0];
            ops.push(Op::Hidden { cell: *cell, constraint });
        }
        let lemmas: Vec<About> = d.lemmas.iter().map(|lemma| lemma.about.clone()).collect();
        let edges = lemmas.iter().enumerate().filter_map(|(id, about)| match about {
            About::Run(tuples, spec) => Some((id as u32, steps::edges(d.model, tuples, spec))),
            _ => None,
        });
        let edges = edges.collect();
        let limbs = d.lemmas.iter().flat_map(|lemma| match &lemma.about {
            About::Product(operands) => operands.definitions.clone(),
            _ => Vec::new(),
        });
        let limbs = limbs.map(|(limb, definition)| {
            let cells = d.model.constraints[definition as usize].cells().into_iter();
            let parts = cells.filter(|cell| *cell != limb).map(|cell| part(d, cell)).collect();
            (limb, (definition, parts))
        });
        let (limbs, inverses, key) = (limbs.collect(), RefCell::default(), RefCell::default());
        let checks = Checks::default();
        let mut program = Self { check, ops, lemmas, earlier, limbs, edges, inverses, key, checks };
        program.checks = program.to_check();
        program
    }

    /// The values of all cells, from those of the given ones in `values`; the others in it are overwritten where they
    /// follow from these.
    pub fn run(&self, values: &mut Vec<F>) {
        values.resize(self.check.model.cells, F::ZERO);
        for op in &self.ops {
            self.step(op, values);
        }
    }

    /// Takes a step; false where it looks up what no table holds.
    fn step(&self, op: &Op<F>, values: &mut [F]) -> bool {
        match op {
            Op::Linear { cell, form: Some(form), .. } => {
                values[*cell as usize] = form.value(values)
            }
            Op::Linear { cell, constraint, .. } | Op::Hidden { cell, constraint } => {
                let value = self.solve(*constraint, *cell, values).unwrap_or(F::ZERO);
                values[*cell as usize] = value;
            }
            Op::ZeroOrNot { cell, constraint, also } => {
                let value = self.solve(*constraint, *cell, values);
                let value = value.or_else(|| self.solve(*also, *cell, values));
                values[*cell as usize] = value.unwrap_or(F::ZERO);
            }
            Op::Recompose { prepared: Some(prepared), .. } => prepared.write(values),
            Op::Recompose { parts, constraint, .. } => self.recompose(parts, *constraint, values),
            Op::Table { looked, known } => return self.look_up(*looked, *known, values),
            Op::Lemma(id) => match &self.lemmas[*id as usize] {
                About::Run(tuples, spec) => self.find_run(tuples, spec, &self.edges[id], values),
                About::Balance(plan) => move_bytes(plan, values),
                About::Product(operands) => {
                    self.divide(operands, self.earlier[*id as usize], values);
                }
                About::Counts => {}
            },
        }
        true
    }

    /// Computes the virtual cells from all others.
    pub fn complete(&self, values: &mut Vec<F>) {
        let model = &self.check.model;
        values.resize(model.cells, F::ZERO);
        for (id, constraint) in model.constraints.iter().enumerate() {
            if let (Source::Definition, Some((_, own))) =
                (constraint.source, constraint.terms.last())
            {
                values[own[0] as usize] = self.solve(id as u32, own[0], values).unwrap_or(F::ZERO);
            }
        }
    }
}

fn part<F: Scalar>(d: &Derivation<'_, F>, cell: Cell) -> Part {
    Part { cell, range: d.ranges.get(cell).expect("a piece has a range").clone() }
}

/// The components of a tuple that were determined before a cell that it determines.
fn known_before<F: Scalar>(d: &Derivation<'_, F>, looked: u32, cell: Cell) -> u64 {
    let components = d.model.looked[looked as usize].tuple.iter().enumerate();
    let own = |c: &Cell| d.reason(*c).is_some_and(|r| r.by == By::Looked(looked));
    let known = components.filter(|(_, component)| {
        component.cells().iter().all(|c| d.stamp(*c) < d.stamp(cell) && !own(c))
    });
    known.map(|(i, _)| 1 << i).sum()
}

/// Whether the remainder of a product is determined before the quotient is chosen.
fn has_remainder<F: Scalar>(d: &Derivation<'_, F>, lemma: u32) -> bool {
    let About::Product(operands) = &d.lemmas[lemma as usize].about else { return false };
    let chosen = d.lemmas[lemma as usize].cells.iter().map(|cell| d.stamp(*cell)).min();
    let first = chosen.unwrap_or(u32::MAX);
    operands.limbs[4].iter().flatten().all(|cell| d.stamp(*cell) < first)
}

fn sum<F: Scalar>(terms: &[(F, Box<[Cell]>)], values: &[F]) -> F {
    let term = |(c, monomial): &(F, Box<[Cell]>)| {
        monomial.iter().fold(*c, |product, cell| product * values[*cell as usize])
    };
    terms.iter().map(term).sum()
}
