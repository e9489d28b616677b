//! `export-verifier`: Solidity, ABI, bytecode, the key, and the digests of all of it.

use std::{fs, path::Path};

use serde_json::{json, Value};
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::{digest::Sha256Digest, keys::VerifierKey};
use zkdkim_store::{
    files::{self, Overwrite, Secrecy},
    Error as StoreError, Result,
};
use zkdkim_verifier_sol::{Artifacts, Sources};

use super::{setup, CommandResult, SUCCESS};
use crate::{
    cli::{ExportArgs, HiArgs},
    output::shown,
};

pub fn run(args: &HiArgs, command: &ExportArgs) -> CommandResult {
    let progress = args.progress.as_ref();
    let out = &command.out;
    check_place(out, command.force)?;
    let key: VerifierKey<StatementCircuit> =
        args.cache()?.verifier_key(&command.layout.layout, progress)?;
    if key.srs_kind().is_insecure() && !command.allow_insecure_dev {
        return Err(zkdkim_prover::Error::InsecureSrs { what: "the verifier" }.into());
    }
    setup::warn(progress, key.srs_kind());
    let sources = Sources::for_key(&key)?;
    let artifacts = Artifacts::for_key(&key, &sources, command.solc.as_deref())?;
    let written = write_folder(out, command.force, &key, &sources, &artifacts)?;

    args.output.result(
        "export-verifier",
        SUCCESS,
        json!({
            "verdict": "done",
            "folder": shown(out),
            "srs": key.srs_kind(),
            "layout": command.layout.layout.name(),
            "circuit": key.circuit(),
            "vk_sha256": key.sha256().to_string(),
            "proof_bytes": sources.proof_bytes,
            "verifier_bytes": artifacts.verifier.size,
            "key_bytes": artifacts.key.size,
            "files": written.iter().map(|(name, digest)| json!({
                "name": name, "sha256": digest.to_string(),
            })).collect::<Vec<_>>(),
        }),
    )?;
    let list: Vec<String> =
        written.iter().map(|(name, digest)| format!("  {digest}  {name}")).collect();
    args.output.text(format!(
        "{}\nverifying key {}\nverifier {} bytes, key {} bytes of code\n{}",
        shown(out),
        key.sha256(),
        artifacts.verifier.size,
        artifacts.key.size,
        list.join("\n")
    ))?;
    Ok(SUCCESS)
}

/// Whether the folder can be made there. With `--force` an earlier export is replaced, and nothing else.
fn check_place(out: &Path, force: bool) -> Result<()> {
    if out.symlink_metadata().is_ok() && !force {
        return Err(StoreError::Exists { path: out.into() });
    }
    if out.symlink_metadata().is_ok() && !is_export(out) {
        let detail = "is no folder of an earlier export, so it is kept".into();
        return Err(StoreError::Text { path: out.into(), detail });
    }
    files::check_folder(files::parent(out))
}

/// An empty folder, or one with the digests that an export writes.
fn is_export(out: &Path) -> bool {
    let Ok(mut entries) = fs::read_dir(out) else { return false };
    if entries.next().is_none() {
        return true;
    }
    let digests = files::read_bounded(&out.join("digests.json"), "digests", 1 << 20).ok();
    let digests = digests.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    digests.is_some_and(|digests| digests["type"] == FOLDER_TYPE)
}

/// What `digests.json` says that it belongs to.
const FOLDER_TYPE: &str = "zkdkim-verifier";

/// Fills a temporary folder beside `out` and renames it: the folder appears whole or not at all.
fn write_folder(
    out: &Path,
    force: bool,
    key: &VerifierKey<StatementCircuit>,
    sources: &Sources,
    artifacts: &Artifacts,
) -> Result<Vec<(String, Sha256Digest)>> {
    let parent = files::parent(out);
    let folder = tempfile::Builder::new()
        .prefix(".zkdkim-export")
        .tempdir_in(parent)
        .map_err(StoreError::io("create a folder in", parent))?;
    let mut written = Vec::new();
    let put = |name: &str, content: &[u8]| -> Result<(String, Sha256Digest)> {
        let path = folder.path().join(name);
        files::write_atomic(&path, Overwrite::Never, Secrecy::Public, |f| f.write_all(content))?;
        Ok((name.to_owned(), Sha256Digest::of(content)))
    };
    for (name, source) in sources.files() {
        written.push(put(&name, source.as_bytes())?);
    }
    for contract in [&artifacts.verifier, &artifacts.key] {
        let abi = serde_json::to_string_pretty(&contract.abi).unwrap_or_default() + "\n";
        written.push(put(&format!("{}.abi.json", contract.name), abi.as_bytes())?);
        let initcode = contract.initcode.clone() + "\n";
        written.push(put(&format!("{}.bin", contract.name), initcode.as_bytes())?);
    }
    written.push(put("artifacts.json", artifacts.to_json().as_bytes())?);
    written.push(put("verifying-key.zkdkim", &key.to_container()?.into_bytes())?);

    let digests = json!({
        "type": FOLDER_TYPE,
        "version": 1,
        "circuit": key.circuit(),
        "srs": key.srs_kind(),
        "vk_sha256": key.sha256().to_string(),
        "solc": artifacts.solc,
        "verifier_runtime_keccak": artifacts.verifier.runtime_keccak,
        "key_runtime_keccak": artifacts.key.runtime_keccak,
        "files": written.iter().map(|(name, digest)| (name.clone(), digest.to_string().into()))
            .collect::<serde_json::Map<_, serde_json::Value>>(),
    });
    let text = serde_json::to_string_pretty(&digests).unwrap_or_default() + "\n";
    written.push(put("digests.json", text.as_bytes())?);

    // A temporary folder is for its owner only; the result is as the umask says.
    let public = folder.path().join("public");
    files::make_folder(&public)?;
    let permissions = fs::metadata(&public).map_err(StoreError::io("read", &public))?.permissions();
    fs::remove_dir(&public).map_err(StoreError::io("remove", &public))?;
    fs::set_permissions(folder.path(), permissions).map_err(StoreError::io("open up", out))?;
    // Renaming onto an empty folder would replace it, so this is asked again.
    check_place(out, force)?;
    // What is replaced goes with this temporary folder, once the new one stands in its place.
    let replaced = tempfile::Builder::new().prefix(".zkdkim-replaced").tempdir_in(parent);
    let replaced = replaced.map_err(StoreError::io("create a folder in", parent))?;
    if out.exists() {
        fs::rename(out, replaced.path().join("old")).map_err(StoreError::io("replace", out))?;
    }
    fs::rename(folder.path(), out).map_err(StoreError::io("write", out))?;
    Ok(written)
}
