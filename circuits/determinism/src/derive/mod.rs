//! Propagation: which cells are functions of the given ones, and by which constraint.
//!
//! # Statement
//! Let two assignments satisfy every constraint and agree on the given cells. Then they agree on every determined cell
//! that is committed before all challenges, but for the errors of the lemmas; and where the challenges are the same,
//! on every determined cell.
//!
//! *Proof.* By induction over stamps: each step's rule ([`crate::rules`]) or lemma ([`crate::lemmas`]) concludes that a
//! cell has one value from cells with smaller stamps. ∎
//!
//! # Order of phases
//! A constraint that reads a challenge, or a cell committed after it, has the level of the latest of these, and
//! determines cells of that level only. Or else a cell would be "determined" by a challenge that is drawn after the
//! prover has committed to it: true of two assignments with one challenge, and worth nothing.

mod again;
pub mod lemmas;
pub mod ranges;
pub mod rules;

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    rc::Rc,
};

pub use self::again::Uses;

use self::{
    lemmas::Lemma,
    ranges::{Prepared, Range, Ranges, Support},
    rules::{Rule, Step},
};
use crate::{
    model::{Cell, Finding, Model},
    scalar::Scalar,
};

/// An instance of a constraint: what a verifier checks in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instance {
    /// A gate in a row or a copy: the number of its constraint.
    Constraint(u32),
    /// A row of a gate of the lookup argument, by number.
    Sum(u32),
    /// A tuple that is looked up, by the constraint system or by an argument of the circuit's own: its number.
    Looked(u32),
}

/// What is left out of a derivation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Without {
    /// Constraints, by number.
    pub constraints: BTreeSet<u32>,
    /// Tuples, by number.
    pub looked: BTreeSet<u32>,
    /// The lookup argument as a whole, with what it says of weights.
    pub argument: bool,
}

impl Without {
    /// Adds what another leaves out.
    pub fn add(&mut self, other: Self) {
        self.constraints.extend(other.constraints);
        self.looked.extend(other.looked);
        self.argument |= other.argument;
    }

    /// The constraints and tuples.
    pub fn supports(&self) -> impl Iterator<Item = Support> + '_ {
        let constraints = self.constraints.iter().map(|id| Support::Constraint(*id));
        constraints.chain(self.looked.iter().map(|id| Support::Looked(*id)))
    }

    /// Whether it leaves something out.
    pub fn leaves_out(&self, support: Support) -> bool {
        match support {
            Support::Constraint(id) => self.constraints.contains(&id),
            Support::Looked(id) => self.looked.contains(&id),
        }
    }
}

/// A cell that is known from the start, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The cell.
    pub cell: Cell,
    /// Why a prover may choose it.
    pub why: &'static str,
}

/// What a derivation starts from.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The cells that a prover may choose.
    pub given: Vec<Given>,
    /// What the lemmas are told.
    pub lemmas: lemmas::Spec,
}

/// What a determined cell follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// It is given: an index into [`Start::given`].
    Given(u32),
    /// A constraint.
    Constraint(u32),
    /// A tuple.
    Looked(u32),
    /// A lemma's application.
    Lemma(u32),
}

/// Why a cell is determined.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The rule.
    pub rule: Rule,
    /// What it was applied to.
    pub by: By,
    /// A second constraint that the rule uses.
    pub also: Option<u32>,
    /// Steps of ranges that the rule uses.
    pub nodes: Rc<[u32]>,
}

/// What is determined so far.
pub struct Derivation<'m, F> {
    /// The constraints.
    pub model: &'m Model<F>,
    /// The ranges.
    pub ranges: Rc<Ranges>,
    /// What is left out.
    pub without: Without,
    /// Applications of lemmas.
    pub lemmas: Vec<Lemma>,
    /// Lemmas whose premises fail, and what else is wrong.
    pub findings: Vec<Finding>,
    /// Constraints and tuples looked at.
    pub visits: usize,
    stamps: Vec<u32>,
    reasons: Vec<Option<Reason>>,
    constants: HashMap<Cell, F>,
    stamp: u32,
    /// Stamps from this one on count as unknown.
    horizon: u32,
    queue: VecDeque<Support>,
    queued: [Vec<bool>; 2],
    /// Steps of ranges that do not count for now.
    void_ranges: HashSet<u32>,
}

/// The stamp of what is not determined.
pub const UNKNOWN: u32 = u32::MAX;

impl<'m, F: Scalar> Derivation<'m, F> {
    /// Derives everything that follows.
    pub fn new(model: &'m Model<F>, prepared: &Prepared, start: &Start, without: Without) -> Self {
        let ranges = Rc::new(Ranges::new(model, prepared, &without));
        let mut derivation = Self {
            model,
            ranges,
            without,
            lemmas: Vec::new(),
            findings: Vec::new(),
            visits: 0,
            stamps: vec![UNKNOWN; model.cells],
            reasons: vec![None; model.cells],
            constants: HashMap::new(),
            stamp: 0,
            horizon: UNKNOWN,
            queue: VecDeque::new(),
            void_ranges: HashSet::new(),
            queued: [vec![false; model.constraints.len()], vec![false; model.looked.len()]],
        };
        // The challenges are the same in both assignments.
        for challenge in 0..model.space.challenges {
            derivation.stamps[model.space.challenge(challenge) as usize] = 0;
        }
        for (id, constraint) in model.constraints.iter().enumerate() {
            if constraint.terms.len() <= 16 {
                derivation.enqueue(Support::Constraint(id as u32));
            }
        }
        derivation.propagate();
        for (i, given) in start.given.iter().enumerate() {
            let by = By::Given(i as u32);
            derivation.determine(given.cell, Reason::new(Rule::Given, by), None);
        }
        derivation.run(&start.lemmas, lemmas::Progress::default());
        derivation
    }

    /// A copy in which lemmas can be asked what they conclude, with constants and ranges of its own.
    pub(crate) fn scratch(&self, constants: HashMap<Cell, F>) -> Self {
        Self {
            model: self.model,
            ranges: Rc::new(Ranges::clone(&self.ranges)),
            without: Without::default(),
            lemmas: Vec::new(),
            findings: Vec::new(),
            visits: 0,
            stamps: self.stamps.clone(),
            reasons: self.reasons.clone(),
            constants,
            stamp: self.stamp,
            horizon: UNKNOWN,
            queue: VecDeque::new(),
            queued: self.queued.clone(),
            void_ranges: HashSet::new(),
        }
    }

    /// The cells that have a constant value.
    pub(crate) fn constants(&self) -> &HashMap<Cell, F> {
        &self.constants
    }

    /// The same, of a copy for lemmas.
    pub(crate) fn constants_mut(&mut self) -> &mut HashMap<Cell, F> {
        &mut self.constants
    }

    /// Whether a step uses an instance, ranges not counted.
    pub fn rests_on(&self, instance: Instance) -> bool {
        self.reasons.iter().flatten().any(|reason| match instance {
            Instance::Constraint(id) => reason.by == By::Constraint(id) || reason.also == Some(id),
            Instance::Looked(id) => reason.by == By::Looked(id),
            Instance::Sum(_) => false,
        })
    }

    fn run(&mut self, spec: &lemmas::Spec, mut progress: lemmas::Progress) {
        loop {
            self.propagate();
            if !lemmas::apply(self, spec, &mut progress) {
                break;
            }
        }
        self.findings.sort();
        self.findings.dedup();
    }

    /// Whether a cell is determined.
    pub fn known(&self, cell: Cell) -> bool {
        self.stamps[cell as usize] < self.horizon
    }

    /// When a cell was determined: the order of steps.
    pub fn stamp(&self, cell: Cell) -> u32 {
        self.stamps[cell as usize]
    }

    /// Why a cell is determined.
    pub fn reason(&self, cell: Cell) -> Option<&Reason> {
        self.reasons[cell as usize].as_ref()
    }

    /// The value of a determined cell, if it is the same in all assignments.
    pub fn constant(&self, cell: Cell) -> Option<F> {
        self.constants.get(&cell).copied().filter(|_| self.known(cell))
    }

    /// Number of determined cells.
    pub fn determined(&self) -> u32 {
        self.stamp
    }

    /// Counts determined cells as unknown from a stamp on, until it is called again with [`UNKNOWN`].
    pub(crate) fn set_horizon(&mut self, stamp: u32) {
        self.horizon = stamp;
    }

    /// The range of a cell, with the step by which it has it.
    pub fn range(&self, cell: Cell) -> Option<(&Range, u32)> {
        self.ranges.but_for(cell, &self.void_ranges)
    }

    /// Lets some steps of ranges not count, for a while.
    pub(crate) fn set_void_ranges(&mut self, nodes: HashSet<u32>) {
        self.void_ranges = nodes;
    }

    /// Puts a cell at another place in the order of steps, for a while.
    pub(crate) fn set_stamp(&mut self, cell: Cell, stamp: u32) {
        self.stamps[cell as usize] = stamp;
    }

    /// Determined cells in the order of their steps.
    pub fn in_order(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = (0..self.model.cells as Cell)
            .filter(|cell| self.reasons[*cell as usize].is_some())
            .collect();
        cells.sort_by_key(|cell| self.stamps[*cell as usize]);
        cells
    }

    /// Marks a cell as determined; false if it was before.
    pub(crate) fn determine(&mut self, cell: Cell, reason: Reason, value: Option<F>) -> bool {
        if self.known(cell) {
            return false;
        }
        self.stamp += 1;
        self.stamps[cell as usize] = self.stamp;
        self.reasons[cell as usize] = Some(reason);
        if let Some(value) = value {
            self.constants.insert(cell, value);
        }
        self.enqueue_readers(cell);
        true
    }

    fn enqueue_readers(&mut self, cell: Cell) {
        let model = self.model;
        for id in &model.readers[cell as usize] {
            self.enqueue(Support::Constraint(*id));
        }
        for id in &model.looked_readers[cell as usize] {
            self.enqueue(Support::Looked(*id));
        }
    }

    fn enqueue(&mut self, support: Support) {
        let queued = match support {
            Support::Constraint(id) => &mut self.queued[0][id as usize],
            Support::Looked(id) => &mut self.queued[1][id as usize],
        };
        if !std::mem::replace(queued, true) {
            self.queue.push_back(support);
        }
    }

    fn propagate(&mut self) {
        while let Some(support) = self.queue.pop_front() {
            match support {
                Support::Constraint(id) => self.queued[0][id as usize] = false,
                Support::Looked(id) => self.queued[1][id as usize] = false,
            }
            if self.without.leaves_out(support) {
                continue;
            }
            self.visits += 1;
            if let Some(step) = rules::apply(self, support) {
                self.take(support, step);
            }
        }
    }

    fn take(&mut self, support: Support, step: Step<F>) {
        let by = match support {
            Support::Constraint(id) => By::Constraint(id),
            Support::Looked(id) => By::Looked(id),
        };
        let reason = Reason { rule: step.rule, by, also: step.also, nodes: step.nodes.into() };
        for cell in step.cells {
            self.determine(cell, reason.clone(), step.value);
        }
    }
}

impl Reason {
    pub(crate) fn new(rule: Rule, by: By) -> Self {
        Self { rule, by, also: None, nodes: Rc::new([]) }
    }
}
