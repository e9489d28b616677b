//! Drops constraints and fixed cells of the statement's circuit, one at a time, and says whether the
//! attacks notice.
//!
//! A run can be killed and started again: what is done is read back from the state file.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result};
use clap::Parser;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_attacks::{
    determinism::subject::LAYOUTS,
    mutants::{Kind, Mutant, Suite},
    report::{Entry, Report},
    statement::Statement,
};
use zkdkim_circuits::statement::CircuitParams;

/// Plants bugs in the statement's circuit, one at a time, and says what notices each.
///
/// Exit code 0 if at least 95 of 100 were noticed and each survivor is explained in redundant.txt.
#[derive(Parser)]
struct Options {
    /// What chooses the sample
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The size of the sample
    #[arg(long, default_value_t = 100)]
    count: usize,
    /// Every mutant of a kind instead: polynomial, lookup, copy, selector or fixed
    #[arg(long, value_name = "KIND")]
    all: Option<String>,
    /// Only mutants whose description contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write the result to the file that is checked in
    #[arg(long)]
    write: bool,
    /// The layout: on-chain or quick (middle is quick's circuit)
    #[arg(long, default_value = "on-chain", value_parser = layout)]
    layout: (&'static str, CircuitParams),
    /// Forget what an earlier run has done
    #[arg(long)]
    fresh: bool,
}

/// The results that are checked in, a file a layout.
const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/mutants");

fn layout(name: &str) -> Result<(&'static str, CircuitParams), String> {
    let known = LAYOUTS.into_iter().find(|(known, _)| *known == name);
    known.ok_or_else(|| format!("there is no layout `{name}`"))
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let (name, params) = options.layout;
    let statement = Statement::in_layout(params);
    let mut suite = Suite::new(&statement);
    let mutants = chosen(&suite, &options)?;
    let path = state_path(&options);
    if options.fresh && path.exists() {
        fs::remove_file(&path)?;
    }
    let mut done = read_state(&path)?;
    let planned: Vec<String> = mutants.iter().map(|mutant| suite.describe(*mutant)).collect();
    // The state of another circuit, or cut off in the middle of a line.
    done.truncate(
        done.iter().zip(&planned).take_while(|(e, planned)| e.mutant == **planned).count(),
    );
    if !done.is_empty() {
        eprintln!("{} of {} were done before", done.len(), mutants.len());
    }
    let mut state = rewrite_state(&path, &done)?;
    let begin = Instant::now();
    for (i, mutant) in mutants.iter().enumerate().skip(done.len()) {
        let mut rng = ChaCha20Rng::seed_from_u64(options.seed);
        rng.set_stream(i as u64 + 1);
        let noticed = suite.notice(*mutant, &mut rng);
        let entry =
            Entry { kind: Suite::kind(*mutant).name().into(), mutant: planned[i].clone(), noticed };
        let verdict = entry.noticed.as_deref().unwrap_or("NOT NOTICED");
        println!("{:>4}/{} {}: {verdict}", i + 1, mutants.len(), entry.mutant);
        append(&mut state, &entry)?;
        done.push(entry);
    }
    let report = Report::new(options.seed, done);
    let all = Kind::ALL.map(|kind| format!("{} {}", suite.all(kind).len(), kind.name()));
    println!("\n{name}: there are {} mutants", all.join(", "));
    print_summary(&report, begin);
    if options.write {
        let path = Path::new(RESULTS).join(format!("{name}.json"));
        report.write(&path).with_context(|| path.display().to_string())?;
        println!("wrote {}", path.display());
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The mutants to try.
fn chosen(suite: &Suite<'_>, options: &Options) -> Result<Vec<Mutant>> {
    let mut mutants = match &options.all {
        None => suite.sample(options.seed, options.count),
        Some(name) => {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
            suite.all(kind.with_context(|| format!("there is no kind `{name}`"))?)
        }
    };
    if let Some(text) = &options.only {
        mutants.retain(|mutant| suite.describe(*mutant).contains(text));
    }
    Ok(mutants)
}

fn state_path(options: &Options) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    let what = options.all.clone().unwrap_or_else(|| options.count.to_string());
    let only = options.only.as_deref().unwrap_or("").replace(|c: char| !c.is_alphanumeric(), "-");
    target.join("mutate").join(format!("{}-{}-{what}-{only}.jsonl", options.layout.0, options.seed))
}

/// The entries of the state file up to the first line that is none.
fn read_state(path: &Path) -> Result<Vec<Entry>> {
    let Ok(file) = File::open(path) else { return Ok(Vec::new()) };
    let lines = BufReader::new(file).lines().map_while(|line| line.ok());
    Ok(lines.map_while(|line| serde_json::from_str(&line).ok()).collect())
}

/// A state file with these entries, open at its end.
fn rewrite_state(path: &Path, done: &[Entry]) -> Result<File> {
    fs::create_dir_all(path.parent().expect("a folder"))?;
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    for entry in done {
        append(&mut file, entry)?;
    }
    fs::rename(&beside, path)?;
    OpenOptions::new().append(true).open(path).with_context(|| path.display().to_string())
}

fn append(file: &mut File, entry: &Entry) -> Result<()> {
    let mut line = serde_json::to_string(entry)?;
    line.push('\n');
    file.write_all(line.as_bytes())?;
    Ok(file.flush()?)
}

fn print_summary(report: &Report, begin: Instant) {
    println!();
    for (kind, count) in &report.counts {
        println!("{kind:<12} {:>5} of {:>5} noticed", count.noticed, count.mutants);
    }
    for survivor in &report.survivors {
        let reason = survivor.reason.as_deref().unwrap_or("NOT EXPLAINED");
        println!("survivor: {}: {reason}", survivor.mutant);
    }
    println!("{:.0} s", begin.elapsed().as_secs_f64());
}
