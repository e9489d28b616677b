//! What cells can hold without some constraints or tuples: taken back, looked at again, and put back.
//!
//! # Statement
//! Let the ranges be settled. Then [`Ranges::leave_out`] leaves each cell a range that lies within the one that
//! [`Ranges::new`] would find without the same constraints.
//!
//! *Proof.* The rules are monotone: narrower ranges of what they read give narrower ranges. What is left when all that
//! rests on the constraints is taken back holds without them, so it lies above the greatest fixed point of the rules
//! without them; from there the rules that read a cell that was touched are applied until none of them adds anything, and
//! the others added nothing before. What nothing narrows any more lies below the greatest fixed point, by Tarski, so
//! it is that point; [`Ranges::new`] begins at the top and narrows by the same rules, so it ends there or above. ∎

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Prepared, Range, Ranges, Support, NONE};
use crate::{derive::Without, model::Cell};

/// Which steps and rules rest on what, and which rules read a cell.
pub(crate) struct Index {
    steps: HashMap<Support, Vec<u32>>,
    uses: Vec<Vec<u32>>,
    tables: HashMap<Cell, Vec<u32>>,
    roots: HashMap<Cell, Vec<u32>>,
    linear: HashMap<u32, u32>,
}

impl Index {
    /// Of ranges as they are when nothing is left out.
    pub(crate) fn new(ranges: &Ranges, prepared: &Prepared) -> Self {
        let by_cell = |list: &[(u32, Cell, Range)]| {
            let mut by: HashMap<Cell, Vec<u32>> = HashMap::new();
            for (i, (_, cell, _)) in list.iter().enumerate() {
                by.entry(*cell).or_default().push(i as u32);
            }
            by
        };
        let linear = prepared.linear.iter().enumerate().map(|(i, linear)| (linear.id, i as u32));
        Self {
            steps: ranges.by_support(),
            uses: ranges.uses(),
            tables: by_cell(&prepared.tables),
            roots: by_cell(&prepared.roots),
            linear: linear.collect(),
        }
    }
}

/// What was taken back.
pub(crate) struct Absence {
    nodes: usize,
    before: HashMap<Cell, u32>,
}

/// Rounds in which rules are looked at again; few are enough, or it is given up.
const ROUNDS: usize = 64;

impl Ranges {
    /// Leaves out constraints and tuples until [`Self::restore`] is called; with it the cells that can hold more than before.
    /// Nothing where that does not settle soon; then nothing is left out.
    pub(crate) fn leave_out(
        &mut self,
        prepared: &Prepared,
        index: &Index,
        without: &Without,
    ) -> Option<(Absence, Vec<Cell>)> {
        let mut absence = Absence { nodes: self.nodes.len(), before: HashMap::new() };
        let steps = without.supports().filter_map(|support| index.steps.get(&support));
        let mut todo: Vec<u32> = steps.flatten().copied().collect();
        let mut void: HashSet<u32> = todo.iter().copied().collect();
        while let Some(step) = todo.pop() {
            todo.extend(index.uses[step as usize].iter().filter(|step| void.insert(**step)));
        }
        for step in &void {
            let cell = self.nodes[*step as usize].cell;
            absence.before.entry(cell).or_insert(self.current[cell as usize]);
        }
        let touched: BTreeSet<Cell> = absence.before.keys().copied().collect();
        for cell in &touched {
            self.current[*cell as usize] =
                self.but_for(*cell, &void).map_or(NONE, |(_, node)| node);
        }
        let of_void = void.iter().filter_map(|step| match self.nodes[*step as usize].by {
            Support::Constraint(id) => index.linear.get(&id).copied(),
            Support::Looked(_) => None,
        });
        let mut rules: BTreeSet<u32> = of_void.collect();
        for cell in &touched {
            rules.extend(prepared.readers.get(cell).into_iter().flatten());
            let starts = [(&index.tables, &prepared.tables), (&index.roots, &prepared.roots)];
            for (i, (by, list)) in starts.into_iter().enumerate() {
                for at in by.get(cell).into_iter().flatten() {
                    let (id, cell, range) = &list[*at as usize];
                    let by = if i == 0 { Support::Looked(*id) } else { Support::Constraint(*id) };
                    if !without.leaves_out(by) {
                        self.narrow(*cell, range, by, Vec::new());
                    }
                }
            }
        }
        if !self.look_again(prepared, without, rules, &mut absence) {
            self.restore(&absence);
            return None;
        }
        let range = |node: u32| (node != NONE).then(|| &self.nodes[node as usize].range);
        let moved = absence
            .before
            .iter()
            .filter(|(cell, before)| range(**before) != range(self.current[**cell as usize]));
        let moved = moved.map(|(cell, _)| *cell).collect();
        Some((absence, moved))
    }

    /// Applies rules until none adds anything; false if that takes too long.
    fn look_again(
        &mut self,
        prepared: &Prepared,
        without: &Without,
        mut rules: BTreeSet<u32>,
        absence: &mut Absence,
    ) -> bool {
        let mut changed = Vec::new();
        for _ in 0..ROUNDS {
            for rule in &rules {
                let linear = &prepared.linear[*rule as usize];
                if !without.leaves_out(Support::Constraint(linear.id)) {
                    self.apply(linear, &mut changed);
                }
            }
            if changed.is_empty() {
                return true;
            }
            for cell in changed.drain(..) {
                let before = self.nodes[self.current[cell as usize] as usize].before;
                absence.before.entry(cell).or_insert(before);
                rules.extend(prepared.readers.get(&cell).into_iter().flatten());
            }
        }
        false
    }

    /// Puts back what was taken.
    pub(crate) fn restore(&mut self, absence: &Absence) {
        for (cell, node) in &absence.before {
            self.current[*cell as usize] = *node;
        }
        self.nodes.truncate(absence.nodes);
    }
}
