//! Prints the circuit's identities: the sum Σ y^(count − 1 − i) · identity_i at z.
//!
//! Neighbours that are multiples of one selector are summed first and multiplied by it once. Constants, sums and the
//! stack are treated as in [`super::code`].

use std::{collections::BTreeMap, fmt::Write};

use zkdkim_plonk::{
    folded::protocol::{Column, Leaf, Node, Protocol},
    halo2curves::{bn256::Fr, ff::Field},
};

use super::code::{negated, sum, Code, MAX_BOUND, MAX_DEPTH};
use super::{
    layout::Drawn,
    room::{load, Room},
};

/// Statements of one function: more of them in one cost the compiler time, fewer cost calls.
const STATEMENTS: usize = 48;

/// Consecutive identities with a common factor.
struct Run {
    selector: Option<u32>,
    rests: Vec<u32>,
}

/// The printed sum: calls in order, the functions that they call, and the statements that come first.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub powers: Vec<String>,
    pub calls: Vec<String>,
    pub functions: String,
}

pub(super) fn print(protocol: &Protocol, room: &mut Room<'_>) -> Printed {
    let nodes = protocol.identities().nodes();
    let runs = runs(nodes, protocol.outputs());
    let uses = uses(nodes, &runs);
    let mut printer = Printer { nodes, room, uses, stored: BTreeMap::new(), statements: vec![] };
    let mut printed = Printed::default();
    let powers = printer.powers(&runs, &mut printed.powers);
    for run in &runs {
        printer.run(run, &powers);
        if printer.statements.len() >= STATEMENTS {
            printer.function(&mut printed);
        }
    }
    printer.function(&mut printed);
    printed
}

/// Whether a node is made of what does not depend on the witness, and is more than a constant.
fn selectors(nodes: &[Node]) -> Vec<bool> {
    let mut fixed: Vec<bool> = vec![];
    let mut constant: Vec<bool> = vec![];
    for node in nodes {
        constant.push(matches!(node, Node::Constant(_)));
        fixed.push(match (node, node.operands()) {
            (_, Some((a, b))) => [a, b].iter().all(|i| fixed[*i as usize] || constant[*i as usize]),
            (Node::Leaf(leaf), None) => matches!(
                leaf,
                Leaf::Cell(Column::Fixed(_), _) | Leaf::First | Leaf::Last | Leaf::Active
            ),
            _ => false,
        });
    }
    fixed
}

fn runs(nodes: &[Node], outputs: &[u32]) -> Vec<Run> {
    let is_selector = selectors(nodes);
    let mut runs: Vec<Run> = vec![];
    for output in outputs {
        let (selector, rest) = match nodes[*output as usize] {
            Node::Product(a, b) if is_selector[a as usize] => (Some(a), b),
            Node::Product(a, b) if is_selector[b as usize] => (Some(b), a),
            _ => (None, *output),
        };
        match runs.last_mut() {
            Some(run) if run.selector == selector => run.rests.push(rest),
            _ => runs.push(Run { selector, rests: vec![rest] }),
        }
    }
    runs
}

/// How often each node is read; one that only a shared node reads counts once.
fn uses(nodes: &[Node], runs: &[Run]) -> Vec<usize> {
    let mut uses = vec![0; nodes.len()];
    for root in runs.iter().flat_map(|run| run.rests.iter().copied().chain(run.selector)) {
        let mut pending = vec![root];
        while let Some(i) = pending.pop() {
            uses[i as usize] += 1;
            if let (1, Some((a, b))) = (uses[i as usize], nodes[i as usize].operands()) {
                pending.extend([a, b]);
            }
        }
    }
    uses
}

struct Printer<'a, 'l> {
    nodes: &'a [Node],
    room: &'a mut Room<'l>,
    uses: Vec<usize>,
    stored: BTreeMap<u32, Code>,
    statements: Vec<String>,
}

impl Printer<'_, '_> {
    /// y^length for the lengths of runs: the first in a variable, others in memory.
    fn powers(&mut self, runs: &[Run], statements: &mut Vec<String>) -> BTreeMap<usize, String> {
        let mut lengths: Vec<usize> =
            runs.iter().filter(|r| r.selector.is_some()).map(|r| r.rests.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let mut powers = BTreeMap::from([(1, "y".to_owned())]);
        let most = lengths.last().copied().unwrap_or(1);
        if most > 1 {
            statements.push("let power := combiner".into());
        }
        for length in 2..=most {
            statements.push("power := mulmod(power, combiner, order)".into());
            if lengths.contains(&length) {
                let at = self.room.slot();
                statements.push(format!("mstore({at:#x}, power)"));
                powers.insert(length, load(at));
            }
        }
        powers
    }

    fn run(&mut self, run: &Run, powers: &BTreeMap<usize, String>) {
        let Some(selector) = run.selector else {
            for rest in &run.rests {
                let code = self.value(*rest);
                let next = add("mulmod(out, y, r)", &code);
                self.statements.push(format!("out := {next}"));
            }
            return;
        };
        let mut total = self.value(run.rests[0]).text;
        for rest in &run.rests[1..] {
            self.statements.push(format!("t := {total}"));
            let code = self.value(*rest);
            total = add("mulmod(t, y, r)", &code);
        }
        if run.rests.len() > 1 {
            self.statements.push(format!("t := {total}"));
            total = "t".into();
        }
        let selector = self.value(selector).text;
        let power = &powers[&run.rests.len()];
        self.statements
            .push(format!("out := add(mulmod(out, {power}, r), mulmod({selector}, {total}, r))"));
    }

    /// Moves the statements into a function.
    fn function(&mut self, printed: &mut Printed) {
        if self.statements.is_empty() {
            return;
        }
        let index = printed.calls.len();
        printed.calls.push(format!("total := identities_{index}(total, combiner, order)"));
        let text = &mut printed.functions;
        let _ = writeln!(text, "function identities_{index}(acc, y, r) -> out {{");
        let _ = writeln!(text, "    out := acc");
        if self.statements.iter().any(|s| s.starts_with("t := ")) {
            let _ = writeln!(text, "    let t");
        }
        for statement in self.statements.drain(..) {
            let _ = writeln!(text, "    {statement}");
        }
        let _ = writeln!(text, "}}");
    }

    /// An expression for a node; shared nodes are stored first and read.
    fn value(&mut self, id: u32) -> Code {
        if let Some(code) = self.stored.get(&id) {
            return code.clone();
        }
        let code = self.compute(id);
        let leaf = self.nodes[id as usize].operands().is_none();
        if !leaf && (self.uses[id as usize] > 1 || code.depth > MAX_DEPTH) {
            let address = self.room.slot();
            self.statements.push(format!("mstore({address:#x}, {})", code.text));
            let read = Code::leaf(load(address), code.bound);
            self.stored.insert(id, read.clone());
            return read;
        }
        code
    }

    fn compute(&mut self, id: u32) -> Code {
        match self.nodes[id as usize] {
            Node::Constant(x) => self.room.constant(&x),
            Node::Leaf(leaf) => Code::leaf(load(self.leaf(leaf)), 1),
            Node::Sum(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                sum(a, b)
            }
            Node::Difference(a, b) => match self.nodes[b as usize] {
                // The negative of a constant is a constant.
                Node::Constant(x) => {
                    let a = self.value(a);
                    let b = self.room.constant(&-x);
                    sum(a, b)
                }
                _ => {
                    let (zero, a, b) = (self.is_zero(a), self.value(a), negated(self.value(b)));
                    if zero {
                        b
                    } else {
                        sum(a, b)
                    }
                }
            },
            Node::Product(a, b) => {
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

    fn is_zero(&self, id: u32) -> bool {
        matches!(self.nodes[id as usize], Node::Constant(x) if x == Fr::ZERO)
    }

    fn leaf(&self, leaf: Leaf) -> usize {
        let layout = self.room.layout;
        match leaf {
            Leaf::Cell(Column::Instance(i), rotation) => layout.instance(i, rotation),
            Leaf::Cell(column, rotation) => layout.evaluation(column, rotation),
            Leaf::Challenge(i) => layout.challenge(Drawn::Circuit(i)),
            Leaf::Beta => layout.challenge(Drawn::Beta),
            Leaf::Gamma => layout.challenge(Drawn::Gamma),
            Leaf::Point => layout.challenge(Drawn::Z),
            Leaf::First | Leaf::Last | Leaf::Active => layout.line(leaf),
        }
    }
}

/// A product of bound one, printed, plus an expression.
fn add(product: &str, code: &Code) -> String {
    if code.bound < MAX_BOUND {
        format!("add({product}, {})", code.text)
    } else {
        format!("addmod({product}, {}, r)", code.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The product counts for one: with five it would be six, more than a word holds.
    #[test]
    fn a_product_is_added_below_the_bound_only() {
        for bound in 1..MAX_BOUND {
            assert_eq!(add("p", &Code::leaf("a".into(), bound)), "add(p, a)");
        }
        assert_eq!(add("p", &Code::leaf("a".into(), MAX_BOUND)), "addmod(p, a, r)");
    }
}
