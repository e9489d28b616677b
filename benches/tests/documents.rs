//! The documents name only what exists: tests in SECURITY.md, files behind links.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Names of all test functions in the workspace, in Rust and in Solidity.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders: Vec<_> =
        ["plonk", "circuits", "fuzz", "prover", "verifier-sol"].map(|f| root().join(f)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).expect("Rust source is text");
                let functions = text.split("#[test]").skip(1);
                names
                    .extend(functions.filter_map(|f| {
                        Some(f.split_once("fn ")?.1.split_once('(')?.0.to_owned())
                    }));
            } else if path.to_string_lossy().ends_with(".t.sol") {
                let text = fs::read_to_string(path).expect("Solidity source is text");
                // What forge runs: test…, testFuzz_…, invariant_….
                let functions = text.split("function ").skip(1).filter_map(|f| f.split_once('('));
                names.extend(
                    functions
                        .map(|(name, _)| name.to_owned())
                        .filter(|name| name.starts_with("test") || name.starts_with("invariant_")),
                );
            }
        }
    }
    names
}

#[test]
fn every_test_that_security_md_names_exists() {
    let tests = tests();
    let text = read("SECURITY.md");
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| S")).collect();
    assert_eq!(rows.len(), 25, "rows of the table");
    for row in rows {
        let column = row.split('|').nth(4).expect("the column of tests");
        for name in column.split('`').skip(1).step_by(2) {
            assert!(tests.contains(name), "SECURITY.md names `{name}`, which is no test");
        }
    }
}

#[test]
fn every_test_that_soundness_md_names_exists() {
    let tests = tests();
    let text = read("SOUNDNESS.md");
    let mut named = 0;
    for row in text.lines().filter(|line| line.starts_with("| ")) {
        let column = row.trim_end_matches(" |").rsplit(" | ").next().expect("the last column");
        let quoted = |name: &str| Some(name.strip_prefix('`')?.strip_suffix('`')?.to_owned());
        // Columns of tests hold names and nothing else.
        let names: Option<Vec<String>> = column.split(", ").map(quoted).collect();
        for name in names.unwrap_or_default() {
            named += 1;
            assert!(tests.contains(&name), "SOUNDNESS.md names `{name}`, which is no test");
        }
    }
    assert!(named > 80, "{named} names");
}

#[test]
fn links_lead_to_files() {
    let documents = [
        "README.md",
        "SECURITY.md",
        "SOUNDNESS.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "docs/contracts.md",
    ];
    for document in documents {
        // What looks like a link in a block of code is none.
        let text: String = read(document).split("```").step_by(2).collect();
        let folder = root().join(document).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let inside = !link.starts_with("http") && !link.starts_with('#');
            assert!(!inside || folder.join(link).exists(), "{document} links to {link}");
        }
    }
}
