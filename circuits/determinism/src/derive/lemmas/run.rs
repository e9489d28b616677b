//! Runs of an automaton that no input leaves a choice.
//!
//! # Statement
//! Let tuples (state, symbol, next, output) of one table stand in a chain, the `next` cell of one being the `state` cell
//! of the following. Let all symbols be determined, the first and the last state be constants s and t, and let the table,
//! read as edges, have no word with two different runs from s to t. Then all states and outputs are determined.
//!
//! *Proof.* In both assignments the cells are a run from s to t over the same word; there is one. ∎
//!
//! # Premise
//! That no word has two runs is checked on the entries: among pairs of states that are reached from (s, s) by one word
//! and reach (t, t) by one word, each is of two equal states, and no step between such pairs is made by two edges
//! with different outputs.

use std::collections::{HashMap, HashSet};

use super::{conclude, About, Lemma, Progress};
use crate::{
    derive::Derivation,
    model::{Cell, Component, Finding},
    ranges::Support,
    rules::Rule,
    scalar::Scalar,
};

/// Which components of which kind of tuples are edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The kind of tuples.
    pub kind: u64,
    /// The component that holds the state before a symbol.
    pub state: usize,
    /// The component that holds the symbol.
    pub symbol: usize,
    /// The component that holds the state after it.
    pub next: usize,
    /// The component that holds the output.
    pub output: usize,
}

/// The tuples of a chain by the four cells of each: state, symbol, next and output.
pub(crate) struct Chain {
    pub(crate) tuples: Vec<u32>,
    pub(crate) cells: Vec<[Cell; 4]>,
}

pub(super) fn apply<F: Scalar>(
    d: &mut Derivation<'_, F>,
    specs: &[Spec],
    progress: &mut Progress,
) -> bool {
    let mut any = false;
    for (number, spec) in specs.iter().enumerate() {
        let Some(table) = d.model.tables.iter().position(|t| t.kind == Some(spec.kind)) else {
            continue;
        };
        for chain in chains(d, spec, table) {
            any |= conclude_chain(d, spec, table, chain, (number, progress));
        }
    }
    any
}

/// The chains of a table's tuples.
pub(crate) fn chains<F: Scalar>(d: &Derivation<'_, F>, spec: &Spec, table: usize) -> Vec<Chain> {
    let mut by_state: HashMap<Cell, (u32, [Cell; 4])> = HashMap::new();
    let mut followed = HashSet::new();
    for (id, looked) in d.model.looked.iter().enumerate() {
        if looked.table != table || d.without.leaves_out(Support::Looked(id as u32)) {
            continue;
        }
        let cell = |i: usize| match looked.tuple[i] {
            Component::Cell(cell) => Some(cell),
            _ => None,
        };
        let cells = [spec.state, spec.symbol, spec.next, spec.output].map(cell);
        if let [Some(state), Some(symbol), Some(next), Some(output)] = cells {
            by_state.insert(state, (id as u32, [state, symbol, next, output]));
            followed.insert(next);
        }
    }
    let mut starts: Vec<Cell> = by_state.keys().copied().collect();
    starts.retain(|state| !followed.contains(state));
    starts.sort_unstable();
    let walk = |start| {
        let mut chain = Chain { tuples: Vec::new(), cells: Vec::new() };
        let mut at: Cell = start;
        while let Some((id, cells)) = by_state.get(&at) {
            chain.tuples.push(*id);
            chain.cells.push(*cells);
            at = cells[2];
        }
        chain
    };
    starts.into_iter().map(walk).collect()
}

fn conclude_chain<F: Scalar>(
    d: &mut Derivation<'_, F>,
    spec: &Spec,
    table: usize,
    chain: Chain,
    (number, progress): (usize, &mut Progress),
) -> bool {
    let first = chain.cells[0][0];
    let last = chain.cells[chain.cells.len() - 1][2];
    let row = d.model.looked[chain.tuples[0] as usize].row;
    let results: Vec<Cell> = chain.cells.iter().flat_map(|c| [c[0], c[3]]).collect();
    let symbols: Vec<Cell> = chain.cells.iter().map(|c| c[1]).collect();
    if symbols.iter().any(|s| !d.known(*s)) || results.iter().all(|c| d.known(*c)) {
        return false;
    }
    if !progress.runs.insert((number, first)) {
        return false;
    }
    let (Some(from), Some(to)) = (d.constant(first), d.constant(last)) else {
        let what = "the first or the last state of a run is no constant";
        d.findings.push(Finding::at(row, what));
        return false;
    };
    let parts = [spec.state, spec.symbol, spec.next, spec.output];
    let edges: Vec<[F; 4]> =
        d.model.tables[table].entries.iter().map(|e| parts.map(|i| e[i])).collect();
    if let Some(why) = ambiguity(&edges, from, to) {
        d.findings.push(Finding::at(row, why));
        return false;
    }
    let ends = [first, last].into_iter().filter_map(|cell| match d.reason(cell)?.by {
        crate::derive::By::Constraint(id) => Some(Support::Constraint(id)),
        _ => None,
    });
    let mut supports: Vec<Support> = chain.tuples.iter().map(|id| Support::Looked(*id)).collect();
    supports.extend(ends);
    let mut premises = symbols;
    premises.extend([first, last]);
    let about = About::Run(chain.tuples, spec.clone());
    conclude(
        d,
        Lemma {
            rule: Rule::Run,
            supports,
            premises,
            cells: results,
            concludes: Vec::new(),
            idle: Vec::new(),
            about,
        },
    )
}

/// Why some word may have two runs from one state to another, or nothing.
pub fn ambiguity<F: Scalar>(edges: &[[F; 4]], from: F, to: F) -> Option<String> {
    let mut leaving: HashMap<F, Vec<&[F; 4]>> = HashMap::new();
    for edge in edges {
        leaving.entry(edge[0]).or_default().push(edge);
    }
    type Pair<F> = (F, F);
    let mut reached: HashSet<Pair<F>> = HashSet::from([(from, from)]);
    let mut backwards: HashMap<Pair<F>, Vec<Pair<F>>> = HashMap::new();
    let mut two_outputs: Vec<(Pair<F>, Pair<F>)> = Vec::new();
    let mut todo = vec![(from, from)];
    let none = Vec::new();
    while let Some(pair) = todo.pop() {
        let [left, right] = [pair.0, pair.1].map(|state| leaving.get(&state).unwrap_or(&none));
        for a in left {
            for b in right.iter().filter(|b| b[1] == a[1]) {
                let next = (a[2], b[2]);
                backwards.entry(next).or_default().push(pair);
                if pair.0 == pair.1 && a[2] == b[2] && a[3] != b[3] {
                    two_outputs.push((pair, next));
                }
                if reached.insert(next) {
                    todo.push(next);
                }
            }
        }
    }
    let mut useful: HashSet<Pair<F>> = HashSet::from([(to, to)]);
    let mut todo = vec![(to, to)];
    while let Some(pair) = todo.pop() {
        for before in backwards.get(&pair).into_iter().flatten() {
            if useful.insert(*before) {
                todo.push(*before);
            }
        }
    }
    if let Some((a, b)) = reached.iter().find(|pair| pair.0 != pair.1 && useful.contains(pair)) {
        return Some(format!("one word has runs through states {a:?} and {b:?}"));
    }
    let (pair, _) = two_outputs.iter().find(|(_, next)| useful.contains(next))?;
    Some(format!("one word has two outputs from state {:?}", pair.0))
}

#[cfg(test)]
mod tests {
    use zkdkim_plonk::halo2curves::bn256::Fr;

    use super::*;

    fn edges(list: &[[u64; 4]]) -> Vec<[Fr; 4]> {
        list.iter().map(|e| e.map(Fr::from)).collect()
    }

    #[test]
    fn two_runs_are_seen_only_where_both_arrive() {
        // 0 -a-> 1 and 0 -a-> 2; both go on to 3 with b.
        let both = edges(&[[0, 7, 1, 0], [0, 7, 2, 0], [1, 8, 3, 0], [2, 8, 3, 0]]);
        assert!(ambiguity(&both, Fr::from(0), Fr::from(3)).is_some());
        let one = edges(&[[0, 7, 1, 0], [0, 7, 2, 0], [1, 8, 3, 0], [2, 9, 3, 0]]);
        assert_eq!(ambiguity(&one, Fr::from(0), Fr::from(3)), None);
    }

    #[test]
    fn two_outputs_of_one_step_are_seen() {
        let list = edges(&[[0, 7, 1, 4], [0, 7, 1, 5]]);
        assert!(ambiguity(&list, Fr::from(0), Fr::from(1)).is_some());
    }
}
