//! The tamper sweep.
//!
//! # Source
//!
//! The idea of altering one cell at a time and demanding a failure is folklore (mutation testing);
//! evaluating only the constraints that read the altered cells, and following an alteration into
//! what depends on it, are ours.

use std::collections::BTreeSet;

use zkdkim_plonk::halo2curves::ff::PrimeField;

use crate::image::{Cell, Constraint, Image};

/// Cells and the values that they are changed to.
pub type Alteration<F> = Vec<(Cell, F)>;

/// An alteration that nothing noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survivor<F> {
    /// The advice cell that was altered.
    pub cell: Cell,
    /// Its value in the image.
    pub honest: F,
    /// The value that passed.
    pub altered: F,
}

type Follow<'a, F> = dyn Fn(&Image<F>, Cell, F) -> Alteration<F> + 'a;
type Later<'a, F> = dyn Fn(&Image<F>, &[Cell]) -> Alteration<F> + 'a;
type Notices<'a, F> = dyn Fn(&Image<F>, &[Cell]) -> Option<String> + 'a;

/// A sweep over an image, with what the circuit's author says about it.
pub struct Sweep<'a, F: PrimeField> {
    image: Image<F>,
    ignored: Box<dyn Fn(&str) -> bool + 'a>,
    follow: Box<Follow<'a, F>>,
    later: Box<Later<'a, F>>,
    argument: Box<Notices<'a, F>>,
}

impl<'a, F: PrimeField> Sweep<'a, F> {
    /// A sweep that alters single cells, follows nothing and knows no argument but the constraint
    /// system's.
    pub fn new(image: Image<F>) -> Self {
        Self {
            image,
            ignored: Box::new(|_| false),
            follow: Box::new(|_, _, _| Vec::new()),
            later: Box::new(|_, _| Vec::new()),
            argument: Box::new(|_, _| None),
        }
    }

    /// What a prover changes together with a cell, in the same phase: everything that follows from
    /// it.
    pub fn following(mut self, follow: impl Fn(&Image<F>, Cell, F) -> Alteration<F> + 'a) -> Self {
        self.follow = Box::new(follow);
        self
    }

    /// The later phases' cells after some cells have changed.
    pub fn later(mut self, later: impl Fn(&Image<F>, &[Cell]) -> Alteration<F> + 'a) -> Self {
        self.later = Box::new(later);
        self
    }

    /// Gates of an argument that the circuit builds for itself, and what the argument notices: for
    /// first-phase cells the closure replaces the gates. It gets the changed cells and returns a
    /// name.
    pub fn argument(
        mut self,
        gates: impl Fn(&str) -> bool + 'a,
        notices: impl Fn(&Image<F>, &[Cell]) -> Option<String> + 'a,
    ) -> Self {
        self.ignored = Box::new(gates);
        self.argument = Box::new(notices);
        self
    }

    /// The image, as it was given.
    pub fn image(&self) -> &Image<F> {
        &self.image
    }

    /// The image, to change it for all alterations that follow.
    pub fn image_mut(&mut self) -> &mut Image<F> {
        &mut self.image
    }

    /// What notices that `cell` is changed to `value`; `None` if nothing does. The image is left as
    /// it was.
    pub fn alter(&mut self, cell: Cell, value: F) -> Option<String> {
        let mut undo = Vec::new();
        let changed = self.change(cell, value, &mut undo);
        let verdict = match self.image.phase(cell.column) {
            0 => self.noticed(&changed),
            phase => self.image.first_failure(&changed, phase, &|_| false),
        };
        self.undo(undo);
        verdict
    }

    /// What notices another witness: first-phase cells that differ from the image, the later
    /// phases computed from them, and the public inputs that go with it. The image is left as it
    /// was.
    pub fn witness(&mut self, changes: Alteration<F>, instance: Vec<Vec<F>>) -> Option<String> {
        let mut undo = Vec::new();
        let before = self.image.set_instance(instance);
        let mut changed = self.apply(changes, &mut undo);
        changed.extend(self.image.public());
        let verdict = self.noticed(&changed);
        self.undo(undo);
        self.image.set_instance(before);
        verdict
    }

    /// What notices an alteration of any phase, nothing being computed from it.
    pub fn exactly(&mut self, changes: Alteration<F>) -> Option<String> {
        let mut undo = Vec::new();
        let changed = self.apply(changes, &mut undo);
        let verdict = self.image.first_failure(&changed, u8::MAX, &*self.ignored);
        let verdict = verdict.or_else(|| self.noticed_by_argument(&changed));
        self.undo(undo);
        verdict
    }

    fn noticed(&mut self, changed: &[Cell]) -> Option<String> {
        let first = self.image.first_failure(changed, 0, &*self.ignored);
        let first = first.or_else(|| self.noticed_by_argument(changed));
        first.or_else(|| self.noticed_later(changed))
    }

    /// Changes a cell, and with it what follows; returns the cells that differ now.
    pub(crate) fn change(&mut self, cell: Cell, value: F, undo: &mut Alteration<F>) -> Vec<Cell> {
        let mut changes = vec![(cell, value)];
        changes.extend((self.follow)(&self.image, cell, value));
        self.apply(changes, undo)
    }

    pub(crate) fn undo(&mut self, undo: Alteration<F>) {
        for (cell, value) in undo.into_iter().rev() {
            self.image.set(cell, value);
        }
    }

    pub(crate) fn violation(&self, changed: &[Cell], phase: u8) -> Option<Constraint> {
        self.image.first_violation(changed, phase, &*self.ignored)
    }

    /// The later phases' cells, computed anew; returns those that differ now.
    pub(crate) fn compute_later(
        &mut self,
        changed: &[Cell],
        undo: &mut Alteration<F>,
    ) -> Vec<Cell> {
        let later = (self.later)(&self.image, changed);
        self.apply(later, undo)
    }

    pub(crate) fn noticed_by_argument(&self, changed: &[Cell]) -> Option<String> {
        (self.argument)(&self.image, changed)
    }

    /// What notices first-phase changes once the later phases are computed from them.
    pub(crate) fn noticed_later(&mut self, changed: &[Cell]) -> Option<String> {
        let mut undo = Vec::new();
        let mut changed = changed.to_vec();
        changed.extend(self.compute_later(&changed, &mut undo));
        let verdict = self.image.first_failure(&changed, u8::MAX, &*self.ignored);
        self.undo(undo);
        verdict
    }

    pub(crate) fn apply(&mut self, changes: Alteration<F>, undo: &mut Alteration<F>) -> Vec<Cell> {
        let mut changed = BTreeSet::new();
        for (cell, value) in changes {
            let old = self.image.set(cell, value);
            if old != value {
                undo.push((cell, old));
                changed.insert(cell);
            }
        }
        changed.into_iter().collect()
    }

    /// Alters each cell to its neighbours, to zero and to `noise`; returns one survivor a cell at
    /// most.
    pub fn run(&mut self, cells: impl IntoIterator<Item = Cell>, noise: F) -> Vec<Survivor<F>> {
        let mut survivors = Vec::new();
        for cell in cells {
            let honest = self.image.get(cell);
            let values = [honest + F::ONE, honest - F::ONE, F::ZERO, honest + noise];
            let mut wrong = values.into_iter().filter(|value| *value != honest);
            if let Some(altered) = wrong.find(|value| self.alter(cell, *value).is_none()) {
                survivors.push(Survivor { cell, honest, altered });
            }
        }
        survivors
    }
}
