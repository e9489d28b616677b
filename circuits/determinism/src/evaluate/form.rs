//! What steps compute, prepared once: sums of products, and numbers that are cut into pieces.

use num_bigint::BigInt;

use super::Part;
use crate::{
    model::{Cell, Constraint},
    ranges::shifted,
    scalar::{element, integer, Scalar},
};

#[derive(Clone, Debug)]
enum Factor<F> {
    Plus,
    Minus,
    By(F),
}

type Product<F> = (Factor<F>, Box<[Cell]>);

/// A sum of products of cells.
#[derive(Clone, Debug)]
pub(super) struct Form<F>(Box<[Product<F>]>);

impl<F: Scalar> Form<F> {
    pub(super) fn new<'t>(terms: impl Iterator<Item = (F, &'t [Cell])>) -> Self {
        let term = |(c, monomial): (F, &[Cell])| match c {
            one if one == F::ONE => (Factor::Plus, monomial.into()),
            one if one == -F::ONE => (Factor::Minus, monomial.into()),
            by => (Factor::By(by), monomial.into()),
        };
        Self(terms.map(term).collect())
    }

    pub(super) fn value(&self, values: &[F]) -> F {
        let mut sum = F::ZERO;
        for (factor, monomial) in &self.0 {
            let mut product = match monomial.first() {
                Some(cell) => values[*cell as usize],
                None => F::ONE,
            };
            for cell in monomial.iter().skip(1) {
                product *= values[*cell as usize];
            }
            match factor {
                Factor::Plus => sum += product,
                Factor::Minus => sum -= product,
                Factor::By(by) => sum += product * by,
            }
        }
        sum
    }

    /// A cell that stands in a constraint alone, with a constant before it: what it is equal to.
    pub(super) fn solved(constraint: &Constraint<F>, cell: Cell) -> Option<Self> {
        let mut coefficient = F::ZERO;
        for (c, monomial) in constraint.terms.iter().filter(|(_, m)| m.contains(&cell)) {
            if monomial.len() > 1 {
                return None;
            }
            coefficient += c;
        }
        let scale: Option<F> = (-coefficient).invert().into();
        let scale = scale?;
        let others = constraint.terms.iter().filter(|(_, m)| !m.contains(&cell));
        Some(Self::new(others.map(|(c, monomial)| (*c * scale, &monomial[..]))))
    }
}

/// How a number is cut into parts, the greatest weight first.
#[derive(Clone, Debug)]
pub(super) struct Cutting {
    parts: Vec<(Cell, i128, i128, i128)>,
    /// By part: the least that the parts behind it add up to.
    least: Vec<i128>,
    /// By part: its bits in the number, where no two parts have one in common.
    masks: Option<Vec<u128>>,
}

impl Cutting {
    pub(super) fn new(parts: &[Part], weights: &[i128]) -> Self {
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(weights[*i]));
        let masks: Option<Vec<u128>> =
            order.iter().map(|i| shifted(&parts[*i].range, weights[*i])).collect();
        let disjoint = |masks: &Vec<u128>| {
            let mut all = 0;
            masks.iter().all(|mask| {
                let apart = all & mask == 0;
                all |= mask;
                apart
            })
        };
        let masks = masks.filter(disjoint);
        let part = |i: &usize| {
            let range = &parts[*i].range;
            (parts[*i].cell, weights[*i], range.low, range.high)
        };
        let parts: Vec<(Cell, i128, i128, i128)> = order.iter().map(part).collect();
        let behind = |i: usize| parts[i + 1..].iter().map(|(_, weight, low, _)| low * weight).sum();
        let least = (0..parts.len()).map(behind).collect();
        Self { parts, least, masks }
    }

    /// Writes the parts of a number. What is no sum of parts is cut all the same; then the constraint does not hold.
    pub(super) fn cut<F: Scalar>(&self, target: i128, values: &mut [F]) {
        let masks = self.masks.as_ref().filter(|_| target >= 0);
        let mut left = target;
        for (i, (cell, weight, low, high)) in self.parts.iter().enumerate() {
            let value = match masks {
                Some(masks) => ((target as u128 & masks[i]) >> weight.trailing_zeros()) as i128,
                None => (left - self.least[i]).div_euclid(*weight).clamp(*low, *high),
            };
            left -= value * weight;
            values[*cell as usize] = small(value);
        }
    }
}

/// A recomposition whose weights are constants.
#[derive(Clone, Debug)]
pub(super) struct Recomposition<F> {
    target: Form<F>,
    cutting: Cutting,
}

impl<F: Scalar> Recomposition<F> {
    pub(super) fn new(constraint: &Constraint<F>, parts: &[Part]) -> Option<Self> {
        let is_part = |cell: &Cell| parts.iter().any(|part| part.cell == *cell);
        let mut coefficients = vec![F::ZERO; parts.len()];
        for (c, monomial) in constraint.terms.iter().filter(|(_, m)| m.iter().any(is_part)) {
            let [own] = monomial[..] else { return None };
            coefficients[parts.iter().position(|part| part.cell == own)?] += c;
        }
        let (weights, scale) = weights(&coefficients)?;
        let others = constraint.terms.iter().filter(|(_, m)| !m.iter().any(is_part));
        let target = Form::new(others.map(|(c, monomial)| (-*c * scale, &monomial[..])));
        Some(Self { target, cutting: Cutting::new(parts, &weights) })
    }

    pub(super) fn write(&self, values: &mut [F]) {
        let target = integer(self.target.value(values)).unwrap_or(0);
        self.cutting.cut(target, values);
    }
}

/// Coefficients as positive integers, and what they are multiplied by for that.
pub(super) fn weights<F: Scalar>(coefficients: &[F]) -> Option<(Vec<i128>, F)> {
    coefficients.iter().find_map(|base| {
        let scale: Option<F> = base.invert().into();
        let scale = scale?;
        let weight = |k: &F| integer(*k * scale).filter(|k| *k > 0);
        Some((coefficients.iter().map(weight).collect::<Option<_>>()?, scale))
    })
}

/// The field element of an integer that is small most of the time.
fn small<F: Scalar>(value: i128) -> F {
    match u64::try_from(value) {
        Ok(value) => F::from(value),
        Err(_) => element(&BigInt::from(value)),
    }
}
