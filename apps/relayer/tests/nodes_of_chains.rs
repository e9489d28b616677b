//! Nodes of chains over HTTP that answer with what they like.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
};

use alloy::{
    primitives::{keccak256, Address, Uint, B256},
    sol_types::SolEvent,
};
use serde_json::{json, Value};
use zkdkim_relayer::{
    chain::{abi::IEmailRecovery::RecoveryStarted, CallFault, Ledger, Rpc, Started},
    Error,
};
use zkdkim_test_vectors::server::{answer, connections, json_rpc, result, Request};

use crate::support::{ACCOUNT, CHAIN, CONTRACT, LONG_OWNER};

async fn connect(url: &str) -> zkdkim_relayer::Result<Rpc> {
    // Without a provider there is no client, TLS or not.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Rpc::connect(CHAIN, url).await
}

/// A node of the chain that says what it is told to everything but the chain's number.
fn node(say: impl Fn(&str) -> Value + Send + Sync + 'static) -> String {
    json_rpc(move |method, _| match method {
        "eth_chainId" => json!({ "jsonrpc": "2.0", "id": 0, "result": format!("{CHAIN:#x}") }),
        method => say(method),
    })
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
    let error = connect(&json_rpc(|_, _| result("0x1".into()))).await.unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error}");
    assert!(error.to_string().contains("the node is of chain 1"), "{error}");
    let error = connect("no URL").await.unwrap_err();
    assert!(matches!(error, Error::Config { .. }), "{error}");
}

#[tokio::test]
async fn no_more_of_an_answer_is_read_than_it_can_have() {
    let long = |_: &str| Value::String(" ".repeat((4 << 20) + 1));
    let rpc = connect(&node(long)).await.unwrap();
    let error = rpc.head().await.unwrap_err().to_string();
    assert!(error.contains("no answer"), "{error}");
    for nonsense in ["", "{", "[]", "{\"result\":7}"] {
        let rpc = connect(&node(move |_| nonsense.into())).await.unwrap();
        assert!(matches!(rpc.head().await, Err(Error::Node { .. })), "{nonsense}");
        let call = rpc.call(Address::ZERO, Address::ZERO, vec![], None).await;
        assert!(matches!(call, Err(CallFault::Node(_))), "{nonsense}");
    }
}

#[tokio::test]
async fn a_node_sends_nobody_elsewhere() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/key", listener.local_addr().unwrap());
    let other = node(|_| result("0x1".into()));
    connections(listener, move |mut stream| {
        if Request::read(&mut stream).is_some() {
            let status = format!("307 Temporary Redirect\r\nlocation: {other}");
            answer(&mut stream, &status, "application/json", b"");
        }
    });
    let error = connect(&url).await.unwrap_err();
    assert!(matches!(error, Error::Node { .. }), "{error}");
    assert!(!error.to_string().contains("key"), "{error}");
}

#[tokio::test]
async fn recoveries_are_read_from_events() {
    let asked = Arc::new(Mutex::new(Value::Null));
    let shared = asked.clone();
    let event = RecoveryStarted {
        account: ACCOUNT,
        nonce: 7,
        newOwner: LONG_OWNER.into(),
        executableFrom: Uint::from(5000),
        expiresAt: Uint::from(9000),
    };
    let log = |event: &RecoveryStarted, removed: bool| {
        let data = event.encode_log_data();
        json!({
            "address": CONTRACT, "topics": data.topics(), "data": data.data, "removed": removed,
            "blockNumber": "0xb", "blockHash": B256::ZERO, "logIndex": "0x0",
            "transactionHash": B256::ZERO, "transactionIndex": "0x0",
        })
    };
    let logs = json!([log(&event, false), log(&RecoveryStarted { nonce: 8, ..event }, true)]);
    let url = json_rpc(move |method, params| match method {
        "eth_chainId" => json!({ "jsonrpc": "2.0", "id": 0, "result": format!("{CHAIN:#x}") }),
        _ => {
            *shared.lock().unwrap() = params[0].clone();
            json!({ "jsonrpc": "2.0", "id": 1, "result": logs })
        }
    });
    let started = connect(&url).await.unwrap().started(&[CONTRACT], 11, 20).await.unwrap();
    let expected = Started {
        contract: CONTRACT,
        account: ACCOUNT,
        nonce: 7,
        new_owner: LONG_OWNER.into(),
        executable_from: 5000,
        expires_at: 9000,
    };
    assert_eq!(started, [expected], "without the one that was taken back");
    let asked = asked.lock().unwrap();
    assert_eq!((&asked["fromBlock"], &asked["toBlock"]), (&json!("0xb"), &json!("0x14")));
    let topic = keccak256("RecoveryStarted(address,uint64,bytes,uint40,uint40)");
    assert!(asked.to_string().contains(&topic.to_string()), "{asked}");
    assert!(asked.to_string().contains(&format!("{CONTRACT:#x}")), "{asked}");
}
