//! Small circuits, each beside one that lacks something: what the rules conclude, and what they must not.

use zkdkim_determinism::{
    check::{Check, Spec},
    classify::Class,
    derive::Instance,
    evaluate::{Broken, Program},
    explain::Why,
    layout::{Layout, Place},
    logup,
};
use zkdkim_plonk::{
    circuit::{Layouter, Region, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{
        Advice, Assigned, Challenge, Circuit, Column, ConstraintSystem, Error, Expression,
        FirstPhase, Fixed, SecondPhase, Selector, TableColumn,
    },
    poly::Rotation,
};

const K: u32 = 7;

/// What a toy may use.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) first: [Column<Advice>; 4],
    second: [Column<Advice>; 3],
    fixed: [Column<Fixed>; 3],
    pub(crate) on: [Selector; 4],
    pub(crate) table: TableColumn,
    challenges: [Challenge; 2],
}

/// Adds gates.
pub(crate) type Gates = fn(&mut ConstraintSystem<Fr>, &Parts);
/// Enables selectors, and writes fixed cells and advice.
pub(crate) type Fill = fn(&mut Region<'_, Fr>, &Parts);

#[derive(Clone)]
struct Toy {
    gates: Shape,
    fill: Fill,
}

#[derive(Clone, Copy)]
struct Shape(Gates);

impl Default for Shape {
    fn default() -> Self {
        Self(|_, _| ())
    }
}

impl Circuit<Fr> for Toy {
    type Config = Parts;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.gates
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Parts {
        Self::configure_with_params(meta, Shape::default())
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, gates: Shape) -> Parts {
        let first = [(); 4].map(|()| meta.advice_column_in(FirstPhase));
        let challenges = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let second = [(); 3].map(|()| meta.advice_column_in(SecondPhase));
        let fixed = [(); 3].map(|()| meta.fixed_column());
        let on = [(); 4].map(|()| meta.selector());
        let table = meta.lookup_table_column();
        for column in first.into_iter().chain(second) {
            meta.enable_equality(column);
        }
        let parts = Parts { first, second, fixed, on, table, challenges };
        (gates.0)(meta, &parts);
        parts
    }

    fn synthesize(&self, parts: Parts, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "16 words",
            |mut table| {
                (0..16u64).try_for_each(|word| {
                    table.assign_cell(
                        || "word",
                        parts.table,
                        word as usize,
                        || Value::known(Fr::from(word)),
                    )
                })
            },
        )?;
        layouter.assign_region(
            || "toy",
            |mut region| {
                (self.fill)(&mut region, &parts);
                Ok(())
            },
        )
    }
}

fn number(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 {
        -magnitude
    } else {
        magnitude
    }
}

fn write(region: &mut Region<'_, Fr>, column: Column<Advice>, row: usize, value: i64) {
    region.assign_advice(column, row, Value::known(Assigned::Trivial(number(value))));
}

pub(crate) fn on(region: &mut Region<'_, Fr>, parts: &Parts, selector: usize, row: usize) {
    parts.on[selector].enable(region, row).expect("a row of the region");
}

fn constant(value: i64) -> Expression<Fr> {
    Expression::Constant(number(value))
}

pub(crate) fn layout(gates: Gates, fill: Fill) -> Layout<Fr> {
    let challenges = vec![Fr::from(1234), Fr::from(98_765)];
    Layout::of(&Toy { gates: Shape(gates), fill }, K, Vec::new(), challenges).expect("lays out")
}

pub(crate) fn given(cells: &[(usize, usize)]) -> Spec {
    let place = |(column, row): &(usize, usize)| (Place::Advice(*column, *row), "chosen");
    Spec { given: cells.iter().map(place).collect(), ..Spec::default() }
}

/// The advice cells that stay open, by column and row.
fn open(layout: &Layout<Fr>, spec: &Spec) -> Vec<(usize, usize)> {
    let check = Check::new(layout, spec);
    let derivation = check.derive();
    let cells = check.rest(&derivation).undetermined;
    let places = cells.into_iter().filter_map(|cell| match check.model.space.place(cell) {
        Some(Place::Advice(column, row)) => Some((column, row)),
        _ => None,
    });
    places.collect()
}

/// `x = a + 2^shift b`, a and b below 16 by a table.
pub(crate) fn cut(meta: &mut ConstraintSystem<Fr>, parts: &Parts, shift: u32) {
    let [x, a, b, _] = parts.first;
    let selector = parts.on[0];
    meta.create_gate("cut", |m| {
        let [x, a, b] = [x, a, b].map(|column| m.query_advice(column, Rotation::cur()));
        vec![m.query_selector(selector) * (x - a - b * Fr::from(1 << shift))]
    });
    for column in [a, b] {
        meta.lookup("below 16", |m| vec![(m.query_advice(column, Rotation::cur()), parts.table)]);
    }
}

pub(crate) fn fill_cut(region: &mut Region<'_, Fr>, parts: &Parts) {
    on(region, parts, 0, 3);
    write(region, parts.first[0], 3, 0x5a);
    write(region, parts.first[1], 3, 0xa);
    write(region, parts.first[2], 3, 0x5);
}

#[test]
fn pieces_that_do_not_overlap_are_determined() {
    let layout = layout(|m, p| cut(m, p, 4), fill_cut);
    assert_eq!(open(&layout, &given(&[(0, 3)])), []);
}

#[test]
fn pieces_that_overlap_are_not() {
    let layout = layout(|m, p| cut(m, p, 3), fill_cut);
    assert_eq!(open(&layout, &given(&[(0, 3)])), [(1, 3), (2, 3)]);
}

#[test]
fn weights_that_wrap_around_the_field_determine_nothing() {
    // 2^200 and 2^204 are no small integers, and a sum of theirs may be any small number.
    let gates: Gates = |meta, parts| {
        cut(meta, parts, 4);
        let [x, a, b, _] = parts.first;
        let selector = parts.on[1];
        meta.create_gate("wide", |m| {
            let [x, a, b] = [x, a, b].map(|column| m.query_advice(column, Rotation::cur()));
            let weight = Fr::from(2).pow_vartime([125]);
            vec![m.query_selector(selector) * (x - a - b * weight)]
        });
    };
    let layout = layout(gates, |region, parts| on(region, parts, 1, 3));
    assert_eq!(open(&layout, &given(&[(0, 3)])), [(1, 3), (2, 3)]);
}

#[test]
fn a_larger_table_is_seen_in_the_table_itself() {
    let mut layout = layout(|m, p| cut(m, p, 4), fill_cut);
    let column = layout.fixed.iter().position(|column| column[15] == Fr::from(15)).expect("table");
    layout.fixed[column][20] = Fr::from(16);
    assert_eq!(open(&layout, &given(&[(0, 3)])), [(1, 3), (2, 3)]);
}

/// `x·inverse = 1 − out`, and `x·out = 0` if `whole`.
pub(crate) fn is_zero(meta: &mut ConstraintSystem<Fr>, parts: &Parts, whole: bool) {
    let [x, inverse, out, _] = parts.first;
    let selector = parts.on[0];
    meta.create_gate("is zero", |m| {
        let [x, inverse, out] = [x, inverse, out].map(|c| m.query_advice(c, Rotation::cur()));
        let q = m.query_selector(selector);
        let mut polys = vec![q.clone() * (x.clone() * inverse - constant(1) + out.clone())];
        polys.extend(whole.then_some(q * x * out));
        polys
    });
}

#[test]
fn is_zero_is_decided_by_cases_and_its_inverse_is_hidden() {
    let layout = layout(|m, p| is_zero(m, p, true), |region, parts| on(region, parts, 0, 2));
    let check = Check::new(&layout, &given(&[(0, 2)]));
    let derivation = check.derive();
    let rest = check.rest(&derivation);
    assert_eq!(rest.undetermined, []);
    let inverse = check.model.space.advice(1, 2);
    assert_eq!(rest.explained[&Why::Hidden], [inverse]);
}

#[test]
fn half_an_is_zero_decides_nothing() {
    let layout = layout(|m, p| is_zero(m, p, false), |region, parts| on(region, parts, 0, 2));
    assert_eq!(open(&layout, &given(&[(0, 2)])), [(1, 2), (2, 2)]);
}

#[test]
fn a_challenge_determines_nothing_that_is_committed_before_it() {
    // a = challenge: true of one witness in p, and no reason to call a determined.
    let gates: Gates = |meta, parts| {
        let (a, selector, challenge) = (parts.first[0], parts.on[0], parts.challenges[0]);
        let late = parts.second[0];
        meta.create_gate("late", |m| {
            let [a, late] = [a, late].map(|c| m.query_advice(c, Rotation::cur()));
            let challenge = m.query_challenge(challenge);
            let q = m.query_selector(selector);
            vec![q.clone() * (a - challenge.clone()), q * (late - challenge)]
        });
    };
    let layout = layout(gates, |region, parts| on(region, parts, 0, 0));
    assert_eq!(open(&layout, &given(&[])), [(0, 0)]);
}

/// `late = a + b·X` and `late' = c + d·X` in the row below, which are copies of each other.
pub(crate) fn evaluations(meta: &mut ConstraintSystem<Fr>, parts: &Parts) {
    let [a, b, ..] = parts.first;
    let (late, selector, x) = (parts.second[0], parts.on[0], parts.challenges[0]);
    meta.create_gate("evaluation", |m| {
        let [a, b, late] = [a, b, late].map(|c| m.query_advice(c, Rotation::cur()));
        let x = m.query_challenge(x);
        vec![m.query_selector(selector) * (late - a - b * x)]
    });
}

pub(crate) fn fill_evaluations(region: &mut Region<'_, Fr>, parts: &Parts) {
    on(region, parts, 0, 0);
    on(region, parts, 0, 1);
    let [a, b] = [0, 1]
        .map(|row| zkdkim_plonk::circuit::Cell { row_offset: row, column: parts.second[0].into() });
    region.constrain_equal(a, b);
}

#[test]
fn an_identity_at_a_random_point_holds_coefficient_by_coefficient() {
    let layout = layout(evaluations, fill_evaluations);
    let mut spec = given(&[(0, 0), (1, 0)]);
    assert_eq!(open(&layout, &spec), [(0, 1), (1, 1)]);
    spec.point = Some(0);
    assert_eq!(open(&layout, &spec), []);
    // With coefficients that are committed after the point is known, it says nothing.
    let mut late = layout.clone();
    late.phases[0] = 1;
    assert_eq!(open(&late, &spec), [(0, 1), (1, 1)]);
}

/// A lookup argument: column 0 in the table of fixed column 0, multiplicities in column 1.
pub(crate) fn argument(meta: &mut ConstraintSystem<Fr>, parts: &Parts) {
    let ([value, multiplicity, ..], [h, phi, _]) = (parts.first, parts.second);
    let ([table, active, _], ends) = (parts.fixed, parts.on[0]);
    let [theta, gamma] = parts.challenges;
    meta.create_gate("fraction", |m| {
        let [value, h] = [value, h].map(|c| m.query_advice(c, Rotation::cur()));
        let active = m.query_fixed(active, Rotation::cur());
        let [theta, gamma] = [theta, gamma].map(|c| m.query_challenge(c));
        // One component and the kind, 1.
        vec![active * (h * (gamma + value + theta) - constant(1))]
    });
    meta.create_gate("sum", |m| {
        let [m0, h, phi] = [multiplicity, h, phi].map(|c| m.query_advice(c, Rotation::cur()));
        let next = m.query_advice(phi_of(parts), Rotation::next());
        let [table, active] = [table, active].map(|c| m.query_fixed(c, Rotation::cur()));
        let [theta, gamma] = [theta, gamma].map(|c| m.query_challenge(c));
        vec![active * ((next - phi - h) * (gamma + table + theta) + m0)]
    });
    meta.create_gate("ends", |m| {
        let phi = m.query_advice(phi, Rotation::cur());
        vec![m.query_selector(ends) * phi]
    });
    // x = value + 16 value'
    let (x, cut) = (parts.first[2], parts.on[1]);
    meta.create_gate("cut", |m| {
        let x = m.query_advice(x, Rotation::cur());
        let low = m.query_advice(value, Rotation::cur());
        let high = m.query_advice(value, Rotation::next());
        vec![m.query_selector(cut) * (x - low - high * Fr::from(16))]
    });
}

fn phi_of(parts: &Parts) -> Column<Advice> {
    parts.second[1]
}

pub(crate) fn fill_argument(region: &mut Region<'_, Fr>, parts: &Parts) {
    for row in 0..16 {
        let [table, active, _] = parts.fixed;
        region.assign_fixed(table, row, Assigned::Trivial(Fr::from(row as u64)));
        region.assign_fixed(active, row, Assigned::Trivial(Fr::from(1)));
    }
    on(region, parts, 0, 0);
    on(region, parts, 0, 16);
    on(region, parts, 1, 4);
}

pub(crate) fn looked_up() -> Spec {
    let argument = logup::Spec { theta: 0, gamma: 1, width: 2 };
    Spec { argument: Some(argument), ..given(&[(2, 4)]) }
}

/// The pieces of x.
const PIECES: [(usize, usize); 2] = [(0, 4), (0, 5)];

fn pieces_are_open(layout: &Layout<Fr>, spec: &Spec) -> bool {
    let open = open(layout, spec);
    PIECES.iter().all(|piece| open.contains(piece))
}

#[test]
fn a_closed_argument_bounds_what_it_looks_up() {
    let layout = layout(argument, fill_argument);
    let check = Check::new(&layout, &looked_up());
    assert_eq!(check.findings(&check.derive()), []);
    assert_eq!(open(&layout, &looked_up()), []);
}

#[test]
fn an_argument_whose_sum_is_open_bounds_nothing() {
    let closed = layout(argument, fill_argument);
    // An end that is not pinned; a row less; a row in which nothing defines the fraction that is added.
    let mut no_end = closed.clone();
    no_end.selectors[0][16] = false;
    let mut late = closed.clone();
    late.fixed[1][0] = Fr::zero();
    for layout in [no_end, late] {
        let check = Check::new(&layout, &looked_up());
        assert_ne!(check.findings(&check.derive()), []);
        assert!(pieces_are_open(&layout, &looked_up()));
    }
}

#[test]
fn challenges_that_are_constant_or_one_bound_nothing() {
    use zkdkim_determinism::layout::Expr;
    let closed = layout(argument, fill_argument);
    let replaced = |challenge: usize, by: Expr<Fr>| {
        let mut layout = closed.clone();
        for gate in &mut layout.gates {
            gate.expr.change(&mut |node| {
                if *node == Expr::Challenge(challenge) {
                    *node = by.clone();
                }
            });
        }
        layout
    };
    for layout in [
        replaced(0, Expr::Constant(Fr::from(77))),
        replaced(0, Expr::Challenge(1)),
        replaced(1, Expr::Challenge(0)),
        replaced(1, Expr::Constant(Fr::from(77))),
    ] {
        let check = Check::new(&layout, &looked_up());
        assert_ne!(check.findings(&check.derive()), []);
        assert!(pieces_are_open(&layout, &looked_up()));
    }
    let mut spec = looked_up();
    spec.argument = Some(logup::Spec { theta: 1, gamma: 1, width: 2 });
    assert!(pieces_are_open(&closed, &spec));
}

#[test]
fn tuples_committed_after_the_challenges_are_not_bounded() {
    let mut layout = layout(argument, fill_argument);
    layout.phases[1] = 1;
    let check = Check::new(&layout, &looked_up());
    assert_ne!(check.findings(&check.derive()), []);
    assert!(pieces_are_open(&layout, &looked_up()));
}

#[test]
fn instances_are_spare_or_determine() {
    // The same gate twice, by two selectors: each is spare alone; the lookups behind them are not.
    let gates: Gates = |meta, parts| {
        cut(meta, parts, 4);
        let [x, a, b, _] = parts.first;
        let selector = parts.on[1];
        meta.create_gate("again", |m| {
            let [x, a, b] = [x, a, b].map(|c| m.query_advice(c, Rotation::cur()));
            vec![m.query_selector(selector) * (x - a - b * Fr::from(16))]
        });
    };
    let fill: Fill = |region, parts| {
        fill_cut(region, parts);
        on(region, parts, 1, 3);
    };
    let layout = layout(gates, fill);
    let check = Check::new(&layout, &given(&[(0, 3)]));
    let mut derivation = check.derive();
    let classes = check.classify(&mut derivation);
    let class = |instance| classes.iter().find(|(i, _)| *i == instance).expect("an instance").1;
    for (id, constraint) in check.model.constraints.iter().enumerate() {
        let instance = Instance::Constraint(id as u32);
        assert_eq!(class(instance), Class::Spare, "{:?}", constraint.source);
        let uses = derivation.uses(&check.prepared);
        assert_eq!(check.drop(&derivation, instance, &uses).undetermined, []);
    }
    for (id, looked) in check.model.looked.iter().enumerate().filter(|(_, l)| l.row == 3) {
        let instance = Instance::Looked(id as u32);
        assert_eq!(class(instance), Class::Determines, "row {}", looked.row);
        let uses = derivation.uses(&check.prepared);
        assert_ne!(check.drop(&derivation, instance, &uses).undetermined, []);
    }
}

#[test]
fn a_derivation_computes_what_the_constraints_say() {
    let layout = layout(|m, p| cut(m, p, 4), fill_cut);
    let check = Check::new(&layout, &given(&[(0, 3)]));
    let derivation = check.derive();
    let program = Program::new(&check, &derivation);
    let [x, a, b] = [0, 1, 2].map(|column| check.model.space.advice(column, 3) as usize);
    for (value, broken) in [(0xc3u64, false), (0, false), (0xff, false), (0x100, true)] {
        let mut values = vec![Fr::zero(); check.model.cells];
        values[x] = Fr::from(value);
        program.run(&mut values);
        let found = program.broken(&values);
        assert_eq!(!found.is_empty(), broken, "{value:x}: {found:?}");
        if !broken {
            assert_eq!([values[a], values[b]], [value & 15, value >> 4].map(Fr::from));
        } else {
            assert!(found.iter().all(|b| matches!(b, Broken::Constraint(_))));
        }
    }
}
