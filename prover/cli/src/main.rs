//! The command line: `zkdkim`.

mod cli;
mod commands;
mod fault;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // clap reports a usage error itself, with exit code 2.
    let low = cli::LowArgs::parse();
    match run(low) {
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
