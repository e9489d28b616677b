//! Databases, a chain, and mails for tests.

pub mod chain;
pub mod database;

use alloy::primitives::{Address, U256};
use zkdkim_relayer::{
    job::{Errand, Proven, Target},
    store::{Arrival, Store},
};

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
