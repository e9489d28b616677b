//! Leaves out every instance, one after the other: sharded, and resumed from a state file.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{
    drops::{Dropper, Figures, Named},
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

/// The whole lines of a state file; one that was cut off is left away.
fn read(path: &Path) -> Result<Vec<Entry>> {
    let Ok(file) = File::open(path) else { return Ok(Vec::new()) };
    let lines = BufReader::new(file).lines().collect::<Result<Vec<_>, _>>()?;
    Ok(lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// Leaves out each instance of a shard (the Ith of N) that the state file does not have, and adds it to the file.
///
/// # Errors
/// If the file cannot be read or written, or is of another circuit.
pub fn run(
    subject: &Subject,
    (number, of): (usize, usize),
    state: &Path,
    figures: &mut Figures,
) -> Result<()> {
    let check = subject.check();
    let mut dropper = Dropper::new(subject, &check);
    let instances = dropper.instances().to_vec();
    let mut done = HashSet::new();
    for entry in read(state)?.into_iter().filter(|entry| entry.instance.layout == subject.name) {
        let same = instances.get(entry.index).map(|i| dropper.named(*i));
        anyhow::ensure!(
            same.as_ref() == Some(&entry.instance),
            "{} is of another circuit: instance {} of layout {} is another one",
            state.display(),
            entry.index,
            subject.name
        );
        if entry.index % of == number - 1 && done.insert(entry.index) {
            figures.add_drop(entry.instance, &entry.verdict);
        }
    }
    let file = OpenOptions::new().create(true).append(true).open(state);
    let mut file = file.with_context(|| state.display().to_string())?;
    // Behind a line that was cut off.
    writeln!(file)?;
    for (index, instance) in instances.into_iter().enumerate().skip(number - 1).step_by(of) {
        if done.contains(&index) {
            continue;
        }
        let verdict = dropper.drop(instance);
        let instance = dropper.named(instance);
        if verdict == Verdict::Unnoticed {
            eprintln!("{}: NOT NOTICED: {} at {}", subject.name, instance.name, instance.place);
        }
        let entry = Entry { index, instance, verdict };
        // In one piece: the layouts share the file.
        file.write_all(format!("{}\n", serde_json::to_string(&entry)?).as_bytes())?;
        figures.add_drop(entry.instance, &entry.verdict);
    }
    Ok(())
}
