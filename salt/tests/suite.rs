//! Tests of the crate from outside.

mod committee;
mod hostile;
mod recovery;
mod requests;
mod support;
