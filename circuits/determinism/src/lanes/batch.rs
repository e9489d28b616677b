//! Propagation for many instances at once: one bit a cell and instance.

use std::collections::HashMap;

use super::{
    steps::{Cut, Says},
    Lanes,
};
use crate::{model::Cell, ranges::Support, scalar::Scalar};

/// Words of 64 lanes.
const WORDS: usize = 8;

/// Instances that are looked at together.
pub(super) const LANES: usize = 64 * WORDS;

/// One bit a lane.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits([u64; WORDS]);

impl Bits {
    pub(super) const NONE: Self = Self([0; WORDS]);
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);

    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    pub(super) fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    pub(super) fn but(self, other: Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn set(&mut self, lane: usize) {
        self.0[lane / 64] |= 1 << (lane % 64);
    }

    pub(super) fn has(self, lane: usize) -> bool {
        self.0[lane / 64] >> (lane % 64) & 1 == 1
    }
}

/// The lanes in which something is another, and what it is there.
type Others<T> = (Bits, Vec<(usize, T)>);

/// What is other than in the whole circuit, by lane.
#[derive(Default)]
pub(super) struct Changes {
    /// Constraints and tuples that are left out.
    pub(super) gone: HashMap<Support, Bits>,
    /// Constraints with other recompositions, by lane.
    pub(super) cuts: HashMap<u32, Others<Box<[Cut]>>>,
    /// By lemma: the lanes in which it concludes something else, and what.
    pub(super) lemmas: HashMap<usize, Others<Vec<Cell>>>,
    /// Cells whose step in the derivation does not count.
    pub(super) undone: HashMap<Cell, Bits>,
}

/// One propagation.
pub(super) struct Batch<'l, 'c, F> {
    lanes: &'l Lanes<'c, F>,
    changes: &'l Changes,
    known: Vec<Bits>,
    /// By unit: whether it has to be looked at.
    todo: Vec<u64>,
    more: bool,
    /// Whether a lookup among the changes is worth it.
    changed: Vec<bool>,
}

impl<'l, 'c, F: Scalar> Batch<'l, 'c, F> {
    pub(super) fn new(lanes: &'l Lanes<'c, F>, changes: &'l Changes) -> Self {
        let mut changed = vec![false; lanes.says.len() + lanes.holds.len()];
        for support in changes.gone.keys() {
            changed[lanes.unit(*support)] = true;
        }
        for id in changes.cuts.keys() {
            changed[lanes.unit(Support::Constraint(*id))] = true;
        }
        let units = lanes.order.len();
        let todo = vec![0; units.div_ceil(64)];
        Self { lanes, changes, known: lanes.as_derived(changes), todo, more: false, changed }
    }

    /// Derives whatever follows; then, by lane, a cell that does not.
    pub(super) fn run(mut self, lanes: usize) -> Vec<Option<Cell>> {
        for cell in 0..self.known.len() {
            if self.known[cell] != Bits::ALL {
                self.wake(cell as Cell);
            }
        }
        loop {
            while std::mem::take(&mut self.more) {
                for word in 0..self.todo.len() {
                    while self.todo[word] != 0 {
                        let bit = self.todo[word].trailing_zeros() as usize;
                        self.todo[word] &= self.todo[word] - 1;
                        self.look(self.lanes.order[64 * word + bit]);
                    }
                }
            }
            for lemma in 0..self.lanes.lemmas.len() {
                self.conclude(lemma);
            }
            if !self.more {
                return self.open(lanes);
            }
        }
    }

    fn gone(&self, support: Support) -> Bits {
        match self.changed[self.lanes.unit(support)] {
            true => self.changes.gone.get(&support).copied().unwrap_or(Bits::NONE),
            false => Bits::NONE,
        }
    }

    fn all(&self, cells: &[Cell], from: Bits) -> Bits {
        let mut all = from;
        for cell in cells {
            if all.is_none() {
                break;
            }
            all = all.and(self.known[*cell as usize]);
        }
        all
    }

    fn learn(&mut self, cell: Cell, lanes: Bits) {
        let old = self.known[cell as usize];
        let new = old.or(lanes);
        if new != old {
            self.known[cell as usize] = new;
            self.wake(cell);
        }
    }

    fn wake(&mut self, cell: Cell) {
        let model = &self.lanes.check.model;
        let constraints = model.readers[cell as usize].iter().map(|id| Support::Constraint(*id));
        let looked = model.looked_readers[cell as usize].iter().map(|id| Support::Looked(*id));
        for support in constraints.chain(looked) {
            let place = self.lanes.places[self.lanes.unit(support)] as usize;
            self.todo[place / 64] |= 1 << (place % 64);
            self.more = true;
        }
        // Those that make use of it as a second constraint.
        for place in self.lanes.seconds.get(&cell).into_iter().flatten() {
            self.todo[*place as usize / 64] |= 1 << (place % 64);
            self.more = true;
        }
    }

    fn look(&mut self, support: Support) {
        match support {
            Support::Constraint(id) => self.look_at_constraint(id),
            Support::Looked(id) => self.look_at_tuple(id),
        }
    }

    fn look_at_constraint(&mut self, id: u32) {
        let lanes = self.lanes;
        let says: &Says = &lanes.says[id as usize];
        let (mut one, mut two) = (Bits::NONE, Bits::NONE);
        for cell in &says.cells {
            let open = Bits::ALL.but(self.known[*cell as usize]);
            two = two.or(one.and(open));
            one = one.or(open);
        }
        let gone = self.gone(Support::Constraint(id));
        if one.but(gone).is_none() {
            return;
        }
        let single = one.but(two).but(gone);
        if !single.is_none() {
            for cell in &says.linear {
                self.learn(*cell, single);
            }
            for case in &says.cases {
                let second = single.but(self.gone(Support::Constraint(case.also)));
                let follows = self.all(&case.wants, second);
                self.learn(case.cell, follows);
            }
        }
        let several = two.but(gone);
        if several.is_none() {
            return;
        }
        let other = self.changes.cuts.get(&id).filter(|_| self.changed[id as usize]);
        let as_ever = other.map_or(several, |(which, _)| several.but(*which));
        for cut in &says.cuts {
            let follows = self.all(&cut.wants, as_ever);
            for part in cut.parts.iter().filter(|_| !follows.is_none()) {
                self.learn(*part, follows);
            }
        }
        for (lane, cuts) in other.into_iter().flat_map(|(_, list)| list) {
            if several.has(*lane) {
                let mut own = Bits::NONE;
                own.set(*lane);
                for cut in cuts {
                    let follows = self.all(&cut.wants, own);
                    for part in cut.parts.iter().filter(|_| !follows.is_none()) {
                        self.learn(*part, follows);
                    }
                }
            }
        }
    }

    fn look_at_tuple(&mut self, id: u32) {
        let lanes = self.lanes;
        let holds = &lanes.holds[id as usize];
        let here = Bits::ALL.but(self.gone(Support::Looked(id)));
        for (key, follow) in holds.keys.iter() {
            let mut known = here;
            for component in key {
                known = self.all(&holds.components[*component as usize], known);
            }
            if !known.is_none() {
                for component in follow {
                    self.learn(holds.components[*component as usize][0], known);
                }
            }
        }
    }

    fn conclude(&mut self, number: usize) {
        let lemma = &self.lanes.lemmas[number];
        let premises = self.all(&lemma.premises, Bits::ALL);
        let other = self.changes.lemmas.get(&number);
        let as_ever = other.map_or(premises, |(which, _)| premises.but(*which));
        for cell in &lemma.concludes {
            self.learn(*cell, as_ever);
        }
        for (lane, cells) in other.into_iter().flat_map(|(_, list)| list) {
            if premises.has(*lane) {
                let mut own = Bits::NONE;
                own.set(*lane);
                cells.iter().for_each(|cell| self.learn(*cell, own));
            }
        }
    }

    /// By lane: a cell that is neither known nor explained by a rule.
    fn open(&self, lanes: usize) -> Vec<Option<Cell>> {
        let mut found = vec![None; lanes];
        let mut left = Bits::NONE;
        (0..lanes).for_each(|lane| left.set(lane));
        for cell in &self.lanes.counting {
            let open = left.but(self.known[*cell as usize]);
            if open.is_none() {
                continue;
            }
            let open = open.but(self.hidden(*cell));
            for (lane, found) in found.iter_mut().enumerate().filter(|(lane, _)| open.has(*lane)) {
                *found = Some(*cell);
                let mut own = Bits::NONE;
                own.set(lane);
                left = left.but(own);
            }
        }
        found
    }

    /// The lanes in which [`crate::explain`] says that a cell is seen nowhere or determined.
    fn hidden(&self, cell: Cell) -> Bits {
        let model = &self.lanes.check.model;
        let [id] = model.readers[cell as usize][..] else { return Bits::NONE };
        if !self.lanes.may_hide(cell, id) {
            return Bits::NONE;
        }
        let cells = self.lanes.says[id as usize].cells.iter().copied();
        let others: Vec<Cell> = cells.filter(|other| *other != cell).collect();
        self.all(&others, Bits::ALL.but(self.gone(Support::Constraint(id))))
    }
}
