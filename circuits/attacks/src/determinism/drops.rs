//! Leaves out single instances, and weakens others, and says what notices each.
//!
//! What is left out is drawn over kinds and positions: first a kind (a polynomial, a kind of tuples, or copies between
//! two blocks of columns), then first, last, a row where a run of rows begins or ends, or any. So a kind with one
//! instance is drawn as often as one with thousands of sisters. The two lanes of SHA-256 are kinds of their own.
//!
//! Noticed means: a cell is no longer determined, or a premise fails; an attack made by machine passes; an honest witness
//! is refused; a table is other than defined. Digests, names and lists are not asked.
//!
//! What is redundant cannot be noticed, since the circuit is the same without it. It is counted apart, each instance
//! with its reason.

use std::collections::{BTreeMap, HashSet};

use rand::{seq::SliceRandom, Rng};
use serde::{Deserialize, Serialize};
use zkdkim_determinism::{
    check::Check,
    classify::Classifier,
    derive::{Derivation, Instance, Uses},
    evaluate::Program,
    implied::implied,
};
use zkdkim_plonk::halo2curves::bn256::Fr;

use super::{
    assertions::{Assertions, Purpose},
    attack::{self, Outcome},
    subject::{row_number, Subject},
    verdict::Verdict,
    weaken::{self, Weakener},
};

/// An instance or a bug, by name and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The layout.
    pub layout: String,
    /// The name of the constraint, or what was done.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// Why it cannot be noticed, if that is on file.
    pub reason: Option<String>,
}

/// The figures of `scripts/soundness drops`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// Instances left out, those that are redundant not counted.
    pub drops: usize,
    /// Noticed of them.
    pub drops_noticed: usize,
    /// Instances weakened, changes that leave the circuit as strong as it was not counted.
    pub weakenings: usize,
    /// Noticed of them.
    pub weakenings_noticed: usize,
    /// Not noticed in all.
    pub unnoticed_count: usize,
    /// Each of these.
    pub unnoticed: Vec<Named>,
    /// Drawn, but without effect, each with the reason.
    pub without_effect: Vec<Named>,
}

impl Figures {
    /// Adds those of another layout.
    pub fn add(&mut self, other: Self) {
        self.drops += other.drops;
        self.drops_noticed += other.drops_noticed;
        self.weakenings += other.weakenings;
        self.weakenings_noticed += other.weakenings_noticed;
        self.unnoticed_count += other.unnoticed_count;
        self.unnoticed.extend(other.unnoticed);
        self.without_effect.extend(other.without_effect);
    }

    /// Counts a drop.
    pub fn add_drop(&mut self, named: Named, verdict: &Verdict) {
        match verdict {
            Verdict::Redundant(reason) => {
                let reason = Some(reason.clone());
                self.without_effect.push(Named { reason, ..named });
            }
            Verdict::Noticed(_) => {
                self.drops += 1;
                self.drops_noticed += 1;
            }
            Verdict::Unnoticed => {
                self.drops += 1;
                self.unnoticed_count += 1;
                self.unnoticed.push(named);
            }
        }
    }
}

/// Leaves out instances of one layout.
pub struct Dropper<'c> {
    subject: &'c Subject,
    check: &'c Check<Fr>,
    derivation: Derivation<'c, Fr>,
    uses: Uses,
    list: Assertions,
    instances: Vec<Instance>,
    /// Those without which the lookup argument's sum is open.
    opening: HashSet<Instance>,
}

impl<'c> Dropper<'c> {
    /// Derives everything once.
    pub fn new(subject: &'c Subject, check: &'c Check<Fr>) -> Self {
        let mut derivation = check.derive();
        let uses = derivation.uses(&check.prepared);
        let classifier = Classifier::new(&mut derivation);
        let mut instances = classifier.instances();
        let opens = |instance: &Instance| classifier.opens_the_argument(*instance);
        let opening = instances.iter().copied().filter(opens).collect();
        instances.sort_by_key(|instance| (check.row(*instance), *instance));
        let list = Assertions::read();
        Self { subject, check, derivation, uses, list, instances, opening }
    }

    /// All instances, by row.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// What makes use of what.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }

    /// What a program is made of.
    pub fn derivation(&self) -> &Derivation<'c, Fr> {
        &self.derivation
    }

    /// An instance's name and place.
    pub fn named(&self, instance: Instance) -> Named {
        Named {
            layout: self.subject.name.to_owned(),
            name: self.subject.instance_name(self.check, instance),
            place: self.subject.instance_place(self.check, instance),
            reason: None,
        }
    }

    /// Instances by kind, in order of rows.
    pub fn kinds(&self) -> BTreeMap<String, Vec<Instance>> {
        let mut kinds: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
        for instance in &self.instances {
            let name = self.subject.instance_name(self.check, *instance);
            kinds.entry(name).or_default().push(*instance);
        }
        kinds
    }

    /// One of a kind: first, last, at a boundary, or any.
    pub fn draw(&self, list: &[Instance], rng: &mut impl Rng) -> Instance {
        let row = |i: usize| self.check.row(list[i]);
        let boundaries: Vec<usize> = (0..list.len())
            .filter(|i| {
                let begins = *i == 0 || row(*i) > row(*i - 1) + 1;
                let ends = *i + 1 == list.len() || row(*i + 1) > row(*i) + 1;
                begins || ends
            })
            .collect();
        let index = match rng.gen_range(0..4) {
            0 => 0,
            1 => list.len() - 1,
            2 => *boundaries.choose(rng).unwrap_or(&0),
            _ => rng.gen_range(0..list.len()),
        };
        list[index]
    }

    /// Whether an instance keeps the lookup argument's sum closed. Of a row of its gates that is all that can be noticed.
    pub fn opens_the_sum(&self, instance: Instance) -> Option<Verdict> {
        if self.opening.contains(&instance) {
            return Some(Verdict::Noticed("the sum of fractions is open: lookups are void".into()));
        }
        matches!(instance, Instance::Sum(_)).then_some(Verdict::Unnoticed)
    }

    /// What notices that an instance is left out.
    pub fn drop(&mut self, instance: Instance) -> Verdict {
        let (subject, check) = (self.subject, self.check);
        if let Some(verdict) = self.opens_the_sum(instance) {
            return verdict;
        }
        let without = check.without(instance);
        let again = self.derivation.again(&check.prepared, &check.start, without, &self.uses);
        let open = check.newly_open(&self.derivation, &again).undetermined;
        if let Some(first) = open.first() {
            let name = subject.cell(check, *first);
            let count = open.len();
            return Verdict::Noticed(format!("{count} cells undetermined, {name} among them"));
        }
        if let Instance::Constraint(id) = instance {
            if let Some(reason) = implied(&again, id) {
                return Verdict::Redundant(format!("shown by machine: {reason}"));
            }
        }
        let name = subject.instance_name(check, instance);
        let row = subject.statement.row_name(check.row(instance));
        match self.list.purpose(&name, &row) {
            None => Verdict::Unnoticed,
            Some(Purpose::Redundant(reason)) => Verdict::Redundant(reason.clone()),
            Some(Purpose::Asserts(attack)) => {
                let program = Program::new(check, &again);
                let candidates = attack::candidates(attack, row_number(&row));
                let outcome =
                    attack::outcome(subject, check, &program, Some(instance), &candidates);
                match outcome {
                    Outcome::StoppedByItAlone => Verdict::Noticed(format!("{attack} is accepted")),
                    _ => Verdict::Unnoticed,
                }
            }
        }
    }
}

/// Leaves out `count` instances of a layout and weakens as many; `say` is told what noticed each.
pub fn run(
    subject: &Subject,
    count: usize,
    rng: &mut impl Rng,
    figures: &mut Figures,
    say: &mut dyn FnMut(String),
) {
    let check = subject.check();
    let mut dropper = Dropper::new(subject, &check);
    let kinds = dropper.kinds();
    let names: Vec<&String> = kinds.keys().collect();
    // What is redundant is drawn again.
    let before = figures.drops;
    while figures.drops < before + count {
        let name = names[rng.gen_range(0..names.len())];
        let instance = dropper.draw(&kinds[name], rng);
        let verdict = dropper.drop(instance);
        let named = dropper.named(instance);
        say(format!("{}: without `{}` at {}: {verdict:?}", subject.name, name, named.place));
        figures.add_drop(named, &verdict);
    }
    let weakener = Weakener::new(subject, &check, dropper.derivation());
    let before = figures.weakenings;
    while figures.weakenings < before + count {
        let weakening = weaken::draw(subject, rng);
        let verdict = weakener.noticed(&weakening);
        let (name, place) = (weakening.name, weakening.place);
        say(format!("{}: {name} at {place}: {verdict:?}", subject.name));
        let mut named =
            Named { layout: subject.name.to_owned(), name, place, reason: weakening.reason };
        match verdict {
            Verdict::Redundant(reason) => {
                named.reason = Some(reason);
                figures.without_effect.push(named);
                continue;
            }
            // Looked at by hand, and as strong as before.
            Verdict::Unnoticed if named.reason.is_some() => {
                figures.without_effect.push(named);
                continue;
            }
            Verdict::Noticed(_) => figures.weakenings_noticed += 1,
            Verdict::Unnoticed => {
                figures.unnoticed_count += 1;
                figures.unnoticed.push(named);
            }
        }
        figures.weakenings += 1;
    }
}
