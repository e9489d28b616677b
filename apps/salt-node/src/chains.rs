//! What a node asks of chains, each by its JSON-RPC.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
};

use tracing::warn;
use zkdkim_net::{contracts, Endpoint, Http, PlainHttp, Rpc};
use zkdkim_relation::recovery_subject::Address;
use zkdkim_salt::request::{Block, Chains, Unavailable};

use crate::{
    clock::now,
    config::Chain,
    error::{Fault, Result},
};

struct Followed {
    rpc: Rpc,
    id: u64,
    /// Whether the node behind `rpc` has said that it is of this chain.
    confirmed: AtomicBool,
    recovery: Vec<[u8; 20]>,
    roots: Option<[u8; 20]>,
}

/// The chains of the configuration.
#[derive(Clone)]
pub struct RpcChains(Arc<BTreeMap<u64, Followed>>);

impl RpcChains {
    /// The chains, none of them asked yet.
    pub fn new(http: &Http, plain: PlainHttp, chains: &[Chain]) -> Result<RpcChains> {
        let followed = |chain: &Chain| {
            let what = format!("chain {}: rpc", chain.id);
            let endpoint = Endpoint::parse(&chain.rpc_url()?, plain);
            let endpoint = endpoint.map_err(|error| Fault::config(what, error))?;
            let followed = Followed {
                rpc: Rpc::new(http.clone(), endpoint),
                id: chain.id,
                confirmed: AtomicBool::new(false),
                recovery: chain.recovery_contracts()?,
                roots: chain.roots_contract()?,
            };
            Ok((chain.id, followed))
        };
        Ok(RpcChains(Arc::new(chains.iter().map(followed).collect::<Result<_>>()?)))
    }

    /// Asks each chain for its number; what is wrong with those that don't answer, or are others.
    pub fn check(&self) -> Vec<String> {
        self.0.values().filter_map(|chain| chain.confirm().err()).collect()
    }

    /// Whether a registry's root is accepted by the contract of some chain; none where no chain can be asked.
    pub fn accepts_root(&self, root: &[u8; 32]) -> Option<bool> {
        let mut known = false;
        for chain in self.0.values() {
            let Some(roots) = &chain.roots else { continue };
            let accepted = chain.confirm().and_then(|()| {
                contracts::is_root_accepted(&chain.rpc, roots, root).map_err(|e| e.to_string())
            });
            match accepted {
                Ok(true) => return Some(true),
                Ok(false) => known = true,
                Err(detail) => {
                    warn!(chain = chain.id, %detail, "the registry's root can't be asked for")
                }
            }
        }
        known.then_some(false)
    }

    fn chain(&self, id: u128) -> Result<Option<&Followed>, Unavailable> {
        let followed = u64::try_from(id).ok().and_then(|id| self.0.get(&id));
        match followed.map(|chain| (chain, chain.confirm())) {
            None => Ok(None),
            Some((chain, Ok(()))) => Ok(Some(chain)),
            Some((chain, Err(detail))) => Err(chain.unavailable(&detail)),
        }
    }
}

impl Followed {
    /// Another chain's node would make old blocks fresh.
    fn confirm(&self) -> Result<(), String> {
        if self.confirmed.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.rpc.chain_id().map_err(|error| error.to_string())? {
            id if id == self.id => {
                self.confirmed.store(true, Ordering::Relaxed);
                Ok(())
            }
            id => Err(format!("chain {}: {} is a node of chain {id}", self.id, self.rpc.origin())),
        }
    }

    fn unavailable(&self, detail: &str) -> Unavailable {
        warn!(chain = self.id, detail, "a chain can't be asked");
        Unavailable
    }

    fn ask<T>(&self, answer: zkdkim_net::Result<T>) -> Result<T, Unavailable> {
        answer.map_err(|error| self.unavailable(&error.to_string()))
    }
}

impl Chains for RpcChains {
    fn block(&self, chain: u64, number: u64) -> Result<Option<Block>, Unavailable> {
        let Some(chain) = self.chain(chain.into())? else { return Ok(None) };
        let block = chain.ask(chain.rpc.block(number))?;
        Ok(block.map(|block| Block { hash: block.hash, time: block.time }))
    }

    fn is_round_open(
        &self,
        chain: u128,
        account: Address,
        nonce: u64,
    ) -> Result<bool, Unavailable> {
        let Some(chain) = self.chain(chain)? else { return Ok(false) };
        for recovery in &chain.recovery {
            let open = contracts::round_nonce(&chain.rpc, recovery, &account.0, now());
            if chain.ask(open)? == Some(nonce) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn accepts_signature(
        &self,
        chain: u128,
        account: Address,
        hash: &[u8; 32],
        signature: &[u8],
    ) -> Result<bool, Unavailable> {
        let Some(chain) = self.chain(chain)? else { return Ok(false) };
        chain.ask(contracts::is_valid_signature(&chain.rpc, &account.0, hash, signature))
    }
}
