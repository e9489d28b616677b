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

/// The attacks on a group: its program, and how often each attack worked and did not.
#[derive(Default)]
struct Tries<'c> {
    program: Option<Program<'c, Fr>>,
    of: BTreeMap<String, (usize, usize)>,
}

/// Leaves spare instances out, many at once, and asks what the list says of them.
pub struct Spare<'c> {
    subject: &'c Subject,
    check: &'c Check<Fr>,
    list: Assertions,
}

impl<'c> Spare<'c> {
    /// Of a layout.
    pub fn new(subject: &'c Subject, check: &'c Check<Fr>) -> Self {
        Self { subject, check, list: Assertions::read() }
    }

    /// What becomes of each instance, told one by one, as many left out at once as leave no cell open; of some nothing is
    /// known, for whatever group they are left out with. A derivation takes much memory, so there is one group at a time.
    ///
    /// # Errors
    /// Those of `say`.
    pub fn each(
        &self,
        derivation: &Derivation<'c, Fr>,
        instances: &[Instance],
        lanes: &mut Lanes<'c, Fr>,
        say: &mut dyn FnMut(Instance, Verdict) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut sets = self.kinds(derivation, instances);
        while !sets.is_empty() {
            let open = lanes.open_without_all(&sets);
            let mut parts = Vec::new();
            for (mut set, open) in sets.into_iter().zip(open) {
                // The derivation has the last word: it may leave a cell open where the lanes do not.
                let group = open.is_none().then(|| self.group(derivation, &set)).flatten();
                if let Some(group) = group {
                    set = self.tell(&group, &set, say)?;
                }
                // Neighbours lean on each other, and some attacks need what others of the group assert.
                let half = |odd: usize| set.iter().skip(odd).step_by(2).copied().collect();
                parts.extend([half(0), half(1)]);
            }
            parts.retain(|set: &Vec<Instance>| set.len() >= WORTH_IT);
            sets = parts;
        }
        Ok(())
    }

    /// Those that nothing rests on, and the others by kind, in order of rows.
    fn kinds(&self, derivation: &Derivation<'_, Fr>, instances: &[Instance]) -> Vec<Vec<Instance>> {
        let ranged = derivation.ranges.used();
        let of_lemmas: HashSet<Support> =
            derivation.lemmas.iter().flat_map(|lemma| lemma.supports.iter().copied()).collect();
        let rests = |instance: &Instance| {
            let without = self.check.without(*instance);
            let mut supports = without.supports();
            derivation.rests_on(*instance)
                || supports.any(|s| ranged.contains(&s) || of_lemmas.contains(&s))
        };
        let (used, unused): (Vec<Instance>, Vec<Instance>) =
            instances.iter().partition(|i| rests(i));
        let mut kinds: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
        for instance in used {
            kinds
                .entry(self.subject.instance_name(self.check, instance))
                .or_default()
                .push(instance);
        }
        kinds.into_values().chain([unused]).collect()
    }

    /// The derivation without the instances, if no cell is open in it.
    fn group(
        &self,
        whole: &Derivation<'_, Fr>,
        instances: &[Instance],
    ) -> Option<Derivation<'c, Fr>> {
        let mut without = Without::default();
        instances.iter().for_each(|instance| without.add(self.check.without(*instance)));
        let check = self.check;
        let derivation = Derivation::new(&check.model, &check.prepared, &check.start, without);
        check.newly_open(whole, &derivation).undetermined.is_empty().then_some(derivation)
    }

    /// Tells what is known of the instances of a group; the others.
    fn tell(
        &self,
        group: &Derivation<'c, Fr>,
        instances: &[Instance],
        say: &mut dyn FnMut(Instance, Verdict) -> anyhow::Result<()>,
    ) -> anyhow::Result<Vec<Instance>> {
        let mut tries = Tries::default();
        let mut rest = Vec::new();
        for instance in instances {
            match self.verdict(group, *instance, &mut tries) {
                Some(verdict) => say(*instance, verdict)?,
                None => rest.push(*instance),
            }
        }
        Ok(rest)
    }

    fn verdict<'g>(
        &self,
        group: &'g Derivation<'c, Fr>,
        instance: Instance,
        tries: &mut Tries<'g>,
    ) -> Option<Verdict> {
        let (subject, check) = (self.subject, self.check);
        if let Instance::Constraint(id) = instance {
            if let Some(reason) = implied(group, id) {
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
                let program = tries.program.get_or_insert_with(|| Program::new(check, group));
                let candidates = attack::candidates(attack, row_number(&row));
                let outcome = attack::outcome(subject, check, program, Some(instance), &candidates);
                let stopped = outcome == Outcome::StoppedByItAlone;
                *if stopped { made } else { failed } += 1;
                stopped.then(|| Verdict::Noticed(format!("{attack} is accepted")))
            }
        }
    }
}
