//! The circuit itself against the stored messages: no preflight stands between a message and the constraints.
//!
//! For every signature of every message, with every key on offer, the whole circuit is satisfiable exactly when the
//! manifest says so, and then for exactly the manifest's identities.

use crate::common;
use std::collections::BTreeSet;

use crate::common::corpus::{outside, tricks, Attempt, Case};
use zkdkim_circuits::statement::{CircuitError, CircuitParams, StatementCircuit};
use zkdkim_relation::{commitment::email_commitment, header};

/// The address that the circuit proves, if it is satisfied.
fn proved(layout: CircuitParams, attempt: &Attempt) -> Option<String> {
    let input = common::unregistered(
        attempt.block.clone(),
        attempt.signature.clone(),
        attempt.modulus.clone(),
    );
    let circuit = match StatementCircuit::new(layout, &input) {
        Ok(circuit) => circuit,
        Err(CircuitError::BlockTooLong { .. } | CircuitError::NumberTooLong { .. }) => return None,
        Err(other) => panic!("{other}"),
    };
    let instances = common::claimed(&circuit);
    if !common::failures(&circuit, &instances).is_empty() {
        return None;
    }
    // Satisfied: then the commitment must be to the address that the reference reads.
    let view = header::parse(&attempt.block).expect("a satisfied circuit holds a header block");
    let commitment =
        email_commitment(&common::salt(), &view.address).map(|commitment| commitment.0);
    assert_eq!(commitment, Some(instances[1]), "the commitment is not to the reference's address");
    Some(String::from_utf8(view.address.clone()).expect("ASCII"))
}

fn check(keep: impl Fn(&Case) -> bool) {
    check_in(CircuitParams::ON_CHAIN, tricks().iter().filter(|case| keep(case)));
}

fn check_in<'a>(layout: CircuitParams, cases: impl Iterator<Item = &'a Case>) {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for case in cases {
        tried += 1;
        let attempts = case.attempts();
        let identities: BTreeSet<String> =
            attempts.iter().filter_map(|attempt| proved(layout, attempt)).collect();
        if identities != case.identities() || identities.is_empty() == case.provable() {
            wrong.push(format!("{}: the circuit proves {identities:?}", case.name));
        }
    }
    println!("{tried} messages");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn from_grammar() {
    check(|case| case.category() == "from-parsing");
}

#[test]
fn rsa_tampering_and_keys() {
    check(|case| matches!(case.category(), "rsa" | "tamper" | "key" | "key-record"));
}

#[test]
fn structure_and_tags() {
    check(|case| matches!(case.category(), "header-structure" | "dkim-tags" | "subject"));
}

#[test]
fn everything_else() {
    let known = [
        "from-parsing",
        "rsa",
        "tamper",
        "key",
        "key-record",
        "header-structure",
        "dkim-tags",
        "subject",
    ];
    check(|case| !known.contains(&case.category()));
}

/// Every fourth message, of every category.
#[test]
fn twelve_lookups_a_row() {
    check_in(CircuitParams::QUICK, tricks().iter().step_by(4));
}

#[test]
fn outside_messages_in_the_circuit() {
    let cases = outside("the circuit on messages from outside");
    check_in(CircuitParams::ON_CHAIN, cases.iter());
}

#[test]
fn outside_messages_with_twelve_lookups_a_row() {
    let cases = outside("the circuit of twelve lookups a row on messages from outside");
    check_in(CircuitParams::QUICK, cases.iter().step_by(4));
}
