//! The files of users: what they are given, and what they keep.

use std::path::Path;

use zeroize::Zeroizing;
use zkdkim_prover::{salt_file, Proof, Salt, Sealing};
use zkdkim_relation::{DnsRecords, KeyRegistry};

use crate::{
    error::{Error, Result},
    files::{self, Overwrite, Secrecy},
};

// What is read may take several times as much memory; these keep it below 1 GiB.
/// More than any provider delivers; bodies count only for their hash.
const MESSAGE_LIMIT: u64 = 64 << 20;
const DNS_LIMIT: u64 = 16 << 20;
/// 256 MiB, some 400,000 keys.
const REGISTRY_LIMIT: u64 = 256 << 20;
const SALT_LIMIT: u64 = 4096;
const PROOF_LIMIT: u64 = 1 << 20;

/// Reads a message of at most 64 MiB; `-` is standard input. The bytes are overwritten when dropped.
///
/// # Errors
///
/// I/O failures and [`Error::TooLarge`].
pub fn read_message(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    files::read_file_or_stdin(path, "a message", MESSAGE_LIMIT).map(Zeroizing::new)
}

/// Reads key records with their names: the recorded form, JSON from names to TXT records, or what DNS tools
/// print.
///
/// # Errors
///
/// I/O failures, [`Error::TooLarge`], [`Error::Text`], [`Error::KeyText`].
pub fn read_dns(path: &Path) -> Result<DnsRecords> {
    let text = read_key_text(path)?;
    DnsRecords::read(&text).map_err(|error| Error::KeyText { path: path.into(), error })
}

/// Reads a text that holds key records in some form; `-` is standard input.
///
/// # Errors
///
/// I/O failures, [`Error::TooLarge`], [`Error::Text`].
pub fn read_key_text(path: &Path) -> Result<String> {
    let bytes = files::read_file_or_stdin(path, "a file of key records", DNS_LIMIT)?;
    let detail = match bytes[..] {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "a text in UTF-16; save it as UTF-8",
        _ => "no text in UTF-8",
    };
    String::from_utf8(bytes).map_err(|_| Error::Text { path: path.into(), detail: detail.into() })
}

/// Writes key records in the recorded form, whole or not at all.
///
/// # Errors
///
/// I/O failures, and an existing file with [`Overwrite::Never`].
pub fn write_dns(path: &Path, records: &DnsRecords, overwrite: Overwrite) -> Result<()> {
    let json = records.to_json();
    files::write_atomic(path, overwrite, Secrecy::Public, |out| out.write_all(json.as_bytes()))
}

/// Reads a key registry.
///
/// # Errors
///
/// I/O failures, [`Error::TooLarge`], [`Error::Content`].
pub fn read_registry(path: &Path) -> Result<KeyRegistry> {
    let bytes = files::read_bounded(path, "a registry file", REGISTRY_LIMIT)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|e| Error::Text { path: path.into(), detail: e.to_string() })?;
    KeyRegistry::from_json(text).map_err(Error::content(path))
}

/// Writes a key registry, whole or not at all.
///
/// # Errors
///
/// I/O failures, and an existing file with [`Overwrite::Never`].
pub fn write_registry(path: &Path, registry: &KeyRegistry, overwrite: Overwrite) -> Result<()> {
    let json = registry.to_json();
    files::write_atomic(path, overwrite, Secrecy::Public, |out| out.write_all(json.as_bytes()))
}

/// Reads a salt.
///
/// # Errors
///
/// I/O failures, [`Error::TooLarge`], [`Error::Content`].
pub fn read_salt(path: &Path) -> Result<Salt> {
    let bytes = Zeroizing::new(files::read_bounded(path, "a salt file", SALT_LIMIT)?);
    salt_file::from_json(&bytes).map_err(Error::content(path))
}

/// Writes a salt so that only its owner can read it.
///
/// # Errors
///
/// I/O failures, and an existing file with [`Overwrite::Never`].
pub fn write_salt(path: &Path, salt: &Salt, overwrite: Overwrite) -> Result<()> {
    let text = salt_file::to_json(salt);
    files::write_atomic(path, overwrite, Secrecy::OwnerOnly, |out| out.write_all(text.as_bytes()))
}

/// Reads what a sealed Subject was made from.
///
/// # Errors
///
/// I/O failures, [`Error::TooLarge`], [`Error::Content`].
pub fn read_sealing(path: &Path) -> Result<Sealing> {
    let bytes = Zeroizing::new(files::read_bounded(path, "a sealing file", SALT_LIMIT)?);
    Sealing::from_json(&bytes).map_err(Error::content(path))
}

/// Writes what a sealed Subject was made from so that only its owner can read it.
///
/// # Errors
///
/// I/O failures, and an existing file with [`Overwrite::Never`].
pub fn write_sealing(path: &Path, sealing: &Sealing, overwrite: Overwrite) -> Result<()> {
    let text = sealing.to_json();
    files::write_atomic(path, overwrite, Secrecy::OwnerOnly, |out| out.write_all(text.as_bytes()))
}

/// Reads a proof; `-` is standard input.
///
/// # Errors
///
/// I/O failures, [`Error::TooLarge`], [`Error::Content`].
pub fn read_proof(path: &Path) -> Result<Proof> {
    let bytes = files::read_file_or_stdin(path, "a proof file", PROOF_LIMIT)?;
    Proof::from_json(&bytes).map_err(Error::content(path))
}

/// Writes a proof, whole or not at all.
///
/// # Errors
///
/// I/O failures, and an existing file with [`Overwrite::Never`].
pub fn write_proof(path: &Path, proof: &Proof, overwrite: Overwrite) -> Result<()> {
    let json = proof.to_json();
    files::write_atomic(path, overwrite, Secrecy::Public, |out| out.write_all(json.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkdkim_plonk::{digest::Sha256Digest, halo2curves::bn256::Fr, kinds::SrsKind};

    #[test]
    fn a_salt_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("salt.json");
        let salt = |last: char| {
            let text = format!(
                "{{\"type\":\"zkdkim-salt\",\"version\":1,\"salt\":\"0x{}{last}\"}}",
                "1".repeat(63)
            );
            salt_file::from_json(text.as_bytes()).unwrap()
        };
        write_salt(&path, &salt('1'), Overwrite::Never).unwrap();
        assert_eq!(read_salt(&path).unwrap().expose(), salt('1').expose());
        let again = write_salt(&path, &salt('2'), Overwrite::Never);
        assert!(matches!(again, Err(Error::Exists { .. })));
        assert_eq!(read_salt(&path).unwrap().expose(), salt('1').expose());
    }

    #[test]
    fn errors_name_the_file_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("salt.json");
        std::fs::write(&path, "{\"salt\":\"0x123456\"}").unwrap();
        let error = read_salt(&path).unwrap_err().to_string();
        assert!(error.contains("salt.json") && !error.contains("123456"), "{error}");
        let error = read_registry(&path).unwrap_err().to_string();
        assert!(error.contains("salt.json"), "{error}");
    }

    #[test]
    fn a_proof_is_read_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proof.json");
        let proof = Proof {
            circuit: "test".into(),
            k: 5,
            srs: SrsKind::InsecureDev,
            vk_sha256: Sha256Digest([7; 32]),
            public_inputs: vec![Fr::from(1)],
            proof: vec![1, 2, 3],
        };
        write_proof(&path, &proof, Overwrite::Never).unwrap();
        assert_eq!(read_proof(&path).unwrap(), proof);
    }
}
