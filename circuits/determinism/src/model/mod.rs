//! The constraints of a laid-out circuit, row by row, in normal form.
//!
//! A gate is specialised with the fixed cells and selectors of each row in which it stands; what is left is a
//! polynomial over advice cells, public inputs and challenges. Rows in which it is zero say nothing and are dropped.
//! Copies are constraints `x − y = 0` like any other, never merged, so that each can be left out. Gates of a lookup
//! argument that the circuit builds for itself become sums of fractions ([`crate::logup`]); lookups of the constraint
//! system and those of such an argument are both tuples that a table holds.
//!
//! # Cells
//! Cells have numbers: advice cells column by column, then public inputs, challenges, and *virtual* cells, which stand
//! for combinations of others (limbs made of pieces) and are defined by a constraint each.

pub mod identities;
pub mod logup;
mod reads;
mod tuple;

use std::collections::{BTreeSet, HashMap};

use self::{identities::Identities, logup::Argument};
use crate::{
    layout::{Expr, Layout, Place},
    poly::Poly,
    scalar::{integer, Scalar},
};

pub(crate) use reads::normal_form;
use reads::Reads;
pub use tuple::{project, Component, Looked, Table};

/// A cell's number.
pub type Cell = u32;

/// Local variables from this one on are challenges, those below are queries.
pub(crate) const CHALLENGE: u32 = 1 << 16;

/// How cells are numbered.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// Rows of the domain.
    pub rows: usize,
    /// Advice columns.
    pub advice: usize,
    /// Instance columns.
    pub instance: usize,
    /// Challenges.
    pub challenges: usize,
}

impl Space {
    /// The number of an advice cell.
    pub fn advice(&self, column: usize, row: usize) -> Cell {
        (column * self.rows + row) as Cell
    }

    /// The number of a public input.
    pub fn instance(&self, column: usize, row: usize) -> Cell {
        ((self.advice + column) * self.rows + row) as Cell
    }

    /// The number of a challenge.
    pub fn challenge(&self, index: usize) -> Cell {
        ((self.advice + self.instance) * self.rows + index) as Cell
    }

    /// The first virtual cell.
    pub fn first_virtual(&self) -> Cell {
        self.challenge(self.challenges)
    }

    /// Whether a number is a challenge's.
    pub fn is_challenge(&self, cell: Cell) -> bool {
        (self.challenge(0)..self.first_virtual()).contains(&cell)
    }

    /// Where a cell stands; nothing for challenges and virtual cells.
    pub fn place(&self, cell: Cell) -> Option<Place> {
        let (column, row) = (cell as usize / self.rows, cell as usize % self.rows);
        if column < self.advice {
            Some(Place::Advice(column, row))
        } else if column < self.advice + self.instance {
            Some(Place::Instance(column - self.advice, row))
        } else {
            None
        }
    }

    /// The number of the cell at a place; nothing for fixed cells.
    pub fn cell(&self, place: Place) -> Option<Cell> {
        match place {
            Place::Advice(column, row) => Some(self.advice(column, row)),
            Place::Instance(column, row) => Some(self.instance(column, row)),
            Place::Fixed(..) => None,
        }
    }
}

/// What a constraint comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A gate's polynomial in a row.
    Gate {
        /// Its number.
        gate: usize,
        /// The row.
        row: usize,
    },
    /// A copy, by its number.
    Copy(usize),
    /// A row of a lookup of the constraint system.
    Lookup {
        /// Its number.
        lookup: usize,
        /// The row.
        row: usize,
    },
    /// The definition of a virtual cell: no constraint of the circuit.
    Definition,
    /// A coefficient of an identity that a gate checks at a random point.
    Expanded {
        /// The constraint that checks the identity.
        of: u32,
    },
}

/// A constraint: the sum of the terms is zero.
#[derive(Clone, Debug)]
pub struct Constraint<F> {
    /// What it comes from.
    pub source: Source,
    /// Coefficients and monomials, none twice.
    pub terms: Vec<(F, Box<[Cell]>)>,
    /// See [`Model::level`].
    pub level: u8,
}

impl<F: Scalar> Constraint<F> {
    /// The cells that it reads, each once.
    pub fn cells(&self) -> BTreeSet<Cell> {
        self.terms.iter().flat_map(|(_, monomial)| monomial.iter().copied()).collect()
    }

    /// Whether each monomial is one cell or none.
    pub fn is_linear(&self) -> bool {
        self.terms.iter().all(|(_, monomial)| monomial.len() <= 1)
    }
}

/// Something that the circuit lacks, or that the check cannot decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What is wrong.
    pub what: String,
    /// The row, where there is one.
    pub row: Option<usize>,
}

impl Finding {
    /// A finding in a row.
    pub fn at(row: usize, what: impl Into<String>) -> Self {
        Self { what: what.into(), row: Some(row) }
    }

    /// A finding about the whole circuit.
    pub fn whole(what: impl Into<String>) -> Self {
        Self { what: what.into(), row: None }
    }
}

/// The constraints of a circuit.
pub struct Model<F> {
    /// How cells are numbered.
    pub space: Space,
    levels: Vec<u8>,
    /// Constraints other than the argument's.
    pub constraints: Vec<Constraint<F>>,
    /// By cell: the constraints that read it.
    pub readers: Vec<Vec<u32>>,
    /// Tuples that tables hold.
    pub looked: Vec<Looked<F>>,
    /// By cell: the tuples that it is in.
    pub looked_readers: Vec<Vec<u32>>,
    /// The tables.
    pub tables: Vec<Table<F>>,
    /// The lookup argument, where there is one.
    pub argument: Argument<F>,
    /// Identities that are checked at a random point.
    pub identities: Identities<F>,
    /// What is wrong with the circuit.
    pub findings: Vec<Finding>,
    /// Names of gates, by number.
    pub gates: Vec<String>,
    /// Number of cells, virtual ones included.
    pub cells: usize,
}

impl<F: Scalar> Model<F> {
    /// Reads every constraint of a circuit. `argument` says which challenges a lookup argument of the circuit's own
    /// uses, if it has one; `point` is the challenge at which identities are checked, if there is one.
    pub fn new(layout: &Layout<F>, argument: Option<&logup::Spec>, point: Option<usize>) -> Self {
        let space = Space {
            rows: layout.rows,
            advice: layout.phases.len(),
            instance: layout.instance.len(),
            challenges: layout.challenge_phases.len(),
        };
        let mut levels = layout.phases.clone();
        levels.resize(space.advice + space.instance, 0);
        levels.extend(layout.challenge_phases.iter().map(|phase| phase + 1));
        let cells = space.first_virtual() as usize;
        let mut model = Self {
            space,
            levels,
            constraints: Vec::new(),
            readers: vec![Vec::new(); cells],
            looked: Vec::new(),
            looked_readers: vec![Vec::new(); cells],
            tables: Vec::new(),
            argument: Argument::default(),
            identities: Identities::default(),
            findings: Vec::new(),
            gates: layout.gates.iter().map(|gate| gate.name.clone()).collect(),
            cells,
        };
        let claims = |reads: &Reads| {
            argument.is_some_and(|a| {
                reads.challenges.contains(&a.theta) || reads.challenges.contains(&a.gamma)
            })
        };
        for (gate, poly) in layout.gates.iter().enumerate() {
            let reads = Reads::of(&poly.expr);
            match argument.filter(|_| claims(&reads)) {
                Some(spec) => model.add_fractions(layout, gate, &reads, spec),
                None => model.add_gate(layout, gate, &reads),
            }
        }
        model.add_copies(layout);
        model.add_lookups(layout);
        if let Some(spec) = argument {
            logup::close(&mut model, layout, spec);
        }
        model.index_looked();
        if let Some(challenge) = point {
            model.identities = identities::expand(&mut model, challenge);
        }
        model
    }

    /// The level of a cell: the phase in which its column is committed, and for a challenge the first phase that knows
    /// it.
    pub fn level(&self, cell: Cell) -> u8 {
        let s = &self.space;
        if cell >= s.first_virtual() {
            return 0;
        }
        if cell >= s.challenge(0) {
            return self.levels[s.advice + s.instance + (cell - s.challenge(0)) as usize];
        }
        self.levels[cell as usize / s.rows]
    }

    /// Adds a constraint and returns its number.
    pub fn push(&mut self, source: Source, terms: Vec<(F, Box<[Cell]>)>) -> u32 {
        let id = self.constraints.len() as u32;
        let mut constraint = Constraint { source, terms, level: 0 };
        for cell in constraint.cells() {
            constraint.level = constraint.level.max(self.level(cell));
            if !self.space.is_challenge(cell) {
                self.readers[cell as usize].push(id);
            }
        }
        self.constraints.push(constraint);
        id
    }

    /// Makes a virtual cell that is a polynomial of others.
    pub fn define(&mut self, poly: &Poly<F>) -> Cell {
        let cell = self.cells as Cell;
        self.cells += 1;
        self.readers.push(Vec::new());
        self.looked_readers.push(Vec::new());
        let mut terms: Vec<(F, Box<[Cell]>)> =
            poly.terms().map(|(m, c)| (-c, m.clone().into_boxed_slice())).collect();
        terms.push((F::ONE, Box::new([cell])));
        self.push(Source::Definition, terms);
        cell
    }

    fn add_gate(&mut self, layout: &Layout<F>, gate: usize, reads: &Reads) {
        let expr = &layout.gates[gate].expr;
        let mut templates: HashMap<(Vec<F>, u64), Poly<F>> = HashMap::new();
        for row in 0..layout.rows {
            let poly = templates
                .entry(reads.key(layout, row))
                .or_insert_with(|| reads.normal_form(layout, expr, row));
            if poly.is_empty() {
                continue;
            }
            let cell = |v: &u32| reads.cell(layout, self.space, row, *v);
            let terms = poly.terms().map(|(m, c)| (c, m.iter().map(cell).collect())).collect();
            self.push(Source::Gate { gate, row }, terms);
        }
    }

    fn add_fractions(
        &mut self,
        layout: &Layout<F>,
        gate: usize,
        reads: &Reads,
        spec: &logup::Spec,
    ) {
        let Self { space, .. } = *self;
        let expr = &layout.gates[gate].expr;
        let late = |variable: u32| {
            let (public, (column, _)) = reads.cells[variable as usize];
            !public && layout.phases[column] > 0
        };
        let mut templates: HashMap<(Vec<F>, u64), Option<logup::Split<F>>> = HashMap::new();
        for row in 0..layout.rows {
            let split = templates.entry(reads.key(layout, row)).or_insert_with(|| {
                let leaf = |e: &Expr<F>| reads.normal_form(layout, e, row);
                logup::split(expr, &leaf, spec, &late)
            });
            let Some(split) = split else {
                let what = format!(
                    "`{}` is no sum of fractions over γ + tuple: its lookups show nothing",
                    layout.gates[gate].name
                );
                self.findings.push(Finding::at(row, what));
                self.argument.is_void = true;
                return;
            };
            if !split.is_empty() {
                let cell = |v: u32| reads.cell(layout, space, row, v);
                self.argument.push(gate, row, split, &cell);
            }
        }
    }

    fn add_copies(&mut self, layout: &Layout<F>) {
        for (i, ends) in layout.copies.iter().enumerate() {
            let mut terms: Vec<(F, Box<[Cell]>)> = Vec::new();
            let mut constant = F::ZERO;
            for (end, sign) in ends.iter().zip([F::ONE, -F::ONE]) {
                match self.space.cell(*end) {
                    Some(cell) => terms.push((sign, Box::new([cell]))),
                    None => constant += sign * layout.value(*end),
                }
            }
            if terms.len() == 2 && terms[0].1 == terms[1].1 {
                continue;
            }
            if constant != F::ZERO {
                terms.push((constant, Box::new([])));
            }
            if terms.iter().any(|(_, monomial)| !monomial.is_empty()) {
                self.push(Source::Copy(i), terms);
            } else if constant != F::ZERO {
                self.findings.push(Finding::whole(format!("copy {i} of two different constants")));
            }
        }
    }

    fn add_lookups(&mut self, layout: &Layout<F>) {
        for (number, lookup) in layout.lookups.iter().enumerate() {
            let entry = |row| lookup.table.iter().map(|e| layout.evaluate(e, row)).collect();
            let mut seen = std::collections::HashSet::new();
            let entries: Vec<Vec<F>> =
                (0..layout.usable).map(entry).filter(|e: &Vec<F>| seen.insert(e.clone())).collect();
            if lookup.table.iter().any(|e| !Reads::of(e).cells.is_empty()) {
                let what = format!("the table of lookup `{}` is not fixed", lookup.name);
                self.findings.push(Finding::whole(what));
                continue;
            }
            let table = self.tables.len();
            self.tables.push(Table::new(lookup.name.clone(), entries, None));
            let reads: Vec<Reads> = lookup.inputs.iter().map(Reads::of).collect();
            for row in 0..layout.usable {
                let tuple = lookup.inputs.iter().zip(&reads).map(|(input, reads)| {
                    let poly = reads.normal_form(layout, input, row);
                    Component::new(&poly, &|v| reads.cell(layout, self.space, row, v))
                });
                let tuple = tuple.collect();
                self.looked.push(Looked { table, tuple, row, native: Some(number) });
            }
        }
    }

    /// Drops tuples of constants and notes which cells are in the others.
    fn index_looked(&mut self) {
        self.looked.retain(|l| l.tuple.iter().any(|c| !matches!(c, Component::Constant(_))));
        for (id, looked) in self.looked.iter().enumerate() {
            let cells: BTreeSet<Cell> = looked.tuple.iter().flat_map(Component::cells).collect();
            for cell in cells {
                if !self.space.is_challenge(cell) {
                    self.looked_readers[cell as usize].push(id as u32);
                }
            }
        }
    }

    /// Every cell of the circuit that some constraint reads, in order.
    pub fn read_cells(&self) -> BTreeSet<Cell> {
        let first_virtual = self.space.first_virtual() as usize;
        let read = |cell: &usize| {
            !self.readers[*cell].is_empty() || !self.looked_readers[*cell].is_empty()
        };
        let mut cells: BTreeSet<Cell> =
            (0..first_virtual).filter(read).map(|cell| cell as Cell).collect();
        cells.extend(self.argument.cells());
        cells.retain(|cell| !self.space.is_challenge(*cell) && *cell < first_virtual as Cell);
        cells
    }

    /// Whether a fraction of the lookup argument that counts reads a cell.
    pub fn argument_reads(&self, cell: Cell) -> bool {
        self.argument.reads.contains(&cell)
    }

    /// The kind of a tuple of an argument, from its last component.
    pub(crate) fn kind(tuple: &[Component<F>]) -> Option<u64> {
        match tuple.last()? {
            Component::Constant(kind) => integer(*kind).and_then(|kind| kind.try_into().ok()),
            _ => None,
        }
    }
}
