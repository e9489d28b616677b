//! The constraints as a function: computes a whole first phase from the given cells.
//!
//! Each step of a derivation says how its cell follows; run in order, the steps are a prover that knows no assignment
//! code, only constraints. On an input that the circuit accepts, the result satisfies everything (there is only one
//! assignment, up to what is free), so its public inputs are what the circuit *says*, to be compared with what it should
//! say. On any other input some constraint does not hold, whatever a prover does, and [`Program::broken`] names it.
//!
//! Run on a derivation that leaves an instance out, the same program makes the attack that the instance stops: cells that
//! the instance held follow from the others, and if it was the only one that refused, nothing is broken but it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use num_bigint::BigInt;

use crate::{
    check::Check,
    derive::{By, Derivation},
    explain::Why,
    lemmas::{balance, residue, run, About},
    logup::Weight,
    model::{Cell, Component, Source},
    ranges::{shifted, Range, Support},
    rules::{entry, Rule},
    scalar::{element, integer, lift, Scalar},
};

/// A part of a recomposition.
#[derive(Clone, Debug)]
struct Part {
    cell: Cell,
    range: Range,
}

/// One step.
#[derive(Clone, Debug)]
enum Op {
    Linear {
        cell: Cell,
        constraint: u32,
    },
    ZeroOrNot {
        cell: Cell,
        constraint: u32,
        also: u32,
    },
    Recompose {
        parts: Vec<Part>,
        constraint: u32,
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
    ops: Vec<Op>,
    lemmas: Vec<About>,
    /// By lemma: whether a product's remainder is there before it is computed.
    earlier: Vec<bool>,
    /// Virtual limbs of quotients and remainders: definition and pieces.
    limbs: HashMap<Cell, (u32, Vec<Part>)>,
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
                    ops.push(Op::Linear { cell, constraint });
                }
                (Rule::ZeroOrNot, By::Constraint(constraint)) => {
                    let also = reason.also.expect("two constraints");
                    ops.push(Op::ZeroOrNot { cell, constraint, also });
                }
                (Rule::Recomposition, By::Constraint(constraint))
                    if done.insert(Support::Constraint(constraint)) =>
                {
                    let parts = groups[&constraint].iter().map(|cell| part(d, *cell)).collect();
                    ops.push(Op::Recompose { parts, constraint });
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
        let lemmas = d.lemmas.iter().map(|lemma| lemma.about.clone()).collect();
        let limbs = d.lemmas.iter().flat_map(|lemma| match &lemma.about {
            About::Product(operands) => operands.definitions.clone(),
            _ => Vec::new(),
        });
        let limbs = limbs.map(|(limb, definition)| {
            let cells = d.model.constraints[definition as usize].cells().into_iter();
            let parts = cells.filter(|cell| *cell != limb).map(|cell| part(d, cell)).collect();
            (limb, (definition, parts))
        });
        Self { check, ops, lemmas, earlier, limbs: limbs.collect() }
    }

    /// The values of all cells, from those of the given ones in `values`; the others in it are overwritten where they
    /// follow from these.
    pub fn run(&self, values: &mut Vec<F>) {
        values.resize(self.check.model.cells, F::ZERO);
        for op in &self.ops {
            self.step(op, values);
        }
    }

    fn step(&self, op: &Op, values: &mut [F]) {
        match op {
            Op::Linear { cell, constraint } | Op::Hidden { cell, constraint } => {
                let value = self.solve(*constraint, *cell, values).unwrap_or(F::ZERO);
                values[*cell as usize] = value;
            }
            Op::ZeroOrNot { cell, constraint, also } => {
                let value = self.solve(*constraint, *cell, values);
                let value = value.or_else(|| self.solve(*also, *cell, values));
                values[*cell as usize] = value.unwrap_or(F::ZERO);
            }
            Op::Recompose { parts, constraint } => self.recompose(parts, *constraint, values),
            Op::Table { looked, known } => self.look_up(*looked, *known, values),
            Op::Lemma(id) => match &self.lemmas[*id as usize] {
                About::Run(tuples, spec) => self.find_run(tuples, spec, values),
                About::Balance(plan) => move_bytes(plan, values),
                About::Product(operands) => {
                    self.divide(operands, self.earlier[*id as usize], values);
                }
                About::Counts => {}
            },
        }
    }

    /// The value of a cell that a constraint is linear in; nothing where its coefficient is zero.
    fn solve(&self, constraint: u32, cell: Cell, values: &[F]) -> Option<F> {
        let (mut coefficient, mut rest) = (F::ZERO, F::ZERO);
        for (c, monomial) in &self.check.model.constraints[constraint as usize].terms {
            let mut product = *c;
            let mut own = false;
            for other in monomial.iter() {
                if *other == cell && !own {
                    own = true;
                } else {
                    product *= values[*other as usize];
                }
            }
            if own {
                coefficient += product;
            } else {
                rest += product;
            }
        }
        if coefficient == F::ONE {
            return Some(-rest);
        }
        if coefficient == -F::ONE {
            return Some(rest);
        }
        let inverse: Option<F> = coefficient.invert().into();
        inverse.map(|inverse| -rest * inverse)
    }

    fn recompose(&self, parts: &[Part], constraint: u32, values: &mut [F]) {
        let terms = &self.check.model.constraints[constraint as usize].terms;
        let position = |cell: Cell| parts.iter().position(|part| part.cell == cell);
        let mut coefficients = vec![F::ZERO; parts.len()];
        let mut rest = F::ZERO;
        for (c, monomial) in terms {
            let mut product = *c;
            let mut own = None;
            for cell in monomial.iter() {
                match position(*cell) {
                    Some(i) if own.is_none() => own = Some(i),
                    _ => product *= values[*cell as usize],
                }
            }
            match own {
                Some(i) => coefficients[i] += product,
                None => rest += product,
            }
        }
        let cut = coefficients.iter().find_map(|base| {
            let inverse: Option<F> = base.invert().into();
            let inverse = inverse?;
            let weights: Vec<i128> = coefficients
                .iter()
                .map(|k| integer(*k * inverse).filter(|k| *k > 0))
                .collect::<Option<_>>()?;
            Some((weights, -rest * inverse))
        });
        // What is no sum of parts is cut all the same; then the constraint does not hold.
        let Some((weights, target)) = cut else { return };
        let target = integer(target).unwrap_or(0);
        for (cell, value) in cut_up(parts, &weights, target) {
            values[cell as usize] = element(&BigInt::from(value));
        }
    }

    fn component(&self, component: &Component<F>, values: &[F]) -> F {
        match component {
            Component::Constant(value) => *value,
            Component::Cell(cell) => values[*cell as usize],
            Component::Poly(terms) => sum(terms, values),
        }
    }

    fn tuple(&self, tuple: &[Component<F>], values: &[F]) -> Vec<F> {
        tuple.iter().map(|component| self.component(component, values)).collect()
    }

    fn look_up(&self, looked: u32, known: u64, values: &mut [F]) {
        let looked = &self.check.model.looked[looked as usize];
        let table = &self.check.model.tables[looked.table];
        let tuple = self.tuple(&looked.tuple, values);
        let found = entry(table, known, &tuple).map(<[F]>::to_vec);
        for (i, component) in looked.tuple.iter().enumerate() {
            if let (Component::Cell(cell), 0) = (component, known >> i & 1) {
                values[*cell as usize] = found.as_ref().map_or(F::ZERO, |entry| entry[i]);
            }
        }
    }

    /// The run over the symbols; where there is none, one that goes as far as the symbols allow.
    fn find_run(&self, tuples: &[u32], spec: &run::Spec, values: &mut [F]) {
        let model = &self.check.model;
        let table = &model.tables[model.looked[tuples[0] as usize].table];
        let mut edges: HashMap<(F, F), Vec<&Vec<F>>> = HashMap::new();
        for entry in &table.entries {
            edges.entry((entry[spec.state], entry[spec.symbol])).or_default().push(entry);
        }
        let cell = |tuple: u32, i: usize| match model.looked[tuple as usize].tuple[i] {
            Component::Cell(cell) => cell as usize,
            _ => unreachable!("a chain is of cells"),
        };
        let none = Vec::new();
        let first = values[cell(tuples[0], spec.state)];
        let last = values[cell(tuples[tuples.len() - 1], spec.next)];
        let mut layers: Vec<BTreeMap<Vec<u8>, F>> = vec![BTreeMap::from([(key(first), first)])];
        for tuple in tuples {
            let symbol = values[cell(*tuple, spec.symbol)];
            let states = layers[layers.len() - 1].values();
            let reached = states.flat_map(|s| edges.get(&(*s, symbol)).unwrap_or(&none));
            let reached = reached.map(|edge| (key(edge[spec.next]), edge[spec.next])).collect();
            layers.push(reached);
        }
        let length = layers.iter().rposition(|layer| !layer.is_empty()).unwrap_or(0);
        let arrives = length == tuples.len() && layers[length].contains_key(&key(last));
        let mut at = if arrives { Some(last) } else { layers[length].values().next().copied() };
        for (i, tuple) in tuples.iter().enumerate().take(length).rev() {
            let (symbol, to) = (values[cell(*tuple, spec.symbol)], at.unwrap_or(first));
            let step = layers[i].values().find_map(|state| {
                let leaving = edges.get(&(*state, symbol)).unwrap_or(&none);
                leaving.iter().find(|edge| edge[spec.next] == to)
            });
            let Some(edge) = step else { return };
            if i > 0 {
                values[cell(*tuple, spec.state)] = edge[spec.state];
            }
            values[cell(*tuple, spec.output)] = edge[spec.output];
            at = Some(edge[spec.state]);
        }
        for tuple in tuples.iter().skip(length) {
            values[cell(*tuple, spec.output)] = F::ZERO;
        }
    }

    /// Quotient and remainder of a product.
    fn divide(&self, operands: &residue::Operands, has_remainder: bool, values: &mut [F]) {
        let bits = operands.limb_bits;
        let number = |i: usize, values: &[F]| {
            let limbs = operands.limbs[i].iter().map(|limb| {
                let value = limb.map_or(F::ZERO, |cell| self.virtual_value(cell, values));
                BigInt::from(lift(value))
            });
            residue::number(limbs.collect::<Vec<_>>().into_iter(), bits)
        };
        let product = number(0, values) * number(1, values);
        let modulus = number(3, values);
        let (quotient, remainder) = if has_remainder {
            let rest = number(4, values);
            (residue::divide(&(&product - &rest), &modulus).map(|(q, _)| q), None)
        } else {
            residue::divide(&product, &modulus).map_or((None, None), |(q, r)| (Some(q), Some(r)))
        };
        for (operand, value) in [(2, quotient), (4, remainder)] {
            let mut value = value.unwrap_or_default().max(BigInt::default());
            if operand == 4 && has_remainder {
                continue;
            }
            for limb in &operands.limbs[operand] {
                let low: BigInt = &value % (BigInt::from(1) << bits);
                value >>= bits;
                if let Some(limb) = limb {
                    self.write_limb(*limb, element(&low), values);
                }
            }
        }
    }

    /// A cell's value; that of a virtual cell from its definition.
    fn virtual_value(&self, cell: Cell, values: &[F]) -> F {
        let model = &self.check.model;
        if cell < model.space.first_virtual() {
            return values[cell as usize];
        }
        let definition = model.readers[cell as usize]
            .iter()
            .find(|id| is_definition_of(&model.constraints[**id as usize], cell));
        definition.and_then(|id| self.solve(*id, cell, values)).unwrap_or(F::ZERO)
    }

    /// Writes a limb and the pieces that it is made of.
    fn write_limb(&self, limb: Cell, value: F, values: &mut [F]) {
        values[limb as usize] = value;
        if let Some((definition, parts)) = self.limbs.get(&limb) {
            self.recompose(parts, *definition, values);
        }
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

    /// What does not hold among everything that the first phase says: constraints over cells of level 0, the equations
    /// of identities (named by the constraint that checks them), tuples of tables, and weights that have to cancel.
    pub fn broken(&self, values: &[F]) -> BTreeSet<Broken> {
        let model = &self.check.model;
        let mut broken = BTreeSet::new();
        for (id, constraint) in model.constraints.iter().enumerate() {
            let named = match constraint.source {
                Source::Definition => continue,
                Source::Expanded { of } => of,
                _ => id as u32,
            };
            if constraint.level == 0 && sum(&constraint.terms, values) != F::ZERO {
                broken.insert(Broken::Constraint(named));
            }
        }
        let mut sets: HashMap<usize, std::collections::HashSet<&Vec<F>>> = HashMap::new();
        for (id, looked) in model.looked.iter().enumerate() {
            let table = &model.tables[looked.table];
            let set = sets.entry(looked.table).or_insert_with(|| table.entries.iter().collect());
            if !set.contains(&self.tuple(&looked.tuple, values)) {
                broken.insert(Broken::Looked(id as u32));
            }
        }
        for (kind, terms) in &model.argument.balanced {
            let mut weights: HashMap<Vec<F>, F> = HashMap::new();
            for id in terms {
                let term = &model.argument.terms[*id];
                let weight = match &term.weight {
                    Weight::Constant(weight) => *weight,
                    Weight::Cell(by, cell) => *by * values[*cell as usize],
                    Weight::Other(_) => F::ZERO,
                };
                if weight != F::ZERO {
                    *weights.entry(self.tuple(&term.tuple, values)).or_insert(F::ZERO) += weight;
                }
            }
            if weights.values().any(|weight| *weight != F::ZERO) {
                broken.insert(Broken::Balance(*kind));
            }
        }
        broken
    }
}

fn part<F: Scalar>(d: &Derivation<'_, F>, cell: Cell) -> Part {
    Part { cell, range: d.ranges.get(cell).expect("a piece has a range").clone() }
}

fn is_definition_of<F: Scalar>(constraint: &crate::model::Constraint<F>, cell: Cell) -> bool {
    constraint.source == Source::Definition
        && constraint.terms.last().is_some_and(|(_, monomial)| monomial[..] == [cell])
}

fn key<F: Scalar>(value: F) -> Vec<u8> {
    value.to_repr().as_ref().to_vec()
}

fn sum<F: Scalar>(terms: &[(F, Box<[Cell]>)], values: &[F]) -> F {
    let term = |(c, monomial): &(F, Box<[Cell]>)| {
        monomial.iter().fold(*c, |product, cell| product * values[*cell as usize])
    };
    terms.iter().map(term).sum()
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

/// Cuts a number into parts, the greatest weight first.
fn cut_up(parts: &[Part], weights: &[i128], target: i128) -> Vec<(Cell, i128)> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(weights[*i]));
    let masks: Vec<Option<u128>> =
        (0..parts.len()).map(|i| shifted(&parts[i].range, weights[i])).collect();
    let by_mask = target >= 0
        && masks.iter().flatten().count() == parts.len()
        && masks
            .iter()
            .flatten()
            .try_fold(0u128, |all, m| (all & m == 0).then_some(all | m))
            .is_some();
    let mut left = target;
    let mut values = Vec::new();
    for (done, i) in order.iter().enumerate() {
        let (part, weight) = (&parts[*i], weights[*i]);
        let value = if by_mask {
            ((target as u128 & masks[*i].expect("a mask")) >> weight.trailing_zeros()) as i128
        } else {
            let least: i128 =
                order[done + 1..].iter().map(|j| parts[*j].range.low * weights[*j]).sum();
            (left - least).div_euclid(weight).clamp(part.range.low, part.range.high)
        };
        left -= value * weight;
        values.push((part.cell, value));
    }
    values
}

/// Gives each run the bytes of its fields, in order of positions, as far as they fit.
fn move_bytes<F: Scalar>(plan: &balance::Plan, values: &mut [F]) {
    let small = |x: i128| element::<F>(&BigInt::from(x));
    let mut emitted: Vec<(i128, i128, F)> = plan
        .emitters
        .iter()
        .map(|e| {
            (e.position, integer(values[e.field as usize]).unwrap_or(0), values[e.byte as usize])
        })
        .collect();
    emitted.sort_by_key(|(position, ..)| *position);
    for run in plan.runs.iter().filter(|run| run.exact) {
        let mut own = emitted.iter().filter(|(_, field, _)| run.fields.contains(field));
        let first = own.clone().next().map_or(0, |(position, ..)| *position);
        for (i, taker) in run.rows.iter().enumerate() {
            let taken = own.next();
            values[taker.flag as usize] = small(i128::from(taken.is_some()));
            values[taker.byte as usize] = taken.map_or(F::ZERO, |(_, _, byte)| *byte);
            values[taker.position as usize] = small(first + i as i128);
            if let Some(field) = taker.field {
                values[field as usize] = small(taken.map_or(run.fields[0], |(_, field, _)| *field));
            }
        }
    }
}
