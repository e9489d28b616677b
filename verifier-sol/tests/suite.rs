//! Generated verifiers in an embedded EVM.

mod common;
mod contracts;
mod gas;
mod shapes;
mod snapshot;
mod verifier;
