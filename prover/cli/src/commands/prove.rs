//! `prove`: from a message to a proof file.

use std::path::Path;

use rand::rngs::OsRng;
use serde_json::json;
use zkdkim_plonk::progress::Progress;
use zkdkim_prover::{prepare_under, Prepared, PublicView};
use zkdkim_relation::{
    inspect::{inspect_under, Holds, KeySource, Note},
    KeyRegistry,
};
use zkdkim_store::{
    documents::{read_message, read_registry, write_proof},
    files::check_target,
    timing::{timed, Timing},
    Overwrite, Reuse,
};

use super::{
    batch,
    inspect::{judge, with_dns, Verdict},
    prover, public_lines, read_salt, timing_line, CommandResult, SUCCESS,
};
use crate::{
    cli::{
        net::{KeyRecords, NetArgs},
        HiArgs, MessageArgs, ProveArgs,
    },
    fault::Fault,
    output::shown,
};

/// What a proof is made of, by its files.
pub struct Mail<'a> {
    pub message: &'a Path,
    pub salt: &'a Path,
    pub registry: &'a KeyRegistry,
    /// Key records that have to hold as well, and how they are asked for.
    pub dns: Option<(&'a KeyRecords, &'a NetArgs)>,
}

/// A mail that can be proved, with all that its user should know.
pub struct Checked {
    pub prepared: Prepared,
    holds: Holds,
    notes: Vec<Note>,
    time: Timing,
}

impl Checked {
    /// The notes as lines.
    pub fn lines(&self) -> Vec<String> {
        let header = "the header of this message is the one that was signed, and only it is proved";
        let header = (self.holds == Holds::Header).then(|| header.to_owned());
        let line = |Note { detail, hint, .. }: &Note| match hint.is_empty() {
            true => detail.clone(),
            false => format!("{detail}; {hint}"),
        };
        header.into_iter().chain(self.notes.iter().map(line)).collect()
    }
}

/// Reads a mail and everything that belongs to it, and checks every rule.
pub fn check(
    how: &MessageArgs,
    mail: &Mail<'_>,
    progress: &dyn Progress,
) -> Result<Checked, Fault> {
    let message = read_message(mail.message)?;
    let salt = read_salt(mail.salt, progress)?;
    let policy = how.policy();
    let inspection = inspect_under(&message, KeySource::Registry(mail.registry), &policy);
    let reveal = how.reveal()?;
    let Verdict { outcome, notes } = judge(mail.message, &inspection, how)?;
    outcome?;
    if let Some((dns, net)) = mail.dns {
        let inspection = with_dns(&message, dns, net, &policy)?;
        judge(mail.message, &inspection, how)?.outcome?;
    }
    let (prepared, time) =
        timed(|| prepare_under(&message, &salt, mail.registry, &policy, &reveal));
    Ok(Checked { prepared: prepared?, holds: inspection.holds, notes, time })
}

pub fn run(args: &HiArgs, command: &ProveArgs) -> CommandResult {
    let (message, salt) = match (&command.batch, &command.message, &command.salt_file) {
        (Some(folder), ..) => return batch::run(args, command, folder),
        (None, Some(message), Some(salt)) => (message, salt),
        // clap asks for both.
        _ => return Err(Fault::input("MESSAGE", "no message, or no salt file, is given").into()),
    };
    let progress = args.progress.as_ref();
    let overwrite = if command.force { Overwrite::Replace } else { Overwrite::Never };
    // Before minutes of work, not after.
    check_target(&command.out, overwrite)?;
    let registry = read_registry(&command.registry)?;
    let dns = command.dns.as_ref().map(|dns| (dns, &command.net));
    let checked = check(&command.how, &Mail { message, salt, registry: &registry, dns }, progress)?;
    checked.lines().iter().for_each(|line| progress.note(line));

    let layout = command.layout.layout;
    let (prover, key_time) = timed(|| {
        let srs = args.cache()?.read_default_srs(layout.k, layout.fold, progress)?;
        prover(args, srs, layout, Reuse::Cached)
    });
    let prover = prover?;

    let (circuit, witness_time) = timed(|| prover.circuit(&checked.prepared));
    let circuit = circuit?;
    let (proof, prove_time) =
        timed(|| prover.prove_circuit(circuit, &checked.prepared.public, OsRng, progress));
    let proof = proof?;
    write_proof(&command.out, &proof, overwrite)?;

    args.output.result(
        "prove",
        SUCCESS,
        json!({
            "verdict": "proved",
            "holds": checked.holds,
            "notes": checked.notes,
            "file": shown(&command.out),
            "srs": proof.srs,
            "vk_sha256": proof.vk_sha256.to_string(),
            "proof_bytes": proof.proof.len(),
            "public": PublicView::new(&proof.public_inputs)?,
            "timings": {
                "inspect": checked.time, "keys": key_time, "witness": witness_time,
                "prove_and_verify": prove_time,
            },
        }),
    )?;
    args.output.text(format!(
        "proved; {} bytes of proof in {}\npublic:\n{}\ntimes:\n{}\n{}\n{}\n{}",
        proof.proof.len(),
        shown(&command.out),
        public_lines(&proof.public_inputs)?,
        timing_line("inspection", &checked.time),
        timing_line("reading SRS and key", &key_time),
        timing_line("witness", &witness_time),
        timing_line("proving and verifying", &prove_time),
    ))?;
    Ok(SUCCESS)
}
