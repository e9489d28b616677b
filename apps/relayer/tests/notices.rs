//! Owners are told when a recovery starts: whom they named, once, whoever started it.

use std::sync::Arc;

use alloy::{
    primitives::{Address, Bytes},
    signers::{local::PrivateKeySigner, SignerSync},
};
use zkdkim_relayer::{
    chain::{Ledger, Started},
    notice::{Notices, Wanted, Watch},
    pipeline::Chain,
    store::Store,
};

use crate::support::{chain::Misbehaving, database, smtp, ACCOUNT, CHAIN, CONTRACT};

const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.net";

fn addresses(these: &[&str]) -> Vec<String> {
    these.iter().map(|address| (*address).to_owned()).collect()
}

/// Another process each time.
fn watch(store: &Store, ledger: &Misbehaving) -> Watch {
    let chain = Chain { ledger: Arc::new(ledger.clone()), contracts: vec![CONTRACT] };
    Watch { holder: "the one that is left".into(), ..Watch::new(store.clone(), chain, 3, 4) }
}

async fn look(store: &Store, ledger: &Misbehaving) {
    while watch(store, ledger).look().await.unwrap() {}
}

fn notices(store: &Store, server: &smtp::Server) -> Notices {
    let mail_to = "recovery@relayer.example".into();
    Notices { store: store.clone(), post: server.post(), mail_to }
}

async fn send(store: &Store, server: &smtp::Server) -> Vec<String> {
    let notices = notices(store, server);
    while notices.send_one().await.unwrap() {}
    server.taken()
}

fn field<'a>(mail: &'a str, name: &str) -> &'a str {
    let line = mail.lines().find(|line| line.starts_with(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name}: {mail}")).split_once(": ").unwrap().1
}

#[tokio::test]
async fn whom_an_account_named_is_told_once() {
    for database in database::each().await {
        let (store, ledger) = (&database.store, Misbehaving::new());
        let server = smtp::Server::new();
        look(store, &ledger).await;
        assert!(store.watch(CHAIN, ACCOUNT, &addresses(&[ANN, BOB]), 1000).await.unwrap());
        ledger.start_recovery();
        look(store, &ledger).await;
        assert_eq!(send(store, &server).await, [""; 0], "it may still be undone");
        // A relayer that was away looks at all that it missed, some blocks at a time.
        for _ in 0..20 {
            ledger.mine();
        }
        look(store, &ledger).await;
        let sent = send(store, &server).await;
        let mut to: Vec<_> = sent.iter().map(|mail| field(mail, "To")).collect();
        to.sort_unstable();
        assert_eq!(to, [ANN, BOB]);
        for mail in &sent {
            assert_eq!(field(mail, "Auto-Submitted"), "auto-generated");
            assert!(mail.contains("Cancel 0x") && !mail.contains("://"), "{mail}");
        }
        // A process that looks at the same blocks again, as one that was killed does.
        store.saw(CHAIN, 12, &ledger_started(&ledger).await).await.unwrap();
        look(store, &ledger).await;
        assert_eq!(send(store, &server).await, [""; 0]);
    }
}

async fn ledger_started(ledger: &Misbehaving) -> Vec<Started> {
    let started = ledger.started(&[CONTRACT], 1, 100).await.unwrap();
    assert_eq!(started.len(), 1);
    started
}

#[tokio::test]
async fn a_notice_of_a_process_that_died_is_sent_again_under_the_same_name() {
    for database in database::each().await {
        let (store, ledger) = (&database.store, Misbehaving::new());
        let server = smtp::Server::new();
        assert!(store.watch(CHAIN, ACCOUNT, &addresses(&[ANN]), 1000).await.unwrap());
        ledger.start_recovery();
        store.saw(CHAIN, 12, &ledger_started(&ledger).await).await.unwrap();
        let taken = store.claim_notice(60).await.unwrap().unwrap();
        assert!(!format!("{taken:?}").contains("ann"), "no log has the address");
        assert!(store.claim_notice(60).await.unwrap().is_none(), "one process at a time");
        database.release_notices().await;
        let sent = send(store, &server).await;
        assert_eq!(field(&sent[0], "Message-ID"), format!("<{}@relayer.example>", taken.id));
        database.release_notices().await;
        assert_eq!(send(store, &server).await, [""; 0]);
    }
}

#[tokio::test]
async fn what_the_mail_server_refuses_for_now_is_tried_again_and_for_good_is_not() {
    let database = database::sqlite().await;
    let (store, ledger) = (&database.store, Misbehaving::new());
    let server = smtp::Server::new();
    assert!(store.watch(CHAIN, ACCOUNT, &addresses(&[ANN]), 1000).await.unwrap());
    ledger.start_recovery();
    store.saw(CHAIN, 12, &ledger_started(&ledger).await).await.unwrap();
    *server.recipient.lock().unwrap() = "451 later";
    assert_eq!(send(store, &server).await, [""; 0]);
    assert!(store.claim_notice(60).await.unwrap().is_none(), "not at once");
    database.release_notices().await;
    *server.recipient.lock().unwrap() = "250 ok";
    assert_eq!(send(store, &server).await.len(), 1);
    let next = Started { nonce: 5, ..ledger_started(&ledger).await[0].clone() };
    store.saw(CHAIN, 13, &[next]).await.unwrap();
    *server.recipient.lock().unwrap() = "550 <ann@example.org> is nobody";
    assert_eq!(send(store, &server).await, [""; 0]);
    database.release_notices().await;
    assert!(store.claim_notice(60).await.unwrap().is_none(), "it is forgotten");
}

#[tokio::test]
async fn who_is_no_longer_named_is_told_no_more() {
    for database in database::each().await {
        let (store, ledger) = (&database.store, Misbehaving::new());
        ledger.start_recovery();
        let started = ledger_started(&ledger).await;
        store.saw(CHAIN, 11, &started).await.unwrap();
        assert!(store.claim_notice(0).await.unwrap().is_none(), "nobody asked to be told");
        assert!(store.watch(CHAIN, ACCOUNT, &addresses(&[ANN, BOB]), 1000).await.unwrap());
        assert_eq!(store.saw(CHAIN, 12, &started).await.unwrap(), 2);
        // What was signed before, or then, says nothing any more.
        assert!(!store.watch(CHAIN, ACCOUNT, &addresses(&[]), 1000).await.unwrap());
        assert!(!store.watch(CHAIN, ACCOUNT, &addresses(&[]), 999).await.unwrap());
        assert!(store.watch(CHAIN, ACCOUNT, &addresses(&[BOB]), 1001).await.unwrap());
        let left = store.claim_notice(60).await.unwrap().unwrap();
        assert_eq!(left.address, BOB);
        assert!(store.claim_notice(60).await.unwrap().is_none());
        assert!(store.watch(CHAIN, ACCOUNT, &addresses(&[]), 1002).await.unwrap());
        let next = Started { nonce: 5, ..started[0].clone() };
        assert_eq!(store.saw(CHAIN, 13, &[next]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn only_the_account_says_whom_to_tell() {
    let ledger = Misbehaving::new();
    let wallet = PrivateKeySigner::from_slice(&[9; 32]).unwrap();
    let wanted =
        |account| Wanted { chain: CHAIN, account, addresses: addresses(&[ANN]), signed: 1000 };
    let text = wanted(wallet.address()).text("r@relayer.example");
    let signature = Bytes::from(wallet.sign_message_sync(text.as_bytes()).unwrap().as_bytes());
    let signed = async |account: Address, relayer: &str, signature: &Bytes| {
        wanted(account).is_signed(relayer, signature, &ledger).await.unwrap()
    };
    assert!(signed(wallet.address(), "r@relayer.example", &signature).await);
    assert!(!signed(wallet.address(), "r@other.example", &signature).await, "for another relayer");
    assert!(!signed(ACCOUNT, "r@relayer.example", &signature).await, "of another account");
    for nonsense in [Bytes::new(), Bytes::from(vec![0; 65]), Bytes::from(vec![1; 3])] {
        assert!(!signed(wallet.address(), "r@relayer.example", &nonsense).await);
    }
    ledger.sign_at(ACCOUNT, &[1; 3]);
    assert!(signed(ACCOUNT, "r@relayer.example", &Bytes::from(vec![1; 3])).await);
}
