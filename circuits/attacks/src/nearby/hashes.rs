//! Attacks on Poseidon, the Merkle path, the digest's halves and the modulus words: one cell is
//! another, and every hash and public input is computed from it.

use halo2_rsa::RsaRows;
use zkdkim_circuits::{poseidon::PERMUTATION_ROWS, statement::StatementConfig};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_relation::poseidon;

use super::Attack;
use crate::{bump, get, provider::follow_from, small};

/// A cell of a permutation.
pub fn permutation(row: usize, column: usize) -> Vec<Attack> {
    let (index, at) = (row / PERMUTATION_ROWS, row % PERMUTATION_ROWS);
    let name = format!("cell {column} of row {at} of permutation {index}");
    let mut attacks = vec![Attack::late(name, move |config, grid| {
        let row = config.rows.poseidon + row;
        bump(grid, config.columns.wide[column], row, Fr::ONE);
        go_on(config, grid, row, at, column);
        follow_from(config, grid, index + 1);
    })];
    if column == 4 && at == PERMUTATION_ROWS - 1 {
        attacks.push(Attack::late(format!("direction 2 after permutation {index}"), {
            move |config, grid| {
                grid.forge(config.columns.wide[4], config.rows.poseidon + row, small(2));
                follow_from(config, grid, index + 1);
            }
        }));
    }
    attacks
}

/// Whether a row of a permutation raises two elements to the fifth power.
fn is_sbox(at: usize) -> bool {
    // Full rounds at both ends, two rows each; the second half begins in an odd row.
    match at {
        0..8 => at.is_multiple_of(2),
        8..65 => false,
        _ => !at.is_multiple_of(2),
    }
}

/// Computes a permutation from one row on; a square in it may be a lie.
fn go_on(config: &StatementConfig, grid: &mut Grid<Fr>, row: usize, at: usize, lie: usize) {
    let (wide, k) = (config.columns.wide, config.columns.multipliers);
    let end = row - at + PERMUTATION_ROWS - 1;
    for r in row..end {
        let constant = |i: usize| grid.value(CellRef::new(k[i], r)).unwrap_or(Fr::ZERO);
        let input: [Fr; 3] = std::array::from_fn(|i| get(grid, wide[i], r) + constant(i));
        let raised: &[(usize, usize)] =
            if is_sbox(at + r - row) { &[(0, 3), (1, 4)] } else { &[(2, 3)] };
        let mut next = input;
        for (i, square) in raised {
            if r != row || *square != lie {
                grid.forge(wide[*square], r, input[*i].square());
            }
            next[*i] = get(grid, wide[*square], r).square() * input[*i];
        }
        if raised.len() == 1 {
            let state = [next[2], next[1], next[0]];
            for (row, weights) in poseidon::mds().iter().enumerate() {
                next[2 - row] = weights.iter().zip(&state).map(|(w, s)| *w * s).sum();
            }
        } else {
            next[2] = get(grid, wide[2], r);
        }
        for (column, value) in wide.into_iter().zip(next) {
            grid.forge(column, r + 1, value);
        }
    }
}

/// A cell of the rows that pack the digest.
pub fn digest(row: usize, column: usize) -> Attack {
    Attack::late(format!("packed digest, column {column} of row {row}"), move |config, grid| {
        let (wide, first) = (config.columns.wide, config.rows.digest);
        bump(grid, wide[column], row, Fr::ONE);
        let from = row + usize::from(column == 0);
        pack(grid, config, from..first + 4 * ((row - first) / 4 + 1), |_| small(1 << 32));
        follow_from(config, grid, 0);
    })
}

/// A word of the modulus, from one of its limbs on.
pub fn modulus_word(row: usize) -> Attack {
    Attack::late(format!("modulus word, row {row}"), move |config, grid| {
        bump(grid, config.columns.wide[0], row, Fr::ONE);
        let factors = config.columns.multipliers[2];
        let factor =
            |grid: &Grid<Fr>, row| grid.value(CellRef::new(factors, row)).unwrap_or(Fr::ZERO);
        for r in row + 1..config.rows.rsa.modulus + RsaRows::LENGTHS.modulus {
            let before = get(grid, config.columns.wide[0], r - 1) * factor(grid, r);
            let packed = before + get(grid, config.columns.wide[1], r);
            grid.forge(config.columns.wide[0], r, packed);
        }
        follow_from(config, grid, 0);
    })
}

fn pack(
    grid: &mut Grid<Fr>,
    config: &StatementConfig,
    rows: std::ops::Range<usize>,
    factor: impl Fn(usize) -> Fr,
) {
    let (wide, first) = (config.columns.wide, config.rows.digest);
    for row in rows {
        let starts = (row - first) % 4 == 0;
        let before = if starts { Fr::ZERO } else { get(grid, wide[0], row - 1) * factor(row) };
        let packed = before + get(grid, wide[1], row);
        grid.forge(wide[0], row, packed);
    }
}
