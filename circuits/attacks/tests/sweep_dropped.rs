//! What the kit sees of a missing constraint: every first-phase polynomial is left out once.
//!
//! Where the automatic prover finds no forgery within a few cells, because everything after the lie
//! would have to be computed anew, a test with a forgery of that kind must name the polynomial.

use std::collections::BTreeSet;

use rand::{seq::SliceRandom, SeedableRng};
use zkdkim_attacks::statement::{explained, Statement};
use zkdkim_circuits::layout::CircuitParams;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_testkit::{anchor::active_rows, Cell, Effort, Mutation, Sweep};

/// Rows of each polynomial in which the search begins.
const ROWS: usize = 6;

/// A forgery from any cell that the polynomial read in one of `rows`.
fn noticed(
    statement: &Statement,
    sweep: &mut Sweep<'_, Fr>,
    by_gates: &BTreeSet<Cell>,
    poly: usize,
    rows: &[usize],
) -> bool {
    let effort = Effort { repairs: 6, steps: 300 };
    let harmless = explained();
    rows.iter().any(|row| {
        sweep.image().read_by(poly, *row).into_iter().any(|cell| {
            let honest = sweep.image().get(cell);
            let values = [honest + Fr::ONE, honest - Fr::ONE, Fr::ZERO, honest + Fr::from(1 << 40)];
            let mut wrong = values.into_iter().filter(|value| *value != honest);
            let forged = wrong.any(|value| sweep.forge(cell, value, effort).is_some());
            forged && !harmless.contains(&statement.kind(sweep.image(), by_gates, cell))
        })
    })
}

/// Clauses: all.
#[test]
fn a_dropped_polynomial_lets_a_forgery_through() {
    check(CircuitParams::ON_CHAIN, |_| true);
}

/// The second lane's SHA-256: the other chips are the same in both layouts.
/// Clauses: `rsa-signature`.
#[test]
fn a_dropped_polynomial_of_the_second_lane_lets_a_forgery_through() {
    check(CircuitParams::QUICK, |gate| gate.starts_with("sha256"));
}

fn check(layout: CircuitParams, keep: impl Fn(&str) -> bool) {
    let statement = Statement::in_layout(layout);
    let mut sweep = statement.sweep();
    let by_gates = statement.read_by_gates(sweep.image());
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(9);
    let polys: Vec<(usize, String)> = sweep
        .image()
        .polynomials()
        .filter(|(_, _, gate, phase)| *phase == 0 && !gate.starts_with("logup") && keep(gate))
        .map(|(i, name, _, _)| (i, name.to_owned()))
        .collect();
    let mut missed = Vec::new();
    let count = polys.len();
    for (poly, name) in polys {
        let rows = active_rows(sweep.image(), poly);
        let rows: Vec<usize> = rows.choose_multiple(&mut rng, ROWS).copied().collect();
        sweep.image_mut().plant(Some(Mutation::Polynomial(poly)));
        if !noticed(&statement, &mut sweep, &by_gates, poly, &rows) {
            missed.push(name);
        }
        sweep.image_mut().plant(None);
    }
    println!("{} of {count} seen within a few cells", count - missed.len());
    let tests = [
        include_str!("forgery_sha256.rs"),
        include_str!("forgery_bytes.rs"),
        include_str!("forgery_extract.rs"),
        include_str!("forgery_hashes.rs"),
        include_str!("forgery_lanes.rs"),
        include_str!("forgery_reading.rs"),
    ];
    missed.retain(|name| !tests.iter().any(|test| test.contains(&format!("\"{name}\""))));
    assert_eq!(missed, [""; 0]);
}
