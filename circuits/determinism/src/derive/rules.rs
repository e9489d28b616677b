//! The rules of propagation, each with its proof.
//!
//! *Determined* means: equal in any two assignments that the statement in [`crate::derive`] speaks of. In each proof
//! primes mark the second assignment, and p is the order of the field.
//!
//! # Linear
//! `k·u + B = 0` where k is a non-zero constant (of the constraint, or of cells that are proven constant) and B reads
//! determined cells only: u = −B/k. Copies are of this form, and Poseidon's rows.
//!
//! # Recomposition
//! `Σ k_i u_i + B = 0`, B determined, and after division by one of the coefficients all k_i are positive integers. Each
//! u_i has a range of width w_i, and Σ k_i w_i < 2^126 < p. Then `Σ k_i (u_i − u_i′)` is zero mod p and below p in absolute
//! value, so zero. (a) If each k_i is above the sum of the k_j w_j of all smaller ones, the greatest i with
//! u_i ≠ u_i′ could not be balanced by the rest. (b) If the k_i are powers of two and the masks of the u_i, shifted by
//! them, disjoint, then Σ k_i u_i has no carries: each u_i is some of its bits. Either way u_i = u_i′. Interval and mask
//! are read from the gates and tables as they are ([`crate::ranges`]); pieces that overlap, or weights that wrap around
//! p, satisfy neither (a) nor (b).
//!
//! # Table
//! A tuple is in a table, and no two different entries agree in all components that are determined here: the others are
//! those of the one entry. It is used both ways, from a word to its spread form and back.
//!
//! # Zero or not
//! `A·u + B = 0` with A, B determined, and another constraint `k·u + Σ A·k_j·m_j + C = 0` with k a non-zero constant, C
//! determined, and every monomial m_j that is not determined multiplied by a multiple of A (the inverse of an is-zero
//! gadget). A has one value in both assignments. Where it is not zero, u = −B/A; where it is, u = −C/k.

use std::collections::BTreeMap;

use crate::{
    derive::Derivation,
    model::{Cell, Component, Constraint},
    poly::Poly,
    ranges::{shifted, Support},
    scalar::{integer, Scalar},
};

/// How a cell is determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It is given.
    Given,
    /// One unknown with a constant coefficient.
    Linear,
    /// Several unknowns of bounded size.
    Recomposition,
    /// An entry of a table.
    Table,
    /// A case distinction on whether the coefficient is zero.
    ZeroOrNot,
    /// See [`crate::lemmas::run`].
    Run,
    /// See [`crate::lemmas::balance`].
    Balance,
    /// See [`crate::lemmas::residue`]: not determined, but chosen.
    Chosen,
    /// See [`crate::lemmas::counts`].
    Count,
    /// See [`crate::lemmas::counts`].
    Fraction,
}

/// What a constraint or a tuple determines now.
pub struct Step<F> {
    /// The cells.
    pub cells: Vec<Cell>,
    /// The rule.
    pub rule: Rule,
    /// A second constraint that it uses.
    pub also: Option<u32>,
    /// Steps of ranges that it uses.
    pub nodes: Vec<u32>,
    /// The value, if it is a constant.
    pub value: Option<F>,
}

/// More unknowns than this are not looked at.
const UNKNOWNS: usize = 14;

/// Widths add up to less than 2 to this power.
pub(crate) const WIDTH_BITS: u32 = 126;

/// Applies the rules to one constraint or tuple.
pub fn apply<F: Scalar>(derivation: &Derivation<'_, F>, support: Support) -> Option<Step<F>> {
    match support {
        Support::Constraint(id) => constraint(derivation, id),
        Support::Looked(id) => looked(derivation, id),
    }
}

fn constraint<F: Scalar>(d: &Derivation<'_, F>, id: u32) -> Option<Step<F>> {
    let constraint = &d.model.constraints[id as usize];
    let unknown = unknowns(d, constraint)?;
    let allowed = unknown.iter().all(|u| d.model.level(*u) == constraint.level);
    if unknown.is_empty() || !allowed {
        return None;
    }
    match unknown[..] {
        [u] => match coefficient(d, constraint, u) {
            Some(k) => linear(d, constraint, u, k),
            None => zero_or_not(d, id, constraint, u),
        },
        _ => recomposition(d, constraint, unknown),
    }
}

/// The cells that are not determined, if they are few.
fn unknowns<F: Scalar>(d: &Derivation<'_, F>, constraint: &Constraint<F>) -> Option<Vec<Cell>> {
    let mut unknown: Vec<Cell> = Vec::new();
    for (_, monomial) in &constraint.terms {
        for cell in monomial.iter() {
            if !d.known(*cell) && !unknown.contains(cell) {
                unknown.push(*cell);
                if unknown.len() > UNKNOWNS {
                    return None;
                }
            }
        }
    }
    Some(unknown)
}

/// A product of constants; `None` if a factor is none.
fn product<F: Scalar>(
    d: &Derivation<'_, F>,
    by: F,
    cells: impl Iterator<Item = Cell>,
) -> Option<F> {
    cells.into_iter().try_fold(by, |product, cell| Some(product * d.constant(cell)?))
}

/// The coefficient of a cell, if the constraint is linear in it and the coefficient a constant.
fn coefficient<F: Scalar>(d: &Derivation<'_, F>, constraint: &Constraint<F>, u: Cell) -> Option<F> {
    let mut sum = F::ZERO;
    for (c, monomial) in &constraint.terms {
        match monomial.iter().filter(|cell| **cell == u).count() {
            0 => {}
            1 => sum += product(d, *c, monomial.iter().copied().filter(|cell| *cell != u))?,
            _ => return None,
        }
    }
    Some(sum)
}

fn linear<F: Scalar>(
    d: &Derivation<'_, F>,
    constraint: &Constraint<F>,
    u: Cell,
    k: F,
) -> Option<Step<F>> {
    let inverse: Option<F> = k.invert().into();
    let inverse = inverse?;
    let others = constraint.terms.iter().filter(|(_, monomial)| !monomial.contains(&u));
    let rest = others
        .map(|(c, monomial)| product(d, *c, monomial.iter().copied()))
        .try_fold(F::ZERO, |sum, term| Some(sum + term?));
    let value = rest.map(|rest| -rest * inverse);
    Some(Step { cells: vec![u], rule: Rule::Linear, also: None, nodes: Vec::new(), value })
}

fn zero_or_not<F: Scalar>(
    d: &Derivation<'_, F>,
    id: u32,
    constraint: &Constraint<F>,
    u: Cell,
) -> Option<Step<F>> {
    let a = cofactor(constraint, u)?;
    let says = |other: &u32| {
        let left_out = d.without.leaves_out(Support::Constraint(*other));
        let other_constraint = &d.model.constraints[*other as usize];
        *other != id
            && !left_out
            && other_constraint.level == constraint.level
            && is_linear_where_zero(&|cell| d.known(cell), other_constraint, u, &a)
    };
    let also = d.model.readers[u as usize].iter().copied().find(says)?;
    Some(Step {
        cells: vec![u],
        rule: Rule::ZeroOrNot,
        also: Some(also),
        nodes: Vec::new(),
        value: None,
    })
}

/// What a constraint multiplies u by; nothing where a power of it stands there.
pub(crate) fn cofactor<F: Scalar>(constraint: &Constraint<F>, u: Cell) -> Option<Poly<F>> {
    let mut a = Poly::default();
    for (c, monomial) in &constraint.terms {
        match monomial.iter().filter(|cell| **cell == u).count() {
            0 => {}
            1 => {
                let rest = monomial.iter().copied().filter(|cell| *cell != u).collect();
                a.add_term(rest, *c);
            }
            _ => return None,
        }
    }
    Some(a)
}

/// Whether a constraint is linear in u alone, with a constant coefficient, wherever `a` is zero.
pub(crate) fn is_linear_where_zero<F: Scalar>(
    known: &dyn Fn(Cell) -> bool,
    constraint: &Constraint<F>,
    u: Cell,
    a: &Poly<F>,
) -> bool {
    // By monomial of unknowns: what it is multiplied by.
    let mut factors: BTreeMap<Vec<Cell>, Poly<F>> = BTreeMap::new();
    for (c, monomial) in &constraint.terms {
        let (unknown, known): (Vec<Cell>, Vec<Cell>) =
            monomial.iter().partition(|cell| !known(**cell));
        if !unknown.is_empty() {
            factors.entry(unknown).or_default().add_term(known, *c);
        }
    }
    let own = factors.remove(&vec![u]).and_then(|own| own.as_constant());
    own.is_some_and(|own| own != F::ZERO)
        && factors.values().all(|factor| factor.ratio(a).is_some())
}

fn recomposition<F: Scalar>(
    d: &Derivation<'_, F>,
    constraint: &Constraint<F>,
    unknown: Vec<Cell>,
) -> Option<Step<F>> {
    let products = constraint
        .terms
        .iter()
        .any(|(_, monomial)| monomial.iter().filter(|cell| unknown.contains(cell)).count() > 1);
    if products {
        return None;
    }
    let coefficients: Vec<F> =
        unknown.iter().map(|u| coefficient(d, constraint, *u)).collect::<Option<_>>()?;
    let ranges: Vec<_> = unknown.iter().map(|u| d.range(*u)).collect::<Option<_>>()?;
    let weights = coefficients.iter().find_map(|base| {
        let inverse: Option<F> = base.invert().into();
        let inverse = inverse?;
        let weight = |k: &F| integer(*k * inverse).filter(|k| *k > 0);
        coefficients.iter().map(weight).collect::<Option<Vec<i128>>>()
    })?;
    let nodes = ranges.iter().map(|(_, node)| *node).collect();
    let mut parts: Vec<_> =
        weights.into_iter().zip(ranges.into_iter().map(|(range, _)| range)).collect();
    parts.sort_by_key(|(weight, _)| *weight);
    let mut total = 0u128;
    let mut bits = 0u128;
    let (mut increasing, mut disjoint) = (true, true);
    for (weight, range) in &parts {
        increasing &= *weight as u128 > total;
        let width = range.high.checked_sub(range.low).filter(|width| *width >= 0)? as u128;
        total = total.checked_add(width.checked_mul(*weight as u128)?)?;
        match shifted(range, *weight) {
            Some(shifted) if shifted & bits == 0 => bits |= shifted,
            _ => disjoint = false,
        }
    }
    if total >= 1 << WIDTH_BITS || !(increasing || disjoint) {
        return None;
    }
    Some(Step { cells: unknown, rule: Rule::Recomposition, also: None, nodes, value: None })
}

fn looked<F: Scalar>(d: &Derivation<'_, F>, id: u32) -> Option<Step<F>> {
    let looked = &d.model.looked[id as usize];
    let mut known = 0u64;
    let mut unknown = Vec::new();
    let mut constants = Vec::new();
    let mut level = 0;
    for (i, component) in looked.tuple.iter().enumerate() {
        let cells = component.cells();
        level = cells.iter().map(|cell| d.model.level(*cell)).fold(level, u8::max);
        if cells.iter().all(|cell| d.known(*cell)) {
            known |= 1 << i;
            constants.push(match component {
                Component::Constant(value) => Some(*value),
                Component::Cell(cell) => d.constant(*cell),
                Component::Poly(_) => None,
            });
        } else if let Component::Cell(cell) = component {
            unknown.push((*cell, i));
        }
    }
    unknown.retain(|(cell, _)| d.model.level(*cell) == level);
    if unknown.is_empty() {
        return None;
    }
    let table = &d.model.tables[looked.table];
    let entries = table.functional(known)?;
    let value = match (&unknown[..], constants.into_iter().collect::<Option<Vec<F>>>()) {
        ([(_, i)], Some(key)) => entries.get(&key).map(|entry| table.entries[*entry][*i]),
        _ => None,
    };
    let cells = unknown.into_iter().map(|(cell, _)| cell).collect();
    Some(Step { cells, rule: Rule::Table, also: None, nodes: Vec::new(), value })
}

/// The entry of a table whose known components are `key`.
pub fn entry<'t, F: Scalar>(
    table: &'t crate::model::Table<F>,
    known: u64,
    key: &[F],
) -> Option<&'t [F]> {
    let entries = table.functional(known)?;
    entries.get(key).map(|entry| &table.entries[*entry][..])
}
