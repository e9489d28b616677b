//! The ceremony files whose digests were published: `params/manifest.toml`, part of the program. The link beside this
//! crate brings it into the package.

use serde::Deserialize;
use zkdkim_plonk::srs::ptau::ListedCeremony;

/// One published ceremony file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct CeremonyFile {
    /// Name of the ceremony.
    pub name: String,
    /// Name under which the file was published.
    pub file: String,
    /// Binary logarithm of the number of powers.
    pub power: u32,
    /// BLAKE2b-512 of the whole file, in lower-case hex.
    pub blake2b512: String,
    /// Where the digest was read.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[allow(dead_code, reason = "read so that another format is an error")]
    format: Format1,
    ceremony: Vec<CeremonyFile>,
}

#[derive(Deserialize)]
#[serde(try_from = "u32")]
struct Format1;

impl TryFrom<u32> for Format1 {
    type Error = String;

    fn try_from(format: u32) -> Result<Format1, String> {
        match format {
            1 => Ok(Format1),
            _ => Err(format!("manifest format {format}, expected 1")),
        }
    }
}

/// Every file that is listed.
pub fn ceremony_files() -> Vec<CeremonyFile> {
    // The file is compiled in and a test reads it; no input of a user gets here.
    let manifest: Result<Manifest, _> = toml::from_str(include_str!("../manifest.toml"));
    manifest.map(|m| m.ceremony).unwrap_or_default()
}

/// The listed file with this BLAKE2b-512 digest, in lower-case hex.
pub fn find(blake2b512: &str) -> Option<ListedCeremony> {
    let listed = ceremony_files().into_iter().find(|file| file.blake2b512 == blake2b512);
    listed.map(|CeremonyFile { name, file, power, .. }| ListedCeremony { name, file, power })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifest_is_well_formed() {
        let files = ceremony_files();
        assert_eq!(files.len(), 15);
        for (i, file) in files.iter().enumerate() {
            assert_eq!(file.power, 14 + i as u32);
            assert_eq!(hex::decode(&file.blake2b512).unwrap().len(), 64, "{}", file.file);
            assert_eq!(file.blake2b512, file.blake2b512.to_lowercase());
            assert!(!file.source.is_empty());
            let same = files.iter().filter(|f| f.blake2b512 == file.blake2b512).count();
            assert_eq!(same, 1, "{} is listed twice", file.file);
        }
    }

    #[test]
    fn finds_a_listed_file() {
        let first = &ceremony_files()[0];
        assert_eq!(find(&first.blake2b512).map(|listed| listed.file), Some(first.file.clone()));
        assert_eq!(find(&"0".repeat(128)), None);
    }
}
