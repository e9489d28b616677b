//! A small circuit around the gadget, and the tools to forge its witness coherently.
//!
//! Every rejection is asserted as the exact set of constraints, lookups and copies that fail. Where
//! the set is one constraint, the forgery is one that the circuit would accept without that
//! constraint.

mod accepts;
mod case;
mod forgeries;
mod modulus;
mod pins;
mod rejects;
mod wycheproof;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use case::Case;
use num_bigint::BigUint;
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use sha2::{Digest, Sha256};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{
        bn256::Fr,
        ff::{Field, PrimeField},
    },
    plonk::{
        Advice, Any, Circuit, Column, ConstraintSystem, Error, FirstPhase, SecondPhase, TableColumn,
    },
    poly::Rotation,
};

use crate::{
    assign::{carry_pieces, pieces},
    layout::*,
    native::Trace,
    RsaAssigned, RsaColumns, RsaConfig, RsaRows, RsaWitness, RANGE_BITS,
};

pub(super) const K: u32 = 12;

/// The blocks of the test circuit: `horner` and `products` stand below the range blocks.
pub(super) const ROWS: RsaRows = RsaRows {
    pairs: 0,
    modulus: 1088,
    carries: 1152,
    horner: 1509,
    products: 3715,
    constants: 3000,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct TestConfig {
    pub(super) rsa: RsaConfig,
    digest: Column<Advice>,
    tables: [TableColumn; 2],
}

type Forge = Arc<dyn Fn(&mut Grid<Fr>, Fr)>;

#[derive(Clone)]
struct TestCircuit {
    grid: Grid<Fr>,
    forge: Option<Forge>,
}

impl Circuit<Fr> for TestCircuit {
    type Config = TestConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> TestConfig {
        let tables = [meta.lookup_table_column(), meta.lookup_table_column()];
        let range = RANGE_BITS.map(|_| meta.advice_column());
        for (index, column) in range.into_iter().enumerate() {
            meta.lookup(format!("range {index}"), |meta| {
                let table = tables[usize::from(RANGE_BITS[index] == 10)];
                vec![(meta.query_advice(column, Rotation::cur()), table)]
            });
        }
        let value = meta.advice_column();
        let columns = RsaColumns {
            range,
            carry_range: std::array::from_fn(|i| range[i]),
            carry: value,
            value,
            pack: meta.advice_column(),
            // The challenge needs a first-phase column to exist, and this column the challenge's
            // phase.
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
        TestConfig { rsa: RsaConfig::configure(meta, columns), digest, tables }
    }

    fn synthesize(&self, config: TestConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let mut challenge = None;
        layouter.get_challenge(config.rsa.columns.x).map(|x| challenge = Some(x));
        layouter.assign_region(
            || "all",
            |mut region| {
                self.grid.assign(&mut region)?;
                if let Some(x) = challenge {
                    let mut out = Grid::new();
                    config.rsa.assign_accumulators(&self.grid, &mut out, &ROWS, x);
                    if let Some(forge) = &self.forge {
                        forge(&mut out, x);
                    }
                    out.assign(&mut region)?;
                }
                Ok(())
            },
        )?;
        for (table, bits) in config.tables.into_iter().zip([11, 10]) {
            layouter.assign_table(
                || "range",
                |mut cells| {
                    for row in 0..1usize << bits {
                        let value = Value::known(Fr::from(row as u64));
                        cells.assign_cell(|| "range", table, row, || value)?;
                    }
                    Ok(())
                },
            )?;
        }
        Ok(())
    }
}

/// An RSA key of a seeded generator, with e = 65537: the same in every run.
pub(super) struct Key {
    pub(super) private: rsa::RsaPrivateKey,
    pub(super) modulus: BigUint,
    exponent: BigUint,
}

impl Key {
    fn generate(seed: u64, bits: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let private = rsa::RsaPrivateKey::new(&mut rng, bits).expect("key generation");
        let modulus = BigUint::from_bytes_be(&private.n().to_bytes_be());
        let exponent = BigUint::from_bytes_be(&private.d().to_bytes_be());
        Self { private, modulus, exponent }
    }

    /// Applies the private exponent to any block.
    pub(super) fn raw(&self, block: &BigUint) -> RsaWitness {
        let signature = block.modpow(&self.exponent, &self.modulus);
        RsaWitness { signature, modulus: self.modulus.clone() }
    }

    /// An honest signature of a digest.
    pub(super) fn sign(&self, digest: &[u8; 32]) -> RsaWitness {
        self.raw(&block(digest))
    }
}

/// Three seeded keys of 2,048 bits.
pub(super) fn key(index: usize) -> &'static Key {
    static KEYS: [OnceLock<Key>; 3] = [const { OnceLock::new() }; 3];
    KEYS[index].get_or_init(|| Key::generate(index as u64 + 1, 2048))
}

/// A seeded key of 2,047 bits.
pub(super) fn short_key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| Key::generate(9, 2047))
}

pub(super) fn digest(message: &str) -> [u8; 32] {
    Sha256::digest(message).into()
}

/// EMSA-PKCS1-v1_5 byte by byte, written independently of the crate's limbs.
pub(super) fn block(digest: &[u8; 32]) -> BigUint {
    let mut bytes = vec![0x00, 0x01];
    bytes.extend([0xFF; 202]);
    bytes.push(0x00);
    bytes.extend(b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20");
    bytes.extend(digest);
    assert_eq!(bytes.len(), 256);
    BigUint::from_bytes_be(&bytes)
}

pub(super) fn to_integer(value: Fr) -> BigUint {
    BigUint::from_bytes_le(value.to_repr().as_ref())
}

pub(super) fn to_field(value: &BigUint) -> Fr {
    value
        .to_u64_digits()
        .iter()
        .rev()
        .fold(Fr::ZERO, |sum, &digit| sum * Fr::from(1 << 32) * Fr::from(1 << 32) + Fr::from(digit))
}
