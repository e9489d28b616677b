//! The documents name only what exists: tests in SECURITY.md and SOUNDNESS.md, files and headings behind links, pages
//! of the book, clauses of the relation.

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
        ["circuits", "fuzz", "plonk", "prover", "verifier-sol"].map(|f| root().join(f)).into();
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
    assert_eq!(rows.len(), 33, "rows of the table");
    for row in rows {
        let column = row.split('|').nth(5).expect("the column of tests");
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

/// Every document: those of the root, the pages of the book, the README of every folder.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry"))
        {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                if !["target", "node_modules"].contains(&name.as_str()) && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if name == "README.md"
                || (name.ends_with(".md") && [root(), root().join("docs")].contains(&folder))
            {
                found.push(path);
            }
        }
    }
    found
}

/// A document without its blocks of code, in which nothing is a link or a heading.
fn prose(path: &Path) -> String {
    read(path).split("```").step_by(2).collect()
}

/// The anchors of a document's headings, as hosting sites and mdBook make them.
fn anchors(path: &Path) -> BTreeSet<String> {
    let anchor = |heading: &str| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
    };
    let headings = prose(path);
    headings
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    const REPOSITORY: &str = "https://github.com/zkdkim/zkdkim/blob/main/";
    let documents = documents();
    assert!(documents.len() > 20, "{} documents", documents.len());
    for document in documents {
        let folder = document.parent().expect("a folder");
        for link in prose(&document).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let path = match link.strip_prefix(REPOSITORY) {
                Some(_) => root().join(&file[REPOSITORY.len()..]),
                None if link.starts_with("http") => continue,
                None if file.is_empty() => document.clone(),
                None => folder.join(file),
            };
            let shown = document.display();
            assert!(path.exists(), "{shown} links to {link}");
            assert!(
                heading.is_empty() || anchors(&path).contains(heading),
                "{shown} links to {link}, and there is no such heading"
            );
        }
    }
}

#[test]
fn the_book_lists_every_page_once() {
    let listed = prose(&root().join("docs/SUMMARY.md"));
    let mut listed: Vec<_> =
        listed.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    listed.sort_unstable();
    let pages = documents().into_iter().filter(|path| path.parent() == Some(&root().join("docs")));
    let names = pages.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let mut there: Vec<_> = names.filter(|name| name != "SUMMARY.md").collect();
    there.sort_unstable();
    assert_eq!(listed, there);
}

/// The form that whatever reads the relation relies on: `### 3.1 `one-from``, counted without a gap.
#[test]
fn clauses_of_the_relation_are_counted_and_named() {
    let (mut section, mut clause, mut ids) = (-1, 0, BTreeSet::new());
    for line in prose(&root().join("docs/relation.md")).lines() {
        if let Some(number) = line.strip_prefix("## ").and_then(|line| line.split_once(". ")) {
            assert_eq!(number.0.parse(), Ok(section + 1), "{line}");
            (section, clause) = (section + 1, 0);
        } else if let Some((number, id)) =
            line.strip_prefix("### ").and_then(|line| line.split_once(' '))
        {
            clause += 1;
            assert_eq!(number, format!("{section}.{clause}"), "{line}");
            let id = id.strip_prefix('`').and_then(|id| id.strip_suffix('`')).expect(line);
            assert!(id.bytes().all(|b| b == b'-' || b.is_ascii_lowercase()), "{line}");
            assert!(ids.insert(id.to_owned()), "{id} twice");
        }
    }
    assert_eq!(section, 10);
}
