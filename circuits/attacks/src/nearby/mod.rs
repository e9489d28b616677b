//! Attacks on the place that a constraint guards.
//!
//! The catalogue knows the statement, not the constraints: what an attacker would claim of a word,
//! a byte, an output row, a hash input or a limb, each written coherently, with everything after it
//! computed from the claim and signed by a provider that signs anything.

mod bytes;
mod hashes;
mod outputs;
pub mod reading;
mod rsa;
mod words;

use std::collections::BTreeSet;

use halo2_rsa::RsaRows;
use zkdkim_circuits::{
    header::{self, automaton::ByteRole, extract, BYTES},
    poseidon,
    sha256::{self, BLOCKS, BLOCK_SLOTS, INITIAL_SLOTS, SLOT_ROWS},
    statement::{CircuitParams, StatementConfig},
};
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_testkit::Cell;

use crate::{argument::Term, small, statement::Statement, Claim, ForgedCircuit};

/// The constraint to attack, by what it touches.
pub struct Place {
    /// The rows of the constraints that are left out or changed.
    pub rows: BTreeSet<usize>,
    /// The cells that they read.
    pub cells: BTreeSet<Cell>,
    /// A part of the lookup argument.
    pub term: Option<Term>,
    /// Whether it is the same constraint in all rows, so that any place will do.
    pub everywhere: bool,
    /// Public inputs that it copies, by their row in the instance column.
    pub public: Vec<usize>,
}

/// An attack, to be built when its turn comes.
pub struct Attack {
    /// What it tries; attacks of one name are one.
    pub name: String,
    /// Its witness in a layout, where there is one at that place.
    pub build: Box<dyn Fn(CircuitParams) -> Option<ForgedCircuit>>,
}

impl Attack {
    /// A plan, written as it stands.
    fn plan(name: impl Into<String>, plan: impl Fn() -> Option<Claim> + 'static) -> Self {
        Self::early(name, plan, |_, _| ())
    }

    /// A plan, with cells that are changed before the provider signs.
    fn early(
        name: impl Into<String>,
        plan: impl Fn() -> Option<Claim> + 'static,
        change: impl Fn(&StatementConfig, &mut Grid<Fr>) + 'static,
    ) -> Self {
        let build = move |layout| Some(plan()?.in_layout(layout).circuit(&change, |_, _| ()));
        Self { name: name.into(), build: Box::new(build) }
    }

    /// Cells that are changed after the provider has signed; `change` computes the hashes that
    /// follow.
    fn late(
        name: impl Into<String>,
        change: impl Fn(&StatementConfig, &mut Grid<Fr>) + 'static,
    ) -> Self {
        let build = move |layout| Some(ForgedCircuit::late_in(layout, &change));
        Self { name: name.into(), build: Box::new(build) }
    }
}

/// Honest witnesses that use what a fixed cell of a row holds, as far as there are any.
pub fn honest(statement: &Statement, row: usize) -> Vec<Claim> {
    let rows = &statement.config.rows;
    if let Some(at) = row.checked_sub(rows.header).filter(|at| *at < BYTES) {
        let plans = bytes::blocks_with_a_field_at(at);
        let mut plans = plans.map(|(start, block)| Claim::placed(block.as_bytes(), start));
        return plans.find(|plan| plan.run[at].field != ByteRole::None).into_iter().collect();
    }
    let slot = (row / SLOT_ROWS * statement.config.columns.lanes.len()).checked_sub(INITIAL_SLOTS);
    let block = slot.map(|slot| slot / BLOCK_SLOTS).filter(|block| *block < BLOCKS);
    let text = block.and_then(bytes::block_after);
    text.map(|text| Claim::honest(text.as_bytes())).into_iter().collect()
}

/// The attacks on a place.
pub fn attacks(statement: &Statement, place: &Place) -> Vec<Attack> {
    let (c, rows) = (&statement.config.columns, &statement.config.rows);
    let lanes = c.lanes.len();
    let mut attacks = Vec::new();
    for input in &place.public {
        let input = *input;
        let build = move |layout| {
            let mut circuit = ForgedCircuit::late_in(layout, |_, _| ());
            let mut instances = circuit.instances();
            instances[input] += Fr::one();
            circuit.instances = Some(instances);
            Some(circuit)
        };
        let name = format!("another public input {input}");
        attacks.push(Attack { name, build: Box::new(build) });
    }
    match place.term {
        Some(Term::Range(i)) => attacks.push(Attack::late("a pair that is in no table", {
            move |config, grid| {
                let row = config.rows.end + 10;
                grid.forge(config.columns.first().range[i], row, small(1 << 11));
                grid.forge(config.columns.first().spread[i], row, small(1 << 22));
            }
        })),
        Some(Term::Edge) => attacks.extend(bytes::attacks(500)),
        Some(Term::Case) => attacks.extend(outputs::attacks(3)),
        Some(Term::Extraction) => attacks.extend(outputs::attacks(300)),
        None => {}
    }
    let in_columns = |row: usize, wide: bool| {
        let near = place.cells.iter().filter(move |cell| cell.row.abs_diff(row) <= 300);
        let is_wide = |cell: &Cell| c.wide.iter().any(|w| w.index() == cell.column);
        near.into_iter().any(|cell| is_wide(cell) == wide)
    };
    for row in &place.rows {
        let row = *row;
        if row < sha256::rows(lanes) && in_columns(row, false) {
            for lane in 0..lanes {
                attacks.extend(words::attacks(row / SLOT_ROWS * lanes + lane));
            }
            if place.everywhere {
                attacks.extend(words::bits());
            }
        }
        if (rows.header..rows.header + BYTES).contains(&row) {
            attacks.extend(bytes::attacks(row - rows.header));
        }
        if (rows.outputs..rows.outputs + extract::ROWS).contains(&row) {
            attacks.extend(outputs::attacks(row - rows.outputs));
        }
        if (rows.reading..rows.reading + header::reading::ROWS).contains(&row) {
            attacks.extend(reading::attacks(row - rows.reading));
        }
        let limbs = rows.rsa.horner + 2142..rows.rsa.products - 1;
        if limbs.contains(&row) {
            attacks.push(rsa::claim(63 - (row - limbs.start)));
        }
    }
    let modulus = rows.rsa.modulus..rows.rsa.modulus + RsaRows::LENGTHS.modulus;
    for cell in &place.cells {
        let Some(column) = c.wide.iter().position(|w| w.index() == cell.column) else { continue };
        if cell.row < rows.poseidon + poseidon::MAX_ROWS {
            attacks.extend(hashes::permutation(cell.row, column));
        } else if (rows.digest..rows.digest + 8).contains(&cell.row) && column < 2 {
            attacks.push(hashes::digest(cell.row, column));
        } else if modulus.contains(&cell.row) && column == 0 {
            attacks.push(hashes::modulus_word(cell.row));
        }
    }
    let mut seen = BTreeSet::new();
    attacks.retain(|attack: &Attack| seen.insert(attack.name.clone()));
    attacks
}
