//! Planted bugs: one constraint left out, or one fixed cell changed, in the built constraint system.
//!
//! A circuit is mutated without compiling it anew: the image simply does not check what is left
//! out. A mutant that no attack gets past shows a constraint that nothing needs, or an attack that
//! nobody wrote.
//!
//! # Soundness
//!
//! A mutant is *noticed* if an honest witness no longer holds, or if some witness holds in it that
//! does not hold in the circuit. A test that compares digests of verifying keys would notice every
//! mutant, and say nothing about any of them.
//!
//! # Source
//!
//! Mutation testing: DeMillo, Lipton and Sayward, "Hints on Test Data Selection" (1978); here the
//! mutants are those of the constraint system, and the tests are attacks.

/// A bug to plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation<F> {
    /// A polynomial, by its number, is left out in every row.
    Polynomial(usize),
    /// A lookup of the constraint system, by its number, is left out in every row.
    Lookup(usize),
    /// A copy, by its number, is left out.
    Copy(usize),
    /// A selector, by its index, is off in one row in which it should be on.
    Selector {
        /// Its index before compression.
        selector: usize,
        /// The row in which it is off, counted from the top of the circuit.
        row: usize,
    },
    /// A fixed cell holds something else.
    Fixed {
        /// The index of the fixed column.
        column: usize,
        /// The row, counted from the top of the circuit.
        row: usize,
        /// What it holds in place of the circuit's value.
        value: F,
    },
}
