//! Propagation over words of bits beside deriving again, on the statement's circuit.

use rand::{seq::SliceRandom, Rng};
use serde::Serialize;
use zkdkim_determinism::{classify::Class, derive::Instance, lanes::Lanes};

use super::{drops::Dropper, subject::Subject};

/// The figures of `scripts/soundness lanes` for one layout.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// `on-chain` or `quick`.
    pub layout: &'static str,
    /// Instances that were left out both ways.
    pub instances: usize,
    /// Both find cells open, the one that words of bits name among them.
    pub open: usize,
    /// Both find none.
    pub closed: usize,
    /// Deriving again finds cells open that words of bits do not see; no fault, but work.
    pub missed: usize,
    /// Instances that the classification calls spare: of none of them words of bits may name a cell.
    pub spare: usize,
    /// Words of bits name a cell that is determined.
    pub wrong: usize,
}

/// Compares one instance of each kind, drawn as in a sample, and `count` drawn from all.
pub fn run(
    subject: &Subject,
    count: usize,
    rng: &mut impl Rng,
    say: &mut dyn FnMut(String),
) -> Figures {
    let check = subject.check();
    let dropper = Dropper::new(subject, &check);
    let is_asked = |instance: &Instance| dropper.opens_the_sum(*instance).is_none();
    let kinds = dropper.kinds();
    let mut instances: Vec<Instance> = kinds.values().map(|list| dropper.draw(list, rng)).collect();
    instances.extend(dropper.instances().choose_multiple(rng, count));
    instances.retain(is_asked);
    let mut lanes = Lanes::new(&check, dropper.derivation());
    let named = lanes.open_without(&instances);
    let mut figures =
        Figures { layout: subject.name, instances: instances.len(), ..Figures::default() };
    for (instance, cell) in instances.into_iter().zip(named) {
        let again = check.drop(dropper.derivation(), instance, dropper.uses()).undetermined;
        match cell {
            Some(cell) if again.contains(&cell) => figures.open += 1,
            Some(cell) => {
                figures.wrong += 1;
                let named = dropper.named(instance);
                let cell = subject.cell(&check, cell);
                say(format!(
                    "{}: {} at {}: {cell} is determined",
                    subject.name, named.name, named.place
                ));
            }
            None if again.is_empty() => figures.closed += 1,
            None => figures.missed += 1,
        }
    }
    let classes = check.classify(&mut check.derive());
    let spare = classes.into_iter().filter(|(_, class)| *class == Class::Spare);
    let spare: Vec<Instance> = spare.map(|(instance, _)| instance).filter(is_asked).collect();
    figures.spare = spare.len();
    for (instance, cell) in spare.iter().zip(lanes.open_without(&spare)) {
        if let Some(cell) = cell {
            figures.wrong += 1;
            let named = dropper.named(*instance);
            let cell = subject.cell(&check, cell);
            say(format!("{}: {} at {} is spare: {cell}", subject.name, named.name, named.place));
        }
    }
    figures
}
