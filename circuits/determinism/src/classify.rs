//! What each instance of a constraint is for.
//!
//! # Classes
//! - *Determines*: without it some cell is no longer determined.
//! - *Spare*: without it, and it alone, every cell still is. Such an instance asserts something about cells that are
//!   determined anyway, or it is redundant; which of the two no propagation can tell. It needs an attack that it alone
//!   stops, or a reason.
//!
//! # How it is decided
//! *Locally*: an instance is spare if each cell that it determines follows from another constraint over cells that were
//! determined before (so certainly not from the cell itself), and no lemma and no range that such a step uses rests on
//! it. That test errs to one side only: what it calls spare is spare. What is left determines something, unless a way
//! round leads back through cells that were determined later. Where few cells descend from the instance, that is looked
//! at as well, by taking all of them away and deriving again ([`Classifier::is_recovered`]); where many do, and for
//! single instances in doubt, [`Derivation::again`] decides.
//!
//! Rows of a lookup argument's gates determine the cell of their fraction, and keep the sum closed: without any one of
//! them every tuple is free ([`Classifier::argument_is_open_without`]).

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    derive::{By, Derivation, Instance, Without, UNKNOWN},
    logup,
    model::{Cell, Source},
    ranges::Support,
    rules::{self, Rule},
    scalar::Scalar,
};

/// What an instance is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Without it some cell is not determined.
    Determines,
    /// Without it, and it alone, every cell is.
    Spare,
}

/// Descendants up to this many are taken away and derived again.
const FEW: usize = 200;

/// Decides what instances are for.
pub struct Classifier<'d, 'm, F> {
    d: &'d mut Derivation<'m, F>,
    cells_of: HashMap<Support, Vec<Cell>>,
    lemmas_of: HashMap<Support, Vec<u32>>,
    is_premise: Vec<bool>,
    /// By cell: cells whose step reads it.
    dependents: Vec<Vec<Cell>>,
    /// By support: steps of ranges; and by step of a range: the steps that use it.
    range_steps: HashMap<Support, Vec<u32>>,
    range_uses: Vec<Vec<u32>>,
    totals: BTreeMap<Cell, F>,
    defined: HashSet<Cell>,
}

impl<'d, 'm, F: Scalar> Classifier<'d, 'm, F> {
    /// Indexes a finished derivation.
    pub fn new(d: &'d mut Derivation<'m, F>) -> Self {
        let cells_of = d.cells_of();
        let mut lemmas_of: HashMap<Support, Vec<u32>> = HashMap::new();
        let mut is_premise = vec![false; d.model.cells];
        for (id, lemma) in d.lemmas.iter().enumerate() {
            for support in &lemma.supports {
                lemmas_of.entry(*support).or_default().push(id as u32);
            }
            for premise in &lemma.premises {
                is_premise[*premise as usize] = true;
            }
        }
        let (totals, defined) = totals(d);
        let dependents = dependents(d);
        let (range_steps, range_uses) = (d.ranges.by_support(), d.ranges.uses());
        Self {
            d,
            cells_of,
            lemmas_of,
            is_premise,
            dependents,
            range_steps,
            range_uses,
            totals,
            defined,
        }
    }

    /// Every instance of the circuit.
    pub fn instances(&self) -> Vec<Instance> {
        let model = self.d.model;
        let own = |source: Source| matches!(source, Source::Gate { .. } | Source::Copy(_));
        let constraints = model.constraints.iter().enumerate().filter(|(_, c)| own(c.source));
        // Of cells that nothing else reads a lookup of the argument says nothing.
        let is_read = |id: usize, cell: Cell| {
            !model.readers[cell as usize].is_empty()
                || model.looked_readers[cell as usize] != [id as u32]
        };
        let looked = model.looked.iter().enumerate().filter(|(id, looked)| {
            let mut cells = looked.tuple.iter().flat_map(|component| component.cells());
            looked.native.is_some() || cells.any(|cell| is_read(*id, cell))
        });
        constraints
            .map(|(id, _)| Instance::Constraint(id as u32))
            .chain((0..model.argument.sums.len() as u32).map(Instance::Sum))
            .chain(looked.map(|(id, _)| Instance::Looked(id as u32)))
            .collect()
    }

    /// What an instance is for.
    pub fn class(&mut self, instance: Instance) -> Class {
        if self.opens_the_argument(instance) {
            return Class::Determines;
        }
        let support = match instance {
            Instance::Sum(_) => return Class::Spare,
            Instance::Constraint(id) => Support::Constraint(id),
            Instance::Looked(id) => Support::Looked(id),
        };
        if let Support::Constraint(id) = support {
            if self.carries_an_identity(id) {
                return Class::Determines;
            }
        }
        if self.is_spare_locally(support) || self.is_recovered(support) {
            Class::Spare
        } else {
            Class::Determines
        }
    }

    /// Whether the sum of fractions could take up any rest without one row of the argument's gates.
    pub fn argument_is_open_without(&self, sum: u32) -> bool {
        let sum = &self.d.model.argument.sums[sum as usize];
        let open = |cell: Cell, coefficient: F| {
            coefficient != F::ZERO
                && !(coefficient == -F::ONE && self.defined.contains(&cell))
                && logup::pin(self.d.model, cell).is_none()
        };
        let total = |cell: Cell| self.totals.get(&cell).copied().unwrap_or(F::ZERO);
        match sum.defined() {
            Some(cell) => total(cell) != F::ZERO && logup::pin(self.d.model, cell).is_none(),
            None => sum.difference.iter().any(|(c, cell)| open(*cell, total(*cell) - c)),
        }
    }

    /// Whether the lookup argument's sum could take up any rest without an instance.
    pub fn opens_the_argument(&self, instance: Instance) -> bool {
        match instance {
            Instance::Sum(id) => self.argument_is_open_without(id),
            Instance::Constraint(id) => {
                self.d.model.argument.pins.contains(&id) && self.is_needed_as_pin(id)
            }
            Instance::Looked(_) => false,
        }
    }

    /// Whether a constraint is the only one that pins an end of the sum.
    fn is_needed_as_pin(&self, id: u32) -> bool {
        let model = self.d.model;
        let cell = model.constraints[id as usize].terms[0].1[0];
        let mut others = model.readers[cell as usize].iter().filter(|other| **other != id);
        !others.any(|other| {
            let constraint = &model.constraints[*other as usize];
            constraint.terms.len() == 1 && constraint.terms[0].1[..] == [cell]
        })
    }

    /// Whether an identity rests on a constraint and some cell on one of the identity's equations.
    fn carries_an_identity(&self, id: u32) -> bool {
        let identities = &self.d.model.identities;
        let resting = identities.resting.get(&id).into_iter().flatten();
        let mut equations = resting.flat_map(|identity| &identities.expanded[*identity].1);
        equations.any(|id| self.cells_of.contains_key(&Support::Constraint(*id)))
    }

    fn is_spare_locally(&mut self, support: Support) -> bool {
        if self.lemmas_of.contains_key(&support) {
            return false;
        }
        let Some(cells) = self.cells_of.get(&support).cloned() else { return true };
        let first = cells.iter().map(|cell| self.d.stamp(*cell)).min().expect("a cell");
        self.leave_out(support);
        self.d.set_horizon(first);
        let all = cells.iter().all(|cell| self.follows_otherwise(*cell, support));
        self.d.set_horizon(UNKNOWN);
        self.leave_out_nothing();
        all
    }

    /// Whether another constraint determines a cell now.
    fn follows_otherwise(&self, cell: Cell, without: Support) -> bool {
        let model = self.d.model;
        let constraints = model.readers[cell as usize].iter().map(|id| Support::Constraint(*id));
        let looked = model.looked_readers[cell as usize].iter().map(|id| Support::Looked(*id));
        constraints.chain(looked).filter(|support| *support != without).any(|support| {
            rules::apply(self.d, support).is_some_and(|step| {
                step.cells.contains(&cell) && !self.d.ranges.supports(step.nodes).contains(&without)
            })
        })
    }

    fn leave_out(&mut self, support: Support) {
        match support {
            Support::Constraint(id) => drop(self.d.without.constraints.insert(id)),
            Support::Looked(id) => drop(self.d.without.looked.insert(id)),
        }
        let mut todo = self.range_steps.get(&support).cloned().unwrap_or_default();
        let mut void: HashSet<u32> = todo.iter().copied().collect();
        while let Some(step) = todo.pop() {
            let uses = self.range_uses[step as usize].iter().copied();
            todo.extend(uses.filter(|step| void.insert(*step)));
        }
        self.d.set_void_ranges(void);
    }

    fn leave_out_nothing(&mut self) {
        self.d.without = Without::default();
        self.d.set_void_ranges(HashSet::new());
    }

    /// Whether everything that descends from an instance follows without it, from what does not descend from it. `false`
    /// also where that is too much to look at, or where a lemma descends from it.
    pub fn is_recovered(&mut self, support: Support) -> bool {
        if self.lemmas_of.contains_key(&support) {
            return false;
        }
        let Some(descendants) = self.descendants(support) else { return false };
        let mut unknown: HashSet<Cell> = descendants.iter().copied().collect();
        self.leave_out(support);
        let saved: Vec<u32> = descendants.iter().map(|cell| self.d.stamp(*cell)).collect();
        for cell in &descendants {
            self.d.set_stamp(*cell, UNKNOWN);
        }
        let mut todo = descendants.clone();
        while let Some(cell) = todo.pop() {
            if !unknown.contains(&cell) || !self.follows_otherwise(cell, support) {
                continue;
            }
            unknown.remove(&cell);
            self.d.set_stamp(cell, 1);
            let near = self.neighbours(cell);
            todo.extend(near.into_iter().filter(|near| unknown.contains(near)));
        }
        for (cell, stamp) in descendants.iter().zip(saved) {
            self.d.set_stamp(*cell, stamp);
        }
        self.leave_out_nothing();
        unknown.is_empty()
    }

    /// The cells that share a constraint or a tuple with one.
    fn neighbours(&self, cell: Cell) -> Vec<Cell> {
        let model = self.d.model;
        let constraints = model.readers[cell as usize].iter();
        let looked = model.looked_readers[cell as usize].iter();
        constraints
            .flat_map(|id| model.constraints[*id as usize].cells())
            .chain(looked.flat_map(|id| {
                model.looked[*id as usize].tuple.iter().flat_map(|component| component.cells())
            }))
            .collect()
    }

    /// The cells whose steps rest on an instance, at any distance, if they are few and none is a premise of a lemma.
    fn descendants(&self, support: Support) -> Option<Vec<Cell>> {
        let mut list = self.cells_of.get(&support)?.clone();
        let mut seen: HashSet<Cell> = list.iter().copied().collect();
        let mut next = 0;
        while next < list.len() {
            let cell = list[next];
            next += 1;
            if list.len() > FEW || self.is_premise[cell as usize] {
                return None;
            }
            let near = self.dependents[cell as usize].iter().copied();
            list.extend(near.filter(|near| seen.insert(*near)));
        }
        Some(list)
    }
}

/// By cell: the cells whose step reads it.
fn dependents<F: Scalar>(d: &Derivation<'_, F>) -> Vec<Vec<Cell>> {
    let mut dependents: Vec<Vec<Cell>> = vec![Vec::new(); d.model.cells];
    for cell in 0..d.model.cells as Cell {
        for premise in premises(d, cell) {
            dependents[premise as usize].push(cell);
        }
    }
    dependents
}

/// What the step of a cell rests on: the cells that were determined before it.
pub(crate) fn premises<F: Scalar>(d: &Derivation<'_, F>, cell: Cell) -> Vec<Cell> {
    let Some(reason) = d.reason(cell) else { return Vec::new() };
    let of = |id: u32| d.model.constraints[id as usize].terms.iter().flat_map(|(_, m)| m.iter());
    let mut premises: Vec<Cell> = match reason.by {
        By::Given(_) => Vec::new(),
        By::Constraint(id) => of(id).copied().collect(),
        By::Looked(id) => {
            d.model.looked[id as usize].tuple.iter().flat_map(|c| c.cells()).collect()
        }
        By::Lemma(_) if reason.rule == Rule::Chosen => Vec::new(),
        By::Lemma(id) => d.lemmas[id as usize].premises.clone(),
    };
    premises.extend(reason.also.into_iter().flat_map(of));
    premises.sort_unstable();
    premises.dedup();
    premises.retain(|premise| d.stamp(*premise) < d.stamp(cell));
    premises
}

/// What the argument's sums add up to, cell by cell, and the cells that they define.
fn totals<F: Scalar>(d: &Derivation<'_, F>) -> (BTreeMap<Cell, F>, HashSet<Cell>) {
    let mut totals = BTreeMap::new();
    let mut defined = HashSet::new();
    for sum in &d.model.argument.sums {
        match sum.defined() {
            Some(cell) => {
                defined.insert(cell);
            }
            None => {
                for (c, cell) in &sum.difference {
                    *totals.entry(*cell).or_insert(F::ZERO) += c;
                }
            }
        }
    }
    (totals, defined)
}

/// The determined cells that some cells rest on, themselves included.
pub fn cone<F: Scalar>(d: &Derivation<'_, F>, of: impl IntoIterator<Item = Cell>) -> HashSet<Cell> {
    let mut todo: Vec<Cell> = of.into_iter().collect();
    let mut cone: HashSet<Cell> = todo.iter().copied().collect();
    while let Some(cell) = todo.pop() {
        todo.extend(premises(d, cell).into_iter().filter(|premise| cone.insert(*premise)));
    }
    cone
}
