//! Measures what the README's table says, and prints its rows; and every layout and fold, for its plot.
//!
//! Keys are made in a process of their own, so that the peak memory is that of proving.

use std::{path::Path, process::Command};

use anyhow::{bail, ensure, Context, Result};
use rand::rngs::OsRng;
use zkdkim_benches::{
    curve,
    layouts::{measure, peak_memory},
    sample,
};
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{keys::ProverKey, progress::Silent, prove::prove, verify::verify};
use zkdkim_prover::Proof;
use zkdkim_store::{
    timing::{timed, Timing},
    KeyCache, Reuse,
};
use zkdkim_verifier_sol::{Artifacts, Sources};

const RUNS: usize = 5;

const USAGE: &str = "\
usage: figures [on-chain | middle | quick]
       figures --json [on-chain | middle | quick]
       figures --curve [FOLDER]

Without an option, rows of a table for people. With --json one object: the layout proved by this project's prover and
by Halo2's, and verified in an EVM. With --curve every fold of both circuits, as a table; with FOLDER also as curve.md,
curve.json and curve.svg in it.";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => all("on-chain"),
        ["--json"] => json("on-chain"),
        ["--json", layout] => json(layout),
        ["--point", k, lookups, fold] => {
            let params =
                CircuitParams { k: k.parse()?, lookups: lookups.parse()?, fold: fold.parse()? };
            println!("{}", serde_json::to_string(&measure(params, curve::RUNS)?)?);
            Ok(())
        }
        ["--curve"] => curve::run(None),
        ["--curve", folder] => curve::run(Some(Path::new(folder))),
        [layout] => all(layout),
        [layout, folder] => keys(params(layout)?, Path::new(folder)),
        _ => bail!("{USAGE}"),
    }
}

fn params(layout: &str) -> Result<CircuitParams> {
    CircuitParams::named(layout).context(USAGE)
}

fn json(layout: &str) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(&measure(params(layout)?, RUNS)?)?);
    Ok(())
}

fn all(layout: &str) -> Result<()> {
    let params = params(layout)?;
    let folder = tempfile::tempdir()?;
    let program = std::env::current_exe()?;
    let make = Command::new(program).arg(layout).arg(folder.path()).status()?;
    ensure!(make.success(), "making the keys failed");
    figures(params, folder.path())
}

fn row(name: &str, value: &str) {
    println!("| {name} | {value} |");
}

fn keys(params: CircuitParams, folder: &Path) -> Result<()> {
    let cache = KeyCache::open(folder)?;
    println!("| figure | value |\n| --- | --- |");
    let (srs, timing) = timed(|| cache.insecure_dev_srs(params.k, params.fold, &Silent));
    let srs = srs?;
    row("SRS, development", &seconds(&[timing]));
    let (key, timing) = timed(|| ProverKey::<StatementCircuit>::generate(&srs, &params, &Silent));
    key?;
    row("key generation", &seconds(&[timing]));
    cache.prover_key::<StatementCircuit>(&srs, &params, Reuse::Cached, &Silent)?;
    Ok(())
}

fn figures(params: CircuitParams, folder: &Path) -> Result<()> {
    let cache = KeyCache::open(folder)?;
    let (srs, load) = timed(|| cache.insecure_dev_srs(params.k, params.fold, &Silent));
    let srs = srs?;
    let path = cache.srs_path(srs.kind(), params.k, params.fold);
    row("SRS, file", &megabytes(std::fs::metadata(&path)?.len()));
    row("SRS, loading with all checks", &seconds(&[load]));
    let (key, load) =
        timed(|| cache.prover_key::<StatementCircuit>(&srs, &params, Reuse::Cached, &Silent));
    let key = key?;
    let path = cache.key_path::<StatementCircuit>(srs.kind(), &params)?;
    row("verifying key, file", &format!("{} bytes", std::fs::metadata(&path)?.len()));
    row("keys, loading", &seconds(&[load]));

    let registry = sample::registry()?;
    let mut native = Vec::new();
    let mut witness = Vec::new();
    let mut proving = Vec::new();
    let mut checking = Vec::new();
    let mut last = None;
    for _ in 0..RUNS {
        let (statement, timing) = timed(|| sample::statement(&registry));
        let (input, public) = statement?;
        native.push(timing);
        let instances = public.to_instances();
        let (circuit, first) = timed(|| StatementCircuit::new(params, &input));
        witness.push(first);
        let (proof, rest) =
            timed(|| circuit.map(|c| prove(&srs, &key, c, &instances, OsRng, &Silent)));
        let proof = proof??;
        proving.push(sum(&first, &rest));
        let (verdict, timing) = timed(|| verify(key.verifier(), &instances, &proof));
        verdict?;
        checking.push(timing);
        last = Some(Proof::new(key.verifier(), instances.to_vec(), proof));
    }
    let memory = peak_memory();
    let proof = last.context("no run")?;
    row("message to statement, natively", &seconds(&native));
    row("witness, first phase", &seconds(&witness));
    row("proving, witness and own check included", &seconds(&proving));
    row("peak memory of proving", &memory.map_or("unknown".into(), megabytes));
    row("native verification", &seconds(&checking));
    row("proof", &format!("{} bytes", proof.proof.len()));

    let sources = Sources::for_key(key.verifier())?;
    let contracts = Artifacts::for_key(key.verifier(), &sources, None)?;
    let run = contracts.measure(proof.calldata())?;
    row("gas, whole verifying transaction", &run.gas.to_string());
    row("gas, deployment of both contracts", &run.deployment_gas.to_string());
    row("code, verifier", &format!("{} bytes", run.verifier_bytes));
    row("code, key contract", &format!("{} bytes", run.key_bytes));
    Ok(())
}

fn sum(a: &Timing, b: &Timing) -> Timing {
    let cpu_s = a.cpu_s.zip(b.cpu_s).map(|(a, b)| a + b);
    Timing { wall_s: a.wall_s + b.wall_s, cpu_s }
}

/// Median and best wall time, median CPU time.
fn seconds(timings: &[Timing]) -> String {
    let sorted = |value: fn(&Timing) -> f64| {
        let mut values: Vec<f64> = timings.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let (wall, cpu) = (sorted(|t| t.wall_s), sorted(|t| t.cpu_s.unwrap_or(f64::NAN)));
    let middle = timings.len() / 2;
    let text = format!("{:.3} s wall, {:.3} CPU-s", wall[middle], cpu[middle]);
    match timings.len() {
        1 => text,
        n => format!("{text} (medians of {n}; best wall {:.3} s)", wall[0]),
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
