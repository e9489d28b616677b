//! `serve --dev`: everything that a trial needs, on this machine, all of it insecure: a chain, the contracts, salt nodes with a
//! dealer, mailboxes whose salts the relayer has. A script of the source tree makes it, and ends with this program.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::error::{Error, Result};

const SCRIPT: &str = "apps/relayer/e2e/dev.mjs";

/// What a trial runs in; it ends when this is dropped.
pub struct World {
    /// The relayer's configuration in it.
    pub config: PathBuf,
    /// What to do next, for people.
    pub next: String,
    /// It ends when its standard input does.
    _script: Child,
}

#[derive(Deserialize)]
struct Ready {
    config: PathBuf,
    next: String,
}

/// Makes such a world in a folder. `tree` is the source tree, with the contracts built.
///
/// # Errors
///
/// [`Error::Config`] where the tree has no such script, or the script says what is missing.
pub async fn start(tree: &Path, folder: &Path) -> Result<World> {
    let script = tree.join(SCRIPT);
    let place = script.display().to_string();
    if !script.exists() {
        let hint = "run this in the source tree, or name it by --tree";
        return Err(Error::config(place, "there is no such script", hint));
    }
    let mut child = Command::new("node")
        .arg(&script)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::io("run node, which makes the chain and the contracts"))?;
    let ended = || {
        let hint =
            "what it said is above; `npm ci && npm run build` in verifier-sol may be missing";
        Error::config(&place, "it ended", hint)
    };
    let stdout = child.stdout.take().ok_or_else(ended)?;
    let line = BufReader::new(stdout).lines().next_line().await.map_err(Error::io("read"))?;
    let ready: Ready = line.and_then(|line| serde_json::from_str(&line).ok()).ok_or_else(ended)?;
    Ok(World { config: ready.config, next: ready.next, _script: child })
}
