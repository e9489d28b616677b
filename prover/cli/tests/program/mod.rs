//! Runs the program as a user does.

#![allow(dead_code, reason = "each test program uses a part")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

pub mod schema;

pub const MESSAGE: &str = include_str!("../../demo/recovery.eml");
pub const ADDRESS: &str = "ada@mail.example.org";
pub const DOMAIN: &str = "mail.example.org";

/// One cache for all tests that need the real keys, under the target folder.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkdkim-cache")
}

pub fn demo_file(name: &str) -> String {
    format!("{}/demo/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub fn txt_record() -> String {
    let dns: Value = serde_json::from_str(include_str!("../../demo/recovery.dns.json")).unwrap();
    dns.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
}

pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn new(output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Run { code: output.status.code().unwrap(), stdout, stderr }
    }

    /// The last object of `--json`, after checking every line against the schema and the exit code
    /// against the program's.
    #[track_caller]
    pub fn last(&self) -> Value {
        let last = self.lines().pop().unwrap_or_default();
        assert!(last.is_object(), "no object; stderr: {}", self.stderr);
        assert_eq!(last["exit_code"], self.code, "{last}");
        last
    }

    /// Every object of `--json`, each one of the schema's.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        let object = |line: &str| {
            assert!(line.starts_with("{\"type\":\"") && !line.contains(":null"), "{line}");
            let object = serde_json::from_str(line).unwrap();
            schema::check(&object);
            object
        };
        self.stdout.lines().map(object).collect()
    }

    #[track_caller]
    pub fn fails(&self, code: i32, rule: &str) -> Value {
        let last = self.last();
        assert_eq!((self.code, last["rule"].as_str()), (code, Some(rule)), "{last}");
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        last
    }

    #[track_caller]
    pub fn succeeds(self) -> Run {
        assert_eq!(self.code, 0, "{} {}", self.stdout, self.stderr);
        self
    }
}

/// A folder with a salt and a registry that knows the demo's key.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        home.run(&["salt", "new", "--out", "salt.json"]).succeeds();
        home.run(&["registry", "init", "--file", "registry.json"]).succeeds();
        home.run(&["registry", "add", DOMAIN, &txt_record(), "--file", "registry.json"]).succeeds();
        home
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zkdkim"));
        command.args(args).current_dir(self.0.path()).env("ZKDKIM_CACHE", cache());
        command.env_remove("RUST_BACKTRACE");
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        Run::new(self.command(args).stdin(Stdio::null()).output().unwrap())
    }

    pub fn json(&self, args: &[&str]) -> Run {
        self.run(&[args, &["--json"]].concat())
    }

    pub fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Run {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses early closes its end.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Run::new(child.wait_with_output().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn files(&self) -> Vec<String> {
        let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// `prove` of a message, with its last object.
    pub fn prove(&self, message: &str, out: &str) -> Run {
        self.write("message.eml", message);
        let files = ["--salt-file", "salt.json", "--registry", "registry.json", "--out", out];
        self.json(&[&["prove", "message.eml"][..], &files[..]].concat())
    }
}
