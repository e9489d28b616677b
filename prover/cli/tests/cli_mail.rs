//! The program with what people bring: mails with changed bodies and stray lines, files that are none,
//! key records as tools print them, Subjects that no contract asks for; and what it tells them.

use std::{fs, path::PathBuf};

use crate::program::{demo_file, txt_record, Home, Run, DOMAIN, MESSAGE};
use rand_chacha::rand_core::SeedableRng;
use rsa::{
    pkcs8::{EncodePublicKey, LineEnding},
    RsaPrivateKey,
};
use serde_json::{json, Value};

const NAME: &str = "demo2025._domainkey.mail.example.org";
/// The command in the demo's Subject.
const COMMAND: [&str; 8] = [
    "--account",
    "0x5afe5afe5afe5afe5afe5afe5afe5afe5afe5afe",
    "--chain",
    "1",
    "--nonce",
    "0",
    "--new-key",
    "0xc0ffee11c0ffee11c0ffee11c0ffee11c0ffee11",
];

fn subject() -> String {
    let line = MESSAGE.lines().find(|line| line.starts_with("Subject: ")).unwrap();
    line["Subject: ".len()..].to_owned()
}

fn inspect(home: &Home, message: &str, more: &[&str]) -> Run {
    home.write("m.eml", message);
    let dns = demo_file("recovery.dns.json");
    home.json(&[&["inspect", "m.eml", "--dns", &dns][..], more].concat())
}

fn mails() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/mail")
}

#[test]
fn mails_as_people_bring_them() {
    let home = Home::new();
    let manifest = fs::read_to_string(mails().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    for entry in manifest["mails"].as_array().unwrap() {
        home.write("dns.json", entry["dns"].to_string());
        let file = mails().join(entry["file"].as_str().unwrap());
        for (flag, key) in [(&[][..], "as_signed"), (&["--accept-changed-body"], "may_differ")] {
            let args = ["inspect", file.to_str().unwrap(), "--dns", "dns.json"];
            let last = home.json(&[&args[..], flag].concat()).last();
            let verdict = if last["exit_code"] == 0 { &last["verdict"] } else { &last["rule"] };
            assert_eq!(*verdict, entry[key], "{last}");
            assert_eq!(last["holds"], entry["holds"], "{last}");
            if last["verdict"] == "refused" {
                let flag = last["hint"].as_str().unwrap().contains("--accept-changed-body");
                assert_eq!(flag, entry["holds"] == "header", "{last}");
            }
        }
    }
}

#[test]
fn a_changed_body_is_refused_or_only_the_header_is_proved() {
    let home = Home::new();
    let changed = MESSAGE.replace("Everything", "Nothing");
    let refused = inspect(&home, &changed, &[]).fails(1, "body-hash");
    assert_eq!((&refused["file"], &refused["holds"]), (&json!("m.eml"), &json!("header")));
    let hint = refused["hint"].as_str().unwrap();
    assert!(hint.contains("--accept-changed-body") && hint.contains("relayer"), "{hint}");
    let run = inspect(&home, &changed, &["--accept-changed-body"]);
    let warned = run.lines().into_iter().find(|line| line["rule"] == "body-hash").unwrap();
    assert_eq!(warned["outcome"], "warn");
    let last = run.succeeds().last();
    assert_eq!((&last["verdict"], &last["holds"]), (&json!("provable"), &json!("header")));
    // A changed header is refused with the flag as well.
    let forged = changed.replace("nonce 0", "nonce 1");
    let refused = inspect(&home, &forged, &["--accept-changed-body"]).fails(1, "rsa-signature");
    assert_eq!(refused["holds"], "nothing");
    let refused = home.prove(&changed, "proof.json").fails(1, "body-hash");
    assert_eq!((&refused["file"], &refused["holds"]), (&json!("message.eml"), &json!("header")));
    assert!(!home.files().contains(&"proof.json".into()));
}

#[test]
fn the_subject_that_is_wanted_decides_before_any_work() {
    let home = Home::new();
    for how in [vec!["--subject", &subject()], COMMAND.to_vec()] {
        inspect(&home, MESSAGE, &how).succeeds();
    }
    let other = [&COMMAND[..5], &["7"], &COMMAND[6..]].concat();
    for how in [vec!["--subject", "Recover it"], other.clone(), COMMAND[..6].to_vec()] {
        let refused = inspect(&home, MESSAGE, &how).fails(1, "unexpected");
        assert!(refused["detail"].as_str().unwrap().contains("not the one that is wanted"));
    }
    let files = ["--salt-file", "salt.json", "--registry", "registry.json", "--out", "p.json"];
    home.write("m.eml", MESSAGE);
    // Without keys set up, a refusal by the Subject comes first.
    let prove = [&["prove", "m.eml", "--cache-dir", "empty"][..], &files, &other].concat();
    let refused = home.json(&prove).fails(1, "unexpected");
    assert_eq!((&refused["file"], &refused["holds"]), (&json!("m.eml"), &json!("message")));
    for bad in [&["--account", "0x12"][..], &COMMAND[..2], &["--new-key", COMMAND[1]]] {
        let run = inspect(&home, MESSAGE, bad);
        assert_eq!(run.fails(2, "usage")["type"], "zkdkim");
    }
    // An owner of 20 bytes is a key; a longer one is named by its hash.
    let owner = [&COMMAND[..6], &["--new-owner", COMMAND[7]]].concat();
    inspect(&home, MESSAGE, &owner).succeeds();
    let passkey = format!("0x{}", "22".repeat(84));
    let text = home.json(&[&["subject"][..], &COMMAND[..6], &["--new-owner", &passkey]].concat());
    let text = text.succeeds().last()["subject"].as_str().unwrap().to_owned();
    assert!(
        text.ends_with(" to 0xbfa295dd86670d0f3dff72a8db1ee271ec2e65a8935586bf14dcca201e080924")
    );
    for bad in [&["--new-owner", "0x22"][..], &["--new-owner", COMMAND[7], "--cancel"]] {
        inspect(&home, MESSAGE, &[&COMMAND[..6], bad].concat()).fails(2, "usage");
    }
    let both = [&COMMAND[..], &["--subject", "x"]].concat();
    inspect(&home, MESSAGE, &both).fails(2, "usage");
    let cancel = [&COMMAND[..6], &["--cancel"]].concat();
    inspect(&home, MESSAGE, &cancel).fails(1, "unexpected");
    let text = subject().replace("Recover", "Cancel");
    let cancels = text.split(" to ").next().unwrap();
    let other = inspect(&home, &MESSAGE.replace(&subject(), cancels), &cancel);
    // The demo's signature is of another Subject.
    other.fails(1, "rsa-signature");
    inspect(&home, MESSAGE, &[&COMMAND[..], &["--cancel"]].concat()).fails(2, "usage");
}

#[test]
fn a_subject_of_no_use_is_pointed_out() {
    let home = Home::new();
    let encoded = mails().join("subject-encoded-words.eml");
    let manifest = fs::read_to_string(mails().join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let entry = |e: &&Value| e["file"] == "subject-encoded-words.eml";
    let dns = &manifest["mails"].as_array().unwrap().iter().find(entry).unwrap()["dns"];
    home.write("dns.json", dns.to_string());
    let args = ["inspect", encoded.to_str().unwrap(), "--dns", "dns.json"];
    let last = home.json(&args).succeeds().last();
    let note = &last["notes"][0];
    assert_eq!(note["id"], "subject");
    assert!(note["detail"].as_str().unwrap().contains("encoded words"), "{note}");
    assert!(note["hint"].as_str().unwrap().contains("another program"), "{note}");
    let text = home.run(&args).succeeds().stdout;
    assert!(text.contains("note: no recovery contract asks for this Subject"), "{text}");
    assert_eq!(inspect(&home, MESSAGE, &[]).last()["notes"], json!([]));
}

#[test]
fn files_that_are_something_else_are_named_in_one_line() {
    let home = Home::new();
    let msg = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ".to_vec();
    let utf16: Vec<u8> = MESSAGE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mail = format!("From ada Mon Jan  1 00:00:00 2024\r\n{MESSAGE}\r\n");
    let dns = demo_file("recovery.dns.json");
    for (bytes, what) in [
        (msg, ".msg"),
        (utf16, "UTF-16"),
        (mail.repeat(3).into_bytes(), "an mbox with 3 mails"),
        (b"<!DOCTYPE html><html></html>".to_vec(), "a saved web page"),
        (Vec::new(), "an empty file"),
    ] {
        home.write("m.eml", &bytes);
        let run = home.json(&["inspect", "m.eml", "--dns", &dns]);
        let last = run.fails(1, "message-syntax");
        assert!(last["detail"].as_str().unwrap().contains(what), "{last}");
        assert!(last["hint"].is_string());
        let failed = run.lines().into_iter().filter(|line| line["outcome"] == "fail").count();
        assert_eq!(failed, 1, "{what}");
    }
    // One mail in a wrapping is taken out of it.
    for wrapped in [mail.clone(), format!("{}\n{MESSAGE}<?xml version=\"1.0\"?>", MESSAGE.len())] {
        let last = inspect(&home, &wrapped, &[]).succeeds().last();
        assert_eq!(last["notes"][0]["id"], "framing");
    }
}

#[test]
fn a_header_that_is_too_long_names_the_field() {
    let home = Home::new();
    let to = (0..60).map(|i| format!("reader{i}@example.com")).collect::<Vec<_>>().join(", ");
    let line = MESSAGE.lines().find(|line| line.starts_with("To: ")).unwrap();
    let long = MESSAGE.replace(line, &format!("To: {to}"));
    let last = inspect(&home, &long, &[]).fails(1, "header-length");
    let detail = last["detail"].as_str().unwrap();
    assert!(detail.contains("at most 1024: the To field holds"), "{detail}");
}

#[test]
fn key_records_are_read_as_tools_print_them() {
    let home = Home::new();
    let record = txt_record();
    let (a, b) = record.split_at(200);
    let key = record.split("p=").nth(1).unwrap();
    let answer = json!({ "Status": 0, "Answer": [{ "name": NAME, "type": 16, "data": record }] });
    let quoted = format!("\"{}\" \"{b}\"", a.replace(';', "\\;"));
    home.write("m.eml", MESSAGE);
    // With their names: for `inspect` as they are, and in the recorded form.
    let mut recorded = Vec::new();
    for text in [
        json!({ NAME: record }).to_string(),
        json!({ NAME: [a, b] }).to_string(),
        json!({ NAME: [[a, b]] }).to_string(),
        json!({ format!("{}.", NAME.to_uppercase()): quoted }).to_string(),
        answer.to_string(),
        format!("{NAME}. 300 IN TXT {quoted}\n"),
        format!("$ORIGIN mail.example.org.\ndemo2025._domainkey IN TXT ( \"{a}\"\n  \"{b}\" ) ; key\n"),
        format!("{NAME} descriptive text {quoted}\n"),
        format!(";; ANSWER SECTION:\n{NAME}. 3600 IN CNAME k.host.example.\nk.host.example. 60 IN TXT {quoted}\n"),
    ] {
        home.write("dns", &text);
        home.json(&["inspect", "m.eml", "--dns", "dns"]).succeeds();
        let last = home.json(&["dns", "record", "dns"]).succeeds().last();
        recorded.push(last["records"][NAME].clone());
    }
    // Without: under the name that the user gives.
    for text in [record.clone(), quoted.clone(), key.to_owned(), json!([[a, b]]).to_string()] {
        home.write("dns", &text);
        let refused = home.json(&["inspect", "m.eml", "--dns", "dns"]).fails(2, "input");
        assert!(refused["detail"].as_str().unwrap().contains("without the name"), "{refused}");
        home.json(&["dns", "record", "dns"]).fails(2, "input");
        let args = ["dns", "record", "dns", "--name", NAME, "--out", "named.json", "--force"];
        recorded.push(home.json(&args).succeeds().last()["records"][NAME].clone());
        home.json(&["inspect", "m.eml", "--dns", "named.json"]).succeeds();
    }
    let bare = format!("p={key}");
    let same = |text: &Value| {
        let text: String = text.as_str().unwrap().split_whitespace().collect();
        text == record.replace(' ', "") || text == bare
    };
    assert!(recorded.iter().all(same), "{recorded:?}");
    let text = home.run(&["dns", "record", &demo_file("recovery.dns.json")]).succeeds().stdout;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()[NAME], record);
    // Of a zone, the key records; hints name the flag where a name is missing, and only there.
    let zone = format!(
        "$ORIGIN mail.example.org.\n@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=none\"\n{NAME}. TXT {quoted}\n"
    );
    home.write("dns", &zone);
    let last = home.json(&["dns", "record", "dns"]).succeeds().last();
    assert_eq!(last["records"].as_object().unwrap().len(), 1, "{last}");
    for (text, what, flag) in [
        (record.as_str(), "without the name", true),
        (";; status: NXDOMAIN", "no such name", false),
        (MESSAGE, "a mail", false),
        ("v=spf1 -all", "without the name", true),
    ] {
        home.write("dns", text);
        let refused = home.json(&["inspect", "m.eml", "--dns", "dns"]).fails(2, "input");
        assert!(refused["detail"].as_str().unwrap().contains(what), "{refused}");
        let hint = refused["hint"].as_str().unwrap();
        assert_eq!(hint.contains("--name"), flag, "{refused}");
    }
    for (text, rule, code) in [
        ("v=DKIM1; p=", "key-record", 1),
        ("-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----", "input", 2),
        ("", "input", 2),
    ] {
        home.write("dns", text);
        home.json(&["dns", "record", "dns", "--name", NAME]).fails(code, rule);
    }
    home.write("dns", &record);
    for name in ["mail.example.org", "_domainkey.mail.example.org", "demo2025"] {
        let refused = home.json(&["dns", "record", "dns", "--name", name]).fails(2, "input");
        assert!(refused["detail"].as_str().unwrap().contains("--name"), "{refused}");
    }
    home.json(&["dns", "record", "dns", "--out", "no/such/folder/x"]).fails(2, "io");
}

#[test]
fn a_registry_takes_domains_and_records_as_they_are_meant() {
    let home = Home::new();
    let record = txt_record();
    let file = ["--file", "r.json"];
    let registry = |args: &[&str]| home.json(&[&["registry"], args, &file].concat());
    let line = format!("{NAME}. IN TXT \"{record}\"");
    let mut roots = Vec::new();
    for (domain, text) in [
        (DOMAIN, record.clone()),
        ("Mail.Example.ORG.", format!("\"{}\"", record.replace(';', "\\;"))),
        (NAME, line.clone()),
        (DOMAIN, line.clone()),
        (DOMAIN, record.split("p=").nth(1).unwrap().to_owned()),
    ] {
        registry(&["init", "--force"]).succeeds();
        registry(&["add", domain, &text]).succeeds();
        roots.push(registry(&["root"]).last()["root"].clone());
    }
    assert!(roots.windows(2).all(|pair| pair[0] == pair[1]), "{roots:?}");
    registry(&["remove", &format!("{NAME}.")]).succeeds();
    let args = [&["registry", "add", DOMAIN, "-"][..], &file, &["--json"]].concat();
    home.run_with_stdin(&args, line.as_bytes()).succeeds();
    // The recorded form is read as well; a key that is there already is a fault of the file.
    let recorded = json!({ NAME: record }).to_string();
    let again = home.run_with_stdin(&args, recorded.as_bytes()).fails(2, "registry-file");
    assert_eq!(again["file"], "r.json");
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
    let short = RsaPrivateKey::new(&mut rng, 1024).unwrap().to_public_key();
    let short = short.to_public_key_pem(LineEnding::LF).unwrap();
    let refused = registry(&["add", "other.org", &short]).fails(1, "key-size");
    assert!(refused["detail"].as_str().unwrap().contains("1024-bit"), "{refused}");
    for (domain, text) in [
        ("ada@mail.example.org", &record),
        ("other.org", &line),
        ("https://a.b", &record),
        ("a_b.example", &record),
    ] {
        let refused = registry(&["add", domain, text]).fails(2, "input");
        assert!(refused["detail"].as_str().unwrap().contains("DOMAIN"), "{refused}");
    }
}

#[test]
fn outputs_are_checked_before_work_and_errors_name_their_file() {
    let home = Home::new();
    let files = ["--salt-file", "salt.json", "--registry", "registry.json"];
    let prove = |out: &str| home.json(&[&["prove", "none.eml", "--out", out][..], &files].concat());
    let refused = prove("no/such/folder/p.json").fails(2, "io");
    assert!(refused["detail"].as_str().unwrap().contains("no/such/folder"), "{refused}");
    assert!(prove("p.json").fails(2, "io")["detail"].as_str().unwrap().contains("none.eml"));
    home.json(&["salt", "new", "--out", "no/such/s"]).fails(2, "io");
    home.json(&["registry", "init", "--file", "no/such/r"]).fails(2, "io");
    home.write("bad.json", "{}");
    let bad = home.json(&["registry", "root", "--file", "bad.json"]).fails(2, "registry-file");
    assert_eq!(bad["file"], "bad.json");
    let bad = home.json(&["verify", "bad.json"]).fails(2, "proof-file");
    assert_eq!(bad["file"], "bad.json");
    home.write("m.eml", MESSAGE);
    home.write("dns.txt", [0xff, 0xfe, 0]);
    let bad = home.json(&["inspect", "m.eml", "--dns", "dns.txt"]).fails(2, "input");
    assert!(bad["detail"].as_str().unwrap().contains("dns.txt"), "{bad}");
    let text = home.run(&["registry", "root", "--file", "bad.json"]).stderr;
    assert!(text.starts_with("error: bad.json: "), "{text}");
}

#[cfg(unix)]
#[test]
fn a_salt_that_others_can_read_is_worth_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let commit = || home.run(&["commit", "a@b.cc", "--salt-file", "salt.json"]).succeeds().stderr;
    assert_eq!(commit(), "");
    // What is no salt has no secret that others could read.
    home.write("none.json", "{}");
    let none = home.run(&["commit", "a@b.cc", "--salt-file", "none.json"]);
    assert!(!none.stderr.contains("chmod"), "{}", none.stderr);
    for (mode, warned) in [(0o640, true), (0o604, true), (0o400, false)] {
        fs::set_permissions(home.path("salt.json"), fs::Permissions::from_mode(mode)).unwrap();
        let stderr = commit();
        assert_eq!(stderr.contains("chmod 600 salt.json"), warned, "{mode:o}: {stderr}");
    }
}

#[test]
fn usage_errors_have_the_shape_of_all_others() {
    let home = Home::new();
    for args in [&["nonsense"][..], &["prove"], &["inspect", "a"], &["--threads", "0", "providers"]]
    {
        let last = home.json(args).fails(2, "usage");
        assert_eq!((&last["type"], &last["verdict"]), (&json!("zkdkim"), &json!("error")));
        assert!(last["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert!(home.run(args).stdout.is_empty());
    }
    assert_eq!(home.run(&["--help"]).succeeds().stderr, "");
}

#[test]
fn providers_are_listed_with_the_year_in_which_they_were_seen() {
    let home = Home::new();
    let lines = home.json(&["providers"]).succeeds().lines();
    let (last, providers) = lines.split_last().unwrap();
    assert_eq!(last["providers"], providers.len());
    let of = |domain: &str| {
        let has = |p: &&Value| p["domains"].as_array().unwrap().contains(&json!(domain));
        providers.iter().find(has).unwrap_or_else(|| panic!("{domain} is not listed"))
    };
    for (domain, works) in
        [("gmail.com", "yes"), ("qq.com", "no"), ("163.com", "no"), ("yandex.ru", "no")]
    {
        assert_eq!(of(domain)["works"], works);
        assert!(of(domain)["seen"].as_str().unwrap().starts_with("20"));
    }
    let text = home.run(&["providers"]).succeeds().stdout;
    assert!(text.contains("outlook.com") && text.contains("1,024-bit key"), "{text}");
}
