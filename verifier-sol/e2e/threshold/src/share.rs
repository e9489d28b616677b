//! Share files: JSON, each for the eyes of its owner.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    Party,
};

const TYPE: &str = "zkdkim-threshold-share";
const VERSION: u32 = 1;
const FILE_LIMIT: u64 = 1 << 24;

#[derive(Serialize)]
struct Written<'a> {
    r#type: &'a str,
    version: u32,
    party: &'a Party,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    r#type: String,
    version: u32,
    party: Party,
}

/// The file of a party's share in a folder.
pub fn path(folder: &Path, party: u8) -> PathBuf {
    folder.join(format!("share-{party}.json"))
}

/// Writes a new folder with a file for each share.
///
/// # Errors
///
/// I/O failures; a folder that exists is one.
pub fn write_all(folder: &Path, shares: &[Party]) -> Result<()> {
    fs::create_dir(folder).map_err(Error::io("make the folder", folder))?;
    shares.iter().try_for_each(|share| write(&path(folder, share.party_index.as_u8()), share))
}

fn write(path: &Path, party: &Party) -> Result<()> {
    let content = Written { r#type: TYPE, version: VERSION, party };
    let bytes = serde_json::to_vec(&content).map_err(|error| broken(path, error))?;
    let bytes = Zeroizing::new(bytes);
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(Error::io("create", path))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(Error::io("write", path))
}

/// Reads a share.
///
/// # Errors
///
/// I/O failures and [`Error::ShareFile`].
pub fn read(path: &Path) -> Result<Party> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(broken(path, format_args!("it is longer than {FILE_LIMIT} bytes")));
    }
    let found: Found = serde_json::from_slice(&bytes).map_err(|error| broken(path, error))?;
    if found.r#type != TYPE || found.version != VERSION {
        return Err(broken(path, format_args!("type or version is not {TYPE}, {VERSION}")));
    }
    Ok(found.party)
}

fn broken(path: &Path, detail: impl ToString) -> Error {
    Error::ShareFile { path: path.into(), detail: detail.to_string() }
}
