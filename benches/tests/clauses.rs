//! The clauses of the relation are the one key: whatever names a clause names one that there is, and whatever has to have
//! a clause, or a clause has to have, is there. The circuit's gates are compared in circuits/tests/clauses.rs, rules in the
//! relation itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use zkdkim_relation::{
    clause::{Clause, Keeper, CLAUSES},
    statement::{place, PUBLIC_INPUTS},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// What stands in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn known(id: &str, place: &str) -> &'static Clause {
    Clause::find(id).unwrap_or_else(|| panic!("{place} names `{id}`, which is no clause"))
}

/// Panics for the clauses that have to be in `named` and are not.
fn assert_named(named: &BTreeSet<String>, by: &str, must: impl Fn(&Clause) -> bool) {
    let missing = CLAUSES.iter().filter(|clause| must(clause) && !named.contains(clause.id));
    let missing: Vec<_> = missing.map(|clause| clause.id).collect();
    assert!(missing.is_empty(), "{by} names no {missing:?}");
}

#[test]
fn the_book_lists_exactly_the_clauses() {
    let page = read("docs/relation.md");
    let listed: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### ")?.split_once(' '))
        .map(|(number, id)| (number, id.trim_matches('`')))
        .collect();
    let clauses: Vec<_> = CLAUSES.iter().map(|clause| (clause.number, clause.id)).collect();
    assert_eq!(listed, clauses);
}

/// The clauses that a table names in a column, by the first cell of each of its rows.
fn named_in(document: &str, row: impl Fn(&str) -> bool, column: usize) -> BTreeMap<String, String> {
    let text = read(document);
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|line| line.trim_matches('|').split(" | ").collect::<Vec<_>>());
    cells
        .filter(|cells| row(cells[0].trim()))
        .map(|cells| (cells[0].trim().to_owned(), cells[column].trim().to_owned()))
        .collect()
}

/// Every id of a column of clauses; a cell may say instead that it concerns all of them or none.
fn ids(cells: &BTreeMap<String, String>, document: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (row, cell) in cells {
        let named: Vec<_> = quoted(cell).map(str::to_owned).collect();
        for id in &named {
            known(id, &format!("{document}, {row}"));
        }
        let said = cell == "all" || cell == "–";
        assert!(said == named.is_empty(), "{document}, {row}: {cell}");
        all.extend(named);
    }
    all
}

#[test]
fn soundness_md_argues_for_every_clause() {
    let claim = |cell: &str| {
        let id = cell.split(". ").next().unwrap_or_default();
        id.len() == 2
            && id.starts_with(|c: char| c.is_ascii_uppercase())
            && id.ends_with(|c: char| c.is_ascii_digit())
    };
    let cells = named_in("SOUNDNESS.md", claim, 1);
    assert!(cells.len() > 30, "{} claims", cells.len());
    let named = ids(&cells, "SOUNDNESS.md");
    assert_named(&named, "SOUNDNESS.md", |clause| clause.keeper != Keeper::Tools);
}

#[test]
fn security_md_has_an_attack_on_every_clause() {
    let row =
        |cell: &str| cell.strip_prefix('S').is_some_and(|number| number.parse::<u32>().is_ok());
    let cells = named_in("SECURITY.md", row, 2);
    assert_eq!(cells.len(), 33);
    let named = ids(&cells, "SECURITY.md");
    // Definitions are not attacked; what is computed by them is.
    assert_named(&named, "SECURITY.md", |clause| clause.chapter() > 0);
}

/// Rust sources below `folder`.
fn sources(folder: &str) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry"))
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("Rust source is text");
                found.push((path.strip_prefix(root()).expect("below").display().to_string(), text));
            }
        }
    }
    found
}

/// The `Clauses:` paragraph of each test of a file: the name of the test, and what its documentation says after the word.
fn clauses_of_tests(text: &str) -> Vec<(String, Option<String>)> {
    let mut tests = Vec::new();
    let lines: Vec<_> = text.lines().collect();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.trim() == "#[test]") {
        let name = lines[at..].iter().find_map(|line| line.trim().strip_prefix("fn "));
        let name = name.and_then(|line| line.split('(').next()).expect("a function");
        let above = lines[..at].iter().rev();
        let mut docs: Vec<_> = above.map_while(|line| line.trim().strip_prefix("///")).collect();
        docs.reverse();
        let docs = docs.join(" ");
        let clauses = docs.split_once("Clauses: ").map(|(_, rest)| rest.trim().to_owned());
        tests.push((name.to_owned(), clauses));
    }
    tests
}

/// Files all of whose tests are attacks.
fn is_an_attack(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.starts_with("forgery_")
        || file.starts_with("sweep_")
        || ["forgeries.rs", "modulus.rs", "rejects.rs"]
            .iter()
            .any(|name| path == format!("circuits/halo2-rsa/src/tests/{name}"))
}

#[test]
fn every_attack_is_on_a_clause_and_every_clause_is_attacked() {
    let (mut attacked, mut tests) = (BTreeSet::new(), 0);
    for folder in ["circuits", "verifier-sol/tests"] {
        for (path, text) in sources(folder) {
            for (name, clauses) in clauses_of_tests(&text) {
                tests += usize::from(is_an_attack(&path));
                let Some(clauses) = clauses else {
                    assert!(!is_an_attack(&path), "{path}: {name} names no clause");
                    continue;
                };
                let named: Vec<_> = quoted(&clauses).collect();
                let said = clauses == "all." || clauses.starts_with("none; ");
                assert!(said == named.is_empty(), "{path}: {name}: {clauses}");
                for id in named {
                    known(id, &format!("{path}: {name}"));
                    attacked.insert(id.to_owned());
                }
            }
        }
    }
    assert!(tests > 80, "{tests} attacks");
    // The field is the proof system's: there is nothing else to compute in.
    assert_named(&attacked, "the attacks", |clause| {
        matches!(clause.keeper, Keeper::Circuit | Keeper::Verifier)
    });
}

#[test]
fn every_clause_about_messages_is_broken_by_a_stored_message() {
    let mut broken = BTreeSet::new();
    let messages = json("test-vectors/messages/manifest.json");
    for entry in messages["messages"].as_array().expect("a list") {
        let clause = entry["expected"]["clause"].as_str();
        assert_eq!(clause.is_some(), entry["expected"]["verdict"] == "refused", "{entry}");
        broken.extend(clause.map(str::to_owned));
    }
    let adversarial = json("test-vectors/adversarial/manifest.json");
    for entry in adversarial.as_array().expect("a list") {
        assert!(entry["expected"] != "reject" || entry["clause"].is_string(), "{entry}");
        broken.extend(entry["clause"].as_str().map(str::to_owned));
        let of_the_block = entry["statement"]["clauses"].as_array().into_iter().flatten();
        broken.extend(of_the_block.filter_map(Value::as_str).map(str::to_owned));
    }
    for id in &broken {
        known(id, "a manifest of test-vectors");
    }
    assert_named(&broken, "test-vectors", Clause::is_about_messages);
}

/// SOUNDNESS.md counts what a clone of the repository runs, and nothing else.
#[test]
fn soundness_md_counts_the_messages_of_the_tree() {
    let stored = json("test-vectors/adversarial/manifest.json").as_array().expect("a list").len();
    let claim = format!("the {stored} messages of test-vectors/adversarial");
    assert!(read("SOUNDNESS.md").contains(&claim), "SOUNDNESS.md does not say: {claim}");
    let vectors = read("test-vectors/README.md");
    assert!(vectors.contains(&format!("| {stored} signed messages")), "test-vectors/README.md");
}

/// The numbers of the table of random checks are those of the cost report, of the weaker layout.
#[test]
fn soundness_md_quotes_the_bounds_of_the_cost_report() {
    let reports =
        ["benches/golden/statement-on-chain.json", "benches/golden/statement-quick.json"].map(json);
    let bits = |key: &str| reports.iter().filter_map(|report| report["errors"][key].as_u64()).min();
    let text = read("SOUNDNESS.md");
    let table =
        text.split("\n## ").find(|part| part.starts_with("Random checks")).expect("a chapter");
    let quoted: Vec<_> = table
        .lines()
        .filter_map(|line| line.rsplit_once("| < 2^-")?.1.split([' ', ',']).next()?.parse().ok())
        .map(Some)
        .collect();
    assert_eq!(quoted, ["rsa_identities", "tuples", "sums", "plonk", "together"].map(bits));
    assert_eq!(text.matches("2^-").count(), quoted.len(), "a bound that nothing computes");
}

/// The book has the order of the public inputs a second time; `public_inputs.rs` compares that of the contracts.
#[test]
fn the_book_has_the_public_inputs_in_their_order() {
    let mut names = ["subject"; PUBLIC_INPUTS];
    names[place::REGISTRY_ROOT] = "registry_root";
    names[place::EMAIL_COMMITMENT] = "email_commitment";
    names[place::NOT_BEFORE] = "not_before";
    names[place::NULLIFIER] = "nullifier";
    assert!(names[place::SUBJECT..].iter().all(|name| *name == "subject"));

    let book = read("docs/relation.md");
    for (at, name) in names[..place::SUBJECT].iter().enumerate() {
        assert!(book.contains(&format!("\n| {at} | `{name}` |")), "docs/relation.md: {at} {name}");
    }
    let subject = format!("\n| {}–{} | `subject[0..6]` |", place::SUBJECT, PUBLIC_INPUTS - 1);
    assert!(book.contains(&subject));
}
