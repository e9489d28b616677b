//! One row for each of the 1,088 bytes that SHA-256 absorbs.
//!
//! # Statement
//! For every accepted assignment there is a block of at most 1,024 bytes, accepted by the header automaton, such that
//! the message words are some filler blocks, then the block with the padding of FIPS 180-4 §5.1.1, ending with the
//! last byte of the last message block; and a reset cell is 1 exactly after the last filler block.
//!
//! # Trusts
//! The lookup argument: in every byte row (state, symbol, next state, field) is an edge of the automaton, so a symbol
//! is 0 … 256.
//!
//! # Layout
//! ```text
//!        wide[0]  wide[1]  wide[2]  wide[3]  wide[4]             x                y
//! row i  state    symbol   field    end      1/(symbol - 256)    bytes so far     word (i % 4 = 0), reset
//! 1,025                                                                           1/(bytes up to 1,024 - 1,025)
//! ```
//! x and y are those of the first lane;
//! k\[0\] is 0 in the first row and 1 after; k\[1\] is i.
//!
//! # Soundness
//! - `end` is 1 exactly where the symbol is 256: boolean, `end (symbol - 256) = 0`, and an inverse where it is 0. So a
//!   byte is `symbol - 256 end`, between 0 and 255, and the automaton and SHA-256 read the same bytes.
//! - The automaton's runs have the shape 256* block 256*, from START (copied) to END (copied), so `end` falls at
//!   most once and then rises once. Before position 1,016 `end` is constant within a message block and never rises, so filler is whole
//!   blocks and padding begins at 1,016 or later; from 1,016 on it never falls except at 1,024, where a last filler
//!   block may end; from 1,079 on it is 1. The bytes up to position 1,024 are not 1,025, so where there is no filler
//!   `end` is 1 there and the block has at most 1,024 bytes; where there is, the block has at most 1,079 - 64.
//! - Padding is 0x80 at the first padding byte, then zeros, then the bit length in the last eight bytes: word 270 is
//!   zero (copied) and word 271 is eight times the number of bytes with `end = 0`.
//! - A reset after block b < 15 is the fall of `end` at the block's end; after block 15, that block's filler flag
//!   (its last eight bytes may be padding, so the flag is read at 1,015). Block 16 is never followed by a reset.
//!
//! # Completeness
//! Every length from 1 to 1,024 of an accepted block; none is empty.
//!
//! # Source
//! FIPS 180-4 §5.1.1; putting filler first is our choice, so that the digest is always that of the last block.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{
        bn256::Fr,
        ff::{BatchInvert, Field},
    },
    plonk::{Advice, Column, ConstraintSystem, Expression, Fixed, Selector, VirtualCells},
    poly::Rotation,
};

use super::{
    automaton::{Automaton, Edge, END, END_SYMBOL, START},
    BYTES, MAX_BLOCK,
};
use crate::{
    field::{boolean, combine, constant, pow2},
    sha256::{self, BLOCKS, WORDS},
    statement::constants::Constants,
};

/// First position at which padding may begin.
const PADDING_FROM: usize = MAX_BLOCK - 8;
/// First position that is padding whatever the length.
const PADDING_SURE: usize = BYTES - 9;
/// First position of the last message block.
const LAST_BLOCK: usize = BYTES - 64;

/// The columns that the chip is lent.
#[derive(Clone, Copy, Debug)]
pub struct BytesColumns {
    /// State, symbol, field, end flag, inverse of symbol − 256. Copies allowed in the first.
    pub wide: [Column<Advice>; 5],
    /// Bytes of the block so far.
    pub count: Column<Advice>,
    /// Message words, reset flags, and in one row the inverse that bounds the block. Copies allowed.
    pub word: Column<Advice>,
    /// 1 in byte rows, 0 elsewhere: there the byte gate holds and the argument looks up an edge.
    pub step: Column<Fixed>,
    /// 1 where the count goes on, 0 in the first row.
    pub goes_on: Column<Fixed>,
    /// The position of the byte.
    pub position: Column<Fixed>,
}

/// The columns lent to the chip, and its selectors.
#[derive(Clone, Debug)]
pub struct BytesConfig {
    columns: BytesColumns,
    hold: Selector,
    fall_only: Selector,
    rise_only: Selector,
    bounded: Selector,
    end: Selector,
    word: Selector,
    padded_word: Selector,
    length: Selector,
    reset: Selector,
    last_reset: Selector,
}

/// The cells that tie the bytes to SHA-256, and the automaton's run.
#[derive(Clone, Debug)]
pub struct BytesAssigned {
    /// The cells of the 272 message words of 32 bits, block after block.
    pub words: Vec<CellRef>,
    /// The reset flag of each message block.
    pub resets: [CellRef; BLOCKS],
    /// What `words` and `resets` hold, by block.
    pub message: sha256::Message,
    /// The edge of each byte row, in order; for a block outside the language they do not all fit together.
    pub run: Vec<Edge>,
}

impl BytesConfig {
    /// Adds the chip's gates. Highest degree 2 without the selector.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: BytesColumns) -> Self {
        // Keys compress selectors greedily in this order; with the padded word's in another place they have a column more.
        let config = Self {
            columns,
            hold: meta.selector(),
            fall_only: meta.selector(),
            rise_only: meta.selector(),
            bounded: meta.selector(),
            end: meta.selector(),
            word: meta.selector(),
            length: meta.selector(),
            reset: meta.selector(),
            last_reset: meta.selector(),
            padded_word: meta.selector(),
        };
        config.byte_gates(meta);
        config.word_gates(meta);
        config
    }

    fn symbol(&self, m: &mut VirtualCells<'_, Fr>, row: i32) -> Expression<Fr> {
        m.query_advice(self.columns.wide[1], Rotation(row))
    }

    fn end_flag(&self, m: &mut VirtualCells<'_, Fr>, row: i32) -> Expression<Fr> {
        m.query_advice(self.columns.wide[3], Rotation(row))
    }

    fn byte_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let columns = &self.columns;
        meta.create_gate("header byte", |m| {
            let q = m.query_fixed(columns.step, Rotation::cur());
            let past_byte = self.symbol(m, 0) - constant(u64::from(END_SYMBOL));
            let end = self.end_flag(m, 0);
            let inverse = m.query_advice(columns.wide[4], Rotation::cur());
            let count = m.query_advice(columns.count, Rotation::cur());
            let count_before = m.query_advice(columns.count, Rotation::prev());
            let goes_on = m.query_fixed(columns.goes_on, Rotation::cur());
            vec![
                q.clone() * boolean(end.clone()),
                // Or else a byte could be read as a byte by SHA-256 and as filler by the automaton, or the reverse.
                q.clone() * end.clone() * past_byte.clone(),
                q.clone() * (past_byte * inverse - constant(1) + end.clone()),
                q * (count - goes_on * count_before - constant(1) + end),
            ]
        });
        meta.create_gate("header end flag holds within a filler block", |m| {
            let q = m.query_selector(self.hold);
            vec![q * (self.end_flag(m, 0) - self.end_flag(m, -1))]
        });
        meta.create_gate("header end flag only falls between blocks", |m| {
            let q = m.query_selector(self.fall_only);
            vec![q * self.end_flag(m, 0) * (constant(1) - self.end_flag(m, -1))]
        });
        meta.create_gate("header end flag only rises in the padding", |m| {
            let q = m.query_selector(self.rise_only);
            vec![q * self.end_flag(m, -1) * (constant(1) - self.end_flag(m, 0))]
        });
        meta.create_gate("header block has at most 1024 bytes", |m| {
            let q = m.query_selector(self.bounded);
            // Or else, without filler, a block could reach up to the length word: 1,079 bytes. The row's count is one
            // more than the longest block only where all bytes so far, this one included, are of the block.
            let count = m.query_advice(columns.count, Rotation::cur());
            let inverse = m.query_advice(columns.word, Rotation::next());
            vec![q * ((count - constant(MAX_BLOCK as u64 + 1)) * inverse - constant(1))]
        });
        meta.create_gate("header block ends before the length", |m| {
            let q = m.query_selector(self.end);
            vec![q * (self.end_flag(m, 0) - constant(1))]
        });
        meta.create_gate("header reset after filler", |m| {
            let q = m.query_selector(self.reset);
            let reset = m.query_advice(columns.word, Rotation::next());
            vec![q * (reset - self.end_flag(m, -1) + self.end_flag(m, 0))]
        });
        meta.create_gate("header reset after the last but one block", |m| {
            let q = m.query_selector(self.last_reset);
            let reset = m.query_advice(columns.word, Rotation::next());
            vec![q * (reset - self.end_flag(m, -1))]
        });
    }

    fn word_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let columns = &self.columns;
        let byte = |m: &mut VirtualCells<'_, Fr>, row: i32| {
            self.symbol(m, row) - self.end_flag(m, row) * Fr::from(u64::from(END_SYMBOL))
        };
        meta.create_gate("header word", |m| {
            let q = m.query_selector(self.word);
            let word = m.query_advice(columns.word, Rotation::cur());
            let sum = combine((0..4).map(|j| (pow2(24 - 8 * j as u32), byte(m, j))));
            vec![q * (word - sum)]
        });
        meta.create_gate("header word with padding", |m| {
            let q = m.query_selector(self.padded_word);
            let word = m.query_advice(columns.word, Rotation::cur());
            let sum = combine((0..4).map(|j| {
                let first_padding = self.end_flag(m, j) * (constant(1) - self.end_flag(m, j - 1));
                (pow2(24 - 8 * j as u32), byte(m, j) + first_padding * Fr::from(0x80))
            }));
            vec![q * (word - sum)]
        });
        meta.create_gate("header length word", |m| {
            let q = m.query_selector(self.length);
            let word = m.query_advice(columns.word, Rotation::cur());
            let count = m.query_advice(columns.count, Rotation::cur());
            vec![q * (word - count * Fr::from(8))]
        });
    }

    /// Writes the byte rows of `block` from row `start` on.
    ///
    /// A block that the automaton does not accept is written as far as it goes: the circuit is then unsatisfied.
    ///
    /// # Panics
    /// If the block is longer than [`MAX_BLOCK`].
    pub fn assign(
        &self,
        grid: &mut Grid<Fr>,
        start: usize,
        block: &[u8],
        constants: &Constants,
    ) -> BytesAssigned {
        assert!(block.len() <= MAX_BLOCK, "header block of {} bytes", block.len());
        let (symbols, filler) = symbols_of(block);
        let run = Automaton::header().best_run(&symbols);
        self.assign_shape(grid, start);
        self.assign_bytes(grid, start, &symbols, &run);
        let message = message_of(block, filler);
        let c = &self.columns;
        grid.copy(constants.cell(Fr::from(u64::from(START))), CellRef::new(c.wide[0], start));
        grid.copy(constants.cell(Fr::from(u64::from(END))), CellRef::new(c.wide[0], start + BYTES));
        let words = (0..WORDS)
            .map(|i| {
                let value = Fr::from(u64::from(message[i / 16].0[i % 16]));
                // The length word stands where the count of bytes is complete.
                let row = start + if i == WORDS - 1 { BYTES - 1 } else { 4 * i };
                let cell = grid.advice(c.word, row, value);
                if i == WORDS - 2 {
                    grid.copy(constants.cell(Fr::ZERO), cell);
                }
                cell
            })
            .collect();
        let resets = std::array::from_fn(|block| {
            let value = if message[block].1 { Fr::ONE } else { Fr::ZERO };
            match reset_row(block) {
                Some(row) => grid.advice(c.word, start + row + 1, value),
                None => constants.cell(Fr::ZERO),
            }
        });
        BytesAssigned { words, resets, message, run }
    }

    /// Selectors and fixed cells.
    fn assign_shape(&self, grid: &mut Grid<Fr>, start: usize) {
        for i in 0..BYTES {
            let row = start + i;
            grid.fixed(self.columns.step, row, Fr::ONE);
            grid.fixed(self.columns.goes_on, row, if i == 0 { Fr::ZERO } else { Fr::ONE });
            grid.fixed(self.columns.position, row, Fr::from(i as u64));
            match i {
                0 | LAST_BLOCK => {}
                i if i >= PADDING_FROM => grid.enable(self.rise_only, row),
                i if i % 64 == 0 => grid.enable(self.fall_only, row),
                _ => grid.enable(self.hold, row),
            }
            if i == LAST_BLOCK {
                grid.enable(self.bounded, row);
            }
            if i >= PADDING_SURE {
                grid.enable(self.end, row);
            }
            if i % 4 == 0 && i < BYTES - 8 {
                grid.enable(if i < PADDING_FROM { self.word } else { self.padded_word }, row);
            }
        }
        grid.enable(self.length, start + BYTES - 1);
        for block in 0..BLOCKS {
            if let Some(row) = reset_row(block) {
                let selector = if row == PADDING_FROM { self.last_reset } else { self.reset };
                grid.enable(selector, start + row);
            }
        }
    }

    fn assign_bytes(&self, grid: &mut Grid<Fr>, start: usize, symbols: &[u16], run: &[Edge]) {
        let c = &self.columns;
        let end_symbol = Fr::from(u64::from(END_SYMBOL));
        let mut inverses: Vec<Fr> =
            symbols.iter().map(|s| Fr::from(u64::from(*s)) - end_symbol).collect();
        inverses.iter_mut().batch_invert();
        let mut count = 0u64;
        for (i, ((symbol, edge), inverse)) in symbols.iter().zip(run).zip(inverses).enumerate() {
            let row = start + i;
            let end = *symbol == END_SYMBOL;
            count += u64::from(!end);
            grid.advice(c.wide[0], row, Fr::from(u64::from(edge.state)));
            grid.advice(c.wide[1], row, Fr::from(u64::from(*symbol)));
            grid.advice(c.wide[2], row, Fr::from(edge.field as u64));
            grid.advice(c.wide[3], row, if end { Fr::ONE } else { Fr::ZERO });
            grid.advice(c.wide[4], row, inverse);
            grid.advice(c.count, row, Fr::from(count));
            if i == LAST_BLOCK {
                let missing = Fr::from(count) - Fr::from(MAX_BLOCK as u64 + 1);
                grid.advice(c.word, row + 1, missing.invert().unwrap_or(Fr::ZERO));
            }
        }
        let last = run.last().map_or(START, |edge| edge.next);
        grid.advice(c.wide[0], start + BYTES, Fr::from(u64::from(last)));
    }
}

/// The position whose row decides the reset after a message block; none for the last block.
fn reset_row(block: usize) -> Option<usize> {
    match block {
        b if b + 2 < BLOCKS => Some(64 * (b + 1)),
        b if b + 2 == BLOCKS => Some(PADDING_FROM),
        _ => None,
    }
}

/// The symbols of a block and the number of its filler blocks.
fn symbols_of(block: &[u8]) -> (Vec<u16>, usize) {
    let filler = BLOCKS - (block.len() + 9).div_ceil(64);
    let mut symbols = vec![END_SYMBOL; BYTES];
    for (symbol, byte) in symbols[64 * filler..].iter_mut().zip(block) {
        *symbol = u16::from(*byte);
    }
    (symbols, filler)
}

/// The message words with FIPS 180-4 padding, and the reset flags.
fn message_of(block: &[u8], filler: usize) -> sha256::Message {
    let mut bytes = [0u8; BYTES];
    let begin = 64 * filler;
    bytes[begin..begin + block.len()].copy_from_slice(block);
    bytes[begin + block.len()] = 0x80;
    bytes[BYTES - 8..].copy_from_slice(&(8 * block.len() as u64).to_be_bytes());
    std::array::from_fn(|b| {
        let words = std::array::from_fn(|w| {
            let at = 64 * b + 4 * w;
            u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
        });
        (words, b + 1 == filler)
    })
}
