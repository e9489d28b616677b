//! `prove --batch`: many mails in one process, one after the other: keys are loaded once, and memory is that of one proof.
//!
//! Each proof appears whole, so a run that was stopped goes on where it was: what has a proof under this key is passed over.
//! A mail that can't be proved is reported and does not stop the rest.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::rngs::OsRng;
use serde_json::json;
use zkdkim_plonk::progress::Silent;
use zkdkim_prover::{Expected, Prover, Verifier};
use zkdkim_relation::KeyRegistry;
use zkdkim_store::{
    documents::{read_proof, read_registry, write_proof},
    files, Error as StoreError, Overwrite, Reuse,
};

use super::{
    prove::{self, Mail},
    prover, CommandResult, Stop, SUCCESS,
};
use crate::{
    cli::{HiArgs, ProveArgs},
    fault::{Fault, INVALID},
    output::shown,
};

/// What became of a mail.
enum Outcome {
    Proved,
    /// Its proof was there.
    Kept,
}

pub fn run(args: &HiArgs, command: &ProveArgs, folder: &Path) -> CommandResult {
    let progress = args.progress.as_ref();
    let mails = mails(folder)?;
    files::make_folder(&command.out)?;
    let registry = read_registry(&command.registry)?;
    let layout = command.layout.layout;
    let srs = args.cache()?.read_default_srs(layout.k, layout.fold, progress)?;
    let prover = prover(args, srs, layout, Reuse::Cached)?;

    let (mut proved, mut kept, mut failed) = (0usize, 0usize, 0usize);
    let mut spent = Duration::ZERO;
    progress.start("proving mails", Some(mails.len() as u64));
    for (done, mail) in mails.iter().enumerate() {
        progress.advance(done as u64);
        let out = command.out.join(name_of(mail)).with_extension("proof.json");
        let started = Instant::now();
        let outcome = one(args, command, &prover, &registry, mail, &out);
        match outcome {
            Ok(Outcome::Proved) => {
                proved += 1;
                spent += started.elapsed();
            }
            Ok(Outcome::Kept) => kept += 1,
            Err(_) => failed += 1,
        }
        let left =
            spent.checked_div(proved as u32).map(|each| each * (mails.len() - done - 1) as u32);
        report(args, mail, &out, (done + 1, mails.len()), left, outcome)?;
    }
    progress.finish();

    let code = if failed == 0 { SUCCESS } else { INVALID };
    let verdict = if failed == 0 { "proved" } else { "invalid" };
    args.output.result(
        "prove-batch",
        code,
        json!({
            "verdict": verdict,
            "mails": mails.len(),
            "proved": proved,
            "kept": kept,
            "failed": failed,
            "vk_sha256": prover.key().verifier().sha256().to_string(),
        }),
    )?;
    args.output.text(format!("{proved} proved, {kept} proved before, {failed} failed"))?;
    Ok(code)
}

/// The mails of a folder, `*.eml`, by name.
fn mails(folder: &Path) -> Result<Vec<PathBuf>, Stop> {
    let read = |e| StoreError::io("read", folder)(e);
    let mut mails = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "eml") {
            mails.push(path);
        }
    }
    mails.sort();
    if mails.is_empty() {
        let detail = format!("{} holds no file NAME.eml", folder.display());
        return Err(Fault::input("--batch", detail).into());
    }
    Ok(mails)
}

fn name_of(mail: &Path) -> PathBuf {
    mail.file_name().map_or_else(PathBuf::new, PathBuf::from)
}

fn one(
    args: &HiArgs,
    command: &ProveArgs,
    prover: &Prover,
    registry: &KeyRegistry,
    mail: &Path,
    out: &Path,
) -> Result<Outcome, Fault> {
    if out.exists() && !command.force {
        // Whatever lies there is looked at: a proof of another key or version is not passed over in silence.
        let proof = read_proof(out)?;
        let verifier = Verifier::allowing_insecure_dev(prover.key().verifier().clone());
        verifier.verify(&proof, &Expected::default())?;
        return Ok(Outcome::Kept);
    }
    let mut how = command.how.clone();
    let sealing = mail.with_extension("sealing");
    if sealing.exists() {
        how.blinding_file = Some(sealing);
    }
    let dns = command.dns.as_ref().map(|dns| (dns, &command.net));
    let files = Mail { message: mail, salt: &salt_of(command, mail)?, registry, dns };
    let checked = prove::check(&how, &files, args.progress.as_ref())?;
    for line in checked.lines() {
        args.progress.note(&format!("{}: {line}", mail.display()));
    }
    let circuit = prover.circuit(&checked.prepared)?;
    let proof = prover.prove_circuit(circuit, &checked.prepared.public, OsRng, &Silent)?;
    let overwrite = if command.force { Overwrite::Replace } else { Overwrite::Never };
    write_proof(out, &proof, overwrite)?;
    Ok(Outcome::Proved)
}

/// `NAME.salt` beside `NAME.eml`, or the salt of all.
fn salt_of(command: &ProveArgs, mail: &Path) -> Result<PathBuf, Fault> {
    let own = mail.with_extension("salt");
    if own.exists() {
        return Ok(own);
    }
    command.salt_file.clone().ok_or_else(|| {
        let detail = format!("there is neither {} nor a salt for all", own.display());
        Fault::input("--salt-file", detail)
    })
}

fn report(
    args: &HiArgs,
    mail: &Path,
    out: &Path,
    (number, of): (usize, usize),
    left: Option<Duration>,
    outcome: Result<Outcome, Fault>,
) -> Result<(), Stop> {
    let left_s = left.map(|left| left.as_secs_f64().round());
    let place = match left_s {
        Some(left) if number < of => format!("{number} of {of}, about {left} s left"),
        _ => format!("{number} of {of}"),
    };
    let (verdict, fault) = match &outcome {
        Ok(Outcome::Proved) => ("proved", None),
        Ok(Outcome::Kept) => ("kept", None),
        Err(fault) => (fault.verdict(), Some(fault)),
    };
    args.output.object(
        "prove-mail",
        json!({
            "verdict": verdict,
            "mail": shown(mail),
            "file": outcome.is_ok().then(|| shown(out)),
            "rule": fault.map(Fault::id),
            "detail": fault.map(ToString::to_string),
            "hint": fault.and_then(Fault::hint),
            "seconds_left": left_s,
        }),
    )?;
    let text = match fault {
        None => format!("{verdict} ({place}): {}", shown(out)),
        Some(fault) => {
            let hint = fault.hint().map_or_else(String::new, |hint| format!("\n   hint: {hint}"));
            format!("{verdict} ({place}): {}: {fault}{hint}", shown(mail))
        }
    };
    Ok(args.output.text(text)?)
}
