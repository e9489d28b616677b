//! All identities as one straight-line program over chunks of rows.
//!
//! Challenges are constants by the time it is made (once a proof, about a millisecond). Identities that share a
//! selector are summed before it is multiplied: Σ y^e s c_e = s Σ y^e c_e.

use std::collections::HashMap;

use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};

use super::{
    loops::{multiply, multiply_by},
    protocol::{Column, Graph, Leaf, Node, Protocol},
};

/// Challenges before the quotient.
#[derive(Clone, Debug)]
pub(super) struct Challenges {
    pub(super) circuit: Vec<Fr>,
    pub(super) beta: Fr,
    pub(super) gamma: Fr,
    pub(super) y: Fr,
}

#[derive(Clone, Copy, Debug)]
enum Operand {
    Register(u32),
    Slot(u32),
    Constant(u32),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Add,
    Subtract,
    Multiply,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    kind: Kind,
    to: u32,
    a: Operand,
    b: Operand,
}

/// Steps over registers of one chunk each.
#[derive(Debug)]
pub(super) struct Program {
    steps: Vec<Step>,
    constants: Vec<Fr>,
    /// Inputs, each at a rotation.
    slots: Vec<(Leaf, i32)>,
    registers: usize,
    result: Operand,
}

/// Rows that a step handles at once: registers stay in the cache.
const CHUNK: usize = 64;

/// Whether a leaf is known to the key.
fn fixed(leaf: Leaf) -> bool {
    match leaf {
        Leaf::Cell(column, _) => matches!(column, Column::Fixed(_) | Column::Sigma(_)),
        Leaf::First | Leaf::Last | Leaf::Active | Leaf::Point => true,
        Leaf::Challenge(_) | Leaf::Beta | Leaf::Gamma => false,
    }
}

impl Program {
    /// Σ y^(count − 1 − i) · identity_i.
    pub(super) fn new(protocol: &Protocol, challenges: &Challenges) -> Self {
        let (mut graph, outputs) = bound(protocol, challenges);
        let mut is_fixed: Vec<bool> = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            is_fixed.push(match node {
                Node::Constant(_) => true,
                Node::Leaf(leaf) => fixed(*leaf),
                Node::Sum(a, b) | Node::Difference(a, b) | Node::Product(a, b) => {
                    is_fixed[*a as usize] && is_fixed[*b as usize]
                }
            });
        }
        // (selector, weighted sum of its identities), in order of first appearance.
        let one = graph.constant(Fr::ONE);
        let mut sums: Vec<(u32, u32)> = Vec::new();
        let mut place: HashMap<u32, usize> = HashMap::new();
        let weights = super::domain::powers(challenges.y, outputs.len());
        for (output, weight) in outputs.iter().zip(weights.iter().rev()) {
            let selects = |g: &Graph, s: u32, rest: u32| {
                is_fixed.get(s as usize) == Some(&true) && g.known(rest).is_none()
            };
            let (selector, rest) = match graph.node(*output) {
                Node::Product(a, b) if selects(&graph, a, b) => (a, b),
                Node::Product(a, b) if selects(&graph, b, a) => (b, a),
                _ => (one, *output),
            };
            let weight = graph.constant(*weight);
            let term = graph.product(rest, weight);
            match place.get(&selector) {
                Some(&i) => sums[i].1 = graph.sum(sums[i].1, term),
                None => {
                    place.insert(selector, sums.len());
                    sums.push((selector, term));
                }
            }
        }
        let mut total = graph.constant(Fr::ZERO);
        for (selector, sum) in sums {
            let term = graph.product(selector, sum);
            total = graph.sum(total, term);
        }
        Self::schedule(&graph, total)
    }

    /// Order by depth-first search, registers given back after their last use.
    fn schedule(graph: &Graph, root: u32) -> Self {
        let order = depth_first(graph, root);
        let mut uses = vec![0u32; graph.nodes().len()];
        for (a, b) in order.iter().filter_map(|i| graph.node(*i).operands()) {
            uses[a as usize] += 1;
            uses[b as usize] += 1;
        }
        let mut program = Self {
            steps: Vec::new(),
            constants: Vec::new(),
            slots: Vec::new(),
            registers: 0,
            result: Operand::Constant(0),
        };
        let mut place: HashMap<u32, Operand> = HashMap::new();
        let mut free: Vec<u32> = Vec::new();
        for &i in &order {
            let (kind, a, b) = match graph.node(i) {
                Node::Sum(a, b) => (Kind::Add, a, b),
                Node::Difference(a, b) => (Kind::Subtract, a, b),
                Node::Product(a, b) => (Kind::Multiply, a, b),
                input => {
                    let operand = program.input(input);
                    place.insert(i, operand);
                    continue;
                }
            };
            // Operands come first in the order.
            let (Some(&x), Some(&y)) = (place.get(&a), place.get(&b)) else { continue };
            let to = free.pop().unwrap_or_else(|| {
                program.registers += 1;
                program.registers as u32 - 1
            });
            program.steps.push(Step { kind, to, a: x, b: y });
            for node in [a, b] {
                uses[node as usize] -= 1;
                if let (0, Some(Operand::Register(r))) = (uses[node as usize], place.get(&node)) {
                    free.push(*r);
                }
            }
            place.insert(i, Operand::Register(to));
        }
        if let Some(result) = place.get(&root) {
            program.result = *result;
        }
        program
    }

    fn input(&mut self, node: Node) -> Operand {
        match node {
            Node::Leaf(leaf) => {
                let rotation = if let Leaf::Cell(_, rotation) = leaf { rotation } else { 0 };
                self.slots.push((leaf, rotation));
                Operand::Slot(self.slots.len() as u32 - 1)
            }
            Node::Constant(x) => {
                self.constants.push(x);
                Operand::Constant(self.constants.len() as u32 - 1)
            }
            // Never called for steps.
            _ => Operand::Constant(0),
        }
    }

    /// The sum in rows `start .. start + out.len()`; `column` has the n values of an input.
    pub(super) fn run<'c>(
        &self,
        start: usize,
        out: &mut [Fr],
        column: &(impl Fn(Leaf) -> &'c [Fr] + ?Sized),
    ) {
        let columns: Vec<&[Fr]> = self.slots.iter().map(|(leaf, _)| column(*leaf)).collect();
        let mut machine = Machine {
            program: self,
            columns,
            registers: vec![vec![Fr::ZERO; CHUNK]; self.registers],
            wrapped: vec![Vec::new(); self.slots.len()],
            start: 0,
            len: 0,
        };
        for (i, out) in out.chunks_mut(CHUNK).enumerate() {
            machine.load(start + i * CHUNK, out.len());
            self.steps.iter().for_each(|step| machine.step(step));
            match self.result {
                Operand::Constant(c) => {
                    out.fill(self.constants.get(c as usize).copied().unwrap_or(Fr::ZERO));
                }
                other => out.copy_from_slice(machine.read(other)),
            }
        }
    }
}

/// The protocol's identities with every challenge a constant, folded as far as that allows.
fn bound(protocol: &Protocol, challenges: &Challenges) -> (Graph, Vec<u32>) {
    let mut graph = Graph::default();
    let mut at: Vec<u32> = Vec::new();
    for node in protocol.identities().nodes() {
        let to = |i: u32| at[i as usize];
        let new = match *node {
            Node::Constant(x) => graph.constant(x),
            Node::Leaf(Leaf::Challenge(i)) => graph.constant(challenges.circuit[i as usize]),
            Node::Leaf(Leaf::Beta) => graph.constant(challenges.beta),
            Node::Leaf(Leaf::Gamma) => graph.constant(challenges.gamma),
            Node::Leaf(leaf) => graph.leaf(leaf),
            Node::Sum(a, b) => graph.sum(to(a), to(b)),
            Node::Difference(a, b) => graph.difference(to(a), to(b)),
            Node::Product(a, b) => graph.product(to(a), to(b)),
        };
        at.push(new);
    }
    (graph, protocol.outputs().iter().map(|i| at[*i as usize]).collect())
}

/// What the root needs, operands first, the left ones before the right ones: the running sum is on the left, so few
/// terms are alive at once.
fn depth_first(graph: &Graph, root: u32) -> Vec<u32> {
    let mut order = Vec::new();
    let mut seen = vec![false; graph.nodes().len()];
    let mut stack = vec![(root, false)];
    while let Some((i, done)) = stack.pop() {
        if done {
            order.push(i);
            continue;
        }
        if std::mem::replace(&mut seen[i as usize], true) {
            continue;
        }
        stack.push((i, true));
        if let Some((a, b)) = graph.node(i).operands() {
            stack.push((b, false));
            stack.push((a, false));
        }
    }
    order
}

/// The state of one run.
struct Machine<'p, 'c> {
    program: &'p Program,
    columns: Vec<&'c [Fr]>,
    registers: Vec<Vec<Fr>>,
    /// Copies of inputs whose chunk crosses the end of the column.
    wrapped: Vec<Vec<Fr>>,
    start: usize,
    len: usize,
}

impl Machine<'_, '_> {
    fn first(&self, slot: usize) -> usize {
        let n = self.columns[slot].len() as i64;
        (self.start as i64 + i64::from(self.program.slots[slot].1)).rem_euclid(n.max(1)) as usize
    }

    fn load(&mut self, start: usize, len: usize) {
        (self.start, self.len) = (start, len);
        for slot in 0..self.columns.len() {
            let (first, column) = (self.first(slot), self.columns[slot]);
            let copy = &mut self.wrapped[slot];
            copy.clear();
            if first + len > column.len() {
                copy.extend_from_slice(&column[first..]);
                copy.extend_from_slice(&column[..len - (column.len() - first)]);
            }
        }
    }

    fn read(&self, operand: Operand) -> &[Fr] {
        match operand {
            Operand::Register(r) => &self.registers[r as usize][..self.len],
            Operand::Slot(s) => {
                let s = s as usize;
                if self.wrapped[s].is_empty() {
                    let first = self.first(s);
                    &self.columns[s][first..first + self.len]
                } else {
                    &self.wrapped[s]
                }
            }
            Operand::Constant(_) => &[],
        }
    }

    fn step(&mut self, step: &Step) {
        use Operand::Constant;
        let mut register = std::mem::take(&mut self.registers[step.to as usize]);
        let to = &mut register[..self.len];
        let constant = |c: u32| self.program.constants[c as usize];
        match (step.kind, step.a, step.b) {
            (Kind::Add, Constant(c), x) | (Kind::Add, x, Constant(c)) => {
                let c = constant(c);
                to.iter_mut().zip(self.read(x)).for_each(|(to, x)| *to = *x + c);
            }
            (Kind::Multiply, Constant(c), x) | (Kind::Multiply, x, Constant(c)) => {
                let c = constant(c);
                multiply_by(to, self.read(x), c);
            }
            (Kind::Subtract, Constant(c), x) => {
                let c = constant(c);
                to.iter_mut().zip(self.read(x)).for_each(|(to, x)| *to = c - x);
            }
            (Kind::Subtract, x, Constant(c)) => {
                let c = constant(c);
                to.iter_mut().zip(self.read(x)).for_each(|(to, x)| *to = *x - c);
            }
            (kind, a, b) => {
                let (a, b) = (self.read(a), self.read(b));
                let pairs = to.iter_mut().zip(a.iter().zip(b));
                match kind {
                    Kind::Add => pairs.for_each(|(to, (a, b))| *to = *a + b),
                    Kind::Subtract => pairs.for_each(|(to, (a, b))| *to = *a - b),
                    Kind::Multiply => multiply(to, a, b),
                }
            }
        }
        self.registers[step.to as usize] = register;
    }
}
