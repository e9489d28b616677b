//! The arrows of the picture in docs/architecture.md: crates depend downward only, and what a browser can't have stays
//! above the prover.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Which crates of this workspace each crate may depend on, tests included.
const ARROWS: [(&str, &[&str]); 17] = [
    ("zkdkim-field", &[]),
    ("zkdkim-plonk", &["zkdkim-field"]),
    ("zkdkim-relation", &[]),
    ("zkdkim-grid", &["zkdkim-plonk"]),
    ("halo2-rsa", &["zkdkim-grid", "zkdkim-plonk"]),
    ("zkdkim-testkit", &["zkdkim-grid", "zkdkim-plonk"]),
    ("zkdkim-determinism", &["zkdkim-plonk"]),
    ("zkdkim-circuits", &["halo2-rsa", "zkdkim-grid", "zkdkim-plonk", "zkdkim-relation"]),
    ("zkdkim-salt", &["zkdkim-relation"]),
    ("zkdkim-net", &[]),
    ("zkdkim-dns", &["zkdkim-net", "zkdkim-relation"]),
    ("zkdkim-salt-client", &["zkdkim-net", "zkdkim-relation", "zkdkim-salt"]),
    (
        "zkdkim-salt-node",
        &["zkdkim-dns", "zkdkim-net", "zkdkim-relation", "zkdkim-salt", "zkdkim-salt-client"],
    ),
    ("zkdkim-verifier-sol", &["zkdkim-plonk"]),
    ("zkdkim-prover", &["zkdkim-circuits", "zkdkim-plonk", "zkdkim-relation"]),
    ("zkdkim-store", &["zkdkim-circuits", "zkdkim-plonk", "zkdkim-prover", "zkdkim-relation"]),
    (
        "zkdkim",
        &[
            "zkdkim-circuits",
            "zkdkim-dns",
            "zkdkim-net",
            "zkdkim-plonk",
            "zkdkim-prover",
            "zkdkim-relation",
            "zkdkim-salt",
            "zkdkim-salt-client",
            "zkdkim-store",
            "zkdkim-verifier-sol",
        ],
    ),
];

/// What tests of any crate may use besides: the tools that attack a circuit, and the stored messages.
const FOR_TESTS: [&str; 2] = ["zkdkim-testkit", "zkdkim-test-vectors"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A crate of the workspace.
struct Member {
    published: bool,
    /// Names of its dependencies, and whether only tests use them.
    dependencies: Vec<(String, bool)>,
}

fn folders() -> Vec<PathBuf> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let list = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    let folders = list.expect("a list of members").0.split('"').skip(1).step_by(2);
    folders.map(|folder| root().join(folder)).collect()
}

fn members() -> BTreeMap<String, Member> {
    folders().iter().map(|folder| member(folder)).collect()
}

fn member(folder: &Path) -> (String, Member) {
    let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
    let (mut section, mut name) = ("", None);
    let mut member = Member { published: true, dependencies: Vec::new() };
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
        } else if let Some((key, value)) = line.split_once(" = ") {
            let key = key.split('.').next().unwrap_or(key);
            match (section, key) {
                ("[package]", "name") => name = Some(value.trim_matches('"').to_owned()),
                ("[package]", "publish") => member.published = value != "false",
                _ if section.ends_with("dependencies]") => {
                    member.dependencies.push((key.to_owned(), section.contains("dev-")));
                }
                _ => {}
            }
        }
    }
    (name.expect("a name"), member)
}

#[test]
fn crates_depend_downward_only() {
    let members = members();
    let arrows = BTreeMap::from(ARROWS);
    for (name, member) in &members {
        let Some(below) = arrows.get(&**name) else {
            assert!(!member.published, "{name} is published and not in the picture");
            continue;
        };
        for (dependency, for_tests) in &member.dependencies {
            let allowed = below.contains(&&**dependency)
                || (*for_tests && (FOR_TESTS.contains(&&**dependency) || dependency == name));
            let ours = members.contains_key(dependency);
            assert!(!ours || allowed, "{name} depends on {dependency}");
        }
    }
    for name in arrows.keys() {
        assert!(members.contains_key(*name), "{name} is in the picture and not in the workspace");
    }
}

/// Cargo does not look for them itself: a forgotten file would be a test that nobody runs.
#[test]
fn every_integration_test_is_in_its_crates_suite() {
    let mut suites = 0;
    for folder in folders() {
        let tests = folder.join("tests");
        let Ok(suite) = fs::read_to_string(tests.join("suite.rs")) else { continue };
        suites += 1;
        for entry in fs::read_dir(&tests).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
            let module = path.extension().is_some_and(|extension| extension == "rs")
                || path.join("mod.rs").exists();
            let named = suite.lines().any(|line| line == format!("mod {name};"));
            assert!(!module || name == "suite" || named, "{} is in no suite", path.display());
        }
    }
    assert!(suites >= 10, "{suites} suites");
}

/// Names of all that a crate is built from.
fn tree(name: &str) -> Vec<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "--edges=normal", "--prefix=none", "-p", name])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter_map(|line| Some(line.split(' ').next()?.to_owned())).collect()
}

#[test]
fn the_prover_has_no_evm_no_files_and_no_command_line() {
    let tree_of_the_program = tree("zkdkim");
    for above in ["revm", "clap", "indicatif", "tempfile", "anyhow"] {
        assert!(tree_of_the_program.iter().any(|name| name == above), "{above}: a stale name");
        for name in
            ["zkdkim-relation", "zkdkim-circuits", "zkdkim-plonk", "zkdkim-salt", "zkdkim-prover"]
        {
            assert!(!tree(name).iter().any(|found| found == above), "{name} is built from {above}");
        }
    }
    let generator = tree("zkdkim-verifier-sol");
    assert!(!generator.iter().any(|name| name == "revm"), "the generator has an EVM unasked");
    for name in ["zkdkim-relation", "zkdkim-salt", "zkdkim-salt-client", "zkdkim-salt-node"] {
        assert!(!tree(name).iter().any(|found| found.starts_with("halo2-")), "{name} has Halo2");
    }
}
