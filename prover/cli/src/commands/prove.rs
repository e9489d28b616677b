//! `prove`: from a message to a proof file.

use rand::rngs::OsRng;
use serde_json::json;
use zkdkim_prover::{prepare_under, PublicView};
use zkdkim_relation::inspect::{inspect_under, Holds, KeySource, Note};
use zkdkim_store::{
    documents::{read_message, read_registry, write_proof},
    files::check_target,
    timing::timed,
    Overwrite, Reuse,
};

use super::{
    inspect::{judge, Verdict},
    prover, public_lines, read_salt, timing_line, CommandResult, SUCCESS,
};
use crate::{
    cli::{HiArgs, ProveArgs},
    output::shown,
};

pub fn run(args: &HiArgs, command: &ProveArgs) -> CommandResult {
    let progress = args.progress.as_ref();
    let overwrite = if command.force { Overwrite::Replace } else { Overwrite::Never };
    // Before minutes of work, not after.
    check_target(&command.out, overwrite)?;
    let message = read_message(&command.message)?;
    let salt = read_salt(&command.salt_file, progress)?;
    let registry = read_registry(&command.registry)?;
    let policy = command.how.policy();
    let inspection = inspect_under(&message, KeySource::Registry(&registry), &policy);
    let reveal = command.how.reveal()?;
    let Verdict { outcome, notes } = judge(&command.message, &inspection, &command.how)?;
    outcome?;
    if inspection.holds == Holds::Header {
        progress
            .note("the header of this message is the one that was signed, and only it is proved");
    }
    for Note { detail, hint, .. } in &notes {
        progress.note(&match hint.is_empty() {
            true => detail.clone(),
            false => format!("{detail}; {hint}"),
        });
    }
    let (prepared, inspect_time) =
        timed(|| prepare_under(&message, &salt, &registry, &policy, &reveal));
    let prepared = prepared?;

    let layout = command.layout.layout;
    let (prover, key_time) = timed(|| {
        let srs = args.cache()?.read_default_srs(layout.k, layout.fold, progress)?;
        prover(args, srs, layout, Reuse::Cached)
    });
    let prover = prover?;

    let (circuit, witness_time) = timed(|| prover.circuit(&prepared));
    let circuit = circuit?;
    let (proof, prove_time) =
        timed(|| prover.prove_circuit(circuit, &prepared.public, OsRng, progress));
    let proof = proof?;
    write_proof(&command.out, &proof, overwrite)?;

    args.output.result(
        "prove",
        SUCCESS,
        json!({
            "verdict": "proved",
            "holds": inspection.holds,
            "notes": notes,
            "file": shown(&command.out),
            "srs": proof.srs,
            "vk_sha256": proof.vk_sha256.to_string(),
            "proof_bytes": proof.proof.len(),
            "public": PublicView::new(&proof.public_inputs)?,
            "timings": {
                "inspect": inspect_time, "keys": key_time, "witness": witness_time,
                "prove_and_verify": prove_time,
            },
        }),
    )?;
    args.output.text(format!(
        "proved; {} bytes of proof in {}\npublic:\n{}\ntimes:\n{}\n{}\n{}\n{}",
        proof.proof.len(),
        shown(&command.out),
        public_lines(&proof.public_inputs)?,
        timing_line("inspection", &inspect_time),
        timing_line("reading SRS and key", &key_time),
        timing_line("witness", &witness_time),
        timing_line("proving and verifying", &prove_time),
    ))?;
    Ok(SUCCESS)
}
