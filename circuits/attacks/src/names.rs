//! Names for what fails, the tuples of the lookup argument included.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use zkdkim_circuits::{
    columns::{Lane, RANGE_BITS},
    header::{automaton::Automaton, extract, reading, BYTES},
    logup::TupleType,
    spread::spread,
    statement::StatementConfig,
};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    dev::VerifyFailure,
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Any, Column},
};

use crate::{small, ForgedCircuit};

const SUM_GATE: &str = "logup sum starts and ends at zero[0]";

/// Names of failures; a sum of fractions that is not zero is named by the tuples that are left
/// over.
pub fn failures(
    config: &StatementConfig,
    circuit: &ForgedCircuit,
    failures: Vec<VerifyFailure>,
) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = failures.into_iter().map(|f| name(config, f)).collect();
    // MockProver names the columns of a cycle in which values change; the pairs that differ say
    // more.
    let broken = broken_copies(config, circuit);
    if !broken.is_empty() {
        let copied = names.len();
        names.retain(|name| !name.starts_with("copy ") || name == "copy acc");
        assert!(names.len() < copied, "MockProver misses {broken:?}");
        names.extend(broken);
    }
    let left_over = unmatched(config, circuit.params.k, &circuit.grid);
    if circuit.second.is_none() {
        let noticed = names.contains(SUM_GATE);
        assert!(left_over.is_empty() || noticed, "the argument misses {left_over:?}");
    }
    if !left_over.is_empty() && names.remove(SUM_GATE) {
        names.extend(left_over);
    }
    names
}

fn name(config: &StatementConfig, failure: VerifyFailure) -> String {
    match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
            let text = constraint.to_string();
            let index = text.split(' ').nth(1).expect("an index");
            let quoted: Vec<&str> = text.split('\'').collect();
            // `Constraint i ('name') in gate j ('gate')`, or without a name of its own.
            match quoted.len() {
                3 => format!("{}[{index}]", quoted[1]),
                _ => quoted[1].to_owned(),
            }
        }
        VerifyFailure::Permutation { column, .. } => {
            format!("copy {}", column_name(config, column.index(), &column.column_type()))
        }
        other => panic!("no rejection by the circuit: {other:?}"),
    }
}

fn column_name(config: &StatementConfig, index: usize, kind: &Any) -> &'static str {
    let c = &config.columns;
    let mut known: Vec<(&str, Column<Any>)> = vec![("acc", c.acc.into())];
    known.extend(c.lanes.iter().map(|lane| ("y", lane.y.into())));
    known.extend(["wide0", "wide1", "wide2"].into_iter().zip(c.wide.map(Into::into)));
    known.push(("constant", c.first().constant.into()));
    known.push(("instance", c.instance.into()));
    let same = |other: &Column<Any>| {
        let same_kind = std::mem::discriminant(other.column_type()) == std::mem::discriminant(kind);
        other.index() == index && same_kind
    };
    known.iter().find(|(_, other)| same(other)).expect("a known column").0
}

/// The copies between first-phase, fixed and public cells that do not hold.
fn broken_copies(config: &StatementConfig, circuit: &ForgedCircuit) -> BTreeSet<String> {
    let instances = circuit.instances();
    let value = |cell: CellRef| match cell.column.column_type() {
        Any::Instance => instances.get(cell.row).copied(),
        _ => circuit.grid.value(cell),
    };
    let acc: Column<Any> = config.columns.acc.into();
    let first_phase = circuit.grid.copies().iter().filter(|(from, _)| from.column != acc);
    let broken = first_phase.filter(|(from, to)| value(*from) != value(*to));
    let name = |cell: CellRef| column_name(config, cell.column.index(), cell.column.column_type());
    broken.map(|(from, to)| format!("copy {} to {}", name(*from), name(*to))).collect()
}

/// The tuples that no table and no other tuple cancels, by kind.
pub fn unmatched(config: &StatementConfig, k: u32, grid: &Grid<Fr>) -> BTreeSet<String> {
    let (c, rows) = (&config.columns, config.usable_rows(k) - 1);
    let mut names = BTreeSet::new();
    for (i, bits) in RANGE_BITS.into_iter().enumerate() {
        let table: HashMap<[u8; 32], Fr> =
            (0..1u32 << bits).map(|v| (small(v.into()).to_bytes(), small(spread(v)))).collect();
        let held = |(d, s): (&Fr, &Fr)| table.get(&d.to_bytes()) == Some(s);
        let all_held = |lane: &Lane| {
            let columns = [lane.range[i], lane.spread[i]];
            let [dense, spreads] = columns.map(|column| grid.advice_column(column, rows));
            dense.iter().zip(&spreads).all(held)
        };
        if !c.lanes.iter().all(all_held) {
            names.insert(format!("lookup spread {i}"));
        }
    }
    names.extend(unmatched_bytes(config, grid));
    names
}

fn unmatched_bytes(config: &StatementConfig, grid: &Grid<Fr>) -> BTreeSet<String> {
    let (c, rows) = (&config.columns, &config.rows);
    let wide = c.wide.map(|column| grid.advice_column(column, rows.end));
    let lower = grid.advice_column(c.lower, rows.end);
    let weight = grid.fixed_column(c.weight, rows.end);
    let edges: HashSet<[[u8; 32]; 4]> = Automaton::header()
        .edges()
        .iter()
        .map(|e| [e.state.into(), e.symbol.into(), e.next.into(), e.field as u64])
        .map(|edge| edge.map(|v: u64| small(v).to_bytes()))
        .collect();
    let mut names = BTreeSet::new();
    let mut sums: BTreeMap<[[u8; 32]; 3], Fr> = BTreeMap::new();
    let mut add = |byte: Fr, position: Fr, field: Fr, weight: Fr| {
        let key = [field, position, byte].map(|v| v.to_bytes());
        *sums.entry(key).or_insert(Fr::ZERO) += weight;
    };
    for i in 0..BYTES {
        let row = rows.header + i;
        let edge = [wide[0][row], wide[1][row], wide[0][row + 1], wide[2][row]];
        if !edges.contains(&edge.map(|v| v.to_bytes())) {
            names.insert("lookup automaton".to_owned());
        }
        add(wide[1][row], small(i as u64), wide[2][row], wide[2][row]);
    }
    for row in rows.outputs..rows.outputs + extract::ROWS {
        let lowered = (0..=255u8).any(|b| {
            wide[1][row] == small(b.into()) && lower[row] == small(b.to_ascii_lowercase().into())
        });
        if !lowered {
            names.insert("lookup case".to_owned());
        }
        add(wide[1][row], wide[3][row], wide[2][row], weight[row] * wide[4][row]);
    }
    let output = grid.fixed_column(c.output, rows.end);
    let shift = grid.fixed_column(c.multipliers[1], rows.end);
    for row in (rows.reading..rows.reading + reading::ROWS).filter(|row| output[*row] == Fr::ONE) {
        let tables = [
            (TupleType::Case, "lookup case"),
            (TupleType::Sextet, "lookup sextet"),
            (TupleType::Quartet, "lookup quartet"),
        ];
        let meant = tables.into_iter().find(|(kind, _)| kind.shift() == shift[row]);
        let (kind, name) = meant.expect("a table of bytes");
        let held = |byte: u8| wide[1][row] == small(byte.into());
        let found = match kind {
            TupleType::Case => {
                (0..=255u8).any(|b| held(b) && lower[row] == small(b.to_ascii_lowercase().into()))
            }
            kind => characters(kind).any(|(c, value)| held(c) && lower[row] == small(value)),
        };
        if !found {
            names.insert(name.to_owned());
        }
    }
    for (key, sum) in sums {
        if sum != Fr::ZERO {
            names.insert(format!("extraction of field {}", key[0][0]));
        }
    }
    names
}

/// The characters of base64url with the values of a table, by their definition.
pub(crate) fn characters(kind: TupleType) -> impl Iterator<Item = (u8, u64)> {
    let ranges = [(b'A'..=b'Z'), (b'a'..=b'z'), (b'0'..=b'9'), (b'-'..=b'-'), (b'_'..=b'_')];
    let quartet = kind == TupleType::Quartet;
    ranges
        .into_iter()
        .flatten()
        .zip(0u64..)
        .filter(move |(_, value)| !quartet || value % 4 == 0)
        .map(move |(c, value)| (c, if quartet { value / 4 } else { value }))
}
