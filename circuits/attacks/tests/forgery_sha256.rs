//! Forged SHA-256: each intermediate word replaced by another, everything after it computed from
//! the lie, the result signed by the provider. Without the constraint that is named here the digest
//! would be the prover's choice.

use std::collections::BTreeSet;

use zkdkim_attacks::{
    bump, forge_sha256, get, names, refusals, small, weakened::assert_refused_only_by, Carries,
    Claim, ForgedCircuit, Word, SAMPLE_HEADER,
};
use zkdkim_circuits::layout::CircuitParams;
use zkdkim_circuits::{
    field::pow2,
    sha256::{BLOCKS, BLOCK_SLOTS, INITIAL_SLOTS, SLOT_ROWS},
    spread::spread,
    statement::StatementConfig,
};
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

/// The last message block, in which every test lies.
const LAST: usize = BLOCKS - 1;

fn row(config: &StatementConfig, block: usize, step: usize) -> usize {
    config.rows.sha256 + (INITIAL_SLOTS + block * BLOCK_SLOTS + step) * SLOT_ROWS
}

/// Flips the low bit of one word at one step of the last block.
fn forged_at(step: usize, which: Word) -> ForgedCircuit {
    let plan = Claim::honest(SAMPLE_HEADER.as_bytes());
    let lie = |b, s, word, truth: u32| truth ^ u32::from((b, s, word) == (LAST, step, which));
    plan.circuit(
        |config, grid| forge_sha256(config, grid, &plan.message, Carries::Close, &lie),
        |_, _| (),
    )
}

fn lie_at(step: usize, which: Word) -> BTreeSet<String> {
    refusals(&forged_at(step, which))
}

fn cells(change: impl FnOnce(&StatementConfig, &mut Grid<Fr>)) -> BTreeSet<String> {
    Claim::honest(SAMPLE_HEADER.as_bytes()).refusals_with(change, |_, _| ())
}

/// Clauses: none; honest witnesses are accepted.
#[test]
fn the_forger_is_honest_without_a_lie() {
    let plan = Claim::honest(SAMPLE_HEADER.as_bytes());
    let honest = plan.circuit(|_, _| (), |_, _| ());
    let forged = plan.circuit(
        |config, grid| {
            forge_sha256(config, grid, &plan.message, Carries::Close, &|_, _, _, truth| truth)
        },
        |_, _| (),
    );
    assert!(honest.grid.advice_cells().eq(forged.grid.advice_cells()));
    assert_eq!(plan.refusals(), names([]));
}

/// Clauses: `rsa-signature`.
#[test]
fn a_free_sum_needs_a_carry_out_of_range() {
    // halo2-dynamic-sha256 left the high part of the sum without a range: the word is then free.
    assert_eq!(lie_at(20, Word::A), names(["lookup spread 2"]));
    assert_eq!(lie_at(20, Word::E), names(["lookup spread 4"]));
    assert_eq!(lie_at(20, Word::W), names(["lookup spread 5"]));
    assert_eq!(lie_at(63, Word::A), names(["lookup spread 2"]));
}

/// Of each sum its first and its last row in the circuit, where a gate could be off; every carry is in range.
/// Clauses: `rsa-signature`.
#[test]
fn a_word_is_its_sum() {
    let k14 = CircuitParams::ON_CHAIN;
    let k13 = CircuitParams::QUICK;
    for (layout, block, step, which, expected) in [
        (k14, 0, 0, Word::A, "sha256 round[3]"),
        (k14, LAST, 63, Word::E, "sha256 round[4]"),
        (k14, LAST, 16, Word::W, "sha256 message schedule[0]"),
        (k14, LAST, 62, Word::W, "sha256 message schedule[0]"),
        (k14, LAST, 63, Word::W, "sha256 message schedule[0]"),
        (k14, LAST, 67, Word::A, "sha256 feed-forward or reset[0]"),
        (k13, LAST, 62, Word::W, "sha256 message schedule[0]"),
        (k13, LAST, 63, Word::W, "sha256 message schedule[1]"),
        (k13, LAST, 63, Word::A, "sha256 round[8]"),
        (k13, LAST, 67, Word::E, "sha256 feed-forward or reset[1]"),
    ] {
        let plan = Claim::honest(SAMPLE_HEADER.as_bytes()).in_layout(layout);
        let lie = |b, s, word, truth: u32| truth ^ u32::from((b, s, word) == (block, step, which));
        let forged = plan.circuit(
            |config, grid| forge_sha256(config, grid, &plan.message, Carries::InRange, &lie),
            |_, _| (),
        );
        assert_refused_only_by(&forged, &[expected]);
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn the_feed_forward_sum_needs_a_carry_in_range() {
    assert_eq!(lie_at(64, Word::A), names(["lookup spread 2"]));
    assert_eq!(lie_at(67, Word::E), names(["lookup spread 2"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn an_absorbed_word_is_that_of_the_message() {
    assert_eq!(lie_at(3, Word::W), names(["copy y to y"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn halves_of_spread_sums_are_bound() {
    for which in [Word::BigSigma0, Word::BigSigma1, Word::SmallSigma0, Word::SmallSigma1] {
        assert_refused_only_by(&forged_at(30, which), &["sha256 xor[0]"]);
    }
    for which in [Word::Maj, Word::EAndF, Word::NotEAndG] {
        assert_refused_only_by(&forged_at(30, which), &["sha256 and[0]"]);
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn a_word_its_pieces_and_its_spread_forms_are_one() {
    for (which, expected) in [
        (Word::PiecesOfA, "sha256 word A[0]"),
        (Word::SpreadOfA, "sha256 word A[1]"),
        (Word::RotatedA, "sha256 word A[2]"),
        (Word::PiecesOfE, "sha256 word E[0]"),
        (Word::SpreadOfE, "sha256 word E[1]"),
        (Word::RotatedE, "sha256 word E[2]"),
        (Word::PiecesOfW, "sha256 word W[0]"),
        (Word::RotatedForSigma0, "sha256 word W[3]"),
        (Word::RotatedForSigma1, "sha256 word W[4]"),
        (Word::InMaj, "sha256 round[0]"),
        (Word::InEAndF, "sha256 round[1]"),
        (Word::InNotEAndG, "sha256 round[2]"),
    ] {
        assert_refused_only_by(&forged_at(30, which), &[expected]);
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn the_other_half_cannot_take_up_a_lie() {
    // even + 2 odd is kept: one less of the odd half, two more of the even one's lowest pair, which
    // is no spread form.
    let refusals = cells(|config, grid| {
        let (c, row) = (&config.columns, row(config, LAST, 30) + 6);
        let even = get(grid, c.first().spread[0], row) + get(grid, c.first().range[0], row);
        grid.forge(c.first().spread[0], row, even + small(2));
        let odd = get(grid, c.first().range[3], row);
        grid.forge(c.first().range[3], row, odd - Fr::ONE);
        bump(grid, c.first().y, row, -Fr::ONE);
    });
    assert!(refusals.contains("lookup spread 0"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn the_initial_value_is_pinned() {
    for word in [Word::A, Word::E] {
        let plan = Claim::honest(SAMPLE_HEADER.as_bytes());
        let lie = |b, s, w, truth: u32| truth ^ u32::from((b, s, w) == (usize::MAX, 2, word));
        let refusals = plan.refusals_with(
            |config, grid| {
                forge_sha256(config, grid, &plan.message, Carries::Close, &lie);
            },
            |_, _| (),
        );
        assert_eq!(refusals, names(["sha256 initial value[0]"]));
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn a_reset_restores_the_initial_value() {
    let plan = Claim::honest(SAMPLE_HEADER.as_bytes());
    let filler = plan.message.iter().position(|(_, reset)| *reset).expect("filler");
    let lie = |b, s, w, truth: u32| truth ^ u32::from((b, s, w) == (filler, 65, Word::A));
    let refusals = plan.refusals_with(
        |config, grid| {
            forge_sha256(config, grid, &plan.message, Carries::Close, &lie);
            let row = row(config, filler, 65) + 2;
            grid.forge(config.columns.first().range[2], row, Fr::ZERO);
        },
        |_, _| (),
    );
    assert_eq!(refusals, names(["sha256 feed-forward or reset[0]"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn one_word_has_one_cutting() {
    // A: two bits of the next piece moved into a0, which its column's range alone would let pass.
    let refusals = cells(|config, grid| {
        let (c, row) = (&config.columns, row(config, LAST, 10));
        let a1 = get(grid, c.first().range[0], row);
        bump(grid, c.first().range[5], row, small(4));
        grid.forge(c.first().range[0], row, a1 - Fr::ONE);
        let multiplied = get(grid, c.first().range[5], row) * pow2(9);
        grid.forge(c.first().range[1], row, multiplied);
        let pieces = [(5, 0), (0, 2), (3, 13), (2, 22)];
        let spreads = pieces.iter().map(|(column, offset)| {
            let piece = get(grid, c.first().range[*column], row).to_bytes();
            let piece = u32::from_le_bytes(piece[..4].try_into().expect("four bytes"));
            small(spread(piece)) * pow2(2 * offset)
        });
        let x = spreads.sum();
        grid.forge(c.first().x, row, x);
    });
    assert!(refusals.contains("lookup spread 1"), "{refusals:?}");
    assert!(!refusals.contains("sha256 word A[0]"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn one_bit_pieces_are_bits() {
    // W: bit 17 holds 2, bit 18 one less; or the reverse where bit 18 is 0.
    let plan = Claim::honest(SAMPLE_HEADER.as_bytes());
    let word = |at: &usize| plan.message[at / 16].0[at % 16];
    let at = (0..16 * BLOCKS).find(|at| word(at) >> 17 & 3 == 2).expect("bit 18 set, 17 not");
    let refusals = plan.refusals_with(
        |config, grid| {
            let (c, row) = (&config.columns, row(config, at / 16, at % 16) + 3);
            bump(grid, c.first().x, row, small(2));
            bump(grid, c.first().x, row + 1, -Fr::ONE);
        },
        |_, _| (),
    );
    assert!(refusals.contains("sha256 word W[1]"), "{refusals:?}");
    assert!(!refusals.contains("sha256 word W[0]"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn the_second_one_bit_piece_is_a_bit() {
    // Bit 18 holds 2, the piece above it one less.
    let plan = Claim::honest(SAMPLE_HEADER.as_bytes());
    let word = |at: &usize| plan.message[at / 16].0[at % 16];
    let fits = |at: &usize| word(at) >> 18 & 1 == 0 && word(at) >> 19 & 0x7ff != 0;
    let at = (0..16 * BLOCKS).find(fits).expect("such a word");
    let refusals = plan.refusals_with(
        |config, grid| {
            let (c, row) = (&config.columns, row(config, at / 16, at % 16) + 3);
            bump(grid, c.first().x, row + 1, small(2));
            bump(grid, c.first().range[0], row, -Fr::ONE);
        },
        |_, _| (),
    );
    assert!(refusals.contains("sha256 word W[2]"), "{refusals:?}");
    assert!(!refusals.contains("sha256 word W[0]"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn a_spread_cell_is_that_of_its_word() {
    let refusals = cells(|config, grid| {
        let row = row(config, LAST, 10);
        grid.forge(config.columns.first().spread[0], row, small(2));
    });
    assert!(refusals.contains("lookup spread 0"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn the_eight_reset_cells_of_a_block_agree() {
    for (step, offset) in [(64, 2), (64, 3), (66, 2), (66, 3), (67, 2), (67, 3)] {
        let refusals = cells(|config, grid| {
            grid.forge(config.columns.first().y, row(config, LAST, step) + offset, Fr::ONE);
        });
        let expected = ["copy y to constant", "sha256 feed-forward or reset[0]"];
        assert_eq!(refusals, names(expected), "step {step}, row {offset}");
    }
}
