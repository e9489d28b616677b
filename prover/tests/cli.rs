//! The program as a user runs it: exit codes, the shape of its JSON, refusals with their reasons, and
//! files that appear whole or not at all.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use serde_json::Value;
use tempfile::TempDir;

const MESSAGE: &str = include_str!("../demo/recovery.eml");
const ADDRESS: &str = "ada@mail.example.org";
const DOMAIN: &str = "mail.example.org";

/// One cache for all tests that need the real keys, under the target folder.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkdkim-cache")
}

fn demo_file(name: &str) -> String {
    format!("{}/demo/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn txt_record() -> String {
    let dns: Value = serde_json::from_str(include_str!("../demo/recovery.dns.json")).unwrap();
    dns.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
}

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    fn new(output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Run { code: output.status.code().unwrap(), stdout, stderr }
    }

    /// The last object of `--json`, after checking that every line is one, tagged and versioned.
    fn last(&self) -> Value {
        let mut last = Value::Null;
        for line in self.stdout.lines() {
            assert!(line.starts_with("{\"type\":\""), "{line}");
            last = serde_json::from_str(line).unwrap();
            assert_eq!(last["version"], 1, "{line}");
        }
        assert!(last.is_object(), "no object; stderr: {}", self.stderr);
        last
    }

    #[track_caller]
    fn fails(&self, code: i32, rule: &str) -> Value {
        let last = self.last();
        assert_eq!((self.code, last["rule"].as_str()), (code, Some(rule)), "{last}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        last
    }

    #[track_caller]
    fn succeeds(self) -> Run {
        assert_eq!(self.code, 0, "{} {}", self.stdout, self.stderr);
        self
    }
}

/// A folder with a salt and a registry that knows the demo's key.
struct Home(TempDir);

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        home.run(&["salt", "new", "--out", "salt.json"]).succeeds();
        home.run(&["registry", "init", "--file", "registry.json"]).succeeds();
        home.run(&["registry", "add", DOMAIN, &txt_record(), "--file", "registry.json"]).succeeds();
        home
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zkdkim"));
        command.args(args).current_dir(self.0.path()).env("ZKDKIM_CACHE", cache());
        command.env_remove("RUST_BACKTRACE");
        command
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::new(self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    fn json(&self, args: &[&str]) -> Run {
        self.run(&[args, &["--json"]].concat())
    }

    fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Run {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses early closes its end.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Run::new(child.wait_with_output().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn files(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// `prove` of a message, with its last object.
    fn prove(&self, message: &str, out: &str) -> Run {
        self.write("message.eml", message);
        let files = ["--salt-file", "salt.json", "--registry", "registry.json", "--out", out];
        self.json(&[&["prove", "message.eml"][..], &files[..]].concat())
    }
}

/// A home with a proof in it, made once.
fn proved() -> &'static Home {
    static HOME: OnceLock<Home> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = Home::new();
        home.run(&["setup", "--insecure-dev"]).succeeds();
        let run = home.prove(MESSAGE, "proof.json").succeeds();
        assert_eq!(run.last()["verdict"], "proved");
        assert_eq!(run.last()["srs"]["kind"], "insecure-dev");
        assert!(run.stderr.contains("insecure"), "{}", run.stderr);
        home
    })
}

#[test]
fn help_documents_the_exit_codes() {
    let home = Home::new();
    let help = home.run(&["--help"]).succeeds().stdout;
    assert!(help.contains("Exit codes:") && help.contains("  2  usage"), "{help}");
    for args in [&["nonsense"][..], &["prove"], &["verify"], &["setup"], &["--threads", "0"]] {
        let run = home.run(args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn inspect_reports_every_rule_and_the_verdict() {
    let home = Home::new();
    let dns = demo_file("recovery.dns.json");
    let run = home.json(&["inspect", &demo_file("recovery.eml"), "--dns", &dns]).succeeds();
    assert!(run.stdout.lines().count() > 20);
    let keys = "{\"type\":\"inspect\",\"version\":1,\"verdict\":\"provable\",\"rule\":null,\
                \"detail\":null,\"address\":\"ada@mail.example.org\",\"domain\":";
    let line = run.stdout.lines().last().unwrap();
    assert!(line.starts_with(keys), "{line}");
    let last = run.last();
    assert_eq!(last["domain"], DOMAIN);
    assert_eq!(last["selector"], "demo2025");
    assert_eq!(last["timestamp"], 1_736_931_600);
    assert_eq!(last["header_bytes"], 538);
    assert!(last["subject"].as_str().unwrap().starts_with("Recover 0x5afe"));

    let text = home.run(&["inspect", &demo_file("recovery.eml"), "--dns", &dns]).succeeds().stdout;
    assert!(text.contains("ok   rsa-signature") && text.contains("provable"), "{text}");
}

#[test]
fn inspect_reads_both_line_ends_and_standard_input() {
    let home = Home::new();
    let dns = demo_file("recovery.dns.json");
    for message in [MESSAGE.to_owned(), MESSAGE.replace("\r\n", "\n")] {
        let args = ["inspect", "-", "--dns", &dns, "--json"];
        let run = home.run_with_stdin(&args, message.as_bytes());
        assert_eq!(run.last()["verdict"], "provable");
    }
}

#[test]
fn inspect_and_prove_refuse_the_same_with_rule_place_and_hint() {
    let home = Home::new();
    let dns = demo_file("recovery.dns.json");
    let cases = [
        ("body-hash", MESSAGE.replace("Everything", "Nothing")),
        ("rsa-signature", MESSAGE.replace("on 1 nonce 0", "on 1 nonce 1")),
        ("one-from", MESSAGE.replace("To: ", "From: eve@evil.example\r\nTo: ")),
        ("one-subject", MESSAGE.replace("To: ", "Subject: x\r\nTo: ")),
        ("signature-present", MESSAGE.replace("DKIM-Signature", "X-Signature")),
        ("alignment", MESSAGE.replace("ada@mail.example.org", "ada@evil.example")),
        ("message-syntax", "no header".into()),
    ];
    for (rule, message) in cases {
        home.write("m.eml", &message);
        let inspected = home.json(&["inspect", "m.eml", "--dns", &dns]).fails(1, rule);
        assert_eq!(inspected["verdict"], "refused");
        assert!(inspected["address"].is_null());
        let proved = home.prove(&message, "proof.json").fails(1, rule);
        assert_eq!(proved["type"], "prove");
        assert_eq!(proved["verdict"], "refused");
        for key in ["detail", "place", "hint"] {
            assert_eq!(proved[key], inspected[key], "{rule}");
        }
    }
    // No key for the domain: in the DNS file, in the registry.
    home.write("none.json", "{}");
    let message = demo_file("recovery.eml");
    home.json(&["inspect", &message, "--dns", "none.json"]).fails(1, "key-record");
    home.run(&["registry", "remove", DOMAIN, "--file", "registry.json"]).succeeds();
    home.prove(MESSAGE, "proof.json").fails(1, "key-record");
    assert!(!home.files().contains(&"proof.json".into()));
    // For people: rule, place and hint on standard error.
    let run = home.run(&[
        "prove",
        "m.eml",
        "--salt-file",
        "salt.json",
        "--registry",
        "registry.json",
        "--out",
        "p",
    ]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("refused: ") && run.stderr.contains("rule: "), "{}", run.stderr);
}

#[test]
fn the_users_side_makes_salt_commitment_and_registry() {
    let home = Home::new();
    let before = fs::read(home.path("salt.json")).unwrap();
    home.json(&["salt", "new", "--out", "salt.json"]).fails(2, "exists");
    assert_eq!(fs::read(home.path("salt.json")).unwrap(), before);
    home.run(&["salt", "new", "--out", "salt.json", "--force"]).succeeds();
    assert_ne!(fs::read(home.path("salt.json")).unwrap(), before);

    let commit = |address: &str| home.json(&["commit", address, "--salt-file", "salt.json"]);
    let lower = commit(ADDRESS).succeeds().last();
    assert_eq!(commit("ADA@Mail.Example.ORG").succeeds().last(), lower);
    assert_ne!(commit("adb@mail.example.org").last()["commitment"], lower["commitment"]);
    for bad in ["", "ada", "ada@localhost", "<ada@mail.example.org>", "a@x.org, b@x.org"] {
        commit(bad).fails(2, "input");
    }
    home.write("bad.json", "{\"type\":\"zkdkim-salt\",\"version\":9,\"salt\":\"0x00\"}");
    home.json(&["commit", ADDRESS, "--salt-file", "bad.json"]).fails(2, "input");

    let registry =
        |args: &[&str]| home.json(&[&["registry"], args, &["--file", "registry.json"]].concat());
    let root = registry(&["root"]).succeeds().last()["root"].clone();
    registry(&["init"]).fails(2, "exists");
    registry(&["add", DOMAIN, &txt_record()]).fails(2, "registry-file");
    registry(&["add", DOMAIN, "v=DKIM1; p="]).fails(1, "key-record");
    registry(&["add", "no dot", &txt_record()]).fails(2, "registry-file");
    registry(&["remove", "other.org"]).fails(2, "input");
    registry(&["remove", DOMAIN, "--slot", "7"]).fails(2, "input");
    assert_eq!(registry(&["show"]).succeeds().stdout.lines().count(), 2);
    assert_eq!(registry(&["root"]).last()["root"], root);
    let other = registry(&["add", "other.org", &txt_record()]).succeeds().last();
    assert_eq!((&other["slot"], &other["keys"]), (&1.into(), &2.into()));
    assert_ne!(other["root"], root);
    registry(&["remove", "other.org"]).succeeds();
    assert_eq!(registry(&["root"]).last()["root"], root);
    home.write("registry.json", "{}");
    registry(&["root"]).fails(2, "registry-file");
}

#[test]
fn a_proof_is_written_whole_and_never_over_another_file() {
    let home = Home::new();
    proved();
    home.write("there.json", "mine");
    home.prove(MESSAGE, "there.json").fails(2, "exists");
    assert_eq!(fs::read(home.path("there.json")).unwrap(), b"mine");
    home.prove(MESSAGE, "no/such/folder/p.json").fails(2, "io");
    let files = ["message.eml", "registry.json", "salt.json", "there.json"];
    assert_eq!(home.files(), files);
}

#[test]
fn verify_compares_what_was_expected() {
    let home = proved();
    let verify = |args: &[&str]| {
        home.json(&[&["verify", "proof.json", "--allow-insecure-dev"], args].concat())
    };
    let plain = verify(&[]).succeeds().last();
    assert_eq!(plain["verdict"], "valid");
    assert_eq!(plain["checked"], serde_json::json!([]));
    assert_eq!(plain["unchecked"].as_array().unwrap().len(), 5);
    let text = home.run(&["verify", "proof.json", "--allow-insecure-dev"]).succeeds().stdout;
    assert!(text.contains("nothing was expected") && text.contains("forge"), "{text}");

    let commitment = home.json(&["commit", ADDRESS, "--salt-file", "salt.json"]).last();
    let root = home.json(&["registry", "root", "--file", "registry.json"]).last();
    let (commitment, root) = (commitment["commitment"].as_str(), root["root"].as_str());
    let public = &plain["public"];
    let (subject, nullifier) = (public["subject"].as_str(), public["nullifier"].as_str());
    let all = [
        ("--root", root.unwrap()),
        ("--commitment", commitment.unwrap()),
        ("--subject", subject.unwrap()),
        ("--nullifier", nullifier.unwrap()),
        ("--min-timestamp", "1736931600"),
    ];
    let args: Vec<&str> = all.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let checked = verify(&args).succeeds().last();
    assert_eq!(checked["checked"].as_array().unwrap().len(), 5);
    let other = format!("0x{:064x}", 5);
    for (name, value) in [
        ("--root", other.as_str()),
        ("--commitment", &other),
        ("--nullifier", &other),
        ("--subject", "Recover something else"),
        ("--min-timestamp", "1736931601"),
    ] {
        assert_eq!(verify(&[name, value]).fails(1, "unexpected")["verdict"], "invalid");
    }
    for bad in ["0x05", "5", &"f".repeat(64), &format!("0x{}", "f".repeat(64))] {
        assert_eq!(verify(&["--root", bad]).code, 2);
    }
    let stdin = fs::read(home.path("proof.json")).unwrap();
    home.run_with_stdin(&["verify", "-", "--allow-insecure-dev"], &stdin).succeeds();
}

#[test]
fn the_insecure_srs_is_refused_without_its_flag() {
    let home = proved();
    let refused = home.json(&["verify", "proof.json"]).fails(1, "insecure-srs");
    assert_eq!(refused["verdict"], "refused");
    home.json(&["export-verifier", "--out", "contracts"]).fails(1, "insecure-srs");
    assert!(!home.path("contracts").exists());
}

#[test]
fn verify_refuses_every_tampered_proof_file() {
    let home = proved();
    let good = fs::read_to_string(home.path("proof.json")).unwrap();
    let folder = Home::new();
    let verify = |text: &str| {
        folder.write("bad.json", text);
        folder.json(&["verify", "bad.json", "--allow-insecure-dev"])
    };
    verify(&good).succeeds();
    let json: Value = serde_json::from_str(&good).unwrap();
    let proof = hex(&json["proof"]);
    let inputs: Vec<Vec<u8>> = json["public_inputs"].as_array().unwrap().iter().map(hex).collect();
    // Consistent in itself, with its own calldata.
    let rebuilt = |proof: &[u8], inputs: &[Vec<u8>]| {
        let fields: Vec<_> = inputs
            .iter()
            .map(|word| zkdkim_verifier_sol::word_scalar(&word[..].try_into().unwrap()).unwrap())
            .collect();
        let mut json = json.clone();
        let calldata = zkdkim_verifier_sol::encode_calldata(proof, &fields);
        json["proof"] = format!("0x{}", ::hex::encode(proof)).into();
        json["calldata"] = format!("0x{}", ::hex::encode(calldata)).into();
        json["public_inputs"] =
            inputs.iter().map(|word| format!("0x{}", ::hex::encode(word))).collect();
        json.to_string()
    };
    verify(&rebuilt(&proof, &inputs)).succeeds();
    for at in (0..proof.len()).step_by(401) {
        let mut bad = proof.clone();
        bad[at] ^= 1;
        verify(&rebuilt(&bad, &inputs)).fails(1, "invalid-proof");
    }
    for i in 0..inputs.len() {
        let mut bad = inputs.clone();
        bad[i][31] ^= 1;
        verify(&rebuilt(&proof, &bad)).fails(1, "invalid-proof");
    }
    verify(&rebuilt(&proof[..proof.len() - 32], &inputs)).fails(1, "invalid-proof");
    verify(&rebuilt(&[&proof[..], &[0; 32]].concat(), &inputs)).fails(1, "invalid-proof");
    verify(&rebuilt(&proof, &inputs[..9])).fails(1, "instance-count");
    let more = [&inputs[..], &[vec![0; 32]]].concat();
    verify(&rebuilt(&proof, &more)).fails(1, "instance-count");

    // The file itself.
    verify(&good[..good.len() / 2]).fails(1, "proof-file");
    verify(&good.replacen("\"k\": 14", "\"k\": 15", 1)).fails(1, "proof-file");
    verify(&good.replacen("insecure-dev", "ceremony", 1)).fails(1, "proof-file");
    verify(&good.replacen("\"version\": 1", "\"version\": 2", 1)).fails(1, "proof-file");
    let ceremony = "{ \"kind\": \"ceremony\", \"name\": \"hermez\", \"file\": \"f\", \
                    \"blake2b512\": \"00\" }";
    let mut relabelled = json.clone();
    relabelled["srs"] = serde_json::from_str(ceremony).unwrap();
    verify(&relabelled.to_string()).fails(1, "proof-file");
    let mut other_key = json.clone();
    other_key["vk_sha256"] = "11".repeat(32).into();
    verify(&other_key.to_string()).fails(1, "wrong-key");
    folder.write("huge.json", vec![b' '; (1 << 20) + 1]);
    folder.json(&["verify", "huge.json"]).fails(2, "too-large");
    folder.json(&["verify", "missing.json"]).fails(2, "io");
}

fn hex(value: &Value) -> Vec<u8> {
    ::hex::decode(value.as_str().unwrap().strip_prefix("0x").unwrap()).unwrap()
}

/// The one file in a folder with this extension.
fn find(folder: &Path, extension: &str) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|e| e == extension)).unwrap()
}

#[test]
fn verify_refuses_every_wrong_key_file() {
    let home = proved();
    let setup = home.json(&["setup", "--insecure-dev"]).succeeds().last();
    let vk = fs::read(setup["verifying_key"].as_str().unwrap()).unwrap();
    let folder = Home::new();
    let proof = home.path("proof.json");
    let verify = |key: &[u8]| {
        folder.write("key", key);
        let proof = proof.to_str().unwrap();
        folder.json(&["verify", proof, "--allow-insecure-dev", "--key", "key"])
    };
    verify(&vk).succeeds();
    let flipped = |at: usize| {
        let mut key = vk.clone();
        key[at] ^= 1;
        key
    };
    verify(&flipped(0)).fails(2, "not-an-artefact");
    verify(&flipped(8)).fails(2, "artefact-version");
    verify(&flipped(20)).fails(2, "artefact-damaged");
    verify(&flipped(vk.len() - 1)).fails(2, "artefact-damaged");
    verify(&vk[..vk.len() - 1]).fails(2, "artefact-truncated");
    verify(&vk[..100]).fails(2, "artefact-truncated");
    verify(&[&vk[..], &[0]].concat()).fails(2, "artefact-trailing-bytes");
    verify(b"").fails(2, "not-an-artefact");
    let srs = fs::read(setup["srs_file"].as_str().unwrap()).unwrap();
    verify(&srs).fails(2, "artefact-kind");
}

#[test]
fn a_damaged_cache_is_noted_and_made_again() {
    let home = proved();
    let setup = home.json(&["setup", "--insecure-dev"]).succeeds().last();
    let folder = Home::new();
    for name in ["srs_file", "verifying_key", "proving_key"] {
        let from = Path::new(setup[name].as_str().unwrap());
        let to = folder.path("cache").join(from.strip_prefix(cache()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
    let pk = find(&folder.path("cache").join("keys"), "pk");
    let file = fs::File::options().write(true).open(&pk).unwrap();
    file.set_len(file.metadata().unwrap().len() - 7).unwrap();
    let args = ["setup", "--insecure-dev", "--cache-dir", "cache"];
    let run = folder.json(&args).succeeds();
    assert!(
        run.stderr.contains("truncated") && run.stderr.contains("made again"),
        "{}",
        run.stderr
    );
    assert_eq!(run.last()["vk_sha256"], setup["vk_sha256"]);
    let run = folder.json(&args).succeeds();
    assert!(!run.stderr.contains("made again"), "{}", run.stderr);
}

#[test]
fn setup_refuses_a_ptau_file_and_changes_nothing() {
    let home = Home::new();
    let small = format!("{}/tests/ptau/pot08_contributed.ptau", env!("CARGO_MANIFEST_DIR"));
    let args = ["setup", "--cache-dir", "cache", "--ptau"];
    let with = |path: &str| home.json(&[&args[..], &[path]].concat());
    with(&small).fails(2, "ptau-power");
    home.write("text.ptau", "no powers here");
    with("text.ptau").fails(2, "ptau-magic");
    with("missing.ptau").fails(2, "io");
    assert!(!home.path("cache/default-srs.json").exists());
    let nothing = ["setup", "--rebuild", "--cache-dir", "cache"];
    home.json(&nothing).fails(2, "no-srs");
    home.write("p.json", "{}");
    let run = home.json(&["verify", "p.json", "--cache-dir", "cache"]);
    run.fails(1, "proof-file");
}

#[test]
fn export_writes_a_whole_folder_once() {
    let home = proved();
    let out = ["export-verifier", "--allow-insecure-dev", "--out", "exported"];
    let exported = home.json(&out).succeeds().last();
    let digests: Value =
        serde_json::from_slice(&fs::read(home.path("exported/digests.json")).unwrap()).unwrap();
    assert_eq!(digests["vk_sha256"], exported["vk_sha256"]);
    assert_eq!(digests["srs"]["kind"], "insecure-dev");
    for (name, digest) in digests["files"].as_object().unwrap() {
        let content = fs::read(home.path("exported").join(name)).unwrap();
        let got = zkdkim::artefact::Sha256Digest::of(&content).to_string();
        assert_eq!(*digest, got, "{name}");
    }
    for size in ["verifier_bytes", "key_bytes"] {
        assert!(exported[size].as_u64().unwrap() < 24_576);
    }
    let source = fs::read_to_string(home.path("exported/InsecureDevVerifier.sol")).unwrap();
    assert!(source.to_lowercase().contains("insecure"));
    home.json(&out).fails(2, "exists");
    let key = ["--key", "exported/verifying-key.zkdkim", "--allow-insecure-dev"];
    home.run(&[&["verify", "proof.json"][..], &key].concat()).succeeds();
    let hidden = |name: &String| name.starts_with('.');
    assert!(!home.files().iter().any(hidden), "{:?}", home.files());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let home = Home::new();
    let dns = demo_file("recovery.dns.json");
    for json in [&[][..], &["--json"]] {
        let message = demo_file("recovery.eml");
        let mut command = home.command(&[&["inspect", &message, "--dns", &dns], json].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn demo_goes_the_whole_path() {
    let home = proved();
    let run = home.json(&["demo", "--threads", "2"]).succeeds();
    let last = run.last();
    assert_eq!(last["verdict"], "valid");
    assert_eq!(last["evm"]["verdict"], "valid");
    assert_eq!(last["evm"]["bytecode"], "checked-in");
    assert!(last["evm"]["gas"].as_u64().unwrap() < 800_000);
    assert!(last["proof_bytes"].as_u64().unwrap() < 8192);
    for secret in [ADDRESS, "demo2025"] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret));
    }
    home.json(&["demo", "message.eml"]).code.eq(&2).then_some(()).unwrap();
}
