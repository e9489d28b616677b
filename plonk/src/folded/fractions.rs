//! Columns that are filled with the front end's values, of which a few are fractions until they are divided.
//!
//! A fraction takes more than twice the memory of its value, so denominators are kept apart, for the cells that have one.

use std::collections::HashMap;

use halo2_proofs::{
    halo2curves::{
        bn256::Fr,
        ff::{BatchInvert, Field},
    },
    plonk::Assigned,
};

/// Columns of one length.
pub(super) struct Fractions {
    /// Values, or numerators of what is not divided yet.
    pub(super) columns: Vec<Vec<Fr>>,
    /// By column and row.
    denominators: HashMap<(usize, usize), Fr>,
}

impl Fractions {
    /// So many columns of zeros.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self { columns: vec![vec![Fr::ZERO; rows]; columns], denominators: HashMap::new() }
    }

    /// Puts a value into a cell that is there.
    pub(super) fn store(&mut self, column: usize, row: usize, to: Assigned<Fr>) {
        let (value, denominator) = match to {
            Assigned::Zero => (Fr::ZERO, None),
            Assigned::Trivial(x) => (x, None),
            Assigned::Rational(x, denominator) => (x, Some(denominator)),
        };
        self.columns[column][row] = value;
        match denominator {
            Some(d) => {
                self.denominators.insert((column, row), d);
            }
            None if !self.denominators.is_empty() => {
                self.denominators.remove(&(column, row));
            }
            None => {}
        }
    }

    /// Divides the fractions of these columns; a denominator of zero gives zero, as in the front end.
    pub(super) fn divide(&mut self, of: impl Fn(usize) -> bool) {
        let (cells, mut inverses): (Vec<(usize, usize)>, Vec<Fr>) = self
            .denominators
            .iter()
            .filter(|((column, _), _)| of(*column))
            .map(|(cell, d)| (*cell, *d))
            .unzip();
        inverses.iter_mut().batch_invert();
        for ((column, row), inverse) in cells.into_iter().zip(inverses) {
            self.columns[column][row] *= inverse;
            self.denominators.remove(&(column, row));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_divided_where_they_were_not_overwritten() {
        let (two, six) = (Fr::from(2), Fr::from(6));
        let mut all = Fractions::new(2, 4);
        all.store(0, 0, Assigned::Rational(six, two));
        all.store(0, 1, Assigned::Rational(six, Fr::ZERO));
        all.store(0, 2, Assigned::Rational(six, two));
        all.store(0, 2, Assigned::Trivial(six));
        all.store(1, 3, Assigned::Rational(six, two));
        all.divide(|column| column == 0);
        assert_eq!(all.columns[0], [Fr::from(3), Fr::ZERO, six, Fr::ZERO]);
        assert_eq!(all.columns[1][3], six);
        all.divide(|_| true);
        assert_eq!(all.columns[1][3], Fr::from(3));
        all.divide(|_| true);
        assert_eq!(all.columns[1][3], Fr::from(3));
    }
}
