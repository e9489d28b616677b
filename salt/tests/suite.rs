//! Tests of the crate from outside.

mod committee;
mod recovery;
mod requests;
mod support;
