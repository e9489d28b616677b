//! The command line: `zkdkim`.

mod cli;
mod commands;
mod fault;
mod output;
mod progress;

use std::process::ExitCode;

use clap::{error::ErrorKind, Parser};
use fault::Fault;
use output::Output;

fn main() -> ExitCode {
    let result = match cli::LowArgs::try_parse() {
        Ok(low) => run(low),
        Err(error) => usage(&error),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // Only writing to standard output fails this way; a closed pipe is no fault.
            if output::is_broken_pipe(&error) {
                return ExitCode::SUCCESS;
            }
            eprintln!("error: {error:#}");
            ExitCode::from(fault::USAGE)
        }
    }
}

fn run(low: cli::LowArgs) -> anyhow::Result<ExitCode> {
    let (args, command) = cli::HiArgs::from_low(low);
    commands::run(&args, command)
}

/// What clap says about the arguments; help and version are no errors.
fn usage(error: &clap::Error) -> anyhow::Result<ExitCode> {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // The arguments could not be read, so whether `--json` is among them is looked up here.
    let json = std::env::args_os().skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if asked || !json {
        error.print()?;
        return Ok(ExitCode::from(if asked { 0 } else { fault::USAGE }));
    }
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let detail =
        first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let code = Output::new(true).failure("zkdkim", &Fault::Usage { detail })?;
    Ok(code.into())
}
