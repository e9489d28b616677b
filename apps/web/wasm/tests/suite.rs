//! The operations of the module, natively.

mod operations;
