//! What each step of a program does.

use std::collections::HashMap;

use num_bigint::BigInt;

use super::{
    form::{weights, Cutting},
    sum, Part, Program,
};
use crate::{
    lemmas::{balance, residue, run},
    model::{Cell, Component, Constraint, Model, Source},
    rules::entry,
    scalar::{element, integer, lift, Scalar},
};

impl<F: Scalar> Program<'_, F> {
    /// The value of a cell that a constraint is linear in; nothing where its coefficient is zero.
    pub(super) fn solve(&self, constraint: u32, cell: Cell, values: &[F]) -> Option<F> {
        let (mut coefficient, mut rest) = (F::ZERO, F::ZERO);
        for (c, monomial) in &self.check.model.constraints[constraint as usize].terms {
            let mut product = *c;
            let mut own = false;
            for other in monomial.iter() {
                if *other == cell && !own {
                    own = true;
                } else {
                    product *= values[*other as usize];
                }
            }
            if own {
                coefficient += product;
            } else {
                rest += product;
            }
        }
        if coefficient == F::ONE {
            return Some(-rest);
        }
        if coefficient == -F::ONE {
            return Some(rest);
        }
        self.inverse(coefficient).map(|inverse| -rest * inverse)
    }

    /// The inverse, if there is one; circuits divide by few numbers, so they are kept.
    fn inverse(&self, of: F) -> Option<F> {
        const KEPT: usize = 1 << 16;
        let mut kept = self.inverses.borrow_mut();
        if let Some(inverse) = kept.get(&of) {
            return Some(*inverse);
        }
        let inverse: Option<F> = of.invert().into();
        if kept.len() < KEPT {
            kept.extend(inverse.map(|inverse| (of, inverse)));
        }
        inverse
    }

    pub(super) fn recompose(&self, parts: &[Part], constraint: u32, values: &mut [F]) {
        let terms = &self.check.model.constraints[constraint as usize].terms;
        let position = |cell: Cell| parts.iter().position(|part| part.cell == cell);
        let mut coefficients = vec![F::ZERO; parts.len()];
        let mut rest = F::ZERO;
        for (c, monomial) in terms {
            let mut product = *c;
            let mut own = None;
            for cell in monomial.iter() {
                match position(*cell) {
                    Some(i) if own.is_none() => own = Some(i),
                    _ => product *= values[*cell as usize],
                }
            }
            match own {
                Some(i) => coefficients[i] += product,
                None => rest += product,
            }
        }
        if let Some((weights, scale)) = weights(&coefficients) {
            let target = integer(-rest * scale).unwrap_or(0);
            Cutting::new(parts, &weights).cut(target, values);
        }
    }

    pub(super) fn component(&self, component: &Component<F>, values: &[F]) -> F {
        match component {
            Component::Constant(value) => *value,
            Component::Cell(cell) => values[*cell as usize],
            Component::Poly(terms) => sum(terms, values),
        }
    }

    pub(super) fn tuple(&self, tuple: &[Component<F>], values: &[F]) -> Vec<F> {
        tuple.iter().map(|component| self.component(component, values)).collect()
    }

    /// Writes what the entry says that agrees with what is known; whether there is one.
    pub(super) fn look_up(&self, looked: u32, known: u64, values: &mut [F]) -> bool {
        let looked = &self.check.model.looked[looked as usize];
        let table = &self.check.model.tables[looked.table];
        let components = looked.tuple.iter().enumerate();
        let mut key = self.key.borrow_mut();
        key.clear();
        let given = components.clone().filter(|(i, _)| known >> i & 1 == 1);
        key.extend(given.map(|(_, component)| self.component(component, values)));
        let found = entry(table, known, &key);
        for (i, component) in components {
            if let (Component::Cell(cell), 0) = (component, known >> i & 1) {
                values[*cell as usize] = found.map_or(F::ZERO, |entry| entry[i]);
            }
        }
        found.is_some()
    }

    /// The run over the symbols; where there is none, one that goes as far as the symbols allow.
    pub(super) fn find_run(
        &self,
        tuples: &[u32],
        spec: &run::Spec,
        edges: &Edges<F>,
        values: &mut [F],
    ) {
        let model = &self.check.model;
        let cell = |tuple: u32, i: usize| match model.looked[tuple as usize].tuple[i] {
            Component::Cell(cell) => cell as usize,
            _ => unreachable!("a chain is of cells"),
        };
        let leaving = |state: F, symbol: F| edges.get(&(state, symbol)).map_or(&[][..], |e| e);
        let first = values[cell(tuples[0], spec.state)];
        let last = values[cell(tuples[tuples.len() - 1], spec.next)];
        let mut layers: Vec<Vec<F>> = vec![vec![first]];
        for tuple in tuples {
            let symbol = values[cell(*tuple, spec.symbol)];
            let mut reached = Vec::new();
            for state in &layers[layers.len() - 1] {
                for (next, _) in leaving(*state, symbol) {
                    if !reached.contains(next) {
                        reached.push(*next);
                    }
                }
            }
            layers.push(reached);
        }
        let length = layers.iter().rposition(|layer| !layer.is_empty()).unwrap_or(0);
        let arrives = length == tuples.len() && layers[length].contains(&last);
        let mut at = if arrives { last } else { layers[length].first().copied().unwrap_or(first) };
        for (i, tuple) in tuples.iter().enumerate().take(length).rev() {
            let symbol = values[cell(*tuple, spec.symbol)];
            let step = layers[i].iter().find_map(|state| {
                let mut own = leaving(*state, symbol).iter();
                own.find(|(next, _)| *next == at).map(|(_, output)| (*state, *output))
            });
            let Some((state, output)) = step else { return };
            if i > 0 {
                values[cell(*tuple, spec.state)] = state;
            }
            values[cell(*tuple, spec.output)] = output;
            at = state;
        }
        for tuple in tuples.iter().skip(length) {
            values[cell(*tuple, spec.output)] = F::ZERO;
        }
    }

    /// Quotient and remainder of a product.
    pub(super) fn divide(
        &self,
        operands: &residue::Operands,
        has_remainder: bool,
        values: &mut [F],
    ) {
        let bits = operands.limb_bits;
        let number = |i: usize, values: &[F]| {
            let limbs = operands.limbs[i].iter().map(|limb| {
                let value = limb.map_or(F::ZERO, |cell| self.virtual_value(cell, values));
                BigInt::from(lift(value))
            });
            residue::number(limbs.collect::<Vec<_>>().into_iter(), bits)
        };
        let product = number(0, values) * number(1, values);
        let modulus = number(3, values);
        let (quotient, remainder) = if has_remainder {
            let rest = number(4, values);
            (residue::divide(&(&product - &rest), &modulus).map(|(q, _)| q), None)
        } else {
            residue::divide(&product, &modulus).map_or((None, None), |(q, r)| (Some(q), Some(r)))
        };
        for (operand, value) in [(2, quotient), (4, remainder)] {
            let mut value = value.unwrap_or_default().max(BigInt::default());
            if operand == 4 && has_remainder {
                continue;
            }
            for limb in &operands.limbs[operand] {
                let low: BigInt = &value % (BigInt::from(1) << bits);
                value >>= bits;
                if let Some(limb) = limb {
                    self.write_limb(*limb, element(&low), values);
                }
            }
        }
    }

    /// A cell's value; that of a virtual cell from its definition.
    fn virtual_value(&self, cell: Cell, values: &[F]) -> F {
        let model = &self.check.model;
        if cell < model.space.first_virtual() {
            return values[cell as usize];
        }
        let definition = model.readers[cell as usize]
            .iter()
            .find(|id| is_definition_of(&model.constraints[**id as usize], cell));
        definition.and_then(|id| self.solve(*id, cell, values)).unwrap_or(F::ZERO)
    }

    /// Writes a limb and the pieces that it is made of.
    fn write_limb(&self, limb: Cell, value: F, values: &mut [F]) {
        values[limb as usize] = value;
        if let Some((definition, parts)) = self.limbs.get(&limb) {
            self.recompose(parts, *definition, values);
        }
    }
}

/// Next state and output, by state and symbol.
pub(super) type Edges<F> = HashMap<(F, F), Vec<(F, F)>>;

/// The edges of the automaton that a chain of tuples runs on.
pub(super) fn edges<F: Scalar>(model: &Model<F>, tuples: &[u32], spec: &run::Spec) -> Edges<F> {
    let table = &model.tables[model.looked[tuples[0] as usize].table];
    let mut edges = Edges::new();
    for entry in &table.entries {
        let own = edges.entry((entry[spec.state], entry[spec.symbol])).or_default();
        own.push((entry[spec.next], entry[spec.output]));
    }
    edges
}

fn is_definition_of<F: Scalar>(constraint: &Constraint<F>, cell: Cell) -> bool {
    constraint.source == Source::Definition
        && constraint.terms.last().is_some_and(|(_, monomial)| monomial[..] == [cell])
}

/// Gives each run the bytes of its fields, in order of positions, as far as they fit.
pub(super) fn move_bytes<F: Scalar>(plan: &balance::Plan, values: &mut [F]) {
    let small = |x: i128| element::<F>(&BigInt::from(x));
    let mut emitted: Vec<(i128, i128, F)> = plan
        .emitters
        .iter()
        .map(|e| {
            (e.position, integer(values[e.field as usize]).unwrap_or(0), values[e.byte as usize])
        })
        .collect();
    emitted.sort_by_key(|(position, ..)| *position);
    for run in plan.runs.iter().filter(|run| run.exact) {
        let mut own = emitted.iter().filter(|(_, field, _)| run.fields.contains(field));
        let first = own.clone().next().map_or(0, |(position, ..)| *position);
        for (i, taker) in run.rows.iter().enumerate() {
            let taken = own.next();
            values[taker.flag as usize] = small(i128::from(taken.is_some()));
            values[taker.byte as usize] = taken.map_or(F::ZERO, |(_, _, byte)| *byte);
            values[taker.position as usize] = small(first + i as i128);
            if let Some(field) = taker.field {
                values[field as usize] = small(taken.map_or(run.fields[0], |(_, field, _)| *field));
            }
        }
    }
}
