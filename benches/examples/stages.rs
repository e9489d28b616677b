//! Where a proof's time goes: CPU seconds of each stage, medians of five proofs.
//!
//! ```sh
//! cargo run --release -p zkdkim-benches --example stages -- on-chain
//! cargo run --release -p zkdkim-benches --example stages -- 14 6 1     # k, lookups a row, fold
//! ```

use std::collections::BTreeMap;

use anyhow::{bail, Context, Result};
use rand::rngs::OsRng;
use zkdkim_benches::sample;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    folded::{prove_observed, Stage},
    keys::ProverKey,
    progress::Silent,
    srs::Srs,
};
use zkdkim_store::timing::cpu_time;

const RUNS: usize = 5;

fn params() -> Result<CircuitParams> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(CircuitParams::ON_CHAIN),
        [name] => CircuitParams::named(name).context("on-chain, middle or quick"),
        [k, lookups, fold] => {
            Ok(CircuitParams { k: k.parse()?, lookups: lookups.parse()?, fold: fold.parse()? })
        }
        _ => bail!("a layout's name, or k, lookups a row and fold"),
    }
}

fn main() -> Result<()> {
    let params = params()?;
    let (input, public) = sample::statement(&sample::registry()?)?;
    let public = public.to_instances();
    let srs = Srs::insecure_dev(params.k, params.fold)?;
    let key = ProverKey::<StatementCircuit>::generate(&srs, &params, &Silent)?;
    let now = || cpu_time().context("the system does not tell CPU times").map(|t| t.as_secs_f64());
    let mut times: BTreeMap<Stage, Vec<f64>> = BTreeMap::new();
    for _ in 0..RUNS {
        let circuit = StatementCircuit::new(params, &input)?;
        let mut entered: Vec<(Stage, f64)> = vec![];
        let mut enter = |stage| entered.push((stage, now().unwrap_or_default()));
        prove_observed(srs.bases(), key.pk(), &circuit, &[&public], OsRng, &mut enter)?;
        let end = now()?;
        let ends = entered.iter().skip(1).map(|(_, at)| *at).chain([end]);
        for ((stage, begin), end) in entered.iter().zip(ends) {
            times.entry(*stage).or_default().push(end - begin);
        }
    }
    let mut sum = 0.0;
    for (stage, mut times) in times {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        sum += median;
        println!("{:<20} {median:.3} CPU-s", format!("{stage:?}"));
    }
    println!("{:<20} {sum:.3} CPU-s", "together");
    Ok(())
}
