//! Polynomials in normal form: a map from monomials to their coefficients, none of them zero.
//!
//! Two expressions are the same function of their variables exactly where their normal forms are equal, so identities
//! between gates are decided here and nowhere guessed.

use std::collections::BTreeMap;

use crate::scalar::Scalar;

/// Variables in ascending order, each as often as its power says; the constant term has none.
pub type Monomial = Vec<u32>;

/// A polynomial in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poly<F>(BTreeMap<Monomial, F>);

impl<F: Scalar> Default for Poly<F> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<F: Scalar> Poly<F> {
    /// A constant.
    pub fn constant(value: F) -> Self {
        let mut poly = Self::default();
        poly.add_term(Vec::new(), value);
        poly
    }

    /// A variable.
    pub fn variable(variable: u32) -> Self {
        Self(BTreeMap::from([(vec![variable], F::ONE)]))
    }

    /// The sum of terms, whose monomials may repeat and stand in any order.
    pub fn from_terms<'a>(terms: impl IntoIterator<Item = (F, &'a [u32])>) -> Self {
        let mut poly = Self::default();
        for (coefficient, monomial) in terms {
            let mut monomial = monomial.to_vec();
            monomial.sort_unstable();
            poly.add_term(monomial, coefficient);
        }
        poly
    }

    /// Adds a term; the monomial is in ascending order.
    pub fn add_term(&mut self, monomial: Monomial, coefficient: F) {
        use std::collections::btree_map::Entry;
        if coefficient == F::ZERO {
            return;
        }
        match self.0.entry(monomial) {
            Entry::Vacant(entry) => {
                entry.insert(coefficient);
            }
            Entry::Occupied(mut entry) => {
                *entry.get_mut() += coefficient;
                if *entry.get() == F::ZERO {
                    entry.remove();
                }
            }
        }
    }

    /// Adds another polynomial.
    pub fn add(&mut self, other: &Self) {
        for (monomial, coefficient) in &other.0 {
            self.add_term(monomial.clone(), *coefficient);
        }
    }

    /// The product with a constant.
    pub fn scaled(&self, by: F) -> Self {
        if by == F::ZERO {
            return Self::default();
        }
        Self(self.0.iter().map(|(m, c)| (m.clone(), *c * by)).collect())
    }

    /// The product with another polynomial.
    pub fn times(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for (left, a) in &self.0 {
            for (right, b) in &other.0 {
                let mut monomial = left.clone();
                monomial.extend(right);
                monomial.sort_unstable();
                product.add_term(monomial, *a * b);
            }
        }
        product
    }

    /// The terms, in order of their monomials.
    pub fn terms(&self) -> impl Iterator<Item = (&Monomial, F)> + '_ {
        self.0.iter().map(|(monomial, coefficient)| (monomial, *coefficient))
    }

    /// The number of terms.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is zero.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The coefficient of a monomial.
    pub fn coefficient(&self, monomial: &[u32]) -> F {
        self.0.get(monomial).copied().unwrap_or(F::ZERO)
    }

    /// Its value, if it is a constant.
    pub fn as_constant(&self) -> Option<F> {
        match self.0.len() {
            0 => Some(F::ZERO),
            1 => self.0.get(&[] as &[u32]).copied(),
            _ => None,
        }
    }

    /// The quotient by another polynomial, if that is a constant.
    pub fn ratio(&self, other: &Self) -> Option<F> {
        let (monomial, coefficient) = other.terms().next()?;
        let inverse: Option<F> = coefficient.invert().into();
        let ratio = self.coefficient(monomial) * inverse?;
        (*self == other.scaled(ratio)).then_some(ratio)
    }
}

#[cfg(test)]
mod tests {
    use zkdkim_plonk::halo2curves::bn256::Fr;

    use super::*;

    fn x() -> Poly<Fr> {
        Poly::variable(3)
    }

    #[test]
    fn equal_functions_have_one_normal_form() {
        // (x + 2)(x - 2) = x² - 4
        let mut left = x();
        left.add(&Poly::constant(Fr::from(2)));
        let mut right = x();
        right.add(&Poly::constant(-Fr::from(2)));
        let mut expected = x().times(&x());
        expected.add(&Poly::constant(-Fr::from(4)));
        assert_eq!(left.times(&right), expected);
    }

    #[test]
    fn terms_that_cancel_leave_nothing() {
        let mut sum = x();
        sum.add(&x().scaled(-Fr::one()));
        assert!(sum.is_empty());
        assert_eq!(sum.as_constant(), Some(Fr::zero()));
    }

    #[test]
    fn only_multiples_have_a_ratio() {
        let mut p = x();
        p.add(&Poly::constant(Fr::one()));
        assert_eq!(p.scaled(Fr::from(7)).ratio(&p), Some(Fr::from(7)));
        assert_eq!(x().ratio(&p), None);
    }
}
