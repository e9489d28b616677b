//! The relayer's parts with real databases and sockets, against a chain that misbehaves on purpose. The whole of it, with real
//! proofs and a real chain, is `scripts/e2e`.

mod support;

mod checks;
mod committees;
mod doors;
mod http;
mod mailbox;
mod nodes_of_chains;
mod notices;
mod sending;
mod stores;
mod webhooks;
mod workers;
