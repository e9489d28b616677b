//! What `scripts/soundness determinism` says of one layout.

use std::time::Instant;

use serde::Serialize;
use zkdkim_determinism::{
    check::Check,
    classify::{Class, Instance},
    derive::Derivation,
};
use zkdkim_plonk::halo2curves::bn256::Fr;

use super::{
    assertions::{Assertions, Purpose},
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
        cells: check.model.read_cells().len(),
        undetermined: rest.undetermined.len(),
        instances: 0,
        determines: 0,
        asserts: 0,
        redundant: 0,
        unclassified: 0,
        seconds: 0.0,
    };
    let mut spare = Vec::new();
    let mut unclassified = Vec::new();
    for (instance, class) in check.classify(&mut derivation) {
        figures.instances += 1;
        if class == Class::Determines {
            figures.determines += 1;
            continue;
        }
        let name = subject.instance_name(&check, instance);
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
        spare.push((name, row));
    }
    let present: std::collections::HashSet<&(String, String)> = spare.iter().collect();
    let missing = list
        .places()
        .filter(|(name, row, _)| !present.contains(&((*name).to_owned(), row.clone())));
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
    figures.seconds = (begin.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    Report { figures, problems, spare }
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
    // A cell of the first phase that few others follow from is nearest to the bug: the first rows come first.
    open.sort_by_key(|cell| (check.model.level(*cell), *cell as usize % check.model.space.rows));
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
