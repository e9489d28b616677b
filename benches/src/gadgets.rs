//! Gadgets alone: a circuit around each that can stand by itself, with just the columns that it borrows.
//!
//! | gadget | k | tables |
//! | --- | --- | --- |
//! | [`Rsa`] | 12 | range tables through Halo2's own lookups |
//! | [`Sha256`] | 14 | spread tables through Halo2's own lookups |
//! | [`Poseidon`] | 12 | none |
//!
//! They are proved by Halo2's own prover ([`crate::stock`]), as ours has no native lookups.
//!
//! The header chips have no circuit here: all that makes them sound is the logUp argument, whose sums read the
//! columns of every chip, so a circuit "of the header alone" would be the statement with idle columns. Their
//! witnesses are measured, and so is the argument's; their share of a proof is the columns in
//! `golden/statement-on-chain.json`.
//! For the same reason these proofs do not add up to one of the statement, where one argument serves all.

use anyhow::{Context, Result};
use halo2_rsa::{RsaColumns, RsaConfig, RsaRows, RsaWitness};
use num_bigint::BigUint;
use sha2::Digest;
use zkdkim_circuits::{
    columns::{RANGE_BITS, RANGE_SLOTS},
    poseidon::{PoseidonColumns, PoseidonConfig, MAX_ROWS, PERMUTATION_ROWS},
    sha256::{self, Sha256Config, Sha256Lane},
    spread::spread,
};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{
        Advice, Challenge, Circuit, Column, ConstraintSystem, Error, FirstPhase, Fixed,
        SecondPhase, TableColumn,
    },
    poly::Rotation,
};

use crate::stock::Stock;

/// A gadget that can stand in a circuit of its own.
pub trait Gadget: Clone {
    /// What the gadget is configured to.
    type Config: Clone;
    /// Its name in reports.
    const NAME: &'static str;
    /// Binary logarithm of the number of rows.
    const K: u32;

    /// Creates columns and gates.
    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config;

    /// Writes the first phase: all that is committed before the challenge is drawn.
    fn assign(&self, config: &Self::Config) -> Grid<Fr>;

    /// The challenge of the second phase, where there is one.
    fn challenge(_: &Self::Config) -> Option<Challenge> {
        None
    }

    /// Writes the second phase, from the first one's cells and the challenge; an empty grid where there is no
    /// challenge.
    fn assign_second_phase(_: &Self::Config, _: &Grid<Fr>, _: Fr) -> Grid<Fr> {
        Grid::new()
    }

    /// The lookup tables: columns with their contents.
    fn tables(_: &Self::Config) -> Vec<Vec<(TableColumn, Vec<Fr>)>> {
        Vec::new()
    }
}

/// The circuit of a gadget.
#[derive(Clone, Debug)]
pub struct Alone<G>(pub G);

impl<G: Gadget> Circuit<Fr> for Alone<G> {
    type Config = G::Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> G::Config {
        G::configure(meta)
    }

    fn synthesize(&self, config: G::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || G::NAME,
            |mut region| {
                let grid = self.0.assign(&config);
                grid.assign(&mut region)?;
                let Some(challenge) = G::challenge(&config) else { return Ok(()) };
                region.next_phase();
                let mut result = Ok(());
                region.get_challenge(challenge).map(|x| {
                    result = G::assign_second_phase(&config, &grid, x).assign(&mut region);
                });
                result
            },
        )?;
        for table in G::tables(&config) {
            layouter.assign_table(
                || "table",
                |mut cells| {
                    for (column, values) in &table {
                        for (row, value) in values.iter().enumerate() {
                            cells.assign_cell(|| "", *column, row, || Value::known(*value))?;
                        }
                    }
                    Ok(())
                },
            )?;
        }
        Ok(())
    }
}

/// A gadget's circuit with its keys.
pub struct Harness<G> {
    circuit: Alone<G>,
    keys: Stock,
}

impl<G: Gadget> Harness<G> {
    /// Makes the keys.
    ///
    /// # Errors
    /// Where key generation fails.
    pub fn new(gadget: G) -> Result<Self> {
        let circuit = Alone(gadget);
        let keys = Stock::new(G::K, &circuit)?;
        Ok(Self { circuit, keys })
    }

    /// Proves, the witness included.
    ///
    /// # Errors
    /// Halo2's.
    pub fn prove(&self) -> Result<Vec<u8>> {
        self.keys.prove(self.circuit.clone(), &[])
    }

    /// Verifies: what is measured must be a proof.
    ///
    /// # Errors
    /// Where it is none.
    pub fn verify(&self, proof: &[u8]) -> Result<()> {
        self.keys.verify(&[], proof).with_context(|| G::NAME)
    }
}

fn field(value: u64) -> Fr {
    Fr::from(value)
}

/// One RSA-2048 signature check of a given digest.
#[derive(Clone, Debug)]
pub struct Rsa {
    /// Signature and modulus, both below 2^2048.
    pub witness: RsaWitness,
    /// The signed digest as the words H0 … H7 of SHA-256.
    pub digest: [u32; 8],
}

impl Rsa {
    /// The signature of a header block.
    pub fn new(header: &[u8], signature: &BigUint, modulus: &BigUint) -> Self {
        let digest = sha2::Sha256::digest(header);
        Self {
            witness: RsaWitness { signature: signature.clone(), modulus: modulus.clone() },
            digest: std::array::from_fn(|i| {
                u32::from_be_bytes([0, 1, 2, 3].map(|j| digest[4 * i + j]))
            }),
        }
    }
}

/// The gadget's gates, the columns lent to it, a column for the digest, and range tables of 11 and 10 bits.
#[derive(Clone, Debug)]
pub struct RsaAloneConfig {
    /// Gates over `columns`, which copy the digest from its own.
    pub rsa: RsaConfig,
    columns: RsaColumns,
    digest: Column<Advice>,
    tables: [TableColumn; 2],
}

impl Rsa {
    /// Row blocks that fill 2^12 rows.
    pub const ROWS: RsaRows = RsaRows {
        pairs: 0,
        modulus: RsaRows::LENGTHS.pairs,
        carries: RsaRows::LENGTHS.pairs + RsaRows::LENGTHS.modulus,
        horner: 1509,
        products: 1509 + RsaRows::LENGTHS.horner,
        constants: 3000,
    };
}

impl Gadget for Rsa {
    type Config = RsaAloneConfig;
    const NAME: &'static str = "rsa-2048";
    const K: u32 = 12;

    fn configure(meta: &mut ConstraintSystem<Fr>) -> RsaAloneConfig {
        let tables = [(); 2].map(|()| meta.lookup_table_column());
        let range = halo2_rsa::RANGE_BITS.map(|_| meta.advice_column());
        for (column, bits) in range.into_iter().zip(halo2_rsa::RANGE_BITS) {
            meta.lookup("range", |m| {
                vec![(m.query_advice(column, Rotation::cur()), tables[usize::from(bits == 10)])]
            });
        }
        let value = meta.advice_column();
        let columns = RsaColumns {
            range,
            carry_range: std::array::from_fn(|i| range[i]),
            carry: value,
            value,
            pack: meta.advice_column(),
            acc: meta.advice_column_in(SecondPhase),
            factor: meta.fixed_column(),
            constant: meta.fixed_column(),
            lowest: meta.fixed_column(),
            x: meta.challenge_usable_after(FirstPhase),
        };
        let digest = meta.advice_column();
        for column in [columns.value, columns.pack, columns.acc, digest] {
            meta.enable_equality(column);
        }
        meta.enable_equality(columns.constant);
        RsaAloneConfig { rsa: RsaConfig::configure(meta, columns), columns, digest, tables }
    }

    fn assign(&self, config: &RsaAloneConfig) -> Grid<Fr> {
        let mut grid = Grid::new();
        let digest =
            std::array::from_fn(|i| grid.advice(config.digest, i, field(self.digest[i].into())));
        config.rsa.assign(&mut grid, &Self::ROWS, &self.witness, &digest);
        grid
    }

    fn challenge(config: &RsaAloneConfig) -> Option<Challenge> {
        Some(config.columns.x)
    }

    fn assign_second_phase(config: &RsaAloneConfig, grid: &Grid<Fr>, x: Fr) -> Grid<Fr> {
        let mut out = Grid::new();
        config.rsa.assign_accumulators(grid, &mut out, &Self::ROWS, x);
        out
    }

    fn tables(config: &RsaAloneConfig) -> Vec<Vec<(TableColumn, Vec<Fr>)>> {
        let table = |(column, bits)| vec![(column, (0..1u64 << bits).map(field).collect())];
        config.tables.into_iter().zip([11, 10]).map(table).collect()
    }
}

/// SHA-256 of the 17 blocks that hold a header block of up to 1,024 bytes.
#[derive(Clone, Debug)]
pub struct Sha256(
    /// The message words, and whether the state is reset after each block.
    pub sha256::Message,
);

impl Sha256 {
    /// Some message that fills all blocks.
    pub fn full() -> Self {
        let word = |i: usize| (i as u32).wrapping_mul(0x9e37_79b9).rotate_left(i as u32 % 32);
        Self(std::array::from_fn(|b| (std::array::from_fn(|i| word(16 * b + i + 1)), false)))
    }
}

/// The gadget's gates, the columns of its one lane, and spread tables of 11 and 10 bits.
#[derive(Clone, Debug)]
pub struct Sha256AloneConfig {
    /// Gates over `columns`, the one lane.
    pub sha256: Sha256Config,
    columns: Sha256Lane,
    tables: [[TableColumn; 2]; 2],
}

impl Gadget for Sha256 {
    type Config = Sha256AloneConfig;
    const NAME: &'static str = "sha-256";
    const K: u32 = 14;

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Sha256AloneConfig {
        let tables = [(); 2].map(|()| [(); 2].map(|()| meta.lookup_table_column()));
        let columns = Sha256Lane {
            range: [(); RANGE_SLOTS].map(|()| meta.advice_column()),
            spread: [(); RANGE_SLOTS].map(|()| meta.advice_column()),
            x: meta.advice_column(),
            y: meta.advice_column(),
            constant: meta.fixed_column(),
        };
        meta.enable_equality(columns.y);
        for (i, bits) in RANGE_BITS.into_iter().enumerate() {
            let [dense, spreads] = tables[usize::from(bits == 10)];
            meta.lookup("spread", |m| {
                vec![
                    (m.query_advice(columns.range[i], Rotation::cur()), dense),
                    (m.query_advice(columns.spread[i], Rotation::cur()), spreads),
                ]
            });
        }
        let sha256 = Sha256Config::configure(meta, vec![columns.clone()]);
        Sha256AloneConfig { sha256, columns, tables }
    }

    fn assign(&self, config: &Sha256AloneConfig) -> Grid<Fr> {
        let mut grid = Grid::new();
        config.sha256.assign(&mut grid, 0, &self.0);
        let columns = &config.columns;
        for (range, spreads) in columns.range.into_iter().zip(columns.spread) {
            for (row, value) in grid.advice_column(range, sha256::rows(1)).into_iter().enumerate() {
                let value = u32::from_le_bytes([0, 1, 2, 3].map(|i| value.to_bytes()[i]));
                grid.forge(spreads, row, field(spread(value)));
            }
        }
        grid
    }

    fn tables(config: &Sha256AloneConfig) -> Vec<Vec<(TableColumn, Vec<Fr>)>> {
        let table = |([dense, spreads], bits): ([TableColumn; 2], u32)| {
            let values = 0..1u32 << bits;
            vec![
                (dense, values.clone().map(|v| field(v.into())).collect()),
                (spreads, values.map(|v| field(spread(v))).collect()),
            ]
        };
        config.tables.into_iter().zip([11, 10]).map(table).collect()
    }
}

/// Poseidon: as many permutations as the statement has room for, each hashing the one before.
#[derive(Clone, Copy, Debug)]
pub struct Poseidon;

/// The gadget's gates, the columns lent to it, and a fixed column for the zero that permutations copy.
#[derive(Clone, Debug)]
pub struct PoseidonAloneConfig {
    /// Gates over `columns`; equality is enabled in the first three wide ones.
    pub poseidon: PoseidonConfig,
    columns: PoseidonColumns,
    constant: Column<Fixed>,
}

impl Gadget for Poseidon {
    type Config = PoseidonAloneConfig;
    const NAME: &'static str = "poseidon";
    const K: u32 = 12;

    fn configure(meta: &mut ConstraintSystem<Fr>) -> PoseidonAloneConfig {
        let columns = PoseidonColumns {
            wide: [(); 5].map(|()| meta.advice_column()),
            k: [(); 3].map(|()| meta.fixed_column()),
        };
        let constant = meta.fixed_column();
        for column in &columns.wide[..3] {
            meta.enable_equality(*column);
        }
        meta.enable_equality(constant);
        let poseidon = PoseidonConfig::configure(meta, columns.clone());
        PoseidonAloneConfig { poseidon, columns, constant }
    }

    fn assign(&self, config: &PoseidonAloneConfig) -> Grid<Fr> {
        let mut grid = Grid::new();
        let wide = config.columns.wide;
        let zero: CellRef = grid.fixed(config.constant, 0, Fr::ZERO);
        let mut last: Option<CellRef> = None;
        for row in (0..MAX_ROWS).step_by(PERMUTATION_ROWS) {
            grid.advice(wide[0], row, field(row as u64));
            match last {
                Some(output) => grid.copy_advice(output, wide[1], row),
                None => grid.advice(wide[1], row, Fr::ONE),
            };
            last = Some(config.poseidon.assign(&mut grid, row, zero).output);
        }
        grid
    }
}
