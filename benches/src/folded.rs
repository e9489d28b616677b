//! What a layout costs with folded openings: proving beside the stock prover, and gas.

use anyhow::{ensure, Context, Result};
use rand::rngs::OsRng;
use serde::Serialize;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::{
    calldata::{encode_batch_calldata, encode_calldata},
    folded::{prove, verify, Cosets, ProvingKey, Srs, VerifyingKey},
    halo2curves::bn256::Fr,
    keys::{KeyedCircuit, ProverKey},
    progress::Silent,
    srs::Srs as StockSrs,
};
use zkdkim_store::timing::{timed, Timing};
use zkdkim_verifier_sol::{export_folded, Evm, InsecureSetup, Metadata, Setup, Solc, Verdict};

use crate::sample;

/// Proofs in the batch whose gas is measured.
const BATCH: usize = 10;

/// A circuit's parameters and a fold, by name.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// As the command line has it.
    pub name: &'static str,
    /// Rows and lookups a row.
    pub params: CircuitParams,
    /// Polynomials in one commitment.
    pub fold: usize,
}

/// From least gas to least time.
pub const LAYOUTS: [Layout; 3] = [
    Layout { name: "on-chain", params: CircuitParams::ON_CHAIN, fold: 8 },
    Layout { name: "middle", params: CircuitParams::QUICK, fold: 9 },
    Layout { name: "quick", params: CircuitParams::QUICK, fold: 4 },
];

/// One layout, measured. Times are medians, of the whole process.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The layout's name.
    pub layout: &'static str,
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
}

/// Proves `runs` times with each prover, and verifies one proof and a batch in an EVM.
///
/// # Errors
///
/// Where anything fails, a refusal by a verifier included.
pub fn measure(layout: &Layout, runs: usize) -> Result<Figures> {
    let params = layout.params;
    let registry = sample::registry()?;
    let (input, public) = sample::statement(&registry)?;
    let public = public.to_instances().to_vec();
    let columns: &[&[Fr]] = &[&public];

    let srs = Srs::insecure(params.k, layout.fold, 5, OsRng)?;
    let blank = StatementCircuit::keygen(params);
    let key = ProvingKey::new(&srs, &blank, &[public.len()], Cosets::Kept)?;
    forget_peak();
    let (mut timings, mut proofs) = (vec![], vec![]);
    for _ in 0..runs {
        let (proof, timing) = timed(|| -> Result<Vec<u8>> {
            let circuit = StatementCircuit::new(params, &input)?;
            let proof = prove(&srs, &key, &circuit, columns, OsRng)?;
            verify(key.vk(), columns, &proof)?;
            Ok(proof)
        });
        proofs.push(proof?);
        timings.push(timing);
    }
    let peak_mb = peak_memory().map(|bytes| bytes as f64 / 1e6);
    let gas = verify_on_chain(key.vk(), &public, &proofs)?;
    drop((srs, key));

    let stock_srs = StockSrs::insecure_dev(params.k)?;
    let stock_key = ProverKey::<StatementCircuit>::generate(&stock_srs, &params, &Silent)?;
    let mut stock = vec![];
    for _ in 0..runs {
        let (proof, timing) = timed(|| -> Result<Vec<u8>> {
            let circuit = StatementCircuit::new(params, &input)?;
            Ok(zkdkim_plonk::prove::prove(
                &stock_srs, &stock_key, circuit, &public, OsRng, &Silent,
            )?)
        });
        proof?;
        stock.push(timing);
    }
    Ok(Figures {
        layout: layout.name,
        k: params.k,
        fold: layout.fold,
        prove_cpu_s: median(&timings, |t| t.cpu_s),
        prove_wall_s: median(&timings, |t| Some(t.wall_s)).context("no run")?,
        stock_prove_cpu_s: median(&stock, |t| t.cpu_s),
        peak_mb,
        proof_bytes: proofs[0].len(),
        gas: gas.one,
        batch_marginal_gas: gas.batch.saturating_sub(gas.one) / (BATCH as u64 - 1),
        code_bytes: gas.code_bytes,
    })
}

struct Gas {
    one: u64,
    batch: u64,
    code_bytes: (usize, usize),
}

fn verify_on_chain(vk: &VerifyingKey, public: &[Fr], proofs: &[Vec<u8>]) -> Result<Gas> {
    let metadata = Metadata {
        circuit_id: StatementCircuit::ID.into(),
        key_digest: *vk.digest(),
        srs_kind: Setup::InsecureDev,
        instances: StatementCircuit::INSTANCES,
    };
    let contracts = Solc::in_crate()?.compile(&export_folded(vk, &metadata)?)?;
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
