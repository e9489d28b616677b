//! A provider that signs whatever digest the circuit holds, and the hashes behind it.

use std::{collections::HashMap, sync::OnceLock};

use halo2_rsa::RsaWitness;
use num_bigint::BigUint;
use rand::SeedableRng;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use sha2::{Digest, Sha256};
use zkdkim_circuits::{
    field::pow2, header::reading::CHOICE, poseidon::PERMUTATION_ROWS, statement::StatementConfig,
};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column},
};
use zkdkim_relation::{
    registry::{MerklePath, DEPTH},
    statement::StatementInput,
    Reading,
};

use crate::{get, overlay, reading::SEAL, SAMPLE_HEADER};

/// Permutations before the Merkle path: commitment, nullifier, key and leaf.
pub const FOLDS: usize = 21;

/// Modulus and private exponent.
fn key() -> &'static (BigUint, BigUint) {
    static KEY: OnceLock<(BigUint, BigUint)> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(3);
        let key = rsa::RsaPrivateKey::new(&mut rng, 2048).expect("a key");
        let number = |n: &rsa::BigUint| BigUint::from_bytes_be(&n.to_bytes_be());
        (number(key.n()), number(key.d()))
    })
}

/// The provider's modulus: 2,048 bits of a seeded generator, the same in every run.
pub fn modulus() -> &'static BigUint {
    &key().0
}

/// The provider's signature of a digest (RFC 8017 §8.2.1).
pub fn signature(digest: &[u8; 32]) -> BigUint {
    let mut block = vec![0x00, 0x01];
    block.extend([0xff; 202]);
    block.push(0x00);
    block.extend(hex::decode("3031300d060960864801650304020105000420").expect("hex"));
    block.extend(digest);
    sign_any(&BigUint::from_bytes_be(&block))
}

fn sign_any(block: &BigUint) -> BigUint {
    let (modulus, exponent) = key();
    block.modpow(exponent, modulus)
}

/// An input that satisfies the statement.
pub fn honest_input() -> StatementInput {
    let digest: [u8; 32] = Sha256::digest(SAMPLE_HEADER.as_bytes()).into();
    StatementInput {
        header: SAMPLE_HEADER.as_bytes().to_vec(),
        signature: signature(&digest),
        modulus: modulus().clone(),
        salt: zkdkim_relation::Salt::new(Fr::from(0x5a17)),
        path: MerklePath { index: 0b1011, siblings: [Fr::from(77); DEPTH] },
        not_before: 0,
        reading: Reading::Clear,
    }
}

/// The cells of the digest words H0 … H7.
pub fn digest_cells(config: &StatementConfig) -> [CellRef; 8] {
    config.sha256.digest_cells(config.rows.sha256)
}

/// Signs the digest that stands in the grid and writes the RSA rows anew.
pub fn sign(config: &StatementConfig, grid: &mut Grid<Fr>) {
    let cells = digest_cells(config);
    let mut digest = [0; 32];
    for (i, cell) in cells.into_iter().enumerate() {
        let value = grid.value(cell).expect("a digest word");
        digest[4 * i..4 * i + 4].copy_from_slice(&low_word(value).to_be_bytes());
    }
    write_rsa(config, grid, signature(&digest));
}

/// Signs any block and writes the RSA rows anew, for the digest that stands in the grid.
pub fn sign_block(config: &StatementConfig, grid: &mut Grid<Fr>, block: &BigUint) {
    write_rsa(config, grid, sign_any(block));
}

fn write_rsa(config: &StatementConfig, grid: &mut Grid<Fr>, signature: BigUint) {
    let cells = digest_cells(config);
    let mut scratch = Grid::new();
    for cell in cells {
        let value = grid.value(cell).expect("a digest word");
        let lane = config.columns.lanes.iter().find(|lane| cell.column == lane.y.into());
        scratch.advice(lane.expect("a column of words").y, cell.row, value);
    }
    let witness = RsaWitness { signature, modulus: modulus().clone() };
    config.rsa.assign(&mut scratch, &config.rows.rsa, &witness, &cells);
    overlay(grid, &scratch);
}

fn low_word(value: Fr) -> u32 {
    u32::from_le_bytes(value.to_bytes()[..4].try_into().expect("four bytes"))
}

/// Follows the copies into the packed digest and every Poseidon permutation, and computes them
/// anew.
pub fn hash(config: &StatementConfig, grid: &mut Grid<Fr>) {
    let (wide, rows) = (config.columns.wide, &config.rows);
    let sources = sources(grid);
    for i in 0..8 {
        let row = rows.digest + i;
        follow(&sources, grid, wide[1], row);
        let before = if i % 4 == 0 { Fr::ZERO } else { get(grid, wide[0], row - 1) };
        let packed = before * pow2(32) + get(grid, wide[1], row);
        grid.forge(wide[0], row, packed);
    }
    follow_from(config, grid, 0);
}

/// Computes every permutation from the one with index `first` on, from the cells that are copied
/// into it.
pub fn follow_from(config: &StatementConfig, grid: &mut Grid<Fr>, first: usize) {
    let wide = config.columns.wide;
    let sources = sources(grid);
    for permutation in first..SEAL + 2 {
        let row = config.rows.poseidon + permutation * PERMUTATION_ROWS;
        if (FOLDS..SEAL).contains(&permutation) {
            let [node, sibling, bit] = [2, 3, 4].map(|i| get(grid, wide[i], row - 1));
            let swap = bit * (sibling - node);
            grid.forge(wide[1], row, node + swap);
            grid.forge(wide[0], row, sibling - swap);
        } else {
            follow(&sources, grid, wide[1], row);
            follow(&sources, grid, wide[0], row);
        }
        permute(config, grid, row);
    }
    // The seal goes on to the choice that compares it, where it counts nothing in the clear reading.
    let choice = config.rows.reading + CHOICE + 2;
    follow(&sources, grid, wide[1], choice);
}

/// What each cell is copied from.
fn sources(grid: &Grid<Fr>) -> HashMap<CellRef, CellRef> {
    grid.copies().iter().map(|(from, to)| (*to, *from)).collect()
}

fn follow(
    sources: &HashMap<CellRef, CellRef>,
    grid: &mut Grid<Fr>,
    column: Column<Advice>,
    row: usize,
) {
    if let Some(source) = sources.get(&CellRef::new(column, row)) {
        let value = grid.value(*source).expect("a copied value");
        grid.forge(column, row, value);
    }
}

/// Computes one permutation from its two input cells.
pub fn permute(config: &StatementConfig, grid: &mut Grid<Fr>, row: usize) {
    let wide = config.columns.wide;
    let mut scratch = Grid::new();
    let zero = scratch.fixed(config.columns.first().constant, 0, Fr::ZERO);
    scratch.advice(wide[1], row, get(grid, wide[1], row));
    scratch.advice(wide[0], row, get(grid, wide[0], row));
    config.poseidon.assign(&mut scratch, row, zero);
    overlay(grid, &scratch);
}
