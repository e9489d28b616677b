//! Nodes as processes: their folders, configurations, logs.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use tempfile::TempDir;
use zkdkim_net::{Http, HttpSettings};
use zkdkim_relation::Salt;
use zkdkim_salt::{
    request::{Consent, Request, SaltSubject},
    CommitteeRecord, Dealer, Escrow, Identity, MailAddress, OpeningKey,
};
use zkdkim_salt_client::{Error, Opened, SaltClient};

use super::{
    chain::{TestChain, BLOCK, BLOCK_HASH, CHAIN, RECOVERY},
    mail,
};
use crate::dns_server::{plain, Says};

pub fn program(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zkdkim-salt-node")).args(args).output().unwrap()
}

#[track_caller]
pub fn succeeds(args: &[&str]) -> String {
    let output = program(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{args:?}: {} {}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Exit code and standard error of something that is refused.
pub fn refused(args: &[&str]) -> (i32, String) {
    let output = program(args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    (output.status.code().unwrap(), text)
}

/// A port that nobody has just now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A node process; killed when dropped.
pub struct Node {
    child: Child,
    pub port: u16,
    pub metrics: u16,
}

impl Node {
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends it as a supervisor does; its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }

    /// Memory in use, in KiB.
    pub fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    pub fn metrics_text(&self) -> String {
        get(self.metrics, "/metrics")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A page without TLS, as text.
pub fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Posts something to a node; the whole answer as text.
pub fn post(port: u16, body: &[u8], head: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let length = body.len();
    let head = format!("POST /v1/release HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}content-length: {length}\r\n\r\n");
    // A node that refuses early closes its end.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Five nodes by the insecure dealer, their chain and resolvers.
pub struct Network {
    pub folder: TempDir,
    pub chain: TestChain,
    pub ports: Vec<u16>,
    pub record: CommitteeRecord,
    pub extra_config: String,
    resolvers: String,
}

impl Network {
    pub fn new() -> Network {
        let folder = tempfile::tempdir().unwrap();
        let ports: Vec<u16> = (0..5).map(|_| free_port()).collect();
        let out = folder.path().join("nodes");
        fs::create_dir(&out).unwrap();
        deal(&out, &ports);
        let record = read_record(&out.join("committee.record"));
        let resolvers = resolvers();
        fs::write(folder.path().join("resolvers.toml"), &resolvers).unwrap();
        let (chain, extra_config) = (TestChain::start(), String::new());
        Network { folder, chain, ports, record, extra_config, resolvers }
    }

    pub fn home(&self, index: usize) -> PathBuf {
        self.folder.path().join("nodes").join(format!("node-{index}"))
    }

    pub fn log(&self, index: usize) -> PathBuf {
        self.folder.path().join(format!("log-{index}"))
    }

    /// Writes a node's configuration.
    pub fn config(&self, index: usize, metrics: u16) -> PathBuf {
        let (home, port) = (self.home(index), self.ports[index - 1]);
        let config = config(&home, port, metrics, &self.chain.url) + &self.extra_config;
        assert!(self.resolvers.contains("quorum"));
        let path = self.folder.path().join(format!("node-{index}.toml"));
        fs::write(&path, config).unwrap();
        path
    }

    /// Starts a node, and waits until it answers.
    pub fn start(&self, index: usize) -> Node {
        let metrics = free_port();
        start(&self.config(index, metrics), &self.log(index), self.ports[index - 1], metrics)
    }

    pub fn client(&self) -> SaltClient {
        client(&self.record, "")
    }
}

pub fn read_record(path: &Path) -> CommitteeRecord {
    CommitteeRecord::read(&fs::read(path).unwrap(), Dealer::AllowedInsecurely).unwrap()
}

pub fn client(record: &CommitteeRecord, roots: &str) -> SaltClient {
    let extra_roots = roots.as_bytes().to_vec();
    let http = Http::new(&HttpSettings { timeout: Duration::from_secs(20), extra_roots }).unwrap();
    SaltClient::new(http, record.clone()).unwrap()
}

/// Three resolvers that have the provider's record and no other, of which two have to agree.
pub fn resolvers() -> String {
    let says = Says::ByName(mail::zone);
    let entry = |i| format!("[[resolver]]\nname = \"r{i}\"\nurl = \"{}\"\n", plain(says.clone()));
    format!("quorum = 2\n{}", (1..=3).map(entry).collect::<String>())
}

pub fn deal(out: &Path, ports: &[u16]) {
    let urls: Vec<_> = ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect();
    let out = out.to_str().unwrap();
    let mut args = vec![
        "insecure-dealer",
        "--network",
        "insecure-dealer-test",
        "--threshold",
        "3",
        "--out",
        out,
    ];
    urls.iter().for_each(|url| args.extend(["--url", url]));
    succeeds(&args);
}

pub fn config(home: &Path, port: u16, metrics: u16, chain: &str) -> String {
    format!(
        "home = {home:?}\nlisten = \"127.0.0.1:{port}\"\nmetrics = \"127.0.0.1:{metrics}\"\n\
         [[chain]]\nid = {CHAIN}\nrpc = \"{chain}\"\nrecovery = [\"{RECOVERY}\"]\n\
         [keys]\ndns = \"quorum\"\nresolvers = \"resolvers.toml\"\n\
         [insecure]\nallow_dealer = true\nplain_http = true\n"
    )
}

pub fn start(config: &Path, log: &Path, port: u16, metrics: u16) -> Node {
    let log = File::options().create(true).append(true).open(log).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_zkdkim-salt-node"))
        .args(["serve", "--config", config.to_str().unwrap()])
        .stdout(log.try_clone().unwrap())
        .stderr(Stdio::from(log))
        .spawn()
        .unwrap();
    let mut node = Node { child, port, metrics };
    for _ in 0..600 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return node;
        }
        assert!(node.child.try_wait().unwrap().is_none(), "the node ended: see its log");
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the node does not listen");
}

/// Whoever wants the salt back.
pub struct Person {
    pub identity: Identity,
    pub escrow: Escrow,
    pub salt: Salt,
    pub once: OpeningKey,
    pub rng: ChaCha20Rng,
}

impl Person {
    pub fn new(record: &CommitteeRecord, seed: u64) -> Person {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let committee = record.committee();
        let address = MailAddress::parse(&mail::address()).unwrap();
        let identity = Identity::new(&committee.network, &committee.master, &address);
        let salt = Salt::random(&mut rng);
        let escrow = Escrow::seal(&identity, &committee.master, &salt, &mut rng);
        let once = OpeningKey::random(&mut rng);
        Person { identity, escrow, salt, once, rng }
    }

    /// A request by a mail that does nothing else.
    pub fn request(&self, record: &CommitteeRecord, tags: &str) -> Request {
        let subject = SaltSubject {
            network: record.committee().network.clone(),
            key: self.once.sealing_key(),
            chain: CHAIN,
            block: BLOCK,
            hash: BLOCK_HASH[..8].try_into().unwrap(),
        };
        Request::new(record.committee(), &mail::provable(&subject.to_string(), tags), None)
    }

    pub fn ask(&mut self, client: &SaltClient, request: &Request) -> Result<Opened, Error> {
        client.identity_key(request, &self.identity, &self.once, &mut self.rng)
    }

    #[track_caller]
    pub fn opens(&mut self, client: &SaltClient, request: &Request) -> Opened {
        let opened = self.ask(client, request).unwrap();
        assert!(self.escrow.open(&self.identity, &opened.key).unwrap() == self.salt);
        opened
    }

    pub fn consent(
        &self,
        request: &Request,
        until: u64,
        wallet: &k256::ecdsa::SigningKey,
    ) -> Consent {
        let seal_to = self.once.sealing_key();
        let mut consent = Consent { seal_to, until, signature: vec![] };
        let hash = consent.hash(&request.network, &request.header_digest());
        let (signature, recovery) = wallet.sign_prehash_recoverable(&hash);
        consent.signature = [&signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat();
        consent
    }
}

/// All files below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files_below(&path)),
            false => found.push(path),
        }
    }
    found
}

/// No file of a node but its secrets is kept from others, and those are; no text holds an address.
pub fn nothing_is_given_away(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for path in files_below(folder) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if ["keys", "share", "seed"].contains(&name.as_str()) {
            assert_eq!(mode, 0o600, "{}", path.display());
        }
        says_nothing(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
    }
}

#[track_caller]
pub fn says_nothing(text: &str) {
    let text = text.to_lowercase();
    for secret in [mail::LOCAL_PART, mail::DOMAIN] {
        if let Some(at) = text.find(secret) {
            panic!("{:?}", &text[at.saturating_sub(200)..(at + 100).min(text.len())]);
        }
    }
}
