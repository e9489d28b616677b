//! Constraints that the others imply, as far as propagation can tell.
//!
//! # Statement
//! Take a derivation without a constraint. If [`implied`] names a reason, the constraint holds in every assignment that
//! satisfies the others.
//!
//! *Proof.* *Constants*: a cell with a constant value has it in every such assignment; with these values put in, nothing
//! of the polynomial is left. *Two values*: what is left is a polynomial in one cell u, and u follows by the rule *zero or
//! not* ([`crate::rules`]) from `A·u = 0` and `k·u + A·(…) + C = 0` with a constant C: where A is not zero, u is 0, and
//! where it is, u is −C/k. Both are roots. ∎

use std::collections::BTreeMap;

use crate::{
    derive::{By, Derivation},
    model::Cell,
    poly::Poly,
    rules::Rule,
    scalar::Scalar,
};

/// Why a constraint that a derivation leaves out holds all the same.
pub fn implied<F: Scalar>(d: &Derivation<'_, F>, constraint: u32) -> Option<&'static str> {
    let left = with_constants(d, constraint);
    if left.is_empty() {
        return Some("other constraints make its cells constants that satisfy it");
    }
    let cells: std::collections::BTreeSet<Cell> =
        left.terms().flat_map(|(monomial, _)| monomial.iter().copied()).collect();
    let [cell] = cells.into_iter().collect::<Vec<_>>()[..] else { return None };
    let values = two_values(d, cell)?;
    let value = |x: F| -> F {
        left.terms().map(|(monomial, c)| c * x.pow_vartime([monomial.len() as u64])).sum()
    };
    let holds = values.into_iter().all(|x| value(x) == F::ZERO);
    holds.then_some("other constraints leave its cell two values, both of which satisfy it")
}

/// A constraint's polynomial, constants put in.
fn with_constants<F: Scalar>(d: &Derivation<'_, F>, constraint: u32) -> Poly<F> {
    let mut left = Poly::default();
    for (c, monomial) in &d.model.constraints[constraint as usize].terms {
        let mut coefficient = *c;
        let mut others = Vec::new();
        for cell in monomial.iter() {
            match d.constant(*cell) {
                Some(value) => coefficient *= value,
                None => others.push(*cell),
            }
        }
        left.add_term(others, coefficient);
    }
    left
}

/// The values that the rule *zero or not* leaves a cell.
fn two_values<F: Scalar>(d: &Derivation<'_, F>, cell: Cell) -> Option<[F; 2]> {
    let reason = d.reason(cell).filter(|reason| reason.rule == Rule::ZeroOrNot)?;
    let (By::Constraint(product), Some(other)) = (reason.by, reason.also) else { return None };
    // `A·u = 0`: every term has the cell.
    let factors = with_constants(d, product);
    if factors.terms().any(|(monomial, _)| !monomial.contains(&cell)) {
        return None;
    }
    let mut a = Poly::default();
    for (monomial, c) in factors.terms() {
        let mut rest = monomial.clone();
        rest.remove(rest.iter().position(|own| *own == cell)?);
        a.add_term(rest, c);
    }
    // `k·u + A·(…) + C`: what is neither k·u nor C is a multiple of A.
    let (mut k, mut constant) = (F::ZERO, F::ZERO);
    let mut multiples: BTreeMap<Cell, Poly<F>> = BTreeMap::new();
    let mut rest = Poly::default();
    for (monomial, c) in with_constants(d, other).terms() {
        match &monomial[..] {
            [] => constant += c,
            [own] if *own == cell => k += c,
            _ => rest.add_term(monomial.clone(), c),
        }
    }
    // The factor beside A is one cell that is read in each of these terms.
    let beside = rest.terms().next().map(|(monomial, _)| monomial.clone())?;
    for factor in beside {
        let mut quotient = Poly::default();
        for (monomial, c) in rest.terms() {
            let mut others = monomial.clone();
            let Some(at) = others.iter().position(|own| *own == factor) else { continue };
            others.remove(at);
            quotient.add_term(others, c);
        }
        if quotient.len() == rest.len() {
            multiples.insert(factor, quotient);
        }
    }
    let divides = multiples.values().any(|quotient| quotient.ratio(&a).is_some());
    let inverse: Option<F> = k.invert().into();
    divides.then_some([F::ZERO, -constant * inverse?])
}
