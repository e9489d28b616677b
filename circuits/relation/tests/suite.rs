//! The relation on the messages and vectors of the tree.

mod corpus;
#[allow(dead_code, reason = "the circuit's tests use the rest")]
mod corpus_support;
mod mail;
mod messages;
mod vectors;
