//! Byte classes, and a builder that puts an automaton together from named states.
//!
//! # Statement
//!
//! [`Builder`] adds exactly the edges that it is told to, and numbers states in the order in which
//! they are named; so the same calls always give the same table.
//!
//! # Soundness
//!
//! Nothing is checked here but that no edge is added twice: whether the automaton is unambiguous
//! and reads the right language are matters of [`super::grammar`] and its tests.
//!
//! # Source
//!
//! Own.

use super::automaton::{Automaton, ByteRole, Edge, END_SYMBOL};

/// A set of bytes.
#[derive(Clone, Copy)]
pub(super) struct Bytes([bool; 256]);

impl Bytes {
    /// The bytes of `list`.
    pub(super) const fn of(list: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut i = 0;
        while i < list.len() {
            set[list[i] as usize] = true;
            i += 1;
        }
        Self(set)
    }

    /// The bytes from `low` to `high`, both included.
    pub(super) const fn range(low: u8, high: u8) -> Self {
        let mut set = [false; 256];
        let mut i = low as usize;
        while i <= high as usize {
            set[i] = true;
            i += 1;
        }
        Self(set)
    }

    pub(super) const fn or(mut self, other: Self) -> Self {
        let mut i = 0;
        while i < 256 {
            self.0[i] = self.0[i] || other.0[i];
            i += 1;
        }
        self
    }

    pub(super) const fn except(mut self, other: Self) -> Self {
        let mut i = 0;
        while i < 256 {
            self.0[i] = self.0[i] && !other.0[i];
            i += 1;
        }
        self
    }

    /// Each member once, in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255u8).filter(|&b| self.0[usize::from(b)])
    }
}

/// A state under construction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State(u16);

impl State {
    /// Its number in the table.
    pub(super) fn number(self) -> u16 {
        self.0
    }
}

/// Collects states and edges.
#[derive(Default)]
pub(super) struct Builder {
    names: Vec<String>,
    edges: Vec<Edge>,
}

impl Builder {
    /// Adds a state; the first one added has number 0.
    pub(super) fn state(&mut self, name: impl Into<String>) -> State {
        let number = u16::try_from(self.names.len()).expect("fewer than 65,536 states");
        self.names.push(name.into());
        State(number)
    }

    /// Edges for every byte of a class, without a field.
    pub(super) fn class(&mut self, from: State, class: &Bytes, to: State) {
        self.emit(from, class, to, ByteRole::None);
    }

    /// Edges for every byte of a class, with a field.
    pub(super) fn emit(&mut self, from: State, class: &Bytes, to: State, field: ByteRole) {
        for byte in class.iter() {
            self.edge(from, u16::from(byte), to, field);
        }
    }

    /// An edge for one byte, without a field.
    pub(super) fn byte(&mut self, from: State, byte: u8, to: State) {
        self.edge(from, u16::from(byte), to, ByteRole::None);
    }

    /// An edge for one byte, with a field.
    pub(super) fn mark(&mut self, from: State, byte: u8, to: State, field: ByteRole) {
        self.edge(from, u16::from(byte), to, field);
    }

    /// An edge for the end symbol.
    pub(super) fn end(&mut self, from: State, to: State) {
        self.edge(from, END_SYMBOL, to, ByteRole::None);
    }

    /// The remaining bytes `word[read..]` of a word, one state each; the last one enters `to` and
    /// carries `field`.
    pub(super) fn word(
        &mut self,
        from: State,
        word: &str,
        read: usize,
        to: State,
        field: ByteRole,
    ) {
        let bytes = &word.as_bytes()[read..];
        let (last, before) = bytes.split_last().expect("a word has a last byte");
        let mut at = from;
        for (i, &byte) in before.iter().enumerate() {
            let next = self.state(format!("after `{}`", &word[..read + i + 1]));
            self.byte(at, byte, next);
            at = next;
        }
        self.mark(at, *last, to, field);
    }

    /// Sorts the edges into a table. Panics where one was added twice.
    pub(super) fn build(self) -> Automaton {
        let mut sorted = self.edges.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), self.edges.len(), "an edge was added twice");
        Automaton::new(self.edges, self.names)
    }

    fn edge(&mut self, from: State, symbol: u16, to: State, field: ByteRole) {
        self.edges.push(Edge { state: from.0, symbol, next: to.0, field });
    }
}
