//! The commands, one file each. A command returns its exit code; an `anyhow` error means that its
//! results could not be written.

use std::{path::Path, process::ExitCode};

use zkdkim_circuits::statement::CircuitParams;
use zkdkim_plonk::{halo2curves::bn256::Fr, progress::Progress, srs::Srs};
use zkdkim_prover::{Prover, PublicView, Salt};
use zkdkim_store::{documents, files, timing::Timing, Reuse};

use crate::{
    cli::{Command, HiArgs},
    fault::Fault,
};

mod account;
mod ask;
mod batch;
mod commit;
mod demo;
mod dns;
mod export;
mod inspect;
mod prove;
mod providers;
mod registry;
mod salt;
mod setup;
mod subject;
mod sync;
mod verify;

/// Why a command ends early: its own fault, or standard output's.
enum Stop {
    Fault(Fault),
    Output(anyhow::Error),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Stop {
        Stop::Output(error.into())
    }
}

macro_rules! faults {
    ($($error:ty),*) => {
        $(impl From<$error> for Stop {
            fn from(error: $error) -> Stop {
                Stop::Fault(error.into())
            }
        })*
    };
}

faults!(
    Fault,
    zkdkim_store::Error,
    zkdkim_prover::Error,
    zkdkim_plonk::Error,
    zkdkim_relation::Refusal,
    zkdkim_verifier_sol::Error,
    zkdkim_dns::Error,
    zkdkim_salt_client::Error
);

type CommandResult = Result<u8, Stop>;

/// The exit code where all went well: done, provable or valid.
const SUCCESS: u8 = 0;

/// Reads the salt; one that others can read is worth a warning.
fn read_salt(path: &Path, progress: &dyn Progress) -> Result<Salt, Fault> {
    let salt = documents::read_salt(path)?;
    if files::is_readable_by_others(path) {
        let path = path.display();
        progress.note(&format!(
            "other users of this machine can read the salt in {path}, and whoever has it can guess the \
             address: chmod 600 {path}"
        ));
    }
    Ok(salt)
}

/// Runs something on so many threads; on all cores where no number is given.
fn with_threads<T: Send>(
    threads: Option<usize>,
    run: impl FnOnce() -> T + Send,
) -> Result<T, Fault> {
    let Some(threads) = threads else { return Ok(run()) };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Fault::Threads { threads, detail: e.to_string() })?;
    Ok(pool.install(run))
}

/// Runs a command to its exit code.
pub fn run(args: &HiArgs, command: Command) -> anyhow::Result<ExitCode> {
    let (name, outcome) = match with_threads(args.threads, || dispatch(args, command)) {
        Ok(result) => result,
        Err(fault) => ("zkdkim", Err(fault.into())),
    };
    match outcome {
        Ok(code) => Ok(code.into()),
        Err(Stop::Fault(error)) => Ok(args.output.failure(name, &error)?.into()),
        Err(Stop::Output(error)) => Err(error),
    }
}

fn dispatch(args: &HiArgs, command: Command) -> (&'static str, CommandResult) {
    match command {
        Command::Demo(command) => ("demo", demo::run(args, &command)),
        Command::Inspect(command) => ("inspect", inspect::run(args, &command)),
        Command::Salt(command) => ("salt", salt::run(args, &command)),
        Command::Account(command) => ("account", account::run(args, &command)),
        Command::Subject(command) => ("subject", subject::run(args, &command)),
        Command::Commit(command) => ("commit", commit::run(args, &command)),
        Command::Registry(command) => ("registry", registry::run(args, &command)),
        Command::Dns(command) => ("dns", dns::run(args, &command)),
        Command::Providers => ("providers", providers::run(args)),
        Command::Setup(command) => ("setup", setup::run(args, &command)),
        Command::Prove(command) => ("prove", prove::run(args, &command)),
        Command::Verify(command) => ("verify", verify::run(args, &command)),
        Command::ExportVerifier(command) => ("export-verifier", export::run(args, &command)),
    }
}

/// A prover with the keys of a layout, which are made where the cache has none.
fn prover(args: &HiArgs, srs: Srs, layout: CircuitParams, reuse: Reuse) -> Result<Prover, Stop> {
    let progress = args.progress.as_ref();
    setup::warn(progress, srs.kind());
    let key = args.cache()?.prover_key(&srs, &layout, reuse, progress)?;
    Ok(Prover::new(srs, key, layout)?)
}

/// The public inputs as lines.
fn public_lines(instances: &[Fr]) -> Result<String, Fault> {
    let view = PublicView::new(instances)?;
    let time = match view.not_before {
        Some(0) => "says nothing of the time".into(),
        Some(time) => format!("{time} (seconds since 1970)"),
        None => "not a number of seconds".into(),
    };
    Ok(format!(
        "  registry root  {}\n  commitment     {}\n  not before     {time}\n  nullifier      {}\n  \
         subject        {}",
        view.registry_root,
        view.commitment,
        view.nullifier,
        view.revealed(),
    ))
}

/// A named duration as a line.
fn timing_line(name: &str, timing: &Timing) -> String {
    format!("  {name:<22} {timing}")
}
