//! The program as a user runs it, without keys: exit codes, the shape of its JSON, refusals with rule,
//! place and hint.

use std::{fs, process::Stdio};

use crate::program::{demo_file, txt_record, Home, ADDRESS, DOMAIN, MESSAGE};

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
    let keys = "{\"type\":\"inspect\",\"version\":1,\"verdict\":\"provable\",\"exit_code\":0,\
                \"address\":\"ada@mail.example.org\",\"domain\":";
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
fn subject_prints_what_to_write_clear_or_sealed() {
    let home = Home::new();
    let account = "0x00112233445566778899aabbccddeeff00112233";
    let what = ["subject", "--account", account, "--chain", "1", "--nonce", "7"];
    let last = home.json(&what).succeeds().last();
    assert_eq!(last["subject"], format!("Guard {account} on 1 nonce 7"));
    assert_eq!(last["reading"], "clear");
    let sealed =
        [&what[..], &["--sealed", "--contract", account, "--out", "sealing.json"]].concat();
    let last = home.json(&sealed).succeeds().last();
    let subject = last["subject"].as_str().unwrap();
    assert!(subject.starts_with("zkdkim ") && subject.len() == 50, "{subject}");
    let file = fs::read_to_string(home.path("sealing.json")).unwrap();
    assert!(file.contains(last["command"].as_str().unwrap()));
    // Another blinding each time, and nothing is overwritten.
    home.json(&sealed).fails(2, "exists");
    let again = home.json(&[&sealed[..], &["--force"]].concat()).succeeds().last();
    assert_eq!(again["command"], last["command"]);
    assert_ne!(again["subject"], last["subject"]);
    home.json(&[&what[..], &["--sealed", "--out", "x.json"]].concat()).fails(2, "input");
    for bad in [
        &["subject"][..],
        &["subject", "--sealed", "--command", "0x12"],
        &[&what[..], &["--sealed"]].concat(),
    ] {
        assert_eq!(home.run(bad).code, 2, "{bad:?}");
    }
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
        assert!(inspected.get("address").is_none());
        let proved = home.prove(&message, "proof.json").fails(1, rule);
        assert_eq!(proved["type"], "prove");
        assert_eq!(proved["verdict"], "refused");
        // Of a signature that fits no key, each says where the keys came from.
        let keys =
            if rule == "rsa-signature" { &["place"][..] } else { &["place", "detail", "hint"] };
        for &key in keys {
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
    home.json(&["commit", ADDRESS, "--salt-file", "bad.json"]).fails(2, "salt-file");

    let registry =
        |args: &[&str]| home.json(&[&["registry"], args, &["--file", "registry.json"]].concat());
    let root = registry(&["root"]).succeeds().last()["root"].clone();
    registry(&["init"]).fails(2, "exists");
    registry(&["add", DOMAIN, &txt_record()]).fails(2, "registry-file");
    registry(&["add", DOMAIN, "v=DKIM1; p="]).fails(1, "key-record");
    registry(&["add", "no dot", &txt_record()]).fails(2, "input");
    registry(&["remove", "other.org"]).fails(2, "input");
    registry(&["remove", DOMAIN, "--slot", "7"]).fails(2, "input");
    assert_eq!(registry(&["show"]).succeeds().stdout.lines().count(), 2);
    assert_eq!(registry(&["root"]).last()["root"], root);
    let path = registry(&["path", "0"]).succeeds().lines().remove(0);
    assert_eq!(path["siblings"].as_array().unwrap().len(), 20);
    assert_eq!(registry(&["path", "0"]).last()["root"], root);
    registry(&["path", "1"]).fails(2, "registry-file");
    let other = registry(&["add", "other.org", &txt_record()]).succeeds().last();
    assert_eq!((&other["slot"], &other["keys"]), (&1.into(), &2.into()));
    assert_ne!(other["root"], root);
    registry(&["remove", "other.org"]).succeeds();
    assert_eq!(registry(&["root"]).last()["root"], root);
    home.write("registry.json", "{}");
    registry(&["root"]).fails(2, "registry-file");
}

#[test]
fn setup_refuses_a_ptau_file_and_changes_nothing() {
    let home = Home::new();
    let small =
        format!("{}/../../plonk/tests/ptau/pot08_contributed.ptau", env!("CARGO_MANIFEST_DIR"));
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
    run.fails(2, "proof-file");
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
