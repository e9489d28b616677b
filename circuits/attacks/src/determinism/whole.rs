//! Leaves out every instance: for most of them propagation over words of bits names a cell that is open
//! ([`zkdkim_determinism::lanes`]); the others are looked at one by one, and noted in a state file.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use zkdkim_determinism::{derive::Instance, lanes::Lanes};

use super::{
    drops::{Dropper, Figures, Named},
    spare::Spare,
    state,
    subject::Subject,
    verdict::Verdict,
};

/// A line of the state file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The place in the list of all instances of the layout, by row.
    pub index: usize,
    /// The instance.
    pub instance: Named,
    /// What became of it.
    pub verdict: Verdict,
}

/// What of all instances a run looks at, and where it notes that.
#[derive(Clone, Debug)]
pub struct Share {
    /// The Ith part of N, counted from 1.
    pub shard: (usize, usize),
    /// Of it, instances whose name contains this.
    pub only: Option<String>,
    /// The state file.
    pub state: Option<PathBuf>,
}

/// Leaves out each instance of a share. Those that are looked at one by one are added to the state file, if there is one,
/// and not looked at again if it has them.
///
/// # Errors
/// If the file cannot be read or written, or is of another circuit.
pub fn run(
    subject: &Subject,
    share: &Share,
    figures: &mut Figures,
    say: &mut dyn FnMut(String),
) -> Result<()> {
    let check = subject.check();
    let mut dropper = Dropper::new(subject, &check);
    let all = dropper.instances().to_vec();
    let (number, of) = share.shard;
    let named = |index: &usize| {
        share.only.as_ref().is_none_or(|text| dropper.named(all[*index]).name.contains(text))
    };
    let own: Vec<usize> = (number - 1..all.len()).step_by(of).filter(named).collect();
    let path = share.state.as_deref();
    let mut asked = Vec::new();
    for index in &own {
        match dropper.opens_the_sum(all[*index]) {
            Some(verdict) => figures.add_drop(dropper.named(all[*index]), &verdict),
            None => asked.push(*index),
        }
    }
    let instances: Vec<Instance> = asked.iter().map(|index| all[*index]).collect();
    let mut lanes = Lanes::new(&check, dropper.derivation());
    let open = lanes.open_without(&instances);
    let mut left = HashMap::new();
    for (index, cell) in asked.iter().zip(open) {
        match cell {
            Some(cell) => {
                let verdict = Verdict::Noticed(format!("{} is open", subject.cell(&check, cell)));
                figures.add_drop(dropper.named(all[*index]), &verdict);
            }
            None => drop(left.insert(all[*index], *index)),
        }
    }
    say(format!("{}: {} of {} noticed at once", subject.name, own.len() - left.len(), own.len()));
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for instance in left.keys() {
        *kinds.entry(dropper.named(*instance).name).or_default() += 1;
    }
    for (name, count) in kinds {
        say(format!("{}: to be looked at: {count} of `{name}`", subject.name));
    }
    let mut done = HashSet::new();
    for entry in path.map_or(Ok(Vec::new()), state::lines::<Entry>)? {
        if entry.instance.layout != subject.name {
            continue;
        }
        let instance = all.get(entry.index).copied();
        let same = instance.is_some_and(|i| dropper.named(i) == entry.instance);
        anyhow::ensure!(
            same,
            "the state file is of another circuit: instance {} of layout {} is another one",
            entry.index,
            subject.name
        );
        let instance = instance.expect("the same");
        if left.contains_key(&instance) && done.insert(instance) {
            figures.add_drop(entry.instance, &entry.verdict);
        }
    }
    let mut instances: Vec<Instance> =
        left.keys().copied().filter(|instance| !done.contains(instance)).collect();
    instances.sort_by_key(|instance| left[instance]);
    let mut file = path.map(state::append).transpose()?;
    let mut looked_at = 0;
    let mut note = |instance: Instance, named: Named, verdict: Verdict| -> Result<()> {
        if verdict == Verdict::Unnoticed {
            say(format!("{}: NOT NOTICED: {} at {}", subject.name, named.name, named.place));
        }
        let entry = Entry { index: left[&instance], instance: named, verdict };
        if let Some(file) = &mut file {
            state::write(file, &entry)?;
        }
        figures.add_drop(entry.instance, &entry.verdict);
        looked_at += 1;
        if looked_at % 500 == 0 {
            say(format!("{}: {looked_at} looked at", subject.name));
        }
        Ok(())
    };
    Spare::new(subject, &check).each(
        dropper.derivation(),
        &instances,
        &mut lanes,
        &mut |instance, verdict| {
            done.insert(instance);
            note(instance, dropper.named(instance), verdict)
        },
    )?;
    drop(lanes);
    for instance in instances.into_iter().filter(|instance| !done.contains(instance)) {
        let verdict = dropper.drop(instance);
        note(instance, dropper.named(instance), verdict)?;
    }
    Ok(())
}
