//! Mails shown to nodes that run.

use std::thread;

use k256::ecdsa::SigningKey;
use zkdkim_salt::request::Request;
use zkdkim_salt_client::{Error, Outcome};

use super::support::{
    chain::{ACCOUNT, CHAIN, NONCE},
    mail,
    nodes::{deal, get, nothing_is_given_away, post, says_nothing, Network, Node, Person},
    now,
};

fn start_all(network: &Network) -> Vec<Node> {
    (1..=5).map(|index| network.start(index)).collect()
}

/// The account of a key that every development chain has.
const NEW_KEY: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

fn wallet() -> SigningKey {
    let digits = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    SigningKey::from_slice(&hex::decode(digits).unwrap()).unwrap()
}

/// Both forms of the Subject; two of five nodes killed; one back; the same request again. Then what is in files, logs and
/// metrics.
#[test]
fn a_salt_comes_back_while_three_of_five_nodes_live() {
    let network = Network::new();
    let mut nodes = start_all(&network);
    let (client, record) = (network.client(), &network.record);
    let mut ann = Person::new(record, 1);
    let request = ann.request(record, &format!("t={}; ", now()));
    ann.opens(&client, &request);

    nodes[1].kill();
    nodes[4].kill();
    ann.opens(&client, &request);
    let recover = format!("Recover {ACCOUNT} on {CHAIN} nonce {NONCE} to {NEW_KEY}");
    let mut vote = Request::new(record.committee(), &mail::provable(&recover, ""), None);
    vote.consent = Some(ann.consent(&vote, now() + 600, &wallet()));
    let opened = ann.opens(&client, &vote);
    assert_eq!(opened.nodes.iter().filter(|n| matches!(n.outcome, Outcome::Gave)).count(), 3);

    // A third one gone, and that is too few: all are named. It comes back and answers the same request.
    nodes[0].kill();
    let error = ann.ask(&client, &vote).unwrap_err();
    let Error::TooFew { gave: 2, threshold: 3, nodes: reports } = &error else { panic!("{error}") };
    let silent: Vec<u8> = reports
        .iter()
        .filter(|report| matches!(report.outcome, Outcome::Silent(_)))
        .map(|report| report.index.get())
        .collect();
    assert_eq!(silent, [1, 2, 5]);
    assert!(
        error.is_temporary() && error.to_string().contains("node 2 (http://127.0.0.1:"),
        "{error}"
    );
    nodes[0] = network.start(1);
    ann.opens(&client, &vote);

    // The round is over: the vote opens nothing new, at a node that does not know the request.
    network.chain.state.lock().unwrap().nonce += 1;
    nodes[1] = network.start(2);
    let (one, two) = (nodes[0].metrics_text(), nodes[1].metrics_text());
    let mut other = Request::new(record.committee(), &mail::provable(&recover, "y=1; "), None);
    other.consent = Some(ann.consent(&other, now() + 600, &wallet()));
    let error = ann.ask(&client, &other).unwrap_err();
    assert_eq!(error.final_refusal().map(|refusal| refusal.id.as_str()), Some("stale"), "{error}");

    assert!(one.contains("zkdkim_salt_requests_total{outcome=\"answered\"}"), "{one}");
    says_nothing(&(one + &two));
    assert_eq!(get(nodes[0].port, "/metrics").lines().next(), Some("HTTP/1.1 404 Not Found"));
    assert!(get(nodes[0].port, "/healthz").ends_with("ok\n"));
    assert_eq!(nodes[0].terminate(), Some(0));
    drop(nodes);
    let log = std::fs::read_to_string(network.log(1)).unwrap();
    assert!(log.contains("\"outcome\":\"answered\"") && log.contains("ended"), "{log}");
    nothing_is_given_away(network.folder.path());
}

/// The node has its own keys, but the share of another committee: what it signs is a lie, and shows to be one.
#[test]
fn a_node_that_lies_is_named() {
    let network = Network::new();
    let other = tempfile::tempdir().unwrap();
    deal(other.path(), &network.ports);
    // The other dealer made other keys; the liar takes its own, and a record that says so.
    forge(&network, other.path());
    let nodes: Vec<Node> = [1, 2, 5].iter().map(|index| network.start(*index)).collect();
    let client = network.client();
    let mut ann = Person::new(&network.record, 2);
    let request = ann.request(&network.record, "");
    let error = ann.ask(&client, &request).unwrap_err();
    let Error::TooFew { gave: 2, nodes: reports, .. } = &error else { panic!("{error}") };
    assert!(matches!(reports[4].outcome, Outcome::Lied(_)), "{error}");
    assert!(error.to_string().contains("node 5") && error.to_string().contains("lied"), "{error}");
    let _third = network.start(3);
    let opened = ann.opens(&client, &request);
    assert!(!matches!(opened.nodes[4].outcome, Outcome::Gave));
    drop(nodes);
}

/// Gives node 5 a record and a share under another master key, with the members' own keys.
fn forge(network: &Network, other: &std::path::Path) {
    use rand::rngs::OsRng;
    use std::fs;
    use zkdkim_salt::{dealer::deal_insecurely, node::NodeKeys, CommitteeRecord, Dealer};
    let committee = network.record.committee();
    let members = committee.nodes.iter().map(|node| node.member.clone()).collect();
    let (forged, shares) = deal_insecurely(&committee.network, 3, members, &mut OsRng).unwrap();
    let keys =
        |index| NodeKeys::from_bytes(&fs::read(network.home(index).join("keys")).unwrap()).unwrap();
    let signatures = (1..=5).map(|index| forged.sign(&keys(index).signing)).collect();
    let record =
        CommitteeRecord::new(forged, signatures, vec![], Dealer::AllowedInsecurely).unwrap();
    let epoch = network.home(5).join("epochs/1");
    fs::write(epoch.join("record"), record.to_bytes()).unwrap();
    fs::write(epoch.join("share"), &*shares[4].to_bytes()).unwrap();
    assert!(other.join("committee.record").exists());
}

#[test]
fn a_flood_of_what_is_no_request_costs_little_and_shuts_nobody_out() {
    let mut network = Network::new();
    network.extra_config = "[limits]\nclient_burst = 100000\nclient_seconds = 1\n".into();
    let nodes: Vec<Node> = (1..=3).map(|index| network.start(index)).collect();
    let mut ann = Person::new(&network.record, 3);
    let request = ann.request(&network.record, "");
    let client = network.client();
    let port = nodes[0].port;
    let before = nodes[0].memory_kib();
    let flood = || {
        for i in 0..100usize {
            // Nothing, too little, a box that does not open, more than is read.
            let body = vec![7; [0, 31, 1500, 4144, 100_000][i % 5]];
            let answer = post(port, &body, "");
            assert!(
                answer.is_empty()
                    || answer.contains("\"id\":\"request\"")
                    || answer.contains("\"id\":\"busy\""),
                "{answer}"
            );
        }
    };
    thread::scope(|scope| {
        let floods: Vec<_> = (0..4).map(|_| scope.spawn(flood)).collect();
        ann.opens(&client, &request);
        floods.into_iter().for_each(|flood| flood.join().unwrap());
    });
    let grown = nodes[0].memory_kib().saturating_sub(before);
    assert!(grown < 64 << 10, "{grown} KiB more");
    assert!(nodes[0].metrics_text().contains("outcome=\"request\""));
}

#[test]
fn clients_are_told_apart_and_limited() {
    let mut network = Network::new();
    network.extra_config = "[limits]\nclient_burst = 2\nclient_seconds = 3600\n".into();
    let node = network.start(1);
    let answers: Vec<_> = (0..3).map(|_| post(node.port, b"x", "")).collect();
    assert!(answers[1].contains("\"id\":\"request\""), "{}", answers[1]);
    assert!(
        answers[2].starts_with("HTTP/1.1 429") && answers[2].contains("retry-after: "),
        "{}",
        answers[2]
    );
    // Whoever is no trusted proxy does not become another by saying so.
    let said = post(node.port, b"x", "x-forwarded-for: 192.0.2.7\r\n");
    assert!(said.contains("\"id\":\"limit\""), "{said}");
    drop(node);
    network.extra_config = format!("{}\n", network.extra_config);
    let path = network.config(1, super::support::nodes::free_port());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("trusted_proxies = [\"127.0.0.1\"]\n{text}")).unwrap();
    let metrics = super::support::nodes::free_port();
    let node = super::support::nodes::start(&path, &network.log(1), network.ports[0], metrics);
    for client in ["192.0.2.7", "192.0.2.8"] {
        let head = format!("x-forwarded-for: 198.51.100.9, {client}\r\n");
        let answers: Vec<_> = (0..3).map(|_| post(node.port, b"x", &head)).collect();
        assert!(answers[1].contains("\"id\":\"request\""), "{}", answers[1]);
        assert!(answers[2].contains("\"id\":\"limit\""), "{}", answers[2]);
    }
}
