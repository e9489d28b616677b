//! A whole assignment, and the evaluation of single constraints over it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::ff::PrimeField,
    plonk::{Advice, Any, Column, ConstraintSystem, Expression},
};

use crate::mutation::Mutation;

/// An advice cell: column index and absolute row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The index of the advice column.
    pub column: usize,
    /// The row, counted from the top of the circuit.
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
    /// The table's columns, as expressions of fixed columns alone.
    pub(crate) entries: Vec<Expression<F>>,
    pub(crate) table: HashSet<Vec<u8>>,
}

/// One end of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// A cell that the prover fills.
    Advice(Cell),
    /// A cell that the verifying key fixes.
    Fixed {
        /// The index of the fixed column.
        column: usize,
        /// The row, counted from the top of the circuit.
        row: usize,
    },
    /// A cell that the verifier fills.
    Public {
        /// The index of the instance column.
        column: usize,
        /// The row, counted from 0: the place among the column's public inputs.
        row: usize,
    },
}

/// One constraint: what a verifier checks in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Constraint {
    /// An equality of two cells, by its number.
    Copy(usize),
    /// A lookup, by its number, in a row.
    Lookup {
        /// The index among the constraint system's lookups.
        lookup: usize,
        /// The row whose inputs are looked up.
        row: usize,
    },
    /// A polynomial, by its number, in a row.
    Gate {
        /// The index among the polynomials of all gates, in the order of their creation.
        poly: usize,
        /// The row in which it must vanish.
        row: usize,
    },
}

/// A circuit's constraints with one assignment.
pub struct Image<F: PrimeField> {
    pub(crate) rows: usize,
    usable: usize,
    pub(crate) advice: Vec<Vec<F>>,
    assigned: BTreeSet<Cell>,
    phases: Vec<u8>,
    pub(crate) fixed: Vec<Vec<F>>,
    written: BTreeSet<(usize, usize)>,
    pub(crate) selectors: Vec<Vec<bool>>,
    instance: Vec<Vec<F>>,
    challenges: Vec<F>,
    pub(crate) copies: Vec<[End; 2]>,
    /// By advice cell: the copies that it is an end of.
    pub(crate) ties: HashMap<Cell, Vec<usize>>,
    pub(crate) polys: Vec<Poly<F>>,
    pub(crate) lookups: Vec<Lookup<F>>,
    /// By advice column: indices of polynomials that read it, with the rotation.
    pub(crate) readers: BTreeMap<usize, Vec<(usize, i32)>>,
    /// The planted bug, and what its fixed cell held before.
    pub(crate) planted: Option<(Mutation<F>, F)>,
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
            written: BTreeSet::new(),
            selectors: vec![vec![false; rows]; meta.num_selectors()],
            instance: instance.into_iter().map(|column| padded(column, rows)).collect(),
            challenges,
            copies: Vec::new(),
            ties: HashMap::new(),
            polys: Vec::new(),
            lookups: Vec::new(),
            readers: BTreeMap::new(),
            planted: None,
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
        for (column, row, value) in grid.fixed_cells() {
            self.fixed[column.index()][row] = value;
            self.written.insert((column.index(), row));
        }
        for (selector, row) in grid.selectors() {
            self.selectors[selector.index()][*row] = true;
        }
    }

    fn tie(&mut self, left: CellRef, right: CellRef) {
        let ends = [left, right].map(|cell| {
            let (column, row) = (cell.column.index(), cell.row);
            match cell.column.column_type() {
                Any::Advice(_) => End::Advice(Cell { column, row }),
                Any::Fixed => End::Fixed { column, row },
                Any::Instance => End::Public { column, row },
            }
        });
        for end in ends {
            if let End::Advice(cell) = end {
                self.ties.entry(cell).or_default().push(self.copies.len());
            }
        }
        self.copies.push(ends);
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
            let entries = lookup.table_expressions().clone();
            let table = self.entries(&entries);
            self.lookups.push(Lookup {
                name: lookup.name().to_owned(),
                inputs: lookup.input_expressions().clone(),
                reads: in_inputs.into_iter().collect(),
                entries,
                table,
            });
        }
    }

    /// The tuples of a table.
    pub(crate) fn entries(&self, expressions: &[Expression<F>]) -> HashSet<Vec<u8>> {
        (0..self.usable).map(|row| self.tuple(expressions, row)).collect()
    }

    fn tuple(&self, expressions: &[Expression<F>], row: usize) -> Vec<u8> {
        let values = expressions.iter().map(|e| self.evaluate(e, row).to_repr());
        values.flat_map(|repr| repr.as_ref().to_vec()).collect()
    }

    /// The number of rows that witnesses may use.
    pub fn usable(&self) -> usize {
        self.usable
    }

    pub(crate) fn at(&self, row: usize, rotation: i32) -> usize {
        (row as i64 + i64::from(rotation)).rem_euclid(self.rows as i64) as usize
    }

    /// A fixed cell's value, by the index of its column.
    pub fn fixed_at(&self, column: usize, row: usize) -> F {
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

    /// The value of an advice cell; zero where nothing was written.
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
        self.first_violation(cells, phase, ignored).map(|violation| self.name(violation))
    }

    /// A constraint's name: that of its gate or lookup, or the column of its copy.
    pub fn name(&self, constraint: Constraint) -> String {
        match constraint {
            Constraint::Copy(copy) => {
                let [left, right] = self.copies[copy].map(|end| match end {
                    End::Advice(cell) => format!("column {}", cell.column),
                    End::Fixed { column, .. } => format!("fixed column {column}"),
                    End::Public { column, .. } => format!("instance column {column}"),
                });
                format!("copy of {left} to {right}")
            }
            Constraint::Lookup { lookup, .. } => format!("lookup {}", self.lookups[lookup].name),
            Constraint::Gate { poly, .. } => self.polys[poly].name.clone(),
        }
    }

    pub(crate) fn first_violation(
        &self,
        cells: &[Cell],
        phase: u8,
        ignored: &dyn Fn(&str) -> bool,
    ) -> Option<Constraint> {
        let violated = |constraint: &Constraint| !self.holds(*constraint);
        let copies = cells.iter().flat_map(|cell| self.copies_of(*cell));
        let lookups = cells.iter().flat_map(|cell| self.lookups_of(*cell));
        // Most cells of one row are read by the same polynomials.
        let mut seen = HashSet::new();
        let gates = cells.iter().flat_map(|cell| self.gates_of(*cell));
        let gates = gates.filter(|constraint| {
            let Constraint::Gate { poly, .. } = *constraint else { return false };
            let known = self.polys[poly].phase <= phase && !ignored(&self.polys[poly].gate);
            known && (cells.len() < 100 || seen.insert(*constraint))
        });
        copies.chain(lookups).chain(gates).find(violated)
    }

    fn copies_of(&self, cell: Cell) -> impl Iterator<Item = Constraint> + '_ {
        self.ties.get(&cell).into_iter().flatten().map(|copy| Constraint::Copy(*copy))
    }

    fn lookups_of(&self, cell: Cell) -> impl Iterator<Item = Constraint> + '_ {
        self.lookups.iter().enumerate().flat_map(move |(lookup, l)| {
            let here = l.reads.iter().filter(move |(column, _)| *column == cell.column);
            let rows = here.map(move |(_, rotation)| self.at(cell.row, -rotation));
            let usable = rows.filter(|row| *row < self.usable);
            usable.map(move |row| Constraint::Lookup { lookup, row })
        })
    }

    fn gates_of(&self, cell: Cell) -> impl Iterator<Item = Constraint> + '_ {
        let readers = self.readers.get(&cell.column).into_iter().flatten();
        readers.map(move |(poly, rotation)| Constraint::Gate {
            poly: *poly,
            row: self.at(cell.row, -rotation),
        })
    }

    /// Whether a constraint holds, or the planted bug leaves it out.
    pub fn holds(&self, constraint: Constraint) -> bool {
        if self.leaves_out(constraint) {
            return true;
        }
        match constraint {
            Constraint::Copy(copy) => {
                let [left, right] = self.copies[copy].map(|end| self.value(end));
                left == right
            }
            Constraint::Lookup { lookup, row } => {
                let lookup = &self.lookups[lookup];
                lookup.table.contains(&self.tuple(&lookup.inputs, row))
            }
            Constraint::Gate { poly, row } => self.evaluate_poly(poly, row) == F::ZERO,
        }
    }

    pub(crate) fn value(&self, end: End) -> F {
        match end {
            End::Advice(cell) => self.get(cell),
            End::Fixed { column, row } => self.fixed[column][row],
            End::Public { column, row } => self.instance[column][row],
        }
    }

    /// Whether a constraint reads cells of the first phase only.
    pub fn first_phase(&self, constraint: Constraint) -> bool {
        self.cells_of(constraint).iter().all(|cell| self.phases[cell.column] == 0)
    }

    /// The cells that are tied to public inputs.
    pub(crate) fn public(&self) -> Vec<Cell> {
        let public = |ends: &&[End; 2]| ends.iter().any(|end| matches!(end, End::Public { .. }));
        let ends = self.copies.iter().filter(public).flatten();
        let cells = ends.filter_map(|end| match end {
            End::Advice(cell) => Some(*cell),
            _ => None,
        });
        cells.collect()
    }

    /// Replaces the public inputs and returns the old ones.
    pub fn set_instance(&mut self, instance: Vec<Vec<F>>) -> Vec<Vec<F>> {
        let rows = self.rows;
        let padded = instance.into_iter().map(|column| padded(column, rows)).collect();
        std::mem::replace(&mut self.instance, padded)
    }

    pub(crate) fn evaluate_poly(&self, poly: usize, row: usize) -> F {
        self.evaluate(&self.polys[poly].expression, row)
    }

    /// The fixed cells that were written, by column and row.
    pub fn fixed_cells(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.written.iter().copied()
    }

    /// The selectors that are on, with their rows.
    pub fn enabled(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let selectors = self.selectors.iter().enumerate();
        selectors.flat_map(|(selector, rows)| {
            let on = rows.iter().enumerate().filter(|(_, on)| **on);
            on.map(move |(row, _)| (selector, row))
        })
    }

    /// The copies, in the order in which they were made.
    pub fn copies(&self) -> &[[End; 2]] {
        &self.copies
    }

    /// Every polynomial by its number: its name, its gate's name and the last phase that it reads.
    pub fn polynomials(&self) -> impl Iterator<Item = (usize, &str, &str, u8)> + '_ {
        let polys = self.polys.iter().enumerate();
        polys.map(|(i, poly)| (i, poly.name.as_str(), poly.gate.as_str(), poly.phase))
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
        let untied = (0..self.copies.len()).map(Constraint::Copy);
        names.extend(untied.filter(|copy| !self.holds(*copy)).map(|copy| self.name(copy)));
        names
    }
}

fn padded<F: PrimeField>(mut column: Vec<F>, rows: usize) -> Vec<F> {
    column.resize(rows, F::ZERO);
    column
}
