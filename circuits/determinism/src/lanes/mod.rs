//! Which instances are needed for some cell to be determined, for many instances at once.
//!
//! [`Derivation::again`] answers for one instance by deriving everything again. Here each cell has a bit for each of
//! some hundred instances: whether it is determined without that one. Propagation is the same, over words of bits.
//!
//! # Statement
//! If [`Lanes::open_without`] names a cell for an instance, then [`crate::check::Check::drop`] finds that cell
//! undetermined without the instance.
//!
//! *Proof.* It is shown that each cell that a derivation without the instance determines has its bit set, by induction
//! over the steps of that derivation; so a cell without its bit is not determined, and what [`crate::explain`] would
//! excuse is excused here.
//! - *Linear, zero or not, table*: `steps` lists for each constraint and tuple every cell that the rule can conclude,
//!   with the least sets of cells that have to be known, among them those of the step. Where a rule wants a constant, one is
//!   taken from a superset of all constants (`constants`).
//! - *Recomposition*: the unknown cells of the step are within one of the listed sets (`cuts`), whose cells outside it
//!   are known, so all of the set have their bits. Ranges without the instance are those of the derivation or narrower
//!   ([`crate::ranges`]); narrower ranges make the condition true more often.
//! - *Lemmas*: an application concludes at most what it concludes here, where everything that it wants determined is
//!   asked for (of a balance: the emitters alone; of constants, that they are known), and where premises that are
//!   constraints, tuples, ranges and constants are looked at without the instance in the lanes that they matter to
//!   (`absent`); a constant that another constraint could still show counts.
//!   That the lemmas of the whole derivation are all there are is checked: it has no findings and leaves nothing open.
//! - *Counts and fractions* are taken for determined. ∎
//!
//! The other way it need not be true: an instance for which no cell is named may be needed all the same, and
//! [`crate::check::Check::drop`] has to be asked.

mod absent;
mod batch;
mod constants;
mod cuts;
mod steps;

use std::collections::{BTreeSet, HashMap, HashSet};

use self::{
    absent::Absent,
    batch::{Batch, Bits, Changes, LANES},
    steps::{Holds, Reader, Says},
};
use crate::{
    check::Check,
    classify::premises,
    derive::{By, Derivation, Instance, Without},
    lemmas::{run, About},
    model::Cell,
    ranges::Support,
    rules::Rule,
    scalar::Scalar,
};

/// What a lemma concludes from what.
struct Conclusion {
    premises: Vec<Cell>,
    concludes: Vec<Cell>,
    supports: HashSet<Support>,
    /// Of a run: whether a tuple may be left out without breaking it.
    about: About,
}

/// How the derivation came to a cell.
enum Step {
    /// It is given, or taken for determined.
    Given,
    /// From cells that were determined before.
    From(Box<[Cell]>),
    /// By a lemma.
    Lemma(usize),
}

/// Everything that can follow from anything, and a derivation to begin with.
pub struct Lanes<'c, F> {
    check: &'c Check<F>,
    says: Vec<Says>,
    holds: Vec<Holds>,
    lemmas: Vec<Conclusion>,
    /// Constraints and tuples in the order in which the derivation used them, and the place of each in it.
    order: Vec<Support>,
    places: Vec<u32>,
    /// By cell: places of the constraints that make use of another one that reads it.
    seconds: HashMap<Cell, Vec<u32>>,
    steps: Vec<(Cell, Step)>,
    cells_of: HashMap<Support, Vec<Cell>>,
    /// The cells that have to be determined or explained.
    counting: Vec<Cell>,
    absent: Absent<'c, F>,
}

impl<'c, F: Scalar> Lanes<'c, F> {
    /// Lists everything.
    ///
    /// # Panics
    /// If the derivation has findings or leaves something open: then there is nothing to lose.
    pub fn new(check: &'c Check<F>, d: &Derivation<'c, F>) -> Self {
        assert!(check.findings(d).is_empty(), "the derivation has findings");
        assert!(check.rest(d).undetermined.is_empty(), "the derivation leaves cells open");
        let model = &check.model;
        let constants = constants::constants(d);
        let mut reader = Reader::new(d, &constants);
        let says: Vec<Says> =
            (0..model.constraints.len() as u32).map(|id| reader.constraint(id)).collect();
        let holds: Vec<Holds> = model.looked.iter().map(|looked| reader.tuple(looked)).collect();
        let lemmas = conclusions(check, d);
        let mut idle: BTreeSet<Cell> = BTreeSet::new();
        for lemma in &d.lemmas {
            idle.extend(&lemma.idle);
            if let About::Balance(plan) = &lemma.about {
                let rows = plan.runs.iter().flat_map(|run| &run.rows);
                idle.extend(rows.flat_map(|row| [Some(row.position), row.field]).flatten());
            }
        }
        let counts = |cell: &Cell| d.known(*cell) && !idle.contains(cell);
        let counting = check.read.iter().copied().filter(counts).collect();
        let absent = Absent::new(check, d, constants);
        let mut lanes = Self {
            check,
            says,
            holds,
            lemmas,
            order: Vec::new(),
            places: Vec::new(),
            seconds: HashMap::new(),
            steps: Vec::new(),
            cells_of: d.cells_of(),
            counting,
            absent,
        };
        lanes.put_in_order(d);
        lanes.note_steps(d);
        lanes
    }

    /// For each instance a cell that is not determined without it, if one shows here.
    pub fn open_without(&mut self, instances: &[Instance]) -> Vec<Option<Cell>> {
        let single: Vec<[Instance; 1]> = instances.iter().map(|instance| [*instance]).collect();
        self.open_without_all(&single)
    }

    /// For each set of instances a cell that is not determined without all of them, if one shows here.
    pub fn open_without_all(&mut self, sets: &[impl AsRef<[Instance]>]) -> Vec<Option<Cell>> {
        let mut found = Vec::with_capacity(sets.len());
        for part in sets.chunks(LANES) {
            let changes = self.changes(part);
            found.extend(Batch::new(self, &changes).run(part.len()));
        }
        found
    }

    fn unit(&self, support: Support) -> usize {
        match support {
            Support::Constraint(id) => id as usize,
            Support::Looked(id) => self.says.len() + id as usize,
        }
    }

    fn put_in_order(&mut self, d: &Derivation<'_, F>) {
        let mut first: HashMap<Support, u32> = HashMap::new();
        for cell in d.in_order() {
            let by = match d.reason(cell).map(|reason| reason.by) {
                Some(By::Constraint(id)) => Support::Constraint(id),
                Some(By::Looked(id)) => Support::Looked(id),
                _ => continue,
            };
            first.entry(by).or_insert(d.stamp(cell));
        }
        let constraints = (0..self.says.len() as u32).map(Support::Constraint);
        let looked = (0..self.holds.len() as u32).map(Support::Looked);
        self.order = constraints.chain(looked).collect();
        self.order
            .sort_by_key(|support| (first.get(support).copied().unwrap_or(u32::MAX), *support));
        self.places = vec![0; self.order.len()];
        for place in 0..self.order.len() {
            let unit = self.unit(self.order[place]);
            self.places[unit] = place as u32;
        }
        for (id, says) in self.says.iter().enumerate() {
            for cell in says.cases.iter().flat_map(|case| case.wants.iter()) {
                self.seconds.entry(*cell).or_default().push(self.places[id]);
            }
        }
    }

    fn note_steps(&mut self, d: &Derivation<'_, F>) {
        // By lemma of the derivation: its conclusion here.
        let mut own: HashMap<u32, usize> = HashMap::new();
        for (number, lemma) in self.lemmas.iter().enumerate() {
            for cell in &lemma.concludes {
                if let Some(By::Lemma(id)) = d.reason(*cell).map(|reason| reason.by) {
                    own.insert(id, number);
                }
            }
        }
        for cell in d.in_order() {
            let reason = d.reason(cell).expect("determined");
            let step = match (reason.rule, reason.by) {
                (Rule::Count | Rule::Fraction, _) | (_, By::Given(_)) => Step::Given,
                (_, By::Lemma(id)) => {
                    own.get(&id).map_or(Step::Given, |number| Step::Lemma(*number))
                }
                _ => Step::From(premises(d, cell).into_boxed_slice()),
            };
            self.steps.push((cell, step));
        }
    }

    /// What is still known if each step of the derivation counts only where what it rests on is there.
    fn as_derived(&self, changes: &Changes) -> Vec<Bits> {
        let model = &self.check.model;
        let mut known = vec![Bits::NONE; model.cells];
        for challenge in 0..model.space.challenges {
            known[model.space.challenge(challenge) as usize] = Bits::ALL;
        }
        let all = |known: &[Bits], cells: &[Cell]| {
            cells.iter().fold(Bits::ALL, |all, cell| all.and(known[*cell as usize]))
        };
        let mut concluded: Vec<Option<Bits>> = vec![None; self.lemmas.len()];
        for (cell, step) in &self.steps {
            let follows = match step {
                Step::Given => Bits::ALL,
                Step::From(cells) => {
                    let undone = changes.undone.get(cell).copied().unwrap_or(Bits::NONE);
                    all(&known, cells).but(undone)
                }
                Step::Lemma(number) => *concluded[*number].get_or_insert_with(|| {
                    let other = changes.lemmas.get(number).map_or(Bits::NONE, |(which, _)| *which);
                    all(&known, &self.lemmas[*number].premises).but(other)
                }),
            };
            known[*cell as usize] = follows;
        }
        known
    }

    fn changes(&mut self, sets: &[impl AsRef<[Instance]>]) -> Changes {
        let mut changes = Changes::default();
        for (lane, set) in sets.iter().enumerate() {
            let mut without = Without::default();
            for instance in set.as_ref() {
                without.add(self.check.without(*instance));
            }
            for support in without.supports() {
                changes.gone.entry(support).or_insert(Bits::NONE).set(lane);
                for cell in self.cells_of.get(&support).into_iter().flatten() {
                    changes.undone.entry(*cell).or_insert(Bits::NONE).set(lane);
                }
            }
            let wanting: Vec<usize> = (0..self.lemmas.len())
                .filter(|i| without.supports().any(|s| self.lemmas[*i].supports.contains(&s)))
                .collect();
            let left = self.absent.without(&without, &self.lemmas, &wanting);
            for (number, cells) in left.lemmas {
                let own = changes.lemmas.entry(number).or_insert((Bits::NONE, Vec::new()));
                own.0.set(lane);
                own.1.push((lane, cells));
            }
            for (id, cuts) in left.cuts {
                let own = changes.cuts.entry(id).or_insert((Bits::NONE, Vec::new()));
                own.0.set(lane);
                own.1.push((lane, cuts));
            }
        }
        changes
    }

    /// Whether a cell that one constraint alone reads may be hidden in it.
    fn may_hide(&self, cell: Cell, reader: u32) -> bool {
        let model = &self.check.model;
        let constraint = &model.constraints[reader as usize];
        let power = |monomial: &[Cell]| monomial.iter().filter(|c| **c == cell).count();
        model.looked_readers[cell as usize].is_empty()
            && model.level(cell) == constraint.level
            && !model.argument_reads(cell)
            && constraint.terms.iter().all(|(_, monomial)| power(monomial) <= 1)
    }
}

/// The lemmas that can be applied, whatever is left out.
fn conclusions<F: Scalar>(check: &Check<F>, d: &Derivation<'_, F>) -> Vec<Conclusion> {
    let mut list = Vec::new();
    for lemma in &d.lemmas {
        let premises = match &lemma.about {
            About::Balance(plan) => plan.emitters.iter().flat_map(|e| [e.byte, e.field]).collect(),
            About::Product(_) => lemma.premises.clone(),
            About::Run(..) | About::Counts => continue,
        };
        let supports = lemma.supports.iter().copied().collect();
        let concludes = lemma.concludes.clone();
        list.push(Conclusion { premises, concludes, supports, about: lemma.about.clone() });
    }
    // Runs, also those whose cells other rules determine.
    for spec in &check.start.lemmas.runs {
        let table = d.model.tables.iter().position(|table| table.kind == Some(spec.kind));
        for chain in table.into_iter().flat_map(|table| run::chains(d, spec, table)) {
            let ends = [chain.cells[0][0], chain.cells[chain.cells.len() - 1][2]];
            list.push(Conclusion {
                premises: chain.cells.iter().map(|c| c[1]).chain(ends).collect(),
                concludes: chain.cells.iter().flat_map(|c| [c[0], c[3]]).collect(),
                supports: chain.tuples.iter().map(|id| Support::Looked(*id)).collect(),
                about: About::Run(chain.tuples, spec.clone()),
            });
        }
    }
    list
}
