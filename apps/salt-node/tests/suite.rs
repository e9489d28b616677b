//! Node processes on this machine: honest ones, one that lies, some that are gone; ceremonies; what is in their logs.

mod ceremony;
#[path = "../../../prover/dns/tests/server.rs"]
#[allow(dead_code, reason = "a part of it is used here")]
mod dns_server;
mod operators;
mod requests;
mod support;
