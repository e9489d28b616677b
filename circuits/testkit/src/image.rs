//! A whole assignment, and the evaluation of single constraints over it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use halo2_proofs::{
    halo2curves::ff::PrimeField,
    plonk::{Advice, Any, Column, ConstraintSystem, Expression},
};
use zkdkim_grid::{CellRef, Grid};

/// An advice cell: column index and absolute row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The index of the advice column.
    pub column: usize,
    /// The absolute row.
    pub row: usize,
}

impl Cell {
    /// The cell of an advice column.
    pub fn new(column: Column<Advice>, row: usize) -> Self {
        Self { column: column.index(), row }
    }
}

/// One polynomial of a gate.
pub(crate) struct Poly<F: PrimeField> {
    pub(crate) name: String,
    pub(crate) gate: String,
    pub(crate) expression: Expression<F>,
    /// Advice columns and rotations that it reads.
    pub(crate) reads: Vec<(usize, i32)>,
    /// The last phase of a column that it reads.
    pub(crate) phase: u8,
}

pub(crate) struct Lookup<F: PrimeField> {
    pub(crate) name: String,
    pub(crate) inputs: Vec<Expression<F>>,
    pub(crate) reads: Vec<(usize, i32)>,
    table: HashSet<Vec<u8>>,
}

/// The other end of a copy.
#[derive(Clone, Copy)]
pub(crate) enum Tie<F> {
    Advice(Cell),
    /// A fixed cell's value, or a public input's.
    Value(F),
}

/// A constraint that does not hold.
pub(crate) enum Violation<F> {
    /// A copy: the cell's column, the advice cell at its other end if that is one, and the value
    /// that the other end should have.
    Copy { column: usize, other: Option<Cell>, value: F },
    /// A lookup by its index.
    Lookup(usize),
    /// A polynomial by its index, and the row.
    Gate { poly: usize, row: usize },
}

/// A circuit's constraints with one assignment.
pub struct Image<F: PrimeField> {
    pub(crate) rows: usize,
    usable: usize,
    pub(crate) advice: Vec<Vec<F>>,
    assigned: BTreeSet<Cell>,
    phases: Vec<u8>,
    fixed: Vec<Vec<F>>,
    selectors: Vec<Vec<bool>>,
    instance: Vec<Vec<F>>,
    challenges: Vec<F>,
    pub(crate) ties: HashMap<Cell, Vec<Tie<F>>>,
    pub(crate) polys: Vec<Poly<F>>,
    pub(crate) lookups: Vec<Lookup<F>>,
    /// By advice column: indices of polynomials that read it, with the rotation.
    pub(crate) readers: BTreeMap<usize, Vec<(usize, i32)>>,
    /// A polynomial that is left out.
    dropped: Option<usize>,
}

/// Advice columns and rotations of an expression.
fn reads<F: PrimeField>(expression: &Expression<F>, into: &mut BTreeSet<(usize, i32)>) {
    match expression {
        Expression::Advice(query) => {
            into.insert((query.column_index(), query.rotation().0));
        }
        Expression::Negated(a) | Expression::Scaled(a, _) => reads(a, into),
        Expression::Sum(a, b) | Expression::Product(a, b) => {
            reads(a, into);
            reads(b, into);
        }
        _ => {}
    }
}

impl<F: PrimeField> Image<F> {
    /// The assignment of `phases`, the grids of all phases in order; fixed cells, selectors and
    /// copies may stand in any.
    ///
    /// # Panics
    /// If a lookup's table depends on anything but fixed columns.
    pub fn new(
        meta: &ConstraintSystem<F>,
        k: u32,
        phases: &[&Grid<F>],
        instance: Vec<Vec<F>>,
        challenges: Vec<F>,
    ) -> Self {
        let rows = 1 << k;
        let mut image = Self {
            rows,
            usable: rows - meta.blinding_factors() - 1,
            advice: vec![vec![F::ZERO; rows]; meta.num_advice_columns()],
            assigned: BTreeSet::new(),
            phases: meta.advice_column_phase(),
            fixed: vec![vec![F::ZERO; rows]; meta.num_fixed_columns()],
            selectors: vec![vec![false; rows]; meta.num_selectors()],
            instance: instance.into_iter().map(|column| padded(column, rows)).collect(),
            challenges,
            ties: HashMap::new(),
            polys: Vec::new(),
            lookups: Vec::new(),
            readers: BTreeMap::new(),
            dropped: None,
        };
        for grid in phases {
            image.take(grid);
        }
        for grid in phases {
            grid.copies().iter().for_each(|(left, right)| image.tie(*left, *right));
        }
        image.add_gates(meta);
        image.add_lookups(meta);
        image
    }

    fn take(&mut self, grid: &Grid<F>) {
        for (column, row, value) in grid.advice_cells() {
            self.advice[column.index()][row] = value;
            self.assigned.insert(Cell::new(column, row));
        }
        // Columns are known to a grid by their index alone.
        let mut names = ConstraintSystem::<F>::default();
        for column in &mut self.fixed {
            let values = grid.fixed_column(names.fixed_column(), column.len());
            column.iter_mut().zip(values).filter(|(_, v)| *v != F::ZERO).for_each(|(c, v)| *c = v);
        }
        for (selector, row) in grid.selectors() {
            self.selectors[selector.index()][*row] = true;
        }
    }

    fn tie(&mut self, left: CellRef, right: CellRef) {
        let end = |cell: CellRef| match cell.column.column_type() {
            Any::Advice(_) => Tie::Advice(Cell { column: cell.column.index(), row: cell.row }),
            Any::Fixed => Tie::Value(self.fixed[cell.column.index()][cell.row]),
            Any::Instance => Tie::Value(self.instance[cell.column.index()][cell.row]),
        };
        let ends = [end(left), end(right)];
        for (from, to) in [(ends[0], ends[1]), (ends[1], ends[0])] {
            if let Tie::Advice(cell) = from {
                self.ties.entry(cell).or_default().push(to);
            }
        }
    }

    fn add_gates(&mut self, meta: &ConstraintSystem<F>) {
        for gate in meta.gates() {
            for (i, expression) in gate.polynomials().iter().enumerate() {
                let mut found = BTreeSet::new();
                reads(expression, &mut found);
                let index = self.polys.len();
                for (column, rotation) in &found {
                    self.readers.entry(*column).or_default().push((index, *rotation));
                }
                let name = match gate.constraint_name(i) {
                    "" => format!("{}[{i}]", gate.name()),
                    name => name.to_owned(),
                };
                self.polys.push(Poly {
                    name,
                    gate: gate.name().to_owned(),
                    expression: expression.clone(),
                    phase: found.iter().map(|(c, _)| self.phases[*c]).max().unwrap_or(0),
                    reads: found.into_iter().collect(),
                });
            }
        }
    }

    fn add_lookups(&mut self, meta: &ConstraintSystem<F>) {
        for lookup in meta.lookups() {
            let [mut in_inputs, mut in_table] = [BTreeSet::new(), BTreeSet::new()];
            lookup.input_expressions().iter().for_each(|e| reads(e, &mut in_inputs));
            lookup.table_expressions().iter().for_each(|e| reads(e, &mut in_table));
            assert!(in_table.is_empty(), "the table of `{}` is not fixed", lookup.name());
            let table = lookup.table_expressions();
            let table = (0..self.usable).map(|row| self.tuple(table, row)).collect();
            self.lookups.push(Lookup {
                name: lookup.name().to_owned(),
                inputs: lookup.input_expressions().clone(),
                reads: in_inputs.into_iter().collect(),
                table,
            });
        }
    }

    fn tuple(&self, expressions: &[Expression<F>], row: usize) -> Vec<u8> {
        let values = expressions.iter().map(|e| self.evaluate(e, row).to_repr());
        values.flat_map(|repr| repr.as_ref().to_vec()).collect()
    }

    pub(crate) fn at(&self, row: usize, rotation: i32) -> usize {
        (row as i64 + i64::from(rotation)).rem_euclid(self.rows as i64) as usize
    }

    pub(crate) fn fixed_at(&self, column: usize, row: usize) -> F {
        self.fixed[column][row]
    }

    pub(crate) fn selector_at(&self, selector: usize, row: usize) -> F {
        if self.selectors[selector][row] {
            F::ONE
        } else {
            F::ZERO
        }
    }

    pub(crate) fn evaluate(&self, expression: &Expression<F>, row: usize) -> F {
        expression.evaluate_lazy(
            &|constant| constant,
            &|selector| self.selector_at(selector.index(), row),
            &|query| self.fixed[query.column_index()][self.at(row, query.rotation().0)],
            &|query| self.advice[query.column_index()][self.at(row, query.rotation().0)],
            &|query| self.instance[query.column_index()][self.at(row, query.rotation().0)],
            &|challenge| self.challenges[challenge.index()],
            &|a| -a,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, scale| a * scale,
            &F::ZERO,
        )
    }

    /// The cells that were written, in order.
    pub fn assigned(&self) -> impl Iterator<Item = Cell> + '_ {
        self.assigned.iter().copied()
    }

    /// The phase of an advice column.
    pub fn phase(&self, column: usize) -> u8 {
        self.phases[column]
    }

    /// A cell's value.
    pub fn get(&self, cell: Cell) -> F {
        self.advice[cell.column][cell.row]
    }

    /// Replaces a cell's value and returns the old one.
    pub fn set(&mut self, cell: Cell, value: F) -> F {
        std::mem::replace(&mut self.advice[cell.column][cell.row], value)
    }

    /// The values of an advice column.
    pub fn column(&self, column: Column<Advice>) -> &[F] {
        &self.advice[column.index()]
    }

    /// The name of the first constraint among copies, lookups and gates that read `cells` and does
    /// not hold. Gates are skipped whose name `ignored` accepts, or that read columns of a phase
    /// after `phase`.
    pub fn first_failure(
        &self,
        cells: &[Cell],
        phase: u8,
        ignored: &dyn Fn(&str) -> bool,
    ) -> Option<String> {
        let violation = self.first_violation(cells, phase, ignored)?;
        Some(match violation {
            Violation::Copy { column, .. } => format!("copy of column {column}"),
            Violation::Lookup(index) => format!("lookup {}", self.lookups[index].name),
            Violation::Gate { poly, .. } => self.polys[poly].name.clone(),
        })
    }

    pub(crate) fn first_violation(
        &self,
        cells: &[Cell],
        phase: u8,
        ignored: &dyn Fn(&str) -> bool,
    ) -> Option<Violation<F>> {
        let copy = cells.iter().find_map(|cell| self.broken_copy(*cell));
        let lookup = || cells.iter().find_map(|cell| self.failing_lookup(*cell));
        let gate = || cells.iter().find_map(|cell| self.failing_gate(*cell, phase, ignored));
        copy.or_else(lookup).or_else(gate)
    }

    fn broken_copy(&self, cell: Cell) -> Option<Violation<F>> {
        let value = self.get(cell);
        self.ties.get(&cell).into_iter().flatten().find_map(|tie| {
            let (held, other) = match tie {
                Tie::Advice(other) => (self.get(*other), Some(*other)),
                Tie::Value(held) => (*held, None),
            };
            (held != value).then_some(Violation::Copy { column: cell.column, other, value })
        })
    }

    fn failing_lookup(&self, cell: Cell) -> Option<Violation<F>> {
        let failing = self.lookups.iter().position(|lookup| {
            let here = lookup.reads.iter().filter(|(column, _)| *column == cell.column);
            let mut rows = here.map(|(_, rotation)| self.at(cell.row, -rotation));
            rows.any(|row| {
                row < self.usable && !lookup.table.contains(&self.tuple(&lookup.inputs, row))
            })
        });
        failing.map(Violation::Lookup)
    }

    fn failing_gate(
        &self,
        cell: Cell,
        phase: u8,
        ignored: &dyn Fn(&str) -> bool,
    ) -> Option<Violation<F>> {
        let readers = self.readers.get(&cell.column)?;
        readers.iter().find_map(|(poly, rotation)| {
            let row = self.at(cell.row, -rotation);
            let known = self.polys[*poly].phase <= phase && Some(*poly) != self.dropped;
            let checked = known && !ignored(&self.polys[*poly].gate);
            let fails = checked && self.evaluate_poly(*poly, row) != F::ZERO;
            fails.then_some(Violation::Gate { poly: *poly, row })
        })
    }

    pub(crate) fn evaluate_poly(&self, poly: usize, row: usize) -> F {
        self.evaluate(&self.polys[poly].expression, row)
    }

    /// Every polynomial by its number: its name, its gate's name and the last phase that it reads.
    pub fn polynomials(&self) -> impl Iterator<Item = (usize, &str, &str, u8)> + '_ {
        let polys = self.polys.iter().enumerate();
        polys.map(|(i, poly)| (i, poly.name.as_str(), poly.gate.as_str(), poly.phase))
    }

    /// Leaves one polynomial out: a planted bug, for tests of what notices it.
    pub fn drop_polynomial(&mut self, poly: Option<usize>) {
        self.dropped = poly;
    }

    /// The cells that a polynomial reads in a row.
    pub fn read_by(&self, poly: usize, row: usize) -> Vec<Cell> {
        let reads = self.polys[poly].reads.iter();
        reads.map(|(column, by)| Cell { column: *column, row: self.at(row, *by) }).collect()
    }

    /// The names of all constraints that do not hold in the rows that witnesses may use.
    pub fn failures(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for poly in &self.polys {
            let mut rows = 0..self.usable;
            if rows.any(|row| self.evaluate(&poly.expression, row) != F::ZERO) {
                names.insert(poly.name.clone());
            }
        }
        for lookup in &self.lookups {
            let mut rows = 0..self.usable;
            if rows.any(|row| !lookup.table.contains(&self.tuple(&lookup.inputs, row))) {
                names.insert(format!("lookup {}", lookup.name));
            }
        }
        let untied = self.ties.keys().filter(|cell| self.broken_copy(**cell).is_some());
        names.extend(untied.map(|cell| format!("copy of column {}", cell.column)));
        names
    }
}

fn padded<F: PrimeField>(mut column: Vec<F>, rows: usize) -> Vec<F> {
    column.resize(rows, F::ZERO);
    column
}
