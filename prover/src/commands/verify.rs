//! `verify`: whether a proof is valid, and for what was expected.

use serde_json::json;
use zkdkim::{
    expect::{Expected, PublicView},
    keys::VerifierKey,
    proof_file::Proof,
    timing::timed,
    verify::verify,
    Error, Result,
};
use zkdkim_circuits::statement::StatementCircuit;

use super::{circuit_params, public_lines, timing_line, Outcome, SUCCESS};
use crate::cli::{HiArgs, VerifyArgs};

pub fn run(args: &HiArgs, command: &VerifyArgs) -> Outcome {
    let proof = Proof::read(&command.proof)?;
    let key = key(args, command)?;
    if proof.vk_sha256 != key.sha256() {
        let (expected, got) = (key.sha256().to_string(), proof.vk_sha256.to_string());
        return Err(Error::WrongKey { what: "the proof", expected, got }.into());
    }
    // What the key says about its SRS counts, not what the proof file says.
    if proof.srs != *key.srs_kind() || proof.circuit != key.circuit() || proof.k != key.k() {
        let detail = "its labels (circuit, k, srs) are not those of its verifying key".into();
        return Err(Error::ProofFile { detail }.into());
    }
    if key.srs_kind().is_insecure() && !command.allow_insecure_dev {
        return Err(Error::InsecureSrs { what: "the proof" }.into());
    }
    let (valid, time) = timed(|| verify(&key, &proof.public_inputs, &proof.proof));
    valid?;
    let expected = Expected {
        root: command.root,
        commitment: command.commitment,
        nullifier: command.nullifier,
        subject: command.subject.clone(),
        min_timestamp: command.min_timestamp,
    };
    let (checked, unchecked) = expected.check(&proof.public_inputs)?;

    args.output.object(
        "verify",
        json!({
            "verdict": "valid",
            "srs": proof.srs,
            "vk_sha256": proof.vk_sha256.to_string(),
            "checked": checked,
            "unchecked": unchecked,
            "public": PublicView::new(&proof.public_inputs)?,
            "timings": { "verify": time },
        }),
    )?;
    let meaning = match (&checked[..], &unchecked[..]) {
        ([], _) => "nothing was expected, so nothing was compared: some mail of some account has \
                    these public values"
            .into(),
        (checked, []) => format!("as expected: {}", checked.join(", ")),
        (checked, unchecked) => {
            format!("as expected: {}; not compared: {}", checked.join(", "), unchecked.join(", "))
        }
    };
    let origin = if key.srs_kind().is_insecure() {
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

fn key(args: &HiArgs, command: &VerifyArgs) -> Result<VerifierKey<StatementCircuit>> {
    let params = circuit_params();
    match &command.key {
        Some(path) => VerifierKey::read(path, &params),
        None => args.cache()?.verifier_key(&params, args.progress.as_ref()),
    }
}
