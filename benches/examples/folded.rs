//! Proves the statement's circuit with folded openings and, in the same process, with the stock prover:
//!
//! ```text
//! cargo run --release -p zkdkim-benches --example folded -- [on-chain|quick] [FOLD] [RUNS]
//! ```
//!
//! Either prover's time includes the witness; the stock prover's also its own check of the proof.
//!
//! Prints CPU seconds (of all threads), wall seconds, peak memory (of the process, from the start of the first proof) and
//! sizes; medians of RUNS. Linux only: times and peak come from /proc.

use std::{error::Error, fs, time::Instant};

use rand::rngs::OsRng;
use zkdkim_benches::sample;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    folded::{prove, prove_observed, verify, Cosets, ProvingKey, Srs, Stage, VerifyingKey},
    halo2curves::{bn256::Fr, ff::Field},
    keys::ProverKey,
    progress::Silent,
    srs::Srs as StockSrs,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// User and system time of the process, in seconds (ticks of 10 ms).
fn cpu() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    let kb = line.split_whitespace().next().and_then(|x| x.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}

struct Clock(f64, Instant);

impl Clock {
    fn start() -> Self {
        Self(cpu(), Instant::now())
    }

    fn read(&self) -> (f64, f64) {
        (cpu() - self.0, self.1.elapsed().as_secs_f64())
    }
}

fn median(mut all: Vec<(f64, f64)>) -> (f64, f64) {
    let mut middle = |key: fn(&(f64, f64)) -> f64| {
        all.sort_by(|a, b| key(a).total_cmp(&key(b)));
        key(&all[all.len() / 2])
    };
    (middle(|t| t.0), middle(|t| t.1))
}

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |i: usize, default: &str| args.get(i).cloned().unwrap_or_else(|| default.into());
    let params = match &arg(0, "on-chain")[..] {
        "on-chain" => CircuitParams::ON_CHAIN,
        "quick" => CircuitParams::QUICK,
        other => return Err(format!("no layout is called {other}").into()),
    };
    let fold: usize = arg(1, "8").parse()?;
    let runs: usize = arg(2, "3").parse()?;
    let (input, public) = sample::statement(&sample::registry()?)?;
    let public = public.to_instances().to_vec();
    let instances: &[&[Fr]] = &[&public];

    let clock = Clock::start();
    let srs = Srs::insecure(params.k, fold, 5, OsRng)?;
    println!(
        "k {}, fold {fold}: parameters of {} points: {:.2} CPU-s",
        params.k,
        srs.powers().len(),
        clock.read().0
    );
    let clock = Clock::start();
    let blank = StatementCircuit::keygen(params);
    let cosets = if std::env::var("RECOMPUTE").is_ok() { Cosets::Recomputed } else { Cosets::Kept };
    let pk = ProvingKey::new(&srs, &blank, &[public.len()], cosets)?;
    let protocol = pk.vk().protocol();
    println!(
        "key: {:.2} CPU-s, {} bytes; commitments {} in the proof, {} in the key; evaluations {}; model {} gas",
        clock.read().0,
        pk.vk().to_bytes().len(),
        protocol.commitments(),
        protocol.key_groups().len(),
        protocol.evaluations(),
        protocol.model_gas()
    );
    for group in protocol.groups().filter(|_| std::env::var("SHOW_GROUPS").is_ok()) {
        println!("  {:?} at {:?}", group.columns, group.rotations);
    }

    // Peak from here on.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let mut times = Vec::new();
    let mut stages: Vec<(Stage, f64)> = Vec::new();
    let mut proof = Vec::new();
    for _ in 0..runs {
        let clock = Clock::start();
        let circuit = StatementCircuit::new(params, &input)?;
        let mut at: Vec<(Stage, f64)> = Vec::new();
        proof = prove_observed(&srs, &pk, &circuit, instances, OsRng, &mut |stage| {
            at.push((stage, cpu()));
        })?;
        let end = cpu();
        let ends = at.iter().skip(1).map(|s| s.1).chain([end]);
        stages.extend(at.iter().zip(ends).map(|((stage, from), to)| (*stage, to - from)));
        times.push(clock.read());
    }
    let peak = peak_mb();
    for (stage, _) in stages.iter().take(stages.len() / runs) {
        let mut own: Vec<f64> = stages.iter().filter(|s| s.0 == *stage).map(|s| s.1).collect();
        own.sort_by(f64::total_cmp);
        println!("  {:>18}: {:.2} CPU-s", format!("{stage:?}"), own[own.len() / 2]);
    }
    let (cpu_s, wall_s) = median(times);

    let vk = VerifyingKey::from_bytes(&pk.vk().to_bytes())?;
    let clock = Clock::start();
    verify(&vk, instances, &proof)?;
    let verified = clock.read().1;
    let mut other = public.clone();
    other[3] += Fr::ONE;
    let circuit = StatementCircuit::new(params, &input)?;
    let forged = prove(&srs, &pk, &circuit, &[&other], OsRng)?;
    if verify(&vk, &[&other], &forged).is_ok() || verify(&vk, &[&other], &proof).is_ok() {
        return Err("a false statement was accepted".into());
    }
    println!("verified in {:.1} ms; a false statement is refused", verified * 1e3);
    drop((srs, pk));

    let stock_srs = StockSrs::insecure_dev(params.k)?;
    let stock_key = ProverKey::<StatementCircuit>::generate(&stock_srs, &params, &Silent)?;
    let mut stock = Vec::new();
    for _ in 0..runs {
        let clock = Clock::start();
        let circuit = StatementCircuit::new(params, &input)?;
        zkdkim_plonk::prove::prove(&stock_srs, &stock_key, circuit, &public, OsRng, &Silent)?;
        stock.push(clock.read());
    }
    let (stock_cpu_s, stock_wall_s) = median(stock);
    println!(
        "{{\"k\": {}, \"fold\": {fold}, \"prove_cpu_s\": {cpu_s:.2}, \"prove_wall_s\": {wall_s:.2}, \
         \"stock_prove_cpu_s\": {stock_cpu_s:.2}, \"stock_prove_wall_s\": {stock_wall_s:.2}, \
         \"ratio\": {:.3}, \"peak_mb\": {peak:.0}, \"proof_bytes\": {}}}",
        params.k,
        cpu_s / stock_cpu_s,
        proof.len()
    );
    Ok(())
}
