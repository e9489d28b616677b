//! A gate read as a sum of fractions.

use super::Spec;
use crate::{
    layout::Expr,
    model::{normal_form, CHALLENGE},
    poly::{Monomial, Poly},
    scalar::Scalar,
};

/// The form of a gate, over its local variables.
#[derive(Clone, Debug)]
pub(crate) struct Split<F> {
    pub(super) difference: Vec<(F, u32)>,
    /// Numerators, and components by power of θ.
    pub(super) parts: Vec<(Poly<F>, Vec<Poly<F>>)>,
}

impl<F> Split<F> {
    /// Whether the gate says nothing in this row.
    pub(crate) fn is_empty(&self) -> bool {
        self.difference.is_empty() && self.parts.is_empty()
    }
}

type Leaf<'a, F> = &'a dyn Fn(&Expr<F>) -> Poly<F>;

/// The addends of a sum, with constant factors taken out.
fn addends<'e, F: Scalar>(
    expr: &'e Expr<F>,
    leaf: Leaf<'_, F>,
    by: F,
    into: &mut Vec<(F, &'e Expr<F>)>,
) {
    let constant = |e: &Expr<F>| match e {
        Expr::Fixed(_) | Expr::Selector(_) | Expr::Constant(_) => leaf(e).as_constant(),
        _ => None,
    };
    match expr {
        _ if by == F::ZERO => {}
        Expr::Sum(a, b) => {
            addends(a, leaf, by, into);
            addends(b, leaf, by, into);
        }
        Expr::Negated(a) => addends(a, leaf, -by, into),
        Expr::Scaled(a, scale) => addends(a, leaf, by * scale, into),
        Expr::Product(a, b) => match (constant(a), constant(b)) {
            (Some(value), _) => addends(b, leaf, by * value, into),
            (_, Some(value)) => addends(a, leaf, by * value, into),
            _ => into.push((by, expr)),
        },
        _ => into.push((by, expr)),
    }
}

/// The factors of a product that are no constants; returns the constant one.
fn factors<F: Scalar>(expr: &Expr<F>, leaf: Leaf<'_, F>, into: &mut Vec<Poly<F>>) -> F {
    match expr {
        Expr::Product(a, b) => factors(a, leaf, into) * factors(b, leaf, into),
        Expr::Negated(a) => -factors(a, leaf, into),
        Expr::Scaled(a, by) => factors(a, leaf, into) * by,
        _ => {
            let poly = normal_form(expr, leaf);
            poly.as_constant().unwrap_or_else(|| {
                into.push(poly);
                F::ONE
            })
        }
    }
}

/// The components of `γ + Σ θ^j c_j`, if a factor has that form and no other challenge.
fn components<F: Scalar>(factor: &Poly<F>, spec: &Spec) -> Option<Vec<Poly<F>>> {
    let [theta, gamma] = [spec.theta, spec.gamma].map(|c| CHALLENGE + c as u32);
    let mut components = vec![Poly::default(); spec.width];
    for (monomial, coefficient) in factor.terms() {
        if monomial[..] == [gamma] {
            continue;
        }
        let power = monomial.iter().filter(|v| **v == theta).count();
        let rest: Monomial = monomial.iter().copied().filter(|v| *v != theta).collect();
        if rest.iter().any(|v| *v >= CHALLENGE) {
            return None;
        }
        components.get_mut(power)?.add_term(rest, coefficient);
    }
    (factor.coefficient(&[gamma]) == F::ONE).then_some(components)
}

/// Reads a gate as `d · Π f_i − Σ N_i Π_(j≠i) f_j`; `late` says which variables are committed after the challenges.
pub(crate) fn split<F: Scalar>(
    expr: &Expr<F>,
    leaf: Leaf<'_, F>,
    spec: &Spec,
    late: &dyn Fn(u32) -> bool,
) -> Option<Split<F>> {
    let whole = normal_form(expr, leaf);
    if whole.is_empty() {
        return Some(Split { difference: Vec::new(), parts: Vec::new() });
    }
    let reads_late = |poly: &Poly<F>| {
        poly.terms().any(|(monomial, _)| monomial.iter().any(|v| *v < CHALLENGE && late(*v)))
    };
    let mut list = Vec::new();
    addends(expr, leaf, F::ONE, &mut list);
    let mut found = None;
    for (by, addend) in list {
        let mut parts = Vec::new();
        let constant = factors(addend, leaf, &mut parts) * by;
        if constant == F::ZERO {
            continue;
        }
        if let Some(at) = parts.iter().position(&reads_late) {
            let difference = parts.remove(at).scaled(constant);
            if found.is_some() || parts.iter().any(&reads_late) {
                return None;
            }
            found = Some((difference, parts));
        }
    }
    let (difference, denominators) = found?;
    let linear = |(monomial, _): (&Monomial, F)| monomial.len() == 1 && monomial[0] < CHALLENGE;
    if !difference.terms().all(linear) {
        return None;
    }
    let tuples: Vec<_> = denominators.iter().map(|f| components(f, spec)).collect::<Option<_>>()?;
    let product = |skip: usize| {
        let kept = denominators.iter().enumerate().filter(|(i, _)| *i != skip);
        kept.fold(Poly::constant(F::ONE), |product, (_, f)| product.times(f))
    };
    let mut rest = difference.times(&product(usize::MAX));
    rest.add(&whole.scaled(-F::ONE));
    let others: Vec<Poly<F>> = (0..denominators.len()).map(product).collect();
    let gamma = CHALLENGE + spec.gamma as u32;
    let numerators = numerators(&rest, &others, gamma)?;
    if numerators.iter().any(|n| n.terms().any(|(m, _)| m.iter().any(|v| *v >= CHALLENGE))) {
        return None;
    }
    let difference = difference.terms().map(|(m, c)| (c, m[0])).collect();
    Some(Split { difference, parts: numerators.into_iter().zip(tuples).collect() })
}

/// The N_i with `rest = Σ N_i others_i`, where `others_i` is monic in γ: the coefficient of the highest power of γ is
/// their sum, so its terms are dealt out in every way until the identity holds.
fn numerators<F: Scalar>(rest: &Poly<F>, others: &[Poly<F>], gamma: u32) -> Option<Vec<Poly<F>>> {
    let count = others.len();
    let holds = |numerators: &[Poly<F>]| {
        let mut sum = Poly::default();
        for (numerator, other) in numerators.iter().zip(others) {
            sum.add(&numerator.times(other));
        }
        sum == *rest
    };
    let ones = vec![Poly::constant(F::ONE); count];
    if holds(&ones) {
        return Some(ones);
    }
    let powers = |monomial: &Monomial| monomial.iter().filter(|v| **v == gamma).count();
    let leading: Vec<(Monomial, F)> = rest
        .terms()
        .filter(|(monomial, _)| powers(monomial) + 1 == count)
        .map(|(m, c)| (m.iter().copied().filter(|v| *v != gamma).collect(), c))
        .collect();
    if count == 1 {
        return holds(std::slice::from_ref(rest)).then(|| vec![rest.clone()]);
    }
    if count.pow(leading.len() as u32) > 4096 {
        return None;
    }
    let deal = |mut code: usize| {
        let mut numerators = vec![Poly::default(); count];
        for (monomial, coefficient) in &leading {
            numerators[code % count].add_term(monomial.clone(), *coefficient);
            code /= count;
        }
        numerators
    };
    let mut found: Vec<Vec<Poly<F>>> =
        (0..count.pow(leading.len() as u32)).map(deal).filter(|n| holds(n)).collect();
    // Where two denominators are equal the split is not unique. All are true; the one with a constant lookup and an
    // entry of a cell is what is meant.
    found.sort_by_key(|n| {
        let single = n.iter().all(|part| part.len() == 1);
        (!single, n[0].as_constant().is_none())
    });
    found.into_iter().next()
}
