//! `prove`: from a message to a proof file.

use rand::rngs::OsRng;
use serde_json::json;
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::keys::{KeyedCircuit, ProverKey};
use zkdkim_prover::{prepare, Prover, PublicView};
use zkdkim_store::{
    documents::{read_message, read_registry, read_salt, write_proof},
    Overwrite, Reuse,
};

use super::{circuit_params, public_lines, setup, timing_line, Outcome, SUCCESS};
use zkdkim_store::timing::timed;

use crate::cli::{clock, shown, HiArgs, ProveArgs};

pub fn run(args: &HiArgs, command: &ProveArgs) -> Outcome {
    let progress = args.progress.as_ref();
    let overwrite = if command.force { Overwrite::Replace } else { Overwrite::Never };
    // Before minutes of work, not after.
    if overwrite == Overwrite::Never && command.out.exists() {
        return Err(zkdkim_store::Error::Exists { path: command.out.clone() }.into());
    }
    let message = read_message(&command.message)?;
    let salt = read_salt(&command.salt_file)?;
    let registry = read_registry(&command.registry)?;
    let (prepared, inspect_time) =
        timed(|| prepare(&message, &salt, &registry, clock(command.clock)));
    let prepared = prepared?;

    let cache = args.cache()?;
    let params = circuit_params();
    let (keys, key_time) = timed(|| -> zkdkim_store::Result<_> {
        let srs = cache.read_default_srs(StatementCircuit::k(&params), progress)?;
        let key: ProverKey<StatementCircuit> =
            cache.prover_key(&srs, &params, Reuse::Cached, progress)?;
        Ok((srs, key))
    });
    let (srs, key) = keys?;
    setup::warn(progress, srs.kind());

    let prover = Prover::new(srs, key, params)?;
    let (circuit, witness_time) = timed(|| prover.circuit(&prepared));
    let circuit = circuit?;
    let (proof, prove_time) =
        timed(|| prover.prove_circuit(circuit, &prepared.public, OsRng, progress));
    let proof = proof?;
    write_proof(&command.out, &proof, overwrite)?;

    args.output.object(
        "prove",
        json!({
            "verdict": "proved",
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
