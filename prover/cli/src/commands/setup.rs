//! `setup`: an SRS, and the keys over it.

use serde_json::json;
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::{
    keys::{KeyedCircuit, ProverKey},
    kinds::SrsKind,
    progress::Progress,
    srs::Srs,
};
use zkdkim_store::{binary::import_ptau, Result, Reuse};

use super::{circuit_params, timing_line, CommandResult, SUCCESS};
use zkdkim_store::timing::timed;

use crate::{
    cli::{HiArgs, SetupArgs},
    output::shown,
};

pub fn run(args: &HiArgs, command: &SetupArgs) -> CommandResult {
    let cache = args.cache()?;
    let params = circuit_params();
    let k = StatementCircuit::k(&params);
    let (srs, srs_time) = timed(|| srs(args, command, k));
    let srs = srs?;
    warn(args.progress.as_ref(), srs.kind());
    let reuse = if command.rebuild { Reuse::Rebuild } else { Reuse::Cached };
    let (key, key_time) = timed(|| -> Result<ProverKey<StatementCircuit>> {
        cache.prover_key(&srs, &params, reuse, args.progress.as_ref())
    });
    let key = key?;
    cache.set_default_srs(&srs)?;

    let path = |extension| {
        cache.key_path::<StatementCircuit>(srs.kind(), &params, extension).map(|path| shown(&path))
    };
    let (vk_path, pk_path) = (path("vk")?, path("pk")?);
    args.output.result(
        "setup",
        SUCCESS,
        json!({
            "verdict": "done",
            "srs": srs.kind(),
            "srs_file": shown(&cache.srs_path(srs.kind(), k)),
            "srs_sha256": srs.sha256().to_string(),
            "k": k,
            "circuit": key.verifier().circuit(),
            "vk_sha256": key.verifier().sha256().to_string(),
            "verifying_key": vk_path,
            "proving_key": pk_path,
            "timings": { "srs": srs_time, "keys": key_time },
        }),
    )?;
    args.output.text(format!(
        "SRS            {}\n  SHA-256      {}\nverifying key  {}\n  SHA-256      {}\nproving key    {}\n{}\n{}",
        srs.kind(),
        srs.sha256(),
        vk_path,
        key.verifier().sha256(),
        pk_path,
        timing_line("SRS", &srs_time),
        timing_line("keys", &key_time),
    ))?;
    Ok(SUCCESS)
}

fn srs(args: &HiArgs, command: &SetupArgs, k: u32) -> Result<Srs> {
    let cache = args.cache()?;
    let progress = args.progress.as_ref();
    if command.insecure_dev {
        return cache.insecure_dev_srs(k, progress);
    }
    let Some(path) = &command.ptau else {
        return cache.read_default_srs(k, progress);
    };
    let mut started = false;
    let srs = import_ptau(path, k, &mut |done, total| {
        if !std::mem::replace(&mut started, true) {
            progress.start("reading the .ptau file", Some(total));
        }
        progress.advance(done);
        if done == total {
            progress.finish();
            progress.start("checking the points and deriving the Lagrange basis", None);
        }
    });
    progress.finish();
    let srs = srs?;
    cache.store_srs(&srs)?;
    Ok(srs)
}

/// Says what the origin of an SRS means.
pub fn warn(progress: &dyn Progress, kind: &SrsKind) {
    match kind {
        SrsKind::InsecureDev => progress.note(
            "the development SRS is insecure: its secret is public and anybody can forge proofs",
        ),
        SrsKind::UnlistedCeremony { sha256, blake2b512 } => progress.note(&format!(
            "this ceremony file is not in params/manifest.toml; its points are consistent, but \
             nothing says who knows its secret (SHA-256 {sha256}, BLAKE2b-512 {blake2b512})"
        )),
        SrsKind::Ceremony { .. } => {}
    }
}
