//! Tuples, and the tables that hold them.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use super::Cell;
use crate::{poly::Poly, scalar::Scalar};

/// A component of a tuple.
#[derive(Clone, Debug, PartialEq)]
pub enum Component<F> {
    /// A constant.
    Constant(F),
    /// A cell.
    Cell(Cell),
    /// A polynomial.
    Poly(Vec<(F, Box<[Cell]>)>),
}

impl<F: Scalar> Component<F> {
    /// The cells that it reads.
    pub fn cells(&self) -> Vec<Cell> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Cell(cell) => vec![*cell],
            Self::Poly(terms) => terms.iter().flat_map(|(_, m)| m.iter().copied()).collect(),
        }
    }

    pub(crate) fn new(poly: &Poly<F>, cell: &dyn Fn(u32) -> Cell) -> Self {
        if let Some(value) = poly.as_constant() {
            return Self::Constant(value);
        }
        let terms: Vec<_> = poly.terms().collect();
        match terms[..] {
            [(monomial, one)] if one == F::ONE && monomial.len() == 1 => {
                Self::Cell(cell(monomial[0]))
            }
            _ => Self::Poly(
                terms.into_iter().map(|(m, c)| (c, m.iter().map(|v| cell(*v)).collect())).collect(),
            ),
        }
    }
}

/// A tuple that a table holds.
#[derive(Clone, Debug)]
pub struct Looked<F> {
    /// The table.
    pub table: usize,
    /// The components.
    pub tuple: Vec<Component<F>>,
    /// The row.
    pub row: usize,
    /// The lookup of the constraint system that it is an instance of; else it is one of an argument.
    pub native: Option<usize>,
}

/// The entries that tuples may be.
#[derive(Clone, Debug)]
pub struct Table<F> {
    /// The name of its lookup, or its kind of tuples.
    pub name: String,
    /// The entries.
    pub entries: Vec<Vec<F>>,
    /// The kind of tuples of an argument, which is their last component.
    pub kind: Option<u64>,
    by_known: std::cell::RefCell<HashMap<u64, Functional<F>>>,
}

/// Entries by some of their components, where these say which one.
type Functional<F> = Option<std::rc::Rc<HashMap<Vec<F>, usize, BuildHasherDefault<Words>>>>;

/// Hashes field elements, which nobody chooses in order that they collide.
#[derive(Default)]
pub struct Words(u64);

impl Hasher for Words {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            self.write_u64(u64::from_le_bytes(padded));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl<F: Scalar> Table<F> {
    /// A table.
    pub fn new(name: String, entries: Vec<Vec<F>>, kind: Option<u64>) -> Self {
        Self { name, entries, kind, by_known: Default::default() }
    }

    /// Entries by the components that `known` has bits for, if no two different entries agree in all of these.
    pub fn functional(&self, known: u64) -> Functional<F> {
        let mut memo = self.by_known.borrow_mut();
        let found = memo.entry(known).or_insert_with(|| {
            let mut seen: HashMap<Vec<F>, usize, _> = HashMap::default();
            for (i, entry) in self.entries.iter().enumerate() {
                let first = *seen.entry(project(entry, known)).or_insert(i);
                if self.entries[first] != *entry {
                    return None;
                }
            }
            Some(std::rc::Rc::new(seen))
        });
        found.clone()
    }
}

/// The components of a tuple that `known` has bits for.
pub fn project<F: Scalar>(entry: &[F], known: u64) -> Vec<F> {
    entry.iter().enumerate().filter(|(i, _)| known >> i & 1 == 1).map(|(_, x)| *x).collect()
}
