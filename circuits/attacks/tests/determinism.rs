//! The determinism check in both layouts, and a sample of what it notices.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_attacks::{
    determinism::{
        drops::{self, Dropper, Figures},
        grammar,
        open::open_cells,
        report::report,
        subject::{Subject, LAYOUTS},
        verdict::Verdict,
    },
    weakened::widen,
};
use zkdkim_determinism::{check::Check, layout::Expr};

/// Clauses: all.
#[test]
fn every_cell_is_determined_and_every_constraint_has_a_purpose() {
    let check = |(name, params)| move || report(&Subject::new(name, params));
    let reports = std::thread::scope(|scope| {
        LAYOUTS.map(|layout| scope.spawn(check(layout))).map(|thread| thread.join())
    });
    for report in reports {
        let report = report.expect("a report");
        assert_eq!(report.problems, [""; 0]);
        let figures = report.figures;
        assert_eq!((figures.undetermined, figures.unclassified), (0, 0));
        assert_eq!(figures.attacks_stopped, figures.attacks);
        assert!(figures.headers > 0 && figures.differences == 0);
    }
}

/// Clauses: all.
#[test]
fn dropped_and_weakened_constraints_are_noticed() {
    let [_, (name, params)] = LAYOUTS;
    let subject = Subject::new(name, params);
    let mut figures = Figures::default();
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    drops::run(&subject, 5, &mut rng, &mut figures, &mut |line| println!("{line}"));
    let unexplained: Vec<_> = figures.unnoticed.iter().filter(|u| u.reason.is_none()).collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
    assert_eq!((figures.drops, figures.drops_noticed), (5, 5));
}

/// Challenges that a prover knows, and a table that is too large, open the circuit, and the report says which gate.
/// Clauses: all.
#[test]
fn known_challenges_and_wider_tables_are_named() {
    let [_, (name, params)] = LAYOUTS;
    let subject = Subject::new(name, params);
    let c = &subject.statement.config.columns;
    let [theta, gamma] = [c.theta.index(), c.gamma.index()];
    let becomes = |challenge: usize, by: Expr<_>| {
        let mut layout = subject.layout.clone();
        for gate in &mut layout.gates {
            gate.expr.change(&mut |node| {
                if *node == Expr::Challenge(challenge) {
                    *node = by.clone();
                }
            });
        }
        layout
    };
    let mut wide = subject.layout.clone();
    widen(&mut wide, 0, 0);
    let bugs = [
        (becomes(theta, Expr::Constant(65_537.into())), "does not depend on θ"),
        (becomes(gamma, Expr::Challenge(theta)), "is no sum of fractions over γ + tuple"),
        (wide, "undetermined: "),
    ];
    for (layout, expected) in bugs {
        let check = Check::new(&layout, &subject.spec);
        let problems = open_cells(&subject, &check, &check.derive());
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{problems:?}");
    }
}

/// What other constraints say as well is shown to be redundant by machine, where constants are enough.
/// Clauses: `one-from`.
#[test]
fn a_redundant_instance_is_shown_to_be_one() {
    let [_, (name, params)] = LAYOUTS;
    let subject = Subject::new(name, params);
    let check = subject.check();
    let mut dropper = Dropper::new(&subject, &check);
    let mut verdict = |name: &str, place: &str| {
        let instance = dropper.instances().iter().copied().find(|instance| {
            let named = dropper.named(*instance);
            (named.name.as_str(), named.place.as_str()) == (name, place)
        });
        dropper.drop(instance.expect("the instance"))
    };
    for (name, place) in [("extract row[1]", "outputs 0"), ("header byte[0]", "header 700")] {
        let found = verdict(name, place);
        let Verdict::Redundant(reason) = &found else { panic!("{name}: {found:?}") };
        assert!(reason.starts_with("shown by machine"), "{name}: {reason}");
    }
    let found = verdict("header block ends before the length[0]", "header 1079");
    assert!(matches!(found, Verdict::Noticed(_)), "{found:?}");
}

/// Blocks that break the grammar in one place, and symbols that are steered away from a block's: `scripts/soundness grammar`
/// asks of more.
/// Clauses: `header-syntax`, `subject-text`, `signature-field-last`, `from-grammar`, `tag-list`, `one-from`, `one-subject`.
#[test]
fn the_circuit_refuses_the_headers_that_the_parser_refuses() {
    let [_, (name, params)] = LAYOUTS;
    let subject = Subject::new(name, params);
    let check = subject.check();
    let mut differences = Vec::new();
    let rng = ChaCha20Rng::seed_from_u64(11);
    let mut say = |line| differences.push(line);
    let figures = grammar::run(&subject, &check, &check.derive(), 400, rng, &mut say);
    assert_eq!(differences, [""; 0]);
    assert!(figures.accepted > 40 && figures.steered > 300, "{figures:?}");
    assert!(figures.rules.len() > 10, "{:?}", figures.rules);
}
