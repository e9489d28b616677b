//! What RELEASING.md promises: the changelog tells when the verifying key changes, the smallest Rust version is the
//! pinned one, and crates that can be published say what they are.

use std::{collections::BTreeMap, fs, path::Path};

use zkdkim_circuits::statement::CircuitParams;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The value of `name = "value"`, where it stands at the start of a line.
fn value<'a>(toml: &'a str, name: &str) -> Option<&'a str> {
    let values = toml.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
    values.filter_map(|value| value.strip_suffix('"')).next()
}

/// A version of the changelog.
#[derive(Debug, PartialEq, Eq)]
struct Version {
    number: [u32; 3],
    key_changed: bool,
    /// Digest of the verifying key for each layout.
    digests: BTreeMap<String, String>,
}

/// The versions, newest first.
fn versions(changelog: &str) -> Vec<Version> {
    let sections = changelog.split("\n## ").skip(1);
    let version = |text: &str| {
        let title = text.lines().next().unwrap_or_default();
        let numbers = title.split(' ').next().unwrap_or_default().split('.');
        let numbers: Vec<u32> = numbers.map(|n| n.parse().expect(title)).collect();
        let said = text.lines().find_map(|line| line.strip_prefix("**verifying key changed: "));
        let said = said.unwrap_or_else(|| panic!("{title}: nothing about the verifying key"));
        let row = |line: &str| {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned());
            let (layout, digest) = (code(cells.get(1)?)?, code(cells.get(2)?)?);
            Some((layout, digest))
        };
        Version {
            number: numbers.try_into().unwrap_or_else(|_| panic!("{title}: not x.y.z")),
            key_changed: match said {
                "yes**" | "yes (first)**" => true,
                "no**" => false,
                other => panic!("{title}: {other}"),
            },
            digests: text.lines().filter_map(row).collect(),
        }
    };
    sections.map(version).collect()
}

/// What is wrong with a changelog, apart from what the sources make.
fn check(versions: &[Version]) -> Result<(), String> {
    for (i, version) in versions.iter().enumerate() {
        let name = version.number.map(|n| n.to_string()).join(".");
        if version.digests.is_empty() {
            return Err(format!("{name}: no table of digests"));
        }
        let Some(before) = versions.get(i + 1) else {
            continue;
        };
        if version.number <= before.number {
            return Err(format!("{name} stands above a version that is not older"));
        }
        if version.key_changed != (version.digests != before.digests) {
            return Err(format!("{name}: the digests say otherwise"));
        }
        if version.key_changed && version.number[..2] == before.number[..2] {
            return Err(format!("{name}: a patch release changes the verifying key"));
        }
    }
    match versions.last() {
        Some(first) if first.key_changed => Ok(()),
        _ => Err("the first version has a new key".into()),
    }
}

#[test]
fn the_changelog_tells_when_the_verifying_key_changes() {
    let versions = versions(&read("CHANGELOG.md"));
    assert_eq!(check(&versions), Ok(()));
    let newest = versions.first().expect("a version");
    let manifest = read("Cargo.toml");
    let number = newest.number.map(|n| n.to_string()).join(".");
    assert_eq!(value(&manifest, "version"), Some(&*number), "Cargo.toml and CHANGELOG.md");

    let golden = |(layout, _): (&str, CircuitParams)| {
        let report = read(&format!("benches/golden/statement-{layout}.json"));
        let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
        let digest = report["keys"]["verifying_key_sha256"].as_str().expect("a digest");
        (layout.to_owned(), digest.to_owned())
    };
    let made: BTreeMap<_, _> = CircuitParams::LAYOUTS.map(golden).into();
    assert_eq!(newest.digests, made, "the sources make other keys than {number} says");
}

#[test]
fn a_wrong_changelog_is_noticed() {
    let version = |number: &str, said: &str, digest: &str| {
        format!("\n## {number} – date\n\n**verifying key changed: {said}**\n\n| `on-chain` | `{digest}` |\n")
    };
    let first = version("0.1.0", "yes (first)", "aa");
    for (newer, verdict) in [
        (version("0.2.0", "yes", "bb"), None),
        (version("0.1.1", "no", "aa"), None),
        (version("0.2.0", "no", "aa"), None),
        (version("0.2.0", "no", "bb"), Some("0.2.0: the digests say otherwise")),
        (version("0.2.0", "yes", "aa"), Some("0.2.0: the digests say otherwise")),
        (version("0.1.1", "yes", "bb"), Some("0.1.1: a patch release changes the verifying key")),
        (version("0.0.9", "no", "aa"), Some("0.0.9 stands above a version that is not older")),
        (
            "\n## 0.2.0 – date\n\n**verifying key changed: no**\n".into(),
            Some("0.2.0: no table of digests"),
        ),
    ] {
        let text = format!("# Changelog\n{newer}{first}");
        let got = check(&versions(&text));
        assert_eq!(got.err().as_deref(), verdict, "{text}");
    }
}

#[test]
fn the_smallest_rust_version_is_the_pinned_one() {
    let (manifest, toolchain) = (read("Cargo.toml"), read("rust-toolchain.toml"));
    let smallest = value(&manifest, "rust-version").expect("a rust-version");
    let pinned = value(&toolchain, "channel").expect("a channel");
    assert!(
        pinned == smallest || pinned.starts_with(&format!("{smallest}.")),
        "rust-version = {smallest}, channel = {pinned}"
    );
}

#[test]
fn crates_that_can_be_published_have_a_readme() {
    let manifest = read("Cargo.toml");
    let members = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']'));
    let members = members.expect("a list of members").0.split('"').skip(1).step_by(2);
    let mut published = 0;
    for member in members {
        let manifest = read(&format!("{member}/Cargo.toml"));
        if manifest.lines().any(|line| line == "publish = false") {
            continue;
        }
        published += 1;
        let name = value(&manifest, "name").expect("a name");
        assert!(value(&manifest, "description").is_some(), "{member}: no description");
        let readme = read(&format!("{member}/README.md"));
        let title = format!("# {name}");
        assert!(readme.lines().any(|line| line == title), "{member}/README.md: no {title}");
        for part in ["## Licence", "## Versions"] {
            assert!(readme.contains(part), "{member}/README.md: no {part}");
        }
    }
    assert!(published > 5, "{published} crates");
}
