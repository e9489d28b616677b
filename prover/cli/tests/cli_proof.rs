//! The program with the real keys: proofs, what is refused of them, keys and caches, exported
//! contracts; files appear whole or not at all.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use crate::program::{self, cache, demo_file, Home, ADDRESS, MESSAGE};
use serde_json::Value;

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
    assert_eq!(plain["unchecked"].as_array().unwrap().len(), 6);
    // Of the time no more than its day.
    assert_eq!(plain["public"]["not_before"], 1_736_931_600 / 86_400 * 86_400);
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
        ("--not-before", "1736899200"),
    ];
    let args: Vec<&str> = all.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let checked = verify(&args).succeeds().last();
    assert_eq!(checked["checked"].as_array().unwrap().len(), 5);
    let other = format!("0x{:064x}", 5);
    let sealed_command = format!("0x{:062x}", 5);
    for (name, value) in [
        ("--root", other.as_str()),
        ("--commitment", &other),
        ("--nullifier", &other),
        ("--subject", "Recover something else"),
        ("--not-before", "1736899201"),
        ("--command", &sealed_command),
    ] {
        assert_eq!(verify(&[name, value]).fails(1, "unexpected")["verdict"], "invalid");
    }
    for bad in ["0x05", "5", &"f".repeat(64), &format!("0x{}", "f".repeat(64))] {
        assert_eq!(verify(&["--root", bad]).code, 2);
    }
    let stdin = fs::read(home.path("proof.json")).unwrap();
    home.run_with_stdin(&["verify", "-", "--allow-insecure-dev"], &stdin).succeeds();
}

/// A sealed mail of the test vectors, with what it was made from.
fn sealed_home() -> Home {
    proved();
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/messages");
    for name in ["sealed.eml", "dns.json", "registry.json"] {
        home.write(name, fs::read_to_string(folder.join(name)).unwrap());
    }
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let messages = manifest["messages"].as_array().unwrap();
    let entry = messages.iter().find(|entry| entry["file"] == "sealed.eml").unwrap();
    let sealing = serde_json::json!({
        "type": "zkdkim-sealing", "version": 1,
        "command": entry["sealed"]["command"], "blinding": entry["sealed"]["blinding"],
    });
    home.write("sealing.json", sealing.to_string());
    home
}

#[test]
fn a_sealed_mail_shows_its_command_and_a_bound_of_its_time() {
    let home = sealed_home();
    let sealing: Value =
        serde_json::from_str(&fs::read_to_string(home.path("sealing.json")).unwrap()).unwrap();
    let command = sealing["command"].as_str().unwrap();
    let inspect = ["inspect", "sealed.eml", "--dns", "dns.json"];
    let clear = home.json(&inspect).succeeds().last();
    assert_eq!((&clear["reading"], &clear["command"]), (&"clear".into(), &Value::Null));
    let sealed = [&inspect[..], &["--blinding-file", "sealing.json", "--not-before", "7"]].concat();
    let last = home.json(&sealed).succeeds().last();
    assert_eq!((&last["reading"], &last["command"]), (&"sealed".into(), &command.into()));
    assert_eq!(last["not_before"], 7);
    let text = home.run(&sealed).succeeds().stdout;
    assert!(text.contains(command) && text.contains("hidden:\n  subject    zkdkim "), "{text}");

    let prove = |out: &str, more: &[&str]| {
        let args =
            ["prove", "sealed.eml", "--salt-file", "salt.json", "--registry", "registry.json"];
        home.json(&[&args[..], &["--out", out, "--clock", "1700000060"], more].concat())
    };
    home.run(&["salt", "new", "--out", "salt.json", "--force"]).succeeds();
    let file = ["--blinding-file", "sealing.json"];
    let bound = ["--not-before", "1699999999"];
    let public = prove("p.json", &[&file[..], &bound].concat()).succeeds().last()["public"].clone();
    assert_eq!(public["command"], *command);
    assert_eq!((&public["subject"], &public["not_before"]), (&Value::Null, &1_699_999_999.into()));
    let verify =
        |args: &[&str]| home.json(&[&["verify", "p.json", "--allow-insecure-dev"], args].concat());
    let checked = verify(&["--command", command, bound[0], bound[1]]).succeeds().last();
    assert_eq!(checked["checked"], serde_json::json!(["command", "not-before"]));
    verify(&["--not-before", "1700000000"]).fails(1, "unexpected");
    verify(&["--subject", "Recover it"]).fails(1, "unexpected");

    // A time that the mail does not have, a blinding that is another's.
    prove("q.json", &["--not-before", "1700000001"]).fails(1, "input-not-before");
    let other = format!("0x{}", "1".repeat(62));
    let seal = ["subject", "--sealed", "--command", &other, "--out", "other.json"];
    home.json(&seal).succeeds();
    prove("q.json", &["--blinding-file", "other.json"]).fails(1, "unexpected");
    home.write("bad.json", "{}");
    prove("q.json", &["--blinding-file", "bad.json"]).fails(2, "sealing-file");
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
            .map(|word| zkdkim_plonk::words::word_scalar(&word[..].try_into().unwrap()).unwrap())
            .collect();
        let mut json = json.clone();
        let calldata = zkdkim_plonk::calldata::encode_calldata(proof, &fields);
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
    verify(&good[..good.len() / 2]).fails(2, "proof-file");
    verify(&good.replacen("\"k\": 14", "\"k\": 15", 1)).fails(1, "proof-labels");
    verify(&good.replacen("insecure-dev", "ceremony", 1)).fails(2, "proof-file");
    verify(&good.replacen("\"version\": 2", "\"version\": 1", 1)).fails(2, "proof-file");
    let ceremony = "{ \"kind\": \"ceremony\", \"name\": \"hermez\", \"file\": \"f\", \
                    \"blake2b512\": \"00\" }";
    let mut relabelled = json.clone();
    relabelled["srs"] = serde_json::from_str(ceremony).unwrap();
    verify(&relabelled.to_string()).fails(1, "proof-labels");
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
    for name in ["srs_file", "verifying_key"] {
        let from = Path::new(setup[name].as_str().unwrap());
        let to = folder.path("cache").join(from.strip_prefix(cache()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
    let vk = find(&folder.path("cache").join("keys"), "vk");
    let file = fs::File::options().write(true).open(&vk).unwrap();
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
        let got = zkdkim_plonk::digest::Sha256Digest::of(&content).to_string();
        assert_eq!(*digest, got, "{name}");
    }
    for size in ["verifier_bytes", "key_bytes"] {
        assert!(exported[size].as_u64().unwrap() < 24_576);
    }
    let source = fs::read_to_string(home.path("exported/InsecureDevVerifier.sol")).unwrap();
    assert!(source.to_lowercase().contains("insecure"));
    home.json(&out).fails(2, "exists");
    // --force replaces an export, and nothing that is none.
    let again = home.json(&[&out[..], &["--force"]].concat()).succeeds().last();
    assert_eq!(again["vk_sha256"], exported["vk_sha256"]);
    fs::create_dir(home.path("mine")).unwrap();
    home.write("mine/notes", "mine");
    let mine = ["export-verifier", "--allow-insecure-dev", "--out", "mine", "--force"];
    home.json(&mine).fails(2, "input");
    assert_eq!(fs::read(home.path("mine/notes")).unwrap(), b"mine");
    let nowhere = ["export-verifier", "--allow-insecure-dev", "--out", "no/such/folder"];
    home.json(&nowhere).fails(2, "io");
    let key = ["--key", "exported/verifying-key.zkdkim", "--allow-insecure-dev"];
    home.run(&[&["verify", "proof.json"][..], &key].concat()).succeeds();
    let hidden = |name: &String| name.starts_with('.');
    assert!(!home.files().iter().any(hidden), "{:?}", home.files());
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

#[test]
fn every_line_is_one_of_the_schemas() {
    let home = proved();
    let folder = Home::new();
    let (message, dns) = (demo_file("recovery.eml"), demo_file("recovery.dns.json"));
    let proof = home.path("proof.json");
    let proof = proof.to_str().unwrap();
    let file = ["--file", "registry.json"];
    let account = "0x00112233445566778899aabbccddeeff00112233";
    fs::create_dir(folder.path("mails")).unwrap();
    folder.write("mails/none.eml", "no mail");
    let batch = ["prove", "--batch", "mails", "--salt-file", "new.salt", "--registry", file[1]];
    let batch = [&batch[..], &["--out", "proofs"]].concat();
    let commands: [&[&str]; 23] = [
        &["demo"],
        &["inspect", &message, "--dns", &dns],
        &["inspect", &message, "--dns", &dns, "--subject", "another"],
        &["inspect", "missing", "--dns", &dns],
        &["salt", "new", "--out", "new.salt"],
        &["salt", "new", "--out", "new.salt"],
        &["commit", ADDRESS, "--salt-file", "new.salt"],
        &["subject", "--account", account, "--chain", "1", "--nonce", "0"],
        &["registry", "show", file[0], file[1]],
        &["registry", "path", "0", file[0], file[1]],
        &["registry", "add", "b.cc", "x", file[0], file[1]],
        &["dns", "record", &dns],
        &["dns", "record", &dns, "--out", "dns.json"],
        &["providers"],
        &["setup", "--insecure-dev"],
        &["prove", &message, "--salt-file", "new.salt", "--registry", file[1], "--out", "p.json"],
        &["prove", &message, "--salt-file", "new.salt", "--registry", file[1], "--out", "p.json"],
        &batch,
        &["verify", proof, "--allow-insecure-dev"],
        &["verify", proof],
        &["export-verifier", "--out", "contracts", "--allow-insecure-dev"],
        &["nonsense"],
        &["prove"],
    ];
    let mut seen = std::collections::BTreeSet::new();
    for command in commands {
        let run = folder.json(command);
        let lines = run.lines();
        assert_eq!(run.last()["exit_code"], run.code, "{command:?}");
        seen.extend(lines.iter().map(program::schema::branch));
    }
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        (0..program::schema::branches())
            .filter(|branch| !program::schema::needs_others(*branch))
            .collect::<Vec<_>>()
    );
}

/// A folder of mails for `prove --batch`: two good ones, one with a salt of its own, and a bad one.
fn mails(home: &Home) {
    fs::create_dir(home.path("mails")).unwrap();
    home.write("mails/a.eml", MESSAGE);
    home.write("mails/b.eml", MESSAGE.replace("Subject: ", "Subject: x"));
    home.write("mails/c.eml", MESSAGE);
    home.write("mails/readme.txt", "no mail");
    home.run(&["salt", "new", "--out", "mails/c.salt"]).succeeds();
}

const BATCH: [&str; 9] = [
    "prove",
    "--batch",
    "mails",
    "--salt-file",
    "salt.json",
    "--registry",
    "registry.json",
    "--out",
    "proofs",
];

#[test]
fn a_batch_proves_what_it_can_and_goes_on_where_it_was_killed() {
    proved();
    let home = Home::new();
    mails(&home);
    // Killed as soon as the first proof is there.
    let mut child = home.command(&BATCH).stdin(Stdio::null()).spawn().unwrap();
    while !home.path("proofs/a.proof.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "ended before its first proof");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let first = fs::read(home.path("proofs/a.proof.json")).unwrap();

    let run = home.json(&BATCH);
    let lines = run.lines();
    let verdicts: Vec<_> = lines.iter().map(|line| line["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["kept", "refused", "proved", "invalid"]);
    assert_eq!(lines[1]["mail"], "mails/b.eml");
    assert!(lines[1]["rule"].is_string() && lines[1]["file"].is_null());
    let last = run.last();
    let counts = ["mails", "proved", "kept", "failed", "exit_code"].map(|key| last[key].as_u64());
    assert_eq!(counts, [3, 1, 1, 1, 1].map(Some));
    assert_eq!(fs::read(home.path("proofs/a.proof.json")).unwrap(), first, "not made anew");
    assert_eq!(fs::read_dir(home.path("proofs")).unwrap().count(), 2, "nothing but whole files");

    // Each under its own salt.
    for (salt, proof) in [("salt.json", "a"), ("mails/c.salt", "c")] {
        let commitment = home.json(&["commit", ADDRESS, "--salt-file", salt]).last();
        let proof = format!("proofs/{proof}.proof.json");
        let commitment = commitment["commitment"].as_str().unwrap();
        let args = ["verify", &proof, "--allow-insecure-dev", "--commitment", commitment];
        home.json(&args).succeeds();
    }
    // A file that is no proof under this key is not passed over.
    home.write("proofs/c.proof.json", "{}");
    let lines = home.json(&BATCH).lines();
    assert_eq!(lines[2]["verdict"], "error", "{}", lines[2]);
    home.json(&["prove", "--batch", "proofs", "--registry", "registry.json", "--out", "p"])
        .fails(2, "input");
}

#[test]
fn files_of_another_layout_are_refused_by_name() {
    let home = proved();
    let quick = ["--layout", "quick"];
    let setup = home.json(&[&["setup", "--insecure-dev"], &quick[..]].concat()).succeeds().last();
    assert_eq!(setup["layout"], "quick");
    let verify = ["verify", "proof.json", "--allow-insecure-dev"];
    let refused = home.json(&[&verify[..], &quick[..]].concat()).fails(1, "wrong-layout");
    assert_eq!(refused["hint"], "give --layout on-chain");
    let key = setup["verifying_key"].as_str().unwrap();
    let refused = home.json(&[&verify[..], &["--key", key]].concat()).fails(2, "wrong-circuit");
    assert!(refused["hint"].as_str().unwrap().contains("--layout quick"), "{refused}");
    let unknown = home.json(&["setup", "--insecure-dev", "--layout", "slow"]).fails(2, "usage");
    assert!(unknown["detail"].as_str().unwrap().contains("there are on-chain, middle, quick"));
    // A proof in the layout, and none of the other's files in its way.
    let folder = Home::new();
    folder.write("message.eml", MESSAGE);
    let prove = ["prove", "message.eml", "--salt-file", "salt.json", "--registry", "registry.json"];
    folder.json(&[&prove[..], &["--out", "q.json"], &quick[..]].concat()).succeeds();
    folder.json(&[&["verify", "q.json", "--allow-insecure-dev"], &quick[..]].concat()).succeeds();
    folder.json(&["verify", "q.json", "--allow-insecure-dev"]).fails(1, "wrong-layout");
    home.run(&["setup", "--insecure-dev"]).succeeds();
}
