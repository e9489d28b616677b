//! Asks of every constraint of the statement's circuit what it is for.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_attacks::determinism::{
    assertions, drops,
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
    /// Leaves out single instances, and weakens others, drawn over kinds and positions, and says what notices each
    Drops {
        /// How many to leave out, and how many to weaken, in both layouts together
        #[arg(long, default_value_t = 20)]
        sample: usize,
        /// What chooses them
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// One JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Prints the lists that are checked in, as the circuit is now
    Lists,
}

fn main() -> Result<ExitCode> {
    match Options::parse().command {
        Command::Determinism { json } => determinism(json),
        Command::Drops { sample, seed, json } => drops(sample, seed, json),
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

fn drops(sample: usize, seed: u64, json: bool) -> Result<ExitCode> {
    let mut figures = drops::Figures::default();
    for (i, (name, params)) in LAYOUTS.into_iter().enumerate() {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(i as u64);
        // Of an odd number, one more in the first layout.
        let count = (sample + 1 - i) / 2;
        let subject = Subject::new(name, params);
        drops::run(&subject, count, &mut rng, &mut figures, &mut |line| eprintln!("{line}"));
    }
    if json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        println!("{figures:#?}");
    }
    let explained = figures.unnoticed.iter().all(|unnoticed| unnoticed.reason.is_some());
    Ok(if explained { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
