//! The IMAP door before Dovecot, where the machine has it and this program may start it.

use std::{
    fs::{self, Permissions},
    net::{TcpListener, TcpStream},
    os::unix::fs::{chown, PermissionsExt},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use zkdkim_relayer::{
    config::ImapConfig,
    door::{
        imap::{serve, Mailbox},
        Desk,
    },
    job::{Refused, State},
    store::{Arrival, Store},
};
use zkdkim_test_vectors::not_run;

use crate::support::{database, keys, signed_mail};

/// Debian's account for mailboxes; Dovecot gives none to root.
const MAIL: u32 = 8;
const PASSWORD: &str = "a-password-that-no-log-has";

/// A server with one mailbox, until it is dropped.
struct Dovecot {
    folder: TempDir,
    port: u16,
    program: Child,
    delivered: std::cell::Cell<usize>,
}

impl Dovecot {
    /// None where it can't be.
    fn start(capabilities: &str) -> Option<Dovecot> {
        let root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
        let programs =
            ["/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/imap-login"];
        if !root || programs.iter().any(|program| !Path::new(program).exists()) {
            not_run("the relayer's tests of IMAP", "no Dovecot with IMAP, or not root");
            return None;
        }
        // Later ones have another configuration.
        let version = Command::new(programs[0]).arg("--version").output().unwrap().stdout;
        if !version.starts_with(b"2.3.") {
            not_run("the relayer's tests of IMAP", "a Dovecot that is not 2.3");
            return None;
        }
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mailbox = folder.path().join("mail");
        for part in ["", "cur", "new", "tmp"] {
            let part = mailbox.join(part);
            fs::create_dir(&part).unwrap();
            chown(&part, Some(MAIL), Some(MAIL)).unwrap();
        }
        let configuration = folder.path().join("dovecot.conf");
        fs::write(&configuration, text(folder.path(), port, capabilities)).unwrap();
        let program = Command::new("/usr/sbin/dovecot")
            .args(["-F", "-c"])
            .arg(configuration)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "Dovecot does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Dovecot { folder, port, program, delivered: Default::default() })
    }

    fn deliver(&self, mail: &str) {
        self.delivered.set(self.delivered.get() + 1);
        let file = format!("{}.test", self.delivered.get());
        let new = self.folder.path().join("mail/tmp").join(&file);
        fs::write(&new, mail.replace("\r\n", "\n")).unwrap();
        chown(&new, Some(MAIL), Some(MAIL)).unwrap();
        fs::rename(new, self.folder.path().join("mail/new").join(file)).unwrap();
    }

    /// How many mails are in a folder.
    fn left(&self, folder: &str) -> usize {
        let files = |part| fs::read_dir(self.folder.path().join("mail").join(folder).join(part));
        ["new", "cur"].into_iter().flat_map(files).map(Iterator::count).sum()
    }

    fn config(&self, folder: &TempDir) -> ImapConfig {
        let password_file = folder.path().join("password");
        fs::write(&password_file, PASSWORD).unwrap();
        fs::set_permissions(&password_file, Permissions::from_mode(0o600)).unwrap();
        ImapConfig {
            host: "localhost".into(),
            port: self.port,
            user: "recovery".into(),
            password_file,
            folder: "INBOX".into(),
            keep_in: None,
            ca_file: Some(self.folder.path().join("cert.pem")),
            poll_seconds: 1,
            allow_insecure: false,
        }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // It ends its own when it is asked to.
        let _ = Command::new("kill").arg(self.program.id().to_string()).status();
        let _ = self.program.wait();
    }
}

fn text(folder: &Path, port: u16, capabilities: &str) -> String {
    let folder = folder.display();
    format!(
        "protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail
mail_uid = {MAIL}
mail_gid = {MAIL}
first_valid_uid = {MAIL}
first_valid_gid = {MAIL}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={MAIL} gid={MAIL} home={folder}/mail allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {port}
    ssl = yes
  }}
}}
{capabilities}
"
    )
}

/// A process that looks into the mailbox.
struct Door {
    stop: watch::Sender<bool>,
    task: JoinHandle<zkdkim_relayer::Result<()>>,
}

impl Door {
    fn open(config: &ImapConfig, store: &Store, max_queue: i64) -> Door {
        let desk = Desk { store: store.clone(), keys: keys(), max_queue, max_mail_bytes: 5000 };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(serve(Mailbox::new(config).unwrap(), desk, stopped));
        Door { stop, task }
    }

    async fn close(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn received(store: &Store) -> i64 {
    let counts = store.counts().await.unwrap();
    counts.iter().find(|(state, _)| *state == State::Received).map_or(0, |(_, jobs)| *jobs)
}

fn numbered(number: usize) -> String {
    format!("X-Number: {number}\r\n{}", signed_mail())
}

/// Takes three mails, of which one is of no use and one too long, and gives them to the store in order; where mails go.
async fn takes(capabilities: &str, keep_in: Option<&str>) {
    let Some(dovecot) = Dovecot::start(capabilities) else { return };
    let secrets = TempDir::new().unwrap();
    let keep_in = keep_in.map(str::to_owned);
    let config = ImapConfig { keep_in: keep_in.clone(), ..dovecot.config(&secrets) };
    for database in database::each().await {
        let store = &database.store;
        dovecot.deliver(&numbered(1));
        dovecot.deliver(&signed_mail().replace("DKIM", "X"));
        dovecot.deliver(&format!("{}{}", signed_mail(), "x".repeat(5000)));
        let door = Door::open(&config, store, 10);
        until("the first is taken", async || dovecot.left("") == 0).await;
        // While it waits for more.
        dovecot.deliver(&numbered(2));
        until("the second is taken", async || dovecot.left("") == 0).await;
        door.close().await;
        assert_eq!(received(store).await, 2);
        for _ in 1..=2 {
            let (_, job) = store.claim(60).await.unwrap().unwrap();
            let mail = store.mail(&job.id).await.unwrap().unwrap();
            let signed = [1, 2].map(|number| numbered(number).into_bytes());
            assert!(signed.contains(&mail), "byte by byte");
        }
    }
    if keep_in.is_some() {
        assert_eq!(dovecot.left(".Done") % 4, 0);
        assert!(dovecot.left(".Done") > 0);
    }
}

#[tokio::test]
async fn mails_are_taken_and_removed() {
    takes("", None).await;
}

#[tokio::test]
async fn mails_are_taken_and_moved() {
    takes("", Some("Done")).await;
}

#[tokio::test]
async fn a_server_that_can_do_little_is_enough() {
    takes("protocol imap {\n  imap_capability = IMAP4rev1\n}", Some("Done")).await;
}

#[tokio::test]
async fn a_mail_that_a_process_died_with_is_one_job() {
    let Some(dovecot) = Dovecot::start("") else { return };
    let secrets = TempDir::new().unwrap();
    let database = database::sqlite().await;
    let store = &database.store;
    // It was stored, and not removed any more.
    store.receive(Arrival::Mail(numbered(1).as_bytes()), "imap").await.unwrap();
    dovecot.deliver(&numbered(1));
    let config = dovecot.config(&secrets);
    // Two processes look into one mailbox.
    let doors = [Door::open(&config, store, 10), Door::open(&config, store, 10)];
    until("it is removed", async || dovecot.left("") == 0).await;
    for door in doors {
        door.close().await;
    }
    assert_eq!(received(store).await, 1);
}

#[tokio::test]
async fn mails_for_which_there_is_no_room_stay_where_they_are() {
    let Some(dovecot) = Dovecot::start("") else { return };
    let secrets = TempDir::new().unwrap();
    let database = database::sqlite().await;
    let store = &database.store;
    dovecot.deliver(&numbered(1));
    dovecot.deliver(&numbered(2));
    let door = Door::open(&dovecot.config(&secrets), store, 1);
    until("the first is taken", async || dovecot.left("") == 1).await;
    // Several looks later.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!((dovecot.left(""), received(store).await), (1, 1));
    let (lease, _) = store.claim(60).await.unwrap().unwrap();
    store.refuse(&lease, &Refused::new("why", "", ""), None).await.unwrap();
    until("the second is taken", async || dovecot.left("") == 0).await;
    door.close().await;
}

#[tokio::test]
async fn a_mailbox_that_can_not_be_opened_is_named() {
    let Some(dovecot) = Dovecot::start("") else { return };
    let secrets = TempDir::new().unwrap();
    let good = dovecot.config(&secrets);
    Mailbox::new(&good).unwrap().check().await.unwrap();
    let check = async |config: ImapConfig| {
        Mailbox::new(&config).unwrap().check().await.unwrap_err().to_string()
    };
    let stranger = ImapConfig { ca_file: None, ..good.clone() };
    assert!(check(stranger).await.contains("not trusted"));
    let other = ImapConfig { host: "127.0.0.1".into(), ..good.clone() };
    assert!(check(other).await.contains("not trusted"), "a certificate of another name");
    let closed = ImapConfig { port: 1, ..good.clone() };
    assert!(check(closed).await.contains("can't be reached"));
    let nowhere = ImapConfig { folder: "Nowhere".into(), ..good.clone() };
    assert!(check(nowhere).await.contains("folder"));
    fs::write(&good.password_file, "wrong").unwrap();
    let error = check(good.clone()).await;
    assert!(error.contains("name and password") && !error.contains("wrong"), "{error}");
    fs::set_permissions(&good.password_file, Permissions::from_mode(0o644)).unwrap();
    assert!(Mailbox::new(&good).err().unwrap().to_string().contains("chmod 600"));
}
