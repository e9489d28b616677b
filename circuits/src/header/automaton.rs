//! The header automaton: its edges, and the run of a given header block over them.
//!
//! # Statement
//!
//! The automaton is nondeterministic and reads symbols 0..=256: the bytes, and [`END_SYMBOL`],
//! which stands before a block as filler and after it as padding. Every run from [`START`] to
//! [`END`] over `256^a · block · 256^b` (a ≥ 0, b ≥ 1) reads a block of the language that
//! `grammar.rs` spells out, and the fields of its edges are the fields of that block, byte
//! for byte. A block of the language has exactly one such run.
//!
//! # Soundness
//!
//! A circuit looks every step `(state, symbol, next, field)` up in [`Automaton::edges`], starts
//! at [`START`] and ends at [`END`]. The prover chooses the run, but has no choice: the automaton
//! is *unambiguous*, which `tests/automaton_properties.rs` checks on its square. `START` is left
//! by a byte only and never entered from another state, `END` is left by nothing but padding, and
//! no other edge carries `END_SYMBOL`; so the filler, the block and the padding are what the
//! symbols say, and the bytes of a block are contiguous.
//!
//! The automaton counts nothing: a second `from:` field, or a second `d=`, is a second region of
//! its tag. The circuit counts regions and bounds lengths.
//!
//! # Source
//!
//! Own construction; the grammar's sources are in `grammar.rs`. Unambiguous automata and
//! the square test: Sakarovitch, *Elements of Automata Theory*, I.1.

/// The state before the first byte of the block.
pub const START: u16 = 0;
/// The state after the block, and the only accepting one.
pub const END: u16 = 1;
/// The symbol outside the byte range: filler before the block, padding after it.
pub const END_SYMBOL: u16 = 256;
/// The number of symbols, `END_SYMBOL` included.
pub const SYMBOLS: usize = 257;

/// What an edge says of the byte that it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ByteRole {
    /// The byte belongs to no value that is extracted, and marks nothing.
    #[default]
    None = 0,
    /// A byte of the local part of the From address, or the `@` after it.
    Local = 1,
    /// A byte of the domain of the From address.
    Domain = 2,
    /// A byte of the value of `d=`.
    Signer = 3,
    /// A byte of the Subject value.
    Subject = 4,
    /// A digit of `t=`.
    Time = 5,
    /// The colon that ends the name `subject`.
    SubjectMark = 6,
    /// The `1` of `v=1`.
    VersionMark = 7,
    /// The last byte of `rsa-sha256` in `a=`.
    AlgorithmMark = 8,
    /// The `d` that ends `relaxed` in `c=`.
    CanonMark = 9,
}

impl ByteRole {
    /// Every field, in the order of its number.
    pub const ALL: [ByteRole; 10] = [
        ByteRole::None,
        ByteRole::Local,
        ByteRole::Domain,
        ByteRole::Signer,
        ByteRole::Subject,
        ByteRole::Time,
        ByteRole::SubjectMark,
        ByteRole::VersionMark,
        ByteRole::AlgorithmMark,
        ByteRole::CanonMark,
    ];
}

/// One step of the automaton: one row of the lookup table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// The state that the step leaves.
    pub state: u16,
    /// The symbol that it reads.
    pub symbol: u16,
    /// The state that it enters.
    pub next: u16,
    /// What it says of the symbol.
    pub field: ByteRole,
}

/// The automaton, with its edges in table order: by state, symbol, next state and field.
#[derive(Debug)]
pub struct Automaton {
    edges: Vec<Edge>,
    names: Vec<String>,
    /// `edges[first[s * SYMBOLS + a]..first[s * SYMBOLS + a + 1]]` leave state `s` by symbol `a`.
    first: Vec<u32>,
}

impl Automaton {
    /// Sorts the edges and indexes them. `names[s]` describes state `s`.
    pub(super) fn new(mut edges: Vec<Edge>, names: Vec<String>) -> Self {
        edges.sort_unstable();
        let mut first = vec![0u32; names.len() * SYMBOLS + 1];
        for edge in &edges {
            first[usize::from(edge.state) * SYMBOLS + usize::from(edge.symbol) + 1] += 1;
        }
        for i in 1..first.len() {
            first[i] += first[i - 1];
        }
        Self { edges, names, first }
    }

    /// All edges, sorted, without repetition.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The number of states; they are numbered from 0.
    pub fn states(&self) -> usize {
        self.names.len()
    }

    /// A description of a state, for messages to people. Empty for a number that is no state.
    pub fn state_name(&self, state: u16) -> &str {
        self.names.get(usize::from(state)).map_or("", String::as_str)
    }

    /// The edges that leave `state` by `symbol`: none, one or two.
    pub fn edges_from(&self, state: u16, symbol: u16) -> &[Edge] {
        &self.edges[self.range(state, symbol)]
    }

    /// The accepting run over `symbols`, one edge a symbol, or `None` where they have none.
    pub fn run(&self, symbols: &[u16]) -> Option<Vec<Edge>> {
        let trace = self.explore(symbols);
        if trace.read() < symbols.len() {
            return None;
        }
        let last = trace.last_entering(END, &self.edges)?;
        Some(trace.back_from(last, &self.edges))
    }

    /// The accepting run where there is one. Otherwise a run over the longest prefix that has any,
    /// filled up with the edge `END --256--> END`.
    ///
    /// The answer has one edge a symbol, each an edge of the table; so a witness can always be
    /// assigned. For refused symbols the first filled-up edge disagrees with its symbol or, where
    /// all was read but the end, the run doesn't end in [`END`].
    pub fn best_run(&self, symbols: &[u16]) -> Vec<Edge> {
        let trace = self.explore(symbols);
        let last = trace.last_entering(END, &self.edges).or(trace.last_any());
        let mut run = last.map_or_else(Vec::new, |entry| trace.back_from(entry, &self.edges));
        let padding = Edge { state: END, symbol: END_SYMBOL, next: END, field: ByteRole::None };
        run.resize(symbols.len(), padding);
        run
    }

    /// The fields of a header block: `(field, position in the block, byte)` for each byte that has
    /// one, in the order of positions; `None` for a block outside the language.
    pub fn emissions(&self, block: &[u8]) -> Option<Vec<(ByteRole, usize, u8)>> {
        let mut symbols: Vec<u16> = block.iter().copied().map(u16::from).collect();
        symbols.push(END_SYMBOL);
        let run = self.run(&symbols)?;
        let tagged =
            run.iter().zip(block).enumerate().filter(|(_, (e, _))| e.field != ByteRole::None);
        Some(tagged.map(|(position, (edge, &byte))| (edge.field, position, byte)).collect())
    }

    fn range(&self, state: u16, symbol: u16) -> std::ops::Range<usize> {
        if usize::from(state) >= self.states() || usize::from(symbol) >= SYMBOLS {
            return 0..0;
        }
        let cell = usize::from(state) * SYMBOLS + usize::from(symbol);
        self.first[cell] as usize..self.first[cell + 1] as usize
    }

    /// Simulates all runs at once. A layer holds every state in which a run can be after that many
    /// symbols, each with one way of getting there. One way is enough: an unambiguous automaton
    /// has no second one to a state from which `END` can be reached.
    fn explore(&self, symbols: &[u16]) -> Trace {
        let mut trace = Trace { steps: Vec::new(), layers: vec![0] };
        for (position, &symbol) in symbols.iter().enumerate() {
            let parents = trace.layers[position.saturating_sub(1)]..trace.layers[position];
            let begin = trace.steps.len();
            if position == 0 {
                trace.extend(begin, Step::ROOT, self.range(START, symbol), &self.edges);
            }
            for parent in parents {
                let state = self.edges[trace.steps[parent].edge].next;
                trace.extend(begin, parent, self.range(state, symbol), &self.edges);
            }
            if trace.steps.len() == begin {
                break;
            }
            trace.layers.push(trace.steps.len());
        }
        trace
    }
}

/// An edge taken, and the step before it.
struct Step {
    edge: usize,
    parent: usize,
}

impl Step {
    /// The parent of a first step.
    const ROOT: usize = usize::MAX;
}

/// The layers of a simulation: after `i` symbols, `steps[layers[i - 1]..layers[i]]`.
struct Trace {
    steps: Vec<Step>,
    layers: Vec<usize>,
}

impl Trace {
    /// Adds steps for `edges[range]` after `parent`, one for each state not yet in the layer that
    /// begins at `begin`.
    fn extend(
        &mut self,
        begin: usize,
        parent: usize,
        range: std::ops::Range<usize>,
        edges: &[Edge],
    ) {
        for edge in range {
            if self.steps[begin..].iter().all(|s| edges[s.edge].next != edges[edge].next) {
                self.steps.push(Step { edge, parent });
            }
        }
    }

    /// How many symbols were read before every run was stuck.
    fn read(&self) -> usize {
        self.layers.len() - 1
    }

    fn last_layer(&self) -> std::ops::Range<usize> {
        let read = self.read();
        self.layers[read.saturating_sub(1)]..self.layers[read]
    }

    fn last_any(&self) -> Option<usize> {
        self.last_layer().next()
    }

    fn last_entering(&self, state: u16, edges: &[Edge]) -> Option<usize> {
        self.last_layer().find(|&i| edges[self.steps[i].edge].next == state)
    }

    fn back_from(&self, last: usize, edges: &[Edge]) -> Vec<Edge> {
        let mut run = Vec::with_capacity(self.read());
        let mut at = last;
        while at != Step::ROOT {
            run.push(edges[self.steps[at].edge]);
            at = self.steps[at].parent;
        }
        run.reverse();
        run
    }
}
