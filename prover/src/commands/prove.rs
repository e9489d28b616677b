//! `prove`: from a message to a proof file.

use serde_json::json;
use zeroize::Zeroizing;
use zkdkim::{
    expect::PublicView,
    files::{self, Overwrite},
    keys::{cache::Reuse, KeyedCircuit, ProverKey},
    proof_file::Proof,
    prove::prove,
    salt::Salt,
    statement::prepare,
    timing::timed,
    Error,
};
use zkdkim_circuits::statement::StatementCircuit;

use super::{
    circuit_params, public_lines, registry, setup, timing_line, Outcome, MESSAGE_LIMIT, SUCCESS,
};
use crate::cli::{clock, shown, HiArgs, ProveArgs};

pub fn run(args: &HiArgs, command: &ProveArgs) -> Outcome {
    let progress = args.progress.as_ref();
    let overwrite = if command.force { Overwrite::Replace } else { Overwrite::Never };
    // Before minutes of work, not after.
    if overwrite == Overwrite::Never && command.out.exists() {
        return Err(Error::Exists { path: command.out.clone() }.into());
    }
    let message = files::read_file_or_stdin(&command.message, "message", MESSAGE_LIMIT)?;
    let message = Zeroizing::new(message);
    let salt = Salt::read(&command.salt_file)?;
    let registry = registry::read(&command.registry)?;
    let (prepared, inspect_time) =
        timed(|| prepare(&message, &salt, &registry, clock(command.clock)));
    let prepared = prepared?;

    let cache = args.cache()?;
    let params = circuit_params();
    let (keys, key_time) = timed(|| -> zkdkim::Result<_> {
        let srs = cache.read_default_srs(StatementCircuit::k(&params), progress)?;
        let key: ProverKey<StatementCircuit> =
            cache.prover_key(&srs, &params, Reuse::Cached, progress)?;
        Ok((srs, key))
    });
    let (srs, key) = keys?;
    setup::warn(progress, srs.kind());

    let instances = prepared.public.to_instances();
    let (circuit, witness_time) = timed(|| StatementCircuit::new(params, &prepared.input));
    let circuit = circuit.map_err(Error::from)?;
    let (proof, prove_time) = timed(|| prove(&srs, &key, circuit, &instances, progress));
    let proof = Proof::new(key.verifier(), instances.to_vec(), proof?);
    proof.write(&command.out, overwrite)?;

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
