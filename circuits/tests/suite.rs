//! The circuit against the relation: automaton, hashes, signatures, whole statements.

mod automaton_exhaustive;
mod automaton_grammar;
mod automaton_properties;
mod automaton_runs;
mod automaton_support;
mod automaton_vs_native;
mod circuit_corpus;
mod clauses;
mod common;
mod sha256_lengths;
mod statement;
mod wycheproof_rsa;
