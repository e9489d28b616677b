//! What a derivation leaves open, by place and name, what is nearest to the bug first.

use zkdkim_determinism::{
    check::Check,
    derive::{Derivation, Instance},
};
use zkdkim_plonk::halo2curves::bn256::Fr;

use super::subject::Subject;

/// Problems of one sort that are listed one by one.
const LISTED: usize = 20;

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

/// Adds the first of a list, and how many more there are.
pub(super) fn shorten(mut list: Vec<String>, into: &mut Vec<String>) {
    let more = list.len().saturating_sub(LISTED);
    list.truncate(LISTED);
    into.extend(list);
    if more > 0 {
        into.push(format!("… and {more} more like the last"));
    }
}
