//! Operators who don't trust each other: a key generation and a resharing by files, then nodes over TLS that serve it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use zkdkim_salt::{CommitteeRecord, Dealer};

use super::support::{
    chain::TestChain,
    nodes::{
        client, config, files_below, free_port, nothing_is_given_away, program, read_record,
        refused, resolvers, start, succeeds, Node, Person,
    },
};
use crate::dns_server::certificate;

/// Operators with their nodes' folders, who share a board.
struct Operators {
    folder: TempDir,
    ports: Vec<u16>,
}

impl Operators {
    /// Four nodes, with a place and keys each.
    fn new() -> Operators {
        let folder = tempfile::tempdir().unwrap();
        let ports: Vec<u16> = (0..4).map(|_| free_port()).collect();
        let operators = Operators { folder, ports };
        for index in 1..=4 {
            let url = format!("https://localhost:{}", operators.ports[index - 1]);
            let (home, number) = (operators.home(index), index.to_string());
            succeeds(&["init", "--home", &home, "--index", &number, "--url", &url]);
        }
        operators
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn home(&self, index: usize) -> String {
        self.path(&format!("home-{index}")).to_str().unwrap().into()
    }

    /// The file on which the operators agree, made of the nodes' own.
    fn setting(&self, name: &str, threshold: u8, members: &[usize]) -> String {
        let entry = |index: &usize| {
            fs::read_to_string(Path::new(&self.home(*index)).join("member.toml")).unwrap()
        };
        let entries: String = members.iter().map(entry).collect();
        let path = self.path(name);
        fs::write(&path, format!("network = \"main-1\"\nthreshold = {threshold}\n{entries}"))
            .unwrap();
        path.to_str().unwrap().into()
    }

    fn begin(&self, members: &[usize], setting: &str, before: Option<&str>) -> String {
        let begin = |index: &usize| {
            let home = self.home(*index);
            let mut args = vec!["ceremony", "begin", "--home", &home, "--setting", setting];
            before.iter().for_each(|before| args.extend(["--before", before]));
            succeeds(&args).trim().to_owned()
        };
        let ids: Vec<String> = members.iter().map(begin).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]));
        ids[0].clone()
    }

    /// A step of one node: whether it is done, and what it says.
    fn step(&self, index: usize, id: &str, board: &str) -> (bool, String) {
        let (home, board) = (self.home(index), self.board(board));
        let output = program(&["ceremony", "step", "--home", &home, "--id", id, "--board", &board]);
        let text =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => (true, text),
            Some(3) => (false, text),
            code => panic!("{code:?}: {text}"),
        }
    }

    fn board(&self, name: &str) -> String {
        fs::create_dir_all(self.path(name)).unwrap();
        self.path(name).to_str().unwrap().into()
    }

    /// Steps in turn until all are done; the number of rounds.
    fn run(&self, members: &[usize], id: &str, board: &str) -> usize {
        for round in 1..10 {
            let done = members.iter().filter(|index| self.step(**index, id, board).0).count();
            if done == members.len() {
                return round;
            }
        }
        panic!("the ceremony does not end");
    }

    /// Starts a node with TLS of its own.
    fn serve(&self, index: usize, chain: &str) -> Node {
        let (port, metrics) = (self.ports[index - 1], free_port());
        let home = self.home(index);
        let tls = format!(
            "[tls]\ncertificate = {:?}\nkey = {:?}\n",
            self.path("tls.pem"),
            self.path("tls.key")
        );
        let text = config(Path::new(&home), port, metrics, chain);
        let text = text.replace("allow_dealer = true\n", "") + &tls;
        let path = self.path(&format!("node-{index}.toml"));
        fs::write(&path, text).unwrap();
        start(&path, &self.path(&format!("log-{index}")), port, metrics)
    }
}

/// A certificate for localhost, whose key only its owner can read.
fn write_tls(operators: &Operators) -> String {
    use std::os::unix::fs::PermissionsExt;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    fs::write(operators.path("tls.pem"), made.cert.pem()).unwrap();
    let key = operators.path("tls.key");
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(certificate().1.contains("CERTIFICATE"));
    made.cert.pem()
}

#[test]
fn a_key_is_made_passed_on_and_opens_the_same_escrow() {
    let operators = Operators::new();
    let first = [1, 2, 3];
    let setting = operators.setting("setting.toml", 2, &first);
    let id = operators.begin(&first, &setting, None);
    // A step again and again gives the same message; nobody gets two different ones.
    let (_, text) = operators.step(1, &id, "board");
    assert!(text.contains("waiting for the deal of 2"), "{text}");
    let deal = operators.path("board").join("deal-1");
    let bytes = fs::read(&deal).unwrap();
    fs::remove_file(&deal).unwrap();
    operators.step(1, &id, "board");
    assert_eq!(fs::read(&deal).unwrap(), bytes);
    assert!(operators.run(&first, &id, "board") <= 4);
    let record = CommitteeRecord::read(
        &fs::read(operators.path("board/committee.record")).unwrap(),
        Dealer::Refused,
    );
    let record = record.unwrap();
    assert_eq!((record.committee().epoch, record.committee().threshold), (1, 2));
    let seeds =
        files_below(operators.folder.path()).into_iter().filter(|path| path.ends_with("seed"));
    assert_eq!(seeds.count(), 0, "the randomness of the deals is erased");

    // The nodes serve, over TLS.
    let roots = write_tls(&operators);
    fs::write(operators.path("resolvers.toml"), resolvers()).unwrap();
    let chain = TestChain::start();
    let mut nodes: Vec<Node> =
        first.iter().map(|index| operators.serve(*index, &chain.url)).collect();
    let mut ann = Person::new(&record, 5);
    let mut asking = client(&record, &roots);
    let request = ann.request(&record, "");
    ann.opens(&asking, &request);

    // Node 3 leaves, node 4 comes: the key stays, the shares are new.
    let second = [1, 2, 4];
    let setting = operators.setting("setting-2.toml", 2, &second);
    let before = operators.path("board/committee.record").to_str().unwrap().to_owned();
    let all = [1, 2, 3, 4];
    let id = operators.begin(&all, &setting, Some(&before));
    assert!(operators.run(&all, &id, "board-2") <= 5);
    let next = read_record(&operators.path("board-2/committee.record"));
    next.follows(&record).unwrap();
    // Node 1 has the new epoch after a restart; a client of the old record is told so, and follows.
    assert_eq!(nodes[0].terminate(), Some(0));
    nodes[0] = operators.serve(1, &chain.url);
    nodes[2].kill();
    nodes.push(operators.serve(4, &chain.url));
    let error = ann.ask(&asking, &request).unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("epoch"), "{error}");
    assert_eq!(asking.follow().unwrap(), 1);
    assert_eq!(asking.committee().digest(), next.committee().digest());
    let request = ann.request(asking.record(), "");
    ann.opens(&asking, &request);

    // The old shares are erased once the new committee serves; not before there is one.
    let home = operators.home(1);
    let share = Path::new(&home).join("epochs/1/share");
    assert_eq!(refused(&["erase-shares", "--home", &home, "--before", "3"]).0, 2);
    assert!(share.exists());
    succeeds(&["erase-shares", "--home", &home, "--before", "2"]);
    assert!(!share.exists() && Path::new(&home).join("epochs/2/share").exists());
    drop(nodes);
    nothing_is_given_away(operators.folder.path());
}

#[test]
fn messages_that_do_not_count_are_named() {
    let operators = Operators::new();
    let members = [1, 2, 3];
    let setting = operators.setting("setting.toml", 2, &members);
    let id = operators.begin(&members, &setting, None);
    operators.step(1, &id, "board");
    operators.step(2, &id, "board");
    let board = operators.path("board");
    fs::write(board.join("deal-3"), b"x").unwrap();
    fs::copy(board.join("deal-2"), board.join("deal-4")).unwrap();
    let (done, text) = operators.step(1, &id, "board");
    assert!(!done && text.contains("deal-3") && text.contains("deal-4"), "{text}");
    assert!(text.contains("waiting for the deal of 3"), "{text}");
    fs::remove_file(board.join("deal-4")).unwrap();
    // Node 2 begins anew on the same board and deals something else: whoever has its first deal says so.
    let home = operators.home(2);
    succeeds(&["ceremony", "abandon", "--home", &home, "--id", &id]);
    succeeds(&["ceremony", "begin", "--home", &home, "--setting", &setting]);
    operators.step(2, &id, "board");
    let (_, text) = operators.step(1, &id, "board");
    assert!(text.contains("two different messages"), "{text}");

    let unknown = "00".repeat(32);
    let (code, text) = refused(&[
        "ceremony",
        "step",
        "--home",
        &home,
        "--id",
        &unknown,
        "--board",
        board.to_str().unwrap(),
    ]);
    assert!(code == 2 && text.contains("was not begun here"), "{text}");
    let stranger = operators.home(4);
    let (code, text) = refused(&["ceremony", "begin", "--home", &stranger, "--setting", &setting]);
    assert!(code == 2 && text.contains("takes no part"), "{text}");
    for (from, to, why) in [
        ("network = \"main-1\"", "network = \"insecure-dealer-x\"", "has a dealer"),
        ("threshold = 2", "threshold = 3", "fewer than 2t - 1"),
        ("https://", "http://", "https://"),
        ("sealing = \"0x", "sealing = \"", "sealing is no key"),
    ] {
        let text = fs::read_to_string(&setting).unwrap();
        let path = operators.path("bad.toml");
        fs::write(&path, text.replace(from, to)).unwrap();
        let (code, text) =
            refused(&["ceremony", "begin", "--home", &home, "--setting", path.to_str().unwrap()]);
        assert!(code == 2 && text.contains(why), "{text}");
    }
}
