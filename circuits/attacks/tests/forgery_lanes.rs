//! Forgeries in the layout with two lanes: twelve lookups a row, k = 13.
//!
//! The chips are those of the other layout, so these tests attack what differs: the second lane's copies of the SHA-256
//! gates, slots that read across lanes, carries in columns of their own, the table of narrow words that shares rows,
//! and outputs that stand beside SHA-256.

use std::{collections::BTreeSet, sync::Arc};

use zkdkim_attacks::{
    bump, forge_sha256, get, names, place, refusals, slot_of, small,
    weakened::{assert_refused_only_by, complete_sums, failing, laid_out, widen},
    Carries, Claim, ForgedCircuit, Word, SAMPLE_HEADER,
};
use zkdkim_circuits::{
    columns::{RANGE_BITS, RANGE_SLOTS},
    layout::CircuitParams,
    sha256::BLOCKS,
    statement::StatementConfig,
};
use zkdkim_grid::Grid;
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column, ConstraintSystem},
};

const LAYOUT: CircuitParams = CircuitParams::QUICK;
/// The last message block, in which every test lies.
const LAST: usize = BLOCKS - 1;
/// A row below every block, in which only the lookup argument can notice.
const FREE: usize = 8_150;

fn plan() -> Claim {
    Claim::honest(SAMPLE_HEADER.as_bytes()).in_layout(LAYOUT)
}

fn honest() -> ForgedCircuit {
    plan().circuit(|_, _| (), |_, _| ())
}

fn config() -> StatementConfig {
    StatementConfig::configure(&mut ConstraintSystem::default(), LAYOUT)
}

/// Flips the low bit of one word at one step of the last block. Even steps stand in the first lane.
fn forged_at(step: usize, which: Word) -> ForgedCircuit {
    let plan = plan();
    let lie = |b, s, word, truth: u32| truth ^ u32::from((b, s, word) == (LAST, step, which));
    plan.circuit(
        |config, grid| forge_sha256(config, grid, &plan.message, Carries::Close, &lie),
        |_, _| (),
    )
}

fn lie_at(step: usize, which: Word) -> BTreeSet<String> {
    refusals(&forged_at(step, which))
}

/// Clauses: none; honest witnesses are accepted.
#[test]
fn the_forger_is_honest_without_a_lie() {
    let plan = plan();
    let forged = plan.circuit(
        |config, grid| {
            forge_sha256(config, grid, &plan.message, Carries::Close, &|_, _, _, truth| truth)
        },
        |_, _| (),
    );
    assert!(honest().grid.advice_cells().eq(forged.grid.advice_cells()));
    assert_eq!(plan.refusals(), names([]));
}

/// Clauses: `rsa-signature`.
#[test]
fn free_sums_need_carries_out_of_range_in_both_lanes() {
    for step in [20, 21, 63] {
        assert_eq!(lie_at(step, Word::A), names(["lookup spread 2"]));
        assert_eq!(lie_at(step, Word::E), names(["lookup spread 4"]));
        assert_eq!(lie_at(step, Word::W), names(["lookup spread 5"]));
    }
    for step in 64..68 {
        assert_eq!(lie_at(step, Word::A), names(["lookup spread 2"]));
        assert_eq!(lie_at(step, Word::E), names(["lookup spread 2"]));
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn absorbed_words_are_those_of_the_message_in_both_lanes() {
    for step in [2, 3] {
        assert_eq!(lie_at(step, Word::W), names(["copy y to y"]));
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn words_pieces_and_spread_forms_are_one_in_both_lanes() {
    for (which, expected) in [
        (Word::BigSigma0, ["sha256 xor[0]", "sha256 xor[2]"]),
        (Word::BigSigma1, ["sha256 xor[0]", "sha256 xor[2]"]),
        (Word::SmallSigma0, ["sha256 xor[0]", "sha256 xor[2]"]),
        (Word::SmallSigma1, ["sha256 xor[0]", "sha256 xor[2]"]),
        (Word::Maj, ["sha256 and[0]", "sha256 and[2]"]),
        (Word::EAndF, ["sha256 and[0]", "sha256 and[2]"]),
        (Word::NotEAndG, ["sha256 and[0]", "sha256 and[2]"]),
        (Word::PiecesOfA, ["sha256 word A[0]", "sha256 word A[5]"]),
        (Word::SpreadOfA, ["sha256 word A[1]", "sha256 word A[6]"]),
        (Word::RotatedA, ["sha256 word A[2]", "sha256 word A[7]"]),
        (Word::PiecesOfE, ["sha256 word E[0]", "sha256 word E[7]"]),
        (Word::SpreadOfE, ["sha256 word E[1]", "sha256 word E[8]"]),
        (Word::RotatedE, ["sha256 word E[2]", "sha256 word E[9]"]),
        (Word::PiecesOfW, ["sha256 word W[0]", "sha256 word W[10]"]),
        (Word::RotatedForSigma0, ["sha256 word W[3]", "sha256 word W[13]"]),
        (Word::RotatedForSigma1, ["sha256 word W[4]", "sha256 word W[14]"]),
        (Word::InMaj, ["sha256 round[0]", "sha256 round[5]"]),
        (Word::InEAndF, ["sha256 round[1]", "sha256 round[6]"]),
        (Word::InNotEAndG, ["sha256 round[2]", "sha256 round[7]"]),
    ] {
        for (step, expected) in [30, 31].into_iter().zip(expected) {
            assert_refused_only_by(&forged_at(step, which), &[expected]);
        }
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn initial_values_are_pinned_in_both_lanes() {
    for (slot, word, expected) in [
        (2, Word::A, "sha256 initial value[0]"),
        (2, Word::E, "sha256 initial value[0]"),
        (3, Word::A, "sha256 initial value[1]"),
        (3, Word::E, "sha256 initial value[1]"),
    ] {
        let plan = plan();
        let lie = |b, s, w, truth: u32| truth ^ u32::from((b, s, w) == (usize::MAX, slot, word));
        let refusals = plan.refusals_with(
            |config, grid| {
                forge_sha256(config, grid, &plan.message, Carries::Close, &lie);
            },
            |_, _| (),
        );
        assert_eq!(refusals, names([expected]));
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn one_bit_pieces_are_bits_in_both_lanes() {
    for (lane, first, second) in
        [(0, "sha256 word W[1]", "sha256 word W[2]"), (1, "sha256 word W[11]", "sha256 word W[12]")]
    {
        let plan = plan();
        let word = |at: usize| plan.message[at / 16].0[at % 16];
        let find = |fits: &dyn Fn(u32) -> bool| {
            (0..16 * BLOCKS).find(|at| at % 2 == lane && fits(word(*at))).expect("such a word")
        };
        // Bit 17 holds 2, bit 18 one less.
        let at = find(&|word| word >> 17 & 3 == 2);
        let change = |config: &StatementConfig, grid: &mut Grid<Fr>| {
            let (lane, row) = place(config, slot_of(at / 16, at % 16));
            bump(grid, lane.x, row + 3, small(2));
            bump(grid, lane.x, row + 4, -Fr::ONE);
        };
        let refusals = plan.refusals_with(change, |_, _| ());
        assert!(refusals.contains(first), "{refusals:?}");
        // Bit 18 holds 2, the piece above it one less.
        let at = find(&|word| word >> 18 & 1 == 0 && word >> 19 & 0x7ff != 0);
        let change = |config: &StatementConfig, grid: &mut Grid<Fr>| {
            let (lane, row) = place(config, slot_of(at / 16, at % 16));
            bump(grid, lane.x, row + 4, small(2));
            bump(grid, lane.range[0], row + 3, -Fr::ONE);
        };
        let refusals = plan.refusals_with(change, |_, _| ());
        assert!(refusals.contains(second), "{refusals:?}");
    }
}

/// The count of a word moves from the entry of 0, which a free row holds, to another entry: all else is in order.
fn moved_count(grid: &mut Grid<Fr>, from: (Column<Advice>, usize), to: (Column<Advice>, usize)) {
    bump(grid, from.0, from.1, -Fr::ONE);
    bump(grid, to.0, to.1, Fr::ONE);
}

/// 10-bit words share the rows of the 11-bit table: words from 2^10 on have rows there, but none of their own type.
/// Clauses: `rsa-signature`.
#[test]
fn narrow_words_are_below_their_bound() {
    let columns = config().columns;
    let narrow = columns.narrow.expect("shared rows").multiplicity;
    for lane in 0..LAYOUT.lanes() {
        for column in (0..RANGE_SLOTS).filter(|column| RANGE_BITS[*column] == 10) {
            let mut circuit = honest();
            let grid = Arc::make_mut(&mut circuit.grid);
            grid.forge(columns.lanes[lane].range[column], FREE, small(1 << 10));
            grid.forge(columns.lanes[lane].spread[column], FREE, small(1 << 20));
            // Counted in the row of 2^10, by the narrow multiplicity or by the other.
            for multiplicity in [narrow, columns.multiplicity] {
                let mut circuit = circuit.clone();
                let grid = Arc::make_mut(&mut circuit.grid);
                moved_count(grid, (narrow, 0), (multiplicity, 1 << 10));
                let expected = names([&format!("lookup spread {column}")]);
                assert_eq!(refusals(&circuit), expected, "column {column}");
                let ends = names(["logup sum starts and ends at zero[0]"]);
                assert_eq!(failing(&laid_out(&circuit)), ends, "column {column}");
            }
            // If the column is looked up among 11-bit words, it counts there, and the word passes.
            let mut wide = circuit;
            let grid = Arc::make_mut(&mut wide.grid);
            for row in 0..config().usable_rows(LAYOUT.k) - 1 {
                let word = get(grid, columns.lanes[lane].range[column], row);
                let word =
                    usize::from(u16::from_le_bytes([word.to_bytes()[0], word.to_bytes()[1]]));
                // The free row was counted as 0.
                let counted = if row == FREE { 0 } else { word };
                moved_count(grid, (narrow, counted), (columns.multiplicity, word));
            }
            let mut layout = laid_out(&wide);
            assert_eq!(failing(&layout), names(["logup sum starts and ends at zero[0]"]));
            widen(&mut layout, lane, column / 3);
            complete_sums(&mut layout, &columns);
            assert_eq!(failing(&layout), names([]), "column {column}");
        }
    }
}

/// Clauses: `rsa-signature`, `header-syntax`.
#[test]
fn multiplicities_are_counts_in_both_tables() {
    let columns = config().columns;
    let narrow = columns.narrow.expect("shared rows").multiplicity;
    let ends = names(["logup sum starts and ends at zero[0]"]);
    for (changes, noticed) in [
        (vec![(narrow, 7, Fr::ONE)], true),
        (vec![(columns.multiplicity, 7, Fr::ONE)], true),
        // Counts moved from one table to the other.
        (vec![(narrow, 7, Fr::ONE), (columns.multiplicity, 7, -Fr::ONE)], true),
        // Beside a row that is not shared the narrow multiplicity counts nothing.
        (vec![(narrow, 3_000, Fr::ONE)], false),
    ] {
        let mut circuit = honest();
        let grid = Arc::make_mut(&mut circuit.grid);
        for (column, row, by) in changes {
            bump(grid, column, row, by);
        }
        assert_eq!(refusals(&circuit), if noticed { ends.clone() } else { names([]) });
    }
}

/// The pair of a free row is taken off the counts, so that the tuple alone is wrong.
/// Clauses: `rsa-signature`.
#[test]
fn pairs_outside_the_spread_tables_are_not_found_in_either_lane() {
    let columns = config().columns;
    for lane in 0..LAYOUT.lanes() {
        for (column, dense, spread) in [(0, 1 << 11, 1 << 22), (3, 5, 5), (1, 0, 1)] {
            let mut circuit = honest();
            let grid = Arc::make_mut(&mut circuit.grid);
            grid.forge(columns.lanes[lane].range[column], FREE, small(dense));
            grid.forge(columns.lanes[lane].spread[column], FREE, small(spread));
            bump(grid, columns.multiplicity, 0, -Fr::ONE);
            assert_eq!(refusals(&circuit), names([&format!("lookup spread {column}")]));
            assert_accepted_if_the_table_has(&circuit, [dense, spread]);
        }
    }
}

/// With an entry more in the table, counted once, the pair passes.
fn assert_accepted_if_the_table_has(circuit: &ForgedCircuit, pair: [u64; 2]) {
    let mut circuit = circuit.clone();
    let columns = config().columns;
    let row = config().usable_rows(LAYOUT.k) - 2;
    let grid = Arc::make_mut(&mut circuit.grid);
    bump(grid, columns.multiplicity, row, Fr::ONE);
    let mut layout = laid_out(&circuit);
    assert_eq!(failing(&layout), names(["logup sum starts and ends at zero[0]"]));
    for (column, value) in columns.table.iter().zip(pair) {
        layout.fixed[column.index()][row] = small(value);
    }
    complete_sums(&mut layout, &columns);
    assert_eq!(failing(&layout), names([]));
}

/// Clauses: `rsa-signature`, `header-syntax`, `one-from`.
#[test]
fn second_phase_cells_are_bound_in_both_lanes() {
    let mut circuit = honest();
    type Change = fn(&StatementConfig, &mut Grid<Fr>);
    let changes: [(Change, &str); 4] = [
        (|c, g| bump(g, c.columns.lanes[1].helper[0], FREE, Fr::ONE), "logup range fractions[0]"),
        (|c, g| bump(g, c.columns.lanes[1].helper[1], 5, Fr::ONE), "logup range fractions[0]"),
        (
            |c, g| bump(g, c.columns.narrow.expect("shared").fraction, 5, Fr::ONE),
            "logup narrow table fraction[0]",
        ),
        (
            |c, g| bump(g, c.columns.narrow.expect("shared").fraction, 3_000, Fr::ONE),
            "logup narrow table fraction[0]",
        ),
    ];
    for (change, expected) in changes {
        circuit.second = Some(Arc::new(change));
        let refusals = refusals(&circuit);
        assert!(refusals.contains(expected), "{expected}: {refusals:?}");
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn range_checked_carries_are_the_ones_that_count() {
    let refusals = plan().refusals_with(
        |_, _| (),
        |config, grid| {
            let (lane, carries) = (config.columns.last(), config.rows.rsa.carries);
            let fits = |row: &usize| get(grid, lane.range[0], *row) != small(2047);
            let row = (carries..carries + 357).find(fits).expect("a piece below its maximum");
            bump(grid, lane.y, row, Fr::ONE);
            bump(grid, lane.range[0], row, Fr::ONE);
            // Its spread form is filled in with the lookups.
            grid.forge(lane.spread[0], row, Fr::ZERO);
        },
    );
    assert_eq!(refusals, names(["copy wide1 to y"]));
}

/// Clauses: `address`.
#[test]
fn outputs_beside_sha256_are_lower_case() {
    let refusals = plan().refusals_with(
        |config, grid| bump(grid, config.columns.lower, config.rows.outputs, Fr::ONE),
        |_, _| (),
    );
    assert!(refusals.contains("lookup case"), "{refusals:?}");
}

/// Clauses: `alignment`, `one-from`, `algorithm`.
#[test]
fn other_authors_and_signers_are_refused() {
    let refused = |block: String| Claim::honest(block.as_bytes()).in_layout(LAYOUT).refusals();
    let other_signer = refused(SAMPLE_HEADER.replace("d=example.org", "d=example.com"));
    assert_eq!(other_signer, names(["copy wide0 to wide0"]));
    let second_from = refused(format!("from:<eve@evil.com>\r\n{SAMPLE_HEADER}"));
    assert!(second_from.iter().any(|name| name.starts_with("extraction")), "{second_from:?}");
    let other_algorithm = refused(SAMPLE_HEADER.replace("a=rsa-sha256", "a=rsa-sha1"));
    // The run ends where it does not fit, so there is neither a mark of the algorithm nor a signer.
    let expected = ["copy wide0 to wide0", "extract required row[0]", "lookup automaton"];
    assert_eq!(other_algorithm, names(expected));
}
