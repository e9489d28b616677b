//! Measuring: keys, one proof, one run in the EVM; the rest is counted from the constraint system.

use std::collections::BTreeMap;

use anyhow::{ensure, Context, Result};
use halo2_rsa::RsaRows;
use rand::rngs::OsRng;
use zkdkim_circuits::{
    header::{self, extract},
    layout::Rows,
    poseidon, sha256,
    statement::{CircuitParams, StatementCircuit, StatementConfig},
};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{Circuit, ConstraintSystem},
};
use zkdkim_plonk::{
    keys::{KeyedCircuit, ProverKey},
    progress::Silent,
    prove::prove,
    srs::Srs,
};
use zkdkim_prover::Proof;
use zkdkim_verifier_sol::{Artifacts, Sources};

use super::{
    gas_bound, BlockCost, ColumnCost, ContractCost, ErrorBounds, GateCost, KeyCost, Measured,
    ProofCost, QueryCost, Report, RowCost,
};
use crate::sample;

/// Lookups in the wide columns that every row makes beside those of the range columns.
const WIDE_LOOKUPS: usize = 1;
/// Commitments of the opening argument (SHPLONK).
const OPENING_COMMITMENTS: usize = 2;

/// Measures everything: makes keys and one proof, so it takes seconds.
///
/// # Errors
/// Where the sample is refused, a proof fails, or the contracts are neither checked in nor can be compiled.
pub fn measure(params: CircuitParams) -> Result<Measured> {
    let srs = Srs::insecure_dev(StatementCircuit::k(&params))?;
    let key = ProverKey::<StatementCircuit>::generate(&srs, &params, &Silent)?;
    let (input, public) = sample::statement(&sample::registry()?)?;
    let instances = public.to_instances();
    let circuit = StatementCircuit::new(params, &input)?;
    let bytes = prove(&srs, &key, circuit, &instances, OsRng, &Silent)?;
    let proof = Proof::new(key.verifier(), instances.to_vec(), bytes);

    let mut before = ConstraintSystem::default();
    let config = StatementCircuit::configure_with_params(&mut before, params);
    let after = key.verifier().vk().cs();
    let queries = query_cost(after);
    let proof_cost = proof_cost(after, &proof)?;

    let sources = Sources::for_key(key.verifier())?;
    let contracts = Artifacts::for_key(key.verifier(), &sources, None).context(
        "no compiled contracts for this key; install the compiler: npm ci in verifier-sol",
    )?;
    let run = contracts.measure(proof.calldata())?;
    let rows = row_cost(params, &config, after);
    let columns = column_cost(&before, after);
    let errors = ErrorBounds::new(params, &rows, &columns, &queries, after);
    let report = Report {
        circuit: StatementCircuit::ID.to_owned(),
        rows,
        columns,
        gates: gate_cost(&before),
        queries,
        errors,
        proof: proof_cost,
        keys: key_cost(&key)?,
        contracts: ContractCost {
            solc: contracts.solc.clone(),
            verifier_bytes: run.verifier_bytes,
            key_bytes: run.key_bytes,
            deployment_gas: run.deployment_gas,
            verify_gas_below: gas_bound(run.gas),
        },
    };
    Ok(Measured { report, verify_gas: run.gas })
}

fn row_cost(params: CircuitParams, config: &StatementConfig, cs: &ConstraintSystem<Fr>) -> RowCost {
    let rows = Rows::new(params.lanes());
    let rsa = RsaRows::LENGTHS;
    let blocks = [
        ("sha256", rows.sha256, sha256::rows(params.lanes())),
        ("poseidon", rows.poseidon, poseidon::MAX_ROWS),
        ("digest halves", rows.digest, sha256::DIGEST_ROWS),
        ("rsa pairs", rows.rsa.pairs, rsa.pairs),
        ("rsa modulus", rows.rsa.modulus, rsa.modulus),
        ("rsa carries", rows.rsa.carries, rsa.carries),
        ("rsa horner", rows.rsa.horner, rsa.horner),
        ("rsa products", rows.rsa.products, rsa.products),
        ("header bytes", rows.header, header::BYTES + 1),
        ("extraction", rows.outputs, extract::ROWS),
    ];
    let usable = config.usable_rows(params.k);
    RowCost {
        k: params.k,
        usable,
        free: usable - rows.end,
        blinding: cs.blinding_factors(),
        table: config.table().len(),
        lookups_a_row: params.lookups + WIDE_LOOKUPS,
        blocks: blocks
            .map(|(name, first, rows)| (name.to_owned(), BlockCost { first, rows }))
            .into(),
    }
}

fn column_cost(before: &ConstraintSystem<Fr>, after: &ConstraintSystem<Fr>) -> ColumnCost {
    let mut advice = BTreeMap::new();
    for phase in before.advice_column_phase() {
        *advice.entry(format!("phase {}", phase + 1)).or_insert(0) += 1;
    }
    let fixed = before.num_fixed_columns();
    ColumnCost {
        advice,
        fixed_without_selectors: fixed,
        selectors: before.num_selectors(),
        selector_columns: after.num_fixed_columns() - fixed,
        permutation: after.permutation().get_columns().len(),
        permutation_products: permutation_products(after),
        instance: after.num_instance_columns(),
        public_inputs: StatementCircuit::INSTANCES,
        challenges: after.num_challenges(),
        native_lookups: after.lookups().len(),
    }
}

/// Gates by the first word of their name, which is the chip's.
fn gate_cost(cs: &ConstraintSystem<Fr>) -> BTreeMap<String, GateCost> {
    let mut chips = BTreeMap::<String, GateCost>::new();
    for gate in cs.gates() {
        let chip = gate.name().split(' ').next().unwrap_or_default();
        let cost = chips.entry(chip.to_owned()).or_default();
        cost.gates += 1;
        cost.constraints += gate.polynomials().len();
        let degree = gate.polynomials().iter().map(|p| p.degree()).max().unwrap_or(0);
        cost.degree = cost.degree.max(degree);
    }
    chips
}

fn query_cost(cs: &ConstraintSystem<Fr>) -> QueryCost {
    QueryCost {
        advice: cs.advice_queries().len(),
        fixed: cs.fixed_queries().len(),
        instance: cs.instance_queries().len(),
        degree: cs.degree(),
    }
}

fn permutation_products(cs: &ConstraintSystem<Fr>) -> usize {
    cs.permutation().get_columns().len().div_ceil(cs.degree() - 2)
}

/// Counts from the constraint system, checked against a real proof.
fn proof_cost(cs: &ConstraintSystem<Fr>, proof: &Proof) -> Result<ProofCost> {
    ensure!(cs.lookups().is_empty(), "native lookups are not counted here");
    let products = permutation_products(cs);
    // The vanishing argument commits to one random polynomial and to degree - 1 pieces of the quotient.
    let commitments =
        cs.num_advice_columns() + products + 1 + (cs.degree() - 1) + OPENING_COMMITMENTS;
    // A product is opened at x and at the next row, all but the last also at the last usable row; the random
    // polynomial once.
    let evaluations = cs.advice_queries().len()
        + cs.fixed_queries().len()
        + cs.permutation().get_columns().len()
        + (3 * products - 1)
        + 1;
    let bytes = 64 * commitments + 32 * evaluations;
    ensure!(bytes == proof.proof.len(), "{bytes} bytes counted, {} proved", proof.proof.len());
    Ok(ProofCost { commitments, evaluations, bytes, calldata_bytes: proof.calldata().len() })
}

fn key_cost(key: &ProverKey<StatementCircuit>) -> Result<KeyCost> {
    Ok(KeyCost {
        circuit: key.verifier().circuit().to_owned(),
        verifying_key_sha256: key.verifier().sha256().to_string(),
        verifying_key_bytes: key.verifier().to_container()?.into_bytes().len() as u64,
        proving_key_bytes: key.to_container()?.into_bytes().len() as u64,
    })
}
