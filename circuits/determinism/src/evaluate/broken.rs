//! What does not hold in a witness.

use std::collections::{BTreeSet, HashMap};

use super::{sum, Broken, Program};
use crate::{logup::Weight, model::Source, scalar::Scalar};

impl<F: Scalar> Program<'_, F> {
    /// What does not hold among everything that the first phase says: constraints over cells of level 0, the equations
    /// of identities (named by the constraint that checks them), tuples of tables, and weights that have to cancel.
    pub fn broken(&self, values: &[F]) -> BTreeSet<Broken> {
        let mut all = BTreeSet::new();
        self.each_broken(values, &mut |broken| {
            all.insert(broken);
            true
        });
        all
    }

    /// Whether all of that holds.
    pub fn holds(&self, values: &[F]) -> bool {
        self.each_broken(values, &mut |_| false)
    }

    /// Calls `go_on` with what does not hold until it says no; returns whether it never did.
    pub fn each_broken(&self, values: &[F], go_on: &mut dyn FnMut(Broken) -> bool) -> bool {
        let constraints = 0..self.check.model.constraints.len() as u32;
        let looked = 0..self.check.model.looked.len() as u32;
        self.constraints(constraints, values, go_on)
            && self.lookups(looked, values, go_on)
            && self.balances(values, go_on)
    }

    pub(super) fn constraints(
        &self,
        ids: impl Iterator<Item = u32>,
        values: &[F],
        go_on: &mut dyn FnMut(Broken) -> bool,
    ) -> bool {
        for id in ids {
            let constraint = &self.check.model.constraints[id as usize];
            let named = match constraint.source {
                Source::Definition => continue,
                Source::Expanded { of } => of,
                _ => id,
            };
            let holds = constraint.level > 0 || sum(&constraint.terms, values) == F::ZERO;
            if !holds && !go_on(Broken::Constraint(named)) {
                return false;
            }
        }
        true
    }

    pub(super) fn lookups(
        &self,
        ids: impl Iterator<Item = u32>,
        values: &[F],
        go_on: &mut dyn FnMut(Broken) -> bool,
    ) -> bool {
        let model = &self.check.model;
        let every = |table: &crate::model::Table<F>| table.functional(u64::MAX);
        let tables: Vec<_> = model.tables.iter().map(every).collect();
        let mut tuple = Vec::new();
        for id in ids {
            let looked = &model.looked[id as usize];
            tuple.clear();
            tuple.extend(looked.tuple.iter().map(|component| self.component(component, values)));
            let holds = tables[looked.table].as_ref().is_some_and(|t| t.contains_key(&tuple[..]));
            if !holds && !go_on(Broken::Looked(id)) {
                return false;
            }
        }
        true
    }

    pub(super) fn balances(&self, values: &[F], go_on: &mut dyn FnMut(Broken) -> bool) -> bool {
        let argument = &self.check.model.argument;
        for (kind, terms) in &argument.balanced {
            let mut weights: HashMap<Vec<F>, F> = HashMap::new();
            for id in terms {
                let term = &argument.terms[*id];
                let weight = match &term.weight {
                    Weight::Constant(weight) => *weight,
                    Weight::Cell(by, cell) => *by * values[*cell as usize],
                    Weight::Other(_) => F::ZERO,
                };
                if weight != F::ZERO {
                    *weights.entry(self.tuple(&term.tuple, values)).or_insert(F::ZERO) += weight;
                }
            }
            let holds = weights.values().all(|weight| *weight == F::ZERO);
            if !holds && !go_on(Broken::Balance(*kind)) {
                return false;
            }
        }
        true
    }
}
