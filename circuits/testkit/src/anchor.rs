//! The anchor test: which cells no active constraint reads, and which ones constrain only each
//! other.
//!
//! A constraint *reads* a cell in a row if its polynomial still depends on the cell once the fixed
//! columns and selectors of that row are put in: a selector that is off, or a factor that is zero,
//! cuts the cell off.

use std::collections::{BTreeMap, BTreeSet};

use zkdkim_plonk::{halo2curves::ff::PrimeField, plonk::Expression};

use crate::image::{Cell, End, Image};

/// The advice cells on which an expression depends in a row; empty for a constant.
enum Form<F> {
    Known(F),
    Reads(BTreeSet<Cell>),
}

fn form<F: PrimeField>(image: &Image<F>, expression: &Expression<F>, row: usize) -> Form<F> {
    use Form::{Known, Reads};
    let both = |a: Form<F>, b: Form<F>, join: fn(F, F) -> F| match (a, b) {
        (Known(a), Known(b)) => Known(join(a, b)),
        (Known(_), Reads(cells)) | (Reads(cells), Known(_)) => Reads(cells),
        (Reads(mut cells), Reads(more)) => {
            cells.extend(more);
            Reads(cells)
        }
    };
    match expression {
        Expression::Constant(value) => Known(*value),
        Expression::Selector(selector) => Known(image.selector_at(selector.index(), row)),
        Expression::Fixed(query) => {
            Known(image.fixed_at(query.column_index(), image.at(row, query.rotation().0)))
        }
        Expression::Advice(query) => Reads(BTreeSet::from([Cell {
            column: query.column_index(),
            row: image.at(row, query.rotation().0),
        }])),
        Expression::Instance(_) | Expression::Challenge(_) => Reads(BTreeSet::new()),
        Expression::Negated(a) => match form(image, a, row) {
            Known(a) => Known(-a),
            reads => reads,
        },
        Expression::Scaled(a, scale) => match form(image, a, row) {
            Known(a) => Known(a * scale),
            reads => reads,
        },
        Expression::Sum(a, b) => both(form(image, a, row), form(image, b, row), |a, b| a + b),
        Expression::Product(a, b) => match form(image, a, row) {
            Known(zero) if zero == F::ZERO => Known(zero),
            a => match form(image, b, row) {
                Known(zero) if zero == F::ZERO => Known(zero),
                b => both(a, b, |a, b| a * b),
            },
        },
    }
}

/// The rows in which a polynomial, by its number, reads any cell.
pub fn active_rows<F: PrimeField>(image: &Image<F>, poly: usize) -> Vec<usize> {
    let expression = &image.polys[poly].expression;
    let reads = |row: &usize| matches!(form(image, expression, *row), Form::Reads(_));
    (0..image.rows).filter(reads).collect()
}

/// What constrains the cells of an image.
pub struct Anchors {
    groups: BTreeMap<Cell, Cell>,
    tied: BTreeSet<Cell>,
}

impl Anchors {
    /// Finds all constraints that are active. Gates are skipped whose name `ignored` accepts.
    pub fn of<F: PrimeField>(image: &Image<F>, ignored: &dyn Fn(&str) -> bool) -> Self {
        let mut anchors = Self { groups: BTreeMap::new(), tied: BTreeSet::new() };
        for poly in image.polys.iter().filter(|poly| !ignored(&poly.gate) && !poly.reads.is_empty())
        {
            for row in 0..image.rows {
                if let Form::Reads(cells) = form(image, &poly.expression, row) {
                    anchors.join(cells);
                }
            }
        }
        for lookup in &image.lookups {
            for row in 0..image.rows {
                for input in &lookup.inputs {
                    if let Form::Reads(cells) = form(image, input, row) {
                        anchors.tied.extend(cells.iter().copied());
                        anchors.join(cells);
                    }
                }
            }
        }
        for ends in &image.copies {
            let cells = ends.iter().filter_map(|end| match end {
                End::Advice(cell) => Some(*cell),
                _ => None,
            });
            let cells: BTreeSet<Cell> = cells.collect();
            if cells.len() < 2 {
                anchors.tied.extend(cells.iter().copied());
            }
            anchors.join(cells);
        }
        anchors
    }

    /// Adds what an argument of the circuit's own reads: cells of one tuple of a table.
    pub fn looked_up(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let cells: BTreeSet<Cell> = cells.into_iter().collect();
        self.tied.extend(cells.iter().copied());
        self.join(cells);
    }

    fn join(&mut self, cells: BTreeSet<Cell>) {
        let mut cells = cells.into_iter();
        let Some(first) = cells.next() else { return };
        let root = self.root(first);
        for cell in cells {
            let other = self.root(cell);
            self.groups.insert(other, root);
        }
    }

    fn root(&mut self, cell: Cell) -> Cell {
        let mut path = Vec::new();
        let mut at = cell;
        loop {
            let up = *self.groups.entry(at).or_insert(at);
            if up == at {
                break;
            }
            path.push(at);
            at = up;
        }
        for cell in path {
            self.groups.insert(cell, at);
        }
        at
    }

    /// The assigned cells that no constraint reads.
    pub fn loose<F: PrimeField>(&self, image: &Image<F>) -> Vec<Cell> {
        image.assigned().filter(|cell| !self.groups.contains_key(cell)).collect()
    }

    /// The cells that some active constraint reads, written by the honest prover or not.
    pub fn read(&self) -> impl Iterator<Item = Cell> + '_ {
        self.groups.keys().copied()
    }

    /// Groups of cells that constraints tie to each other, but to no constant, public input or
    /// table.
    pub fn floating(&mut self) -> Vec<Vec<Cell>> {
        let cells: Vec<Cell> = self.groups.keys().copied().collect();
        let tied: Vec<Cell> = self.tied.iter().copied().collect();
        let anchored: BTreeSet<Cell> = tied.into_iter().map(|cell| self.root(cell)).collect();
        let mut groups: BTreeMap<Cell, Vec<Cell>> = BTreeMap::new();
        for cell in cells {
            let root = self.root(cell);
            if !anchored.contains(&root) {
                groups.entry(root).or_default().push(cell);
            }
        }
        groups.into_values().collect()
    }
}
