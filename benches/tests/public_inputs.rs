//! The public inputs in Solidity are those of the relation: number, order, field. Each side says them once, `PublicInputs`
//! in Rust and `RecoveryPublicInputs` for the contracts; there the ABI and the instance column both follow the struct.

use std::{array, fs, path::Path};
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_plonk::halo2curves::ff::PrimeField;
use zkdkim_relation::commitment::SUBJECT_WORDS;
use zkdkim_relation::statement::{PublicInputs, PUBLIC_INPUTS};
use zkdkim_relation::{EmailCommitment, Nullifier, PackedSubject, RegistryRoot};

const SOURCE: &str = "verifier-sol/contracts/interfaces/PublicInputs.sol";

fn source() -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(SOURCE);
    fs::read_to_string(path).expect("the contracts' public inputs")
}

/// What stands between `start` and `end`, which must be there.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start:?} in {SOURCE}")).1;
    rest.split_once(end).unwrap_or_else(|| panic!("no {end:?} behind {start:?}")).0
}

fn constant<'a>(source: &'a str, name: &str) -> &'a str {
    between(source, &format!("uint256 constant {name} ="), ";").trim()
}

fn number(source: &str, name: &str) -> usize {
    constant(source, name).parse().unwrap_or_else(|_| panic!("{name} is no plain number"))
}

/// The members of the struct in their order, each with its number of words.
fn members(source: &str) -> Vec<(&str, usize)> {
    let body = between(source, "struct RecoveryPublicInputs {", "}");
    let declarations = body.split(';').map(str::trim).filter(|text| !text.is_empty());
    let words = |declaration: &str| match declaration.split_once('[') {
        None => 1,
        Some((_, rest)) => number(source, rest.split_once(']').expect("a closed bracket").0),
    };
    declarations.map(|text| (text.rsplit(' ').next().unwrap_or(text), words(text))).collect()
}

#[test]
fn order_is_the_statements() {
    let inputs = PublicInputs {
        registry_root: RegistryRoot(Fr::from(100)),
        email_commitment: EmailCommitment(Fr::from(200)),
        not_before: 300,
        nullifier: Nullifier(Fr::from(400)),
        subject: PackedSubject(array::from_fn(|word| Fr::from(500 + word as u64))),
    };
    let source = source();
    let mut column = Vec::new();
    for (name, words) in members(&source) {
        let before = column.len();
        match name {
            "registryRoot" => column.push(inputs.registry_root.0),
            "emailCommitment" => column.push(inputs.email_commitment.0),
            "notBefore" => column.push(Fr::from(inputs.not_before)),
            "nullifier" => column.push(inputs.nullifier.0),
            "subject" => column.extend(inputs.subject.0),
            _ => panic!("the statement has no public input {name}"),
        }
        assert_eq!(column.len() - before, words, "words of {name}");
    }
    assert_eq!(column, inputs.to_instances());
}

#[test]
fn constants_are_the_statements() {
    let source = source();
    assert_eq!(number(&source, "PUBLIC_INPUTS"), PUBLIC_INPUTS);
    assert_eq!(number(&source, "SUBJECT_WORDS"), SUBJECT_WORDS);
    assert_eq!(constant(&source, "SCALAR_FIELD_ORDER"), Fr::MODULUS);
}
