//! The program as a user runs it, and its proofs.

mod cli;
mod cli_mail;
mod cli_proof;
mod contracts;
mod differential;
#[path = "../../dns/tests/server.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod dns_server;
mod nodes;
mod program;
mod providers;
#[path = "../../../apps/salt-node/tests/support/mail.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod signed_mail;
mod statement_key;
#[path = "../../../apps/salt-node/tests/support/chain.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod test_chain;
mod zero_knowledge;
