//! The tamper sweep, the automatic forger, the anchor test and the challenge discipline of the
//! whole statement.

use std::collections::{BTreeMap, BTreeSet};

use rand::{seq::SliceRandom, SeedableRng};
use zkdkim_attacks::statement::{explained, Statement};
use zkdkim_circuits::layout::CircuitParams;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_testkit::{challenge::columns_chosen_after, Alteration, Cell, Effort};

/// One lane of lookups, and two.
const LAYOUTS: [CircuitParams; 2] = [CircuitParams::ON_CHAIN, CircuitParams::QUICK];

/// Cells of each column and block of rows that the sweep alters.
const SAMPLE: usize = 40;

/// Alters the cells of each class, at most `limit` of them, and returns the survivors by kind.
fn survivors(statement: &Statement, limit: usize) -> BTreeMap<String, Vec<(usize, Fr)>> {
    let mut sweep = statement.sweep();
    let anchors = statement.anchors(sweep.image());
    let by_gates = statement.read_by_gates(sweep.image());
    let mut cells: BTreeSet<Cell> = sweep.image().assigned().collect();
    // Cells that are read but not written are zero for the honest prover only.
    cells.extend(anchors.read());
    let mut classes: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    for cell in cells {
        classes.entry(statement.class(cell)).or_default().push(cell);
    }
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
    let mut found: BTreeMap<String, Vec<(usize, Fr)>> = BTreeMap::new();
    let mut count = 0;
    for cells in classes.into_values() {
        let sample: Vec<Cell> = cells.choose_multiple(&mut rng, limit).copied().collect();
        count += sample.len();
        for survivor in sweep.run(sample, Fr::from(0xfeed_5eed).square()) {
            let kind = statement.kind(sweep.image(), &by_gates, survivor.cell);
            found.entry(kind).or_default().push((survivor.cell.row, survivor.altered));
        }
    }
    println!("{count} cells altered");
    found
}

/// Clauses: none; honest witnesses are accepted.
#[test]
fn the_image_of_an_honest_witness_holds() {
    for layout in LAYOUTS {
        assert_eq!(Statement::in_layout(layout).image().failures(), BTreeSet::new());
    }
}

/// Clauses: all.
#[test]
fn a_sample_of_every_column_and_block_is_tied() {
    for layout in LAYOUTS {
        let found = survivors(&Statement::in_layout(layout), SAMPLE);
        for (class, cells) in &found {
            println!("{class}: {} survive, for example {:?}", cells.len(), cells[0]);
        }
        assert!(found.keys().cloned().collect::<BTreeSet<_>>().is_subset(&explained()));
    }
}

/// Alters each of some 330,000 cells: survivors are of the kinds that `survivors.txt` explains, and of all of them.
fn every_cell_of(layout: CircuitParams) {
    let found = survivors(&Statement::in_layout(layout), usize::MAX);
    for (class, cells) in &found {
        println!("{class}: {} survive, for example {:?}", cells.len(), cells[0]);
    }
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), explained());
}

/// Clauses: all.
#[test]
fn every_cell_is_tied() {
    every_cell_of(CircuitParams::ON_CHAIN);
}

/// Clauses: all.
#[test]
fn every_cell_is_tied_with_twelve_lookups_a_row() {
    every_cell_of(CircuitParams::QUICK);
}

/// No forgery of a few cells: what an alteration breaks is repaired wherever one cell can do it.
/// Clauses: all.
#[test]
fn small_forgeries_fail() {
    for layout in LAYOUTS {
        small_forgeries_fail_in(layout);
    }
}

fn small_forgeries_fail_in(layout: CircuitParams) {
    let statement = Statement::in_layout(layout);
    let mut sweep = statement.sweep();
    let by_gates = statement.read_by_gates(sweep.image());
    let mut classes: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
    for cell in &by_gates {
        if sweep.image().phase(cell.column) == 0 {
            classes.entry(statement.class(*cell)).or_default().push(*cell);
        }
    }
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(8);
    let effort = Effort { repairs: 5, steps: 200 };
    let mut found: BTreeMap<String, Vec<Alteration<Fr>>> = BTreeMap::new();
    for cells in classes.into_values() {
        for cell in cells.choose_multiple(&mut rng, 20) {
            let honest = sweep.image().get(*cell);
            for value in [honest + Fr::ONE, honest - Fr::ONE] {
                if let Some(forgery) = sweep.forge(*cell, value, effort) {
                    let kind = statement.kind(sweep.image(), &by_gates, *cell);
                    found.entry(kind).or_default().push(forgery);
                }
            }
        }
    }
    for (kind, forgeries) in &found {
        println!("{kind}: {} forgeries, for example {:?}", forgeries.len(), forgeries[0]);
    }
    assert!(found.keys().cloned().collect::<BTreeSet<_>>().is_subset(&explained()));
}

/// Clauses: all.
#[test]
fn every_cell_is_anchored() {
    for layout in LAYOUTS {
        every_cell_is_anchored_in(layout);
    }
}

fn every_cell_is_anchored_in(layout: CircuitParams) {
    let statement = Statement::in_layout(layout);
    let image = statement.image();
    let mut anchors = statement.anchors(&image);
    let first_phase = |cell: &Cell| image.phase(cell.column) == 0;
    let loose: Vec<Cell> = anchors.loose(&image).into_iter().filter(first_phase).collect();
    let classes: BTreeSet<String> = loose.iter().map(|cell| statement.class(*cell)).collect();
    assert_eq!(classes, BTreeSet::new());
    let floating = anchors.floating();
    let classes: Vec<String> = floating.iter().map(|group| statement.class(group[0])).collect();
    assert!(classes.is_empty(), "{classes:?}");
}

/// Clauses: all.
#[test]
fn columns_chosen_after_the_challenges_are_functions_of_the_first_phase() {
    let late = |layout| {
        let statement = Statement::in_layout(layout);
        let late: BTreeSet<usize> =
            columns_chosen_after(&statement.meta).into_values().flatten().collect();
        late.iter().map(|i| statement.columns[*i].0.clone()).collect::<BTreeSet<_>>()
    };
    // Each is a sum or a fraction that its own gate determines.
    let one_lane = ["acc0", "helper0", "helper1", "extract0", "phi0"].map(str::to_owned);
    assert_eq!(late(CircuitParams::ON_CHAIN), BTreeSet::from(one_lane.clone()));
    let second_lane = ["second helper0", "second helper1", "narrow fraction0"].map(str::to_owned);
    let all = one_lane.into_iter().chain(second_lane).collect();
    assert_eq!(late(CircuitParams::QUICK), all);
}
