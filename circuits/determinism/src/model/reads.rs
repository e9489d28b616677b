//! What an expression reads, and its normal form.

use std::collections::BTreeSet;

use super::{Cell, Space, CHALLENGE};
use crate::{
    layout::{Expr, Layout, Query},
    poly::Poly,
    scalar::Scalar,
};

/// The queries, selectors and challenges of an expression.
pub(super) struct Reads {
    fixed: Vec<Query>,
    selectors: Vec<usize>,
    /// Advice (false) and public inputs (true).
    pub(super) cells: Vec<(bool, Query)>,
    pub(super) challenges: BTreeSet<usize>,
}

impl Reads {
    pub(super) fn of<F: Scalar>(expr: &Expr<F>) -> Self {
        let (mut fixed, mut selectors, mut cells) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut challenges = BTreeSet::new();
        expr.visit(&mut |leaf| match leaf {
            Expr::Fixed(query) => drop(fixed.insert(*query)),
            Expr::Selector(selector) => drop(selectors.insert(*selector)),
            Expr::Advice(query) => drop(cells.insert((false, *query))),
            Expr::Instance(query) => drop(cells.insert((true, *query))),
            Expr::Challenge(challenge) => drop(challenges.insert(*challenge)),
            _ => {}
        });
        Self {
            fixed: fixed.into_iter().collect(),
            selectors: selectors.into_iter().collect(),
            cells: cells.into_iter().collect(),
            challenges,
        }
    }

    /// What a row's polynomial depends on.
    pub(super) fn key<F: Scalar>(&self, layout: &Layout<F>, row: usize) -> (Vec<F>, u64) {
        let fixed = self.fixed.iter().map(|(c, by)| layout.fixed[*c][layout.at(row, *by)]);
        let bits = self.selectors.iter().enumerate();
        let bits = bits.map(|(i, s)| u64::from(layout.selectors[*s][row]) << i).sum();
        (fixed.collect(), bits)
    }

    pub(super) fn normal_form<F: Scalar>(
        &self,
        layout: &Layout<F>,
        expr: &Expr<F>,
        row: usize,
    ) -> Poly<F> {
        normal_form(expr, &|leaf| match leaf {
            Expr::Advice(query) => Poly::variable(self.variable(false, *query)),
            Expr::Instance(query) => Poly::variable(self.variable(true, *query)),
            Expr::Challenge(challenge) => Poly::variable(CHALLENGE + *challenge as u32),
            other => Poly::constant(layout.leaf(other, row)),
        })
    }

    fn variable(&self, public: bool, query: Query) -> u32 {
        self.cells.binary_search(&(public, query)).expect("a query of the expression") as u32
    }

    pub(super) fn cell<F>(
        &self,
        layout: &Layout<F>,
        space: Space,
        row: usize,
        variable: u32,
    ) -> Cell
    where
        F: Scalar,
    {
        if variable >= CHALLENGE {
            return space.challenge((variable - CHALLENGE) as usize);
        }
        let (public, (column, by)) = self.cells[variable as usize];
        let row = layout.at(row, by);
        if public {
            space.instance(column, row)
        } else {
            space.advice(column, row)
        }
    }
}

/// The normal form of an expression, given that of each leaf.
pub(crate) fn normal_form<F: Scalar>(
    expr: &Expr<F>,
    leaf: &dyn Fn(&Expr<F>) -> Poly<F>,
) -> Poly<F> {
    match expr {
        Expr::Negated(a) => normal_form(a, leaf).scaled(-F::ONE),
        Expr::Scaled(a, by) => normal_form(a, leaf).scaled(*by),
        Expr::Sum(a, b) => {
            let mut sum = normal_form(a, leaf);
            sum.add(&normal_form(b, leaf));
            sum
        }
        Expr::Product(a, b) => {
            let a = normal_form(a, leaf);
            if a.is_empty() {
                return a;
            }
            a.times(&normal_form(b, leaf))
        }
        other => leaf(other),
    }
}
