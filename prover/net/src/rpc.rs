//! JSON-RPC of an Ethereum node: blocks, calls, logs.

use std::fmt;

use serde_json::{json, Value};

use crate::{
    error::{Error, Result},
    http::{Endpoint, Http},
};

/// Blocks, numbers and results of calls.
const ANSWER_BYTES: usize = 1 << 20;
/// Logs of one range of blocks.
const LOGS_BYTES: usize = 32 << 20;
/// A node's own words, in an error.
const MESSAGE_CHARS: usize = 200;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Seconds since 1970.
    pub time: u64,
}

/// A contract's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The block that it is in.
    pub block: u64,
    /// Its topics.
    pub topics: Vec<[u8; 32]>,
    /// Its data.
    pub data: Vec<u8>,
}

/// Which events are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter {
    /// The contract.
    pub contract: [u8; 20],
    /// A topic for each place, none where any will do.
    pub topics: Vec<Option<[u8; 32]>>,
}

/// A chain, by one of its nodes.
#[derive(Clone)]
pub struct Rpc {
    http: Http,
    endpoint: Endpoint,
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rpc({})", self.endpoint.origin())
    }
}

impl Rpc {
    /// A chain's node at this URL.
    pub fn new(http: Http, endpoint: Endpoint) -> Rpc {
        Rpc { http, endpoint }
    }

    /// Scheme, host and port of the node.
    pub fn origin(&self) -> String {
        self.endpoint.origin()
    }

    /// EIP-155 number of the chain.
    ///
    /// # Errors
    ///
    /// As for every call here: [`Error::Unreachable`], [`Error::TooLarge`], [`Error::Answer`], [`Error::Rpc`].
    pub fn chain_id(&self) -> Result<u64> {
        let id = self.call("eth_chainId", json!([]), ANSWER_BYTES)?;
        quantity(&id).ok_or_else(|| self.no("no chain id"))
    }

    /// The newest block.
    ///
    /// # Errors
    ///
    /// As [`Self::chain_id`].
    pub fn latest_block(&self) -> Result<Block> {
        self.block_at("latest".into())?.ok_or_else(|| self.no("no newest block"))
    }

    /// A block of the canonical chain; none where it has no such block.
    ///
    /// # Errors
    ///
    /// As [`Self::chain_id`].
    pub fn block(&self, number: u64) -> Result<Option<Block>> {
        self.block_at(hex_quantity(number))
    }

    fn block_at(&self, which: Value) -> Result<Option<Block>> {
        let block = self.call("eth_getBlockByNumber", json!([which, false]), ANSWER_BYTES)?;
        if block.is_null() {
            return Ok(None);
        }
        let read = || {
            Some(Block {
                number: quantity(&block["number"])?,
                hash: word(&block["hash"])?,
                time: quantity(&block["timestamp"])?,
            })
        };
        read().map(Some).ok_or_else(|| self.no("no block"))
    }

    /// Calls a contract in the newest block; none where it reverts.
    ///
    /// # Errors
    ///
    /// As [`Self::chain_id`].
    pub fn eth_call(&self, to: &[u8; 20], data: &[u8]) -> Result<Option<Vec<u8>>> {
        let call = json!({ "to": hex_bytes(to), "data": hex_bytes(data) });
        match self.call("eth_call", json!([call, "latest"]), ANSWER_BYTES) {
            Ok(value) => bytes(&value).map(Some).ok_or_else(|| self.no("no bytes")),
            Err(Error::Rpc { code, message, .. }) if is_revert(code, &message) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A contract's events in a range of blocks, both ends included.
    ///
    /// # Errors
    ///
    /// As [`Self::chain_id`]; many nodes refuse long ranges.
    pub fn logs(&self, filter: &LogFilter, from: u64, to: u64) -> Result<Vec<Log>> {
        let topics: Vec<_> =
            filter.topics.iter().map(|topic| topic.map(|topic| hex_bytes(&topic))).collect();
        let query = json!([{
            "address": hex_bytes(&filter.contract), "topics": topics,
            "fromBlock": hex_quantity(from), "toBlock": hex_quantity(to),
        }]);
        let logs = self.call("eth_getLogs", query, LOGS_BYTES)?;
        let logs = logs.as_array().ok_or_else(|| self.no("no list of events"))?;
        let read = |log: &Value| {
            let topics = log["topics"].as_array()?.iter().map(word).collect::<Option<_>>()?;
            Some(Log { block: quantity(&log["blockNumber"])?, topics, data: bytes(&log["data"])? })
        };
        let logs = logs.iter().map(|log| read(log).ok_or_else(|| self.no("no event")));
        logs.collect()
    }

    fn call(&self, method: &str, params: Value, limit: usize) -> Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let body = body.to_string().into_bytes();
        let reply = self.http.post(&self.endpoint, "application/json", body, limit)?;
        let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
        // Some nodes send errors with a status of their own; the body decides.
        let mut answer = answer.filter(Value::is_object).ok_or_else(|| {
            self.no(&format!("status {} and no JSON-RPC to {method}", reply.status))
        })?;
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            let message = error["message"].as_str().unwrap_or("no message");
            let shown = |c: &char| !c.is_control();
            let message = message.chars().filter(shown).take(MESSAGE_CHARS).collect();
            let code = error["code"].as_i64().unwrap_or_default();
            return Err(Error::Rpc { origin: self.origin(), code, message });
        }
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(self.no(&format!("no result of {method}"))),
        }
    }

    fn no(&self, detail: &str) -> Error {
        Error::Answer { origin: self.origin(), detail: detail.into() }
    }
}

/// Nodes agree on neither code nor words: 3 is what most send with revert data, -32000 what some send for every failure of
/// an execution.
fn is_revert(code: i64, message: &str) -> bool {
    code == 3 || message.to_ascii_lowercase().contains("revert")
}

fn hex_bytes(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn hex_quantity(number: u64) -> Value {
    format!("{number:#x}").into()
}

fn quantity(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok()
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}

fn word(value: &Value) -> Option<[u8; 32]> {
    bytes(value)?.try_into().ok()
}
