//! Witness of the SHA-256 chip. Spread cells are filled in later, all at once ([`crate::logup`]).

use halo2_proofs::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Advice, Column},
};
use zkdkim_grid::{CellRef, Grid};

use super::{
    gates::{scale_bits, Piece, A_PIECES, E_PIECES, E_SCALED_HERE, W_BITS, W_PIECES},
    Message, Sha256Assigned, Sha256Config, BLOCKS, BLOCK_SLOTS, INITIAL_SLOTS, INITIAL_STATE,
    ROUND_CONSTANTS, SLOT_ROWS,
};
use crate::spread::{even_bits, odd_bits, spread, triple};

fn rotated(word: u32, by: [u32; 3]) -> [u32; 3] {
    by.map(|by| word.rotate_right(by))
}

/// The words of the slots so far.
#[derive(Default)]
struct History {
    a: Vec<u32>,
    e: Vec<u32>,
}

/// A word and the carry of the sum that made it.
fn reduce(sum: u64) -> (u32, u64) {
    (sum as u32, sum >> 32)
}

impl Sha256Config {
    /// Writes the computation from `start` on and returns the cells to tie it to the message.
    pub fn assign(&self, grid: &mut Grid<Fr>, start: usize, message: &Message) -> Sha256Assigned {
        let mut history = History::default();
        let row_of = |slot: usize| start + slot * SLOT_ROWS;
        for j in 0..INITIAL_SLOTS {
            let row = row_of(j);
            let (a, e) = (INITIAL_STATE[3 - j], INITIAL_STATE[7 - j]);
            grid.enable(self.initial, row + 2);
            self.state_constants(grid, row, j);
            self.state_words(grid, row, (a, 0), (e, 0), &mut history);
        }
        let mut assigned = Sha256Assigned {
            message: Vec::new(),
            resets: Vec::new(),
            digest: [CellRef::new(self.columns.y, 0); 8],
        };
        for (block, (words, reset)) in message.iter().enumerate() {
            let first = INITIAL_SLOTS + block * BLOCK_SLOTS;
            let mut w: Vec<u32> = Vec::with_capacity(64);
            for t in 0..64 {
                let row = row_of(first + t);
                let cell = self.round_slot(grid, row, t, words, &mut w, &mut history);
                if t < 16 {
                    assigned.message.push(cell);
                }
            }
            assigned.resets.push([0, 1, 2, 3].map(|j| {
                self.feed_forward_slot(grid, row_of(first + 64 + j), j, *reset, &mut history)
            }));
        }
        let last = INITIAL_SLOTS + BLOCKS * BLOCK_SLOTS - 1;
        assigned.digest =
            std::array::from_fn(|i| CellRef::new(self.columns.y, row_of(last - i % 4) + i / 4));
        assigned
    }

    /// The initial value of slot `j` of four, for the gates that pin or restore it.
    fn state_constants(&self, grid: &mut Grid<Fr>, row: usize, j: usize) {
        grid.fixed(self.columns.constant, row + 2, Fr::from(u64::from(INITIAL_STATE[3 - j])));
        grid.fixed(self.columns.constant, row + 3, Fr::from(u64::from(INITIAL_STATE[7 - j])));
    }

    fn pieces(&self, grid: &mut Grid<Fr>, row: usize, word: u32, pieces: &[Piece]) {
        for p in pieces {
            self.range_cell(grid, p.column, row, u64::from(word >> p.offset) & ((1 << p.bits) - 1));
        }
    }

    fn scaled(&self, grid: &mut Grid<Fr>, row: usize, word: u32, piece: &Piece) {
        if let (Some(bits), Some(column)) = (scale_bits(piece), piece.scaled) {
            let value = u64::from(word >> piece.offset) & ((1 << piece.bits) - 1);
            self.range_cell(grid, column, row, value << bits);
        }
    }

    fn range_cell(&self, grid: &mut Grid<Fr>, column: usize, row: usize, value: u64) {
        grid.advice(self.columns.range[column], row, Fr::from(value));
    }

    fn cell(&self, grid: &mut Grid<Fr>, column: Column<Advice>, row: usize, value: u64) -> CellRef {
        grid.advice(column, row, Fr::from(value))
    }

    /// Rows 0–2, 5 and 7: A and E with their carries, Σ0(A) and Σ1(E).
    fn state_words(
        &self,
        grid: &mut Grid<Fr>,
        row: usize,
        (a, carry_a): (u32, u64),
        (e, carry_e): (u32, u64),
        history: &mut History,
    ) {
        let columns = &self.columns;
        grid.enable(self.word_a, row);
        grid.enable(self.word_e, row + 1);
        self.pieces(grid, row, a, &A_PIECES);
        A_PIECES.iter().for_each(|p| self.scaled(grid, row, a, p));
        self.pieces(grid, row + 1, e, &E_PIECES);
        for (i, p) in E_PIECES.iter().enumerate() {
            self.scaled(grid, row + 1 + usize::from(i != E_SCALED_HERE), e, p);
        }
        self.cell(grid, columns.y, row, a.into());
        self.cell(grid, columns.x, row, spread(a));
        self.cell(grid, columns.y, row + 1, e.into());
        self.cell(grid, columns.x, row + 1, spread(e));
        self.range_cell(grid, 2, row + 2, carry_a);
        self.range_cell(grid, 4, row + 2, carry_e);
        self.sum_row(grid, row + 5, rotated(a, [2, 13, 22]), false);
        self.sum_row(grid, row + 7, rotated(e, [6, 11, 25]), false);
        history.a.push(a);
        history.e.push(e);
    }

    /// A row that adds spread words and takes the even (exclusive or) or odd (and) bits; returns the result.
    fn sum_row<const N: usize>(
        &self,
        grid: &mut Grid<Fr>,
        row: usize,
        words: [u32; N],
        odd: bool,
    ) -> u32 {
        // Three spread words reach 2^64 - 1 at most.
        let sum: u64 = words.iter().map(|&w| spread(w)).sum();
        let halves = [even_bits(sum), odd_bits(sum)];
        for (half, first) in halves.into_iter().zip([0, 3]) {
            for (i, value) in triple(half).into_iter().enumerate() {
                self.range_cell(grid, first + i, row, value.into());
            }
        }
        grid.enable(if odd { self.odd } else { self.even }, row);
        let result = halves[usize::from(odd)];
        self.cell(grid, self.columns.x, row, sum);
        self.cell(grid, self.columns.y, row, result.into());
        result
    }

    fn round_slot(
        &self,
        grid: &mut Grid<Fr>,
        row: usize,
        t: usize,
        words: &[u32; 16],
        w: &mut Vec<u32>,
        history: &mut History,
    ) -> CellRef {
        let columns = &self.columns;
        let sigma0 = |x: u32| x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let sigma1 = |x: u32| x.rotate_right(17) ^ x.rotate_right(19) ^ (x >> 10);
        let (word, carry_w) = match words.get(t) {
            Some(&word) => (word, 0),
            None => reduce(
                u64::from(w[t - 16])
                    + u64::from(sigma0(w[t - 15]))
                    + u64::from(w[t - 7])
                    + u64::from(sigma1(w[t - 2])),
            ),
        };
        w.push(word);
        let s = history.a.len();
        let [a, b, c, d] = [1, 2, 3, 4].map(|i| history.a[s - i]);
        let [e, f, g, h] = [1, 2, 3, 4].map(|i| history.e[s - i]);

        let maj = self.sum_row(grid, row + 6, [a, b, c], true);
        let e_and_f = self.sum_row(grid, row + 8, [e, f], true);
        let not_e_and_g = self.sum_row(grid, row + 9, [!e, g], true);
        let [r0, r1, r2] = rotated(a, [2, 13, 22]);
        let [q0, q1, q2] = rotated(e, [6, 11, 25]);
        let t1 = u64::from(h)
            + u64::from(q0 ^ q1 ^ q2)
            + u64::from(e_and_f)
            + u64::from(not_e_and_g)
            + u64::from(ROUND_CONSTANTS[t])
            + u64::from(word);
        let t2 = u64::from(r0 ^ r1 ^ r2) + u64::from(maj);
        grid.enable(self.round, row + 2);
        grid.fixed(columns.constant, row + 2, Fr::from(u64::from(ROUND_CONSTANTS[t])));
        self.state_words(grid, row, reduce(t1 + t2), reduce(t1 + u64::from(d)), history);

        // Rows 3, 4, 10, 11: the message word.
        grid.enable(self.word_w, row + 3);
        if t >= 16 {
            grid.enable(self.schedule, row + 2);
        }
        self.range_cell(grid, 5, row + 2, carry_w);
        self.pieces(grid, row + 3, word, &W_PIECES);
        W_PIECES.iter().for_each(|p| self.scaled(grid, row + 4, word, p));
        for (i, offset) in W_BITS.iter().enumerate() {
            self.cell(grid, columns.x, row + 3 + i, u64::from(word >> offset & 1));
        }
        self.sum_row(
            grid,
            row + 10,
            [word.rotate_right(7), word.rotate_right(18), word >> 3],
            false,
        );
        self.sum_row(
            grid,
            row + 11,
            [word.rotate_right(17), word.rotate_right(19), word >> 10],
            false,
        );
        self.cell(grid, columns.y, row + 3, word.into())
    }

    fn feed_forward_slot(
        &self,
        grid: &mut Grid<Fr>,
        row: usize,
        j: usize,
        reset: bool,
        history: &mut History,
    ) -> CellRef {
        let s = history.a.len();
        let next = |words: &[u32], initial: u32| {
            if reset {
                (initial, 0)
            } else {
                reduce(u64::from(words[s - 4]) + u64::from(words[s - BLOCK_SLOTS]))
            }
        };
        let a = next(&history.a, INITIAL_STATE[3 - j]);
        let e = next(&history.e, INITIAL_STATE[7 - j]);
        grid.enable(self.feed_forward, row + 2);
        self.state_constants(grid, row, j);
        self.state_words(grid, row, a, e, history);
        let reset = if reset { Fr::ONE } else { Fr::ZERO };
        grid.advice(self.columns.y, row + 2, reset)
    }
}
