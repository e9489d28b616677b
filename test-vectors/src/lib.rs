//! The stored messages, for tests: two folders of the tree, and one outside it that may be absent.
//!
//! ```text
//! messages/      made by an example of the circuits, to be proved    always there
//! adversarial/   one trick each, nearly half of them refused         always there
//! real/          other people's mail                                 never in the tree
//! ```
//!
//! Mail of other people does not enter the project. Tests on it are functions of their own, with `outside_messages` in their
//! name. Where there are none, a test says so by [`not_run`], whose line `scripts/test` repeats at its end, and nothing
//! that the documents claim counts it.
//!
//! [`server`] has what stands in for a chain's node and other servers.

pub mod server;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// Environment variable that names a folder of messages from outside, with their `manifest.json`.
pub const OUTSIDE_MESSAGES: &str = "ZKDKIM_REAL_MESSAGES";

/// A message and what its manifest says about it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The file's name, without its folder.
    pub name: String,
    /// The file as it is: nobody has touched its line ends.
    pub bytes: Vec<u8>,
    /// Its entry in the manifest.
    pub entry: Value,
}

/// This folder.
pub fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The messages that an example of the circuits makes.
///
/// # Panics
/// Where a file is missing or the manifest is none, as do all functions here.
pub fn messages() -> Vec<Stored> {
    let folder = folder().join("messages");
    stored(&folder, &manifest(&folder)["messages"])
}

/// The messages that were built for one trick each.
pub fn adversarial() -> Vec<Stored> {
    let folder = folder().join("adversarial");
    stored(&folder, &manifest(&folder))
}

/// Messages from outside: of the folder that [`OUTSIDE_MESSAGES`] names, or else of one beside the repository. If there is
/// none, says that `what` was not run.
pub fn outside_messages(what: &str) -> Option<Vec<Stored>> {
    let folder = outside_folder();
    if folder.is_none() {
        not_run(what, &format!("there are no messages from outside ({OUTSIDE_MESSAGES})"));
    }
    let folder = folder?;
    Some(stored(&folder, &manifest(&folder)))
}

/// A folder that is named has to be there; the one beside the repository need not.
fn outside_folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(OUTSIDE_MESSAGES) {
        return Some(PathBuf::from(named));
    }
    let beside = folder().join("../../shared/emails/real");
    beside.join("manifest.json").is_file().then_some(beside)
}

/// Says on standard error that something was not run, and why. The test runner keeps back what `eprintln` prints in a test
/// that passes; this is written past it.
pub fn not_run(what: &str, why: &str) {
    // Nobody to tell is no reason to fail.
    let _ = writeln!(std::io::stderr(), "not run: {what}: {why}");
}

fn manifest(folder: &Path) -> Value {
    let path = folder.join("manifest.json");
    let text = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn stored(folder: &Path, entries: &Value) -> Vec<Stored> {
    let entries = entries.as_array().expect("a list of messages").iter();
    let read = |entry: &Value| {
        let name = entry["file"].as_str().expect("a file name").to_owned();
        let path = folder.join(&name);
        let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Stored { name, bytes, entry: entry.clone() }
    };
    entries.map(read).collect()
}
