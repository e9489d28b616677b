//! The circuit's identities as one list of nodes, equal nodes being one node.
//!
//! The prover compiles it, the verifier walks it, a generator of contracts prints it. A node's operands come before
//! it, so one pass in order computes everything.

use std::collections::HashMap;

use halo2_proofs::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::Expression,
};

/// A column of the protocol, by index within its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// Witness, committed in the round of its phase.
    Advice(u32),
    /// A grand product of the permutation argument.
    Product(u32),
    /// The mask that hides the quotient; not part of any identity.
    Mask,
    /// Fixed at key generation, compressed selectors among them.
    Fixed(u32),
    /// The permutation of the column at this place of the permutation's list.
    Sigma(u32),
    /// Public inputs: the verifier evaluates it itself.
    Instance(u32),
}

/// What an identity reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaf {
    /// A column at a rotation: p(ω^rotation · X).
    Cell(Column, i32),
    /// A challenge of the circuit's own.
    Challenge(u32),
    /// The permutation's β.
    Beta,
    /// The permutation's γ.
    Gamma,
    /// l_0: one in row 0, zero in all others.
    First,
    /// l_last: one in the last usable row's successor, n − blinding − 1.
    Last,
    /// Π (X − ω^i) over the rows from l_last's on: zero there, not zero in any row before.
    Active,
    /// X itself.
    Point,
}

/// One step; operands are indices of earlier nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A constant.
    Constant(Fr),
    /// An input.
    Leaf(Leaf),
    /// a + b
    Sum(u32, u32),
    /// a − b
    Difference(u32, u32),
    /// a · b
    Product(u32, u32),
}

impl Node {
    /// The nodes that it reads.
    pub fn operands(&self) -> Option<(u32, u32)> {
        match *self {
            Node::Constant(_) | Node::Leaf(_) => None,
            Node::Sum(a, b) | Node::Difference(a, b) | Node::Product(a, b) => Some((a, b)),
        }
    }
}

/// Nodes in order, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
    index: HashMap<Node, u32>,
}

impl Graph {
    /// The nodes; operands come first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node at an index.
    pub(crate) fn node(&self, i: u32) -> Node {
        self.nodes[i as usize]
    }

    /// Adds a node as it is, or finds its equal.
    pub(crate) fn push(&mut self, node: Node) -> u32 {
        *self.index.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            self.nodes.len() as u32 - 1
        })
    }

    pub(crate) fn constant(&mut self, x: Fr) -> u32 {
        self.push(Node::Constant(x))
    }

    pub(crate) fn leaf(&mut self, leaf: Leaf) -> u32 {
        self.push(Node::Leaf(leaf))
    }

    /// The value of a constant node.
    pub(crate) fn known(&self, i: u32) -> Option<Fr> {
        match self.node(i) {
            Node::Constant(x) => Some(x),
            _ => None,
        }
    }

    /// b, where the node is 0 − b.
    fn negated(&self, i: u32) -> Option<u32> {
        match self.node(i) {
            Node::Difference(zero, b) if self.known(zero) == Some(Fr::ZERO) => Some(b),
            _ => None,
        }
    }

    pub(crate) fn sum(&mut self, a: u32, b: u32) -> u32 {
        match (self.known(a), self.known(b)) {
            (Some(x), Some(y)) => self.constant(x + y),
            (Some(x), None) if x == Fr::ZERO => b,
            (None, Some(y)) if y == Fr::ZERO => a,
            _ => match (self.negated(a), self.negated(b)) {
                (_, Some(b)) => self.difference(a, b),
                (Some(a), None) => self.difference(b, a),
                (None, None) => self.push(Node::Sum(a.min(b), a.max(b))),
            },
        }
    }

    pub(crate) fn difference(&mut self, a: u32, b: u32) -> u32 {
        match (self.known(a), self.known(b)) {
            (Some(x), Some(y)) => self.constant(x - y),
            (_, Some(y)) if y == Fr::ZERO => a,
            _ => match self.negated(b) {
                Some(b) => self.sum(a, b),
                None => self.push(Node::Difference(a, b)),
            },
        }
    }

    pub(crate) fn negate(&mut self, a: u32) -> u32 {
        let zero = self.constant(Fr::ZERO);
        self.difference(zero, a)
    }

    pub(crate) fn product(&mut self, a: u32, b: u32) -> u32 {
        match (self.known(a), self.known(b)) {
            (Some(x), Some(y)) => self.constant(x * y),
            (Some(_), None) => self.scaled(b, a),
            (None, Some(_)) => self.scaled(a, b),
            (None, None) => self.push(Node::Product(a.min(b), a.max(b))),
        }
    }

    /// a · b, b a constant and a none.
    fn scaled(&mut self, a: u32, b: u32) -> u32 {
        let y = self.known(b).unwrap_or(Fr::ONE);
        if y == Fr::ZERO {
            return b;
        }
        if y == Fr::ONE {
            return a;
        }
        if y == Fr::from(2) {
            return self.push(Node::Sum(a, a));
        }
        if y == -Fr::ONE {
            return self.negate(a);
        }
        // (c · x) · y = c · (x y); constants stand on the right.
        if let Node::Product(c, d) = self.node(a) {
            if let Some(x) = self.known(d) {
                let xy = self.constant(x * y);
                return self.product(c, xy);
            }
        }
        self.push(Node::Product(a, b))
    }

    /// A gate of the front end. Selectors have been compressed into fixed columns before.
    pub(crate) fn expression(&mut self, e: &Expression<Fr>) -> u32 {
        let cell = |column: Column, rotation: i32| Leaf::Cell(column, rotation);
        match e {
            Expression::Constant(x) => self.constant(*x),
            // Replaced by `compress_selectors`; a zero here would only refuse proofs.
            Expression::Selector(_) => self.constant(Fr::ZERO),
            Expression::Fixed(q) => {
                self.leaf(cell(Column::Fixed(q.column_index() as u32), q.rotation().0))
            }
            Expression::Advice(q) => {
                self.leaf(cell(Column::Advice(q.column_index() as u32), q.rotation().0))
            }
            Expression::Instance(q) => {
                self.leaf(cell(Column::Instance(q.column_index() as u32), q.rotation().0))
            }
            Expression::Challenge(c) => self.leaf(Leaf::Challenge(c.index() as u32)),
            Expression::Negated(a) => {
                let a = self.expression(a);
                self.negate(a)
            }
            Expression::Sum(a, b) => {
                let (a, b) = (self.expression(a), self.expression(b));
                self.sum(a, b)
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.expression(a), self.expression(b));
                self.product(a, b)
            }
            Expression::Scaled(a, x) => {
                let a = self.expression(a);
                let x = self.constant(*x);
                self.product(a, x)
            }
        }
    }

    /// The same graph without nodes that no root needs; the roots' new indices.
    pub(crate) fn pruned(&self, roots: &[u32]) -> (Self, Vec<u32>) {
        let mut needed = vec![false; self.nodes.len()];
        for root in roots {
            needed[*root as usize] = true;
        }
        for i in (0..self.nodes.len()).rev() {
            if let (true, Some((a, b))) = (needed[i], self.nodes[i].operands()) {
                needed[a as usize] = true;
                needed[b as usize] = true;
            }
        }
        let mut out = Graph::default();
        let mut at = vec![0; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
            let to = |i: u32| at[i as usize];
            at[i] = out.push(match *node {
                Node::Constant(_) | Node::Leaf(_) => *node,
                Node::Sum(a, b) => Node::Sum(to(a), to(b)),
                Node::Difference(a, b) => Node::Difference(to(a), to(b)),
                Node::Product(a, b) => Node::Product(to(a), to(b)),
            });
        }
        (out, roots.iter().map(|r| at[*r as usize]).collect())
    }

    /// Highest degree of each node in the columns, and in l_0 and l_last, which have a column's degree.
    pub(crate) fn degrees(&self) -> Vec<usize> {
        let mut out: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let degree = |i: u32| out[i as usize];
            out.push(match *node {
                Node::Leaf(Leaf::Cell(..) | Leaf::First | Leaf::Last) => 1,
                Node::Constant(_) | Node::Leaf(_) => 0,
                Node::Sum(a, b) | Node::Difference(a, b) => degree(a).max(degree(b)),
                Node::Product(a, b) => degree(a).saturating_add(degree(b)),
            });
        }
        out
    }

    /// The value of every node.
    pub(crate) fn evaluate(&self, mut leaf: impl FnMut(Leaf) -> Fr) -> Vec<Fr> {
        let mut out: Vec<Fr> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let at = |i: u32| out[i as usize];
            out.push(match *node {
                Node::Constant(x) => x,
                Node::Leaf(l) => leaf(l),
                Node::Sum(a, b) => at(a) + at(b),
                Node::Difference(a, b) => at(a) - at(b),
                Node::Product(a, b) => at(a) * at(b),
            });
        }
        out
    }

    /// Every leaf, in order of first appearance.
    pub fn leaves(&self) -> impl Iterator<Item = Leaf> + '_ {
        self.nodes.iter().filter_map(|node| match node {
            Node::Leaf(leaf) => Some(*leaf),
            _ => None,
        })
    }
}
