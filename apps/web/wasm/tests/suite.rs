//! The operations of the module, natively.

mod find;
mod operations;
mod salts;
// Committees and signed mails, as the salt's own tests make them.
#[allow(dead_code)]
#[path = "../../../../salt/tests/support/mod.rs"]
mod support;
