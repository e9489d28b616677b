//! Asks of every constraint of the statement's circuit what it is for.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use zkdkim_attacks::determinism::{
    assertions,
    report::report,
    subject::{Subject, LAYOUTS},
    unread,
};

/// Asks of every constraint of the statement's circuit what it is for, in both layouts.
///
/// Exit code 0 if everything is decided and explained, 1 if not.
#[derive(Parser)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Which cells are determined, and what each instance of a constraint is for
    Determinism {
        /// One JSON object a layout and line on standard output
        #[arg(long)]
        json: bool,
    },
    /// Prints the lists that are checked in, as the circuit is now
    Lists,
}

fn main() -> Result<ExitCode> {
    match Options::parse().command {
        Command::Determinism { json } => determinism(json),
        Command::Lists => lists(),
    }
}

fn determinism(json: bool) -> Result<ExitCode> {
    let mut good = true;
    for (name, params) in LAYOUTS {
        let report = report(&Subject::new(name, params));
        for problem in &report.problems {
            eprintln!("{name}: {problem}");
        }
        good &= report.problems.is_empty();
        if json {
            println!("{}", serde_json::to_string(&report.figures)?);
        } else {
            println!("{:#?}", report.figures);
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lists() -> Result<ExitCode> {
    for (name, params) in LAYOUTS {
        let subject = Subject::new(name, params);
        let unread_cells = subject.check().unread();
        for line in unread::lines(name, &subject.statement, &unread_cells) {
            println!("{line}");
        }
        for line in assertions::lines(report(&subject).spare) {
            println!("{name} spare {line}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
