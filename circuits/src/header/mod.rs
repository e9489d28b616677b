//! The signed header block in the circuit.
pub mod automaton;
mod builder;
mod grammar;
