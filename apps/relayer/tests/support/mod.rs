//! Databases, a chain, and mails for tests.

pub mod chain;
pub mod database;
#[path = "../../../../salt/tests/support/signer.rs"]
pub mod signer;
pub mod smtp;

use std::{path::Path, sync::Arc};

use alloy::primitives::{Address, U256};
use tokio::sync::OnceCell;
use zkdkim_circuits::statement::CircuitParams;
use zkdkim_plonk::progress::Silent;
use zkdkim_relation::{owner::Owner, recovery_subject};
use zkdkim_relayer::{
    job::{Errand, Proven, Target},
    pipeline::{Proving, RegistryFile},
    store::{Arrival, Store},
};
use zkdkim_store::KeyCache;

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

/// An owner that is an address.
pub fn owner(key: Address) -> Option<Owner> {
    Some(Owner::Key(recovery_subject::Address(key.0 .0)))
}

/// An owner of more bytes, such as a passkey's: a verifier and a point.
pub const LONG_OWNER: [u8; 84] = [0x22; 84];

/// A vote for it.
pub fn long_vote() -> Target {
    Target { new_owner: Some(Owner::from_bytes(&LONG_OWNER).unwrap()), ..vote() }
}

/// A vote in the round that the chain of tests has open.
pub fn vote() -> Target {
    Target {
        errand: Errand::Recover,
        chain: CHAIN,
        contract: CONTRACT,
        account: ACCOUNT,
        nonce: chain::ROUND,
        new_owner: owner(KEY),
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
    waiting_for(store, &vote(), guardian).await
}

/// A vote for somebody.
pub async fn waiting_for(store: &Store, target: &Target, guardian: u64) -> String {
    let arrival = Arrival::Proof(target, &proven(guardian));
    store.receive(arrival, "test").await.unwrap().job
}

/// Keys over the development SRS, which stay in the target folder.
pub async fn proving() -> Proving {
    static PROVING: OnceCell<Proving> = OnceCell::const_new();
    let load = || async {
        let load = || {
            let cache =
                KeyCache::open(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("keys")).unwrap();
            let params = CircuitParams::ON_CHAIN;
            let srs = cache.insecure_dev_srs(params.k, params.fold, &Silent).unwrap();
            cache.set_default_srs(&srs).unwrap();
            assert!(Proving::load(&cache, false, 1).is_err(), "nobody allowed an insecure SRS");
            Proving::load(&cache, true, 1).unwrap()
        };
        tokio::task::spawn_blocking(load).await.unwrap()
    };
    PROVING.get_or_init(load).await.clone()
}
