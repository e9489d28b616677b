//! Forged hashes, paths and wires between gadgets.

use std::{collections::BTreeSet, sync::Arc};

use zkdkim_attacks::{
    bump, get, names,
    provider::{follow_from, permute},
    refusals, small,
    weakened::{complete_sums, failing, laid_out, widen},
    Claim, SAMPLE_HEADER,
};
use zkdkim_circuits::{
    columns::{Columns, RANGE_BITS},
    logup::TupleType,
    poseidon::PERMUTATION_ROWS,
    statement::{CircuitParams, StatementConfig},
};
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

// Permutations by their order: commitment 0 to 4, nullifier 5 to 7, key 8 to 17, leaf 18 to 20,
// path 21 to 40.
const NULLIFIER: usize = 5;
const KEY: usize = 8;
const LEAF: usize = 18;
const PATH: usize = 21;

fn late(change: impl FnOnce(&StatementConfig, &mut Grid<Fr>)) -> BTreeSet<String> {
    Claim::honest(SAMPLE_HEADER.as_bytes()).refusals_with(|_, _| (), change)
}

fn row(config: &StatementConfig, permutation: usize) -> usize {
    config.rows.poseidon + permutation * PERMUTATION_ROWS
}

/// Changes one input of a permutation and computes everything after it from the change.
fn input(permutation: usize, column: usize) -> BTreeSet<String> {
    late(|config, grid| {
        bump(grid, config.columns.wide[column], row(config, permutation), small(1));
        permute(config, grid, row(config, permutation));
        follow_from(config, grid, permutation + 1);
    })
}

/// Clauses: `tags`, `fold`, `registry`, `alignment`, `input-commitment`, `input-nullifier`.
#[test]
fn inputs_of_hashes_are_wired() {
    // Tags: another domain of hashes.
    for start in [0, NULLIFIER, KEY, LEAF] {
        assert_eq!(input(start, 1), names(["copy constant to wide1"]), "tag of {start}");
    }
    // The links of each fold.
    for step in [1, 4, NULLIFIER + 1, KEY + 9, LEAF + 2] {
        assert_eq!(input(step, 1), names(["copy wide2 to wide1"]), "link {step}");
    }
    // The salt of the nullifier is that of the commitment; address, modulus and domain are those
    // proved.
    for step in [1, 4, NULLIFIER, NULLIFIER + 1, KEY, KEY + 9, LEAF, LEAF + 1] {
        assert_eq!(input(step, 0), names(["copy wide0 to wide0"]), "input {step}");
    }
    assert_eq!(input(LEAF + 2, 0), names(["copy wide2 to wide0"]));
}

/// Clauses: `input-commitment`, `input-nullifier`.
#[test]
fn the_salt_is_free_and_one() {
    let refusals = late(|config, grid| {
        bump(grid, config.columns.wide[0], row(config, 0), small(1));
        follow_from(config, grid, 0);
    });
    assert_eq!(refusals, names([]));
}

/// Clauses: `poseidon`.
#[test]
fn the_capacity_is_zero() {
    // A free third state element lets a prover hit any output.
    let refusals = late(|config, grid| {
        bump(grid, config.columns.wide[2], row(config, 4), small(1));
    });
    assert!(refusals.contains("copy constant to wide2"), "{refusals:?}");
}

/// Clauses: `merkle-path`, `registry`.
#[test]
fn path_inputs_are_node_and_sibling() {
    for (column, index) in [(1, 1), (0, 2)] {
        let expected = format!("merkle order of node and sibling[{index}]");
        assert_eq!(input(PATH + 3, column), names([expected.as_str()]));
    }
}

/// Changes sibling and bit of a level and computes the root from them.
fn level(bit: Fr, swapped: bool) -> BTreeSet<String> {
    late(|config, grid| {
        let (wide, below) = (config.columns.wide, row(config, PATH + 2));
        grid.forge(wide[4], below - 1, bit);
        if swapped {
            let [left, right] = [1, 0].map(|i| get(grid, wide[i], below));
            grid.forge(wide[1], below, right);
            grid.forge(wide[0], below, left);
            permute(config, grid, below);
            follow_from(config, grid, PATH + 3);
        } else {
            follow_from(config, grid, PATH + 2);
        }
    })
}

/// Clauses: `merkle-path`.
#[test]
fn a_direction_is_a_bit() {
    let bit = "merkle order of node and sibling[0]";
    let left = "merkle order of node and sibling[1]";
    let right = "merkle order of node and sibling[2]";
    assert_eq!(level(small(2), false), names([bit]));
    assert_eq!(level(-Fr::ONE, false), names([bit]));
    // The other side is another path, and another root.
    assert_eq!(level(Fr::ONE, false), names([]));
    // A swap that no bit says.
    assert_eq!(level(Fr::ZERO, true), names([left, right]));
}

/// Clauses: `poseidon`.
#[test]
fn every_state_and_square_of_a_permutation_is_bound() {
    let columns = ["s2", "s1", "s0", "first square", "second square"];
    for (at, column, expected) in [
        (0, 3, "poseidon sbox[0]"),
        (0, 4, "poseidon sbox[2]"),
        (1, 0, "poseidon sbox[1]"),
        (1, 1, "poseidon sbox[3]"),
        (1, 2, "poseidon sbox[4]"),
        (1, 3, "poseidon mix[0]"),
        (2, 2, "poseidon mix[1]"),
        (2, 1, "poseidon mix[2]"),
        (2, 0, "poseidon mix[3]"),
        (40, 3, "poseidon mix[0]"),
        (41, 2, "poseidon mix[1]"),
        (41, 1, "poseidon mix[2]"),
        (41, 0, "poseidon mix[3]"),
        (73, 2, "poseidon mix[1]"),
    ] {
        let refusals = late(|config, grid| {
            bump(grid, config.columns.wide[column], row(config, 9) + at, Fr::ONE);
        });
        assert!(refusals.contains(expected), "{} of row {at}: {refusals:?}", columns[column]);
    }
}

/// Clauses: `alignment`.
#[test]
fn the_signer_is_the_domain_of_the_address() {
    let block = SAMPLE_HEADER.replace("d=example.org", "d=example.com");
    let refusals = Claim::honest(block.as_bytes()).refusals();
    assert_eq!(refusals, names(["copy wide0 to wide0"]));
}

/// Clauses: `digest-halves`, `input-nullifier`.
#[test]
fn digest_halves_are_those_of_the_digest() {
    let changed = |column: usize| {
        late(|config, grid| {
            let row = config.rows.digest + 7;
            bump(grid, config.columns.wide[column], row, Fr::ONE);
            if column == 1 {
                bump(grid, config.columns.wide[0], row, Fr::ONE);
            }
            follow_from(config, grid, NULLIFIER);
        })
    };
    assert_eq!(changed(0), names(["pack[0]"]));
    assert_eq!(changed(1), names(["copy y to wide1"]));
}

/// Clauses: `input-root`, `input-commitment`, `input-not-before`, `input-nullifier`,
/// `input-subject`.
#[test]
fn public_inputs_are_the_cells() {
    let mut circuit = Claim::honest(SAMPLE_HEADER.as_bytes()).circuit(|_, _| (), |_, _| ());
    let honest = circuit.instances();
    for i in 0..honest.len() {
        let mut instances = honest.clone();
        instances[i] += Fr::ONE;
        circuit.instances = Some(instances);
        let column = if (1..4).contains(&i) || i == 0 { "wide2" } else { "wide0" };
        let column = if i == 2 { "wide0" } else { column };
        assert_eq!(refusals(&circuit), names([&format!("copy {column} to instance")]), "{i}");
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn rsa_takes_the_digest_of_this_block() {
    // A genuine signature of another digest, everything in RSA's rows coherent with it.
    let other = Claim::honest(SAMPLE_HEADER.replace("0x12", "0x13").as_bytes())
        .circuit(|_, _| (), |_, _| ());
    let refusals = late(|config, grid| {
        let (c, rsa) = (&config.columns, &config.rows.rsa);
        let below = rsa.pairs..config.rows.outputs;
        let horner = rsa.horner..rsa.products;
        for (column, row, value) in other.grid.advice_cells() {
            let range = c.first().range.contains(&column) && below.contains(&row);
            let carries = rsa.modulus..config.rows.outputs;
            let coefficient = horner.contains(&row) || carries.contains(&row);
            if range || (column == c.wide[1] && coefficient) {
                grid.forge(column, row, value);
            }
        }
    });
    assert_eq!(refusals, names(["copy y to wide1"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn a_range_checked_carry_is_the_one_that_counts() {
    // The carry beside the range check differs from the coefficient that the products use.
    let refusals = late(|config, grid| {
        let (c, carries) = (&config.columns, config.rows.rsa.carries);
        let fits = |row: &usize| get(grid, c.first().range[0], *row) != small(2047);
        let row = (carries..carries + 357).find(fits).expect("a piece below its maximum");
        bump(grid, c.wide[1], row, Fr::ONE);
        bump(grid, c.first().range[0], row, Fr::ONE);
        // Its spread form is filled in with the lookups.
        grid.forge(c.first().spread[0], row, Fr::ZERO);
    });
    assert_eq!(refusals, names(["copy wide1 to wide1"]));
}

/// Clauses: `rsa-signature`, `header-syntax`, `one-from`.
#[test]
fn second_phase_cells_are_bound() {
    let mut circuit = Claim::honest(SAMPLE_HEADER.as_bytes()).circuit(|_, _| (), |_, _| ());
    type Change = fn(&StatementConfig, &mut Grid<Fr>);
    let changes: [(Change, &str); 8] = [
        (|c, g| bump(g, c.columns.first().helper[0], 15_990, Fr::ONE), "logup range fractions[0]"),
        (|c, g| bump(g, c.columns.first().helper[1], 5, Fr::ONE), "logup range fractions[0]"),
        (|c, g| bump(g, c.columns.extract, 5, Fr::ONE), "logup extraction fraction[0]"),
        (|c, g| bump(g, c.columns.phi, 5, Fr::ONE), "logup running sum[0]"),
        (|c, g| bump(g, c.columns.phi, 0, Fr::ONE), "logup sum starts and ends at zero[0]"),
        (|c, g| bump(g, c.columns.acc, c.rows.rsa.pairs + 3, Fr::ONE), "rsa number accumulator"),
        (
            |c, g| bump(g, c.columns.acc, c.rows.rsa.horner + 3, Fr::ONE),
            "rsa coefficient accumulator",
        ),
        (|c, g| bump(g, c.columns.acc, c.rows.rsa.products + 3, Fr::ONE), "copy acc"),
    ];
    for (change, expected) in changes {
        circuit.second = Some(Arc::new(change));
        let refusals = refusals(&circuit);
        assert!(refusals.contains(expected), "{expected}: {refusals:?}");
    }
    // The whole running sum shifted: both ends are pinned.
    circuit.second = Some(Arc::new(|config: &StatementConfig, grid: &mut Grid<Fr>| {
        for row in 0..config.usable_rows(14) {
            bump(grid, config.columns.phi, row, Fr::ONE);
        }
    }));
    assert_eq!(refusals(&circuit), names(["logup sum starts and ends at zero[0]"]));
}

/// Clauses: `rsa-signature`, `header-syntax`.
#[test]
fn multiplicities_are_counts() {
    let honest = Claim::honest(SAMPLE_HEADER.as_bytes()).circuit(|_, _| (), |_, _| ());
    let ends = names(["logup sum starts and ends at zero[0]"]);
    for (row, by) in [(7, Fr::ONE), (3000, Fr::ONE), (7, -Fr::ONE), (16_000, Fr::ONE)] {
        let mut circuit = honest.clone();
        let config = config();
        bump(Arc::make_mut(&mut circuit.grid), config.columns.multiplicity, row, by);
        assert_eq!(refusals(&circuit), ends, "row {row}");
    }
    // Counts moved from one entry to another.
    let mut circuit = honest;
    let config = config();
    let grid = Arc::make_mut(&mut circuit.grid);
    bump(grid, config.columns.multiplicity, 7, Fr::ONE);
    bump(grid, config.columns.multiplicity, 8, -Fr::ONE);
    assert_eq!(refusals(&circuit), ends);
}

fn config() -> StatementConfig {
    StatementConfig::configure(
        &mut zkdkim_plonk::plonk::ConstraintSystem::default(),
        CircuitParams::default(),
    )
}

/// A row that no gadget uses, so that only the argument can notice.
const FREE: usize = 16_000;

/// The pair of the free row is taken off the counts, so that the tuple alone is wrong.
/// Clauses: `rsa-signature`.
#[test]
fn pairs_outside_the_spread_tables_are_not_found() {
    let columns = config().columns;
    for (column, dense, spread) in
        [(0, 1 << 11, 1 << 22), (2, 1 << 10, 1 << 20), (5, 1 << 10, 1 << 20), (3, 5, 5), (1, 0, 1)]
    {
        let mut circuit = Claim::honest(SAMPLE_HEADER.as_bytes()).circuit(|_, _| (), |_, _| ());
        let grid = Arc::make_mut(&mut circuit.grid);
        grid.forge(columns.first().range[column], FREE, small(dense));
        grid.forge(columns.first().spread[column], FREE, small(spread));
        let kind = if RANGE_BITS[column] == 11 { 0 } else { TupleType::Spread10 as u64 };
        let zero = entry_row(grid, &columns, [0, 0, 0, 0, kind]);
        bump(grid, columns.multiplicity, zero, -Fr::ONE);
        assert_eq!(refusals(&circuit), names([&format!("lookup spread {column}")]));
        // With an entry more in the table, counted once, the pair passes.
        let row = config().usable_rows(CircuitParams::ON_CHAIN.k) - 2;
        bump(Arc::make_mut(&mut circuit.grid), columns.multiplicity, row, Fr::ONE);
        let mut layout = laid_out(&circuit);
        assert_eq!(failing(&layout), names(["logup sum starts and ends at zero[0]"]));
        for (column, value) in columns.table.iter().zip([dense, spread, 0, 0, kind]) {
            layout.fixed[column.index()][row] = small(value);
        }
        complete_sums(&mut layout, &columns);
        assert_eq!(failing(&layout), names([]), "column {column}");
    }
}

/// Words of a 10-bit column that is looked up among those of 11 bits, counted there: only the kind in the tuple
/// refuses them.
/// Clauses: `rsa-signature`.
#[test]
fn ten_bit_columns_have_a_table_of_their_own() {
    let columns = config().columns;
    for column in [2, 5] {
        let mut circuit = Claim::honest(SAMPLE_HEADER.as_bytes()).circuit(|_, _| (), |_, _| ());
        let grid = Arc::make_mut(&mut circuit.grid);
        let rows = config().usable_rows(CircuitParams::ON_CHAIN.k) - 1;
        let words = grid.advice_column(columns.first().range[column], rows);
        let narrow = entry_row(grid, &columns, [0, 0, 0, 0, TupleType::Spread10 as u64]);
        let wide = entry_row(grid, &columns, [1, 1, 0, 0, 0]) - 1;
        for (row, word) in words.into_iter().enumerate() {
            let word = usize::from(u16::from_le_bytes([word.to_bytes()[0], word.to_bytes()[1]]));
            // The free row was counted as 0.
            let claimed = if row == FREE { 1 << 10 } else { word };
            bump(grid, columns.multiplicity, narrow + word, -Fr::ONE);
            bump(grid, columns.multiplicity, wide + claimed, Fr::ONE);
        }
        grid.forge(columns.first().range[column], FREE, small(1 << 10));
        grid.forge(columns.first().spread[column], FREE, small(1 << 20));
        let mut layout = laid_out(&circuit);
        assert_eq!(failing(&layout), names(["logup sum starts and ends at zero[0]"]));
        widen(&mut layout, 0, column / 3);
        complete_sums(&mut layout, &columns);
        assert_eq!(failing(&layout), names([]), "column {column}");
    }
}

/// The first row of the table that holds an entry.
fn entry_row(grid: &Grid<Fr>, columns: &Columns, entry: [u64; 5]) -> usize {
    let rows = config().usable_rows(CircuitParams::ON_CHAIN.k) - 1;
    let table = columns.table.map(|column| grid.fixed_column(column, rows));
    let holds = |row: &usize| table.iter().zip(entry).all(|(c, value)| c[*row] == small(value));
    (0..rows).find(holds).expect("an entry")
}
