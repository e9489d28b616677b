//! The HTTP door over a socket, before a chain in memory.

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU32, sync::Arc};

use alloy::{
    primitives::Address,
    signers::{local::PrivateKeySigner, SignerSync},
};
use reqwest::{Client, Response, StatusCode};
use serde_json::{json, Value};
use zkdkim_relayer::{
    door::{http::Door, Desk},
    job::{Refused, State, Target},
    pipeline::Chain,
    store::{Checked, Lease, Store},
    webhook::Reach,
};

use crate::support::{
    chain::{Misbehaving, ROUND, SETUP},
    database, keys, long_vote, owner, proving, signed_mail, vote, ACCOUNT, CHAIN, CONTRACT, KEY,
    LONG_OWNER,
};

struct Open {
    client: Client,
    url: String,
    store: Store,
    ledger: Arc<Misbehaving>,
    _database: database::Database,
}

impl Open {
    async fn with(a_minute: u32, behind_proxy: bool) -> Open {
        Open::over(a_minute, behind_proxy, |_| {}).await
    }

    async fn over(a_minute: u32, behind_proxy: bool, change: impl FnOnce(&mut Door)) -> Open {
        // Without a provider there is no client, TLS or not.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = database::sqlite().await;
        let store = database.store.clone();
        let desk = Desk { store: store.clone(), keys: keys(), max_queue: 10, max_mail_bytes: 5000 };
        let ledger = Arc::new(Misbehaving::new());
        let chains =
            BTreeMap::from([(CHAIN, Chain { ledger: ledger.clone(), contracts: vec![CONTRACT] })]);
        let a_minute = NonZeroU32::new(a_minute).unwrap();
        let to = "recovery@relayer.example".to_owned();
        let mut door =
            Door::new(desk, Arc::new(chains), proving().await, to, a_minute, behind_proxy);
        change(&mut door);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = door.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Open { client: Client::new(), url, store, ledger, _database: database }
    }

    async fn new() -> Open {
        Open::with(1000, false).await
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.post(format!("{}{path}", self.url));
        request.header("content-type", "application/json").body(body).send().await.unwrap()
    }

    async fn ask(&self, ask: &Value) -> String {
        let response = self.post("/v1/requests", ask.to_string()).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        body(response).await["id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, id: &str) -> Value {
        let response = self.get(&format!("/v1/requests/{id}")).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.status(), StatusCode::OK);
        body(response).await
    }
}

async fn body(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn refused(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    (status, body(response).await["reason"].as_str().unwrap().to_owned())
}

fn recover() -> Value {
    json!({ "chain": CHAIN, "account": ACCOUNT, "action": "recover", "new_key": KEY })
}

#[tokio::test]
async fn a_wallet_gets_the_subject_and_a_link() {
    let door = Open::new().await;
    let id = door.ask(&json!({ "chain": CHAIN, "account": ACCOUNT, "action": "accept" })).await;
    let status = door.status(&id).await;
    let subject = format!("Guard {ACCOUNT:#x} on {CHAIN} nonce {SETUP}");
    assert_eq!((&status["subject"], &status["state"]), (&json!(subject), &json!("waiting")));
    let link = format!("mailto:recovery@relayer.example?subject={}", subject.replace(' ', "%20"));
    assert_eq!(status["mailto"], json!(link));
    let vote = door.ask(&recover()).await;
    let subject = door.status(&vote).await["subject"].as_str().unwrap().to_owned();
    assert!(subject.starts_with("Recover ") && subject.contains(&format!("nonce {ROUND} to ")));
}

fn spelt(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

#[tokio::test]
async fn an_owner_of_many_bytes_is_in_the_subject_by_its_hash() {
    let door = Open::new().await;
    let ask = json!({ "chain": CHAIN, "account": ACCOUNT, "action": "recover", "new_owner": spelt(&LONG_OWNER) });
    let id = door.ask(&ask).await;
    let subject = door.status(&id).await["subject"].as_str().unwrap().to_owned();
    let hash = alloy::primitives::keccak256(LONG_OWNER);
    assert_eq!(subject, format!("Recover {ACCOUNT:#x} on {CHAIN} nonce {ROUND} to {hash}"));
    let kept = door.store.owner_bytes(long_vote().new_owner.unwrap()).await.unwrap();
    assert_eq!(kept.unwrap()[..], LONG_OWNER);
    let short =
        json!({ "chain": CHAIN, "account": ACCOUNT, "action": "recover", "new_owner": KEY });
    let (key, same) = (door.ask(&recover()).await, door.ask(&short).await);
    assert_eq!(door.status(&key).await["subject"], door.status(&same).await["subject"]);
}

#[tokio::test]
async fn what_can_not_work_is_refused_at_once() {
    let door = Open::new().await;
    for (change, reason) in [
        (json!({ "chain": 5 }), "chain"),
        (json!({ "account": CONTRACT }), "not-configured"),
        (json!({ "new_key": null }), "new-key"),
        (json!({ "new_key": Address::ZERO }), "new-key"),
        (json!({ "new_owner": spelt(&LONG_OWNER) }), "new-key"),
        (json!({ "new_key": null, "new_owner": spelt(&[0; 20]) }), "new-key"),
        (json!({ "new_key": null, "new_owner": spelt(&[1; 19]) }), "new-key"),
        (json!({ "new_key": null, "new_owner": spelt(&[1; 1025]) }), "new-key"),
        (
            json!({ "new_key": null, "new_owner": spelt(&LONG_OWNER), "action": "cancel" }),
            "new-key",
        ),
        (json!({ "action": "accept" }), "new-key"),
    ] {
        let mut ask = recover();
        let change = change.as_object().unwrap().clone();
        ask.as_object_mut().unwrap().extend(change);
        let response = door.post("/v1/requests", ask.to_string()).await;
        assert_eq!(refused(response).await, (422, reason.into()), "{ask}");
    }
    for body in ["", "{", "[]", "{\"chain\": 1}", &recover().to_string().replace("chain", "chian")]
    {
        let status = door.post("/v1/requests", body.to_owned()).await.status();
        assert!(status.is_client_error(), "{body}: {status}");
    }
    let nonsense = json!({ "chain": CHAIN, "account": ACCOUNT, "action": "accept", "proof": {} });
    let response = door.post("/v1/proofs", nonsense.to_string()).await;
    assert_eq!(refused(response).await, (422, "invalid-proof".into()));
}

#[tokio::test]
async fn a_mail_is_for_its_sender() {
    let door = Open::new().await;
    let first =
        body(door.post("/v1/mails", signed_mail()).await).await["id"].as_str().unwrap().to_owned();
    let again =
        body(door.post("/v1/mails", signed_mail()).await).await["id"].as_str().unwrap().to_owned();
    assert_ne!(first, again, "each has an id of their own");
    let (lease, job) = door.store.claim(60).await.unwrap().unwrap();
    assert!(door.store.claim(60).await.unwrap().is_none(), "and both of one job");
    let quoting = Refused::new("subject", "quotes the mail", "a hint");
    door.store.checked(&lease, &checked(&vote())).await.unwrap();
    door.store.refuse(&lease, &quoting, None).await.unwrap();
    for id in [&first, &again] {
        let shown = &door.status(id).await["jobs"][0];
        assert_eq!(
            (&shown["detail"], &shown["hint"]),
            (&json!("quotes the mail"), &json!("a hint"))
        );
    }
    let wish = door.ask(&recover()).await;
    let shown = &door.status(&wish).await["jobs"][0];
    assert_eq!((&shown["reason"], &shown["detail"]), (&json!("subject"), &Value::Null));
    for id in [&job.id, "0", &first[1..], &"0".repeat(32)] {
        let response = door.get(&format!("/v1/requests/{id}")).await;
        assert_eq!(refused(response).await, (404, "unknown".into()));
    }
}

fn checked(target: &Target) -> Checked<'_> {
    Checked { target, header_digest: [7; 32], reply: None }
}

#[tokio::test]
async fn mail_of_no_use_and_too_much_of_it_is_refused() {
    let door = Open::new().await;
    for mail in [
        signed_mail().replace("DKIM", "X"),
        format!("Auto-Submitted: auto-replied\r\n{}", signed_mail()),
    ] {
        assert_eq!(refused(door.post("/v1/mails", mail).await).await, (422, "no-use".into()));
    }
    let forged = signed_mail().replace("Subject: R", "Subject: r");
    let (code, reason) = refused(door.post("/v1/mails", forged).await).await;
    assert!(code == 422 && reason != "no-use", "the rule that fails: {reason}");
    let long = format!("{}{}", signed_mail(), "x".repeat(5000));
    assert_eq!(door.post("/v1/mails", long).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for number in 0..10 {
        let mail = format!("X-Number: {number}\r\n{}", signed_mail());
        assert_eq!(door.post("/v1/mails", mail).await.status(), StatusCode::ACCEPTED);
    }
    assert_eq!(refused(door.post("/v1/mails", signed_mail()).await).await, (503, "busy".into()));
}

#[tokio::test]
async fn a_client_has_a_limit_of_its_own() {
    let door = Open::with(3, true).await;
    let from = |client: &str| {
        let request = door.client.get(format!("{}/v1", door.url));
        request.header("x-forwarded-for", format!("6.6.6.6, {client}")).send()
    };
    for _ in 0..3 {
        assert_eq!(from("1.2.3.4").await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(refused(from("1.2.3.4").await.unwrap()).await, (429, "rate".into()));
    assert_eq!(from("1.2.3.5").await.unwrap().status(), StatusCode::OK);
    // Whoever has one address of IPv6 has a network of them.
    for last in 1..4 {
        assert_eq!(from(&format!("2001:db8::{last}")).await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(from("2001:db8::9").await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn only_the_new_key_consents() {
    let door = Open::new().await;
    let wallet = PrivateKeySigner::from_slice(&[9; 32]).unwrap();
    let target = Target { new_owner: owner(wallet.address()), ..vote() };
    let mut ask = recover();
    ask["new_key"] = json!(wallet.address());
    let id = door.ask(&ask).await;
    door.post("/v1/mails", signed_mail()).await;
    let (lease, job): (Lease, _) = door.store.claim(60).await.unwrap().unwrap();
    door.store.checked(&lease, &checked(&target)).await.unwrap();
    door.store.step(&lease, State::Salt).await.unwrap();
    door.store.offer(&job.id, &[1; 32], 1_900_000_000, "main-1").await.unwrap();
    door.store.put_off(&lease, 600).await.unwrap();

    let wanted = door.status(&id).await["jobs"][0]["consent"].clone();
    let (mail, text) = (wanted["mail"].as_str().unwrap(), wanted["text"].as_str().unwrap());
    assert!(text.starts_with("zkdkim salt 1\nnetwork main-1\n") && text.contains(mail));
    let sign = |signer: &PrivateKeySigner, text: &str| {
        format!("0x{}", hex::encode(signer.sign_message_sync(text.as_bytes()).unwrap().as_bytes()))
    };
    let path = format!("/v1/requests/{id}/consents");
    let post = |mail: &str, signature: String| {
        door.post(&path, json!({ "mail": mail, "signature": signature }).to_string())
    };
    let stranger = PrivateKeySigner::from_slice(&[8; 32]).unwrap();
    for signature in [
        sign(&stranger, text),
        sign(&wallet, &text.replace("main", "mail")),
        "0x".into(),
        // Of no key, and of no contract either: the nodes would refuse it, and the job would end.
        "0x07".into(),
    ] {
        assert_eq!(refused(post(mail, signature).await).await, (422, "consent".into()));
    }
    let other = refused(post(&"0x00".repeat(16), sign(&wallet, text)).await).await;
    assert_eq!(other, (422, "no-consent-wanted".into()));
    assert!(door.store.claim(60).await.unwrap().is_none(), "it still waits");

    assert_eq!(post(mail, sign(&wallet, text)).await.status(), StatusCode::NO_CONTENT);
    let (_, woken) = door.store.claim(60).await.unwrap().unwrap();
    let opening = door.store.opening(&woken.id).await.unwrap().unwrap();
    assert_eq!((woken.id, opening.consent.map(|c| c.len())), (job.id, Some(65)));
    let twice = refused(post(mail, sign(&wallet, text)).await).await;
    assert_eq!(twice, (422, "no-consent-wanted".into()));
}

#[tokio::test]
async fn a_contract_consents_with_signatures_of_any_length() {
    let door = Open::new().await;
    // A Safe with one owner signs with 65 bytes, as a key does.
    for (number, signature) in [[5; 65].as_slice(), &[6; 3]].into_iter().enumerate() {
        let contract = Address::repeat_byte(0x50 + number as u8);
        let target = Target { new_owner: owner(contract), ..vote() };
        let mut ask = recover();
        ask["new_key"] = json!(contract);
        let id = door.ask(&ask).await;
        door.post("/v1/mails", format!("X-Number: {number}\r\n{}", signed_mail())).await;
        let (lease, job): (Lease, _) = door.store.claim(60).await.unwrap().unwrap();
        let header_digest = [number as u8; 32];
        let checked = Checked { target: &target, header_digest, reply: None };
        assert!(door.store.checked(&lease, &checked).await.unwrap());
        door.store.step(&lease, State::Salt).await.unwrap();
        door.store.offer(&job.id, &[1; 32], 1_900_000_000, "main-1").await.unwrap();
        let mail = format!("0x{}", hex::encode(header_digest));
        let consent = json!({ "mail": mail, "signature": format!("0x{}", hex::encode(signature)) });
        let path = format!("/v1/requests/{id}/consents");
        let before = refused(door.post(&path, consent.to_string()).await).await;
        assert_eq!(before, (422, "consent".into()));
        door.ledger.sign_at(contract, signature);
        assert_eq!(door.post(&path, consent.to_string()).await.status(), StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn the_document_has_every_route_and_the_page_no_other_origin() {
    let door = Open::new().await;
    let document = body(door.get("/openapi.json").await).await;
    let mut paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            "/v1",
            "/v1/mails",
            "/v1/notices",
            "/v1/proofs",
            "/v1/requests",
            "/v1/requests/{id}",
            "/v1/requests/{id}/consents"
        ]
    );
    let service = body(door.get("/v1").await).await;
    assert_eq!(service["srs"], "insecure-dev", "whoever asks is told");
    let page = door.get("/").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!page.text().await.unwrap().contains("://"));
}

#[tokio::test]
async fn an_account_says_whom_to_tell() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let ask = |at: u64| json!({ "chain": CHAIN, "account": ACCOUNT, "addresses": ["ann@example.org"], "at": at, "signature": "0x0707" });
    let off = Open::new().await;
    let answer = refused(off.post("/v1/notices", ask(now).to_string()).await).await;
    assert_eq!(answer, (422, "notices-off".into()));

    let door = Open::over(1000, false, |door| door.notices = true).await;
    let post = |ask: Value| door.post("/v1/notices", ask.to_string());
    assert_eq!(refused(post(ask(now)).await).await, (422, "signature".into()));
    door.ledger.sign_at(ACCOUNT, &[7, 7]);
    for (change, reason) in [
        (json!({ "addresses": ["ann"] }), "addresses"),
        (json!({ "at": now - 4000 }), "at"),
        (json!({ "at": now + 4000 }), "at"),
        (json!({ "chain": 5 }), "chain"),
        (json!({ "account": CONTRACT }), "not-configured"),
        (json!({ "signature": "0x07" }), "signature"),
    ] {
        let mut ask = ask(now);
        ask.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(refused(post(ask).await).await, (422, reason.into()), "{change}");
    }
    assert_eq!(post(ask(now)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(refused(post(ask(now)).await).await, (422, "at".into()), "the same again");
    assert_eq!(post(ask(now + 1)).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_wallet_names_a_webhook_and_gets_its_secret() {
    let ask = |url: &str| {
        let mut ask = recover();
        ask["webhook"] = json!(url);
        ask.to_string()
    };
    let off = Open::new().await;
    let answer = refused(off.post("/v1/requests", ask("https://wallet.example")).await).await;
    assert_eq!(answer, (422, "webhook".into()));
    let door = Open::over(1000, false, |door| door.webhooks = Some(Reach::Public)).await;
    for bad in ["http://wallet.example", "https://10.0.0.1/", "wallet"] {
        let answer = refused(door.post("/v1/requests", ask(bad)).await).await;
        assert_eq!(answer, (422, "webhook".into()), "{bad}");
    }
    for _ in 0..8 {
        let answer = body(door.post("/v1/requests", ask("https://wallet.example/x")).await).await;
        assert!(answer["webhook"]["secret"].as_str().unwrap().starts_with("whsec_"));
        assert_ne!(answer["webhook"]["id"], answer["id"], "whoever is called has no access");
    }
    let answer = refused(door.post("/v1/requests", ask("https://wallet.example/x")).await).await;
    assert_eq!(answer, (422, "webhook".into()), "too many");
    let none = body(door.post("/v1/requests", recover().to_string()).await).await;
    assert!(none.get("webhook").is_none());
}
