//! What of time and Subject is revealed: a lower bound of the one, and the other in clear or as a command.
//!
//! # Statement
//! For every accepted assignment, with `t` the time and `subject` the words of [`super::extract`]:
//! - the bound T is an integer with T ≤ t;
//! - the command is a number below 2^248;
//! - there is a flag, 0 or 1. Where it is 0, the public words are those of the Subject. Where it is 1, the Subject is
//!   exactly `zkdkim ` and 43 characters of base64url that spell 32 bytes, the number of these is the seal modulo r, and
//!   the public words are the command, four zeros and 2^248.
//!
//! # Trusts
//! - The lookups of output rows ([`crate::logup`]): with k\[1\] = 0 the byte is 0 … 255; with the shift of a table of
//!   characters the byte is in it, and `lower` is its value.
//! - [`super::extract`]: a Subject's bytes are contiguous, none is 0, and zeros follow. t is below 2^40.
//! - The seal cell is `H(SEAL, command, blinding)`: permutations in [`crate::statement`].
//!
//! # Layout
//! Three kinds of rows in the wide columns, `lower` beside them; k\[2\] is the packing factor.
//!
//! ```text
//!                       wide[0]       wide[1]        wide[2]        wide[4]  lower        k[1]
//! bytes of a number     packed        byte                          1        lower case   0
//! t = T + D             t             T
//! flag                                0                             flag     0            0
//! choice                one of them   if sealed      if clear       flag
//! character             spelt so far  character                     1        value        2 (the last: 3)
//! ```
//!
//! In order: T (5 bytes), D (5), their sum, command (31), flag, nine choices and 43 for the characters, 43 characters.
//! Empty cells are read by nothing.
//!
//! # Soundness
//! - T and D are packed from five bytes each, so below 2^40; the sum of the two is t, in the field and, being below 2^41,
//!   over the integers: 0 ≤ T ≤ t. The command is packed from 31 bytes, so below 2^248, and no wrap-around is possible.
//! - The flag is boolean in its row, an output row beside a byte that is 0, and the same in each choice below. The other
//!   output rows have the flag 1, as the gate of extraction rows asks for one.
//! - A choice is `one = clear + flag · (sealed − clear)`. Where `one` and `clear` are copies of one cell, it says
//!   `flag · (sealed − clear) = 0`: that the first seven bytes are the prefix, that the 51st byte is 0 (so there is none),
//!   that the spelt number is the seal. The six others are the public words.
//! - A character is a choice too: Y where the Subject is clear, and the Subject's byte where it is sealed. So the lookups
//!   hold in both readings and prove something in the one. Y is in both tables; which character of them it is has no
//!   meaning.
//! - 42 characters of six bits and one of four spell 256 bits; what is packed from them is that number modulo r. The
//!   last character's table has only those with two zero bits at the end, so no number is spelt in two ways.
//!
//! # Completeness
//! Every t and every T up to it; every command; every Subject in clear, and every sealed one, also one that spells a
//! number of r or more.
//!
//! # Source
//! docs/relation.md, clauses 0.9, 2.4, 9.3 and 9.5; RFC 4648 §5.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column, ConstraintSystem, Fixed, Selector},
    poly::Rotation,
};
use zkdkim_relation::{
    commitment::{PACKED_BYTES, SUBJECT_WORDS},
    sealed::{Reading, SEALED_CHARACTERS},
    statement::StatementInput,
    values::{sealed_mark, CommandHash},
};

use super::extract::{ExtractConfig, Extracted};
use crate::{
    field::pow2,
    logup::{TupleType, BASE64URL},
    pack::PackConfig,
    statement::constants::Constants,
};

/// Bytes of a time: 2^40 is above 10^12.
const TIME_BYTES: usize = 5;
/// Choices: prefix, end, seal, the public words, the characters.
const CHOICES: usize = 3 + SUBJECT_WORDS + SEALED_CHARACTERS;
/// What stands for a character where the Subject is clear.
pub const CLEAR: u8 = b'Y';

/// Rows of the chip.
pub const ROWS: usize = CHARACTERS + SEALED_CHARACTERS;
/// The first row of the time that is left over, D.
pub const LATER: usize = TIME_BYTES;
/// The row of the sum.
pub const SUM: usize = 2 * TIME_BYTES;
/// The first row of the command.
pub const COMMAND: usize = SUM + 1;
/// The row of the flag.
pub const FLAG: usize = COMMAND + PACKED_BYTES;
/// The first choice.
pub const CHOICE: usize = FLAG + 1;
/// The first character.
pub const CHARACTERS: usize = CHOICE + CHOICES;

/// The columns that the chip is lent.
#[derive(Clone, Copy, Debug)]
pub struct ReadingColumns {
    /// See the layout. Copies allowed in the first three.
    pub wide: [Column<Advice>; 5],
    /// What the argument finds beside a byte.
    pub lower: Column<Advice>,
    /// 1 in the rows of bytes and characters, and in the flag's: there the argument looks them up.
    pub output: Column<Fixed>,
    /// Which table an output row means.
    pub shift: Column<Fixed>,
}

/// The columns lent to the chip, its selector, and the gates of others that it uses.
#[derive(Clone, Debug)]
pub struct ReadingConfig {
    columns: ReadingColumns,
    choice: Selector,
    pack: PackConfig,
    extract: ExtractConfig,
}

/// The cells that others are tied to.
#[derive(Clone, Copy, Debug)]
pub struct Revealed {
    /// T.
    pub not_before: CellRef,
    /// The public words of the Subject.
    pub words: [CellRef; SUBJECT_WORDS],
}

impl ReadingConfig {
    /// Adds the chip's gate, of degree 2 without the selector.
    pub fn configure(
        meta: &mut ConstraintSystem<Fr>,
        columns: ReadingColumns,
        pack: &PackConfig,
        extract: &ExtractConfig,
    ) -> Self {
        let config =
            Self { columns, choice: meta.selector(), pack: pack.clone(), extract: extract.clone() };
        meta.create_gate("reading choice", |m| {
            let q = m.query_selector(config.choice);
            let [one, sealed, clear, flag] =
                [0, 1, 2, 4].map(|i| m.query_advice(columns.wide[i], Rotation::cur()));
            let above = m.query_advice(columns.wide[4], Rotation::prev());
            vec![
                q.clone() * (one - clear.clone() - flag.clone() * (sealed - clear)),
                // Or else a command could be public without a Subject that is sealed over it.
                q * (flag - above),
            ]
        });
        config
    }

    /// Writes the command of a reading; its cell is hashed into the seal.
    pub fn assign_command(&self, grid: &mut Grid<Fr>, start: usize, reading: &Reading) -> CellRef {
        let CommandHash(bytes) = match reading {
            Reading::Clear => CommandHash([0; PACKED_BYTES]),
            Reading::Sealed { command, .. } => *command,
        };
        self.assign_bytes(grid, start + COMMAND, &bytes)
    }

    /// Writes all other rows: the bound, choices and characters.
    pub fn assign_choices(
        &self,
        grid: &mut Grid<Fr>,
        start: usize,
        extracted: &Extracted,
        [command, seal]: [CellRef; 2],
        input: &StatementInput,
        constants: &Constants,
    ) -> Revealed {
        let not_before = self.assign_bound(grid, start, extracted.timestamp, input.not_before);
        let flag = match input.reading {
            Reading::Clear => Fr::ZERO,
            Reading::Sealed { .. } => Fr::ONE,
        };
        let zero = constants.cell(Fr::ZERO);
        let row = start + FLAG;
        grid.fixed(self.columns.output, row, Fr::ONE);
        grid.copy_advice(zero, self.columns.wide[1], row);
        grid.advice(self.columns.wide[4], row, flag);

        let subject = &extracted.subject;
        let y = constants.cell(Fr::from(u64::from(CLEAR)));
        let first = start + CHOICE + CHOICES - SEALED_CHARACTERS;
        let characters: [_; SEALED_CHARACTERS] = std::array::from_fn(|i| {
            self.assign_choice(grid, first + i, subject.characters[i], y, flag)
        });
        let spelt = self.assign_characters(grid, start + CHARACTERS, &characters);
        let mut row = start + CHOICE;
        for (sealed, clear) in [
            (subject.prefix, constants.cell(Constants::sealed_prefix())),
            (subject.end, zero),
            (seal, spelt),
        ] {
            let one = self.assign_choice(grid, row, sealed, clear, flag);
            grid.copy(clear, one);
            row += 1;
        }
        let mut sealed = [zero; SUBJECT_WORDS];
        sealed[0] = command;
        sealed[SUBJECT_WORDS - 1] = constants.cell(sealed_mark());
        let words = std::array::from_fn(|word| {
            self.assign_choice(grid, row + word, sealed[word], subject.words[word], flag)
        });
        Revealed { not_before, words }
    }

    /// Writes T and D, whose sum is the time. D wraps around where T is later.
    fn assign_bound(
        &self,
        grid: &mut Grid<Fr>,
        start: usize,
        time: CellRef,
        not_before: u64,
    ) -> CellRef {
        let later = low_bytes(grid.value(time).expect("the time is assigned"));
        let later = later.wrapping_sub(not_before);
        let [bound, later] = [(0, not_before), (LATER, later)].map(|(row, number)| {
            self.assign_bytes(grid, start + row, &number.to_be_bytes()[8 - TIME_BYTES..])
        });
        let [a, b] = [bound, later].map(|cell| grid.value(cell).expect("just written"));
        let row = start + SUM;
        self.pack.enable(grid, row, Fr::ONE);
        grid.copy_advice(bound, self.columns.wide[1], row);
        let sum = grid.advice(self.columns.wide[0], row, a + b);
        grid.copy(sum, time);
        bound
    }

    /// Bytes in rows of their own, packed.
    fn assign_bytes(&self, grid: &mut Grid<Fr>, start: usize, bytes: &[u8]) -> CellRef {
        let c = &self.columns;
        let mut packed = Fr::ZERO;
        let mut cell = None;
        for (i, byte) in bytes.iter().enumerate() {
            let row = start + i;
            let factor = if i == 0 { Fr::ZERO } else { Fr::from(256) };
            let value = Fr::from(u64::from(*byte));
            packed = packed * factor + value;
            self.extract.enable_required(grid, row);
            self.pack.enable(grid, row, factor);
            grid.advice(c.wide[1], row, value);
            grid.advice(c.lower, row, Fr::from(u64::from(byte.to_ascii_lowercase())));
            cell = Some(grid.advice(c.wide[0], row, packed));
        }
        cell.expect("at least one byte")
    }

    fn assign_choice(
        &self,
        grid: &mut Grid<Fr>,
        row: usize,
        sealed: CellRef,
        clear: CellRef,
        flag: Fr,
    ) -> CellRef {
        let wide = self.columns.wide;
        grid.enable(self.choice, row);
        let [a, b] = [(sealed, wide[1]), (clear, wide[2])].map(|(source, column)| {
            let copied = grid.copy_advice(source, column, row);
            grid.value(copied).expect("just written")
        });
        grid.advice(wide[4], row, flag);
        grid.advice(wide[0], row, b + flag * (a - b))
    }

    /// The number that the characters spell, modulo r.
    fn assign_characters(
        &self,
        grid: &mut Grid<Fr>,
        start: usize,
        characters: &[CellRef; SEALED_CHARACTERS],
    ) -> CellRef {
        let c = &self.columns;
        let mut spelt = Fr::ZERO;
        let mut cell = None;
        for (i, character) in characters.iter().enumerate() {
            let row = start + i;
            let (kind, bits) = match i {
                _ if i == SEALED_CHARACTERS - 1 => (TupleType::Quartet, 4),
                _ => (TupleType::Sextet, 6),
            };
            let factor = if i == 0 { Fr::ZERO } else { pow2(bits) };
            let copied = grid.copy_advice(*character, c.wide[1], row);
            let value = value_of(grid.value(copied).expect("just written"), bits);
            spelt = spelt * factor + value;
            self.extract.enable_required(grid, row);
            grid.fixed(c.shift, row, kind.shift());
            self.extract.enable_lower(grid, row, factor);
            grid.advice(c.lower, row, value);
            cell = Some(grid.advice(c.wide[0], row, spelt));
        }
        cell.expect("43 characters")
    }
}

/// The six bits of a character of base64url, or its first four; 0 where it is none.
fn value_of(character: Fr, bits: u32) -> Fr {
    let value = BASE64URL.iter().position(|c| Fr::from(u64::from(*c)) == character);
    Fr::from(value.unwrap_or(0) as u64 >> (6 - bits))
}

/// The low eight bytes of an element: all of it where it is a time.
fn low_bytes(element: Fr) -> u64 {
    u64::from_le_bytes(element.to_bytes()[..8].try_into().expect("32 bytes"))
}
