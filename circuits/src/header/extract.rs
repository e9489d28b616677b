//! Output rows: the bytes that the automaton marks, in order, packed into field elements.
//!
//! # Statement
//! For every accepted assignment, with the fields that the automaton's run emits at its positions:
//! - LOCAL and DOMAIN bytes together form one contiguous, non-empty run of at most 124 positions: `address`, with A–Z
//!   lowered; the DOMAIN bytes alone one run of at most 62: `domain`; SIGNER bytes one run of at most 62: `signer`;
//!   SUBJECT bytes one (maybe empty) run of at most 186: `subject`; TIME digits one (maybe empty) run of at most 12,
//!   whose value is `timestamp`, 0 where there is none;
//! - each of the four markers is emitted exactly once.
//!
//! # Trusts
//! The extraction part of the lookup argument ([`crate::logup`]): the multiset of (field, position, byte), each with
//! its field's number as weight, that byte rows emit equals the one that output rows consume. And its case table:
//! in every output row the byte is 0 … 255 and `lower` holds its lower-case form.
//!
//! # Layout
//! ```text
//! wide[0]        wide[1]  wide[2]  wide[3]   wide[4]   lower
//! packed so far  byte     field    position  enabled   lower-case byte
//! ```
//! k\[0\] is the field number, k\[2\] the packing factor (0 in the first row of a word), k\[1\] is 0. Blocks of rows:
//! address 124, domain 62, signer 62, subject 186, time 12, and one row for each marker.
//!
//! # Soundness
//! - Enabled flags are boolean and never rise within a block, positions go up by one: a block consumes a contiguous
//!   run that starts at a free position. Disabled rows hold byte 0, so packed words are padded with zeros.
//! - A field number is the weight of each of its bytes. A LOCAL byte (weight 1) is consumed by the address block
//!   alone; a DOMAIN byte (2) once by the address block and once by the domain block (1 each); SIGNER, SUBJECT, TIME
//!   and markers by their own block with their own weight. The rows of a block have distinct positions, so no block
//!   can take a byte twice; an address row's field is LOCAL or DOMAIN by a gate.
//! - So a second `from:` (`d=`, `t=`) field leaves bytes that no row can consume: its bytes are not contiguous with
//!   the first's. Empty values are possible for the subject only, which is why its marker is counted.
//! - A longer value leaves bytes over.
//!
//! # Source
//! docs/relation.md, clauses 2.3 to 7.1, 9.2, 9.3 and 9.5.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column, ConstraintSystem, Fixed, Selector},
    poly::Rotation,
};
use zkdkim_relation::{
    commitment::{ADDRESS_WORDS, DOMAIN_WORDS, PACKED_BYTES, SUBJECT_WORDS},
    header::MAX_TIMESTAMP_DIGITS,
    sealed::{SEALED_BYTES, SEALED_CHARACTERS, SEALED_PREFIX},
};

use super::automaton::{ByteRole, Edge};
use crate::{
    field::{boolean, constant},
    pack::PackConfig,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    /// Base 256, lower case.
    Lower,
    /// Base 256, bytes as they stand.
    Exact,
    /// Base 10, of ASCII digits.
    Decimal,
    /// No value: the row only shows that its marker is there.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Section {
    /// The fields consumed; more than one only for the address.
    fields: &'static [ByteRole],
    rows: usize,
    weight: u64,
    packing: Packing,
    /// Whether the first row must be enabled.
    required: bool,
}

const fn text(fields: &'static [ByteRole], words: usize, weight: u64, packing: Packing) -> Section {
    Section { fields, rows: words * PACKED_BYTES, weight, packing, required: false }
}

const fn marker(fields: &'static [ByteRole]) -> Section {
    Section { fields, rows: 1, weight: fields[0] as u64, packing: Packing::Nothing, required: true }
}

const ADDRESS: Section = Section {
    required: true,
    ..text(&[ByteRole::Local, ByteRole::Domain], ADDRESS_WORDS, 1, Packing::Lower)
};
const DOMAIN: Section = text(&[ByteRole::Domain], DOMAIN_WORDS, 1, Packing::Lower);
const SIGNER: Section =
    text(&[ByteRole::Signer], DOMAIN_WORDS, ByteRole::Signer as u64, Packing::Lower);
const SUBJECT: Section =
    text(&[ByteRole::Subject], SUBJECT_WORDS, ByteRole::Subject as u64, Packing::Exact);
const TIME: Section = Section {
    fields: &[ByteRole::Time],
    rows: MAX_TIMESTAMP_DIGITS,
    weight: ByteRole::Time as u64,
    packing: Packing::Decimal,
    required: false,
};
const SECTIONS: [Section; 9] = [
    ADDRESS,
    DOMAIN,
    SIGNER,
    SUBJECT,
    TIME,
    marker(&[ByteRole::SubjectMark]),
    marker(&[ByteRole::VersionMark]),
    marker(&[ByteRole::AlgorithmMark]),
    marker(&[ByteRole::CanonMark]),
];

/// Rows of all blocks.
pub const ROWS: usize = {
    let (mut rows, mut i) = (0, 0);
    while i < SECTIONS.len() {
        rows += SECTIONS[i].rows;
        i += 1;
    }
    rows
};

/// The columns that the chip is lent.
#[derive(Clone, Copy, Debug)]
pub struct ExtractColumns {
    /// Packed value, byte, field, position, enable flag. Copies allowed in the first two.
    pub wide: [Column<Advice>; 5],
    /// The byte with A–Z lowered, which the argument's case table gives.
    pub lower: Column<Advice>,
    /// 1 in output rows, 0 elsewhere: there the row gate holds and the argument looks up the lower-case form.
    pub output: Column<Fixed>,
    /// Minus the weight with which a row consumes its byte.
    pub weight: Column<Fixed>,
    /// The field of rows that have only one.
    pub field: Column<Fixed>,
    /// What the packed value of the row above is multiplied with.
    pub factor: Column<Fixed>,
}

/// The columns lent to the chip, its selectors, and the packing gate that it uses.
#[derive(Clone, Debug)]
pub struct ExtractConfig {
    columns: ExtractColumns,
    next: Selector,
    field: Selector,
    address_field: Selector,
    required: Selector,
    lower: Selector,
    pack: PackConfig,
    decimal: Selector,
}

/// The cells of the extracted values. Packed text has 31 bytes to a word, big-endian, zeros on the right.
#[derive(Clone, Debug)]
pub struct Extracted {
    /// The lower-cased address, packed.
    pub address: [CellRef; ADDRESS_WORDS],
    /// The domain of the address, lower-cased, packed.
    pub domain: [CellRef; DOMAIN_WORDS],
    /// The signing domain, lower-cased, packed.
    pub signer: [CellRef; DOMAIN_WORDS],
    /// The Subject as it stands.
    pub subject: SealableSubject,
    /// The time of signing, 0 if none.
    pub timestamp: CellRef,
}

/// A Subject as it stands, and the parts of it that a sealed one has.
#[derive(Clone, Debug)]
pub struct SealableSubject {
    /// Packed; all zero where it is empty.
    pub words: [CellRef; SUBJECT_WORDS],
    /// The first seven bytes as one number.
    pub prefix: CellRef,
    /// The 43 bytes behind them.
    pub characters: [CellRef; SEALED_CHARACTERS],
    /// The byte behind those.
    pub end: CellRef,
}

impl ExtractConfig {
    /// Adds the chip's gates. Highest degree 3 without the selector.
    pub fn configure(
        meta: &mut ConstraintSystem<Fr>,
        columns: ExtractColumns,
        pack: &PackConfig,
    ) -> Self {
        let config = Self {
            columns,
            next: meta.selector(),
            field: meta.selector(),
            address_field: meta.selector(),
            required: meta.selector(),
            lower: meta.selector(),
            pack: pack.clone(),
            decimal: meta.selector(),
        };
        let c = columns;
        let (cur, prev) = (Rotation::cur(), Rotation::prev());
        meta.create_gate("extract row", |m| {
            let q = m.query_fixed(c.output, cur);
            let enabled = m.query_advice(c.wide[4], cur);
            let byte = m.query_advice(c.wide[1], cur);
            vec![
                q.clone() * boolean(enabled.clone()),
                // Or else bytes after the end would change the packed words.
                q * byte * (constant(1) - enabled),
            ]
        });
        meta.create_gate("extract next row", |m| {
            let q = m.query_selector(config.next);
            let [enabled, enabled_before] = [cur, prev].map(|r| m.query_advice(c.wide[4], r));
            let [position, position_before] = [cur, prev].map(|r| m.query_advice(c.wide[3], r));
            vec![
                q.clone() * enabled * (constant(1) - enabled_before),
                q * (position - position_before - constant(1)),
            ]
        });
        meta.create_gate("extract field", |m| {
            let q = m.query_selector(config.field);
            vec![q * (m.query_advice(c.wide[2], cur) - m.query_fixed(c.field, cur))]
        });
        meta.create_gate("extract address field", |m| {
            let q = m.query_selector(config.address_field);
            let field = m.query_advice(c.wide[2], cur);
            let [local, domain] = [ByteRole::Local, ByteRole::Domain].map(|f| constant(f as u64));
            vec![q * (field.clone() - local) * (field - domain)]
        });
        meta.create_gate("extract required row", |m| {
            let q = m.query_selector(config.required);
            vec![q * (m.query_advice(c.wide[4], cur) - constant(1))]
        });
        meta.create_gate("extract lower-case word", |m| {
            let q = m.query_selector(config.lower);
            let packed = m.query_advice(c.wide[0], cur);
            let before = m.query_advice(c.wide[0], prev) * m.query_fixed(c.factor, cur);
            vec![q * (packed - before - m.query_advice(c.lower, cur))]
        });
        meta.create_gate("extract decimal", |m| {
            let q = m.query_selector(config.decimal);
            let packed = m.query_advice(c.wide[0], cur);
            let before = m.query_advice(c.wide[0], prev) * m.query_fixed(c.factor, cur);
            let enabled = m.query_advice(c.wide[4], cur);
            let digit = m.query_advice(c.wide[1], cur) - constant(u64::from(b'0'));
            vec![q * (packed - before.clone() - enabled * (before * Fr::from(9) + digit))]
        });
        config
    }

    /// Writes the output rows for an automaton's run.
    pub fn assign(&self, grid: &mut Grid<Fr>, start: usize, run: &[Edge]) -> Extracted {
        let mut row = start;
        for block in &SECTIONS {
            self.assign_block(grid, row, block, run);
            row += block.rows;
        }
        self.extracted(start)
    }

    /// Where the values stand in rows from `start` on.
    pub fn extracted(&self, start: usize) -> Extracted {
        let [packed, byte] = [self.columns.wide[0], self.columns.wide[1]]
            .map(|column| move |row: usize| CellRef::new(column, row));
        let domain = start + ADDRESS.rows;
        let signer = domain + DOMAIN.rows;
        let subject = signer + SIGNER.rows;
        let time = subject + SUBJECT.rows;
        // The last row of a word holds all of it.
        let word = |first: usize, i: usize| packed(first + (i + 1) * PACKED_BYTES - 1);
        Extracted {
            address: std::array::from_fn(|i| word(start, i)),
            domain: std::array::from_fn(|i| word(domain, i)),
            signer: std::array::from_fn(|i| word(signer, i)),
            subject: SealableSubject {
                words: std::array::from_fn(|i| word(subject, i)),
                prefix: packed(subject + SEALED_PREFIX.len() - 1),
                characters: std::array::from_fn(|i| byte(subject + SEALED_PREFIX.len() + i)),
                end: byte(subject + SEALED_BYTES),
            },
            timestamp: packed(time + TIME.rows - 1),
        }
    }

    /// Makes a row an output row whose flag in wide\[4\] is 1, of a byte that is there whatever the header says.
    pub fn enable_required(&self, grid: &mut Grid<Fr>, row: usize) {
        grid.fixed(self.columns.output, row, Fr::ONE);
        grid.advice(self.columns.wide[4], row, Fr::ONE);
        grid.enable(self.required, row);
    }

    /// Enables the packing of what stands in `lower`, with its factor.
    pub fn enable_lower(&self, grid: &mut Grid<Fr>, row: usize, factor: Fr) {
        grid.fixed(self.columns.factor, row, factor);
        grid.enable(self.lower, row);
    }

    fn assign_block(&self, grid: &mut Grid<Fr>, start: usize, block: &Section, run: &[Edge]) {
        let c = &self.columns;
        let first = run.iter().position(|e| block.fields.contains(&e.field));
        let found = first.map_or(&[][..], |first| {
            let length =
                run[first..].iter().take_while(|e| block.fields.contains(&e.field)).count();
            &run[first..first + length.min(block.rows)]
        });
        let word_rows = match block.packing {
            Packing::Lower | Packing::Exact => PACKED_BYTES,
            Packing::Decimal | Packing::Nothing => block.rows,
        };
        let mut packed = Fr::ZERO;
        for i in 0..block.rows {
            let row = start + i;
            let edge = found.get(i);
            let byte = edge.map_or(0, |e| e.symbol as u8);
            let field = edge.map_or(block.fields[0], |e| e.field);
            let factor = if i % word_rows == 0 {
                Fr::ZERO
            } else if block.packing == Packing::Decimal {
                Fr::ONE
            } else {
                Fr::from(256)
            };
            self.assign_row_shape(grid, row, i, block, factor);
            let lower = byte.to_ascii_lowercase();
            packed = match block.packing {
                Packing::Lower => packed * factor + Fr::from(u64::from(lower)),
                Packing::Exact => packed * factor + Fr::from(u64::from(byte)),
                Packing::Decimal if edge.is_some() => {
                    packed * factor * Fr::from(10) + Fr::from(u64::from(byte)) - Fr::from(48)
                }
                Packing::Decimal => packed * factor,
                Packing::Nothing => Fr::ZERO,
            };
            grid.advice(c.wide[1], row, Fr::from(u64::from(byte)));
            grid.advice(c.wide[2], row, Fr::from(field as u64));
            grid.advice(c.wide[3], row, Fr::from((first.unwrap_or(0) + i) as u64));
            grid.advice(c.wide[4], row, if edge.is_some() { Fr::ONE } else { Fr::ZERO });
            grid.advice(c.lower, row, Fr::from(u64::from(lower)));
            if block.packing != Packing::Nothing {
                grid.advice(c.wide[0], row, packed);
            }
        }
    }

    fn assign_row_shape(
        &self,
        grid: &mut Grid<Fr>,
        row: usize,
        index: usize,
        block: &Section,
        factor: Fr,
    ) {
        let c = &self.columns;
        grid.fixed(c.output, row, Fr::ONE);
        grid.fixed(c.weight, row, -Fr::from(block.weight));
        if index > 0 {
            grid.enable(self.next, row);
        } else if block.required {
            grid.enable(self.required, row);
        }
        match block.fields {
            [only] => {
                grid.enable(self.field, row);
                grid.fixed(c.field, row, Fr::from(*only as u64));
            }
            _ => grid.enable(self.address_field, row),
        }
        let packing = match block.packing {
            Packing::Lower => return self.enable_lower(grid, row, factor),
            Packing::Exact => return self.pack.enable(grid, row, factor),
            Packing::Decimal => self.decimal,
            Packing::Nothing => return,
        };
        grid.fixed(c.factor, row, factor);
        grid.enable(packing, row);
    }
}
