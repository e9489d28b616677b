//! A node over JSON-RPC.

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    network::TransactionBuilder,
    primitives::{Address, Bytes, B256},
    providers::{Provider, ProviderBuilder, RootProvider},
    rpc::{
        client::RpcClient,
        types::{Filter, TransactionRequest},
    },
    sol_types::SolEvent,
    transports::{RpcError, TransportErrorKind},
};

use super::{
    abi::IEmailRecovery::RecoveryStarted,
    ledger::{CallFault, Head, Ledger, Receipt, Started},
    transport::BoundedHttp,
};
use crate::error::{Error, Result};

/// Blocks whose tips are looked at, and which of each: the lowest fifth of what got in.
const FEE_BLOCKS: u64 = 10;
const FEE_PERCENTILE: f64 = 20.0;
/// Where a chain asks for no tip, one wei would be refused by some nodes.
const LEAST_TIP: u128 = 1_000_000;

/// A node of one chain.
#[derive(Clone, Debug)]
pub struct Rpc {
    chain: u64,
    provider: RootProvider,
}

impl Rpc {
    /// Connects to a node, and asks whether it is of this chain.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a URL that is none, and for a node of another chain; [`Error::Node`] where none answers.
    pub async fn connect(chain: u64, url: &str) -> Result<Rpc> {
        let place = format!("chain {chain}, rpc");
        let parsed = url.parse::<reqwest::Url>().map_err(|error| {
            Error::config(&place, error.to_string(), "give the URL of a node, http:// or https://")
        })?;
        let transport = BoundedHttp::new(parsed)
            .map_err(|error| Error::Node { chain, detail: error.without_url().to_string() })?;
        // Nothing is asked of this machine in another way than of any other.
        let client = RpcClient::new(transport, false);
        let provider = ProviderBuilder::new().disable_recommended_fillers().connect_client(client);
        let rpc = Rpc { chain, provider };
        let got =
            rpc.provider.get_chain_id().await.map_err(|error| rpc.fault("eth_chainId", &error))?;
        if got != chain {
            let detail = format!("the node is of chain {got}");
            return Err(Error::config(
                place,
                detail,
                "give the URL of a node of the chain that is named",
            ));
        }
        Ok(rpc)
    }

    /// Whether there is a contract at an address.
    ///
    /// # Errors
    ///
    /// [`Error::Node`].
    pub async fn has_code(&self, contract: Address) -> Result<bool> {
        let code = self.provider.get_code_at(contract).await;
        code.map(|code| !code.is_empty()).map_err(|error| self.fault("eth_getCode", &error))
    }

    /// A node's URL may hold a key, so it is never shown; nor is what it quotes of a request.
    fn fault(&self, what: &str, error: &RpcError<TransportErrorKind>) -> Error {
        let detail = match error {
            RpcError::ErrorResp(payload) => format!("{what}: error {}", payload.code),
            RpcError::Transport(_) => format!("{what}: no answer"),
            _ => format!("{what}: an answer that is none"),
        };
        Error::Node { chain: self.chain, detail }
    }

    fn call_fault(&self, what: &str, error: &RpcError<TransportErrorKind>) -> CallFault {
        let Some(payload) = error.as_error_resp() else {
            return CallFault::Node(self.fault(what, error));
        };
        match payload.as_revert_data() {
            Some(data) => CallFault::Reverted(data),
            // A revert without data, as some nodes report it.
            None if payload.message.contains("revert") => CallFault::Reverted(Bytes::new()),
            None => CallFault::Node(self.fault(what, error)),
        }
    }
}

fn at(block: Option<u64>) -> BlockId {
    block.map_or(BlockId::latest(), BlockId::number)
}

fn request(from: Address, to: Address, data: Vec<u8>) -> TransactionRequest {
    TransactionRequest::default().with_from(from).with_to(to).with_input(data)
}

#[async_trait::async_trait]
impl Ledger for Rpc {
    fn chain(&self) -> u64 {
        self.chain
    }

    async fn head(&self) -> Result<Head> {
        const WHAT: &str = "eth_getBlockByNumber";
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await;
        let block = block.map_err(|error| self.fault(WHAT, &error))?;
        let header = block.map(|block| block.header).ok_or_else(|| Error::Node {
            chain: self.chain,
            detail: format!("{WHAT}: there is no newest block"),
        })?;
        Ok(Head {
            number: header.number,
            timestamp: header.timestamp,
            base_fee: header.base_fee_per_gas.unwrap_or_default().into(),
        })
    }

    async fn nonce(&self, sender: Address, block: Option<u64>) -> Result<u64> {
        let nonce = self.provider.get_transaction_count(sender).block_id(at(block)).await;
        nonce.map_err(|error| self.fault("eth_getTransactionCount", &error))
    }

    async fn call(
        &self,
        from: Address,
        to: Address,
        data: Vec<u8>,
        block: Option<u64>,
    ) -> Result<Bytes, CallFault> {
        let result = self.provider.call(request(from, to, data)).block(at(block)).await;
        result.map_err(|error| self.call_fault("eth_call", &error))
    }

    async fn estimate(&self, from: Address, to: Address, data: Vec<u8>) -> Result<u64, CallFault> {
        let gas = self.provider.estimate_gas(request(from, to, data)).await;
        gas.map_err(|error| self.call_fault("eth_estimateGas", &error))
    }

    async fn tip(&self) -> Result<u128> {
        let history = self
            .provider
            .get_fee_history(FEE_BLOCKS, BlockNumberOrTag::Latest, &[FEE_PERCENTILE])
            .await
            .map_err(|error| self.fault("eth_feeHistory", &error))?;
        let mut tips: Vec<u128> = history
            .reward
            .unwrap_or_default()
            .iter()
            .filter_map(|block| block.first().copied())
            .collect();
        tips.sort_unstable();
        Ok(tips.get(tips.len() / 2).copied().unwrap_or_default().max(LEAST_TIP))
    }

    async fn send(&self, raw: &[u8]) -> Result<()> {
        match self.provider.send_raw_transaction(raw).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let known = error.as_error_resp().is_some_and(|payload| {
                    let text = payload.message.to_lowercase();
                    ["already known", "already imported", "known transaction", "nonce too low"]
                        .iter()
                        .any(|phrase| text.contains(phrase))
                });
                if known {
                    return Ok(());
                }
                Err(self.fault("eth_sendRawTransaction", &error))
            }
        }
    }

    async fn started(&self, contracts: &[Address], from: u64, to: u64) -> Result<Vec<Started>> {
        let filter = Filter::new()
            .address(contracts.to_vec())
            .event_signature(RecoveryStarted::SIGNATURE_HASH)
            .from_block(from)
            .to_block(to);
        let logs = self.provider.get_logs(&filter).await;
        let logs = logs.map_err(|error| self.fault("eth_getLogs", &error))?;
        let started = logs.iter().filter(|log| !log.removed).map(|log| {
            let event = RecoveryStarted::decode_log(&log.inner).map_err(|_| Error::Node {
                chain: self.chain,
                detail: "eth_getLogs: an event that is none".into(),
            })?;
            Ok(Started {
                contract: event.address,
                account: event.account,
                nonce: event.nonce,
                new_owner: event.newOwner.clone(),
                executable_from: event.executableFrom.to(),
                expires_at: event.expiresAt.to(),
            })
        });
        started.collect()
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>> {
        let receipt = self.provider.get_transaction_receipt(hash).await;
        let receipt = receipt.map_err(|error| self.fault("eth_getTransactionReceipt", &error))?;
        Ok(receipt.and_then(|receipt| {
            let success = receipt.status();
            receipt.block_number.map(|block| Receipt { block, success })
        }))
    }
}
