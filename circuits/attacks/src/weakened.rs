//! The other half of a test of a refusal: without the constraint that refuses, the witness is accepted.
//!
//! A forgery that other constraints refuse as well (a carry out of range, a count that does not balance) is refused
//! with the constraint and without it: a test that can't fail. So each forgery is asked twice, of the circuit as laid
//! out and of the same with the constraint left out.

use std::collections::BTreeSet;

use zkdkim_circuits::columns::Columns;
use zkdkim_determinism::layout::{Expr, Layout};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column},
};

use crate::ForgedCircuit;

/// A circuit as laid out, with its witness under three arbitrary challenges.
pub fn laid_out(circuit: &ForgedCircuit) -> Layout<Fr> {
    let challenges = [3, 5, 7].map(|c| Fr::from(c).invert().expect("not zero")).to_vec();
    let instances = vec![circuit.instances()];
    Layout::of(circuit, circuit.params.k, instances, challenges).expect("the circuit lays out")
}

/// The names of the polynomials and copies that do not hold. The circuit has no lookups of the constraint system: a
/// tuple that is in no table leaves the sum of fractions open.
pub fn failing(layout: &Layout<Fr>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for gate in &layout.gates {
        if (0..layout.rows).any(|row| layout.evaluate(&gate.expr, row) != Fr::ZERO) {
            names.insert(gate.name.clone());
        }
    }
    for [left, right] in &layout.copies {
        if layout.value(*left) != layout.value(*right) {
            names.insert(format!("copy {left:?} to {right:?}"));
        }
    }
    names
}

/// Leaves a polynomial out in every row.
///
/// # Panics
/// If there is none of that name.
pub fn leave_out(layout: &mut Layout<Fr>, name: &str) {
    let own = |gate: &&mut zkdkim_determinism::layout::Gate<Fr>| gate.name == name;
    let gates = layout.gates.iter_mut().filter(own);
    assert!(gates.map(|gate| gate.expr = Expr::Constant(Fr::ZERO)).count() > 0, "no `{name}`");
}

/// Looks the 10-bit words of a lane's half (three of its six range columns) up among those of 11 bits.
///
/// # Panics
/// If the lane's gate is not there.
pub fn widen(layout: &mut Layout<Fr>, lane: usize, half: usize) {
    let name = "logup range fractions[0]";
    let mut gates = layout.gates.iter_mut().filter(|gate| gate.name == name);
    let gate = gates.nth(2 * lane + half).expect("a gate for each half of each lane");
    // The kind of 10-bit words is 1; the other columns' kind is 0 and does not stand in the gate.
    let mut kinds = 0;
    gate.expr.change(&mut |node| {
        if let Expr::Scaled(_, kind) = node {
            *kind = Fr::ZERO;
            kinds += 1;
        }
    });
    assert!(kinds > 0, "a column of 10-bit words");
}

/// Computes the lookup argument's fractions and their running sum anew, as the circuit has them now.
///
/// # Panics
/// If the circuit has no such argument.
pub fn complete_sums(layout: &mut Layout<Fr>, columns: &Columns) {
    let gates = |name: &str| {
        let own = layout.gates.iter().enumerate().filter(|(_, gate)| gate.name == name);
        own.map(|(number, _)| number).collect::<Vec<_>>()
    };
    let helpers = columns.lanes.iter().flat_map(|lane| lane.helper);
    let mut fractions: Vec<(usize, Column<Advice>)> =
        gates("logup range fractions[0]").into_iter().zip(helpers).collect();
    fractions.extend(gates("logup extraction fraction[0]").into_iter().zip([columns.extract]));
    let narrow = columns.narrow.map(|narrow| narrow.fraction);
    fractions.extend(gates("logup narrow table fraction[0]").into_iter().zip(narrow));
    let sum = gates("logup running sum[0]")[0];
    for row in 0..layout.usable {
        if layout.fixed[columns.active.index()][row] != Fr::ZERO {
            for (gate, column) in &fractions {
                solve(layout, *gate, row, (column.index(), row));
            }
            solve(layout, sum, row, (columns.phi.index(), row + 1));
        }
    }
}

/// The value of a cell that a gate in a row is linear in.
fn solve(layout: &mut Layout<Fr>, gate: usize, row: usize, (column, at): (usize, usize)) {
    let [rest, with_one] = [Fr::ZERO, Fr::ONE].map(|value| {
        layout.advice[column][at] = value;
        layout.evaluate(&layout.gates[gate].expr, row)
    });
    let inverse = (with_one - rest).invert();
    layout.advice[column][at] = -rest * inverse.unwrap_or(Fr::ZERO);
}

/// Asserts that constraints of these names refuse a witness, and nothing else does: without them it is accepted.
///
/// # Panics
/// If that is not so.
pub fn assert_refused_only_by(circuit: &ForgedCircuit, names: &[&str]) {
    let mut layout = laid_out(circuit);
    let expected: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(failing(&layout), expected);
    names.iter().for_each(|name| leave_out(&mut layout, name));
    assert_eq!(failing(&layout), BTreeSet::new(), "without {names:?}");
}
