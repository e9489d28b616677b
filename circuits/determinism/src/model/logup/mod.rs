//! Lookup arguments that a circuit builds for itself over challenges (logarithmic derivatives).
//!
//! # Statement
//! Let every gate that reads the challenges θ, γ have the form
//!
//! ```text
//! d · Π f_i = Σ N_i Π_(j≠i) f_j        f_i = γ + Σ_j θ^j c_(i,j)
//! ```
//!
//! with `d` a linear combination of cells that are committed after the challenges are drawn, and `c`, `N` polynomials of
//! cells that are committed before; let the `d` that are one cell alone define that cell once each; and let the sum of
//! all other `d` be minus the defined cells, plus cells that a gate pins to zero. Then, but for an error that
//! [`Argument::error_bits`] bounds, for each tuple T the weights N_i of all fractions with that tuple add up to zero.
//!
//! *Proof.* For each row `d = Σ N_i / f_i` unless some f_i is zero at γ. The sum of all rows that define no cell, with
//! the defined cells replaced by their fractions, has only pinned cells left, so Σ N_i / f_i = 0 at γ over all rows.
//! The tuples and the N_i are committed before γ is drawn. Were the sum not zero as a rational function of γ, its
//! numerator would have at most as many roots as there are fractions. So each pole's weights cancel; a pole is a value
//! Σ θ^j T_j, and two different tuples have one value for at most `width − 1` values of θ, which is drawn after both
//! are committed. ∎
//!
//! Hence, as the last component (the *kind*) is a constant in each tuple:
//! - of a kind whose fractions are lookups (weight 1) and entries (weight −m, a tuple of constants), each lookup's tuple
//!   is an entry: else its weight would be a positive integer, below p;
//! - of a kind whose fractions have other weights, the weights of each tuple cancel: see [`crate::lemmas::balance`].
//!
//! # Premises, all checked here
//! - The form, as an identity of normal forms in every row; γ stands in each factor with coefficient 1, and nowhere
//!   else. A challenge replaced by a constant, or by the other, breaks it.
//! - θ and γ are two challenges, and each gate of the argument changes its value with either of them, tried at two
//!   values each.
//! - What tuples and weights read is committed before both are drawn.
//! - Each defined cell is defined once; the sum closes, boundary rows included.
//! - The kind is constant, and no kind has fractions of both sorts.

mod split;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    layout::{Expr, Layout},
    model::{Cell, Component, Finding, Looked, Model, Source, Table},
    scalar::{integer, Scalar},
};

pub(crate) use split::{split, Split};

/// Which challenges an argument uses.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The index of the challenge that compresses tuples.
    pub theta: usize,
    /// The index of the challenge at which sums are compared.
    pub gamma: usize,
    /// Components of a tuple; the last is its kind.
    pub width: usize,
}

/// A fraction's numerator.
#[derive(Clone, Debug, PartialEq)]
pub enum Weight<F> {
    /// A constant.
    Constant(F),
    /// A multiple of a cell.
    Cell(F, Cell),
    /// Anything else.
    Other(Vec<Cell>),
}

/// One fraction.
#[derive(Clone, Debug)]
pub struct Term<F> {
    /// The numerator.
    pub weight: Weight<F>,
    /// The tuple in the denominator.
    pub tuple: Vec<Component<F>>,
    /// The [`Sum`] that it is part of.
    pub sum: usize,
}

impl<F: Scalar> Term<F> {
    /// Whether it adds nothing, so that its tuple does not matter.
    pub fn is_nothing(&self) -> bool {
        self.weight == Weight::Constant(F::ZERO)
    }

    fn is_entry(&self) -> bool {
        matches!(self.weight, Weight::Cell(c, _) if c == -F::ONE) && self.constants().is_some()
    }

    /// The tuple, if it is one of constants.
    pub fn constants(&self) -> Option<Vec<F>> {
        let constant = |c: &Component<F>| match c {
            Component::Constant(value) => Some(*value),
            _ => None,
        };
        self.tuple.iter().map(constant).collect()
    }

    /// The cells of tuple and numerator.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = self.tuple.iter().flat_map(Component::cells).collect();
        match &self.weight {
            Weight::Constant(_) => {}
            Weight::Cell(_, cell) => cells.push(*cell),
            Weight::Other(others) => cells.extend(others),
        }
        cells
    }
}

/// A gate of the argument in one row: `difference = Σ terms`.
#[derive(Clone, Debug)]
pub struct Sum<F> {
    /// The gate's number.
    pub gate: usize,
    /// The row.
    pub row: usize,
    /// Coefficients and cells of `d`.
    pub difference: Vec<(F, Cell)>,
    /// Numbers of its fractions.
    pub terms: std::ops::Range<usize>,
}

impl<F: Scalar> Sum<F> {
    /// The cell that it defines, if it defines one.
    pub fn defined(&self) -> Option<Cell> {
        match self.difference[..] {
            [(one, cell)] if one == F::ONE => Some(cell),
            _ => None,
        }
    }
}

/// All fractions of a circuit.
#[derive(Clone, Debug)]
pub struct Argument<F> {
    /// Whether a premise fails, so that nothing follows.
    pub is_void: bool,
    /// The fractions.
    pub terms: Vec<Term<F>>,
    /// The rows of its gates.
    pub sums: Vec<Sum<F>>,
    /// By kind: fractions whose weights must cancel tuple by tuple.
    pub balanced: BTreeMap<u64, Vec<usize>>,
    /// The constraints that pin the ends of the sum.
    pub pins: Vec<u32>,
    /// By kind: the fractions of its entries.
    pub entries: BTreeMap<u64, Vec<usize>>,
    /// Every cell that it reads.
    pub reads: std::collections::HashSet<Cell>,
    width: usize,
}

impl<F> Default for Argument<F> {
    fn default() -> Self {
        Self {
            is_void: false,
            terms: Vec::new(),
            sums: Vec::new(),
            balanced: BTreeMap::new(),
            pins: Vec::new(),
            entries: BTreeMap::new(),
            reads: Default::default(),
            width: 0,
        }
    }
}

impl<F: Scalar> Argument<F> {
    /// Adds a row of a gate.
    pub(crate) fn push(
        &mut self,
        gate: usize,
        row: usize,
        split: &Split<F>,
        cell: &dyn Fn(u32) -> Cell,
    ) {
        let first = self.terms.len();
        for (numerator, components) in &split.parts {
            let terms: Vec<_> = numerator.terms().collect();
            let weight = match (numerator.as_constant(), &terms[..]) {
                (Some(value), _) => Weight::Constant(value),
                (None, [(monomial, c)]) if monomial.len() == 1 => {
                    Weight::Cell(*c, cell(monomial[0]))
                }
                _ => Weight::Other(
                    terms.iter().flat_map(|(m, _)| m.iter()).map(|v| cell(*v)).collect(),
                ),
            };
            let tuple = components.iter().map(|c| Component::new(c, cell)).collect();
            self.terms.push(Term { weight, tuple, sum: self.sums.len() });
        }
        let difference = split.difference.iter().map(|(c, v)| (*c, cell(*v))).collect();
        self.sums.push(Sum { gate, row, difference, terms: first..self.terms.len() });
    }

    /// The cells that its fractions read and its sums add. A fraction of weight zero reads nothing.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        let terms = self.terms.iter().filter(|term| !term.is_nothing());
        let differences = self.sums.iter().flat_map(|sum| sum.difference.iter().map(|d| d.1));
        terms.flat_map(Term::cells).chain(differences)
    }

    /// The error is below 2 to the power of minus this, for a field of `bits` bits: as many values of γ are bad as there
    /// are fractions, and `width − 1` values of θ for each two tuples of which one is an entry or weighted.
    pub fn error_bits(&self, bits: u32) -> u32 {
        let fractions = self.terms.len().max(1) as f64;
        let entries: usize =
            self.entries.values().chain(self.balanced.values()).map(Vec::len).sum();
        let pairs = fractions * entries.max(1) as f64 * self.width as f64;
        (f64::from(bits - 1) - (fractions + pairs).log2()).max(0.0) as u32
    }
}

/// Checks the premises and adds tables and lookups.
pub(crate) fn close<F: Scalar>(model: &mut Model<F>, layout: &Layout<F>, spec: &Spec) {
    model.argument.width = spec.width;
    model.argument.reads = model.argument.cells().collect();
    let mut findings = premises(model, layout, spec);
    match loose_ends(model) {
        Ok(pins) => model.argument.pins = pins,
        Err(loose) => findings.extend(loose),
    }
    let mut kinds: BTreeMap<u64, [Vec<usize>; 3]> = BTreeMap::new();
    for (id, term) in model.argument.terms.iter().enumerate() {
        if term.is_nothing() {
            continue;
        }
        let row = model.argument.sums[term.sum].row;
        let Some(kind) = Model::kind(&term.tuple) else {
            findings.push(Finding::at(row, "the kind of a looked-up tuple is not constant"));
            continue;
        };
        let class = match term.weight {
            Weight::Constant(one) if one == F::ONE => 0,
            _ if term.is_entry() => 1,
            _ => 2,
        };
        kinds.entry(kind).or_default()[class].push(id);
    }
    model.argument.is_void |= !findings.is_empty();
    for (kind, [lookups, entries, weighted]) in kinds {
        let row = |ids: &[usize]| model.argument.sums[model.argument.terms[ids[0]].sum].row;
        let looked_up = !lookups.is_empty() || !entries.is_empty();
        if looked_up && !weighted.is_empty() {
            let what = format!("tuples of kind {kind} are both looked up and weighted");
            findings.push(Finding::at(row(&weighted), what));
            continue;
        }
        if model.argument.is_void {
            continue;
        }
        if !weighted.is_empty() {
            model.argument.balanced.insert(kind, weighted);
            continue;
        }
        let constants = |id: &usize| model.argument.terms[*id].constants().expect("an entry");
        let table =
            Table::new(format!("kind {kind}"), entries.iter().map(constants).collect(), Some(kind));
        model.argument.entries.insert(kind, entries);
        model.tables.push(table);
        for id in lookups {
            let term = &model.argument.terms[id];
            model.looked.push(Looked {
                table: model.tables.len() - 1,
                tuple: term.tuple.clone(),
                row: model.argument.sums[term.sum].row,
                native: None,
            });
        }
    }
    model.findings.extend(findings);
}

/// Challenges, phases, and whether each gate depends on both challenges.
fn premises<F: Scalar>(model: &Model<F>, layout: &Layout<F>, spec: &Spec) -> Vec<Finding> {
    let mut findings = Vec::new();
    if spec.theta == spec.gamma {
        findings.push(Finding::whole("θ and γ of the lookup argument are one challenge"));
    }
    let drawn = [spec.theta, spec.gamma].map(|c| model.level(model.space.challenge(c)));
    let first = drawn[0].min(drawn[1]);
    for term in &model.argument.terms {
        if let Some(late) = term.cells().into_iter().find(|cell| model.level(*cell) >= first) {
            let row = model.argument.sums[term.sum].row;
            let what = format!(
                "a looked-up tuple reads cell {:?}, which is committed when θ or γ is known",
                model.space.place(late)
            );
            findings.push(Finding::at(row, what));
            break;
        }
    }
    if model.argument.terms.is_empty() {
        findings.push(Finding::whole("no gate reads θ or γ: there is no lookup argument"));
    }
    let gates: BTreeSet<usize> = model.argument.sums.iter().map(|sum| sum.gate).collect();
    for gate in gates {
        for (name, challenge) in [("θ", spec.theta), ("γ", spec.gamma)] {
            let rows = model.argument.sums.iter().filter(|sum| sum.gate == gate);
            let depends = rows.map(|sum| sum.row).any(|row| depends(layout, gate, row, challenge));
            if !depends {
                let what = format!("`{}` does not depend on {name}", layout.gates[gate].name);
                findings.push(Finding::whole(what));
            }
        }
    }
    findings
}

/// Whether a gate's value changes with a challenge, everything else it reads being arbitrary.
fn depends<F: Scalar>(layout: &Layout<F>, gate: usize, row: usize, challenge: usize) -> bool {
    let arbitrary = |column: usize, by: i32| {
        let seed = F::from(0x9e37_79b9 + 977 * column as u64 + (by + 64) as u64);
        seed.square() * seed
    };
    let at = |value: u64| {
        layout.gates[gate].expr.evaluate(&|leaf| match *leaf {
            Expr::Advice((column, by)) => arbitrary(column, by),
            Expr::Challenge(index) if index == challenge => F::from(value),
            Expr::Challenge(index) => arbitrary(index, 63),
            ref other => layout.leaf(other, row),
        })
    };
    at(2) != at(3)
}

/// Adds up all differences that define no cell. What is left over is pinned to zero, or the sum is open.
fn loose_ends<F: Scalar>(model: &Model<F>) -> Result<Vec<u32>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut defined: HashMap<Cell, usize> = HashMap::new();
    let mut total: BTreeMap<Cell, F> = BTreeMap::new();
    for (id, sum) in model.argument.sums.iter().enumerate() {
        match sum.defined() {
            Some(cell) => {
                if defined.insert(cell, id).is_some() {
                    findings.push(Finding::at(sum.row, "a cell of the sum is defined twice"));
                }
            }
            None => {
                for (coefficient, cell) in &sum.difference {
                    *total.entry(*cell).or_insert(F::ZERO) += coefficient;
                }
            }
        }
    }
    let mut pins = Vec::new();
    for (cell, coefficient) in &total {
        if *coefficient == F::ZERO || (*coefficient == -F::ONE && defined.remove(cell).is_some()) {
            continue;
        }
        match pin(model, *cell) {
            Some(constraint) => pins.push(constraint),
            None => {
                let place = model.space.place(*cell);
                let row = *cell as usize % model.space.rows;
                let what = format!("the sum of fractions is open: {place:?} can take up any rest");
                findings.push(Finding::at(row, what));
            }
        }
    }
    // A fraction that is not in the sum shows nothing, and takes its lookups with it.
    for id in defined.into_values() {
        let sum = &model.argument.sums[id];
        let what = format!("`{}` is not part of the sum of fractions", model.gates[sum.gate]);
        findings.push(Finding::at(sum.row, what));
    }
    findings.truncate(8);
    if findings.is_empty() {
        Ok(pins)
    } else {
        Err(findings)
    }
}

/// The constraint that says that a cell is zero.
pub(crate) fn pin<F: Scalar>(model: &Model<F>, cell: Cell) -> Option<u32> {
    let zero = |id: &&u32| {
        let constraint = &model.constraints[**id as usize];
        let single = constraint.terms.len() == 1 && constraint.terms[0].1[..] == [cell];
        single && !matches!(constraint.source, Source::Definition)
    };
    model.readers[cell as usize].iter().find(zero).copied()
}

/// A cell's weight in a kind's tuples as a natural number, if it is a constant multiple of one cell.
pub(crate) fn multiple<F: Scalar>(weight: &Weight<F>) -> Option<(i128, Cell)> {
    match weight {
        Weight::Cell(by, cell) => Some((integer(*by)?, *cell)),
        _ => None,
    }
}
