//! The doors, as a mail server and a stranger use them.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    task::JoinHandle,
};
use zkdkim_relayer::{
    door::{lmtp::Session, Desk},
    job::State,
    store::Store,
};

use crate::support::{database, keys, signed_mail};

struct Peer {
    stream: DuplexStream,
    session: JoinHandle<std::io::Result<()>>,
}

impl Peer {
    fn new(store: &Store, max_queue: i64) -> Peer {
        let (stream, other) = tokio::io::duplex(1 << 16);
        let desk = Desk { store: store.clone(), keys: keys(), max_queue, max_mail_bytes: 5000 };
        let session = tokio::spawn(async move { Session::new(other, desk).run().await });
        Peer { stream, session }
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Everything that the door says until it closes.
    async fn end(mut self) -> Vec<String> {
        self.send("QUIT\r\n").await;
        let mut said = String::new();
        self.stream.read_to_string(&mut said).await.unwrap();
        self.session.await.unwrap().unwrap();
        said.lines().map(str::to_owned).collect()
    }
}

/// The whole of a delivery, in one piece.
fn delivery(mail: &str) -> String {
    let mail = mail.replace("\r\n.", "\r\n..");
    format!("MAIL FROM:<a@b.example>\r\nRCPT TO:<r@c.example>\r\nDATA\r\n{mail}.\r\n")
}

async fn codes(store: &Store, max_queue: i64, text: &str) -> Vec<String> {
    let mut peer = Peer::new(store, max_queue);
    peer.send("LHLO x\r\n").await;
    peer.send(text).await;
    let said = peer.end().await;
    let codes = said.iter().filter(|line| line.as_bytes().get(3) == Some(&b' '));
    codes.map(|line| line[..3].to_owned()).skip(2).collect()
}

async fn received(store: &Store) -> i64 {
    let counts = store.counts().await.unwrap();
    counts.iter().find(|(state, _)| *state == State::Received).map_or(0, |(_, jobs)| *jobs)
}

#[tokio::test]
async fn what_lmtp_acknowledges_is_in_the_store() {
    for database in database::each().await {
        let said = codes(&database.store, 10, &delivery(&signed_mail())).await;
        assert_eq!(said, ["250", "250", "354", "250", "221"]);
        let (_, job) = database.store.claim(60).await.unwrap().unwrap();
        let stored = database.store.mail(&job.id).await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&stored), signed_mail());
    }
}

#[tokio::test]
async fn a_mail_may_come_byte_by_byte() {
    let database = database::sqlite().await;
    let mut peer = Peer::new(&database.store, 10);
    for byte in format!("LHLO x\r\n{}", delivery(&signed_mail())).chars() {
        peer.send(&byte.to_string()).await;
        tokio::task::yield_now().await;
    }
    assert!(peer.end().await.iter().any(|line| line.contains("250 2.0.0 taken")));
    assert_eq!(received(&database.store).await, 1);
}

#[tokio::test]
async fn lmtp_wants_its_commands_in_order() {
    let database = database::sqlite().await;
    let store = &database.store;
    for (text, code) in [
        ("DATA\r\n", "503"),
        ("RCPT TO:<a@b.example>\r\n", "503"),
        ("EHLO x\r\n", "500"),
        ("STARTTLS\r\n", "502"),
        ("nonsense\r\n", "500"),
        ("MAIL FROM:<a@b.example> SIZE=6000\r\n", "552"),
    ] {
        assert_eq!(codes(store, 10, text).await, [code, "221"], "{text}");
    }
    let two = "MAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";
    assert_eq!(codes(store, 10, two).await, ["250", "250", "452", "221"]);
    let mut peer = Peer::new(store, 10);
    peer.send("MAIL FROM:<a@b.example>\r\n").await;
    assert!(peer.end().await[1].starts_with("503"), "LHLO comes first");
}

#[tokio::test]
async fn a_mail_that_is_too_long_is_read_and_not_kept() {
    let database = database::sqlite().await;
    let long = format!("{}{}\r\n", signed_mail(), "x".repeat(20_000));
    let said =
        codes(&database.store, 10, &format!("{}{}", delivery(&long), delivery(&signed_mail())))
            .await;
    assert_eq!(said, ["250", "250", "354", "552", "250", "250", "354", "250", "221"]);
    assert_eq!(received(&database.store).await, 1, "the connection goes on");
}

#[tokio::test]
async fn mail_of_machines_is_dropped_and_nobody_hears_of_it() {
    let database = database::sqlite().await;
    for mail in [
        format!("Auto-Submitted: auto-replied\r\n{}", signed_mail()),
        format!("List-Id: <x.example>\r\n{}", signed_mail()),
        signed_mail().replace("DKIM-Signature", "X-Other"),
        signed_mail().replace("Subject: R", "Subject: r"),
        "\r\n".into(),
    ] {
        let said = codes(&database.store, 10, &delivery(&mail)).await;
        assert_eq!(said, ["250", "250", "354", "250", "221"], "{mail}");
    }
    let bounce = delivery(&signed_mail()).replace("<a@b.example>", "<>");
    assert_eq!(codes(&database.store, 10, &bounce).await[3], "250");
    assert_eq!(received(&database.store).await, 0);
}

#[tokio::test]
async fn a_full_queue_says_so() {
    let database = database::sqlite().await;
    let said = codes(
        &database.store,
        1,
        &format!("{}{}", delivery(&signed_mail()), delivery(&format!("X: y\r\n{}", signed_mail()))),
    )
    .await;
    assert_eq!(said, ["250", "250", "354", "250", "250", "250", "354", "452", "221"]);
    assert_eq!(received(&database.store).await, 1);
}

#[tokio::test]
async fn a_store_that_fails_acknowledges_nothing() {
    let database = database::sqlite().await;
    database.store.close().await;
    let said = codes(&database.store, 10, &delivery(&signed_mail())).await;
    assert_eq!(said, ["250", "250", "354", "451", "221"]);
}

#[tokio::test]
async fn a_peer_that_talks_nonsense_is_sent_away() {
    let database = database::sqlite().await;
    let mut peer = Peer::new(&database.store, 10);
    let _ = peer.stream.write_all("what\r\n".repeat(30).as_bytes()).await;
    let mut said = String::new();
    peer.stream.read_to_string(&mut said).await.unwrap();
    assert!(said.lines().last().unwrap().starts_with("421"), "{said}");
}
