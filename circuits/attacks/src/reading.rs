//! What a prover claims of the time and of the Subject, written coherently, by the statement and not by the chip.

use std::collections::BTreeMap;

use zkdkim_circuits::{
    header::reading::{CHARACTERS, CHOICE, CLEAR, COMMAND, FLAG, LATER, SUM},
    poseidon::PERMUTATION_ROWS,
    statement::StatementConfig,
};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_relation::{
    commitment::{from_be_bytes, tag, SEAL_TAG},
    registry::DEPTH,
    sealed::{Reading, SEALED_CHARACTERS, SEALED_PREFIX},
    statement::StatementInput,
    values::sealed_mark,
};

use crate::{
    provider::{permute, FOLDS},
    small,
};

/// Choices before those of the characters.
const OTHERS: usize = CHARACTERS - CHOICE - SEALED_CHARACTERS;
/// The first of the two permutations of the seal.
pub const SEAL: usize = FOLDS + DEPTH;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A column of the rows of readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// One of the wide columns.
    Wide(usize),
    /// The column beside the bytes.
    Lower,
}

/// A prover's choices, and lies about single cells: all behind a lie is computed from it.
#[derive(Clone, Debug)]
pub struct Revealing {
    /// The bytes of the bound.
    pub bound: [Fr; 5],
    /// The bytes of what is left of the time; computed from the two where absent.
    pub later: Option<[Fr; 5]>,
    /// The bytes of the command.
    pub command: [Fr; 31],
    /// The blinding.
    pub blinding: Fr,
    /// The flag in its row, and in each choice.
    pub flags: [Fr; 1 + CHARACTERS - CHOICE],
    /// Whether prefix, end and seal of the Subject are chosen where it is read as sealed, though they are not what they
    /// have to be: then the gate of the choice holds, and what refuses is the copy.
    pub chosen: bool,
    /// Values of characters other than those of the table.
    pub values: BTreeMap<usize, Fr>,
    /// What is added to a cell, by its row of the block.
    pub lies: BTreeMap<(usize, Of), Fr>,
}

impl Default for Revealing {
    fn default() -> Self {
        Self {
            bound: [Fr::ZERO; 5],
            later: None,
            command: [Fr::ZERO; 31],
            blinding: Fr::ZERO,
            flags: [Fr::ZERO; 1 + CHARACTERS - CHOICE],
            chosen: false,
            values: BTreeMap::new(),
            lies: BTreeMap::new(),
        }
    }
}

/// A number's lowest five bytes, the highest first.
pub fn five_bytes(number: u64) -> [Fr; 5] {
    std::array::from_fn(|i| small(number >> (8 * (4 - i)) & 0xff))
}

/// Bytes as one number, as they are packed.
pub fn packed(bytes: &[Fr]) -> Fr {
    bytes.iter().fold(Fr::ZERO, |sum, byte| sum * small(256) + byte)
}

impl Revealing {
    /// The honest choices of an input.
    pub fn honest(not_before: u64, reading: &Reading) -> Self {
        let mut revealing = Self { bound: five_bytes(not_before), ..Self::default() };
        if let Reading::Sealed { command, blinding } = reading {
            revealing.command = command.0.map(|byte| small(byte.into()));
            revealing.blinding = blinding.expose();
            revealing.flags = [Fr::ONE; 1 + CHARACTERS - CHOICE];
        }
        revealing
    }

    /// Those of an input.
    pub fn of(input: &StatementInput) -> Self {
        Self::honest(input.not_before, &input.reading)
    }

    /// Adds a lie.
    pub fn lying(mut self, row: usize, of: Of, by: Fr) -> Self {
        self.lies.insert((row, of), by);
        self
    }

    /// Writes all rows, from the values that stand in the output rows.
    pub fn write(&self, config: &StatementConfig, grid: &mut Grid<Fr>) {
        let mut writer = Writer { config, grid, lies: &self.lies };
        let extracted = config.extract.extracted(config.rows.outputs);
        let time = writer.read(extracted.timestamp);
        let bound = writer.number(0, &self.bound);
        let later = self.later.unwrap_or_else(|| {
            let bytes = (time - bound).to_bytes();
            std::array::from_fn(|i| small(bytes[4 - i].into()))
        });
        let later = writer.number(LATER, &later);
        let copied = writer.put(SUM, Of::Wide(1), bound);
        writer.put(SUM, Of::Wide(0), later + copied);

        let command = writer.number(COMMAND, &self.command);
        let seal = writer.seal(command, self.blinding);

        writer.byte(FLAG, Fr::ZERO);
        let flags: Vec<Fr> = (FLAG..CHARACTERS)
            .map(|row| writer.put(row, Of::Wide(4), self.flags[row - FLAG]))
            .collect();
        let flag = |choice: usize| flags[choice + 1];

        let subject = extracted.subject;
        let mut spelt = Fr::ZERO;
        for (i, cell) in subject.characters.iter().enumerate() {
            let byte = writer.read(*cell);
            let choice = OTHERS + i;
            let character = writer.choose(choice, byte, small(CLEAR.into()), flag(choice));
            let row = CHARACTERS + i;
            let character = writer.put(row, Of::Wide(1), character);
            let bits = if i == SEALED_CHARACTERS - 1 { 4 } else { 6 };
            let of_table = ALPHABET.iter().position(|c| small((*c).into()) == character);
            let of_table = small(of_table.unwrap_or(0) as u64 >> (6 - bits));
            let value = *self.values.get(&i).unwrap_or(&of_table);
            let value = writer.put(row, Of::Lower, value);
            let factor = if i == 0 { Fr::ZERO } else { small(1 << bits) };
            spelt = writer.put(row, Of::Wide(0), spelt * factor + value);
        }
        let prefix = writer.read(subject.prefix);
        let end = writer.read(subject.end);
        let wanted = from_be_bytes(SEALED_PREFIX.as_bytes());
        for (choice, sealed, clear) in [(0, prefix, wanted), (1, end, Fr::ZERO), (2, seal, spelt)] {
            writer.put(CHOICE + choice, Of::Wide(1), sealed);
            writer.put(CHOICE + choice, Of::Wide(2), clear);
            // What is proved of them is that the two are one.
            let one = if self.chosen { clear + flag(choice) * (sealed - clear) } else { clear };
            writer.put(CHOICE + choice, Of::Wide(0), one);
        }
        for (word, cell) in subject.words.iter().enumerate() {
            let clear = writer.read(*cell);
            let sealed = match word {
                0 => command,
                5 => sealed_mark(),
                _ => Fr::ZERO,
            };
            writer.choose(3 + word, sealed, clear, flag(3 + word));
        }
    }
}

struct Writer<'a> {
    config: &'a StatementConfig,
    grid: &'a mut Grid<Fr>,
    lies: &'a BTreeMap<(usize, Of), Fr>,
}

impl Writer<'_> {
    fn read(&self, cell: CellRef) -> Fr {
        self.grid.value(cell).unwrap_or(Fr::ZERO)
    }

    /// Writes a cell, with the lie about it, and returns what stands there.
    fn put(&mut self, row: usize, of: Of, value: Fr) -> Fr {
        let c = &self.config.columns;
        let value = value + self.lies.get(&(row, of)).copied().unwrap_or(Fr::ZERO);
        let column = match of {
            Of::Wide(i) => c.wide[i],
            Of::Lower => c.lower,
        };
        self.grid.forge(column, self.config.rows.reading + row, value);
        value
    }

    /// Writes a byte and its lower-case form.
    fn byte(&mut self, row: usize, byte: Fr) -> Fr {
        let byte = self.put(row, Of::Wide(1), byte);
        let low = byte.to_bytes()[0];
        let lower = if small(low.into()) == byte { low.to_ascii_lowercase() } else { 0 };
        self.put(row, Of::Lower, small(lower.into()));
        byte
    }

    fn number(&mut self, first: usize, bytes: &[Fr]) -> Fr {
        let mut packed = Fr::ZERO;
        for (i, byte) in bytes.iter().enumerate() {
            let byte = self.byte(first + i, *byte);
            let factor = if i == 0 { Fr::ZERO } else { small(256) };
            packed = self.put(first + i, Of::Wide(0), packed * factor + byte);
        }
        packed
    }

    fn choose(&mut self, choice: usize, sealed: Fr, clear: Fr, flag: Fr) -> Fr {
        let row = CHOICE + choice;
        let sealed = self.put(row, Of::Wide(1), sealed);
        let clear = self.put(row, Of::Wide(2), clear);
        self.put(row, Of::Wide(0), clear + flag * (sealed - clear))
    }

    /// The seal, by the circuit's two permutations.
    fn seal(&mut self, command: Fr, blinding: Fr) -> Fr {
        let wide = self.config.columns.wide;
        let mut left = tag(SEAL_TAG);
        for (i, right) in [command, blinding].into_iter().enumerate() {
            let row = self.config.rows.poseidon + (SEAL + i) * PERMUTATION_ROWS;
            self.grid.forge(wide[1], row, left);
            self.grid.forge(wide[0], row, right);
            permute(self.config, self.grid, row);
            left = self.read(CellRef::new(wide[2], row + PERMUTATION_ROWS - 1));
        }
        left
    }
}
