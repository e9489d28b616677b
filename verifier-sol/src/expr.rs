//! Gate expressions as a graph in which equal subexpressions are one node.
//!
//! Nodes are made through constructors that fold constants and negations, so that the code printed
//! from the graph ([`crate::yul`]) never multiplies by one, adds zero or negates twice. The graph
//! keeps the shape in which the circuit's author wrote the expressions: a sum that several gates
//! share stays shared.

use std::collections::BTreeMap;

use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{ConstraintSystem, Expression},
};

use zkdkim_plonk::words::{scalar_word, Word};

use crate::{
    error::{unsupported, Result},
    plan::Eval,
};

/// Index of a node.
pub(crate) type Id = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    /// Big-endian, so that the order is that of numbers.
    Constant(Word),
    Eval(Eval),
    Challenge(usize),
    Add(Id, Id),
    Sub(Id, Id),
    Neg(Id),
    Mul(Id, Id),
}

/// One gate: its name and its polynomials with the names of their constraints.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub name: String,
    pub polys: Vec<(String, Id)>,
}

/// The graph of all gates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    interned: BTreeMap<Node, Id>,
    pub gates: Vec<Gate>,
}

impl Graph {
    /// The gates of a constraint system, in their order.
    pub fn new(cs: &ConstraintSystem<Fr>) -> Result<Self> {
        let mut graph = Self::default();
        let queries = Queries::new(cs);
        for gate in cs.gates() {
            let mut polys = vec![];
            for (i, poly) in gate.polynomials().iter().enumerate() {
                let id = graph.expression(&queries, poly)?;
                polys.push((gate.constraint_name(i).to_owned(), id));
            }
            graph.gates.push(Gate { name: gate.name().to_owned(), polys });
        }
        Ok(graph)
    }

    fn expression(&mut self, queries: &Queries, expression: &Expression<Fr>) -> Result<Id> {
        Ok(match expression {
            Expression::Constant(value) => self.constant(value),
            Expression::Selector(_) => return Err(unsupported("virtual selectors in a gate")),
            Expression::Fixed(q) => {
                let index = queries.fixed.get(&(q.column_index(), q.rotation().0));
                self.intern(Node::Eval(Eval::Fixed(known(index)?)))
            }
            Expression::Advice(q) => {
                let index = queries.advice.get(&(q.column_index(), q.rotation().0));
                self.intern(Node::Eval(Eval::Advice(known(index)?)))
            }
            Expression::Instance(q) => {
                let index = queries.instance.get(&(q.column_index(), q.rotation().0));
                self.intern(Node::Eval(Eval::Instance(known(index)?)))
            }
            Expression::Challenge(c) => self.intern(Node::Challenge(c.index())),
            Expression::Negated(a) => {
                let a = self.expression(queries, a)?;
                self.neg(a)
            }
            Expression::Sum(a, b) => {
                let (a, b) = (self.expression(queries, a)?, self.expression(queries, b)?);
                self.add(a, b)
            }
            Expression::Product(a, b) => {
                let (a, b) = (self.expression(queries, a)?, self.expression(queries, b)?);
                self.mul(a, b)
            }
            Expression::Scaled(a, factor) => {
                let (a, factor) = (self.expression(queries, a)?, self.constant(factor));
                self.mul(a, factor)
            }
        })
    }

    fn intern(&mut self, node: Node) -> Id {
        if let Some(&id) = self.interned.get(&node) {
            return id;
        }
        self.nodes.push(node);
        self.interned.insert(node, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// Constants above half the order are kept as negations of small ones where that is shorter.
    fn constant(&mut self, value: &Fr) -> Id {
        let negated = scalar_word(&-value);
        let small = negated[..24].iter().all(|&byte| byte == 0);
        if small && !bool::from(value.is_zero()) {
            let id = self.intern(Node::Constant(negated));
            self.intern(Node::Neg(id))
        } else {
            self.intern(Node::Constant(scalar_word(value)))
        }
    }

    /// The value of a constant node, negated ones included.
    fn value(&self, id: Id) -> Option<Fr> {
        let scalar = |word| zkdkim_plonk::words::word_scalar(word).expect("made from a scalar");
        match &self.nodes[id] {
            Node::Constant(word) => Some(scalar(word)),
            Node::Neg(inner) => match &self.nodes[*inner] {
                Node::Constant(word) => Some(-scalar(word)),
                _ => None,
            },
            _ => None,
        }
    }

    fn neg(&mut self, a: Id) -> Id {
        if let Some(value) = self.value(a) {
            return self.constant(&-value);
        }
        match self.nodes[a] {
            Node::Neg(inner) => inner,
            Node::Sub(x, y) => self.intern(Node::Sub(y, x)),
            _ => self.intern(Node::Neg(a)),
        }
    }

    fn add(&mut self, a: Id, b: Id) -> Id {
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.constant(&(x + y)),
            (Some(x), None) if bool::from(x.is_zero()) => return b,
            (None, Some(y)) if bool::from(y.is_zero()) => return a,
            _ => {}
        }
        match (self.nodes[a], self.nodes[b]) {
            (Node::Neg(x), Node::Neg(y)) => {
                let sum = self.add(x, y);
                self.neg(sum)
            }
            (_, Node::Neg(y)) => self.sub(a, y),
            (Node::Neg(x), _) => self.sub(b, x),
            _ => self.intern(Node::Add(a.min(b), a.max(b))),
        }
    }

    fn sub(&mut self, a: Id, b: Id) -> Id {
        if a == b {
            return self.constant(&Fr::ZERO);
        }
        self.intern(Node::Sub(a, b))
    }

    fn mul(&mut self, a: Id, b: Id) -> Id {
        let one = Fr::ONE;
        match (self.value(a), self.value(b)) {
            (Some(x), Some(y)) => return self.constant(&(x * y)),
            (Some(x), None) => return self.scale(b, x),
            (None, Some(y)) => return self.scale(a, y),
            _ => {}
        }
        debug_assert_ne!(self.value(a), Some(one));
        match (self.nodes[a], self.nodes[b]) {
            (Node::Neg(x), Node::Neg(y)) => self.mul(x, y),
            (Node::Neg(x), _) => {
                let product = self.mul(x, b);
                self.neg(product)
            }
            (_, Node::Neg(y)) => {
                let product = self.mul(a, y);
                self.neg(product)
            }
            _ => self.intern(Node::Mul(a.min(b), a.max(b))),
        }
    }

    fn scale(&mut self, a: Id, factor: Fr) -> Id {
        if bool::from(factor.is_zero()) {
            return self.constant(&Fr::ZERO);
        }
        if factor == Fr::ONE {
            return a;
        }
        let (a, factor) = match self.nodes[a] {
            Node::Neg(inner) => (inner, -factor),
            _ => (a, factor),
        };
        let constant = self.constant(&factor);
        match self.nodes[constant] {
            Node::Neg(_) if factor == -Fr::ONE => self.neg(a),
            Node::Neg(positive) => {
                let product = self.intern(Node::Mul(a.min(positive), a.max(positive)));
                self.neg(product)
            }
            _ => self.intern(Node::Mul(a.min(constant), a.max(constant))),
        }
    }
}

fn known(index: Option<&usize>) -> Result<usize> {
    index.copied().ok_or_else(|| unsupported("a gate with a query that the key does not list"))
}

/// Positions of queries, by column and rotation.
struct Queries {
    advice: BTreeMap<(usize, i32), usize>,
    fixed: BTreeMap<(usize, i32), usize>,
    instance: BTreeMap<(usize, i32), usize>,
}

impl Queries {
    fn new(cs: &ConstraintSystem<Fr>) -> Self {
        let map = |keys: Vec<(usize, i32)>| keys.into_iter().zip(0..).collect();
        Self {
            advice: map(cs.advice_queries().iter().map(|(c, r)| (c.index(), r.0)).collect()),
            fixed: map(cs.fixed_queries().iter().map(|(c, r)| (c.index(), r.0)).collect()),
            instance: map(cs.instance_queries().iter().map(|(c, r)| (c.index(), r.0)).collect()),
        }
    }
}
