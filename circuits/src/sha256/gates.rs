//! The constraints. Each has a name, so that a failing test says which one.

use halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{ConstraintSystem, Expression, VirtualCells},
    poly::Rotation,
};

use super::{Sha256Columns, Sha256Config, BLOCK_SLOTS, SLOT_ROWS};
use crate::field::{boolean, combine, constant, pow2};

/// A piece of a word: where its bits stand in the word and which range column holds it.
pub(super) struct Piece {
    pub offset: u32,
    pub bits: u32,
    pub column: usize,
    /// The range column of the multiplied copy, for pieces shorter than their column's range.
    pub scaled: Option<usize>,
}

const fn piece(offset: u32, bits: u32, column: usize, scaled: Option<usize>) -> Piece {
    Piece { offset, bits, column, scaled }
}

/// A: all in row 0.
pub(super) const A_PIECES: [Piece; 4] = [
    piece(0, 2, 5, Some(1)),
    piece(2, 11, 0, None),
    piece(13, 9, 3, Some(4)),
    piece(22, 10, 2, None),
];

/// E: row 1; the multiplied copies in row 2, except that of the three-bit piece, which is in row 1.
pub(super) const E_PIECES: [Piece; 5] = [
    piece(0, 6, 1, Some(0)),
    piece(6, 5, 3, Some(1)),
    piece(11, 11, 0, None),
    piece(22, 3, 5, Some(4)),
    piece(25, 7, 2, Some(3)),
];
/// The index in [`E_PIECES`] whose multiplied copy stands in row 1.
pub(super) const E_SCALED_HERE: usize = 3;

/// W without its two one-bit pieces: row 3; the multiplied copies in row 4.
pub(super) const W_PIECES: [Piece; 6] = [
    piece(0, 3, 1, Some(0)),
    piece(3, 4, 3, Some(1)),
    piece(7, 3, 2, Some(4)),
    piece(10, 7, 4, Some(3)),
    piece(19, 11, 0, None),
    piece(30, 2, 5, Some(2)),
];
/// Positions of the one-bit pieces of W, held in x of rows 3 and 4.
pub(super) const W_BITS: [u32; 2] = [17, 18];

/// Range of the column that holds a multiplied copy.
pub(super) fn scale_bits(piece: &Piece) -> Option<u32> {
    piece.scaled.map(|column| crate::layout::RANGE_BITS[column] - piece.bits)
}

/// A rotation or shift to the right.
#[derive(Clone, Copy)]
enum Move {
    Rotate(u32),
    Shift(u32),
}

const SIGMA0_A: [Move; 3] = [Move::Rotate(2), Move::Rotate(13), Move::Rotate(22)];
const SIGMA1_E: [Move; 3] = [Move::Rotate(6), Move::Rotate(11), Move::Rotate(25)];
const SIGMA0_W: [Move; 3] = [Move::Rotate(7), Move::Rotate(18), Move::Shift(3)];
const SIGMA1_W: [Move; 3] = [Move::Rotate(17), Move::Rotate(19), Move::Shift(10)];

/// The sum of the three moved spread words, as a combination of the pieces' spreads `(offset, bits, spread)`.
fn moved_sum(pieces: &[(u32, u32, Expression<Fr>)], moves: [Move; 3]) -> Expression<Fr> {
    combine(pieces.iter().filter_map(|(offset, bits, spread)| {
        let weight: Fr = moves
            .iter()
            .filter_map(|&m| match m {
                Move::Rotate(by) => Some((offset + 32 - by) % 32),
                Move::Shift(by) => offset.checked_sub(by),
            })
            .map(|position| {
                // A piece that wrapped inside itself would not be a multiple of its spread.
                assert!(position + bits <= 32);
                pow2(2 * position)
            })
            .sum();
        (weight != Fr::zero()).then(|| (weight, spread.clone()))
    }))
}

/// One row past `from` by slots and rows.
fn at(slots: i32, rows: i32) -> Rotation {
    Rotation(slots * SLOT_ROWS as i32 + rows)
}

impl Sha256Config {
    /// Adds the chip's gates. Highest degree 2 without the selector.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: Sha256Columns) -> Self {
        let config = Self {
            word_a: meta.selector(),
            word_e: meta.selector(),
            word_w: meta.selector(),
            even: meta.selector(),
            odd: meta.selector(),
            initial: meta.selector(),
            round: meta.selector(),
            schedule: meta.selector(),
            feed_forward: meta.selector(),
            columns,
        };
        config.word_gates(meta);
        config.sum_gates(meta);
        config.step_gates(meta);
        config
    }

    fn range(&self, m: &mut VirtualCells<'_, Fr>, column: usize, row: i32) -> Expression<Fr> {
        m.query_advice(self.columns.range[column], Rotation(row))
    }

    fn spread(&self, m: &mut VirtualCells<'_, Fr>, column: usize) -> Expression<Fr> {
        m.query_advice(self.columns.spread[column], Rotation::cur())
    }

    fn x(&self, m: &mut VirtualCells<'_, Fr>, rotation: Rotation) -> Expression<Fr> {
        m.query_advice(self.columns.x, rotation)
    }

    fn y(&self, m: &mut VirtualCells<'_, Fr>, rotation: Rotation) -> Expression<Fr> {
        m.query_advice(self.columns.y, rotation)
    }

    /// `multiplied copy - 2^(range - bits) piece`, or else a piece could take its neighbour's bits.
    fn scale_check(
        &self,
        m: &mut VirtualCells<'_, Fr>,
        piece: &Piece,
        copy_row: i32,
    ) -> Option<Expression<Fr>> {
        let bits = scale_bits(piece)?;
        let copy = self.range(m, piece.scaled?, copy_row);
        Some(copy - self.range(m, piece.column, 0) * pow2(bits))
    }

    fn dense_sum(&self, m: &mut VirtualCells<'_, Fr>, pieces: &[Piece]) -> Expression<Fr> {
        combine(pieces.iter().map(|p| (pow2(p.offset), self.range(m, p.column, 0))))
    }

    fn spreads(
        &self,
        m: &mut VirtualCells<'_, Fr>,
        pieces: &[Piece],
    ) -> Vec<(u32, u32, Expression<Fr>)> {
        pieces.iter().map(|p| (p.offset, p.bits, self.spread(m, p.column))).collect()
    }

    fn spread_sum(pieces: &[(u32, u32, Expression<Fr>)]) -> Expression<Fr> {
        combine(pieces.iter().map(|(offset, _, s)| (pow2(2 * offset), s.clone())))
    }

    /// Words are what their pieces say; the sums of Σ and σ are combinations of the pieces' spreads.
    fn word_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("sha256 word A", |m| {
            let q = m.query_selector(self.word_a);
            let spreads = self.spreads(m, &A_PIECES);
            let mut polys = vec![
                self.y(m, at(0, 0)) - self.dense_sum(m, &A_PIECES),
                self.x(m, at(0, 0)) - Self::spread_sum(&spreads),
                self.x(m, at(0, 5)) - moved_sum(&spreads, SIGMA0_A),
            ];
            polys.extend(A_PIECES.iter().filter_map(|p| self.scale_check(m, p, 0)));
            polys.into_iter().map(|p| q.clone() * p).collect::<Vec<_>>()
        });
        meta.create_gate("sha256 word E", |m| {
            let q = m.query_selector(self.word_e);
            let spreads = self.spreads(m, &E_PIECES);
            let mut polys = vec![
                self.y(m, at(0, 0)) - self.dense_sum(m, &E_PIECES),
                self.x(m, at(0, 0)) - Self::spread_sum(&spreads),
                self.x(m, at(0, 6)) - moved_sum(&spreads, SIGMA1_E),
            ];
            polys.extend(
                E_PIECES
                    .iter()
                    .enumerate()
                    .filter_map(|(i, p)| self.scale_check(m, p, i32::from(i != E_SCALED_HERE))),
            );
            polys.into_iter().map(|p| q.clone() * p).collect::<Vec<_>>()
        });
        meta.create_gate("sha256 word W", |m| {
            let q = m.query_selector(self.word_w);
            let bits = [self.x(m, at(0, 0)), self.x(m, at(0, 1))];
            let mut spreads = self.spreads(m, &W_PIECES);
            // The spread form of one bit is the bit.
            spreads.extend(W_BITS.iter().zip(&bits).map(|(&o, bit)| (o, 1, bit.clone())));
            let dense = self.dense_sum(m, &W_PIECES)
                + combine(W_BITS.iter().zip(&bits).map(|(&o, bit)| (pow2(o), bit.clone())));
            let mut polys = vec![
                self.y(m, at(0, 0)) - dense,
                boolean(bits[0].clone()),
                boolean(bits[1].clone()),
                self.x(m, at(0, 7)) - moved_sum(&spreads, SIGMA0_W),
                self.x(m, at(0, 8)) - moved_sum(&spreads, SIGMA1_W),
            ];
            polys.extend(W_PIECES.iter().filter_map(|p| self.scale_check(m, p, 1)));
            polys.into_iter().map(|p| q.clone() * p).collect::<Vec<_>>()
        });
    }

    /// A sum of spreads is `spread(even) + 2 spread(odd)`; y takes the even word (exclusive or) or the odd one (and).
    fn sum_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        for (name, selector, result) in
            [("sha256 xor", self.even, 0usize), ("sha256 and", self.odd, 3)]
        {
            meta.create_gate(name, |m| {
                let q = m.query_selector(selector);
                let half = |m: &mut VirtualCells<'_, Fr>, first: usize| {
                    combine((0..3).map(|i| (pow2(22 * i as u32), self.spread(m, first + i))))
                };
                let (even, odd) = (half(m, 0), half(m, 3));
                let dense =
                    combine((0..3).map(|i| (pow2(11 * i as u32), self.range(m, result + i, 0))));
                vec![
                    q.clone() * (self.x(m, at(0, 0)) - even - odd * Fr::from(2)),
                    q * (self.y(m, at(0, 0)) - dense),
                ]
            });
        }
    }

    /// The step function, anchored at row 2 of its slot (where the carries stand).
    fn step_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let a = |m: &mut VirtualCells<'_, Fr>, slot| self.y(m, at(slot, -2));
        let e = |m: &mut VirtualCells<'_, Fr>, slot| self.y(m, at(slot, -1));
        let w = |m: &mut VirtualCells<'_, Fr>, slot| self.y(m, at(slot, 1));
        let spread_a = |m: &mut VirtualCells<'_, Fr>, slot| self.x(m, at(slot, -2));
        let spread_e = |m: &mut VirtualCells<'_, Fr>, slot| self.x(m, at(slot, -1));
        let carry = |m: &mut VirtualCells<'_, Fr>, column| self.range(m, column, 0) * pow2(32);

        meta.create_gate("sha256 initial value", |m| {
            let q = m.query_selector(self.initial);
            let [for_a, for_e] = [0, 1].map(|r| m.query_fixed(self.columns.constant, Rotation(r)));
            vec![q.clone() * (a(m, 0) - for_a), q * (e(m, 0) - for_e)]
        });

        meta.create_gate("sha256 round", |m| {
            let q = m.query_selector(self.round);
            let k = m.query_fixed(self.columns.constant, Rotation::cur());
            let maj = spread_a(m, -1) + spread_a(m, -2) + spread_a(m, -3);
            let e_and_f = spread_e(m, -1) + spread_e(m, -2);
            // The spread form of NOT e is the full mask minus that of e.
            let mask = Expression::Constant(Fr::from(crate::spread::spread(u32::MAX)));
            let not_e_and_g = mask - spread_e(m, -1) + spread_e(m, -3);
            let sigma0 = self.y(m, at(-1, 3));
            let sigma1 = self.y(m, at(-1, 5));
            // The two conjunctions have no bit in common, so their sum is Ch.
            let ch = self.y(m, at(0, 6)) + self.y(m, at(0, 7));
            let t1 = e(m, -4) + sigma1 + ch + k + w(m, 0);
            let t2 = sigma0 + self.y(m, at(0, 4));
            vec![
                q.clone() * (self.x(m, at(0, 4)) - maj),
                q.clone() * (self.x(m, at(0, 6)) - e_and_f),
                q.clone() * (self.x(m, at(0, 7)) - not_e_and_g),
                q.clone() * (a(m, 0) + carry(m, 2) - t1.clone() - t2),
                q * (e(m, 0) + carry(m, 4) - a(m, -4) - t1),
            ]
        });

        meta.create_gate("sha256 message schedule", |m| {
            let q = m.query_selector(self.schedule);
            let sigma0 = self.y(m, at(-15, 8));
            let sigma1 = self.y(m, at(-2, 9));
            let sum = w(m, -16) + sigma0 + w(m, -7) + sigma1;
            vec![q * (w(m, 0) + carry(m, 5) - sum)]
        });

        meta.create_gate("sha256 feed-forward or reset", |m| {
            let q = m.query_selector(self.feed_forward);
            let reset = self.y(m, at(0, 0));
            let [for_a, for_e] = [0, 1].map(|r| m.query_fixed(self.columns.constant, Rotation(r)));
            let keep = constant(1) - reset.clone();
            let back = -(BLOCK_SLOTS as i32);
            let sum_a = a(m, -4) + a(m, back);
            let sum_e = e(m, -4) + e(m, back);
            vec![
                q.clone() * (a(m, 0) + carry(m, 2) - keep.clone() * sum_a - reset.clone() * for_a),
                q * (e(m, 0) + carry(m, 4) - keep * sum_e - reset * for_e),
            ]
        });
    }
}
