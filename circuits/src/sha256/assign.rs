//! Witness of the SHA-256 chip. Spread cells are filled in later, all at once ([`crate::logup`]).

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{halo2curves::bn256::Fr, plonk::Selector};

use super::{
    gates::{scale_bits, Piece, A_PIECES, E_PIECES, E_SCALED_HERE, W_BITS, W_PIECES},
    Message, Sha256Assigned, Sha256Config, Sha256Lane, BLOCK_SLOTS, INITIAL_SLOTS, INITIAL_STATE,
    ROUND_CONSTANTS, SLOTS, SLOT_ROWS,
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

/// Where a slot stands.
#[derive(Clone, Copy)]
struct Slot<'a> {
    lane: &'a Sha256Lane,
    row: usize,
    /// Whether this slot enables the selectors of its rows, for all lanes.
    leads: bool,
}

impl Slot<'_> {
    fn enable(&self, grid: &mut Grid<Fr>, selector: Selector, offset: usize) {
        if self.leads {
            grid.enable(selector, self.row + offset);
        }
    }

    fn pieces(&self, grid: &mut Grid<Fr>, offset: usize, word: u32, pieces: &[Piece]) {
        for p in pieces {
            let value = u64::from(word >> p.offset) & ((1 << p.bits) - 1);
            self.range(grid, p.column, offset, value);
        }
    }

    fn scaled(&self, grid: &mut Grid<Fr>, offset: usize, word: u32, piece: &Piece) {
        if let (Some(bits), Some(column)) = (scale_bits(piece), piece.scaled) {
            let value = u64::from(word >> piece.offset) & ((1 << piece.bits) - 1);
            self.range(grid, column, offset, value << bits);
        }
    }

    fn range(&self, grid: &mut Grid<Fr>, column: usize, offset: usize, value: u64) {
        grid.advice(self.lane.range[column], self.row + offset, Fr::from(value));
    }

    fn x(&self, grid: &mut Grid<Fr>, offset: usize, value: u64) -> CellRef {
        grid.advice(self.lane.x, self.row + offset, Fr::from(value))
    }

    fn y(&self, grid: &mut Grid<Fr>, offset: usize, value: u64) -> CellRef {
        grid.advice(self.lane.y, self.row + offset, Fr::from(value))
    }

    fn constant(&self, grid: &mut Grid<Fr>, offset: usize, value: u32) {
        grid.fixed(self.lane.constant, self.row + offset, Fr::from(u64::from(value)));
    }

    /// The initial value of slot `j` of four, for the gates that pin or restore it.
    fn state_constants(&self, grid: &mut Grid<Fr>, j: usize) {
        self.constant(grid, 2, INITIAL_STATE[3 - j]);
        self.constant(grid, 3, INITIAL_STATE[7 - j]);
    }
}

impl Sha256Config {
    fn slot(&self, start: usize, slot: usize) -> Slot<'_> {
        let lanes = self.lanes.len();
        Slot {
            lane: &self.lanes[slot % lanes],
            row: start + slot / lanes * SLOT_ROWS,
            leads: slot.is_multiple_of(lanes),
        }
    }

    /// Writes the computation from `start` on and returns the cells to tie it to the message.
    pub fn assign(&self, grid: &mut Grid<Fr>, start: usize, message: &Message) -> Sha256Assigned {
        let mut history = History::default();
        for j in 0..INITIAL_SLOTS {
            let slot = self.slot(start, j);
            let (a, e) = (INITIAL_STATE[3 - j], INITIAL_STATE[7 - j]);
            slot.enable(grid, self.initial, 2);
            slot.enable(grid, self.initial, 3);
            slot.state_constants(grid, j);
            self.state_words(grid, slot, a, e, &mut history);
        }
        let (mut message_cells, mut resets) = (Vec::new(), Vec::new());
        for (block, (words, reset)) in message.iter().enumerate() {
            let first = INITIAL_SLOTS + block * BLOCK_SLOTS;
            let mut w: Vec<u32> = Vec::with_capacity(64);
            for t in 0..64 {
                let slot = self.slot(start, first + t);
                let cell = self.round_slot(grid, slot, t, words, &mut w, &mut history);
                if t < 16 {
                    message_cells.push(cell);
                }
            }
            let cells = [0, 1, 2, 3].map(|j| {
                let slot = self.slot(start, first + 64 + j);
                self.feed_forward_slot(grid, slot, j, *reset, &mut history)
            });
            resets.push(std::array::from_fn(|i| cells[i / 2][i % 2]));
        }
        Sha256Assigned { message: message_cells, resets, digest: self.digest_cells(start) }
    }

    /// The cells of H0 … H7, where the computation begins in row `start`.
    pub fn digest_cells(&self, start: usize) -> [CellRef; 8] {
        std::array::from_fn(|i| {
            let slot = self.slot(start, SLOTS - 1 - i % 4);
            CellRef::new(slot.lane.y, slot.row + i / 4)
        })
    }

    /// Rows 0–2, 5 and 7: A and E, Σ0(A) and Σ1(E).
    fn state_words(
        &self,
        grid: &mut Grid<Fr>,
        slot: Slot<'_>,
        a: u32,
        e: u32,
        history: &mut History,
    ) {
        slot.enable(grid, self.word_a, 0);
        slot.enable(grid, self.word_e, 1);
        slot.pieces(grid, 0, a, &A_PIECES);
        A_PIECES.iter().for_each(|p| slot.scaled(grid, 0, a, p));
        slot.pieces(grid, 1, e, &E_PIECES);
        for (i, p) in E_PIECES.iter().enumerate() {
            slot.scaled(grid, 1 + usize::from(i != E_SCALED_HERE), e, p);
        }
        slot.y(grid, 0, a.into());
        slot.x(grid, 0, spread(a));
        slot.y(grid, 1, e.into());
        slot.x(grid, 1, spread(e));
        self.sum_row(grid, slot, 5, rotated(a, [2, 13, 22]), false);
        self.sum_row(grid, slot, 7, rotated(e, [6, 11, 25]), false);
        history.a.push(a);
        history.e.push(e);
    }

    /// A row that adds spread words and takes the even (exclusive or) or odd (and) bits; returns the result.
    fn sum_row<const N: usize>(
        &self,
        grid: &mut Grid<Fr>,
        slot: Slot<'_>,
        offset: usize,
        words: [u32; N],
        odd: bool,
    ) -> u32 {
        // Three spread words reach 2^64 - 1 at most.
        let sum: u64 = words.iter().map(|&w| spread(w)).sum();
        let halves = [even_bits(sum), odd_bits(sum)];
        for (half, first) in halves.into_iter().zip([0, 3]) {
            for (i, value) in triple(half).into_iter().enumerate() {
                slot.range(grid, first + i, offset, value.into());
            }
        }
        slot.enable(grid, if odd { self.odd } else { self.even }, offset);
        let result = halves[usize::from(odd)];
        slot.x(grid, offset, sum);
        slot.y(grid, offset, result.into());
        result
    }

    fn round_slot(
        &self,
        grid: &mut Grid<Fr>,
        slot: Slot<'_>,
        t: usize,
        words: &[u32; 16],
        w: &mut Vec<u32>,
        history: &mut History,
    ) -> CellRef {
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

        let maj = self.sum_row(grid, slot, 6, [a, b, c], true);
        let e_and_f = self.sum_row(grid, slot, 8, [e, f], true);
        let not_e_and_g = self.sum_row(grid, slot, 9, [!e, g], true);
        let [r0, r1, r2] = rotated(a, [2, 13, 22]);
        let [q0, q1, q2] = rotated(e, [6, 11, 25]);
        let t1 = u64::from(h)
            + u64::from(q0 ^ q1 ^ q2)
            + u64::from(e_and_f)
            + u64::from(not_e_and_g)
            + u64::from(ROUND_CONSTANTS[t])
            + u64::from(word);
        let t2 = u64::from(r0 ^ r1 ^ r2) + u64::from(maj);
        slot.enable(grid, self.round, 2);
        slot.constant(grid, 2, ROUND_CONSTANTS[t]);
        let ((a, carry_a), (e, carry_e)) = (reduce(t1 + t2), reduce(t1 + u64::from(d)));
        slot.range(grid, 2, 2, carry_a);
        slot.range(grid, 4, 2, carry_e);
        self.state_words(grid, slot, a, e, history);

        // Rows 3, 4, 10, 11: the message word.
        slot.enable(grid, self.word_w, 3);
        if t >= 16 {
            slot.enable(grid, self.schedule, 2);
        }
        slot.range(grid, 5, 2, carry_w);
        slot.pieces(grid, 3, word, &W_PIECES);
        W_PIECES.iter().for_each(|p| slot.scaled(grid, 4, word, p));
        for (i, position) in W_BITS.iter().enumerate() {
            slot.x(grid, 3 + i, u64::from(word >> position & 1));
        }
        let small0 = [word.rotate_right(7), word.rotate_right(18), word >> 3];
        self.sum_row(grid, slot, 10, small0, false);
        let small1 = [word.rotate_right(17), word.rotate_right(19), word >> 10];
        self.sum_row(grid, slot, 11, small1, false);
        slot.y(grid, 3, word.into())
    }

    fn feed_forward_slot(
        &self,
        grid: &mut Grid<Fr>,
        slot: Slot<'_>,
        j: usize,
        reset: bool,
        history: &mut History,
    ) -> [CellRef; 2] {
        let s = history.a.len();
        let next = |words: &[u32], initial: u32| {
            if reset {
                (initial, 0)
            } else {
                reduce(u64::from(words[s - 4]) + u64::from(words[s - BLOCK_SLOTS]))
            }
        };
        let (a, carry_a) = next(&history.a, INITIAL_STATE[3 - j]);
        let (e, carry_e) = next(&history.e, INITIAL_STATE[7 - j]);
        slot.state_constants(grid, j);
        self.state_words(grid, slot, a, e, history);
        [(2, carry_a), (3, carry_e)].map(|(offset, carry)| {
            slot.enable(grid, self.feed_forward, offset);
            slot.range(grid, 2, offset, carry);
            slot.y(grid, offset, reset.into())
        })
    }
}
