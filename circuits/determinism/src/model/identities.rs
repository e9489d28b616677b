//! Identities of polynomials that gates check at a random point.
//!
//! # Statement
//! Let X be a challenge, and let cells that are committed after X is drawn be defined, one constraint each, as polynomials
//! in X whose coefficients are polynomials of cells that are committed before. Let another constraint, with these
//! polynomials put in, say P(X) = 0. Then, but for an error of deg P / p, all coefficients of P are zero.
//!
//! *Proof.* The coefficients are fixed before X is drawn (Schwartz–Zippel); definitions are equalities in every accepted
//! assignment. ∎
//!
//! So such a constraint becomes one *expanded* equation a coefficient, over cells of level 0. A coefficient with more
//! than one term (a limb made of pieces) gets a virtual cell, so that products of limbs stay products of cells.

use std::collections::{BTreeSet, HashMap};

use crate::{
    model::{Cell, Model, Source},
    poly::Poly,
    scalar::Scalar,
};

/// A polynomial in X: coefficients from the constant one up.
pub type Form<F> = Vec<Poly<F>>;

/// What the gates over one challenge say.
#[derive(Clone, Debug)]
pub struct Identities<F> {
    /// Cells that are committed after the challenge, as polynomials in it.
    pub forms: HashMap<Cell, Form<F>>,
    /// Constraints that check an identity, and the expanded equations.
    pub expanded: Vec<(u32, Vec<u32>)>,
    /// By constraint: the identities that rest on it, as the check or as a definition that was put in, by their place in
    /// `expanded`.
    pub resting: HashMap<u32, BTreeSet<usize>>,
}

impl<F> Default for Identities<F> {
    fn default() -> Self {
        Self { forms: HashMap::new(), expanded: Vec::new(), resting: HashMap::new() }
    }
}

impl<F: Scalar> Identities<F> {
    /// The sum of the degrees of all identities: the number of bad values of the challenge, at most.
    pub fn degree(&self) -> usize {
        self.expanded.iter().map(|(_, equations)| equations.len().saturating_sub(1)).sum()
    }
}

/// Expands every identity that is checked at a challenge, and adds its equations to the model.
pub fn expand<F: Scalar>(model: &mut Model<F>, challenge: usize) -> Identities<F> {
    let x = model.space.challenge(challenge);
    let drawn = model.level(x);
    let only_x = |model: &Model<F>, id: u32| {
        let cells = model.constraints[id as usize].cells();
        cells.iter().any(|cell| model.level(*cell) >= drawn)
            && cells.iter().all(|cell| {
                *cell == x || !model.space.is_challenge(*cell) && model.level(*cell) <= drawn
            })
    };
    let mut left: Vec<u32> =
        (0..model.constraints.len() as u32).filter(|id| only_x(model, *id)).collect();
    let mut forms: HashMap<Cell, Form<F>> = HashMap::new();
    let mut definitions: HashMap<Cell, u32> = HashMap::new();
    let mut memo: HashMap<Vec<(Vec<Cell>, F)>, Cell> = HashMap::new();
    loop {
        let before = left.len();
        let list = std::mem::take(&mut left);
        for id in list {
            let Some((cell, form)) = definition(model, &forms, x, id) else {
                left.push(id);
                continue;
            };
            let form = form.into_iter().map(|poly| name(model, &mut memo, poly)).collect();
            forms.insert(cell, form);
            definitions.insert(cell, id);
        }
        if left.len() == before {
            break;
        }
    }
    let mut expanded = Vec::new();
    for id in left {
        let terms = model.constraints[id as usize].terms.clone();
        let Some(form) = substitute(model, &forms, x, &terms, F::ONE) else { continue };
        let equations = form.into_iter().map(|poly| {
            let terms = poly.terms().map(|(m, c)| (c, m.clone().into_boxed_slice())).collect();
            model.push(Source::Expanded { of: id }, terms)
        });
        let equations = equations.collect();
        expanded.push((id, equations));
    }
    let resting = resting(model, &definitions, &expanded);
    Identities { forms, expanded, resting }
}

/// Which identities rest on which constraints.
fn resting<F: Scalar>(
    model: &Model<F>,
    definitions: &HashMap<Cell, u32>,
    expanded: &[(u32, Vec<u32>)],
) -> HashMap<u32, BTreeSet<usize>> {
    let mut resting: HashMap<u32, BTreeSet<usize>> = HashMap::new();
    for (identity, (of, _)) in expanded.iter().enumerate() {
        let mut todo = vec![*of];
        while let Some(id) = todo.pop() {
            if resting.entry(id).or_default().insert(identity) {
                let cells = model.constraints[id as usize].cells().into_iter();
                todo.extend(cells.filter_map(|cell| definitions.get(&cell).copied()));
            }
        }
    }
    resting
}

/// The cell that a constraint defines, and its form, where all others are known.
fn definition<F: Scalar>(
    model: &Model<F>,
    forms: &HashMap<Cell, Form<F>>,
    x: Cell,
    id: u32,
) -> Option<(Cell, Form<F>)> {
    let constraint = &model.constraints[id as usize];
    let drawn = model.level(x);
    let mut unknown = constraint
        .cells()
        .into_iter()
        .filter(|cell| *cell != x && model.level(*cell) >= drawn && !forms.contains_key(cell));
    let cell = unknown.next()?;
    if unknown.next().is_some() {
        return None;
    }
    let (with, others): (Vec<_>, Vec<_>) =
        constraint.terms.iter().cloned().partition(|(_, monomial)| monomial.contains(&cell));
    let [(coefficient, monomial)] = &with[..] else { return None };
    if monomial.len() != 1 {
        return None;
    }
    let inverse: Option<F> = (-*coefficient).invert().into();
    Some((cell, substitute(model, forms, x, &others, inverse?)?))
}

/// A sum of terms as a polynomial in X; `None` where a cell has no form.
fn substitute<F: Scalar>(
    model: &Model<F>,
    forms: &HashMap<Cell, Form<F>>,
    x: Cell,
    terms: &[(F, Box<[Cell]>)],
    by: F,
) -> Option<Form<F>> {
    let drawn = model.level(x);
    let mut sum: Form<F> = Vec::new();
    for (coefficient, monomial) in terms {
        let mut product: Form<F> = vec![Poly::constant(*coefficient * by)];
        for cell in monomial.iter() {
            if *cell == x {
                product.insert(0, Poly::default());
            } else if model.level(*cell) < drawn {
                let variable = Poly::variable(*cell);
                product.iter_mut().for_each(|p| *p = p.times(&variable));
            } else {
                product = times(&product, forms.get(cell)?);
            }
        }
        if sum.len() < product.len() {
            sum.resize(product.len(), Poly::default());
        }
        sum.iter_mut().zip(&product).for_each(|(sum, p)| sum.add(p));
    }
    Some(sum)
}

fn times<F: Scalar>(a: &Form<F>, b: &Form<F>) -> Form<F> {
    let mut product = vec![Poly::default(); (a.len() + b.len()).saturating_sub(1)];
    for (i, a) in a.iter().enumerate().filter(|(_, a)| !a.is_empty()) {
        for (j, b) in b.iter().enumerate().filter(|(_, b)| !b.is_empty()) {
            product[i + j].add(&a.times(b));
        }
    }
    product
}

/// The same polynomial as one cell, a virtual one if need be.
fn name<F: Scalar>(
    model: &mut Model<F>,
    memo: &mut HashMap<Vec<(Vec<Cell>, F)>, Cell>,
    poly: Poly<F>,
) -> Poly<F> {
    if poly.len() <= 1 {
        return poly;
    }
    let key = poly.terms().map(|(m, c)| (m.clone(), c)).collect();
    let cell = *memo.entry(key).or_insert_with(|| model.define(&poly));
    Poly::variable(cell)
}
