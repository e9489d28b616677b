//! Attacks on RSA: another block than the expected one, signed by the key.

use halo2_rsa::{
    quotient, remainder, CARRY_OFFSET_BITS, COEFFICIENTS, GROUP, LIMBS, PRODUCTS, RANGE_BITS,
    SIGNATURE,
};
use num_bigint::BigUint;
use zkdkim_circuits::statement::StatementConfig;
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

use super::Attack;
use crate::{get, provider, small};

/// The last product, whose remainder is the expected block.
const LAST: usize = PRODUCTS - 1;

/// The expected block with one limb changed.
pub fn claim(limb: usize) -> Attack {
    Attack::late(format!("another limb {limb} of the expected block"), move |config, grid| {
        let rows = &config.rows.rsa;
        let block_row = |limb: usize| rows.expected_limb(limb);
        let value = config.columns.wide[1];
        let old = get(grid, value, block_row(limb));
        // The top limb is small, so that the block stays below the modulus.
        let new = if old == Fr::ZERO { Fr::ONE } else { old - Fr::ONE };
        let mut claimed = Vec::new();
        for i in 0..LIMBS {
            let limb_value = if i == limb { new } else { get(grid, value, block_row(i)) };
            claimed.extend(&limb_value.to_bytes()[..4]);
        }
        provider::sign_block(config, grid, &BigUint::from_bytes_le(&claimed));
        grid.forge(value, block_row(limb), new);
        carries(config, grid);
    })
}

/// A number of the pairs block.
fn number(config: &StatementConfig, grid: &Grid<Fr>, index: usize) -> [i128; LIMBS] {
    limbs(config, grid, |limb| (config.rows.rsa.pair(index, limb / 2), 3 * (limb % 2)))
}

fn limbs(
    config: &StatementConfig,
    grid: &Grid<Fr>,
    at: impl Fn(usize) -> (usize, usize),
) -> [i128; LIMBS] {
    let piece = |row, column: usize| {
        let bytes = get(grid, config.columns.first().range[column], row).to_bytes();
        i128::from(u16::from_le_bytes([bytes[0], bytes[1]]))
    };
    std::array::from_fn(|limb| {
        let (row, column) = at(limb);
        piece(row, column) + (piece(row, column + 1) << 11) + (piece(row, column + 2) << 22)
    })
}

/// Computes the coefficients of the last product from the limbs that stand in the grid.
fn carries(config: &StatementConfig, grid: &mut Grid<Fr>) {
    let rows = &config.rows.rsa;
    let numbers = [remainder(LAST - 1), SIGNATURE, quotient(LAST)];
    let [a, b, q] = numbers.map(|index| number(config, grid, index));
    let n = limbs(config, grid, |limb| (rows.modulus_limb(limb), 0));
    let value = config.columns.wide[1];
    let mut v = [0i128; 2 * LIMBS - 1];
    for i in 0..LIMBS {
        for j in 0..LIMBS {
            v[i + j] += a[i] * b[j] - q[i] * n[j];
        }
        let bytes = get(grid, value, rows.expected_limb(i)).to_bytes();
        v[i] -= i128::from(u32::from_le_bytes(bytes[..4].try_into().expect("four bytes")));
    }
    // With two lanes the carries stand in the second.
    let checked = config.columns.last();
    let carry_column = if config.columns.lanes.len() == 1 { value } else { checked.y };
    let mut carry = 0i128;
    for (j, v) in v.iter().take(COEFFICIENTS).enumerate() {
        carry = (carry - v) >> 32;
        let magnitude = small(carry.unsigned_abs() as u64);
        let signed = if carry < 0 { -magnitude } else { magnitude };
        grid.forge(value, rows.coefficient(LAST, j), signed);
        if j % GROUP == GROUP - 1 {
            let row = rows.carry(LAST, j / GROUP);
            grid.forge(carry_column, row, signed);
            let mut shifted = (carry + (1 << CARRY_OFFSET_BITS)) as u64;
            for (column, bits) in RANGE_BITS.into_iter().take(4).enumerate() {
                grid.forge(checked.range[column], row, small(shifted & ((1 << bits) - 1)));
                shifted >>= bits;
            }
        }
    }
}
