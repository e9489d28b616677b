//! Commands that ask others: resolvers that have to agree, salt nodes, a chain. All are on this machine.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
};

use k256::ecdsa::SigningKey as Wallet;
use rand::rngs::OsRng;
use serde_json::Value;
use zkdkim_relation::{recovery_subject::Address, DnsRecords};
use zkdkim_salt::{
    dealer::deal_insecurely,
    limits::LimitSettings,
    node::{NodeKeys, SaltNode},
    request::{Block, Chains, Unavailable},
    CommitteeRecord, Dealer, Member, NetworkId, NodeIndex,
};
use zkdkim_test_vectors::server;

use super::{
    dns_server::{plain, records, Says},
    program::{schema, Home, Run},
    signed_mail::{self, DOMAIN, KEY_NAME},
    test_chain::{now, TestChain, ACCOUNT, BLOCK, BLOCK_HASH, CHAIN, NONCE, RECOVERY},
};

/// What the nodes think of the chain.
struct Seen;

impl Chains for Seen {
    fn block(&self, chain: u64, number: u64) -> Result<Option<Block>, Unavailable> {
        let known = chain == CHAIN && number == BLOCK;
        Ok(known.then(|| Block { hash: BLOCK_HASH, time: now() - 60 }))
    }

    fn is_round_open(&self, _: u128, _: Address, nonce: u64) -> Result<bool, Unavailable> {
        Ok(nonce == NONCE)
    }

    fn accepts_signature(
        &self,
        _: u128,
        _: Address,
        _: &[u8; 32],
        _: &[u8],
    ) -> Result<bool, Unavailable> {
        Ok(false)
    }
}

fn provider_keys() -> DnsRecords {
    let mut records = DnsRecords::default();
    records.add(KEY_NAME, signed_mail::record());
    records
}

/// Five nodes; the last three can be silenced.
struct Nodes {
    record: CommitteeRecord,
    silent: Arc<AtomicBool>,
}

impl Nodes {
    fn start() -> Nodes {
        let listeners: Vec<_> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let keys: Vec<_> = (0..5).map(|_| NodeKeys::random(&mut OsRng)).collect();
        let member = |((at, listener), keys): ((usize, &TcpListener), &NodeKeys)| Member {
            index: NodeIndex::new(at as u8 + 1).unwrap(),
            url: format!("http://{}", listener.local_addr().unwrap()),
            sealing: keys.opening.sealing_key(),
            verifying: keys.signing.verifying_key(),
        };
        let members = listeners.iter().enumerate().zip(&keys).map(member).collect();
        let network = NetworkId::parse("insecure-dealer-test").unwrap();
        let (committee, shares) = deal_insecurely(&network, 3, members, &mut OsRng).unwrap();
        let signatures = keys.iter().map(|keys| committee.sign(&keys.signing)).collect();
        let record =
            CommitteeRecord::new(committee, signatures, vec![], Dealer::AllowedInsecurely).unwrap();
        let silent = Arc::new(AtomicBool::new(false));
        for (((at, listener), keys), share) in
            listeners.into_iter().enumerate().zip(keys).zip(shares)
        {
            let settings = LimitSettings { address_a_day: 100, ..LimitSettings::default() };
            let node = SaltNode::new(record.clone(), share, keys, settings, &mut OsRng).unwrap();
            let silent = silent.clone();
            server::connections(listener, move |stream| {
                if at < 2 || !silent.load(Ordering::Relaxed) {
                    serve(stream, &node);
                }
            });
        }
        Nodes { record, silent }
    }
}

fn serve(mut stream: impl Read + Write, node: &SaltNode) {
    let Some(request) = server::Request::read(&mut stream) else { return };
    let body = request.body;
    let (status, body) = match request.line.starts_with("POST /v1/release ") {
        true => match node.handle(&body, b"client", now(), &Seen, &provider_keys(), &mut OsRng) {
            Ok(answer) => ("200 OK", answer),
            Err(refused) => {
                let refusal =
                    serde_json::json!({ "id": refused.id(), "detail": refused.to_string() });
                ("422 Unprocessable Entity", refusal.to_string().into_bytes())
            }
        },
        false => ("404 Not Found", vec![]),
    };
    server::answer(&mut stream, status, "application/octet-stream", &body);
}

const COMMITTEE: [&str; 3] = ["--committee", "committee.record", "--allow-insecure-dealer"];

/// A folder with a committee's record, the provider's key record, a salt.
fn home(nodes: &Nodes) -> Home {
    let home = Home::new();
    home.write("committee.record", nodes.record.to_bytes());
    home.write("dns.json", provider_keys().to_json());
    home
}

fn with(home: &Home, head: &[&str], tail: &[&str]) -> Run {
    home.json(&[head, &COMMITTEE[..], tail].concat())
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}")).to_owned()
}

/// A mail with the Subject that `salt subject` prints; its key is in `once.key`.
fn mail_of_subject(home: &Home, chain: &TestChain, seen: &mut Vec<Value>) {
    let run = with(
        home,
        &["salt", "subject"],
        &["--rpc", &chain.url, "--out", "once.key", "--force", "--allow-plain-http"],
    )
    .succeeds();
    seen.extend(run.lines());
    home.write("mail.eml", signed_mail::mail(&text(&run.last(), "subject"), ""));
}

#[test]
fn a_salt_goes_to_the_mailbox_and_comes_back() {
    use std::os::unix::fs::PermissionsExt;
    let (nodes, chain, mut seen) = (Nodes::start(), TestChain::start(), Vec::new());
    let home = home(&nodes);
    let address = signed_mail::address();
    let escrow =
        ["--address", &address, "--salt-file", "salt.json", "--out", "escrow.hex", "--force"];
    let made = with(&home, &["salt", "escrow"], &escrow).succeeds();
    seen.extend(made.lines());
    let refused =
        home.json(&[&["salt", "escrow", "--committee", "committee.record"], &escrow[..]].concat());
    assert!(refused.fails(1, "insecure-dealer")["hint"]
        .as_str()
        .unwrap()
        .contains("--allow-insecure"));
    seen.extend(with(&home, &["salt", "committee"], &["--update"]).succeeds().lines());

    mail_of_subject(&home, &chain, &mut seen);
    let recover = ["salt", "recover", "mail.eml", "--dns", "dns.json", "--key-file", "once.key"];
    let to = |out: &'static str, escrow: &'static str| ["--escrow", escrow, "--out", out];
    let run = with(&home, &recover, &to("back.salt", "escrow.hex")).succeeds();
    let gave = |run: &Run| run.stdout.matches("\"gave\"").count();
    assert_eq!((gave(&run), run.last()["epoch"].as_u64()), (3, Some(1)));
    seen.extend(run.lines());
    let read = |name: &str| fs::read_to_string(home.path(name)).unwrap();
    assert_eq!(read("back.salt"), read("salt.json"));
    for secret in ["back.salt", "once.key"] {
        let mode = fs::metadata(home.path(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    with(&home, &recover, &to("back.salt", "escrow.hex")).fails(2, "exists");

    // The form in which a mail is the vote as well: the new key says to whom.
    let digits = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    let wallet = Wallet::from_slice(&hex::decode(digits).unwrap()).unwrap();
    let new_key = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
    let subject = format!("Recover {ACCOUNT} on {CHAIN} nonce {NONCE} to {new_key}");
    home.write("vote.eml", signed_mail::mail(&subject, ""));
    let consent =
        with(&home, &["salt", "consent", "vote.eml", "--dns", "dns.json"], &["--out", "vote.key"]);
    seen.extend(consent.lines());
    let signature = sign(&wallet, &text(&consent.succeeds().last(), "text"));
    let vote = ["salt", "recover", "vote.eml", "--dns", "dns.json", "--key-file", "vote.key"];
    let unsigned = with(&home, &vote, &to("vote.salt", "escrow.hex")).fails(2, "input");
    assert!(text(&unsigned, "detail").contains("signature is needed"), "{unsigned}");
    let signed = [&to("vote.salt", "escrow.hex")[..], &["--signature", &signature]].concat();
    with(&home, &vote, &signed).succeeds();
    assert_eq!(read("vote.salt"), read("salt.json"));

    // The account is found by what it published.
    let publication = |name: &str| hex::decode(&read(name).trim()[2..]).unwrap();
    let other = ["--address", "bob@example.org", "--salt-file", "salt.json", "--out", "bob.hex"];
    with(&home, &["salt", "escrow"], &other).succeeds();
    chain.state.lock().unwrap().escrows = vec![
        ([1; 20], publication("bob.hex")),
        ([2; 20], publication("escrow.hex")),
        ([3; 20], vec![7]),
    ];
    let find = ["account", "find", "mail.eml", "--dns", "dns.json", "--key-file", "once.key"];
    let on = ["--rpc", &chain.url, "--contract", RECOVERY, "--out", "found", "--allow-plain-http"];
    for _ in 0..2 {
        let run = with(&home, &find, &on).succeeds();
        let last = run.last();
        let count = |key: &str| last[key].as_u64().unwrap();
        assert_eq!(
            (count("found"), count("tried"), count("events"), count("unreadable")),
            (1, 2, 3, 1)
        );
        seen.extend(run.lines());
    }
    let file = format!("found/0x{}-1.salt", "02".repeat(20));
    assert_eq!(read(&file), read("salt.json"));
    assert_eq!(fs::read_dir(home.path("found")).unwrap().count(), 1);

    // What goes wrong has its reason: another's escrow, another Subject, too few nodes.
    with(&home, &recover, &to("x.salt", "bob.hex")).fails(1, "escrow");
    home.write("mail.eml", signed_mail::mail("Re: hello", ""));
    let refused = with(&home, &recover, &to("x.salt", "escrow.hex")).fails(1, "salt-nodes");
    assert!(text(&refused, "hint").contains("`zkdkim salt subject`"), "{refused}");
    mail_of_subject(&home, &chain, &mut seen);
    nodes.silent.store(true, Ordering::Relaxed);
    let refused = with(&home, &recover, &to("x.salt", "escrow.hex")).fails(2, "salt-nodes");
    let detail = text(&refused, "detail");
    assert!(
        detail.contains("2 of 3 nodes") && detail.contains("node 5") && detail.contains("silent"),
        "{detail}"
    );
    assert!(!home.path("x.salt").exists());

    let seen: BTreeSet<_> =
        seen.iter().map(schema::branch).filter(|b| schema::needs_others(*b)).collect();
    // One more is that of `registry sync`.
    let all = (0..schema::branches()).filter(|branch| schema::needs_others(*branch)).count();
    assert_eq!(seen.len() + 1, all);
}

/// EIP-191, as a wallet signs a text.
fn sign(wallet: &Wallet, text: &str) -> String {
    let message = format!("\x19Ethereum Signed Message:\n{}{text}", text.len());
    let hash = zkdkim_net::abi::signature_hash(&message);
    let (signature, recovery) = wallet.sign_prehash_recoverable(&hash);
    format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte())
}

/// A list of three resolvers, of which two have to agree.
fn resolvers(home: &Home, says: [Says; 3]) {
    let entry = |(i, says)| format!("[[resolver]]\nname = \"r{i}\"\nurl = \"{}\"\n", plain(says));
    let entries: String = says.into_iter().enumerate().map(entry).collect();
    home.write("resolvers.toml", format!("quorum = 2\n{entries}"));
}

const LIVE: [&str; 3] = ["--resolvers", "resolvers.toml", "--allow-plain-http"];

#[test]
fn key_records_are_looked_up() {
    let home = Home::new();
    let record = signed_mail::record();
    home.write("mail.eml", signed_mail::mail("hello", ""));
    let inspect =
        |home: &Home| home.json(&[&["inspect", "mail.eml", "--dns", "live"], &LIVE[..]].concat());
    resolvers(&home, [records(&[&record]), Says::Fails, records(&[&record])]);
    assert_eq!(inspect(&home).last()["verdict"], "provable");
    let fetch = ["dns", "fetch", DOMAIN, "s1", "--out", "dns.json"];
    let run = home.json(&[&fetch[..], &LIVE[..]].concat()).succeeds();
    assert_eq!(run.last()["action"], "fetch");
    home.json(&["inspect", "mail.eml", "--dns", "dns.json"]).succeeds();
    let prove = [
        "prove",
        "mail.eml",
        "--salt-file",
        "salt.json",
        "--registry",
        "registry.json",
        "--out",
        "p.json",
    ];
    let prove = |home: &Home| home.json(&[&prove[..], &["--dns", "live"], &LIVE[..]].concat());
    home.json(&["registry", "add", DOMAIN, &record, "--file", "registry.json"]).succeeds();

    // Two that disagree are told from none that answers, and neither from a record that is not there.
    resolvers(&home, [records(&[&record]), records(&["v=DKIM1; p=AAAA"]), Says::Fails]);
    let failed = inspect(&home).fails(2, "dns-no-quorum");
    assert!(text(&failed, "detail").contains("r0: a record"), "{failed}");
    prove(&home).fails(2, "dns-no-quorum");
    resolvers(&home, [records(&[]), records(&[]), records(&[&record])]);
    inspect(&home).fails(1, "key-record");
    home.json(&[&["dns", "fetch", DOMAIN, "s1"], &LIVE[..]].concat()).fails(2, "dns-absent");
    // The provider has withdrawn the key: the registry has it, and the proof is refused all the same.
    prove(&home).fails(1, "key-record");
    home.json(&["inspect", "mail.eml", "--dns", "live", "--resolvers", "resolvers.toml"])
        .fails(2, "dns-resolvers");
}

#[test]
fn a_registry_is_kept_true() {
    let home = Home::new();
    let line = |domain: &str, selectors: &str| {
        format!("{domain}\tyes\t{selectors}\t2048\trelaxed/relaxed\tyes\t\t2026\n")
    };
    home.write("providers.tsv", line(DOMAIN, "s1, s2") + &line("web.example", "?"));
    let sync = ["registry", "sync", "--file", "registry.json", "--providers", "providers.tsv"];
    let sync = |home: &Home| home.json(&[&sync[..], &LIVE[..]].concat());
    let zone = |name: &str| match name {
        KEY_NAME => vec![signed_mail::record()],
        _ => vec![],
    };
    resolvers(&home, [Says::ByName(zone), Says::ByName(zone), Says::Fails]);
    let run = sync(&home).succeeds();
    let items = run.lines();
    let outcome = |at: usize| text(&items[at], "outcome");
    assert_eq!((outcome(0), outcome(1)), ("added".into(), "absent".into()));
    let last = run.last();
    assert_eq!(
        (last["added"].as_u64(), &last["left_out"][0]),
        (Some(1), &Value::from("web.example"))
    );
    assert_eq!(sync(&home).succeeds().last()["added"], 0);
    let before = fs::read(home.path("registry.json")).unwrap();
    resolvers(&home, [Says::Fails, Says::Fails, Says::ByName(zone)]);
    let failed = sync(&home).fails(2, "dns-incomplete");
    assert!(text(&failed, "detail").starts_with("2 of 2 selectors"), "{failed}");
    assert_eq!(fs::read(home.path("registry.json")).unwrap(), before);
}

/// The call is for the contract's owner, who is not here.
#[test]
fn a_root_is_proposed_after_the_latest_one() {
    let home = Home::new();
    let root = home.json(&["registry", "root", "--file", "registry.json"]).succeeds().last();
    let root = text(&root, "root");
    let contract = format!("0x{}", "c0".repeat(20));
    let propose = |latest: String| {
        let chain = server::json_rpc(move |_, _| server::result(latest.clone().into()));
        let args = ["registry", "propose", "--file", "registry.json", "--allow-plain-http"];
        home.json(&[&args[..], &["--rpc", &chain, "--contract", &contract]].concat())
    };
    let before = format!("0x{}", "07".repeat(32));
    let last = propose(before.clone()).succeeds().last();
    assert_eq!(
        (&last["latest"], &last["call"]["to"]),
        (&before.clone().into(), &contract.clone().into())
    );
    let data = format!("0x99e099e4{}{}", &root[2..], &before[2..]);
    assert_eq!(last["call"]["data"], data);
    assert_eq!(propose(root).succeeds().last()["call"], Value::Null);
    propose("0x".into()).fails(2, "network");
}
