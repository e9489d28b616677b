//! An image with a bug planted in it, and what the bug touches.

use std::collections::BTreeSet;

use zkdkim_plonk::{halo2curves::ff::PrimeField, plonk::Expression};

use crate::{
    anchor::active_rows,
    image::{Cell, Constraint, End, Image},
    mutation::Mutation,
};

/// Fixed columns, selectors and rotations that an expression reads.
fn fixed_reads<F: PrimeField>(
    expression: &Expression<F>,
    fixed: &mut BTreeSet<(usize, i32)>,
    selectors: &mut BTreeSet<usize>,
) {
    match expression {
        Expression::Fixed(query) => {
            fixed.insert((query.column_index(), query.rotation().0));
        }
        Expression::Selector(selector) => {
            selectors.insert(selector.index());
        }
        Expression::Negated(a) | Expression::Scaled(a, _) => fixed_reads(a, fixed, selectors),
        Expression::Sum(a, b) | Expression::Product(a, b) => {
            fixed_reads(a, fixed, selectors);
            fixed_reads(b, fixed, selectors);
        }
        _ => {}
    }
}

impl<F: PrimeField> Image<F> {
    /// Plants a bug in place of the one before; `None` restores the circuit.
    pub fn plant(&mut self, mutation: Option<Mutation<F>>) {
        if let Some((old, before)) = self.planted.take() {
            self.exchange(old, before);
        }
        if let Some(new) = mutation {
            let before = match new {
                Mutation::Fixed { column, row, .. } => self.fixed[column][row],
                Mutation::Selector { .. } => F::ONE,
                _ => F::ZERO,
            };
            let planted = match new {
                Mutation::Fixed { value, .. } => value,
                _ => F::ZERO,
            };
            self.exchange(new, planted);
            self.planted = Some((new, before));
        }
    }

    /// The bug in effect; `None` where the circuit is as it was built.
    pub fn planted(&self) -> Option<Mutation<F>> {
        self.planted.map(|(mutation, _)| mutation)
    }

    fn exchange(&mut self, mutation: Mutation<F>, value: F) {
        match mutation {
            Mutation::Selector { selector, row } => {
                self.selectors[selector][row] = value != F::ZERO;
            }
            Mutation::Fixed { column, row, .. } => self.fixed[column][row] = value,
            _ => return,
        }
        for lookup in 0..self.lookups.len() {
            self.lookups[lookup].table = self.entries(&self.lookups[lookup].entries);
        }
    }

    pub(crate) fn leaves_out(&self, constraint: Constraint) -> bool {
        match (self.planted(), constraint) {
            (Some(Mutation::Polynomial(left_out)), Constraint::Gate { poly, .. }) => {
                left_out == poly
            }
            (Some(Mutation::Lookup(left_out)), Constraint::Lookup { lookup, .. }) => {
                left_out == lookup
            }
            (Some(Mutation::Copy(left_out)), Constraint::Copy(copy)) => left_out == copy,
            _ => false,
        }
    }

    /// The constraints that a bug leaves out or changes, where they are active.
    pub fn touched(&self, mutation: Mutation<F>) -> Vec<Constraint> {
        match mutation {
            Mutation::Polynomial(poly) => {
                let rows = active_rows(self, poly).into_iter();
                rows.map(|row| Constraint::Gate { poly, row }).collect()
            }
            Mutation::Lookup(lookup) => {
                (0..self.usable()).map(|row| Constraint::Lookup { lookup, row }).collect()
            }
            Mutation::Copy(copy) => vec![Constraint::Copy(copy)],
            Mutation::Selector { selector, row } => self.constraints_over(|fixed, selectors| {
                let _ = fixed;
                selectors.contains(&selector).then_some(row).into_iter().collect()
            }),
            Mutation::Fixed { column, row, .. } => {
                let mut touched = self.constraints_over(|fixed, _| {
                    let here = fixed.iter().filter(|(read, _)| *read == column);
                    here.map(|(_, rotation)| self.at(row, -rotation)).collect()
                });
                let copies = self.copies.iter().enumerate();
                let reads = |ends: &[End; 2]| ends.contains(&End::Fixed { column, row });
                touched.extend(
                    copies.filter(|(_, ends)| reads(ends)).map(|(i, _)| Constraint::Copy(i)),
                );
                touched
            }
        }
    }

    /// The constraints in the rows that `rows` names, for the fixed columns and selectors that they
    /// read. Tables are not among them.
    fn constraints_over(
        &self,
        rows: impl Fn(&BTreeSet<(usize, i32)>, &BTreeSet<usize>) -> Vec<usize>,
    ) -> Vec<Constraint> {
        let mut constraints = Vec::new();
        for (poly, p) in self.polys.iter().enumerate() {
            let (mut fixed, mut selectors) = (BTreeSet::new(), BTreeSet::new());
            fixed_reads(&p.expression, &mut fixed, &mut selectors);
            let rows = rows(&fixed, &selectors).into_iter();
            constraints.extend(rows.map(|row| Constraint::Gate { poly, row }));
        }
        for (lookup, l) in self.lookups.iter().enumerate() {
            let (mut fixed, mut selectors) = (BTreeSet::new(), BTreeSet::new());
            l.inputs.iter().for_each(|input| fixed_reads(input, &mut fixed, &mut selectors));
            let rows = rows(&fixed, &selectors).into_iter();
            constraints.extend(rows.map(|row| Constraint::Lookup { lookup, row }));
        }
        constraints
    }

    /// The advice cells that a constraint reads.
    pub fn cells_of(&self, constraint: Constraint) -> Vec<Cell> {
        match constraint {
            Constraint::Copy(copy) => {
                let ends = self.copies[copy].into_iter();
                let advice = ends.filter_map(|end| match end {
                    End::Advice(cell) => Some(cell),
                    _ => None,
                });
                advice.collect()
            }
            Constraint::Lookup { lookup, row } => {
                let reads = self.lookups[lookup].reads.iter();
                reads.map(|(column, by)| Cell { column: *column, row: self.at(row, *by) }).collect()
            }
            Constraint::Gate { poly, row } => self.read_by(poly, row),
        }
    }
}
