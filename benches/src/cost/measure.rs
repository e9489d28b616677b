//! Measuring: keys, one proof, one run in the EVM; the rest is counted from the constraint system.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{ensure, Context, Result};
use halo2_rsa::RsaRows;
use rand::rngs::OsRng;
use zkdkim_circuits::{
    header::{self, extract, reading},
    layout::Rows,
    poseidon, sha256,
    statement::{CircuitParams, StatementCircuit, StatementConfig},
};
use zkdkim_plonk::{
    folded::protocol::{Column, Group, Leaf, Protocol, Shape},
    keys::{KeyedCircuit, ProverKey},
    progress::Silent,
    prove::prove,
    srs::Srs,
};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{Circuit, ConstraintSystem},
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

/// Measures everything: makes keys and one proof, so it takes seconds.
///
/// # Errors
/// Where the sample is refused, a proof fails, or the contracts are neither checked in nor can be compiled.
pub fn measure(params: CircuitParams) -> Result<Measured> {
    let srs = Srs::insecure_dev(params.k, params.fold)?;
    let key = ProverKey::<StatementCircuit>::generate(&srs, &params, &Silent)?;
    let (input, public) = sample::statement(&sample::registry()?)?;
    let instances = public.to_instances();
    let circuit = StatementCircuit::new(params, &input)?;
    let bytes = prove(&srs, &key, circuit, &instances, OsRng, &Silent)?;
    let proof = Proof::new(key.verifier(), instances.to_vec(), bytes);

    let mut before = ConstraintSystem::default();
    let config = StatementCircuit::configure_with_params(&mut before, params);
    let protocol = key.verifier().vk().protocol();
    let shape = protocol.shape();
    let proof_cost = proof_cost(protocol, &proof)?;

    let sources = Sources::for_key(key.verifier())?;
    let contracts = Artifacts::for_key(key.verifier(), &sources, None).context(
        "no compiled contracts for this key; install the compiler: npm ci in verifier-sol",
    )?;
    let run = contracts.measure(proof.calldata())?;
    let rows = row_cost(params, &config, shape);
    let columns = column_cost(&before, shape);
    let errors = ErrorBounds::new(params, &rows, protocol);
    let report = Report {
        circuit: StatementCircuit::ID.to_owned(),
        rows,
        columns,
        gates: gate_cost(&before),
        queries: query_cost(protocol),
        groups: groups(protocol),
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

fn row_cost(params: CircuitParams, config: &StatementConfig, shape: &Shape) -> RowCost {
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
        ("reading", rows.reading, reading::ROWS),
    ];
    let usable = config.usable_rows(params.k);
    RowCost {
        k: params.k,
        usable,
        free: usable - rows.end,
        blinding: shape.blinding,
        table: config.table().len(),
        lookups_a_row: params.lookups + WIDE_LOOKUPS,
        blocks: blocks
            .map(|(name, first, rows)| (name.to_owned(), BlockCost { first, rows }))
            .into(),
    }
}

fn column_cost(before: &ConstraintSystem<Fr>, shape: &Shape) -> ColumnCost {
    let mut advice = BTreeMap::new();
    for phase in before.advice_column_phase() {
        *advice.entry(format!("phase {}", phase + 1)).or_insert(0) += 1;
    }
    let fixed = before.num_fixed_columns();
    ColumnCost {
        advice,
        fixed_without_selectors: fixed,
        selectors: before.num_selectors(),
        selector_columns: shape.fixed - fixed,
        permutation: shape.permutation.len(),
        permutation_products: shape.products(),
        instance: shape.public_inputs.len(),
        public_inputs: StatementCircuit::INSTANCES,
        challenges: shape.challenge_phases.len(),
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

/// What the identities read; opened at more points where a column shares a commitment.
fn query_cost(protocol: &Protocol) -> QueryCost {
    let read: BTreeSet<(Column, i32)> = protocol
        .identities()
        .leaves()
        .filter_map(|leaf| match leaf {
            Leaf::Cell(column, rotation) => Some((column, rotation)),
            _ => None,
        })
        .collect();
    let count = |of: fn(&Column) -> bool| read.iter().filter(|(column, _)| of(column)).count();
    QueryCost {
        advice: count(|c| matches!(c, Column::Advice(_))),
        fixed: count(|c| matches!(c, Column::Fixed(_))),
        instance: count(|c| matches!(c, Column::Instance(_))),
        degree: protocol.shape().degree,
    }
}

/// Every commitment with its columns and the rotations at which all of them are opened.
fn groups(protocol: &Protocol) -> Vec<String> {
    let name = |column: &Column| match column {
        Column::Advice(i) => format!("a{i}"),
        Column::Product(i) => format!("z{i}"),
        Column::Mask => "mask".into(),
        Column::Fixed(i) => format!("f{i}"),
        Column::Sigma(i) => format!("s{i}"),
        Column::Instance(i) => format!("i{i}"),
    };
    let group = |group: &Group| {
        let columns: Vec<String> = group.columns.iter().map(name).collect();
        format!("{} at {:?}", columns.join(" "), group.rotations)
    };
    protocol.groups().map(group).collect()
}

/// Counts of the protocol, checked against a real proof.
fn proof_cost(protocol: &Protocol, proof: &Proof) -> Result<ProofCost> {
    let (commitments, evaluations) = (protocol.commitments(), protocol.evaluations());
    let bytes = 64 * commitments + 32 * evaluations;
    ensure!(bytes == proof.proof.len(), "{bytes} bytes counted, {} proved", proof.proof.len());
    let key_commitments = protocol.key_groups().len();
    let calldata_bytes = proof.calldata().len();
    Ok(ProofCost { commitments, key_commitments, evaluations, bytes, calldata_bytes })
}

fn key_cost(key: &ProverKey<StatementCircuit>) -> Result<KeyCost> {
    Ok(KeyCost {
        circuit: key.verifier().circuit().to_owned(),
        verifying_key_sha256: key.verifier().sha256().to_string(),
        verifying_key_bytes: key.verifier().to_container()?.into_bytes().len() as u64,
    })
}
