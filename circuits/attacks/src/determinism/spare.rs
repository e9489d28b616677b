//! Instances whose loss no derivation notices: each is shown to be implied by the others, is on file as redundant, or
//! its attack is made.
//!
//! A derivation that leaves many of them out at once and still determines every cell is one without each of them, so few
//! derivations serve all: an instance is left out together with others of its kind, as long as nothing is open.

use std::collections::{BTreeMap, HashSet};

use zkdkim_determinism::{
    check::Check,
    derive::{Derivation, Instance, Without},
    evaluate::Program,
    implied::implied,
    lanes::Lanes,
    ranges::Support,
};
use zkdkim_plonk::halo2curves::bn256::Fr;

use super::{
    assertions::{Assertions, Purpose},
    attack::{self, Outcome},
    subject::{row_number, Subject},
    verdict::Verdict,
};

/// Fewer instances than this are no group: to leave out each alone costs no more.
const WORTH_IT: usize = 4;

/// An attack that has failed for so many instances of a group, and worked for none, is not tried against it any more: what
/// it needs may hang on the others that are left out.
const ENOUGH: usize = 3;

/// Instances that a derivation does without.
pub struct Group<'c> {
    instances: HashSet<Instance>,
    derivation: Derivation<'c, Fr>,
}

/// The attacks on a group: its program, and how often each attack worked and did not.
#[derive(Default)]
struct Tries<'c> {
    program: Option<Program<'c, Fr>>,
    of: BTreeMap<String, (usize, usize)>,
}

/// Derivations that do without spare instances, and what the list says of these.
pub struct Spare<'c> {
    subject: &'c Subject,
    check: &'c Check<Fr>,
    list: Assertions,
    groups: Vec<Group<'c>>,
}

impl<'c> Spare<'c> {
    /// Derives without the instances, as many at once as leave no cell open; some are in no group.
    pub fn new(
        subject: &'c Subject,
        check: &'c Check<Fr>,
        derivation: &Derivation<'c, Fr>,
        instances: &[Instance],
        lanes: &mut Lanes<'c, Fr>,
    ) -> Self {
        let ranged = derivation.ranges.used();
        let of_lemmas: HashSet<Support> =
            derivation.lemmas.iter().flat_map(|lemma| lemma.supports.iter().copied()).collect();
        let rests = |instance: &Instance| {
            let without = check.without(*instance);
            let mut supports = without.supports();
            derivation.rests_on(*instance)
                || supports.any(|s| ranged.contains(&s) || of_lemmas.contains(&s))
        };
        let (used, unused): (Vec<Instance>, Vec<Instance>) =
            instances.iter().partition(|i| rests(i));
        let mut kinds: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
        for instance in used {
            kinds.entry(subject.instance_name(check, instance)).or_default().push(instance);
        }
        let mut spare = Self { subject, check, list: Assertions::read(), groups: Vec::new() };
        let mut sets: Vec<Vec<Instance>> = kinds.into_values().chain([unused]).collect();
        while !sets.is_empty() {
            let open = lanes.open_without_all(&sets);
            let mut parts = Vec::new();
            for (set, open) in sets.into_iter().zip(open) {
                if open.is_none() {
                    // If a cell is open all the same, each is left out alone.
                    spare.add(derivation, &set);
                } else {
                    // Neighbours lean on each other.
                    let half = |odd: usize| set.iter().skip(odd).step_by(2).copied().collect();
                    parts.extend([half(0), half(1)]);
                }
            }
            parts.retain(|set: &Vec<Instance>| set.len() >= WORTH_IT);
            sets = parts;
        }
        spare
    }

    /// How many derivations serve all.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Adds a group, if no cell is open without it.
    fn add(&mut self, whole: &Derivation<'_, Fr>, instances: &[Instance]) -> bool {
        let mut without = Without::default();
        instances.iter().for_each(|instance| without.add(self.check.without(*instance)));
        let check = self.check;
        let derivation = Derivation::new(&check.model, &check.prepared, &check.start, without);
        let closed = check.newly_open(whole, &derivation).undetermined.is_empty();
        if closed {
            let instances = instances.iter().copied().collect();
            self.groups.push(Group { instances, derivation });
        }
        closed
    }

    /// What becomes of each instance in a group, told one by one; of one in no group nothing is known.
    pub fn each(
        &self,
        say: &mut dyn FnMut(Instance, Option<Verdict>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for group in &self.groups {
            let mut tries = Tries::default();
            let mut instances: Vec<Instance> = group.instances.iter().copied().collect();
            instances.sort_by_key(|instance| (self.check.row(*instance), *instance));
            for instance in instances {
                let verdict = self.verdict(group, instance, &mut tries);
                say(instance, verdict)?;
            }
        }
        Ok(())
    }

    fn verdict(
        &self,
        group: &Group<'c>,
        instance: Instance,
        tries: &mut Tries<'c>,
    ) -> Option<Verdict> {
        let (subject, check) = (self.subject, self.check);
        if let Instance::Constraint(id) = instance {
            if let Some(reason) = implied(&group.derivation, id) {
                return Some(Verdict::Redundant(format!("shown by machine: {reason}")));
            }
        }
        let name = subject.instance_name(check, instance);
        let row = subject.statement.row_name(check.row(instance));
        match self.list.purpose(&name, &row)? {
            Purpose::Redundant(reason) => Some(Verdict::Redundant(reason.clone())),
            Purpose::Asserts(attack) => {
                let (made, failed) = tries.of.entry(attack.clone()).or_default();
                if *made == 0 && *failed >= ENOUGH {
                    return None;
                }
                let program =
                    tries.program.get_or_insert_with(|| Program::new(check, &group.derivation));
                let candidates = attack::candidates(attack, row_number(&row));
                let outcome = attack::outcome(subject, check, program, Some(instance), &candidates);
                let stopped = outcome == Outcome::StoppedByItAlone;
                *if stopped { made } else { failed } += 1;
                stopped.then(|| Verdict::Noticed(format!("{attack} is accepted")))
            }
        }
    }
}
