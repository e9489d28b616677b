//! Circuits that are weaker in one place, planted in the layout.

use std::collections::{BTreeSet, HashSet};

use rand::Rng;
use zkdkim_circuits::{header::automaton::Automaton, logup::TupleType};
use zkdkim_determinism::{
    check::Check,
    derive::Derivation,
    evaluate::Program,
    layout::{Expr, Layout},
    scalar::integer,
};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

use super::{
    attack::{self, Inputs},
    report::open_cells,
    subject::Subject,
};
use crate::{small, SAMPLE_HEADER};

/// A circuit with a planted bug.
pub struct Weakening {
    /// What was done.
    pub name: String,
    /// Where.
    pub place: String,
    /// The circuit.
    pub layout: Layout<Fr>,
    /// Whether it can only add constraints.
    pub only_adds: bool,
}

/// The sorts of bugs.
const SORTS: usize = 8;

/// Draws a bug: first its sort, then a gate, selector or column, then a place.
pub fn draw(subject: &Subject, rng: &mut impl Rng) -> Weakening {
    loop {
        let mut layout = subject.layout.clone();
        let found = match rng.gen_range(0..SORTS) {
            0 => selector(subject, &mut layout, rng, false),
            1 => selector(subject, &mut layout, rng, true),
            2 => weight(subject, &mut layout, rng, 2),
            3 => weight(subject, &mut layout, rng, 0),
            4 => rotation(&mut layout, rng),
            5 => entry(subject, &mut layout, rng),
            6 => challenge(subject, &mut layout, rng),
            _ => phase(subject, &mut layout, rng),
        };
        if let Some((name, place)) = found {
            let only_adds = name.starts_with("one row more");
            return Weakening { name, place, layout, only_adds };
        }
    }
}

type Found = Option<(String, String)>;

/// A selector that is off in a row where it is on, or on in a row beside.
fn selector(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut impl Rng, more: bool) -> Found {
    let selector = rng.gen_range(0..layout.selectors.len());
    let on: Vec<usize> =
        (0..layout.usable).filter(|row| layout.selectors[selector][*row]).collect();
    let edges: Vec<usize> = on
        .iter()
        .copied()
        .filter(|row| {
            let off = |row: usize| !layout.selectors[selector].get(row).copied().unwrap_or(false);
            *row == 0 || off(*row - 1) || off(*row + 1)
        })
        .collect();
    let row = match rng.gen_range(0..3) {
        0 => *on.first()?,
        1 => *on.last()?,
        _ => edges[rng.gen_range(0..edges.len())],
    };
    let gate = layout.gates.iter().find(|gate| {
        let mut reads = false;
        gate.expr.visit(&mut |leaf| reads |= *leaf == Expr::Selector(selector));
        reads
    });
    let gate = gate?.name.clone();
    let row = if more {
        let near = if rng.gen() { row.checked_sub(1)? } else { row + 1 };
        (near < layout.usable && !layout.selectors[selector][near]).then_some(near)?
    } else {
        row
    };
    layout.selectors[selector][row] = more;
    let what = if more { "one row more" } else { "one row fewer" };
    Some((format!("{what} of `{gate}`"), subject.statement.row_name(row)))
}

/// A constant of a gate that is doubled, or halved (`times` 0), in every row.
fn weight(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut impl Rng, times: u64) -> Found {
    let _ = subject;
    let number = rng.gen_range(0..layout.gates.len());
    let gate = &mut layout.gates[number];
    let mut count = 0;
    let is_weight = |node: &Expr<Fr>| match node {
        Expr::Scaled(_, by) => *by != Fr::ZERO,
        Expr::Constant(value) => *value != Fr::ZERO,
        _ => false,
    };
    gate.expr.change(&mut |node| count += usize::from(is_weight(node)));
    let chosen = (count > 0).then(|| rng.gen_range(0..count))?;
    let factor = if times == 0 { Fr::from(2).invert().expect("not zero") } else { Fr::from(times) };
    let (mut at, mut old) = (0, Fr::ZERO);
    gate.expr.change(&mut |node| {
        if is_weight(node) {
            if at == chosen {
                if let Expr::Scaled(_, value) | Expr::Constant(value) = node {
                    old = *value;
                    *value *= factor;
                }
            }
            at += 1;
        }
    });
    let what = if times == 0 { "halved" } else { "doubled" };
    let old = integer(old).map_or("a large one".to_owned(), |old| old.to_string());
    Some((format!("weight {what} in `{}`", gate.name), format!("constant {chosen}, {old}")))
}

/// A query of another row.
fn rotation(layout: &mut Layout<Fr>, rng: &mut impl Rng) -> Found {
    let number = rng.gen_range(0..layout.gates.len());
    let gate = &mut layout.gates[number];
    let mut queries = BTreeSet::new();
    gate.expr.visit(&mut |leaf| {
        if let Expr::Advice(query) = leaf {
            queries.insert(*query);
        }
    });
    let queries: Vec<_> = queries.into_iter().collect();
    let query = *queries.get(rng.gen_range(0..queries.len().max(1)))?;
    let by = if rng.gen() { 1 } else { -1 };
    gate.expr.change(&mut |node| {
        if *node == Expr::Advice(query) {
            *node = Expr::Advice((query.0, query.1 + by));
        }
    });
    let place = format!("advice column {} at {} becomes {}", query.0, query.1, query.1 + by);
    Some((format!("rotation off by one in `{}`", gate.name), place))
}

/// An entry more, in a row of the table that is not used.
fn entry(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut impl Rng) -> Found {
    let c = &subject.statement.config.columns;
    let edges = Automaton::header().edges();
    let edge = edges[rng.gen_range(0..edges.len())];
    let (name, tuple) = match rng.gen_range(0..4) {
        0 => ("an 11-bit word more", [1 << 11, 1 << 22, 0, 0, TupleType::Spread11 as u64]),
        1 => ("a 10-bit word more", [1 << 10, 1 << 20, 0, 0, TupleType::Spread10 as u64]),
        2 => {
            let next = edges[rng.gen_range(0..edges.len())].next;
            let [state, symbol, next] = [edge.state, edge.symbol, next].map(u64::from);
            let kind = TupleType::Automaton as u64;
            ("an edge more", [state, symbol, next, edge.field as u64, kind])
        }
        _ => ("a lower-case form more", [65, 66, 0, 0, TupleType::Case as u64]),
    };
    let new: Vec<Fr> = tuple.map(small).to_vec();
    let held = |row: usize| c.table.map(|column| layout.fixed[column.index()][row]);
    if (0..layout.usable).any(|row| held(row)[..] == new[..]) {
        return None;
    }
    let free = |row: &usize| held(*row) == [Fr::ZERO; 5];
    let row = (1..layout.usable - 1).rev().find(free)?;
    for (column, value) in c.table.iter().zip(new) {
        layout.fixed[column.index()][row] = value;
    }
    Some((name.to_owned(), format!("table row {row}: {tuple:?}")))
}

/// A challenge that is a constant, or another one, in one gate or in all.
fn challenge(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut impl Rng) -> Found {
    let _ = subject;
    let count = layout.challenge_phases.len();
    let challenge = rng.gen_range(0..count);
    let other = (challenge + rng.gen_range(1..count)) % count;
    let (by, what) = match rng.gen_range(0..2) {
        0 => (Expr::Constant(Fr::from(0x7a11)), "constant".to_owned()),
        _ => (Expr::Challenge(other), format!("challenge {other}")),
    };
    let mut reading = Vec::new();
    for (number, gate) in layout.gates.iter().enumerate() {
        let mut reads = false;
        gate.expr.visit(&mut |leaf| reads |= *leaf == Expr::Challenge(challenge));
        reading.extend(reads.then_some(number));
    }
    let one = rng.gen::<bool>().then(|| reading[rng.gen_range(0..reading.len())]);
    for number in reading {
        if one.is_none_or(|one| one == number) {
            layout.gates[number].expr.change(&mut |node| {
                if *node == Expr::Challenge(challenge) {
                    *node = by.clone();
                }
            });
        }
    }
    let place = one.map_or("every gate".to_owned(), |one| format!("`{}`", layout.gates[one].name));
    Some((format!("challenge {challenge} becomes {what}"), place))
}

/// A column that is committed in another phase.
fn phase(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut impl Rng) -> Found {
    let column = rng.gen_range(0..layout.phases.len());
    layout.phases[column] ^= 1;
    let name = subject.statement.columns[column].0.clone();
    let phase = layout.phases[column];
    Some((format!("column {name} is committed in phase {phase}"), "every row".to_owned()))
}

/// Witnesses that the circuit accepts, of blocks that differ in shape.
pub fn honest_witnesses(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
) -> Vec<Vec<Fr>> {
    let mut blocks = vec![SAMPLE_HEADER.as_bytes().to_vec()];
    blocks.extend([75, 300, 700, 1_024].into_iter().filter_map(|n| attack::block_of(n, 'x')));
    blocks
        .iter()
        .map(|block| attack::witness(subject, check, program, &Inputs::honest(block)))
        .collect()
}

/// Witnesses of the attacks on what is asserted, each with what it is.
pub fn forged_witnesses(
    subject: &Subject,
    check: &Check<Fr>,
    derivation: &Derivation<'_, Fr>,
) -> Vec<(String, Vec<Fr>)> {
    let program = Program::new(check, derivation);
    let hold = "a block that begins or ends in a message block";
    let ends = "a block that ends where a message block ends";
    let direction = "a direction that is no bit";
    let places = [
        (hold, 1),
        (hold, 63),
        (hold, 65),
        (hold, 500),
        (hold, 959),
        (hold, 1_015),
        (ends, 128),
        (ends, 960),
        ("a block of more than 1024 bytes", 1_024),
        ("an address under another domain", 0),
        (direction, 1_553),
        (direction, 2_959),
    ];
    let mut witnesses = Vec::new();
    for (attack, row) in places {
        for inputs in attack::candidates(attack, row) {
            let values = attack::witness(subject, check, &program, &inputs);
            witnesses.push((format!("{attack} ({row})"), values));
        }
    }
    witnesses
}

/// What notices a bug; else a reason why it is none.
pub fn noticed(
    subject: &Subject,
    sound: &Check<Fr>,
    weakening: &Weakening,
    honest: &[Vec<Fr>],
    forged: &[(String, Vec<Fr>)],
) -> Result<String, Option<String>> {
    let check = Check::new(&weakening.layout, &subject.spec);
    let derivation = check.derive();
    if let Some(problem) = open_cells(subject, &check, &derivation).into_iter().next() {
        return Ok(problem);
    }
    if let Some(kind) = other_tables(sound, &check).first() {
        return Ok(format!("the table of kind {kind} is other than defined"));
    }
    let program = Program::new(&check, &derivation);
    let cells = sound.model.space.first_virtual() as usize;
    let holds = |values: &Vec<Fr>| {
        let mut values = values[..cells].to_vec();
        program.complete(&mut values);
        program.broken(&values).is_empty()
    };
    if let Some(which) = honest.iter().position(|values| !holds(values)) {
        return Ok(format!("honest witness {which} is refused"));
    }
    if let Some((attack, _)) = forged.iter().find(|(_, values)| holds(values)) {
        return Ok(format!("{attack} is accepted"));
    }
    let adds = "it can only add a constraint, and the honest witnesses hold";
    Err(weakening.only_adds.then(|| adds.to_owned()))
}

/// Kinds whose entries are other than before, as sets.
fn other_tables(sound: &Check<Fr>, check: &Check<Fr>) -> Vec<u64> {
    let sets = |check: &Check<Fr>| -> Vec<(u64, HashSet<Vec<Fr>>)> {
        let tables = check.model.tables.iter();
        tables.filter_map(|t| Some((t.kind?, t.entries.iter().cloned().collect()))).collect()
    };
    let (before, after) = (sets(sound), sets(check));
    let same = |kind: &u64| {
        let find = |list: &[(u64, HashSet<Vec<Fr>>)]| {
            list.iter().find(|(own, _)| own == kind).map(|(_, set)| set.clone())
        };
        find(&before) == find(&after)
    };
    before.iter().map(|(kind, _)| *kind).filter(|kind| !same(kind)).collect()
}
