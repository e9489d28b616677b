//! What a layout costs: proving beside the stock prover, and gas.

use anyhow::{ensure, Context, Result};
use rand::rngs::OsRng;
use serde::Serialize;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    calldata::{encode_batch_calldata, encode_calldata},
    halo2curves::bn256::Fr,
    keys::{ProverKey, VerifierKey},
    progress::Silent,
    prove::prove,
    srs::Srs,
};
use zkdkim_store::timing::{timed, Timing};
use zkdkim_verifier_sol::{Artifacts, Evm, InsecureSetup, Sources, Verdict};

use crate::{sample, stock::Stock};

/// Proofs in the batch whose gas is measured.
const BATCH: usize = 10;

/// One layout, measured. Times are medians, of the whole process.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The layout's name, or what it is made of where none of this size ships.
    pub layout: String,
    /// Binary logarithm of the number of rows.
    pub k: u32,
    /// Polynomials in one commitment.
    pub fold: usize,
    /// CPU seconds of a proof and its check, from the private input on.
    pub prove_cpu_s: Option<f64>,
    /// The same in wall time.
    pub prove_wall_s: f64,
    /// CPU seconds of the stock prover with the same circuit, its own check included.
    pub stock_prove_cpu_s: Option<f64>,
    /// Most memory resident while proving, parameters and key included; in 10^6 bytes.
    pub peak_mb: Option<f64>,
    /// Length of a proof.
    pub proof_bytes: usize,
    /// Gas of the transaction that verifies one proof.
    pub gas: u64,
    /// What each of nine more proofs adds to the gas of that transaction.
    pub batch_marginal_gas: u64,
    /// Code of the verifier and of its key.
    pub code_bytes: (usize, usize),
    /// The same proof on 1, 2, 4, 8 and 16 threads, as far as the machine has them.
    pub by_threads: Vec<OnThreads>,
}

/// A proof's time on so many threads.
#[derive(Clone, Debug, Serialize)]
pub struct OnThreads {
    /// How many.
    pub threads: usize,
    /// Wall time in seconds.
    pub prove_wall_s: f64,
    /// CPU seconds.
    pub prove_cpu_s: Option<f64>,
}

/// Proves `runs` times with each prover, and verifies one proof and a batch in an EVM.
///
/// # Errors
///
/// Where anything fails, a refusal by a verifier included.
pub fn measure(params: CircuitParams, runs: usize) -> Result<Figures> {
    let registry = sample::registry()?;
    let (input, public) = sample::statement(&registry)?;
    let public = public.to_instances().to_vec();

    let srs = Srs::insecure_dev(params.k, params.fold)?;
    let key = ProverKey::<StatementCircuit>::generate(&srs, &params, &Silent)?;
    forget_peak();
    let (mut timings, mut proofs) = (vec![], vec![]);
    for _ in 0..runs {
        let (proof, timing) = timed(|| -> Result<Vec<u8>> {
            let circuit = StatementCircuit::new(params, &input)?;
            Ok(prove(&srs, &key, circuit, &public, OsRng, &Silent)?)
        });
        proofs.push(proof?);
        timings.push(timing);
    }
    let peak_mb = peak_memory().map(|bytes| bytes as f64 / 1e6);
    let gas = verify_on_chain(key.verifier(), &public, &proofs)?;
    let there = std::thread::available_parallelism()?.get();
    let mut by_threads = vec![];
    for threads in [1, 2, 4, 8, 16].into_iter().filter(|threads| *threads <= there) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let mut timings = vec![];
        for _ in 0..runs {
            let (proof, timing) = timed(|| -> Result<Vec<u8>> {
                let circuit = StatementCircuit::new(params, &input)?;
                Ok(pool.install(|| prove(&srs, &key, circuit, &public, OsRng, &Silent))?)
            });
            proof?;
            timings.push(timing);
        }
        by_threads.push(OnThreads {
            threads,
            prove_wall_s: median(&timings, |t| Some(t.wall_s)).context("no run")?,
            prove_cpu_s: median(&timings, |t| t.cpu_s),
        });
    }
    drop((srs, key));

    let keys = Stock::new(params.k, &StatementCircuit::keygen(params))?;
    let mut stock = vec![];
    for _ in 0..runs {
        let (proof, timing) = timed(|| -> Result<()> {
            let circuit = StatementCircuit::new(params, &input)?;
            let proof = keys.prove(circuit, &[&public])?;
            keys.verify(&[&public], &proof)
        });
        proof?;
        stock.push(timing);
    }
    let CircuitParams { k, lookups, fold } = params;
    let layout = match params.name() {
        Some(name) => name.to_owned(),
        None => format!("k {k}, {lookups} lookups a row, fold {fold}"),
    };
    Ok(Figures {
        layout,
        k,
        fold,
        prove_cpu_s: median(&timings, |t| t.cpu_s),
        prove_wall_s: median(&timings, |t| Some(t.wall_s)).context("no run")?,
        stock_prove_cpu_s: median(&stock, |t| t.cpu_s),
        peak_mb,
        proof_bytes: proofs[0].len(),
        gas: gas.one,
        batch_marginal_gas: gas.batch.saturating_sub(gas.one) / (BATCH as u64 - 1),
        code_bytes: gas.code_bytes,
        by_threads,
    })
}

struct Gas {
    one: u64,
    batch: u64,
    code_bytes: (usize, usize),
}

fn verify_on_chain(
    key: &VerifierKey<StatementCircuit>,
    public: &[Fr],
    proofs: &[Vec<u8>],
) -> Result<Gas> {
    let contracts = Artifacts::for_key(key, &Sources::for_key(key)?, None)?;
    let mut evm = Evm::new();
    let deployed = contracts.deploy(&mut evm, InsecureSetup::Accept)?;
    let mut gas = |calldata: Vec<u8>| -> Result<u64> {
        let outcome = evm.call(deployed.verifier, calldata)?;
        ensure!(outcome.verdict() == Verdict::Valid, "{:?}", outcome.verdict());
        Ok(outcome.gas_used)
    };
    let all = proofs.iter().cycle().take(BATCH).map(|proof| (&proof[..], public));
    Ok(Gas {
        one: gas(encode_calldata(&proofs[0], public))?,
        batch: gas(encode_batch_calldata(all))?,
        code_bytes: (contracts.verifier.size, contracts.key.size),
    })
}

/// None where the system does not tell one of the times.
fn median(timings: &[Timing], of: fn(&Timing) -> Option<f64>) -> Option<f64> {
    let mut all: Vec<f64> = timings.iter().map(of).collect::<Option<_>>()?;
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).map(|t| (t * 1000.0).round() / 1000.0)
}

/// The most memory that this process had resident, in bytes; Linux only.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Lets the peak begin anew, where the system can.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
