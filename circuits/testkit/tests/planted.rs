//! The kit finds planted bugs, each in a small circuit, and reports nothing where the bug is not
//! planted.

use std::collections::BTreeSet;

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Advice, Column, ConstraintSystem, Expression, FirstPhase, Fixed, SecondPhase},
    poly::Rotation,
};
use zkdkim_testkit::{
    anchor::Anchors, challenge::columns_chosen_after, Alteration, Cell, Effort, Image, Mutation,
    Sweep,
};

const K: u32 = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    Planted,
}

use Bug::{None as Sound, Planted};

/// The cells from which the automatic dishonest prover gets through, knowing nothing.
fn forged(image: Image<Fr>) -> BTreeSet<(usize, usize)> {
    let mut sweep = Sweep::new(image);
    let cells: Vec<Cell> = sweep.image().assigned().collect();
    let effort = Effort { repairs: 10, steps: 1_000 };
    let mut found = BTreeSet::new();
    for cell in cells {
        let honest = sweep.image().get(cell);
        let values = [honest + Fr::ONE, honest - Fr::ONE];
        if values.into_iter().any(|value| sweep.forge(cell, value, effort).is_some()) {
            found.insert((cell.column, cell.row));
        }
    }
    assert_eq!(sweep.image().failures(), BTreeSet::new(), "the image is left as it was");
    found
}

/// Rows that a sweep finds something in.
fn rows(sweep: &mut Sweep<'_, Fr>) -> BTreeSet<(usize, usize)> {
    assert_eq!(sweep.image().failures(), BTreeSet::new(), "the honest witness");
    let cells: Vec<Cell> = sweep.image().assigned().collect();
    let survivors = sweep.run(cells, Fr::from(0x1234_5678));
    survivors.into_iter().map(|s| (s.cell.column, s.cell.row)).collect()
}

/// `a + b = c + 256 carry` with a, b, c bytes; the carry is a bit, or (planted) anything, as the
/// high part of halo2-dynamic-sha256's additions was.
fn addition(bug: Bug) -> [BTreeSet<(usize, usize)>; 2] {
    let mut meta = ConstraintSystem::default();
    let [a, b, c, carry] = [(); 4].map(|()| meta.advice_column());
    let table = meta.lookup_table_column();
    let q = meta.complex_selector();
    for column in [a, b, c] {
        meta.lookup("byte", |m| {
            let q = m.query_selector(q);
            vec![(q * m.query_advice(column, Rotation::cur()), table)]
        });
    }
    meta.create_gate("addition", |m| {
        let q = m.query_selector(q);
        let [a, b, c, carry] =
            [a, b, c, carry].map(|column| m.query_advice(column, Rotation::cur()));
        let bit = carry.clone() * (Expression::Constant(Fr::ONE) - carry.clone());
        let sum = a + b - c - carry * Fr::from(256);
        if bug == Planted {
            vec![q * sum]
        } else {
            vec![q.clone() * sum, q * bit]
        }
    });
    meta.enable_equality(a);
    meta.enable_equality(b);
    let constant = meta.fixed_column();
    meta.enable_equality(constant);
    let mut grid = Grid::new();
    // The table's column has less than 2^6 rows here: bytes below 60 do.
    for i in 0..50 {
        grid.fixed(table.inner(), i, Fr::from(i as u64));
    }
    grid.enable(q, 0);
    for (column, value) in [(a, 20u64), (b, 25), (c, 45), (carry, 0)] {
        grid.advice(column, 0, Fr::from(value));
    }
    for (i, column) in [a, b].into_iter().enumerate() {
        let fixed = grid.fixed(constant, i, Fr::from([20, 25][i]));
        grid.copy(fixed, CellRef::new(column, 0));
    }
    let build = || Image::new(&meta, K, &[&grid], vec![], vec![]);
    let by_itself = forged(build());
    let image = build();
    let mut sweep = Sweep::new(image).following(|image, cell, value| {
        if cell.column != c.index() {
            return Vec::new();
        }
        // The carry that closes the sum.
        let sum = image.get(Cell::new(a, 0)) + image.get(Cell::new(b, 0)) - value;
        vec![(Cell::new(carry, 0), sum * Fr::from(256).invert().unwrap())]
    });
    [rows(&mut sweep), by_itself]
}

#[test]
fn finds_a_carry_without_a_range() {
    assert_eq!(addition(Sound), [(); 2].map(|()| BTreeSet::new()));
    assert_eq!(addition(Planted), [(); 2].map(|()| BTreeSet::from([(2, 0)])));
}

/// A chain `s' = 3 s + x` from a constant, x constants; planted: the first state is free.
fn chain(bug: Bug) -> ([BTreeSet<(usize, usize)>; 2], usize) {
    let mut meta = ConstraintSystem::default();
    let s = meta.advice_column();
    let [x, constant] = [(); 2].map(|()| meta.fixed_column());
    let q = meta.selector();
    meta.create_gate("step", |m| {
        let q = m.query_selector(q);
        let next = m.query_advice(s, Rotation::next());
        let sum =
            m.query_advice(s, Rotation::cur()) * Fr::from(3) + m.query_fixed(x, Rotation::cur());
        vec![q * (next - sum)]
    });
    meta.enable_equality(s);
    meta.enable_equality(constant);
    let mut grid = Grid::new();
    let start = grid.fixed(constant, 0, Fr::from(7));
    let mut state = Fr::from(7);
    for row in 0..10 {
        grid.advice(s, row, state);
        if row < 9 {
            grid.enable(q, row);
            grid.fixed(x, row, Fr::from(row as u64));
            state = state * Fr::from(3) + Fr::from(row as u64);
        }
    }
    if bug == Sound {
        grid.copy(start, CellRef::new(s, 0));
    }
    let build = || Image::new(&meta, K, &[&grid], vec![], vec![]);
    let by_itself = forged(build());
    let image = build();
    let floating = Anchors::of(&image, &|_| false).floating().len();
    let mut sweep = Sweep::new(image).following(|_, cell, mut value| {
        let later = cell.row + 1..10;
        let step = |row: usize| {
            value = value * Fr::from(3) + Fr::from(row as u64 - 1);
            (Cell::new(s, row), value)
        };
        later.map(step).collect::<Alteration<Fr>>()
    });
    ([rows(&mut sweep), by_itself], floating)
}

#[test]
fn finds_a_loose_initial_state() {
    assert_eq!(chain(Sound), ([(); 2].map(|()| BTreeSet::new()), 0));
    // The automatic prover goes back to the start from wherever it begins.
    let every_state = (0..10).map(|row| (0, row)).collect();
    assert_eq!(chain(Planted), ([BTreeSet::from([(0, 0)]), every_state], 1));
}

/// y, a copy of x, squared; planted: the copy holds the value but no constraint, as in Orchard's
/// multiplication.
fn square(bug: Bug) -> [BTreeSet<(usize, usize)>; 2] {
    let mut meta = ConstraintSystem::default();
    let [x, y] = [(); 2].map(|()| meta.advice_column());
    let instance = meta.instance_column();
    let q = meta.selector();
    meta.create_gate("square", |m| {
        let q = m.query_selector(q);
        let base = m.query_advice(y, Rotation::cur());
        vec![q * (m.query_advice(y, Rotation::next()) - base.clone() * base)]
    });
    meta.enable_equality(x);
    meta.enable_equality(y);
    meta.enable_equality(instance);
    let mut grid = Grid::new();
    let given = grid.advice(x, 0, Fr::from(5));
    grid.copy(given, CellRef::new(instance, 0));
    if bug == Planted {
        grid.advice(y, 0, Fr::from(5));
    } else {
        grid.copy_advice(given, y, 0);
    }
    grid.enable(q, 0);
    grid.advice(y, 1, Fr::from(25));
    let build = || Image::new(&meta, K, &[&grid], vec![vec![Fr::from(5)]], vec![]);
    let by_itself = forged(build());
    let image = build();
    let mut sweep = Sweep::new(image).following(|_, cell, value| match (cell.column, cell.row) {
        (1, 0) => vec![(Cell::new(y, 1), value.square())],
        _ => Vec::new(),
    });
    [rows(&mut sweep), by_itself]
}

#[test]
fn finds_a_missing_copy() {
    assert_eq!(square(Sound), [(); 2].map(|()| BTreeSet::new()));
    assert_eq!(square(Planted), [(); 2].map(|()| BTreeSet::from([(1, 0)])));
}

/// A run over given symbols, state by state in a table of edges, from the first state to the last;
/// planted: nothing says that the run ends in the last state, so that a word may break off anywhere.
fn run(bug: Bug) -> [BTreeSet<(usize, usize)>; 2] {
    let mut meta = ConstraintSystem::default();
    let [state, symbol] = [(); 2].map(|()| meta.advice_column());
    let (constant, instance) = (meta.fixed_column(), meta.instance_column());
    let edges = [(); 3].map(|()| meta.lookup_table_column());
    let q = meta.complex_selector();
    meta.lookup("edge", |m| {
        let q = m.query_selector(q);
        let next = m.query_advice(state, Rotation::next());
        let [state, symbol] = [state, symbol].map(|c| m.query_advice(c, Rotation::cur()));
        let step = [state, symbol, next].map(|cell| q.clone() * cell);
        step.into_iter().zip(edges).collect()
    });
    for column in [state, symbol] {
        meta.enable_equality(column);
    }
    meta.enable_equality(constant);
    meta.enable_equality(instance);
    let mut grid = Grid::new();
    // 0 begins, 1 goes on, 2 is the end; where the word ends, the prover guesses.
    for (row, edge) in [[0, 0, 0], [0, 1, 1], [1, 1, 1], [1, 1, 2]].into_iter().enumerate() {
        for (column, value) in edges.into_iter().zip(edge) {
            grid.fixed(column.inner(), row, Fr::from(value));
        }
    }
    for (row, value) in [0u64, 1, 1, 2].into_iter().enumerate() {
        grid.advice(state, row, Fr::from(value));
    }
    for row in 0..3 {
        grid.enable(q, row);
        let cell = grid.advice(symbol, row, Fr::ONE);
        grid.copy(cell, CellRef::new(instance, row));
    }
    let ends = [(0, 0, 0u64), (1, 3, 2)];
    for (i, row, value) in ends.into_iter().take(if bug == Planted { 1 } else { 2 }) {
        let fixed = grid.fixed(constant, i, Fr::from(value));
        grid.copy(fixed, CellRef::new(state, row));
    }
    let build = || Image::new(&meta, K, &[&grid], vec![vec![Fr::ONE; 3]], vec![]);
    let by_itself = forged(build());
    [rows(&mut Sweep::new(build())), by_itself]
}

#[test]
fn finds_an_automaton_that_need_not_end() {
    assert_eq!(run(Sound), [(); 2].map(|()| BTreeSet::new()));
    assert_eq!(run(Planted), [(); 2].map(|()| BTreeSet::from([(0, 3)])));
}

/// A sum of two constants: the constraints that a planted bug leaves out are the ones that an
/// alteration then passes, and the circuit is whole again afterwards.
#[test]
fn leaves_out_what_is_said_and_nothing_else() {
    let mut meta = ConstraintSystem::default();
    let a = meta.advice_column();
    let constant = meta.fixed_column();
    let [first, second] = [(); 2].map(|()| meta.selector());
    meta.create_gate("twice", |m| {
        let cell = m.query_advice(a, Rotation::cur());
        let next = m.query_advice(a, Rotation::next());
        vec![m.query_selector(first) * (next - cell * Fr::from(2))]
    });
    meta.create_gate("constant", |m| {
        let held = m.query_fixed(constant, Rotation::cur());
        vec![m.query_selector(second) * (m.query_advice(a, Rotation::cur()) - held)]
    });
    meta.enable_equality(a);
    meta.enable_equality(constant);
    let mut grid = Grid::new();
    let [x, y] = [3u64, 6].map(Fr::from);
    grid.enable(first, 0);
    grid.enable(second, 2);
    grid.advice(a, 0, x);
    grid.advice(a, 1, y);
    grid.advice(a, 2, y);
    let fixed = grid.fixed(constant, 0, x);
    grid.fixed(constant, 2, y);
    grid.copy(fixed, CellRef::new(a, 0));
    let mut sweep = Sweep::new(Image::new(&meta, K, &[&grid], vec![], vec![]));
    assert_eq!(rows(&mut sweep), BTreeSet::new());
    let [left_out, off] = [Mutation::Polynomial(0), Mutation::Selector { selector: 1, row: 2 }];
    for (bug, freed) in [(left_out, (0, 1)), (off, (0, 2))] {
        assert_eq!(sweep.image().touched(bug).len(), 1);
        sweep.image_mut().plant(Some(bug));
        assert_eq!(rows(&mut sweep), BTreeSet::from([freed]));
    }
    // The copy alone is not enough: the doubled cell goes with it.
    sweep.image_mut().plant(Some(Mutation::Copy(0)));
    assert_eq!(rows(&mut sweep), BTreeSet::new());
    let effort = Effort { repairs: 1, steps: 10 };
    assert!(sweep.forge(Cell::new(a, 0), Fr::from(5), effort).is_some());
    // With another constant an honest witness no longer holds.
    let row = 0;
    let wrong = Mutation::Fixed { column: constant.index(), row, value: Fr::ZERO };
    sweep.image_mut().plant(Some(wrong));
    let names = BTreeSet::from(["copy of fixed column 0 to column 0".to_owned()]);
    assert_eq!(sweep.image().failures(), names);
    sweep.image_mut().plant(None);
    assert_eq!(rows(&mut sweep), BTreeSet::new());
    assert!(sweep.forge(Cell::new(a, 0), Fr::from(5), effort).is_none());
}

/// One of three constants, chosen by bits; planted: nothing says that one bit is set. The choice
/// itself is free.
fn one_hot(bug: Bug) -> Option<String> {
    let mut meta = ConstraintSystem::default();
    let bits = [(); 3].map(|()| meta.advice_column());
    let out = meta.advice_column();
    let q = meta.selector();
    meta.create_gate("choice", |m| {
        let q = m.query_selector(q);
        let one = Expression::Constant(Fr::ONE);
        let bits = bits.map(|column| m.query_advice(column, Rotation::cur()));
        let chosen = bits.clone().into_iter().zip([10u64, 20, 30]).map(|(b, v)| b * Fr::from(v));
        let chosen = chosen.reduce(|a, b| a + b).unwrap();
        let mut polys = vec![q.clone() * (m.query_advice(out, Rotation::cur()) - chosen)];
        polys.extend(bits.iter().map(|b| q.clone() * b.clone() * (one.clone() - b.clone())));
        if bug == Sound {
            let sum = bits.into_iter().reduce(|a, b| a + b).unwrap();
            polys.push(q * (sum - one));
        }
        polys
    });
    let mut grid = Grid::new();
    grid.enable(q, 0);
    for (column, value) in bits.into_iter().chain([out]).zip([0u64, 1, 0, 20]) {
        grid.advice(column, 0, Fr::from(value));
    }
    let image = Image::new(&meta, K, &[&grid], vec![], vec![]);
    let mut sweep = Sweep::new(image).following(|image, cell, value| {
        let bits = bits.into_iter().zip([10u64, 20, 30]).map(|(column, weight)| {
            let own = column.index() == cell.column;
            let bit = if own { value } else { image.get(Cell::new(column, 0)) };
            bit * Fr::from(weight)
        });
        if cell.column == out.index() {
            Vec::new()
        } else {
            vec![(Cell::new(out, 0), bits.sum())]
        }
    });
    sweep.alter(Cell::new(bits[1], 0), Fr::ZERO)
}

#[test]
fn finds_an_all_zero_choice() {
    assert_eq!(one_hot(Sound), Some("choice[4]".to_owned()));
    assert_eq!(one_hot(Planted), None);
}

/// A multiset check `sum 1/(gamma + a_i) = acc`; planted: the values are committed after the
/// challenge.
fn late_column(bug: Bug) -> usize {
    let mut meta = ConstraintSystem::default();
    let first: Column<Advice> = meta.advice_column_in(FirstPhase);
    let challenge = meta.challenge_usable_after(FirstPhase);
    let [second, fraction] = [(); 2].map(|()| meta.advice_column_in(SecondPhase));
    let active: Column<Fixed> = meta.fixed_column();
    let value = if bug == Planted { second } else { first };
    meta.create_gate("fraction", |m| {
        let gamma = m.query_challenge(challenge);
        let value = m.query_advice(value, Rotation::cur());
        let fraction = m.query_advice(fraction, Rotation::cur());
        let active = m.query_fixed(active, Rotation::cur());
        vec![active * (fraction * (gamma + value) - Expression::Constant(Fr::ONE))]
    });
    columns_chosen_after(&meta)["fraction"].len()
}

#[test]
fn finds_values_chosen_after_their_challenge() {
    assert_eq!(late_column(Sound), 1);
    assert_eq!(late_column(Planted), 2);
}

#[test]
fn finds_cells_that_nothing_reads() {
    let mut meta = ConstraintSystem::default();
    let a = meta.advice_column();
    let factor = meta.fixed_column();
    let q = meta.selector();
    meta.create_gate("pack", |m| {
        let q = m.query_selector(q);
        let before = m.query_advice(a, Rotation::prev()) * m.query_fixed(factor, Rotation::cur());
        vec![q * (m.query_advice(a, Rotation::cur()) - before)]
    });
    let mut grid = Grid::new();
    // Row 3: read by row 4 with a factor that is 0; row 5: by no gate.
    for row in [3, 4, 5] {
        grid.advice(a, row, Fr::ZERO);
    }
    grid.enable(q, 4);
    let image = Image::new(&meta, K, &[&grid], vec![], vec![]);
    let anchors = Anchors::of(&image, &|_| false);
    assert_eq!(anchors.loose(&image), [Cell::new(a, 3), Cell::new(a, 5)]);
}
