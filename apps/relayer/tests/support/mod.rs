//! Databases, a chain, and mails for tests.

pub mod chain;
pub mod database;

use std::sync::Arc;

use alloy::primitives::{Address, U256};
use zkdkim_relayer::{
    job::{Errand, Proven, Target},
    pipeline::RegistryFile,
    store::{Arrival, Store},
};

/// The keys of the stored messages' providers.
pub fn keys() -> Arc<RegistryFile> {
    let path = zkdkim_test_vectors::folder().join("messages/registry.json");
    Arc::new(RegistryFile::open(path).unwrap())
}

/// A mail that its provider signed; of its body a line is left to find dots in.
pub fn signed_mail() -> String {
    let found = zkdkim_test_vectors::messages().into_iter().find(|m| m.name == "recovery.eml");
    format!("{}.dot\r\n", String::from_utf8(found.unwrap().bytes).unwrap())
}

pub const CHAIN: u64 = 31_337;
pub const CONTRACT: Address = Address::repeat_byte(0xcc);
pub const ACCOUNT: Address = Address::repeat_byte(0xaa);
pub const KEY: Address = Address::repeat_byte(0x11);

/// A vote in the round that the chain of tests has open.
pub fn vote() -> Target {
    Target {
        errand: Errand::Recover,
        chain: CHAIN,
        contract: CONTRACT,
        account: ACCOUNT,
        nonce: chain::ROUND,
        new_key: KEY,
    }
}

/// A proof of a guardian, by its number.
pub fn proven(guardian: u64) -> Proven {
    let mut inputs = [U256::ZERO; 10];
    inputs[1] = U256::from(guardian);
    inputs[3] = U256::from(1_000_000 + guardian);
    Proven { inputs, proof: vec![guardian as u8; 8] }
}

/// A vote that waits to be sent; its job.
pub async fn waiting(store: &Store, guardian: u64) -> String {
    let arrival = Arrival::Proof(&vote(), &proven(guardian));
    store.receive(arrival, "test").await.unwrap().job
}
