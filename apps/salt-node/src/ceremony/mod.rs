//! Key generation and resharing among operators who carry files.
//!
//! All share a folder, the *board*, by whatever carries files: a repository, a synchronised folder, a chat. Each runs
//! `ceremony step` on it as often as they like; a step takes what is new, does what this node has to do next, and says what
//! it waits for. It may be interrupted anywhere.

pub mod setting;
mod signature;
mod step;
pub mod store;

use std::path::Path;

use zkdkim_salt::Dealer;

use self::{setting::Agreed, store::Store};
use crate::{
    error::{Fault, Result},
    files,
    home::Home,
};
pub use step::{Progress, Step};

/// Begins a ceremony in a node's folder; its id, which all operators compare.
pub fn begin(home: &Home, setting: &Path, before: Option<&Path>, dealer: Dealer) -> Result<String> {
    let agreed = Agreed::read(setting, before, dealer)?;
    let keys = home.keys()?;
    if agreed.member(&keys).is_none() && agreed.dealer(&keys).is_none() {
        let detail =
            "this node takes no part: its keys are in neither the setting nor the record before";
        return Err(Fault::Ceremony(detail.into()));
    }
    let id = hex::encode(agreed.setting.id());
    let before = before.map(|path| files::read(path, files::SMALL)).transpose()?;
    store_of(home, &id).begin(&files::read(setting, files::SMALL)?, before.as_deref())?;
    Ok(id)
}

/// Goes on with a ceremony. `go_on` ends a stage with what is there.
pub fn step(home: &Home, id: &str, board: &Path, go_on: bool, dealer: Dealer) -> Result<Progress> {
    Step::new(home, begun(home, id)?, board, go_on, dealer)?.run()
}

/// Gives a ceremony up, with its secrets.
pub fn abandon(home: &Home, id: &str) -> Result<()> {
    begun(home, id)?.remove()
}

fn begun(home: &Home, id: &str) -> Result<Store> {
    let hexadecimal = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if hexadecimal && store_of(home, id).exists() {
        return Ok(store_of(home, id));
    }
    Err(Fault::Ceremony(format!("{id} was not begun here: run ceremony begin first")))
}

fn store_of(home: &Home, id: &str) -> Store {
    Store::new(home.path("ceremonies").join(id.to_ascii_lowercase()))
}
