//! What a prover may choose, and what the check is told about the statement's circuit.

use halo2_rsa::RsaRows;
use zkdkim_circuits::{
    header::{reading, BYTES},
    logup::TupleType,
    poseidon::PERMUTATION_ROWS,
    statement::StatementConfig,
};
use zkdkim_determinism::{
    check::Spec,
    layout::Place,
    lemmas::{self, balance, residue, run},
    logup,
};
use zkdkim_plonk::plonk::{Advice, Column};
use zkdkim_relation::registry::DEPTH;

use crate::{provider::FOLDS, reading::SEAL};

/// Rows of the signature in the block of limb pairs.
const SIGNATURE_ROWS: usize = 32;

/// What the check is told. Nothing of it is trusted but the list of given cells: see the premises of each lemma.
pub fn spec(config: &StatementConfig) -> Spec {
    let c = &config.columns;
    let products = residue::Spec {
        column: c.acc.index(),
        // a, b, q, n, r stand five to one rows above the gate's.
        operands: [-5, -4, -3, -2, -1],
        limb_bits: 32,
        group: 6,
    };
    let run =
        run::Spec { kind: TupleType::Automaton as u64, state: 0, symbol: 1, next: 2, output: 3 };
    let balance = balance::Spec { kind: TupleType::Byte as u64, byte: 0, position: 1, field: 3 };
    Spec {
        given: given(config),
        unread: None,
        argument: Some(logup::Spec { theta: c.theta.index(), gamma: c.gamma.index(), width: 5 }),
        point: Some(c.rsa_point.index()),
        lemmas: lemmas::Spec { runs: vec![run], balances: vec![balance], products: Some(products) },
    }
}

/// The cells that a prover may choose: the statement's private inputs.
fn given(config: &StatementConfig) -> Vec<(Place, &'static str)> {
    let (c, rows) = (&config.columns, &config.rows);
    let mut given = Vec::new();
    let mut add = |why, column: Column<Advice>, rows: std::ops::Range<usize>| {
        given.extend(rows.map(|row| (Place::Advice(column.index(), row), why)));
    };
    add("symbol of the header block", c.wide[1], rows.header..rows.header + BYTES);
    for range in c.first().range {
        let signature = rows.rsa.pairs..rows.rsa.pairs + SIGNATURE_ROWS;
        add("piece of the signature", range, signature);
    }
    for range in &c.first().range[..3] {
        let modulus = rows.rsa.modulus..rows.rsa.modulus + RsaRows::LENGTHS.modulus;
        add("piece of the modulus", *range, modulus);
    }
    add("salt", c.wide[0], rows.poseidon..rows.poseidon + 1);
    let row = rows.poseidon + (SEAL + 1) * PERMUTATION_ROWS;
    add("blinding", c.wide[0], row..row + 1);
    let first = rows.reading;
    add("byte of the bound", c.wide[1], first..first + reading::LATER);
    add("byte of the command", c.wide[1], first + reading::COMMAND..first + reading::FLAG);
    add("reading", c.wide[4], first + reading::FLAG..first + reading::FLAG + 1);
    for level in 0..DEPTH {
        // The output row of the permutation before.
        let row = rows.poseidon + (FOLDS + level) * PERMUTATION_ROWS - 1;
        add("sibling on the path", c.wide[3], row..row + 1);
        add("direction on the path", c.wide[4], row..row + 1);
    }
    given
}
