//! Cells that have one value in all assignments, whichever of several constraints says so first.
//!
//! A derivation notes a constant only where the step that determines the cell shows it. Without an instance another step
//! comes first, and its constant counts. So here every constant is noted that some step could show: a superset of the
//! constants of every derivation that leaves something out.

use std::collections::{BTreeSet, HashMap};

use crate::{
    derive::{Derivation, Without},
    model::{Cell, Component, Constraint},
    ranges::Support,
    scalar::Scalar,
};

/// All of them.
pub(super) fn constants<F: Scalar>(d: &Derivation<'_, F>) -> HashMap<Cell, F> {
    let model = d.model;
    let mut found = d.constants().clone();
    let constraints = (0..model.constraints.len() as u32).map(Support::Constraint);
    let looked = (0..model.looked.len() as u32).map(Support::Looked);
    let mut todo: Vec<Support> = constraints.chain(looked).collect();
    while let Some(support) = todo.pop() {
        let new = match support {
            Support::Constraint(id) => {
                root(&model.constraints[id as usize], &found).into_iter().collect()
            }
            Support::Looked(id) => entry(d, id, &found),
        };
        for (cell, value) in new {
            if found.insert(cell, value).is_none() {
                let readers = model.readers[cell as usize].iter();
                todo.extend(readers.map(|id| Support::Constraint(*id)));
                let readers = model.looked_readers[cell as usize].iter();
                todo.extend(readers.map(|id| Support::Looked(*id)));
            }
        }
    }
    found
}

/// The constants of a superset that only a constraint or tuple that is left out shows: no other one of their readers says
/// what they are, whatever the rest is.
pub(super) fn lost<F: Scalar>(
    d: &Derivation<'_, F>,
    without: &Without,
    found: &mut HashMap<Cell, F>,
) -> Vec<(Cell, F)> {
    let model = d.model;
    let mut lost = Vec::new();
    let mut cells: BTreeSet<Cell> = BTreeSet::new();
    for support in without.supports() {
        match support {
            Support::Constraint(id) => cells.extend(model.constraints[id as usize].cells()),
            Support::Looked(id) => {
                let tuple = &model.looked[id as usize].tuple;
                cells.extend(tuple.iter().flat_map(Component::cells));
            }
        }
    }
    for cell in cells {
        let Some(value) = found.remove(&cell) else { continue };
        let constraints = model.readers[cell as usize].iter().map(|id| Support::Constraint(*id));
        let looked = model.looked_readers[cell as usize].iter().map(|id| Support::Looked(*id));
        let mut others = constraints.chain(looked).filter(|support| !without.leaves_out(*support));
        let is_shown = others.any(|support| match support {
            Support::Constraint(id) => root(&model.constraints[id as usize], found).is_some(),
            Support::Looked(id) => entry(d, id, found).iter().any(|(own, _)| *own == cell),
        });
        if is_shown {
            found.insert(cell, value);
        } else {
            lost.push((cell, value));
        }
    }
    lost
}

/// The value of the only cell of a constraint that is no constant yet, where that is linear in it.
fn root<F: Scalar>(constraint: &Constraint<F>, found: &HashMap<Cell, F>) -> Option<(Cell, F)> {
    let mut unknown = None;
    let (mut coefficient, mut rest) = (F::ZERO, F::ZERO);
    for (c, monomial) in &constraint.terms {
        let (mut product, mut own) = (*c, false);
        for cell in monomial.iter() {
            match found.get(cell) {
                Some(value) => product *= value,
                None if own || unknown.is_some_and(|unknown| unknown != *cell) => return None,
                None => {
                    own = true;
                    unknown = Some(*cell);
                }
            }
        }
        if own {
            coefficient += product;
        } else {
            rest += product;
        }
    }
    let inverse: Option<F> = coefficient.invert().into();
    Some((unknown?, -rest * inverse?))
}

/// The other components of the entry that a tuple's constants say.
fn entry<F: Scalar>(d: &Derivation<'_, F>, id: u32, found: &HashMap<Cell, F>) -> Vec<(Cell, F)> {
    let looked = &d.model.looked[id as usize];
    let table = &d.model.tables[looked.table];
    let (mut known, mut key, mut open) = (0u64, Vec::new(), Vec::new());
    for (i, component) in looked.tuple.iter().enumerate() {
        let value = match component {
            Component::Constant(value) => Some(*value),
            Component::Cell(cell) => found.get(cell).copied(),
            Component::Poly(_) => None,
        };
        match (value, component) {
            (Some(value), _) => {
                known |= 1 << i;
                key.push(value);
            }
            (None, Component::Cell(cell)) => open.push((*cell, i)),
            _ => {}
        }
    }
    if open.is_empty() {
        return Vec::new();
    }
    let entries = table.functional(known);
    let entry = entries.as_ref().and_then(|entries| entries.get(&key));
    let value = |(cell, i)| Some((cell, table.entries[*entry?][i]));
    open.into_iter().filter_map(value).collect()
}
