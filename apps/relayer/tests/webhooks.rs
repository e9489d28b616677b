//! Who asked for it is called when a job moves: signed, once unless the receiver or this program fails, and nowhere inside.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
};

use base64::prelude::{Engine, BASE64_STANDARD};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use zkdkim_relayer::{
    job::{Errand, Refused, Target},
    store::{Arrival, Checked, Hook, Store, Wish},
    webhook::{Reach, Webhooks, PAUSES_SECONDS},
};
use zkdkim_test_vectors::server::{answer, connections, Request};

use crate::support::{
    database, owner, signed_mail, vote, waiting, waiting_for, ACCOUNT, CHAIN, KEY,
};

/// A receiver, and the status that it answers with.
struct Receiver {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    status: Arc<Mutex<&'static str>>,
}

impl Receiver {
    fn new() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (requests, status) = (Arc::default(), Arc::new(Mutex::new("200 OK")));
        let receiver = Receiver { url, requests, status };
        let (requests, status) = (receiver.requests.clone(), receiver.status.clone());
        connections(listener, move |mut stream| {
            let Some(request) = Request::read(&mut stream) else { return };
            requests.lock().unwrap().push(request);
            let status = *status.lock().unwrap();
            answer(&mut stream, status, "text/plain", b"");
        });
        receiver
    }

    fn answers(&self, status: &'static str) {
        *self.status.lock().unwrap() = status;
    }

    /// What came since this was asked last.
    fn taken(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn field<'a>(request: &'a Request, name: &str) -> &'a str {
    let line = request.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name}: {}", request.head))
}

async fn call(store: &Store, reach: Reach) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let webhooks = Webhooks::new(store.clone(), reach).unwrap();
    while webhooks.call_one().await.unwrap() {}
}

fn wish() -> Wish {
    Wish { chain: CHAIN, account: ACCOUNT, errand: Errand::Recover, new_owner: owner(KEY) }
}

/// The states that were called out; calls may overtake one another, these do not.
fn states(requests: &[Request]) -> Vec<String> {
    let state = |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        body["data"]["state"].as_str().unwrap().to_owned()
    };
    requests.iter().map(state).collect()
}

#[tokio::test]
async fn each_step_is_called_out_once_and_signed() {
    for database in database::each().await {
        let store = &database.store;
        let (wallet, operator) = (Receiver::new(), Receiver::new());
        let hook = Hook::new(&wallet.url);
        assert!(store.hook(&hook, &wish()).await.unwrap());
        store.hook_operator(&[Hook::new(&operator.url)]).await.unwrap();

        store.receive(Arrival::Mail(signed_mail().as_bytes()), "test").await.unwrap();
        call(store, Reach::Insecure).await;
        assert_eq!(states(&operator.taken()), ["received"]);
        let (lease, _) = store.claim(60).await.unwrap().unwrap();
        let target = vote();
        let reply = Some("to ann".into());
        let checked = Checked { target: &target, header_digest: [7; 32], reply };
        assert!(store.checked(&lease, &checked).await.unwrap());
        store.renew(&lease, 60).await.unwrap();
        call(store, Reach::Insecure).await;
        let refused = Refused::new("why", "quotes ann@example.org", "hint");
        store.refuse(&lease, &refused, None).await.unwrap();
        call(store, Reach::Insecure).await;
        assert_eq!(states(&operator.taken()), ["checked", "refused"]);
        let calls = wallet.taken();
        assert_eq!(states(&calls), ["checked", "refused"], "none before it is known for whom");
        for request in &calls {
            let body = String::from_utf8(request.body.clone()).unwrap();
            for secret in ["ann", "quotes", "Recover ", &hex::encode(ACCOUNT), &hex::encode(KEY)] {
                assert!(!body.contains(secret), "{secret}: {body}");
            }
            let (id, at) = (field(request, "webhook-id"), field(request, "webhook-timestamp"));
            let mut mac = Hmac::<Sha256>::new_from_slice(&hook.secret).unwrap();
            mac.update(format!("{id}.{at}.{body}").as_bytes());
            let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
            assert_eq!(field(request, "webhook-signature"), signature);
        }
        let last: Value = serde_json::from_slice(&calls[1].body).unwrap();
        assert_eq!(last["data"]["reason"], "why");
        assert_eq!(last["data"]["webhook"], hook.id);

        // One that the operator took out of the configuration, and other keys' jobs.
        store.hook_operator(&[]).await.unwrap();
        store.receive(Arrival::Mail(b"another"), "test").await.unwrap();
        waiting_for(store, &Target { new_owner: owner(ACCOUNT), ..vote() }, 5).await;
        call(store, Reach::Insecure).await;
        assert!(operator.taken().is_empty() && wallet.taken().is_empty());
    }
}

#[tokio::test]
async fn a_call_that_is_not_taken_is_made_again_under_the_same_name_and_not_for_ever() {
    for database in database::each().await {
        let store = &database.store;
        let wallet = Receiver::new();
        assert!(store.hook(&Hook::new(&wallet.url), &wish()).await.unwrap());
        waiting(store, 1).await;
        // As by a process that was killed with it.
        let taken = store.claim_call(60).await.unwrap().unwrap();
        assert!(store.claim_call(60).await.unwrap().is_none(), "one process at a time");
        database.release_calls(1).await;
        for refused in ["500 Internal Server Error", "302 Found\r\nlocation: /elsewhere"] {
            wallet.answers(refused);
            call(store, Reach::Insecure).await;
            let requests = wallet.taken();
            assert_eq!((requests.len(), field(&requests[0], "webhook-id")), (1, &taken.id[..]));
            database.release_calls(1).await;
        }
        database.release_calls(PAUSES_SECONDS.len() as i64).await;
        call(store, Reach::Insecure).await;
        assert_eq!(wallet.taken().len(), 1);
        database.release_calls(1).await;
        wallet.answers("204 No Content");
        call(store, Reach::Insecure).await;
        assert!(wallet.taken().is_empty(), "it was given up");
    }
}

#[tokio::test]
async fn who_says_gone_is_called_no_more() {
    let database = database::sqlite().await;
    let store = &database.store;
    let wallet = Receiver::new();
    assert!(store.hook(&Hook::new(&wallet.url), &wish()).await.unwrap());
    wallet.answers("410 Gone");
    waiting(store, 1).await;
    call(store, Reach::Insecure).await;
    wallet.answers("200 OK");
    waiting(store, 2).await;
    call(store, Reach::Insecure).await;
    assert_eq!(wallet.taken().len(), 1);
}

#[tokio::test]
async fn nobody_inside_is_called_for_a_wallet() {
    let database = database::sqlite().await;
    let store = &database.store;
    let inside = Receiver::new();
    let named = inside.url.replace("127.0.0.1", "localhost").replace("http:", "https:");
    for url in [&inside.url, &named] {
        assert!(store.hook(&Hook::new(url), &wish()).await.unwrap());
    }
    waiting(store, 1).await;
    call(store, Reach::Public).await;
    assert!(inside.taken().is_empty());
}

#[tokio::test]
async fn an_account_has_few_hooks() {
    for database in database::each().await {
        let store = &database.store;
        for number in 0..10 {
            let kept = store.hook(&Hook::new("https://wallet.example"), &wish()).await.unwrap();
            assert_eq!(kept, number < 8, "{number}");
        }
        let other = Wish { account: KEY, ..wish() };
        assert!(store.hook(&Hook::new("https://wallet.example"), &other).await.unwrap());
        store.forget(-1).await.unwrap();
        assert!(store.hook(&Hook::new("https://wallet.example"), &wish()).await.unwrap());
    }
}
