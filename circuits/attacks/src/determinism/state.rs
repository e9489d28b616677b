//! State files of long runs: a line of JSON for whatever is done.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
};

use anyhow::{Context, Result};
use serde::{de::DeserializeOwned, Serialize};

/// The whole lines of a sort; one that was cut off is left away. Nothing where there is no file yet.
///
/// # Errors
/// If the file cannot be read.
pub fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let Ok(file) = File::open(path) else { return Ok(Vec::new()) };
    let lines = BufReader::new(file).lines().collect::<Result<Vec<_>, _>>()?;
    Ok(lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The file, to add lines to it.
///
/// # Errors
/// If it cannot be opened or written.
pub fn append(path: &Path) -> Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.with_context(|| path.display().to_string())?;
    // Behind a line that was cut off.
    writeln!(file)?;
    Ok(file)
}

/// Adds a line, in one piece: the layouts share the file.
///
/// # Errors
/// If it cannot be written.
pub fn write(file: &mut File, line: &impl Serialize) -> Result<()> {
    file.write_all(format!("{}\n", serde_json::to_string(line)?).as_bytes())?;
    Ok(())
}
