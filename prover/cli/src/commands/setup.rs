//! `setup`: an SRS, and the keys over it.

use serde_json::json;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{kinds::SrsKind, progress::Progress, srs::Srs};
use zkdkim_store::{binary::import_ptau, Result, Reuse};

use super::{prover, timing_line, CommandResult, SUCCESS};
use zkdkim_store::timing::timed;

use crate::{
    cli::{HiArgs, SetupArgs},
    output::shown,
};

pub fn run(args: &HiArgs, command: &SetupArgs) -> CommandResult {
    let cache = args.cache()?;
    let layout = command.layout.layout;
    let (srs, srs_time) = timed(|| srs(args, command, layout));
    let srs = srs?;
    let reuse = if command.rebuild { Reuse::Rebuild } else { Reuse::Cached };
    let (prover, key_time) = timed(|| prover(args, srs, layout, reuse));
    let prover = prover?;
    let (srs, key) = (prover.srs(), prover.key().verifier());
    cache.set_default_srs(srs)?;
    let srs_path = shown(&cache.srs_path(srs.kind(), srs.k(), srs.fold()));
    let vk_path = shown(&cache.key_path::<StatementCircuit>(srs.kind(), &layout)?);

    args.output.result(
        "setup",
        SUCCESS,
        json!({
            "verdict": "done",
            "srs": srs.kind(),
            "srs_file": srs_path,
            "srs_sha256": srs.sha256().to_string(),
            "layout": layout.name(),
            "k": srs.k(),
            "fold": srs.fold(),
            "circuit": key.circuit(),
            "vk_sha256": key.sha256().to_string(),
            "verifying_key": vk_path,
            "timings": { "srs": srs_time, "keys": key_time },
        }),
    )?;
    args.output.text(format!(
        "SRS            {}\n  SHA-256      {}\nverifying key  {}\n  SHA-256      {}\n{}\n{}",
        srs.kind(),
        srs.sha256(),
        vk_path,
        key.sha256(),
        timing_line("SRS", &srs_time),
        timing_line("keys", &key_time),
    ))?;
    Ok(SUCCESS)
}

fn srs(args: &HiArgs, command: &SetupArgs, layout: CircuitParams) -> Result<Srs> {
    let (k, fold) = (layout.k, layout.fold);
    let cache = args.cache()?;
    let progress = args.progress.as_ref();
    if command.insecure_dev {
        return cache.insecure_dev_srs(k, fold, progress);
    }
    let Some(path) = &command.ptau else {
        return cache.read_default_srs(k, fold, progress);
    };
    let mut started = false;
    let srs = import_ptau(path, k, fold, &mut |done, total| {
        if !std::mem::replace(&mut started, true) {
            progress.start("reading the .ptau file", Some(total));
        }
        progress.advance(done);
        if done == total {
            progress.finish();
            progress.start("checking the points and deriving the folded bases", None);
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
