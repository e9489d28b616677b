//! What `scripts/soundness determinism` says of one layout.

use std::{collections::HashMap, time::Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::Serialize;
use zkdkim_determinism::{
    check::Check,
    classify::{Class, Instance},
    derive::Derivation,
    evaluate::Program,
};
use zkdkim_plonk::halo2curves::bn256::Fr;

use super::{
    assertions::{Assertions, Purpose},
    attack::{self, Outcome},
    compare,
    drops::row_number,
    subject::Subject,
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

/// Problems of one sort that are listed one by one.
const LISTED: usize = 20;

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
            figures.determines += 1;
            if list.has(&name) {
                let row = subject.statement.row_name(check.row(instance));
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
        let used = derivation.ranges.used();
        for (attack, row) in attack::PLACES {
            figures.attacks += 1;
            let instance = on_file(&by_place, &list, (attack, row));
            // Where the derivation rests on the instance, the attack has to be made without it.
            let again = instance.filter(|own| derivation.rests_on(*own)).map(|instance| {
                derivation.again(&check.prepared, &check.start, check.without(instance), &used)
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
        let rng = ChaCha20Rng::seed_from_u64(1);
        let mut say = |line: String| attacked.push(format!("another function: {line}"));
        let compared = compare::run(subject, &check, &program, HEADERS, rng, &mut say);
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

/// What the derivation could not decide.
pub fn open_cells(
    subject: &Subject,
    check: &Check<Fr>,
    derivation: &Derivation<'_, Fr>,
) -> Vec<String> {
    let mut problems: Vec<String> =
        check.findings(derivation).iter().map(|f| subject.finding(f)).collect();
    let outputs = check.outputs.iter().filter(|cell| !derivation.known(**cell));
    problems.extend(outputs.map(|cell| format!("open: {}", subject.cell(check, *cell))));
    if check.outputs.len() != zkdkim_circuits::statement::PUBLIC_INPUTS {
        problems.push(format!("{} public inputs are tied to cells", check.outputs.len()));
    }
    let mut open = check.rest(derivation).undetermined;
    // A cell of the first phase in an early row is nearest to the bug; multiplicities, which no gate reads, only follow.
    open.sort_by_key(|cell| {
        let model = &check.model;
        let is_read = !model.readers[*cell as usize].is_empty();
        (model.level(*cell), !is_read, *cell as usize % model.space.rows, *cell)
    });
    let open = open.into_iter().map(|cell| {
        let readers = &check.model.readers[cell as usize];
        let names = readers
            .iter()
            .take(2)
            .map(|id| format!("`{}`", subject.instance_name(check, Instance::Constraint(*id))));
        let names: Vec<String> = names.collect();
        format!("undetermined: {} (read by {})", subject.cell(check, cell), names.join(", "))
    });
    shorten(open.collect(), &mut problems);
    let [read, unread] = subject.unread_changes(check);
    let name = |place| subject.place(Some(place));
    let read = read.into_iter().map(|p| format!("listed as unread, but read: {}", name(p)));
    shorten(read.collect(), &mut problems);
    let unread = unread.into_iter().map(|p| format!("read by nothing any more: {}", name(p)));
    shorten(unread.collect(), &mut problems);
    problems
}

fn shorten(mut list: Vec<String>, into: &mut Vec<String>) {
    let more = list.len().saturating_sub(LISTED);
    list.truncate(LISTED);
    into.extend(list);
    if more > 0 {
        into.push(format!("… and {more} more like the last"));
    }
}
