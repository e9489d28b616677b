//! Leaves out single instances, and weakens others, and says what notices each.
//!
//! What is left out is drawn over kinds and positions: first a kind (a polynomial, or copies between two blocks of
//! columns, or the lookup argument's rows), then first, last, a row where a run of rows begins or ends, or any. So a kind
//! with one instance is drawn as often as one with thousands of sisters.
//!
//! Noticed means: a cell is no longer determined, or a premise fails; an attack made by machine passes; an honest witness
//! is refused; a table is other than defined. Digests, names and lists are not asked.

use std::collections::{BTreeMap, BTreeSet};

use rand::{seq::SliceRandom, Rng};
use serde::Serialize;
use zkdkim_determinism::{
    check::Check,
    classify::{Classifier, Instance},
    derive::Derivation,
    evaluate::Program,
};
use zkdkim_plonk::halo2curves::bn256::Fr;

use super::{
    assertions::{Assertions, Purpose},
    attack,
    subject::Subject,
    weaken,
};

/// Something that nothing noticed.
#[derive(Clone, Debug, Serialize)]
pub struct Unnoticed {
    /// The layout.
    pub layout: &'static str,
    /// The name of the constraint.
    pub name: String,
    /// Where it stands.
    pub place: String,
    /// Why that is well, if it is on file.
    pub reason: Option<String>,
}

/// The figures of `scripts/soundness drops`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// Instances left out.
    pub drops: usize,
    /// Noticed of them.
    pub drops_noticed: usize,
    /// Instances weakened.
    pub weakenings: usize,
    /// Noticed of them.
    pub weakenings_noticed: usize,
    /// Not noticed in all.
    pub unnoticed_count: usize,
    /// Each of these.
    pub unnoticed: Vec<Unnoticed>,
}

/// Instances by kind, in order of rows.
fn kinds(
    subject: &Subject,
    check: &Check<Fr>,
    d: &mut Derivation<'_, Fr>,
) -> BTreeMap<String, Vec<Instance>> {
    let mut kinds: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
    for instance in Classifier::new(d).instances() {
        kinds.entry(subject.instance_name(check, instance)).or_default().push(instance);
    }
    for list in kinds.values_mut() {
        list.sort_by_key(|instance| check.row(*instance));
    }
    kinds
}

/// One of a kind: first, last, at a boundary, or any.
fn draw(check: &Check<Fr>, list: &[Instance], rng: &mut impl Rng) -> Instance {
    let row = |i: usize| check.row(list[i]);
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

/// Leaves out `count` instances of a layout and weakens as many; `say` is told what noticed each.
pub fn run(
    subject: &Subject,
    count: usize,
    rng: &mut impl Rng,
    figures: &mut Figures,
    say: &mut dyn FnMut(String),
) {
    let check = subject.check();
    let mut derivation = check.derive();
    let kinds = kinds(subject, &check, &mut derivation);
    let names: Vec<&String> = kinds.keys().collect();
    let used = derivation.ranges.used();
    let list = Assertions::read();
    for _ in 0..count {
        let name = names[rng.gen_range(0..names.len())];
        let instance = draw(&check, &kinds[name], rng);
        let place = subject.instance_place(&check, instance);
        let verdict = dropped(subject, &check, &mut derivation, &used, &list, instance);
        figures.drops += 1;
        match verdict {
            Ok(how) => {
                figures.drops_noticed += 1;
                say(format!("{}: without `{name}` at {place}: {how}", subject.name));
            }
            Err(reason) => note(subject, name.clone(), place, reason, figures, say),
        }
    }
    let program = Program::new(&check, &derivation);
    let honest = weaken::honest_witnesses(subject, &check, &program);
    let forged = weaken::forged_witnesses(subject, &check, &derivation);
    for _ in 0..count {
        let weakening = weaken::draw(subject, rng);
        figures.weakenings += 1;
        match weaken::noticed(subject, &check, &weakening, &honest, &forged) {
            Ok(how) => {
                figures.weakenings_noticed += 1;
                say(format!("{}: {} at {}: {how}", subject.name, weakening.name, weakening.place));
            }
            Err(reason) => {
                note(subject, weakening.name, weakening.place, reason, figures, say);
            }
        }
    }
}

fn note(
    subject: &Subject,
    name: String,
    place: String,
    reason: Option<String>,
    figures: &mut Figures,
    say: &mut dyn FnMut(String),
) {
    say(format!("{}: NOT NOTICED: {name} at {place}", subject.name));
    figures.unnoticed_count += 1;
    figures.unnoticed.push(Unnoticed { layout: subject.name, name, place, reason });
}

/// What notices that an instance is left out; else the reason on file.
fn dropped(
    subject: &Subject,
    check: &Check<Fr>,
    derivation: &mut Derivation<'_, Fr>,
    used: &std::collections::HashSet<zkdkim_determinism::ranges::Support>,
    list: &Assertions,
    instance: Instance,
) -> Result<String, Option<String>> {
    if let Instance::Sum(id) = instance {
        return match Classifier::new(derivation).argument_is_open_without(id) {
            true => Ok("the sum of fractions is open, every lookup is void".to_owned()),
            false => Err(None),
        };
    }
    let without = check.without(instance);
    let again = derivation.again(&check.prepared, &check.start, without, used);
    let open: BTreeSet<_> = check.rest(&again).undetermined.into_iter().collect();
    if let Some(first) = open.first() {
        let name = subject.cell(check, *first);
        return Ok(format!("{} cells undetermined, {name} among them", open.len()));
    }
    let name = subject.instance_name(check, instance);
    let row = subject.statement.row_name(check.row(instance));
    match list.purpose(&name, &row) {
        None => Err(None),
        Some(Purpose::Redundant(reason)) => Err(Some(reason.clone())),
        Some(Purpose::Asserts(attack)) => {
            let row: usize =
                row.rsplit_once(' ').and_then(|(_, row)| row.parse().ok()).unwrap_or(0);
            let program = Program::new(check, &again);
            let candidates = attack::candidates(attack, row);
            if attack::only_this_fails(subject, check, &program, instance, &candidates) {
                Ok(format!("{attack} is accepted"))
            } else {
                Err(None)
            }
        }
    }
}
