//! What spans several crates: documents, architecture, clauses, golden costs, releases.

mod architecture;
mod clauses;
mod documents;
mod gadgets;
mod golden;
mod public_inputs;
mod releases;
