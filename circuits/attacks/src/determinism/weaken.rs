//! Circuits that are weaker in one place, planted in the layout.

use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashSet},
};

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};
use zkdkim_circuits::{header::automaton::Automaton, logup::TupleType, sha256::BLOCKS};
use zkdkim_determinism::{
    check::Check,
    derive::Derivation,
    evaluate::Program,
    layout::{Expr, Layout},
    scalar::integer,
};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_relation::header::MAX_HEADER_BYTES;

use super::{
    assertions::{Assertions, Purpose},
    attack::{self, Inputs},
    headers::Headers,
    open::open_cells,
    subject::Subject,
    verdict::Verdict,
};
use crate::{provider, small, weakened::widen, SAMPLE_HEADER};

/// A circuit with a planted bug.
pub struct Weakening {
    /// What was done.
    pub name: String,
    /// Where.
    pub place: String,
    /// The circuit.
    pub layout: Layout<Fr>,
    /// Gates that say something else than before, by number.
    pub gates: Vec<usize>,
    /// Whether it can only add constraints.
    pub only_adds: bool,
    /// Why it cannot be noticed, if that is on file.
    pub reason: Option<String>,
}

/// The sorts of bugs.
type Sort = fn(&Subject, &mut Layout<Fr>, &mut dyn RngCore) -> Found;

const SORTS: [Sort; 11] = [
    |s, l, rng| selector(s, l, rng, false),
    |s, l, rng| selector(s, l, rng, true),
    |_, l, rng| weight(l, rng, Fr::from(2), "doubled"),
    |_, l, rng| weight(l, rng, Fr::from(2).invert().expect("not zero"), "halved"),
    |_, l, rng| rotation(l, rng),
    entry,
    range,
    |_, l, rng| challenge(l, rng),
    phase,
    |s, l, rng| fixed(s, l, rng, false),
    |s, l, rng| fixed(s, l, rng, true),
];

/// Draws a bug: first its sort, then a gate, selector or column, then a place. One that changes no constraint is drawn
/// again.
pub fn draw(subject: &Subject, rng: &mut impl Rng) -> Weakening {
    loop {
        let mut layout = subject.layout.clone();
        let sort = rng.gen_range(0..SORTS.len());
        let Some((name, place)) = SORTS[sort](subject, &mut layout, rng) else { continue };
        let gates: Vec<usize> = (0..layout.gates.len())
            .filter(|gate| differs(&subject.layout, &layout, *gate))
            .collect();
        let tables_or_phases =
            layout.fixed != subject.layout.fixed || layout.phases != subject.layout.phases;
        if !gates.is_empty() || tables_or_phases {
            let only_adds = name.starts_with("one row more");
            let fewer = name.starts_with("one row fewer");
            let of_row = || fewer.then(|| redundant(&layout, &gates, &place)).flatten();
            let reason = reason(&name, &place).or_else(of_row);
            return Weakening { name, place, layout, gates, only_adds, reason };
        }
    }
}

/// Bugs that nothing can notice, each with the reason: `NAME at PLACE: REASON` a line.
const REASONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/weakenings.txt");

/// The reason on file for a bug that nothing notices.
fn reason(name: &str, place: &str) -> Option<String> {
    let text = std::fs::read_to_string(REASONS).unwrap_or_default();
    let start = format!("{name} at {place}: ");
    text.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
}

/// The reason on file for a row in which all of these gates are redundant: to switch them off there is to leave them out.
fn redundant(layout: &Layout<Fr>, gates: &[usize], place: &str) -> Option<String> {
    let list = Assertions::read();
    let mut reasons =
        gates.iter().map(|gate| match list.purpose(&layout.gates[*gate].name, place) {
            Some(Purpose::Redundant(reason)) => Some(reason.clone()),
            _ => None,
        });
    let first = reasons.next()??;
    reasons.all(|reason| reason.is_some()).then_some(first)
}

/// Whether a gate says something else: it reads what has changed, or another polynomial that is no multiple.
fn differs(before: &Layout<Fr>, after: &Layout<Fr>, gate: usize) -> bool {
    let (old, new) = (&before.gates[gate].expr, &after.gates[gate].expr);
    let mut reads = false;
    new.visit(&mut |leaf| match *leaf {
        Expr::Selector(s) => reads |= before.selectors[s] != after.selectors[s],
        Expr::Fixed((column, _)) => reads |= before.fixed[column] != after.fixed[column],
        _ => {}
    });
    if reads || old == new {
        return reads;
    }
    let values = |seed: u64| {
        let leaf = |leaf: &Expr<Fr>| match *leaf {
            Expr::Selector(_) => Fr::ONE,
            Expr::Constant(value) => value,
            Expr::Fixed(q) => arbitrary(seed, 1, q),
            Expr::Advice(q) => arbitrary(seed, 2, q),
            Expr::Instance(q) => arbitrary(seed, 3, q),
            Expr::Challenge(index) => arbitrary(seed, 4, (index, 0)),
            _ => Fr::ZERO,
        };
        [old.evaluate(&leaf), new.evaluate(&leaf)]
    };
    let [a, b] = [values(1), values(2)];
    a[0] * b[1] != a[1] * b[0]
}

/// A value that depends on everything that it is told.
fn arbitrary(seed: u64, sort: u64, (index, by): (usize, i32)) -> Fr {
    let value = Fr::from(seed * 7_919 + sort * 104_729 + 1_299_709 * index as u64);
    (value + Fr::from((by + 64) as u64)).cube() + Fr::from(11)
}

type Found = Option<(String, String)>;

/// A selector that is off in a row where it is on, or on in a row beside.
fn selector(
    subject: &Subject,
    layout: &mut Layout<Fr>,
    rng: &mut dyn RngCore,
    more: bool,
) -> Found {
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

/// A constant of a gate that is doubled or halved in every row.
fn weight(layout: &mut Layout<Fr>, rng: &mut dyn RngCore, factor: Fr, what: &str) -> Found {
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
    let old = integer(old).map_or("a large one".to_owned(), |old| old.to_string());
    Some((format!("weight {what} in `{}`", gate.name), format!("constant {chosen}, {old}")))
}

/// A query of another row.
fn rotation(layout: &mut Layout<Fr>, rng: &mut dyn RngCore) -> Found {
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
fn entry(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut dyn RngCore) -> Found {
    let c = &subject.statement.config.columns;
    let edges = Automaton::header().edges();
    let edge = edges[rng.gen_range(0..edges.len())];
    let (name, tuple) = match rng.gen_range(0..6) {
        0 => ("an 11-bit word more", [1 << 11, 1 << 22, 0, 0, TupleType::Spread11 as u64]),
        1 => ("a 10-bit word more", [1 << 10, 1 << 20, 0, 0, TupleType::Spread10 as u64]),
        2 => {
            let next = edges[rng.gen_range(0..edges.len())].next;
            let [state, symbol, next] = [edge.state, edge.symbol, next].map(u64::from);
            let kind = TupleType::Automaton as u64;
            ("an edge more", [state, symbol, next, edge.field as u64, kind])
        }
        3 => ("a character more", [b'+'.into(), 62, 0, 0, TupleType::Sextet as u64]),
        4 => ("a last character more", [b'B'.into(), 0, 0, 0, TupleType::Quartet as u64]),
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

/// A column of 10-bit words that is looked up among those of 11 bits.
fn range(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut dyn RngCore) -> Found {
    let (lane, half) = (rng.gen_range(0..subject.params.lanes()), rng.gen_range(0..2));
    widen(layout, lane, half);
    let place = format!("lane {lane}, range column {}", [2, 5][half]);
    Some(("a range one bit wider".to_owned(), place))
}

/// A fixed cell that is zero, or something else than it is; one that is zero stays.
fn fixed(
    subject: &Subject,
    layout: &mut Layout<Fr>,
    rng: &mut dyn RngCore,
    becomes_zero: bool,
) -> Found {
    let column = rng.gen_range(0..layout.fixed.len());
    let cells = &mut layout.fixed[column];
    let on: Vec<usize> = (0..layout.usable).filter(|row| cells[*row] != Fr::ZERO).collect();
    let edges: Vec<usize> = on
        .iter()
        .copied()
        .filter(|row| *row == 0 || cells[*row - 1] == Fr::ZERO || cells[*row + 1] == Fr::ZERO)
        .collect();
    let row = match rng.gen_range(0..4) {
        0 => *on.first()?,
        1 => *on.last()?,
        2 if !edges.is_empty() => edges[rng.gen_range(0..edges.len())],
        _ => on[rng.gen_range(0..on.len())],
    };
    cells[row] = match (becomes_zero, rng.gen()) {
        (true, _) => Fr::ZERO,
        (false, true) => cells[row].double(),
        (false, false) => cells[row] + Fr::ONE,
    };
    let what = if becomes_zero { "is zero" } else { "is another one" };
    let name = format!("a constant of fixed column {column} {what}");
    Some((name, subject.statement.row_name(row)))
}

/// A challenge that is a constant, or another one, in one gate or in all.
fn challenge(layout: &mut Layout<Fr>, rng: &mut dyn RngCore) -> Found {
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
fn phase(subject: &Subject, layout: &mut Layout<Fr>, rng: &mut dyn RngCore) -> Found {
    let column = rng.gen_range(0..layout.phases.len());
    layout.phases[column] ^= 1;
    let name = subject.statement.columns[column].0.clone();
    let phase = layout.phases[column];
    Some((format!("column {name} is committed in phase {phase}"), "every row".to_owned()))
}

/// Notices bugs.
pub struct Weakener<'c> {
    subject: &'c Subject,
    sound: &'c Check<Fr>,
    honest: Vec<Vec<Fr>>,
    /// Made when they are needed.
    forged: OnceCell<Vec<(String, Vec<Fr>)>>,
    program: Program<'c, Fr>,
}

impl<'c> Weakener<'c> {
    /// Makes the honest witnesses and the forged ones.
    pub fn new(subject: &'c Subject, check: &'c Check<Fr>, d: &Derivation<'_, Fr>) -> Self {
        let program = Program::new(check, d);
        let honest = honest_witnesses(subject, check, &program);
        Self { subject, sound: check, honest, forged: OnceCell::new(), program }
    }

    /// What notices a bug.
    pub fn noticed(&self, weakening: &Weakening) -> Verdict {
        let refused = self.honest.iter().position(|values| self.refuses(weakening, values));
        if let Some(which) = refused {
            return Verdict::Noticed(format!("honest witness {which} is refused"));
        }
        if weakening.only_adds {
            let why = "it can only add a constraint, and the honest witnesses hold";
            return Verdict::Redundant(why.to_owned());
        }
        let check = Check::new(&weakening.layout, &self.subject.spec);
        let derivation = check.derive();
        let open = open_cells(self.subject, &check, &derivation);
        if let Some(problem) = open.into_iter().next() {
            return Verdict::Noticed(problem);
        }
        let program = Program::new(&check, &derivation);
        let cells = self.sound.model.space.first_virtual() as usize;
        let holds = |values: &Vec<Fr>| {
            let mut values = values[..cells].to_vec();
            program.complete(&mut values);
            program.holds(&values)
        };
        if let Some(which) = self.honest.iter().position(|values| !holds(values)) {
            return Verdict::Noticed(format!("honest witness {which} is refused"));
        }
        let forged =
            self.forged.get_or_init(|| forged_witnesses(self.subject, self.sound, &self.program));
        if let Some((attack, _)) = forged.iter().find(|(_, values)| holds(values)) {
            return Verdict::Noticed(format!("{attack} is accepted"));
        }
        if let Some(kind) = other_tables(self.sound, &check).first() {
            let what = format!("the table of kind {kind} is other than defined");
            return Verdict::Noticed(what);
        }
        Verdict::Unnoticed
    }

    /// Whether a gate of the first phase that has changed refuses a witness.
    fn refuses(&self, weakening: &Weakening, values: &[Fr]) -> bool {
        let (layout, space) = (&weakening.layout, self.sound.model.space);
        weakening.gates.iter().map(|gate| &layout.gates[*gate].expr).any(|expr| {
            let mut first_phase = true;
            expr.visit(&mut |leaf| match *leaf {
                Expr::Challenge(_) => first_phase = false,
                Expr::Advice((column, _)) => first_phase &= layout.phases[column] == 0,
                _ => {}
            });
            let value = |row: usize| {
                expr.evaluate(&|leaf| match *leaf {
                    Expr::Advice((column, by)) => {
                        values[space.advice(column, layout.at(row, by)) as usize]
                    }
                    Expr::Instance((column, by)) => {
                        values[space.instance(column, layout.at(row, by)) as usize]
                    }
                    ref other => layout.leaf(other, row),
                })
            };
            first_phase && (0..layout.rows).any(|row| value(row) != Fr::ZERO)
        })
    }
}

/// Witnesses that the circuit accepts, of blocks that differ in shape.
fn honest_witnesses(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
) -> Vec<Vec<Fr>> {
    let mut blocks = vec![SAMPLE_HEADER.as_bytes().to_vec()];
    // One of each number of message blocks, so of each place of the reset.
    let lengths = (2..=BLOCKS).map(|count| (64 * count - 9).min(MAX_HEADER_BYTES));
    blocks.extend(lengths.filter_map(|length| attack::block_of(length, 'x')));
    let mut headers = Headers::new(ChaCha20Rng::seed_from_u64(1));
    let valid = std::iter::repeat_with(|| headers.draw_valid());
    blocks.extend(valid.filter(|block| zkdkim_relation::header::parse(block).is_ok()).take(4));
    let witness = |block: &Vec<u8>| {
        let mut inputs = Inputs::honest(block);
        inputs.directions = std::array::from_fn(|level| (level % 3 == 0).into());
        inputs.signature = Some(provider::signature(&Sha256::digest(block).into()));
        attack::witness(subject, check, program, &inputs)
    };
    blocks.iter().map(witness).collect()
}

/// Witnesses of the attacks on what is asserted, each with what it is.
fn forged_witnesses(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
) -> Vec<(String, Vec<Fr>)> {
    let mut witnesses = Vec::new();
    for (attack, row) in attack::PLACES {
        for inputs in attack::candidates(attack, row) {
            let values = attack::witness(subject, check, program, &inputs);
            witnesses.push((format!("{attack} ({row})"), values));
        }
    }
    witnesses
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
