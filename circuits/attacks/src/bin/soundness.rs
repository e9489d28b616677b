//! Asks of every constraint of the statement's circuit what it is for.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;
use clap::{Parser, Subcommand};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::Serialize;
use zkdkim_attacks::determinism::{
    assertions, compare, cross, drops, grammar,
    report::report,
    subject::{Subject, LAYOUTS},
    unread, whole,
};
use zkdkim_circuits::statement::CircuitParams;
use zkdkim_determinism::evaluate::Program;

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
        /// Only this layout
        #[arg(long, value_name = "NAME")]
        layout: Option<String>,
        /// Every instance instead of a sample, and nothing weakened
        #[arg(long)]
        all: bool,
        /// Of `--all`, the Ith part of N, counted from 1
        #[arg(long, value_name = "I/N", default_value = "1/1", value_parser = shard)]
        shard: (usize, usize),
        /// Of `--all`, only instances whose name contains this
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
        /// What `--all` has looked at one by one: a line of JSON an instance, read when it goes on
        #[arg(long, value_name = "FILE")]
        state: Option<PathBuf>,
        /// One JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Compares the constraints, run as a function, with the native reference on many headers
    Evaluate {
        /// How many headers a layout
        #[arg(long, default_value_t = 100)]
        headers: usize,
        /// What was done: a line of JSON for each part, read when it goes on
        #[arg(long, value_name = "FILE")]
        state: Option<PathBuf>,
        /// What chooses them
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only this layout
        #[arg(long, value_name = "NAME")]
        layout: Option<String>,
        /// One JSON object a layout and line on standard output
        #[arg(long)]
        json: bool,
    },
    /// Compares what `drops --all` finds at once with deriving again
    Lanes {
        /// How many instances a layout, besides one of each kind
        #[arg(long, default_value_t = 100)]
        sample: usize,
        /// What chooses them
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only this layout
        #[arg(long, value_name = "NAME")]
        layout: Option<String>,
        /// One JSON object a layout and line on standard output
        #[arg(long)]
        json: bool,
    },
    /// Compares the circuit's verdict on headers that break the grammar in one place with the native parser's
    Grammar {
        /// How many headers a layout
        #[arg(long, default_value_t = 1_000)]
        headers: usize,
        /// What chooses them
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only this layout
        #[arg(long, value_name = "NAME")]
        layout: Option<String>,
        /// One JSON object a layout and line on standard output
        #[arg(long)]
        json: bool,
    },
    /// Prints the lists that are checked in, as the circuit is now
    Lists,
}

/// `I/N` with 1 ≤ I ≤ N.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    let fits = |(i, n): &(usize, usize)| (1..=*n).contains(i);
    numbers.filter(fits).ok_or_else(|| "a shard is I/N with I from 1 to N".to_owned())
}

fn main() -> Result<ExitCode> {
    match Options::parse().command {
        Command::Determinism { json } => determinism(json),
        Command::Drops { sample, seed, layout, all, shard, only, state, json } => {
            let whole = all.then_some(whole::Share { shard, only, state });
            drops(&layouts(layout.as_deref())?, sample, seed, whole, json)
        }
        Command::Evaluate { headers, seed, state, layout, json } => {
            evaluate(&layouts(layout.as_deref())?, (headers, seed), state.as_deref(), json)
        }
        Command::Grammar { headers, seed, layout, json } => {
            grammar(&layouts(layout.as_deref())?, headers, seed, json)
        }
        Command::Lanes { sample, seed, layout, json } => {
            lanes(&layouts(layout.as_deref())?, sample, seed, json)
        }
        Command::Lists => lists(),
    }
}

type Layouts = Vec<(&'static str, CircuitParams)>;

/// All layouts, or the one of a name.
fn layouts(name: Option<&str>) -> Result<Layouts> {
    let chosen: Layouts =
        LAYOUTS.into_iter().filter(|(own, _)| name.is_none_or(|name| name == *own)).collect();
    anyhow::ensure!(!chosen.is_empty(), "no layout `{}`: on-chain or quick", name.unwrap_or(""));
    Ok(chosen)
}

/// Does the same for each layout, side by side; results in order.
fn each<T: Send>(layouts: &Layouts, work: impl Fn(usize, &Subject) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let start = |(i, (name, params)): (usize, &(&'static str, CircuitParams))| {
            let (name, params, work) = (*name, *params, &work);
            scope.spawn(move || work(i, &Subject::new(name, params)))
        };
        let threads: Vec<_> = layouts.iter().enumerate().map(start).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, T>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}

fn determinism(json: bool) -> Result<ExitCode> {
    let mut good = true;
    for report in each(&LAYOUTS.to_vec(), |_, subject| report(subject)) {
        for problem in &report.problems {
            eprintln!("{}: {problem}", report.figures.layout);
        }
        good &= report.problems.is_empty();
        print(&report.figures, json)?;
    }
    Ok(exit(good))
}

fn drops(
    layouts: &Layouts,
    sample: usize,
    seed: u64,
    whole: Option<whole::Share>,
    json: bool,
) -> Result<ExitCode> {
    let results = each(layouts, |i, subject| -> Result<drops::Figures> {
        let mut figures = drops::Figures::default();
        if let Some(share) = &whole {
            let mut say = |line| eprintln!("{line}");
            whole::run(subject, share, &mut figures, &mut say)?;
            return Ok(figures);
        }
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        rng.set_stream(i as u64);
        // What is left over goes to the first layouts.
        let count = (sample + layouts.len() - 1 - i) / layouts.len();
        drops::run(subject, count, &mut rng, &mut figures, &mut |line| eprintln!("{line}"));
        Ok(figures)
    });
    let mut figures = drops::Figures::default();
    for result in results {
        figures.add(result?);
    }
    print(&figures, json)?;
    Ok(exit(figures.unnoticed.iter().all(|unnoticed| unnoticed.reason.is_some())))
}

fn evaluate(
    layouts: &Layouts,
    headers: (usize, u64),
    state: Option<&Path>,
    json: bool,
) -> Result<ExitCode> {
    let all = each(layouts, |_, subject| {
        let check = subject.check();
        let derivation = check.derive();
        let program = Program::new(&check, &derivation);
        let mut say = |line: String| eprintln!("{line}");
        compare::run(subject, &check, &program, headers, state, &mut say)
    });
    let all: Vec<compare::Figures> = all.into_iter().collect::<Result<_>>()?;
    for figures in &all {
        print(figures, json)?;
    }
    Ok(exit(all.iter().all(|figures| figures.differences == 0)))
}

fn lanes(layouts: &Layouts, sample: usize, seed: u64, json: bool) -> Result<ExitCode> {
    let all = each(layouts, |_, subject| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        cross::run(subject, sample, &mut rng, &mut |line| eprintln!("{line}"))
    });
    for figures in &all {
        print(figures, json)?;
    }
    Ok(exit(all.iter().all(|figures| figures.wrong == 0)))
}

fn grammar(layouts: &Layouts, headers: usize, seed: u64, json: bool) -> Result<ExitCode> {
    let all = each(layouts, |_, subject| {
        let check = subject.check();
        let derivation = check.derive();
        let rng = ChaCha20Rng::seed_from_u64(seed);
        grammar::run(subject, &check, &derivation, headers, rng, &mut |line| eprintln!("{line}"))
    });
    for figures in &all {
        print(figures, json)?;
    }
    Ok(exit(all.iter().all(|figures| figures.differences == 0)))
}

fn print(figures: &(impl Serialize + std::fmt::Debug), json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(figures)?);
    } else {
        println!("{figures:#?}");
    }
    Ok(())
}

fn exit(good: bool) -> ExitCode {
    match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
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
