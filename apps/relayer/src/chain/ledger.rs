//! What the relayer asks of a chain's node; a trait, so that tests can have a chain that forgets, reorders and refuses.

use alloy::primitives::{Address, Bytes, B256};

use crate::error::Result;

/// The newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// Its time, in seconds since 1970.
    pub timestamp: u64,
    /// What a unit of gas costs in the next block at most, in wei, before the tip.
    pub base_fee: u128,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The block that has it.
    pub block: u64,
    /// Whether it did not revert.
    pub success: bool,
}

/// A recovery that has started, as its contract logged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// The recovery contract.
    pub contract: Address,
    /// The account.
    pub account: Address,
    /// The number of the round.
    pub nonce: u64,
    /// Who shall be the owner.
    pub new_owner: Bytes,
    /// From when on it can be executed, in seconds since 1970.
    pub executable_from: u64,
    /// From when on it no longer can.
    pub expires_at: u64,
}

/// Why a call has no result.
#[derive(Debug)]
pub enum CallFault {
    /// The contract says no, with these data.
    Reverted(Bytes),
    /// There is no answer.
    Node(crate::Error),
}

impl From<crate::Error> for CallFault {
    fn from(error: crate::Error) -> CallFault {
        CallFault::Node(error)
    }
}

/// A chain's node. Every method may fail with [`crate::Error::Node`], and is then tried again later.
#[async_trait::async_trait]
pub trait Ledger: Send + Sync {
    /// EIP-155 identifier.
    fn chain(&self) -> u64;

    /// The newest block.
    async fn head(&self) -> Result<Head>;

    /// How many transactions of a sender are in the chain up to a block; up to the newest where none is named.
    async fn nonce(&self, sender: Address, block: Option<u64>) -> Result<u64>;

    /// Calls a contract in the state behind a block; of the newest where none is named.
    async fn call(
        &self,
        from: Address,
        to: Address,
        data: Vec<u8>,
        block: Option<u64>,
    ) -> Result<Bytes, CallFault>;

    /// The gas that a transaction needs in the newest state.
    async fn estimate(&self, from: Address, to: Address, data: Vec<u8>) -> Result<u64, CallFault>;

    /// What block makers got as a tip lately, in wei for a unit of gas.
    async fn tip(&self) -> Result<u128>;

    /// Hands over a signed transaction. One that the node has already is no error.
    async fn send(&self, raw: &[u8]) -> Result<()>;

    /// The recoveries that started at contracts in a range of blocks, both ends included.
    async fn started(&self, contracts: &[Address], from: u64, to: u64) -> Result<Vec<Started>>;

    /// What became of a transaction; none while it is in no block.
    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>>;
}
