//! JSON-RPC against a server that answers as it is told.

use serde_json::{json, Value};
use zkdkim_net::{abi, contracts, Block, Endpoint, Error, Http, HttpSettings, PlainHttp, Rpc};
use zkdkim_test_vectors::server::{json_rpc, result};

/// A node that answers a method and its parameters with a body.
fn chain(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> Rpc {
    let url = format!("{}/key", json_rpc(answer));
    let http = Http::new(&HttpSettings::default()).unwrap();
    Rpc::new(http, Endpoint::parse(&url, PlainHttp::AllowedInsecurely).unwrap())
}

fn error(code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": code, "message": message } })
}

fn hex_words(words: &[abi::Word]) -> Value {
    format!("0x{}", hex::encode(words.concat())).into()
}

#[test]
fn blocks_are_read() {
    let rpc = chain(|method, params| match (method, params[0].as_str()) {
        ("eth_chainId", _) => result("0x2105".into()),
        (_, Some("0x4d" | "latest")) => result(json!({
            "number": "0x4d", "hash": format!("0x{}", "ab".repeat(32)), "timestamp": "0x6b49d200",
        })),
        _ => result(Value::Null),
    });
    let block = Block { number: 77, hash: [0xab; 32], time: 1_800_000_000 };
    assert_eq!(rpc.chain_id().unwrap(), 8453);
    assert_eq!((rpc.latest_block().unwrap(), rpc.block(77).unwrap()), (block, Some(block)));
    assert_eq!(rpc.block(78).unwrap(), None);
}

#[test]
fn an_answer_that_is_none_is_an_error_and_shows_no_path() {
    for raw in ["", "{", "[]", "{}", "{\"result\":7}", "{\"result\":\"0xzz\"}"] {
        let rpc = chain(move |_, _| Value::String(raw.into()));
        let error = rpc.chain_id().unwrap_err();
        assert!(matches!(error, Error::Answer { .. }), "{error}");
        assert!(!error.to_string().contains("key"), "{error}");
    }
    let rpc = chain(|_, _| Value::String("x".repeat((1 << 20) + 1)));
    assert!(matches!(rpc.chain_id(), Err(Error::TooLarge { .. })));
    let rpc = chain(|_, _| error(-32005, "slow\ndown"));
    let text = rpc.chain_id().unwrap_err().to_string();
    assert!(text.contains("refuses: slowdown (code -32005)"), "{text}");
}

#[test]
fn the_nonce_of_the_open_round() {
    let round = |closes_at| [abi::number(4), abi::number(1_000), abi::number(closes_at)];
    let rpc = chain(move |_, params| {
        let account = params[0]["data"].as_str().unwrap().to_owned();
        match account.ends_with("11") {
            true => result(hex_words(&round(2_000))),
            false => error(3, "execution reverted"),
        }
    });
    let nonce = |account, now| contracts::round_nonce(&rpc, &[9; 20], account, now).unwrap();
    assert_eq!(nonce(&[0x11; 20], 1_999), Some(4));
    assert_eq!(nonce(&[0x11; 20], 2_000), None);
    assert_eq!(nonce(&[0x22; 20], 1_999), None);
    let empty = chain(|_, _| result("0x".into()));
    assert!(matches!(
        contracts::round_nonce(&empty, &[9; 20], &[1; 20], 0),
        Err(Error::Answer { .. })
    ));
}

#[test]
fn a_contract_signs_and_a_root_counts() {
    let magic =
        |word: [u8; 4]| result(hex_words(&[[&word[..], &[0; 28]].concat().try_into().unwrap()]));
    let asked = |rpc: &Rpc| contracts::is_valid_signature(rpc, &[1; 20], &[2; 32], b"sig").unwrap();
    assert!(asked(&chain(move |_, _| magic([0x16, 0x26, 0xba, 0x7e]))));
    assert!(!asked(&chain(move |_, _| magic([0x16, 0x26, 0xba, 0x7f]))));
    assert!(!asked(&chain(|_, _| result("0x".into()))), "no code there");
    assert!(!asked(&chain(|_, _| error(3, "execution reverted"))));
    let root = |rpc: &Rpc| contracts::is_root_accepted(rpc, &[1; 20], &[2; 32]);
    assert!(root(&chain(|_, _| result(hex_words(&[abi::number(1)])))).unwrap());
    assert!(!root(&chain(|_, _| result(hex_words(&[abi::number(0)])))).unwrap());
    assert!(root(&chain(|_, _| result("0x".into()))).is_err());
    let latest = |rpc: &Rpc| contracts::latest_root(rpc, &[1; 20]);
    assert_eq!(latest(&chain(|_, _| result(hex_words(&[[7; 32]])))).unwrap(), [7; 32]);
    for other in [hex_words(&[[7; 32], [8; 32]]), "0x".into(), "0x07".into()] {
        assert!(latest(&chain(move |_, _| result(other.clone()))).is_err());
    }
}

/// The selector is viem's `toFunctionSelector`.
#[test]
fn a_proposal_names_the_root_and_its_predecessor() {
    let expected = [&hex::decode("99e099e4").unwrap()[..], &abi::number(1), &abi::number(2)];
    assert_eq!(contracts::propose_root(&abi::number(1), &abi::number(2)), expected.concat());
}

#[test]
fn events_are_read_in_ranges_that_the_node_takes() {
    let log = |block: u64| {
        let data = abi::call_with_bytes("x()", &[], b"escrow")[4..].to_vec();
        json!({
            "blockNumber": format!("{block:#x}"), "data": format!("0x{}", hex::encode(data)),
            "topics": [
                format!("0x{}", hex::encode(abi::signature_hash("SaltsEscrowed(address,bytes)"))),
                format!("0x{}", hex::encode(abi::address(&[7; 20]))),
            ],
        })
    };
    let number = |value: &Value| u64::from_str_radix(&value.as_str().unwrap()[2..], 16).unwrap();
    let rpc = chain(move |_, params| {
        let (from, to) = (number(&params[0]["fromBlock"]), number(&params[0]["toBlock"]));
        match to - from >= 100 {
            true => error(-32600, "at most 100 blocks"),
            false => result((from..=to).filter(|block| block % 50 == 0).map(log).collect()),
        }
    });
    let events = contracts::escrow_events(&rpc, &[9; 20], None, 0..=1_000).unwrap();
    let blocks: Vec<u64> = events.iter().map(|event| event.block).collect();
    assert_eq!(blocks, (0..=20).map(|i| 50 * i).collect::<Vec<_>>());
    assert!(events.iter().all(|event| event.account == [7; 20] && event.escrow == b"escrow"));
    let refuses = chain(|_, _| error(-32600, "never"));
    assert!(matches!(
        contracts::escrow_events(&refuses, &[9; 20], None, 0..=9),
        Err(Error::Rpc { .. })
    ));
}
