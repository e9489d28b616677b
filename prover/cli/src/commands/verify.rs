//! `verify`: whether a proof is valid, and for what was expected.

use serde_json::json;
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::keys::VerifierKey;
use zkdkim_prover::{Expected, Verifier};
use zkdkim_relation::{EmailCommitment, Nullifier, RegistryRoot};
use zkdkim_store::{binary::read_verifier_key, documents::read_proof};

use super::{public_lines, timing_line, CommandResult, SUCCESS};
use zkdkim_store::timing::timed;

use crate::cli::{HiArgs, VerifyArgs};

pub fn run(args: &HiArgs, command: &VerifyArgs) -> CommandResult {
    let proof = read_proof(&command.proof)?;
    let key = key(args, command)?;
    let verifier = match command.allow_insecure_dev {
        true => Verifier::allowing_insecure_dev(key),
        false => Verifier::new(key)?,
    };
    let expected = Expected {
        root: command.root.map(RegistryRoot),
        commitment: command.commitment.map(EmailCommitment),
        nullifier: command.nullifier.map(Nullifier),
        subject: command.subject.clone(),
        command: command.command,
        not_before: command.not_before,
    };
    let (verified, time) = timed(|| verifier.verify(&proof, &expected));
    let verified = verified?;

    args.output.result(
        "verify",
        SUCCESS,
        json!({
            "verdict": "valid",
            "srs": proof.srs,
            "vk_sha256": proof.vk_sha256.to_string(),
            "checked": verified.checked,
            "unchecked": verified.unchecked,
            "public": verified.public,
            "timings": { "verify": time },
        }),
    )?;
    let meaning = match (&verified.checked[..], &verified.unchecked[..]) {
        ([], _) => "nothing was expected, so nothing was compared: some mail of some account has \
                    these public values"
            .into(),
        (checked, []) => format!("as expected: {}", checked.join(", ")),
        (checked, unchecked) => {
            format!("as expected: {}; not compared: {}", checked.join(", "), unchecked.join(", "))
        }
    };
    let origin = if verifier.key().srs_kind().is_insecure() {
        "valid for the insecure development SRS, for which anybody can forge proofs"
    } else {
        "valid"
    };
    args.output.text(format!(
        "{origin}\n{meaning}\npublic:\n{}\n{}",
        public_lines(&proof.public_inputs)?,
        timing_line("verification", &time)
    ))?;
    Ok(SUCCESS)
}

fn key(args: &HiArgs, command: &VerifyArgs) -> zkdkim_store::Result<VerifierKey<StatementCircuit>> {
    let params = command.layout.layout;
    match &command.key {
        Some(path) => read_verifier_key(path, &params),
        None => args.cache()?.verifier_key(&params, args.progress.as_ref()),
    }
}
