//! What the circuit fixes, before any choice of ours: sizes, phases, gates, permuted columns.

use halo2_proofs::{
    halo2curves::{
        bn256::Fr,
        ff::{Field, PrimeField},
    },
    plonk::{self, Any, ConstraintSystem},
};

use super::{
    super::error::{Error, Result},
    expression::{Column, Graph, Leaf, Node},
};

/// Most columns of one kind, challenges, gates and instance values; far above any circuit, so that
/// no key makes a reader reserve much memory.
const MOST: usize = 1 << 16;
/// Most phases: what the front end has.
const MOST_PHASES: usize = 3;
/// A grand product is opened at up to three points, and its commitment takes one random row more.
const LEAST_BLINDING: usize = 4;
/// Highest degree of an identity.
const MOST_DEGREE: usize = 64;

/// A circuit as the proof system sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Binary logarithm of the number of rows n.
    pub k: u32,
    /// Degree of the identities, at least 3; the quotient has degree below (degree − 1)·n.
    pub degree: usize,
    /// Rows behind l_last's, all random; l_last's own row is random in advice columns.
    pub blinding: usize,
    /// Phase of each advice column, from 0.
    pub advice_phases: Vec<u8>,
    /// Number of fixed columns.
    pub fixed: usize,
    /// Number of public inputs in each instance column, from row 0.
    pub public_inputs: Vec<usize>,
    /// For each of the circuit's challenges, the phase that it follows.
    pub challenge_phases: Vec<u8>,
    /// Columns of the permutation argument, in its order.
    pub permutation: Vec<Column>,
    /// The gates' nodes.
    pub gates: Graph,
    /// The gates' results, each zero on the domain; in the order of the front end.
    pub gate_outputs: Vec<u32>,
}

/// The front end's column, as ours.
pub(crate) fn column(c: &plonk::Column<Any>) -> Column {
    match c.column_type() {
        Any::Advice(_) => Column::Advice(c.index() as u32),
        Any::Fixed => Column::Fixed(c.index() as u32),
        Any::Instance => Column::Instance(c.index() as u32),
    }
}

fn at_most(what: &'static str, got: usize, most: usize) -> Result<()> {
    if got > most {
        return Err(Error::TooMany { what, got, most });
    }
    Ok(())
}

impl Shape {
    /// From a constraint system whose selectors have been compressed.
    ///
    /// # Errors
    /// [`Error::Lookups`]; [`Error::Rows`]; [`Error::TooMany`].
    pub fn new(cs: &ConstraintSystem<Fr>, k: u32, public_inputs: &[usize]) -> Result<Self> {
        if !cs.lookups().is_empty() {
            return Err(Error::Lookups { count: cs.lookups().len() });
        }
        if public_inputs.len() != cs.num_instance_columns() {
            return Err(Error::PublicInputs {
                expected: vec![0; cs.num_instance_columns()],
                got: public_inputs.to_vec(),
            });
        }
        let mut gates = Graph::default();
        let outputs: Vec<u32> = cs
            .gates()
            .iter()
            .flat_map(|gate| gate.polynomials())
            .map(|polynomial| gates.expression(polynomial))
            .collect();
        let (gates, gate_outputs) = gates.pruned(&outputs);
        let (gates, gate_outputs) = normalised(&gates, k, &gate_outputs);
        let degree = gates.degrees().into_iter().max().unwrap_or(0);
        let shape = Self {
            k,
            degree: degree.max(3).max(cs.minimum_degree().unwrap_or(0)),
            blinding: cs.blinding_factors(),
            advice_phases: cs.advice_column_phase(),
            fixed: cs.num_fixed_columns(),
            public_inputs: public_inputs.to_vec(),
            challenge_phases: cs.challenge_phase(),
            permutation: cs.permutation().get_columns().iter().map(column).collect(),
            gates,
            gate_outputs,
        };
        shape.check()?;
        Ok(shape)
    }

    /// Number of rows n.
    pub fn rows(&self) -> usize {
        1 << self.k
    }

    /// Rows that the circuit may fill, from row 0.
    pub fn usable_rows(&self) -> usize {
        self.rows() - self.blinding - 1
    }

    /// Permuted columns that share a grand product.
    pub fn chunk(&self) -> usize {
        self.degree - 2
    }

    /// Grand products.
    pub fn products(&self) -> usize {
        self.permutation.len().div_ceil(self.chunk())
    }

    /// Parts of n values that determine the quotient.
    pub fn parts(&self) -> usize {
        self.degree - 1
    }

    /// Number of phases of the circuit; at least one.
    pub fn phases(&self) -> usize {
        self.advice_phases.iter().max().map_or(1, |p| *p as usize + 1)
    }

    /// A rotation modulo n, within (−n/2, n/2].
    pub(crate) fn rotation(k: u32, rotation: i32) -> i32 {
        let n = 1i64 << k;
        let r = i64::from(rotation).rem_euclid(n);
        (if r > n / 2 { r - n } else { r }) as i32
    }

    fn has(&self, column: Column) -> bool {
        match column {
            Column::Advice(i) => (i as usize) < self.advice_phases.len(),
            Column::Fixed(i) => (i as usize) < self.fixed,
            Column::Instance(i) => (i as usize) < self.public_inputs.len(),
            Column::Product(_) | Column::Mask | Column::Sigma(_) => false,
        }
    }

    /// Everything that later code takes for granted.
    pub(crate) fn check(&self) -> Result<()> {
        let malformed = |what| Err(Error::Malformed { at: 0, what });
        at_most("rows' logarithm", self.k as usize, 24)?;
        at_most("degree", self.degree, MOST_DEGREE)?;
        at_most("blinding rows", self.blinding, MOST)?;
        at_most("advice columns", self.advice_phases.len(), MOST)?;
        at_most("fixed columns", self.fixed, MOST)?;
        at_most("instance columns", self.public_inputs.len(), MOST)?;
        at_most("challenges", self.challenge_phases.len(), MOST)?;
        at_most("gates", self.gate_outputs.len(), MOST)?;
        at_most("permuted columns", self.permutation.len(), MOST)?;
        at_most("phases", self.phases(), MOST_PHASES)?;
        if self.blinding < LEAST_BLINDING {
            return malformed("too few blinding rows for a grand product");
        }
        let needed = self.blinding + 4;
        if self.rows() < needed {
            return Err(Error::Rows { k: self.k, needed });
        }
        if self.degree < 3 || self.k + (self.parts() as u32).next_power_of_two().ilog2() > Fr::S {
            return malformed("a degree that does not fit the field's domains");
        }
        for count in &self.public_inputs {
            at_most("public inputs", *count, self.usable_rows())?;
        }
        if self.challenge_phases.iter().any(|p| usize::from(*p) >= self.phases()) {
            return malformed("a challenge after a phase that has no column");
        }
        let mut permuted = self.permutation.clone();
        permuted.sort_unstable();
        permuted.dedup();
        if permuted.len() != self.permutation.len() || !permuted.iter().all(|c| self.has(*c)) {
            return malformed("a permuted column that is not there, or twice");
        }
        for leaf in self.gates.leaves() {
            let fine = match leaf {
                Leaf::Cell(column, rotation) => {
                    self.has(column) && Self::rotation(self.k, rotation) == rotation
                }
                Leaf::Challenge(i) => (i as usize) < self.challenge_phases.len(),
                _ => false,
            };
            if !fine {
                return malformed("a gate reads what is not there");
            }
        }
        let degrees = self.gates.degrees();
        if degrees.iter().any(|d| *d > self.degree) {
            return malformed("a gate above the stated degree");
        }
        Ok(())
    }

    /// All identities: the gates, then the permutation argument's, in the order of the verifier's sum.
    ///
    /// With columns p_0, p_1, … in chunks of `chunk`, z_i the product of chunk i, last = −(blinding + 1):
    ///
    /// ```text
    /// l_0 · (1 − z_0)
    /// l_last · (z_last² − z_last)
    /// l_0 · (z_i − z_{i−1}(ω^last X))                                                     for i > 0
    /// active · (z_i(ωX) Π (p_j + β σ_j + γ) − z_i Π (p_j + β δ^j X + γ))                  for each i
    /// ```
    pub(super) fn identities(&self) -> (Graph, Vec<u32>) {
        let mut g = self.gates.clone();
        let mut out = self.gate_outputs.clone();
        let products = self.products();
        if products == 0 {
            return (g, out);
        }
        let z = |g: &mut Graph, i: usize, rotation: i32| {
            g.leaf(Leaf::Cell(Column::Product(i as u32), Self::rotation(self.k, rotation)))
        };
        let one = g.constant(Fr::ONE);
        let first = g.leaf(Leaf::First);
        let last = g.leaf(Leaf::Last);
        let active = g.leaf(Leaf::Active);
        let z0 = z(&mut g, 0, 0);
        let begins = g.difference(one, z0);
        out.push(g.product(first, begins));
        let end = z(&mut g, products - 1, 0);
        let square = g.product(end, end);
        let bit = g.difference(square, end);
        out.push(g.product(last, bit));
        for i in 1..products {
            let here = z(&mut g, i, 0);
            let before = z(&mut g, i - 1, -(self.blinding as i32 + 1));
            let joined = g.difference(here, before);
            out.push(g.product(first, joined));
        }
        let (beta, gamma) = (g.leaf(Leaf::Beta), g.leaf(Leaf::Gamma));
        let x = g.leaf(Leaf::Point);
        let beta_x = g.product(beta, x);
        let mut delta = Fr::ONE;
        for (i, columns) in self.permutation.chunks(self.chunk()).enumerate() {
            let (mut left, mut right) = (z(&mut g, i, 1), z(&mut g, i, 0));
            for (j, column) in columns.iter().enumerate() {
                let value = g.leaf(Leaf::Cell(*column, 0));
                let value = g.sum(value, gamma);
                let sigma = Column::Sigma((i * self.chunk() + j) as u32);
                let sigma = g.leaf(Leaf::Cell(sigma, 0));
                let image = g.product(beta, sigma);
                let factor = g.sum(value, image);
                left = g.product(left, factor);
                let coset = g.constant(delta);
                let own = g.product(beta_x, coset);
                let factor = g.sum(value, own);
                right = g.product(right, factor);
                delta *= Fr::DELTA;
            }
            let equal = g.difference(left, right);
            out.push(g.product(equal, active));
        }
        (g, out)
    }
}

/// The same gates with every rotation modulo n.
fn normalised(gates: &Graph, k: u32, outputs: &[u32]) -> (Graph, Vec<u32>) {
    let mut out = Graph::default();
    let mut at: Vec<u32> = Vec::with_capacity(gates.nodes().len());
    for node in gates.nodes() {
        let to = |i: u32| at[i as usize];
        let new = match *node {
            Node::Leaf(Leaf::Cell(column, r)) => {
                Node::Leaf(Leaf::Cell(column, Shape::rotation(k, r)))
            }
            Node::Constant(_) | Node::Leaf(_) => *node,
            Node::Sum(a, b) => Node::Sum(to(a), to(b)),
            Node::Difference(a, b) => Node::Difference(to(a), to(b)),
            Node::Product(a, b) => Node::Product(to(a), to(b)),
        };
        at.push(out.push(new));
    }
    let outputs: Vec<u32> = outputs.iter().map(|i| at[*i as usize]).collect();
    out.pruned(&outputs)
}
