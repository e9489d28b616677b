//! Mails that are really signed, a chain that answers as it is told, and nodes as processes.

pub mod chain;
pub mod mail;
pub mod nodes;

pub use chain::now;
