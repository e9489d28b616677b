//! Poseidon with two inputs, circomlib's parameters (t = 3, 8 full and 57 partial rounds, x^5).
//!
//! # Statement
//! For every accepted assignment the output cell of a permutation is `P(left, right)` of its two input cells.
//!
//! # Layout
//! The state stands in reverse order, `u = (s2, s1, s0)`, so that a partial round (which raises s0 alone to the fifth power) and the
//! second half of a full round are one and the same gate. A permutation is 74 rows: 4 full rounds of two rows, 57
//! partial rounds of one, 4 full rounds of two, and the output row.
//!
//! ```text
//! gate    wide[0]  wide[1]  wide[2]  wide[3]            wide[4]            next row
//! sbox    s2       s1       s0       (s2 + k0)^2        (s1 + k1)^2        ((s2 + k0)^5, (s1 + k1)^5, s0)
//! mix     s2       s1       s0       (s0 + k2)^2                           MDS (s0 + k2)^5, s1 + k1, s2 + k0
//! output  s2       s1       P(a, b)
//! ```
//!
//! A full round is `sbox` with constants c2, c1 and `mix` with (0, 0, c0); a partial round is `mix` with (c2, c1, c0).
//! Input rows hold s2 = right, s1 = left and s0 = 0 (copied from a constant).
//!
//! # Soundness
//! Every row is a function of the row above: the squares are bound by their gates, the next state by the mix. The
//! first row is bound by copies (or by the Merkle gate of [`crate::registry`]).
//!
//! # Cost
//! 74 rows, 5 advice columns, 3 fixed; highest degree 3 without the selector.
//!
//! # Source
//! Grassi et al., "Poseidon" (USENIX Security 2021); parameters as in circomlib `poseidon.circom`.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Advice, Column, ConstraintSystem, Fixed, Selector},
    poly::Rotation,
};

use crate::field::combine;
use zkdkim_relation::poseidon;

/// Full rounds at either end.
const HALF_FULL_ROUNDS: usize = 4;
/// Rounds in between, in which only s0 passes the S-box.
const PARTIAL_ROUNDS: usize = 57;
/// Rows of one permutation, the output row included.
pub const PERMUTATION_ROWS: usize = 4 * HALF_FULL_ROUNDS + PARTIAL_ROUNDS + 1;
/// Rows set aside for the statement's 43 permutations.
pub const MAX_ROWS: usize = 43 * PERMUTATION_ROWS;

/// The columns that the chip borrows.
#[derive(Clone, Debug)]
pub struct PoseidonColumns {
    /// State (three columns, equality enabled) and squares.
    pub wide: [Column<Advice>; 5],
    /// Round constants k0, k1, k2 of the row.
    pub k: [Column<Fixed>; 3],
}

/// The columns lent to the chip, and the selectors of its two gates.
#[derive(Clone, Debug)]
pub struct PoseidonConfig {
    columns: PoseidonColumns,
    sbox: Selector,
    mix: Selector,
}

/// Where a permutation's output stands.
#[derive(Clone, Copy, Debug)]
pub struct Permutation {
    /// The cell of `P(left, right)`.
    pub output: CellRef,
    /// The row of that cell; the next permutation may begin right below.
    pub output_row: usize,
}

impl PoseidonConfig {
    /// Adds the chip's gates.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: PoseidonColumns) -> Self {
        let (sbox, mix) = (meta.selector(), meta.selector());
        let PoseidonColumns { wide, k } = &columns;
        meta.create_gate("poseidon sbox", |m| {
            let q = m.query_selector(sbox);
            let u: [_; 3] = std::array::from_fn(|i| m.query_advice(wide[i], Rotation::cur()));
            let next: [_; 3] = std::array::from_fn(|i| m.query_advice(wide[i], Rotation::next()));
            let mut polys = Vec::new();
            for i in 0..2 {
                let input = u[i].clone() + m.query_fixed(k[i], Rotation::cur());
                let square = m.query_advice(wide[3 + i], Rotation::cur());
                polys.push(q.clone() * (square.clone() - input.clone() * input.clone()));
                polys.push(q.clone() * (next[i].clone() - square.clone() * square * input));
            }
            polys.push(q * (next[2].clone() - u[2].clone()));
            polys
        });
        meta.create_gate("poseidon mix", |m| {
            let q = m.query_selector(mix);
            let u: [_; 3] = std::array::from_fn(|i| {
                m.query_advice(wide[i], Rotation::cur()) + m.query_fixed(k[i], Rotation::cur())
            });
            let square = m.query_advice(wide[3], Rotation::cur());
            let power = square.clone() * square.clone() * u[2].clone();
            let mut polys = vec![q.clone() * (square - u[2].clone() * u[2].clone())];
            // State element j stands in column 2 - j.
            let state = [power, u[1].clone(), u[0].clone()];
            for (row, weights) in poseidon::mds().iter().enumerate() {
                let next = m.query_advice(wide[2 - row], Rotation::next());
                let sum = combine(weights.iter().copied().zip(state.iter().cloned()));
                polys.push(q.clone() * (next - sum));
            }
            polys
        });
        Self { columns, sbox, mix }
    }

    /// Writes the permutation whose input cells in row `row` (left in `wide[1]`, right in `wide[0]`) are already
    /// written, except s0 = 0, which is copied from `zero`.
    ///
    /// # Panics
    /// If the input cells hold no value.
    pub fn assign(&self, grid: &mut Grid<Fr>, row: usize, zero: CellRef) -> Permutation {
        let wide = self.columns.wide;
        grid.copy_advice(zero, wide[2], row);
        let mut u: [Fr; 3] = std::array::from_fn(|i| {
            grid.value(CellRef::new(wide[i], row)).expect("poseidon input is assigned")
        });
        let constants = poseidon::round_constants();
        let mut at = row;
        for (round, [c0, c1, c2]) in constants.iter().copied().enumerate() {
            let full = !(HALF_FULL_ROUNDS..HALF_FULL_ROUNDS + PARTIAL_ROUNDS).contains(&round);
            if full {
                u = self.sbox_row(grid, at, u, [c2, c1]);
                at += 1;
                self.state(grid, at, u, 0..3);
                u = self.mix_row(grid, at, u, [Fr::ZERO, Fr::ZERO, c0]);
            } else {
                u = self.mix_row(grid, at, u, [c2, c1, c0]);
            }
            at += 1;
            self.state(grid, at, u, 0..3);
        }
        debug_assert_eq!(at, row + PERMUTATION_ROWS - 1);
        Permutation { output: CellRef::new(wide[2], at), output_row: at }
    }

    fn state(&self, grid: &mut Grid<Fr>, row: usize, u: [Fr; 3], columns: std::ops::Range<usize>) {
        for i in columns {
            grid.advice(self.columns.wide[i], row, u[i]);
        }
    }

    fn sbox_row(&self, grid: &mut Grid<Fr>, row: usize, u: [Fr; 3], k: [Fr; 2]) -> [Fr; 3] {
        grid.enable(self.sbox, row);
        let mut next = u;
        for i in 0..2 {
            grid.fixed(self.columns.k[i], row, k[i]);
            let input = u[i] + k[i];
            grid.advice(self.columns.wide[3 + i], row, input.square());
            next[i] = input.square().square() * input;
        }
        next
    }

    fn mix_row(&self, grid: &mut Grid<Fr>, row: usize, u: [Fr; 3], k: [Fr; 3]) -> [Fr; 3] {
        grid.enable(self.mix, row);
        for (column, value) in self.columns.k.into_iter().zip(k) {
            grid.fixed(column, row, value);
        }
        let input = u[2] + k[2];
        grid.advice(self.columns.wide[3], row, input.square());
        let state = [input.square().square() * input, u[1] + k[1], u[0] + k[0]];
        let mut next = [Fr::ZERO; 3];
        for (row, weights) in poseidon::mds().iter().enumerate() {
            next[2 - row] = weights.iter().zip(&state).map(|(w, s)| *w * s).sum();
        }
        next
    }
}
