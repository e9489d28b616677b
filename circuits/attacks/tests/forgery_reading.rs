//! Forged bounds of the time, and Subjects that are read as what they are not: at every row that they touch, in both
//! layouts, with the one constraint that stops each.

use std::collections::BTreeSet;

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

/// What refuses the attack of a name at a row, with six lookups a row.
fn refused(row: usize, name: &str) -> BTreeSet<String> {
    let attack = attacks(row).into_iter().find(|attack| attack.name.starts_with(name));
    let attack = attack.unwrap_or_else(|| panic!("no attack {name:?} at row {row}"));
    let circuit = (attack.build)(CircuitParams::ON_CHAIN)
        .unwrap_or_else(|| panic!("no witness of {name:?} at {row}"));
    refusals(&circuit)
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
    for byte in 0..5 {
        let later = "a bound after the time";
        assert_eq!(refused(LATER + byte, later), names(["lookup case"]), "{byte}");
    }
    assert_eq!(refused(SUM, "a bound after the time"), names(["copy wide0 to wide0"]));
}

/// Clauses: `input-not-before`.
#[test]
fn a_bound_is_not_below_zero() {
    for byte in 0..5 {
        assert_eq!(refused(byte, "a bound with a byte"), names(["lookup case"]), "{byte}");
    }
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
    for row in COMMAND..FLAG {
        assert_eq!(refused(row, "a command with"), names(["lookup case"]), "{row}");
    }
}

/// Clauses: `sealed-subject`, `input-subject`.
#[test]
fn the_flag_is_a_bit_and_one() {
    assert_eq!(refused(FLAG, "a flag that is neither"), names(["extract row[0]"]));
    for row in CHOICE..CHARACTERS {
        let refusals = refused(row, "clear down to");
        assert_eq!(refusals, names(["reading choice[1]"]), "{row}");
    }
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
    for at in 0..43 {
        let expected = if at == 42 { "lookup quartet" } else { "lookup sextet" };
        assert_eq!(refused(CHARACTERS + at, "another value"), names([expected]), "{at}");
    }
}

/// Clauses: `sealed-subject`.
#[test]
fn characters_spelt_are_those_of_the_subject() {
    for at in [0, 21, 42] {
        let refusals = refused(CHARACTERS + at, "another character");
        assert_eq!(refusals, names(["copy wide0 to wide1"]), "{at}");
    }
}

/// Clauses: `sealed-subject`.
#[test]
fn characters_are_those_of_base64url() {
    for at in 0..43 {
        let expected = if at == 42 { "lookup quartet" } else { "lookup sextet" };
        assert_eq!(refused(CHARACTERS + at, "no character"), names([expected]), "{at}");
    }
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
