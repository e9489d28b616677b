//! The deterministic costs of the statement: a function of the sources and the development SRS alone.
//!
//! ```text
//! configure ──> columns, queries, gates      keygen ──> compressed selectors, key digest, key sizes
//! rows      ──> blocks                       prove  ──> proof bytes ──> EVM ──> gas, code sizes
//! ```
//!
//! Everything but the gas is exact. Proofs are randomised, and a zero byte of calldata is cheaper than another,
//! so gas varies by a few hundred: the report holds a bound in thousands, and a measurement must lie below it by
//! less than one per cent ([`Report::gas_fits`]).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use zkdkim_circuits::statement::CircuitParams;

mod bounds;
mod measure;

pub use bounds::ErrorBounds;
pub use measure::measure;

/// What the statement costs in one layout; as JSON it is the golden file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Name of the relation.
    pub circuit: String,
    /// What the 2^k rows are used for.
    pub rows: RowCost,
    /// Columns by kind, public inputs, challenges.
    pub columns: ColumnCost,
    /// Gates by chip, before selectors are compressed.
    pub gates: BTreeMap<String, GateCost>,
    /// What the verifier evaluates.
    pub queries: QueryCost,
    /// Every commitment of proof and key with its columns and rotations, in the order of the opening.
    pub groups: Vec<String>,
    /// How likely the random checks are to pass by chance.
    pub errors: ErrorBounds,
    /// Sizes of a proof and of the call that carries it; the same for every proof of a key.
    pub proof: ProofCost,
    /// The keys, over the development SRS.
    pub keys: KeyCost,
    /// The contracts, over the development SRS.
    pub contracts: ContractCost,
}

/// Rows of the circuit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCost {
    /// Binary logarithm of their number.
    pub k: u32,
    /// Rows that a witness may use.
    pub usable: usize,
    /// Rows below the last block.
    pub free: usize,
    /// Rows that are random, for zero knowledge.
    pub blinding: usize,
    /// Entries of the lookup table.
    pub table: usize,
    /// Lookups that every row makes, through the one logUp argument.
    pub lookups_a_row: usize,
    /// The blocks; those with columns in common stand below one another.
    pub blocks: BTreeMap<String, BlockCost>,
}

/// Rows of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockCost {
    /// Its first row, counted from 0.
    pub first: usize,
    /// How many rows it takes, from `first` on.
    pub rows: usize,
}

/// Columns of the circuit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnCost {
    /// Advice columns by phase.
    pub advice: BTreeMap<String, usize>,
    /// Fixed columns that the layout creates.
    pub fixed_without_selectors: usize,
    /// Selectors that the chips create, before compression.
    pub selectors: usize,
    /// Fixed columns that hold them after compression.
    pub selector_columns: usize,
    /// Columns under the permutation argument.
    pub permutation: usize,
    /// Grand products of the permutation argument.
    pub permutation_products: usize,
    /// Columns of public inputs.
    pub instance: usize,
    /// Field elements in the instance columns, which the verifier gives.
    pub public_inputs: usize,
    /// Challenges drawn between the phases.
    pub challenges: usize,
}

/// Gates of one chip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateCost {
    /// Gates created, of one or more polynomials each.
    pub gates: usize,
    /// Polynomials of all these gates together.
    pub constraints: usize,
    /// Highest degree, the selector counted as one.
    pub degree: usize,
}

/// Queries of the verifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryCost {
    /// Cells of advice columns that the identities read.
    pub advice: usize,
    /// Cells of fixed columns, selectors included.
    pub fixed: usize,
    /// Cells of the instance column, which the verifier evaluates itself.
    pub instance: usize,
    /// Highest degree of an identity; sets the degree of the quotient.
    pub degree: usize,
}

/// Sizes of one proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofCost {
    /// Commitments, 64 bytes each.
    pub commitments: usize,
    /// Commitments of the key, which no proof carries.
    pub key_commitments: usize,
    /// Evaluations, 32 bytes each.
    pub evaluations: usize,
    /// Bytes of the proof.
    pub bytes: usize,
    /// Bytes of the transaction's calldata.
    pub calldata_bytes: usize,
}

/// Names and file sizes of the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyCost {
    /// Circuit, parameters and digest of the constraint system, as key files carry them.
    pub circuit: String,
    /// Digest of the verifying key.
    pub verifying_key_sha256: String,
    /// Bytes of the verifying key's file.
    pub verifying_key_bytes: u64,
}

/// Code sizes of the generated contracts, and the gas that they take in the embedded EVM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractCost {
    /// Version of the compiler.
    pub solc: String,
    /// Code size of the verifier.
    pub verifier_bytes: usize,
    /// Code size of the key contract.
    pub key_bytes: usize,
    /// Gas of both deployments.
    pub deployment_gas: u64,
    /// Bound of the gas of the whole verifying transaction, in steps of 1,000.
    pub verify_gas_below: u64,
}

/// A report with the one figure that is not reproducible.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The report; its bound belongs to the measured gas.
    pub report: Report,
    /// Gas of the whole verifying transaction, for one proof.
    pub verify_gas: u64,
}

impl Report {
    /// Whether a measured gas fits this report's bound: not above, and below by less than one per cent.
    pub fn gas_fits(&self, measured: u64) -> bool {
        let bound = self.contracts.verify_gas_below;
        measured <= bound && measured >= bound - bound / 100
    }

    /// The report as a golden file.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data") + "\n"
    }
}

/// The bound for a measured gas: five hundred of slack, then up to the next thousand. The number of zero bytes in
/// a proof varies by five or so, and each saves twelve gas.
pub fn gas_bound(measured: u64) -> u64 {
    (measured + 500).next_multiple_of(1000)
}

/// The golden file of a parameter set.
pub fn golden_path(params: CircuitParams) -> PathBuf {
    let name = format!("statement-{}.json", params.name().unwrap_or("unnamed"));
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Golden {
    /// All figures agree; of the gas it is asked only that it fits the bound ([`Report::gas_fits`]).
    Equal,
    /// What differs, and how to regenerate the file.
    Differs(String),
}

/// Compares a measurement with a golden file: exactly, but for the gas.
///
/// # Errors
/// Where the file can't be read or is no report.
pub fn compare(path: &Path, measured: &Measured) -> Result<Golden> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    let golden: Report =
        serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
    let mut got = measured.report.clone();
    if golden.gas_fits(measured.verify_gas) {
        got.contracts.verify_gas_below = golden.contracts.verify_gas_below;
    }
    let got = got.to_json();
    if got == text {
        return Ok(Golden::Equal);
    }
    Ok(Golden::Differs(explain(path, &text, &got)))
}

/// The differing lines. A report has the same lines in the same order unless its shape changed.
fn explain(path: &Path, golden: &str, got: &str) -> String {
    let mut text = format!("{} is out of date:\n", path.display());
    let lines: Vec<_> = golden.lines().zip(got.lines()).filter(|(a, b)| a != b).collect();
    for (golden, got) in lines.iter().take(20) {
        text += &format!("- {golden}\n+ {got}\n");
    }
    if golden.lines().count() != got.lines().count() || lines.is_empty() {
        text += "(the report's shape differs)\n";
    }
    text +=
        "\nIf the change is meant: cargo run -p zkdkim-benches --bin cost-report -- --write, and";
    text += " a line in CHANGELOG.md, \"verifying key changed: yes\" or \"no\".";
    if golden.lines().zip(got.lines()).any(|(a, b)| a != b && a.contains("verifying_key_sha256")) {
        text +=
            "\nThe verifying key changed: keys, contracts and proofs of before are of no use to";
        text += " this version.";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_name_the_key_and_the_command() {
        let (golden, got) =
            ("{\n\"verifying_key_sha256\": 1\n}", "{\n\"verifying_key_sha256\": 2\n}");
        let text = explain(Path::new("golden.json"), golden, got);
        assert!(text.contains("- \"verifying_key_sha256\": 1\n+ \"verifying_key_sha256\": 2"));
        assert!(text.contains("cost-report -- --write"));
        assert!(text.contains("The verifying key changed"));
    }

    #[test]
    fn gas_bounds_leave_room_for_zero_bytes() {
        assert_eq!(gas_bound(760_321), 761_000);
        assert_eq!(gas_bound(760_600), 762_000);
        assert_eq!(gas_bound(760_500), 761_000);
    }
}
