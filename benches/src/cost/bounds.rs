//! How likely it is that the random checks pass by chance, computed from the circuit as it is built.
//!
//! Each bound is a number of bad challenges over the field's order *p*, a challenge that is drawn after what it checks is
//! committed (Schwartz–Zippel): the degree of a polynomial that is not zero, or, for lookups, the number of tuples that
//! may meet. SOUNDNESS.md quotes the weaker layout's; what they are added to, the binding of KZG, is an assumption there.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zkdkim_circuits::{
    columns::RANGE_BITS,
    header::{extract, BYTES},
    statement::CircuitParams,
};
use zkdkim_plonk::folded::protocol::Protocol;

use super::RowCost;

/// Binary logarithm of the order of BN254's scalar field, rounded down.
const FIELD_BITS: f64 = 253.59;
/// Degree in θ of the difference of two compressed tuples: four components and the type.
const TUPLE_DEGREE: f64 = 4.0;

/// The largest exponent whose power anybody knows: the public ceremonies end there.
const CEREMONY: f64 = (1u64 << 28) as f64;
/// How much likelier than 1/r a challenge may be, as a hash is reduced.
const KAPPA: f64 = 1.2;

/// Errors of the random checks: each is below 2 to the power of minus the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorBounds {
    /// The polynomial identities of RSA at its challenge.
    pub rsa_identities: u32,
    /// Two tuples that θ compresses to one value.
    pub tuples: u32,
    /// Two sums of fractions that agree at γ.
    pub sums: u32,
    /// The proof system's own challenges, for each query of the hash.
    pub plonk: u32,
    /// All of these together.
    pub together: u32,
}

impl ErrorBounds {
    /// The bounds of a layout.
    pub fn new(params: CircuitParams, rows: &RowCost, protocol: &Protocol) -> Self {
        let rsa = (halo2_rsa::PRODUCTS * halo2_rsa::PRODUCT_DEGREE) as f64;
        // The running sum's last row looks nothing up.
        let active = rows.usable - 1;
        let looked_up = active * rows.lookups_a_row + BYTES;
        let narrow = if params.lanes() > 1 { 1 << RANGE_BITS[2] } else { 0 };
        // What a looked-up or emitted tuple may meet: an entry, or a tuple that an output row consumes.
        let entries = rows.table + narrow + extract::ROWS;
        let tuples = TUPLE_DEGREE * looked_up as f64 * entries as f64;
        // Every active row has a term for the table's entry, though most have the multiplicity 0.
        let sums = (looked_up + active + narrow + extract::ROWS) as f64;
        let plonk = plonk(protocol);
        let bits = |bad: f64| (FIELD_BITS - bad.log2()).floor() as u32;
        Self {
            rsa_identities: bits(rsa),
            tuples: bits(tuples),
            sums: bits(sums),
            plonk: bits(plonk),
            together: bits(rsa + tuples + sums + plonk),
        }
    }
}

/// Bad challenges of the proof system, for one query of the hash: the numerator of the bound in SOUNDNESS-folded.md, section
/// 2, times κ.
fn plonk(protocol: &Protocol) -> f64 {
    let shape = protocol.shape();
    let n = shape.rows() as f64;
    let identity = (shape.degree as f64 + 1.0) * CEREMONY;
    let distinct: BTreeSet<(usize, i32)> =
        protocol.groups().flat_map(|g| g.rotations.iter().map(move |r| (g.fold, *r))).collect();
    let openings: f64 = distinct.iter().map(|(fold, _)| *fold as f64).sum();
    let groups = protocol.groups().count() as f64 + 1.0;
    let terms = protocol.outputs().len() as f64;
    let permutation = 3.0 * shape.permutation.len() as f64 * n;
    KAPPA * (identity + openings + groups + n + shape.blinding as f64 + terms + permutation + 2.0)
}
