//! The constraints. Each has a name, so that a failing test says which one.

use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{ConstraintSystem, Expression, Selector, VirtualCells},
    poly::Rotation,
};

use super::{Sha256Config, Sha256Lane, BLOCK_SLOTS, INITIAL_SLOTS, SLOT_ROWS};
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
    piece.scaled.map(|column| crate::columns::RANGE_BITS[column] - piece.bits)
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

/// The cells around a gate, seen from one lane.
#[derive(Clone, Copy)]
struct View<'a> {
    lanes: &'a [Sha256Lane],
    lane: usize,
}

impl View<'_> {
    /// The lane of the slot `slots` away from this one, and the rotation of the row `rows` away in it.
    fn at(&self, slots: i32, rows: i32) -> (&Sha256Lane, Rotation) {
        let count = self.lanes.len() as i32;
        let slot = self.lane as i32 + slots;
        let lane = &self.lanes[slot.rem_euclid(count) as usize];
        (lane, Rotation(slot.div_euclid(count) * SLOT_ROWS as i32 + rows))
    }

    fn x(&self, m: &mut VirtualCells<'_, Fr>, slots: i32, rows: i32) -> Expression<Fr> {
        let (lane, rotation) = self.at(slots, rows);
        m.query_advice(lane.x, rotation)
    }

    fn y(&self, m: &mut VirtualCells<'_, Fr>, slots: i32, rows: i32) -> Expression<Fr> {
        let (lane, rotation) = self.at(slots, rows);
        m.query_advice(lane.y, rotation)
    }

    fn range(&self, m: &mut VirtualCells<'_, Fr>, column: usize, row: i32) -> Expression<Fr> {
        m.query_advice(self.lanes[self.lane].range[column], Rotation(row))
    }

    fn spread(&self, m: &mut VirtualCells<'_, Fr>, column: usize) -> Expression<Fr> {
        m.query_advice(self.lanes[self.lane].spread[column], Rotation::cur())
    }

    fn constant(&self, m: &mut VirtualCells<'_, Fr>) -> Expression<Fr> {
        m.query_fixed(self.lanes[self.lane].constant, Rotation::cur())
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

    // What a step gate, anchored at row 2 of its slot, sees of the slot `slots` away.

    fn word_a(&self, m: &mut VirtualCells<'_, Fr>, slots: i32) -> Expression<Fr> {
        self.y(m, slots, -2)
    }

    fn word_e(&self, m: &mut VirtualCells<'_, Fr>, slots: i32) -> Expression<Fr> {
        self.y(m, slots, -1)
    }

    fn word_w(&self, m: &mut VirtualCells<'_, Fr>, slots: i32) -> Expression<Fr> {
        self.y(m, slots, 1)
    }

    fn spread_a(&self, m: &mut VirtualCells<'_, Fr>, slots: i32) -> Expression<Fr> {
        self.x(m, slots, -2)
    }

    fn spread_e(&self, m: &mut VirtualCells<'_, Fr>, slots: i32) -> Expression<Fr> {
        self.x(m, slots, -1)
    }

    /// `2^32 carry`, by the range column that holds the carry.
    fn carry(&self, m: &mut VirtualCells<'_, Fr>, column: usize) -> Expression<Fr> {
        self.range(m, column, 0) * pow2(32)
    }
}

fn spread_sum(pieces: &[(u32, u32, Expression<Fr>)]) -> Expression<Fr> {
    combine(pieces.iter().map(|(offset, _, s)| (pow2(2 * offset), s.clone())))
}

impl Sha256Config {
    /// Adds the chip's gates. Highest degree 2 without the selector.
    ///
    /// # Panics
    /// If the slots do not divide evenly among the lanes: an error of the circuit's author.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: Vec<Sha256Lane>) -> Self {
        assert!(
            [INITIAL_SLOTS, 16, BLOCK_SLOTS].iter().all(|slots| slots % lanes.len() == 0),
            "{} lanes",
            lanes.len()
        );
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
            lanes,
        };
        config.word_gates(meta);
        config.sum_gates(meta);
        config.step_gates(meta);
        config
    }

    /// A gate over every lane's cells.
    fn gate(
        &self,
        meta: &mut ConstraintSystem<Fr>,
        name: &'static str,
        selector: Selector,
        polys: impl Fn(&mut VirtualCells<'_, Fr>, View<'_>) -> Vec<Expression<Fr>>,
    ) {
        meta.create_gate(name, |m| {
            let q = m.query_selector(selector);
            let views = (0..self.lanes.len()).map(|lane| View { lanes: &self.lanes, lane });
            let polys: Vec<_> = views.flat_map(|view| polys(m, view)).collect();
            polys.into_iter().map(|p| q.clone() * p).collect::<Vec<_>>()
        });
    }

    /// Words are what their pieces say; the sums of Σ and σ are combinations of the pieces' spreads.
    fn word_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        self.gate(meta, "sha256 word A", self.word_a, |m, v| {
            let spreads = v.spreads(m, &A_PIECES);
            let mut polys = vec![
                v.y(m, 0, 0) - v.dense_sum(m, &A_PIECES),
                v.x(m, 0, 0) - spread_sum(&spreads),
                v.x(m, 0, 5) - moved_sum(&spreads, SIGMA0_A),
            ];
            polys.extend(A_PIECES.iter().filter_map(|p| v.scale_check(m, p, 0)));
            polys
        });
        self.gate(meta, "sha256 word E", self.word_e, |m, v| {
            let spreads = v.spreads(m, &E_PIECES);
            let mut polys = vec![
                v.y(m, 0, 0) - v.dense_sum(m, &E_PIECES),
                v.x(m, 0, 0) - spread_sum(&spreads),
                v.x(m, 0, 6) - moved_sum(&spreads, SIGMA1_E),
            ];
            let checks = E_PIECES.iter().enumerate();
            polys.extend(
                checks.filter_map(|(i, p)| v.scale_check(m, p, i32::from(i != E_SCALED_HERE))),
            );
            polys
        });
        self.gate(meta, "sha256 word W", self.word_w, |m, v| {
            let bits = [v.x(m, 0, 0), v.x(m, 0, 1)];
            let mut spreads = v.spreads(m, &W_PIECES);
            // The spread form of one bit is the bit.
            spreads.extend(W_BITS.iter().zip(&bits).map(|(&o, bit)| (o, 1, bit.clone())));
            let dense = v.dense_sum(m, &W_PIECES)
                + combine(W_BITS.iter().zip(&bits).map(|(&o, bit)| (pow2(o), bit.clone())));
            let mut polys = vec![
                v.y(m, 0, 0) - dense,
                boolean(bits[0].clone()),
                boolean(bits[1].clone()),
                v.x(m, 0, 7) - moved_sum(&spreads, SIGMA0_W),
                v.x(m, 0, 8) - moved_sum(&spreads, SIGMA1_W),
            ];
            polys.extend(W_PIECES.iter().filter_map(|p| v.scale_check(m, p, 1)));
            polys
        });
    }

    /// A sum of spreads is `spread(even) + 2 spread(odd)`; y takes the even word (exclusive or) or the odd one (and).
    fn sum_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        for (name, selector, result) in
            [("sha256 xor", self.even, 0usize), ("sha256 and", self.odd, 3)]
        {
            self.gate(meta, name, selector, |m, v| {
                let half = |m: &mut VirtualCells<'_, Fr>, first: usize| {
                    combine((0..3).map(|i| (pow2(22 * i as u32), v.spread(m, first + i))))
                };
                let (even, odd) = (half(m, 0), half(m, 3));
                let dense =
                    combine((0..3).map(|i| (pow2(11 * i as u32), v.range(m, result + i, 0))));
                vec![v.x(m, 0, 0) - even - odd * Fr::from(2), v.y(m, 0, 0) - dense]
            });
        }
    }

    /// The step function, anchored at row 2 of its slot (where the carries stand).
    fn step_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        // In row 2 for A and in row 3 for E: the word is two rows above.
        self.gate(meta, "sha256 initial value", self.initial, |m, v| {
            vec![v.y(m, 0, -2) - v.constant(m)]
        });

        self.gate(meta, "sha256 round", self.round, |m, v| {
            let k = v.constant(m);
            let maj = v.spread_a(m, -1) + v.spread_a(m, -2) + v.spread_a(m, -3);
            let e_and_f = v.spread_e(m, -1) + v.spread_e(m, -2);
            // The spread form of NOT e is the full mask minus that of e.
            let mask = Expression::Constant(Fr::from(crate::spread::spread(u32::MAX)));
            let not_e_and_g = mask - v.spread_e(m, -1) + v.spread_e(m, -3);
            let sigma0 = v.y(m, -1, 3);
            let sigma1 = v.y(m, -1, 5);
            // The two conjunctions have no bit in common, so their sum is Ch.
            let ch = v.y(m, 0, 6) + v.y(m, 0, 7);
            let t1 = v.word_e(m, -4) + sigma1 + ch + k + v.word_w(m, 0);
            let t2 = sigma0 + v.y(m, 0, 4);
            vec![
                v.x(m, 0, 4) - maj,
                v.x(m, 0, 6) - e_and_f,
                v.x(m, 0, 7) - not_e_and_g,
                v.word_a(m, 0) + v.carry(m, 2) - t1.clone() - t2,
                v.word_e(m, 0) + v.carry(m, 4) - v.word_a(m, -4) - t1,
            ]
        });

        self.gate(meta, "sha256 message schedule", self.schedule, |m, v| {
            let sigma0 = v.y(m, -15, 8);
            let sigma1 = v.y(m, -2, 9);
            let sum = v.word_w(m, -16) + sigma0 + v.word_w(m, -7) + sigma1;
            vec![v.word_w(m, 0) + v.carry(m, 5) - sum]
        });

        // In row 2 for A and in row 3 for E, each with its carry and a reset flag beside.
        self.gate(meta, "sha256 feed-forward or reset", self.feed_forward, |m, v| {
            let reset = v.y(m, 0, 0);
            let keep = constant(1) - reset.clone();
            let sum = v.y(m, -4, -2) + v.y(m, -(BLOCK_SLOTS as i32), -2);
            vec![v.y(m, 0, -2) + v.carry(m, 2) - keep * sum - reset * v.constant(m)]
        });
    }
}
