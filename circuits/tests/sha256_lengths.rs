//! SHA-256 in the circuit, bytes and padding included, at every length that a header block can have,
//! and on NIST's vectors, in both layouts.
//!
//! One assignment is kept and brought from message to message. Every constraint holds for the first
//! message; afterwards those are evaluated that read a cell which changed, and the others hold still.
//! What the automaton thinks of the bytes is another matter: messages here are any bytes.

use rand::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use zkdkim_circuits::{
    columns::RANGE_BITS,
    header::MAX_BLOCK,
    logup::LookupTable,
    spread::spread,
    statement::{constants::Constants, CircuitParams, StatementConfig, PUBLIC_INPUTS},
};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem},
};
use zkdkim_testkit::{Cell, Image};

/// Whether the constraints of the chip for bytes count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bytes {
    Checked,
    Ignored,
}

/// The chips for bytes and SHA-256 with an assignment.
struct Chips {
    params: CircuitParams,
    config: StatementConfig,
    table: LookupTable,
    image: Image<Fr>,
    bytes: Bytes,
    /// The columns that the chips write, but for the automaton's states and fields.
    columns: Vec<Column<Advice>>,
}

impl Chips {
    /// Assigns a message of one byte.
    fn new(params: CircuitParams) -> Self {
        let mut meta = ConstraintSystem::default();
        let config = StatementConfig::configure(&mut meta, params);
        let table = config.table();
        let grid = assign(&config, &table, params.k, &[0]).0;
        let instance = vec![vec![Fr::zero(); PUBLIC_INPUTS]];
        let image = Image::new(&meta, params.k, &[&grid], instance, vec![Fr::zero(); 3]);
        let mut columns = [1, 3, 4].map(|i| config.columns.wide[i]).to_vec();
        for lane in &config.columns.lanes {
            columns.extend(lane.range.iter().chain(&lane.spread).chain([&lane.x, &lane.y]));
        }
        let chips = Self { params, config, table, image, bytes: Bytes::Checked, columns };
        assert_eq!(chips.check_all(), Ok(()));
        chips
    }

    /// Assigns a message, and returns the first constraint that does not hold, or else the digest.
    fn digest(&mut self, message: &[u8]) -> Result<Vec<u8>, String> {
        let (grid, digest) = assign(&self.config, &self.table, self.params.k, message);
        let mut changed = Vec::new();
        for column in &self.columns {
            let values = grid.advice_column(*column, self.config.rows.end);
            for (row, value) in values.into_iter().enumerate() {
                let cell = Cell::new(*column, row);
                if self.image.get(cell) != value {
                    self.image.set(cell, value);
                    changed.push(cell);
                }
            }
        }
        self.check(&changed)?;
        Ok(digest)
    }

    /// The first constraint that reads one of the cells and does not hold. The rows' range lookups are
    /// evaluated as what they say.
    fn check(&self, cells: &[Cell]) -> Result<(), String> {
        let ignored = |gate: &str| {
            gate.starts_with("logup")
                || (self.bytes == Bytes::Ignored && gate.starts_with("header"))
        };
        if let Some(failure) = self.image.first_failure(cells, 0, &ignored) {
            return Err(failure);
        }
        for lane in &self.config.columns.lanes {
            for ((range, formed), bits) in lane.range.iter().zip(lane.spread).zip(RANGE_BITS) {
                let pair = [*range, formed];
                let here = |cell: &&Cell| pair.iter().any(|column| column.index() == cell.column);
                for cell in cells.iter().filter(here) {
                    let pair = pair.map(|column| self.image.get(Cell::new(column, cell.row)));
                    let word = low(pair[0]) & ((1 << bits) - 1);
                    if pair != [Fr::from(u64::from(word)), Fr::from(spread(word))] {
                        return Err(format!("lookup spread, {bits} bits"));
                    }
                }
            }
        }
        Ok(())
    }

    fn check_all(&self) -> Result<(), String> {
        let cells = |column: &Column<Advice>| {
            let column = *column;
            (0..self.config.rows.end).map(move |row| Cell::new(column, row))
        };
        self.check(&self.columns.iter().flat_map(cells).collect::<Vec<_>>())
    }
}

/// The lowest 32 bits.
fn low(value: Fr) -> u32 {
    u32::from_le_bytes(value.to_bytes()[..4].try_into().expect("four bytes"))
}

/// The witness of the two chips, and the digest in its cells.
fn assign(
    config: &StatementConfig,
    table: &LookupTable,
    k: u32,
    message: &[u8],
) -> (Grid<Fr>, Vec<u8>) {
    let mut grid = Grid::new();
    let constants = Constants::assign(&mut grid, &config.columns, config.rows.constants);
    let (_, sha256) = config.assign_digest(&mut grid, message, &constants);
    config.assign_lookups(&mut grid, k, table);
    let word = |cell: CellRef| low(grid.value(cell).expect("a digest word")).to_be_bytes();
    let digest = sha256.digest.into_iter().flat_map(word).collect();
    (grid, digest)
}

fn every_length(params: CircuitParams) {
    let mut bytes = [0; MAX_BLOCK];
    rand_chacha::ChaCha20Rng::seed_from_u64(256).fill_bytes(&mut bytes);
    let mut chips = Chips::new(params);
    for length in 1..=MAX_BLOCK {
        let message = &bytes[..length];
        let digest = Sha256::digest(message).to_vec();
        assert_eq!(chips.digest(message), Ok(digest), "{length} bytes");
    }
    // Step by step nothing was missed: all constraints hold at the end as well.
    assert_eq!(chips.check_all(), Ok(()));
}

#[test]
fn every_length_with_one_lane() {
    every_length(CircuitParams::ON_CHAIN);
}

#[test]
fn every_length_with_two_lanes() {
    every_length(CircuitParams::QUICK);
}

/// No block of the statement is empty, and the chip for bytes has no padding for it: its end flag would
/// have to fall and rise at once. SHA-256 itself holds for that message too.
#[test]
fn the_empty_message_is_hashed_and_is_no_block() {
    for params in [CircuitParams::ON_CHAIN, CircuitParams::QUICK] {
        let mut chips = Chips::new(params);
        assert_eq!(chips.digest(&[]), Err("header word with padding[0]".to_owned()));
        chips.bytes = Bytes::Ignored;
        assert_eq!(chips.check_all(), Ok(()));
        let (_, digest) = assign(&chips.config, &chips.table, params.k, &[]);
        assert_eq!(digest, Sha256::digest([]).to_vec());
    }
}

/// `Len = `, `Msg = ` and `MD = ` of a CAVP response file; Len is in bits.
fn vectors(file: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let values = |name: &'static str| {
        let lines = file.lines().map(str::trim);
        lines.filter_map(move |line| line.strip_prefix(name)?.strip_prefix(" = "))
    };
    let hex = |text: &str| hex::decode(text).expect("hex");
    let rows = values("Len").zip(values("Msg")).zip(values("MD"));
    let row = |((len, message), digest): ((&str, &str), &str)| {
        let bits: usize = len.parse().expect("a length");
        (hex(message)[..bits / 8].to_vec(), hex(digest))
    };
    rows.map(row).collect()
}

#[test]
fn vectors_of_nist() {
    let short = vectors(include_str!("../../test-vectors/nist/SHA256ShortMsg.rsp"));
    let long = vectors(include_str!("../../test-vectors/nist/SHA256LongMsg.rsp"));
    assert_eq!((short.len(), long.len()), (65, 9));
    // The first of the short ones is empty, see above.
    assert_eq!(short[0], (Vec::new(), Sha256::digest([]).to_vec()));
    for params in [CircuitParams::ON_CHAIN, CircuitParams::QUICK] {
        let mut chips = Chips::new(params);
        for (message, digest) in short.iter().skip(1).chain(&long) {
            assert_eq!(chips.digest(message).as_ref(), Ok(digest), "{} bytes", message.len());
        }
    }
}

/// The evaluation bites: cells of both chips, altered one at a time.
#[test]
fn altered_cells_are_noticed() {
    let mut chips = Chips::new(CircuitParams::ON_CHAIN);
    chips.digest(&[0xa5; 100]).expect("honest");
    let (columns, rows) = (chips.config.columns.clone(), chips.config.rows.clone());
    let lane = columns.first();
    // A word of the last block's twentieth round, its spread form and a piece; a byte, whether it is
    // one, and how many there were.
    let round = rows.sha256 + 12 * (4 + 68 * 16 + 20);
    let byte = rows.header + 64 * 15 + 70;
    let refusals = [
        (lane.y, round),
        (lane.x, round),
        (lane.range[0], round),
        (lane.spread[0], round),
        (columns.wide[1], byte),
        (columns.wide[3], byte),
        (lane.x, byte),
    ]
    .map(|(column, row)| {
        let cell = Cell::new(column, row);
        let honest = chips.image.get(cell);
        chips.image.set(cell, honest + Fr::one());
        let refusal = chips.check(&[cell]);
        chips.image.set(cell, honest);
        assert_eq!(chips.check(&[cell]), Ok(()));
        refusal.expect_err("altered")
    });
    let word = ["sha256 word A[0]", "sha256 word A[1]", "sha256 word A[0]", "sha256 word A[1]"];
    let byte = ["header byte[2]", "header byte[1]", "header byte[3]"];
    assert_eq!(refusals, [&word[..], &byte].concat()[..]);
}
