//! The program as the end-to-end test uses it.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zkdkim-threshold"))
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn object(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn fails(output: &Output, code: i32, with: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(with) && !stderr.contains("panicked"), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn makes_shares_and_signs_with_two_of_them() {
    let home = tempfile::tempdir().unwrap();
    let key = object(&run(home.path(), &["keygen", "--out", "group"]));
    assert_eq!(key["type"], "threshold-key");
    let digest = format!("0x{}", "5a".repeat(32));
    #[cfg(unix)]
    for share in key["shares"].as_array().unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let path = home.path().join(share.as_str().unwrap());
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "only its owner reads a share");
    }
    let [one, two, three] = [0, 1, 2].map(|i| key["shares"][i].as_str().unwrap().to_owned());
    let signed = object(&run(home.path(), &["sign", &digest, "--share", &three, "--share", &one]));
    assert_eq!(signed["address"], key["address"]);
    assert_eq!(signed["signers"], serde_json::json!([3, 1]));
    let text = |name: &str| signed[name].as_str().unwrap().to_owned();
    let (r, s, v) = (text("r"), text("s"), signed["v"].as_u64().unwrap());
    assert_eq!(text("signature"), format!("{r}{}{v:02x}", &s[2..]));

    fails(&run(home.path(), &["sign", &digest, "--share", &two]), 1, "takes exactly 2");
    fails(&run(home.path(), &["sign", "0x5a", "--share", &two]), 2, "64 hexadecimal digits");
    fails(&run(home.path(), &["sign", &digest, "--share", "none.json"]), 2, "none.json");
    fails(&run(home.path(), &["keygen", "--out", "group"]), 2, "make the folder");
    fails(&run(home.path(), &["keygen", "--out", "other", "--threshold", "4"]), 2, "threshold");
    assert!(!home.path().join("other").exists());

    std::fs::write(home.path().join("junk.json"), "{}").unwrap();
    let args = ["sign", &digest, "--share", "junk.json", "--share", &one];
    fails(&run(home.path(), &args), 2, "not a share");
}
