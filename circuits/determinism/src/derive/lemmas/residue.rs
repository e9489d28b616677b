//! Products of long numbers modulo a third.
//!
//! # Statement
//! Let a constraint check at a random point that `a·b − q·n − r = (X − B)·c` as polynomials whose coefficients are limbs
//! ([`crate::identities`]), so that its expanded equations are `V_j = c_(j−1) − B·c_j`. Cut the equations into groups and
//! add up each group with the powers of B. If in every group the sum of all terms, each in the range that its cells have,
//! lies strictly between −p and p, and if all groups together, weighted with the powers of B, are the integer polynomial
//! ±(a·b − q·n − r) in the limbs, every other cell cancelling, then a·b = q·n + r over the integers.
//!
//! *Proof.* Each group's sum is 0 mod p and below p in absolute value as an integer, so it is 0; add them up. ∎
//!
//! # What is chosen
//! With a, b, n determined, the residue of r mod n is; q and r are not, since r + n may fit the limbs as well. The lemma
//! marks their pieces as *chosen* ([`Rule::Chosen`]): a prover's free choice among representatives of one residue, no
//! more determined than a given cell. Nothing that matters may depend on it: its user has to check that no public
//! input does.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_integer::Integer;

use super::{conclude, About, Lemma, Progress};
use crate::{
    derive::Derivation,
    model::{Cell, Finding, Source},
    ranges::Support,
    rules::Rule,
    scalar::{integer, order, Scalar},
};

/// How a product gate reads its operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The advice column that holds evaluations.
    pub column: usize,
    /// Rows from the gate's to those of a, b, q, n and r.
    pub operands: [i32; 5],
    /// B is 2 to this power.
    pub limb_bits: u32,
    /// Equations in a group.
    pub group: usize,
}

/// The limbs of a, b, q, n and r, least first.
#[derive(Clone, Debug)]
pub struct Operands {
    /// Limbs; `None` is 0.
    pub limbs: [Vec<Option<Cell>>; 5],
    /// Bits of a limb.
    pub limb_bits: u32,
    /// The row of the gate.
    pub row: usize,
    /// For each limb of q and r that is virtual: the constraint that defines it.
    pub definitions: Vec<(Cell, u32)>,
}

pub(super) fn apply<F: Scalar>(
    d: &mut Derivation<'_, F>,
    spec: Option<&Spec>,
    progress: &mut Progress,
) -> bool {
    let Some(spec) = spec else { return false };
    let mut any = false;
    for (number, (of, equations)) in d.model.identities.expanded.iter().enumerate() {
        let Source::Gate { row, .. } = d.model.constraints[*of as usize].source else { continue };
        if progress.products.contains(&(number as u32))
            || equations.iter().any(|id| d.without.leaves_out(Support::Constraint(*id)))
        {
            continue;
        }
        let limbs = match operands(d, spec, row) {
            Ok(limbs) => limbs,
            Err(finding) => {
                progress.products.insert(number as u32);
                d.findings.push(finding);
                continue;
            }
        };
        let known = |i: usize| limbs[i].iter().flatten().all(|cell| d.known(*cell));
        if ![0, 1, 3].into_iter().all(known) {
            continue;
        }
        progress.products.insert(number as u32);
        match holds_over_the_integers(d, spec, equations, &limbs) {
            Ok(mut supports) => {
                supports.push(Support::Constraint(*of));
                supports.extend(equations.iter().map(|id| Support::Constraint(*id)));
                any |= choose(d, spec, row, limbs, supports);
            }
            Err(why) => {
                d.findings.push(Finding::at(row, format!("a product may be another one: {why}")))
            }
        }
    }
    any
}

/// The product whose gate stands in a row, by its place among all identities.
pub(crate) fn number_in_row<F: Scalar>(d: &Derivation<'_, F>, row: usize) -> Option<u32> {
    let number = d.model.identities.expanded.iter().position(|(of, _)| {
        let source = d.model.constraints[*of as usize].source;
        matches!(source, Source::Gate { row: own, .. } if own == row)
    });
    number.map(|number| number as u32)
}

/// Applies the lemma to the product whose gate stands in a row.
pub(super) fn apply_in_row<F: Scalar>(d: &mut Derivation<'_, F>, spec: &Spec, row: usize) {
    let own = number_in_row(d, row);
    let all = 0..d.model.identities.expanded.len() as u32;
    let others = all.filter(|number| Some(*number) != own);
    let mut progress = Progress { products: others.collect(), ..Progress::default() };
    apply(d, Some(spec), &mut progress);
}

/// The cells of the product in a row that have to have a range.
pub(crate) fn ranged<F: Scalar>(d: &Derivation<'_, F>, spec: &Spec, row: usize) -> BTreeSet<Cell> {
    let number = number_in_row(d, row);
    let equations = number.map(|number| &d.model.identities.expanded[number as usize].1);
    let sums = equations.and_then(|equations| groups(d, spec, equations).ok());
    let monomials = sums.into_iter().flatten().flat_map(|(sum, _)| sum.into_keys());
    monomials.flatten().collect()
}

type Limbs = [Vec<Option<Cell>>; 5];

fn operands<F: Scalar>(d: &Derivation<'_, F>, spec: &Spec, row: usize) -> Result<Limbs, Finding> {
    let model = d.model;
    let mut limbs: Limbs = Default::default();
    for (limbs, by) in limbs.iter_mut().zip(spec.operands) {
        let at = (row as i64 + i64::from(by)).rem_euclid(model.space.rows as i64) as usize;
        let cell = model.space.advice(spec.column, at);
        let form = model.identities.forms.get(&cell);
        let form = form.ok_or_else(|| Finding::at(row, "an operand is no polynomial in X"))?;
        for coefficient in form {
            let terms: Vec<_> = coefficient.terms().collect();
            limbs.push(match terms[..] {
                [] => None,
                [(monomial, one)] if one == F::ONE && monomial.len() == 1 => Some(monomial[0]),
                _ => return Err(Finding::at(row, "a coefficient of an operand is no limb")),
            });
        }
    }
    Ok(limbs)
}

type IntegerPoly = BTreeMap<Vec<Cell>, BigInt>;

/// The sum of each group of equations, and the weight of the group behind it.
fn groups<F: Scalar>(
    d: &Derivation<'_, F>,
    spec: &Spec,
    equations: &[u32],
) -> Result<Vec<(IntegerPoly, BigInt)>, String> {
    let base = BigInt::from(1) << spec.limb_bits;
    let sum_up = |group: &[u32]| {
        let mut sum = IntegerPoly::new();
        let mut weight = BigInt::from(1);
        for id in group {
            for (c, monomial) in &d.model.constraints[*id as usize].terms {
                let c = integer(*c).ok_or("a coefficient is no small integer")?;
                let mut monomial = monomial.to_vec();
                monomial.sort_unstable();
                *sum.entry(monomial).or_default() += &weight * c;
            }
            weight *= &base;
        }
        sum.retain(|_, c| *c != BigInt::default());
        Ok((sum, weight))
    };
    equations.chunks(spec.group.max(1)).map(sum_up).collect()
}

/// The supports of the ranges that show it, or why it may be wrong.
fn holds_over_the_integers<F: Scalar>(
    d: &Derivation<'_, F>,
    spec: &Spec,
    equations: &[u32],
    limbs: &Limbs,
) -> Result<Vec<Support>, String> {
    let p = BigInt::from(order::<F>());
    let mut nodes = BTreeSet::new();
    let mut total = IntegerPoly::new();
    let mut power = BigInt::from(1);
    for (number, (sum, weight)) in groups(d, spec, equations)?.into_iter().enumerate() {
        let (mut low, mut high) = (BigInt::default(), BigInt::default());
        for (monomial, c) in &sum {
            let (mut least, mut most) = (c.clone(), c.clone());
            for cell in monomial {
                let range = d.ranges.get(*cell).ok_or_else(|| {
                    let place = d.model.space.place(*cell);
                    format!("in group {number} cell {place:?} has no range")
                })?;
                nodes.extend(d.ranges.node(*cell));
                let ends = [
                    &least * range.low,
                    &least * range.high,
                    &most * range.low,
                    &most * range.high,
                ];
                least = ends.iter().min().expect("four").clone();
                most = ends.iter().max().expect("four").clone();
            }
            low += least;
            high += most;
        }
        if low <= -&p || high >= p {
            return Err(format!("the sum of group {number} may wrap around the field"));
        }
        for (monomial, c) in sum {
            *total.entry(monomial).or_default() += c * &power;
        }
        power *= &weight;
    }
    total.retain(|_, c| *c != BigInt::default());
    let expected = expected(spec, limbs);
    let negative = expected.iter().map(|(m, c)| (m.clone(), -c)).collect();
    if total != expected && total != negative {
        return Err("its equations do not add up to a·b − q·n − r".to_owned());
    }
    Ok(d.ranges.supports(nodes))
}

/// a·b − q·n − r in the limbs.
fn expected(spec: &Spec, [a, b, q, n, r]: &Limbs) -> IntegerPoly {
    let mut sum = IntegerPoly::new();
    let mut add = |monomial: &[Cell], limb: usize, sign: i32| {
        let mut monomial = monomial.to_vec();
        monomial.sort_unstable();
        *sum.entry(monomial).or_default() += BigInt::from(sign) << (spec.limb_bits as usize * limb);
    };
    for (left, right, sign) in [(a, b, 1), (q, n, -1)] {
        for (i, left) in left.iter().enumerate() {
            for (j, right) in right.iter().enumerate() {
                if let (Some(left), Some(right)) = (left, right) {
                    add(&[*left, *right], i + j, sign);
                }
            }
        }
    }
    for (i, limb) in r.iter().enumerate() {
        if let Some(limb) = limb {
            add(&[*limb], i, -1);
        }
    }
    sum.retain(|_, c| *c != BigInt::default());
    sum
}

/// Marks the pieces of q and r as chosen.
fn choose<F: Scalar>(
    d: &mut Derivation<'_, F>,
    spec: &Spec,
    row: usize,
    limbs: Limbs,
    supports: Vec<Support>,
) -> bool {
    let model = d.model;
    let mut cells = Vec::new();
    let mut definitions = Vec::new();
    for limb in limbs[2].iter().chain(&limbs[4]).flatten() {
        let defines = |id: &&u32| {
            let constraint = &model.constraints[**id as usize];
            constraint.source == Source::Definition
                && constraint.terms.last().is_some_and(|(_, m)| m[..] == [*limb])
        };
        match model.readers[*limb as usize].iter().find(defines) {
            Some(id) => {
                definitions.push((*limb, *id));
                let pieces = model.constraints[*id as usize].cells();
                cells.extend(pieces.into_iter().filter(|cell| cell != limb));
            }
            None => cells.push(*limb),
        }
    }
    let premises = [0, 1, 3].iter().flat_map(|i| limbs[*i].iter().flatten().copied()).collect();
    let operands = Operands { limbs, limb_bits: spec.limb_bits, row, definitions };
    let about = About::Product(Box::new(operands));
    conclude(
        d,
        Lemma {
            rule: Rule::Chosen,
            supports,
            premises,
            cells,
            concludes: Vec::new(),
            idle: Vec::new(),
            about,
        },
    )
}

/// The number with some limbs.
pub fn number(limbs: impl DoubleEndedIterator<Item = BigInt>, limb_bits: u32) -> BigInt {
    limbs.rev().fold(BigInt::default(), |sum, limb| (sum << limb_bits) + limb)
}

/// Quotient and remainder, both not negative; nothing for a modulus of zero.
pub fn divide(product: &BigInt, modulus: &BigInt) -> Option<(BigInt, BigInt)> {
    (*modulus != BigInt::default()).then(|| product.div_mod_floor(modulus))
}
