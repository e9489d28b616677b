//! JSON-RPC of chain 31337: one block, one account with an open round, one registry of roots.

use std::{
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{json, Value};
use zkdkim_net::abi;
use zkdkim_test_vectors::server::{json_rpc, result};

pub const CHAIN: u64 = 31337;
pub const BLOCK: u64 = 77;
pub const BLOCK_HASH: [u8; 32] = [0xab; 32];
pub const ACCOUNT: &str = "0x1111111111111111111111111111111111111111";
pub const RECOVERY: &str = "0x7777777777777777777777777777777777777777";
pub const ROOTS: &str = "0x8888888888888888888888888888888888888888";
pub const NONCE: u64 = 4;

/// What the chain says, for a test to change.
#[derive(Clone)]
pub struct State {
    pub id: u64,
    pub nonce: u64,
    pub block_time: u64,
    pub accepted_root: Option<[u8; 32]>,
    /// What accounts published, each in a block of its own.
    pub escrows: Vec<([u8; 20], Vec<u8>)>,
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A chain's node.
pub struct TestChain {
    pub url: String,
    pub state: Arc<Mutex<State>>,
}

impl TestChain {
    pub fn start() -> TestChain {
        let state = State {
            id: CHAIN,
            nonce: NONCE,
            block_time: now() - 60,
            accepted_root: None,
            escrows: vec![],
        };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        let url = json_rpc(move |method, params| {
            let state = shared.lock().unwrap().clone();
            result(answer(&state, method, params))
        });
        TestChain { url, state }
    }
}

fn answer(state: &State, method: &str, params: &Value) -> Value {
    let hex = |words: &[abi::Word]| Value::from(format!("0x{}", hex::encode(words.concat())));
    match method {
        "eth_chainId" => format!("{:#x}", state.id).into(),
        "eth_getBlockByNumber" if params[0] == format!("{BLOCK:#x}") || params[0] == "latest" => {
            json!({
                "number": format!("{BLOCK:#x}"), "hash": format!("0x{}", hex::encode(BLOCK_HASH)),
                "timestamp": format!("{:#x}", state.block_time),
            })
        }
        "eth_call" => {
            let (to, data) =
                (params[0]["to"].as_str().unwrap(), params[0]["data"].as_str().unwrap());
            let selector = |signature: &str| {
                data.starts_with(&format!("0x{}", hex::encode(&abi::call(signature, &[])[..])))
            };
            if to == RECOVERY && selector("roundOf(address)") && data.ends_with(&ACCOUNT[2..]) {
                return hex(&[abi::number(state.nonce), abi::number(1), abi::number(now() + 3600)]);
            }
            if to == ROOTS && selector("isAcceptedAfter(uint256,uint256)") {
                let accepted = state
                    .accepted_root
                    .is_some_and(|root| data[10..].starts_with(&hex::encode(root)));
                return hex(&[abi::number(accepted.into())]);
            }
            "0x".into()
        }
        "eth_getLogs" => {
            let log = |(block, (account, escrow)): (usize, &([u8; 20], Vec<u8>))| {
                let data = &abi::call_with_bytes("x()", &[], escrow)[4..];
                let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
                json!({
                    "blockNumber": format!("{block:#x}"), "data": hex(data),
                    "topics": [params[0]["topics"][0], hex(&abi::address(account))],
                })
            };
            state.escrows.iter().enumerate().map(log).collect()
        }
        _ => Value::Null,
    }
}
