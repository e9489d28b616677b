//! Prints the graph of gate expressions as straight-line Yul.
//!
//! # Arithmetic
//!
//! A product is one `mulmod`. A sum is a plain `add` as long as its operands, each at most a known
//! multiple of r, stay below 5r < 2^256, and a difference adds r − b; `addmod` reduces only where
//! the bound would be passed. What is used more than once is stored in memory and read back: a
//! read costs 6 gas, the cheapest operation on two operands 15.
//!
//! # Stack
//!
//! Yul evaluates arguments from right to left, so the deeper operand is printed last. A
//! subexpression that would still need more than [`MAX_DEPTH`] stack slots goes through memory.

use std::collections::BTreeMap;
use std::fmt::Write;

use zkdkim_plonk::words::Word;

use crate::{
    expr::{Gate, Graph, Id, Node},
    literal::{hex_word, small_word},
    memory::{GateSizes, Memory},
};

/// Stack slots that one expression may take; the EVM reaches 16, the frame around it takes five.
pub(crate) const MAX_DEPTH: usize = 8;
/// The largest k with k·r < 2^256.
pub(crate) const MAX_BOUND: u8 = 5;

/// A printed expression whose value is at most `bound`·r.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub text: String,
    pub bound: u8,
    pub depth: usize,
}

impl Code {
    pub fn leaf(text: String, bound: u8) -> Self {
        Self { text, bound, depth: 1 }
    }
}

/// The functions of all gates, and what they need.
#[derive(Clone, Debug)]
pub(crate) struct Printed {
    /// Yul functions `gate_i(acc, y, r) -> out`.
    pub functions: String,
    /// Constants that are too long to stand in the code.
    pub literals: Vec<Word>,
    /// Memory words for shared subexpressions.
    pub slots: usize,
}

impl Printed {
    /// What the memory layout has to make room for.
    pub fn sizes(&self) -> GateSizes {
        GateSizes { literals: self.literals.len(), slots: self.slots }
    }
}

/// Prints all gates against a memory layout.
pub(crate) fn print_gates(graph: &Graph, memory: &Memory, indent: usize) -> Printed {
    let mut printer = Printer {
        graph,
        memory,
        uses: count_uses(graph),
        stored: BTreeMap::new(),
        slots: 0,
        literals: vec![],
        statements: vec![],
    };
    let mut functions = String::new();
    let pad = " ".repeat(indent);
    for (index, gate) in graph.gates.iter().enumerate() {
        printer.gate(gate);
        let _ = writeln!(functions, "{pad}// {}", comment(&gate.name));
        let _ = writeln!(functions, "{pad}function gate_{index}(acc, y, r) -> out {{");
        let _ = writeln!(functions, "{pad}    out := acc");
        for statement in printer.statements.drain(..) {
            let _ = writeln!(functions, "{pad}    {statement}");
        }
        let _ = writeln!(functions, "{pad}}}");
    }
    Printed { functions, literals: printer.literals, slots: printer.slots }
}

/// Names of gates come from circuits: nothing of them may end the comment or mislead a reader.
fn comment(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).take(80).collect()
}

/// How often each node is read, over all gates. A node that is read by several polynomials counts
/// once for each, one that only a shared node reads counts once.
fn count_uses(graph: &Graph) -> Vec<usize> {
    let mut uses = vec![0; graph.nodes.len()];
    for (_, root) in graph.gates.iter().flat_map(|gate| &gate.polys) {
        let mut pending = vec![*root];
        while let Some(id) = pending.pop() {
            uses[id] += 1;
            if uses[id] == 1 {
                match graph.nodes[id] {
                    Node::Add(a, b) | Node::Sub(a, b) | Node::Mul(a, b) => pending.extend([a, b]),
                    Node::Neg(a) => pending.push(a),
                    _ => {}
                }
            }
        }
    }
    uses
}

struct Printer<'a> {
    graph: &'a Graph,
    memory: &'a Memory,
    uses: Vec<usize>,
    stored: BTreeMap<Id, Code>,
    slots: usize,
    literals: Vec<Word>,
    statements: Vec<String>,
}

impl Printer<'_> {
    fn gate(&mut self, gate: &Gate) {
        for (name, root) in &gate.polys {
            if !name.is_empty() {
                self.statements.push(format!("// {}", comment(name)));
            }
            let code = self.value(*root);
            self.statements.push(format!("out := addmod(mulmod(out, y, r), {}, r)", code.text));
        }
    }

    /// An expression for a node; shared nodes are stored first and read.
    fn value(&mut self, id: Id) -> Code {
        if let Some(code) = self.stored.get(&id) {
            return code.clone();
        }
        let code = self.compute(id);
        let constant = match self.graph.nodes[id] {
            Node::Constant(_) | Node::Eval(_) | Node::Challenge(_) => true,
            Node::Neg(a) => matches!(self.graph.nodes[a], Node::Constant(_)),
            _ => false,
        };
        if !constant && (self.uses[id] > 1 || code.depth > MAX_DEPTH) {
            self.store(id, code)
        } else {
            code
        }
    }

    fn store(&mut self, id: Id, code: Code) -> Code {
        let address = self.memory.slots + 0x20 * self.slots;
        self.slots += 1;
        self.statements.push(format!("mstore({address:#x}, {})", code.text));
        let read = Code::leaf(format!("mload({address:#x})"), code.bound);
        self.stored.insert(id, read.clone());
        read
    }

    fn compute(&mut self, id: Id) -> Code {
        match self.graph.nodes[id] {
            Node::Constant(word) => self.constant(&word),
            Node::Eval(eval) => Code::leaf(format!("mload({:#x})", self.memory.eval(eval)), 1),
            Node::Challenge(index) => {
                Code::leaf(format!("mload({:#x})", self.memory.challenge(index)), 1)
            }
            Node::Add(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                sum(a, b)
            }
            Node::Sub(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                sum(a, negated(b))
            }
            Node::Neg(a) => negated(self.value(a)),
            Node::Mul(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                let (shallow, deep) = if a.depth <= b.depth { (a, b) } else { (b, a) };
                Code {
                    depth: (deep.depth + 1).max(shallow.depth + 2),
                    text: format!("mulmod({}, {}, r)", shallow.text, deep.text),
                    bound: 1,
                }
            }
        }
    }

    fn constant(&mut self, word: &Word) -> Code {
        if small_word(word).is_some() {
            return Code::leaf(hex_word(word), 1);
        }
        let index = match self.literals.iter().position(|w| w == word) {
            Some(index) => index,
            None => {
                self.literals.push(*word);
                self.literals.len() - 1
            }
        };
        Code::leaf(format!("mload({:#x})", self.memory.literals + 0x20 * index), 1)
    }
}

/// r − b, after reducing b to at most r.
pub(crate) fn negated(b: Code) -> Code {
    if b.bound == 1 {
        return Code { depth: b.depth.max(2), text: format!("sub(r, {})", b.text), bound: 1 };
    }
    Code { depth: b.depth + 1, text: format!("sub(r, mod({}, r))", b.text), bound: 1 }
}

pub(crate) fn sum(a: Code, b: Code) -> Code {
    let (shallow, deep) = if a.depth <= b.depth { (a, b) } else { (b, a) };
    if shallow.bound + deep.bound <= MAX_BOUND {
        return Code {
            depth: deep.depth.max(shallow.depth + 1),
            text: format!("add({}, {})", shallow.text, deep.text),
            bound: shallow.bound + deep.bound,
        };
    }
    Code {
        depth: (deep.depth + 1).max(shallow.depth + 2),
        text: format!("addmod({}, {}, r)", shallow.text, deep.text),
        bound: 1,
    }
}
