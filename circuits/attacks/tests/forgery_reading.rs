//! Forged bounds of the time, and Subjects that are read as what they are not: at every row that they touch, in both
//! layouts, with the one constraint that stops each.

use std::{collections::BTreeSet, ops::Range};

use zkdkim_attacks::{
    names,
    nearby::reading::{
        attacks, example, example_subject, reveal_example, sealed, spelling, with_subject,
    },
    reading::{five_bytes, Of, Revealing},
    refusals, small,
    statement::Statement,
    Claim, ForgedCircuit,
};
use zkdkim_circuits::{
    header::reading::{CHARACTERS, CHOICE, COMMAND, FLAG, LATER, ROWS, SUM},
    statement::CircuitParams,
};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_relation::{sealed::seal, statement::place};

const LAYOUTS: [CircuitParams; 2] = [CircuitParams::ON_CHAIN, CircuitParams::QUICK];

/// The attack of a name at a row, with six lookups a row.
fn forged(row: usize, name: &str) -> ForgedCircuit {
    let attack = attacks(row).into_iter().find(|attack| attack.name.starts_with(name));
    let attack = attack.unwrap_or_else(|| panic!("no attack {name:?} at row {row}"));
    let circuit = (attack.build)(CircuitParams::ON_CHAIN);
    circuit.unwrap_or_else(|| panic!("no witness of {name:?} at {row}"))
}

/// What refuses it.
fn refused(row: usize, name: &str) -> BTreeSet<String> {
    refusals(&forged(row, name))
}

/// Asserts that one constraint refuses the attack of a name at each of some rows: asked of the constraints that read what
/// changed, and of the whole circuit for the first row and the last.
fn assert_refused(rows: Range<usize>, name: &str, expected: impl Fn(usize) -> &'static str) {
    let statement = Statement::new();
    let mut sweep = statement.sweep();
    for row in rows.clone() {
        let circuit = forged(row, name);
        let witness = statement.witness(name, sweep.image(), &circuit);
        let refusal = sweep.witness(witness.changes, witness.instance);
        // Of the argument and of copies the sweep knows only the kind.
        let kind = match expected(row) {
            "lookup sextet" | "lookup quartet" => "lookup case",
            name if name.starts_with("copy") => "copy",
            name => name,
        };
        assert!(refusal.as_ref().is_some_and(|name| name.starts_with(kind)), "{row}: {refusal:?}");
        if row == rows.start || row + 1 == rows.end {
            assert_eq!(refusals(&circuit), names([expected(row)]), "{row}");
        }
    }
}

/// The table of the character in a row.
fn characters(row: usize) -> &'static str {
    if row == ROWS - 1 {
        "lookup quartet"
    } else {
        "lookup sextet"
    }
}

/// Clauses: `seal`, `sealed-subject`, `input-subject`, `input-not-before`.
#[test]
fn honest_readings_hold() {
    for layout in LAYOUTS {
        assert_eq!(sealed().in_layout(layout).refusals(), names([]));
        let clear = with_subject(&example_subject()).in_layout(layout);
        assert_eq!(clear.refusals(), names([]));
        let public = clear.circuit(|_, _| (), |_, _| ()).instances();
        assert_eq!(public[place::NOT_BEFORE], Fr::ZERO);
        let public = sealed().in_layout(layout).circuit(|_, _| (), |_, _| ()).instances();
        assert_eq!(public[place::NOT_BEFORE], small(1_700_000_000));
        assert_eq!(public[place::SUBJECT], example().0.to_element());
    }
    // A number of r or more is spelt by another Subject, and is the same seal.
    let (command, blinding) = example();
    assert_eq!(spelling(seal(&command, &blinding)), example_subject());
}

/// Clauses: `input-not-before`.
#[test]
fn a_bound_is_not_after_the_time() {
    assert_refused(LATER..SUM, "a bound after the time", |_| "lookup case");
    assert_eq!(refused(SUM, "a bound after the time"), names(["copy wide0 to wide0"]));
}

/// Clauses: `input-not-before`.
#[test]
fn a_bound_is_not_below_zero() {
    assert_refused(0..LATER, "a bound with a byte", |_| "lookup case");
}

/// Clauses: `input-not-before`.
#[test]
fn without_a_time_the_bound_is_zero() {
    let block = zkdkim_attacks::SAMPLE_HEADER.replace("t=1700000000; ", "");
    let claim = |revealing| Claim::honest(block.as_bytes()).revealing(revealing).refusals();
    assert_eq!(claim(Revealing::default()), names([]));
    let bound = Revealing {
        bound: five_bytes(9),
        later: Some([Fr::ZERO, Fr::ZERO, Fr::ZERO, Fr::ZERO, -small(9)]),
        ..Revealing::default()
    };
    assert_eq!(claim(bound), names(["lookup case"]));
}

/// Clauses: `seal`, `input-subject`.
#[test]
fn a_command_is_31_bytes() {
    assert_refused(COMMAND..FLAG, "a command with", |_| "lookup case");
}

/// Clauses: `sealed-subject`, `input-subject`.
#[test]
fn the_flag_is_a_bit_and_one() {
    assert_eq!(refused(FLAG, "a flag that is neither"), names(["extract row[0]"]));
    assert_refused(CHOICE..CHARACTERS, "clear down to", |_| "reading choice[1]");
}

/// What refuses a choice, and with the gate in order the copy that says that the two are one.
const CHOSEN: [(&str, &str); 2] = [("", "reading choice[0]"), (", chosen", "copy wide0 to wide0")];

/// Clauses: `sealed-subject`.
#[test]
fn a_sealed_subject_has_prefix_and_length() {
    let [gate, copy] = [["reading choice[0]"], ["copy constant to wide0"]].map(names);
    for (choice, name) in [(0, "a sealed Subject with"), (1, "a sealed Subject of 51")] {
        for attack in attacks(CHOICE + choice).into_iter().filter(|a| a.name.starts_with(name)) {
            let circuit = (attack.build)(CircuitParams::ON_CHAIN).expect("a witness");
            let expected = if attack.name.ends_with("chosen") { &copy } else { &gate };
            assert_eq!(refusals(&circuit), *expected, "{}", attack.name);
        }
    }
    // A shorter one has a character that is none.
    let subject = example_subject();
    let shorter = with_subject(&subject[..49]).revealing(reveal_example()).refusals();
    assert!(shorter.contains("lookup quartet"), "{shorter:?}");
}

/// Clauses: `seal`, `sealed-subject`, `input-subject`.
#[test]
fn a_command_is_the_one_that_the_subject_is_sealed_over() {
    for name in ["a command that the Subject is not sealed over", "a clear Subject read as sealed"]
    {
        for (how, expected) in CHOSEN {
            let name = format!("{name}{how}");
            assert_eq!(refused(CHOICE + 2, &name), names([expected]), "{name}");
        }
    }
    assert_refused(CHARACTERS..ROWS, "another value", characters);
}

/// Clauses: `sealed-subject`.
#[test]
fn characters_spelt_are_those_of_the_subject() {
    assert_refused(CHARACTERS..ROWS, "another character", |_| "copy wide0 to wide1");
}

/// Clauses: `sealed-subject`.
#[test]
fn characters_are_those_of_base64url() {
    assert_refused(CHARACTERS..ROWS, "no character", characters);
}

/// Clauses: `input-subject`.
#[test]
fn public_words_are_of_one_reading() {
    for word in [0, 1, 5] {
        let refusals = refused(CHOICE + 3 + word, "word");
        assert_eq!(refusals, names(["reading choice[0]"]), "{word}");
    }
}

/// Every cell that the chip writes, each one a lie of its own with all behind it computed from it.
/// Clauses: `seal`, `sealed-subject`, `input-subject`, `input-not-before`.
#[test]
fn no_cell_of_a_reading_is_free() {
    let written = |row: usize| -> &'static [Of] {
        match row {
            SUM => &[Of::Wide(0), Of::Wide(1)],
            FLAG => &[Of::Wide(1), Of::Wide(4)],
            CHOICE..CHARACTERS => &[Of::Wide(0), Of::Wide(1), Of::Wide(2), Of::Wide(4)],
            _ => &[Of::Wide(0), Of::Wide(1), Of::Lower],
        }
    };
    for layout in LAYOUTS {
        for flag in [Fr::ZERO, Fr::ONE] {
            let mut honest = reveal_example();
            honest.flags = honest.flags.map(|_| flag);
            let plan = with_subject(&example_subject()).revealing(honest.clone()).in_layout(layout);
            let statement = Statement::of(&plan);
            let circuit = plan.circuit(|_, _| (), |_, _| ());
            let mut sweep = statement.sweep();
            for row in 0..ROWS {
                for of in written(row) {
                    let mut grid = (*circuit.grid).clone();
                    honest.clone().lying(row, *of, Fr::ONE).write(&statement.config, &mut grid);
                    let lying = ForgedCircuit::new(layout, grid);
                    let witness = statement.witness("a lie", sweep.image(), &lying);
                    let refusal = sweep.witness(witness.changes, witness.instance);
                    // Where nothing is sealed, the command is one that nobody asks for.
                    let chosen = *of == Of::Wide(1) && (COMMAND..FLAG).contains(&row);
                    let free = chosen && flag == Fr::ZERO;
                    assert_eq!(refusal.is_none(), free, "{of:?} in row {row}: {refusal:?}");
                }
            }
        }
    }
}
