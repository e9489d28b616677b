//! The program as a user runs it, and its proofs.

mod cli;
mod cli_mail;
mod cli_proof;
mod contracts;
mod differential;
mod program;
mod providers;
mod statement_key;
mod zero_knowledge;
