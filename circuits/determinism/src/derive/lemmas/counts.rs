//! How often entries are looked up, and the fractions of the argument.
//!
//! # Counts
//! If all tuples that are looked up in one kind of entries are determined, the multiplicity of an entry that no other
//! entry equals is: the weights of its tuple cancel, so it is the number of these tuples that equal it, as a field
//! element.
//!
//! # Fractions
//! `d·Π f_i = Σ N_i Π_(j≠i) f_j` with all tuples and numerators determined (tuples whose numerator is zero do not
//! count), the challenges the same and all cells of `d` but one determined: the last is, unless some f_i is 0 at γ, which
//! has probability below (number of fractions)/p.

use std::collections::{HashMap, HashSet};

use super::{conclude, About, Lemma};
use crate::{
    derive::Derivation,
    logup::Weight,
    model::{Cell, Component},
    ranges::Support,
    rules::Rule,
    scalar::Scalar,
};

pub(super) fn apply<F: Scalar>(d: &mut Derivation<'_, F>) -> bool {
    if d.model.argument.is_void || d.without.argument {
        return false;
    }
    let counted = counts(d);
    let fractions = fractions(d);
    counted || fractions
}

fn is_known<F: Scalar>(d: &Derivation<'_, F>, tuple: &[Component<F>]) -> bool {
    tuple.iter().flat_map(Component::cells).all(|cell| d.known(cell))
}

fn counts<F: Scalar>(d: &mut Derivation<'_, F>) -> bool {
    let argument = &d.model.argument;
    let open: HashSet<u64> = d
        .model
        .looked
        .iter()
        .filter(|looked| looked.native.is_none() && !is_known(d, &looked.tuple))
        .filter_map(|looked| d.model.tables[looked.table].kind)
        .collect();
    let mut cells = Vec::new();
    for (kind, entries) in &argument.entries {
        if open.contains(kind) {
            continue;
        }
        let entry = |id: &usize| argument.terms[*id].constants().expect("an entry");
        let mut seen: HashMap<Vec<F>, usize> = HashMap::new();
        entries.iter().for_each(|id| *seen.entry(entry(id)).or_default() += 1);
        let single = entries.iter().filter(|id| seen[&entry(id)] == 1);
        cells.extend(single.filter_map(|id| match argument.terms[*id].weight {
            Weight::Cell(_, cell) => Some(cell),
            _ => None,
        }));
    }
    cells.retain(|cell| !d.known(*cell));
    if cells.is_empty() {
        return false;
    }
    conclude(d, lemma(Rule::Count, cells))
}

fn lemma(rule: Rule, cells: Vec<Cell>) -> Lemma {
    Lemma {
        rule,
        supports: Vec::<Support>::new(),
        premises: Vec::new(),
        cells,
        concludes: Vec::new(),
        idle: Vec::new(),
        about: About::Counts,
    }
}

fn fractions<F: Scalar>(d: &mut Derivation<'_, F>) -> bool {
    let argument = &d.model.argument;
    let is_open = |cell: &Cell| !d.known(*cell);
    let term_is_known = |term: &crate::logup::Term<F>| match &term.weight {
        Weight::Constant(zero) if *zero == F::ZERO => true,
        Weight::Cell(_, weight) if is_open(weight) => false,
        Weight::Other(cells) if cells.iter().any(is_open) => false,
        _ => is_known(d, &term.tuple),
    };
    // Sums of which all fractions are known, by the open cells that they add.
    let mut open: Vec<Vec<Cell>> = Vec::with_capacity(argument.sums.len());
    let mut by_cell: HashMap<Cell, Vec<usize>> = HashMap::new();
    for sum in &argument.sums {
        let mut own: Vec<Cell> =
            sum.difference.iter().map(|(_, cell)| *cell).filter(is_open).collect();
        if own.is_empty() || !argument.terms[sum.terms.clone()].iter().all(term_is_known) {
            own.clear();
        }
        own.iter().for_each(|cell| by_cell.entry(*cell).or_default().push(open.len()));
        open.push(own);
    }
    // A running sum is followed from both of its ends.
    let mut todo: Vec<usize> = (0..open.len()).rev().filter(|sum| open[*sum].len() == 1).collect();
    let mut cells = Vec::new();
    while let Some(sum) = todo.pop() {
        let [cell] = open[sum][..] else { continue };
        cells.push(cell);
        for reader in by_cell.remove(&cell).unwrap_or_default() {
            open[reader].retain(|own| *own != cell);
            if open[reader].len() == 1 {
                todo.push(reader);
            }
        }
    }
    !cells.is_empty() && conclude(d, lemma(Rule::Fraction, cells))
}
