//! The table of what enforces each clause, against the circuit as it is built: both name the same things.

use std::collections::BTreeSet;

use halo2_rsa::RsaRows;
use zkdkim_circuits::{
    clauses::{By, ENFORCED},
    header::{
        self,
        automaton::{Automaton, ByteRole},
        extract, reading,
    },
    logup::TupleType,
    poseidon, sha256,
    statement::{CircuitParams, StatementCircuit, StatementConfig},
};
use zkdkim_grid::CellRef;
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{Any, Column, ConstraintSystem},
};
use zkdkim_relation::clause::{Clause, Keeper, CLAUSES};

const LAYOUTS: [CircuitParams; 2] = [CircuitParams::ON_CHAIN, CircuitParams::QUICK];

/// What the table names, by kind.
fn listed<T: Ord>(pick: impl Fn(&By) -> Option<T>) -> BTreeSet<T> {
    ENFORCED.iter().flat_map(|(_, by)| *by).filter_map(pick).collect()
}

fn configure(params: CircuitParams) -> (StatementConfig, ConstraintSystem<Fr>) {
    let mut meta = ConstraintSystem::default();
    let config = StatementConfig::configure(&mut meta, params);
    (config, meta)
}

#[test]
fn every_clause_that_the_circuit_keeps_is_enforced_by_something() {
    let kept = CLAUSES.iter().filter(|clause| clause.keeper == Keeper::Circuit);
    let kept: Vec<_> = kept.map(|clause| clause.id).collect();
    let enforced: Vec<_> = ENFORCED.iter().map(|(id, _)| *id).collect();
    assert_eq!(enforced, kept);
    for (id, by) in ENFORCED {
        assert!(Clause::find(id).is_some() && !by.is_empty(), "{id}");
        let distinct = by.iter().enumerate().all(|(i, part)| !by[..i].contains(part));
        assert!(distinct, "{id} names something twice");
    }
}

#[test]
fn every_gate_is_there_for_a_clause() {
    let mut gates = BTreeSet::new();
    for params in LAYOUTS {
        gates.extend(configure(params).1.gates().iter().map(|gate| gate.name().to_owned()));
    }
    let named = listed(|by| match by {
        By::Gate(name) => Some((*name).to_owned()),
        _ => None,
    });
    assert_eq!(named, gates);
}

#[test]
fn every_kind_of_lookup_is_there_for_a_clause() {
    let named = listed(|by| match by {
        By::Lookup(kind) => Some(*kind as u64),
        _ => None,
    });
    let all = [
        TupleType::Spread11,
        TupleType::Spread10,
        TupleType::Automaton,
        TupleType::Case,
        TupleType::Byte,
        TupleType::Sextet,
        TupleType::Quartet,
    ];
    assert_eq!(named, all.map(|kind| kind as u64).into());
}

#[test]
fn every_state_is_there_for_a_clause() {
    let automaton = Automaton::header();
    let names: Vec<_> = (0..automaton.states() as u16).map(|s| automaton.state_name(s)).collect();
    let named = listed(|by| match by {
        By::State(part) => Some(*part),
        _ => None,
    });
    for name in &names {
        assert!(named.iter().any(|part| name.contains(part)), "no clause has the state {name:?}");
    }
    for part in named {
        assert!(names.iter().any(|name| name.contains(part)), "no state is {part:?}");
    }
}

#[test]
fn every_extracted_field_is_there_for_a_clause() {
    let named = listed(|by| match by {
        By::Emits(field) => Some(*field as u64),
        _ => None,
    });
    let fields = ByteRole::ALL.iter().filter(|field| **field != ByteRole::None);
    assert_eq!(named, fields.map(|field| *field as u64).collect());
}

/// The block of rows that a cell under the permutation argument lies in.
fn block(config: &StatementConfig, params: CircuitParams, cell: &CellRef) -> &'static str {
    let (c, rows, rsa) = (&config.columns, &config.rows, RsaRows::LENGTHS);
    let is = |column: Column<Any>| column == cell.column;
    let within = |first: usize, length: usize| (first..first + length).contains(&cell.row);
    if is(c.instance.into()) {
        return "public inputs";
    }
    if is(c.first().constant.into()) {
        let of_rsa = within(rows.rsa.constants, rsa.constants);
        return if of_rsa { "rsa constants" } else { "constants" };
    }
    if is(c.acc.into()) {
        return "rsa evaluations";
    }
    if c.lanes.iter().any(|lane| is(lane.y.into())) {
        return match () {
            () if cell.row < sha256::rows(params.lanes()) => "sha256",
            () if is(c.last().y.into()) && within(rows.rsa.carries, rsa.carries) => "rsa carries",
            () => "header words",
        };
    }
    let blocks = [
        ("poseidon", rows.poseidon, poseidon::MAX_ROWS),
        ("digest halves", rows.digest, sha256::DIGEST_ROWS),
        ("rsa horner", rows.rsa.horner, rsa.horner),
        ("rsa modulus", rows.rsa.modulus, rsa.modulus),
        ("header bytes", rows.header, header::BYTES + 1),
        ("extraction", rows.outputs, extract::ROWS),
        ("reading", rows.reading, reading::ROWS),
        ("rsa carries", rows.rsa.carries, rsa.carries),
    ];
    let found = blocks.into_iter().find(|(_, first, length)| within(*first, *length));
    found.unwrap_or_else(|| panic!("{cell:?} is in no block")).0
}

/// A pair without its direction.
fn pair<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    (a.min(b), a.max(b))
}

#[test]
fn every_family_of_copies_is_there_for_a_clause() {
    let named = listed(|by| match by {
        By::Wire(from, to) => Some(pair(from, to)),
        _ => None,
    });
    for params in LAYOUTS {
        let (config, _) = configure(params);
        let circuit = StatementCircuit::keygen(params);
        let copies = circuit.grid().copies().iter();
        let ends = copies.map(|(a, b)| pair(block(&config, params, a), block(&config, params, b)));
        assert_eq!(ends.collect::<BTreeSet<_>>(), named, "k = {}", params.k);
    }
}
