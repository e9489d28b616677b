//! What `scripts/soundness determinism` says of one layout.

use std::{collections::HashMap, time::Instant};

use serde::Serialize;
use zkdkim_determinism::{classify::Class, derive::Instance, evaluate::Program};

use super::{
    assertions::{Assertions, Purpose},
    attack::{self, Outcome},
    compare,
    open::{open_cells, shorten},
    subject::{row_number, Subject},
};

/// The figures of one layout, one JSON object.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// `on-chain` or `quick`.
    pub layout: &'static str,
    /// Cells that some constraint reads.
    pub cells: usize,
    /// Those that are neither determined nor explained by a rule.
    pub undetermined: usize,
    /// Gates in each row in which they say something, copies, and rows of the lookup argument.
    pub instances: usize,
    /// Without it some cell is not determined.
    pub determines: usize,
    /// It asserts something about determined cells, with an attack on file.
    pub asserts: usize,
    /// Others say the same, with a reason on file.
    pub redundant: usize,
    /// None of these.
    pub unclassified: usize,
    /// Attacks on what is asserted that were made by machine.
    pub attacks: usize,
    /// Those that their instance alone stops.
    pub attacks_stopped: usize,
    /// Headers whose public inputs, or refusal, were compared with the native reference.
    pub headers: usize,
    /// Those of which the circuit says something else.
    pub differences: usize,
    /// Time it took.
    pub seconds: f64,
}

/// Figures, and everything that is wrong, by place and name.
pub struct Report {
    /// The figures.
    pub figures: Figures,
    /// What is undecided or missing; empty where all is well.
    pub problems: Vec<String>,
    /// Instances without which every cell is determined, by name and row.
    pub spare: Vec<(String, String)>,
}

/// Headers that are compared on the way.
const HEADERS: usize = 10;

/// Checks one layout.
pub fn report(subject: &Subject) -> Report {
    let begin = Instant::now();
    let check = subject.check();
    let mut derivation = check.derive();
    let mut problems = open_cells(subject, &check, &derivation);
    let rest = check.rest(&derivation);
    let list = Assertions::read();
    let mut figures = Figures {
        layout: subject.name,
        cells: check.read.len(),
        undetermined: rest.undetermined.len(),
        instances: 0,
        determines: 0,
        asserts: 0,
        redundant: 0,
        unclassified: 0,
        attacks: 0,
        attacks_stopped: 0,
        headers: 0,
        differences: 0,
        seconds: 0.0,
    };
    let mut spare = Vec::new();
    let mut by_place = HashMap::new();
    let mut unclassified = Vec::new();
    for (instance, class) in check.classify(&mut derivation) {
        figures.instances += 1;
        let name = subject.instance_name(&check, instance);
        if class == Class::Determines {
            let row = subject.statement.row_name(check.row(instance));
            // A way round that is too long for the local test: `drops --all` has found it, or made the attack.
            match list.purpose(&name, &row) {
                Some(Purpose::Asserts(_)) => figures.asserts += 1,
                Some(Purpose::Redundant(_)) => figures.redundant += 1,
                None => figures.determines += 1,
            }
            if list.has(&name) {
                by_place.insert((name, row), instance);
            }
            continue;
        }
        let row = subject.statement.row_name(check.row(instance));
        match list.purpose(&name, &row) {
            Some(Purpose::Asserts(_)) => figures.asserts += 1,
            Some(Purpose::Redundant(_)) => figures.redundant += 1,
            None => {
                figures.unclassified += 1;
                let place = subject.instance_place(&check, instance);
                unclassified.push(format!("unclassified: `{name}` at {place}"));
            }
        }
        by_place.insert((name.clone(), row.clone()), instance);
        spare.push((name, row));
    }
    let missing = list
        .places()
        .filter(|(name, row, _)| !by_place.contains_key(&((*name).to_owned(), row.clone())));
    let missing: Vec<String> = missing
        .map(|(name, row, purpose)| match purpose {
            Purpose::Asserts(attack) => {
                format!("missing: `{name}` at {row}, which stops `{attack}`")
            }
            Purpose::Redundant(_) => format!("missing: `{name}` at {row}, which is redundant"),
        })
        .collect();
    shorten(unclassified, &mut problems);
    shorten(missing, &mut problems);
    let is_open = problems.iter().any(|problem| problem.starts_with("undetermined"));
    if !is_open {
        let program = Program::new(&check, &derivation);
        let mut attacked = Vec::new();
        let uses = derivation.uses(&check.prepared);
        for (attack, row) in attack::PLACES {
            figures.attacks += 1;
            let instance = on_file(&by_place, &list, (attack, row));
            // Where the derivation rests on the instance, the attack has to be made without it.
            let again = instance.filter(|own| derivation.rests_on(*own)).map(|instance| {
                derivation.again(&check.prepared, &check.start, check.without(instance), &uses)
            });
            let without = again.as_ref().map(|again| Program::new(&check, again));
            let candidates = attack::candidates(attack, row);
            let program = without.as_ref().unwrap_or(&program);
            match attack::outcome(subject, &check, program, instance, &candidates) {
                Outcome::StoppedByItAlone => figures.attacks_stopped += 1,
                Outcome::Accepted => attacked.push(format!("accepted: {attack} (row {row})")),
                Outcome::Other => {
                    let what = "is stopped by other constraints than the one on file, or by none";
                    attacked.push(format!("`{attack}` (row {row}) {what} that it would need"));
                }
            }
        }
        let mut say = |line: String| attacked.push(format!("another function: {line}"));
        let compared = compare::run(subject, &check, &program, (HEADERS, 1), None, &mut say);
        let compared = compared.expect("no file to read or write");
        figures.headers = compared.headers;
        figures.differences = compared.differences;
        problems.extend(attacked);
    }
    figures.seconds = (begin.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    Report { figures, problems, spare }
}

/// The instance that should stop an attack at a row.
fn on_file(
    by_place: &HashMap<(String, String), Instance>,
    list: &Assertions,
    (attack, row): (&str, usize),
) -> Option<Instance> {
    let purpose = Purpose::Asserts(attack.to_owned());
    let mut places =
        list.places().filter(|(_, place, own)| **own == purpose && row_number(place) == row);
    places.find_map(|(name, place, _)| by_place.get(&(name.to_owned(), place)).copied())
}
