//! Every column, challenge and row range of the circuit. Chips are *lent* what they use; none creates a column.
//!
//! ```text
//!            range[6] spread[6]  x y    wide[5]                       acc          phase-2 sums
//! row 0      +-----------------+------+-----------------------------+------------+
//!            | SHA-256: 1,160 slots   | Poseidon (41 permutations)  | (RSA       | h0 h1 e phi
//!            | of 12 rows             | RSA Horner values           |  Horner    | in every row
//!            |                        | packing, ...                |  sums)     |
//! row 13,920 +-----------------+------+-----------------------------+            |
//!            | RSA limb pairs  | header automaton: a row a byte     |            |
//! row 15,009 | RSA modulus     |      |                             |            |
//! row 15,073 | RSA carries     |      |                             |            |
//! row 15,430 |                 | x    | extraction output rows      |            |
//! row 15,880 +-----------------+------+-----------------------------+------------+
//! ```
//!
//! The lookup tables stand in fixed columns of their own beside all of this.
//!
//! # Parameters
//! k is a parameter ([`crate::statement::CircuitParams`]); row blocks do not depend on it, and k = 14 is the least that
//! holds them. The number of lookups a row is [`RANGE_SLOTS`]; SHA-256 slots, limb pairs and the table of ranges are
//! written for six. A variant with twelve (two slots' rows side by side) would need 6,960 rows for SHA-256 and fits
//! k = 13 once the byte and output rows have x and y columns of their own, RSA limbs use both halves, and the table
//! (9,048 rows) is brought below 8,172, by 11-bit ranges alone or by byte classes in the automaton.

use halo2_proofs::{
    halo2curves::bn256::Fr,
    plonk::{
        Advice, Challenge, Column, ConstraintSystem, FirstPhase, Fixed, Instance, SecondPhase,
    },
};
use halo2_rsa::RsaRows;

use crate::{header, poseidon, sha256};

/// Bits that the lookup argument proves of each range column, in every row.
pub const RANGE_BITS: [u32; 6] = [11, 11, 10, 11, 11, 10];

/// Lookups in the spread tables that each row makes.
pub const RANGE_SLOTS: usize = RANGE_BITS.len();

/// The columns and challenges of the circuit.
#[derive(Clone, Debug)]
pub struct Columns {
    /// Range columns: below `2^RANGE_BITS[i]` in every row.
    pub range: [Column<Advice>; RANGE_SLOTS],
    /// The spread form of the range column of the same index, in every row.
    pub spread: [Column<Advice>; RANGE_SLOTS],
    /// SHA-256: spread words; elsewhere counters and lower-cased bytes.
    pub x: Column<Advice>,
    /// SHA-256: words; elsewhere message words. Copies allowed.
    pub y: Column<Advice>,
    /// Full-size cells that the chips share by rows. Copies allowed in the first three.
    pub wide: [Column<Advice>; 5],
    /// Lookup multiplicities of the table row beside it.
    pub multiplicity: Column<Advice>,
    /// Second phase: evaluations at the RSA challenge. Copies allowed.
    pub acc: Column<Advice>,
    /// Second phase: sums of three lookup fractions each.
    pub helper: [Column<Advice>; 2],
    /// Second phase: the extraction fraction of the row.
    pub extract: Column<Advice>,
    /// Second phase: running sum of all fractions.
    pub phi: Column<Advice>,
    /// The lookup table: four components and the type.
    pub table: [Column<Fixed>; 5],
    /// 1 in every row whose lookups count.
    pub active: Column<Fixed>,
    /// 1 in the header's byte rows.
    pub step: Column<Fixed>,
    /// 1 in the extraction's output rows.
    pub output: Column<Fixed>,
    /// Minus the weight with which an output row consumes its byte, 0 elsewhere.
    pub weight: Column<Fixed>,
    /// SHA-256 constants in its rows; below them constants to copy from. Copies allowed.
    pub constant: Column<Fixed>,
    /// Constants and multipliers of the chips in the wide columns.
    pub k: [Column<Fixed>; 3],
    /// The public inputs.
    pub instance: Column<Instance>,
    /// The point at which RSA's polynomial identities are checked.
    pub rsa_point: Challenge,
    /// Compresses the components of a lookup tuple.
    pub theta: Challenge,
    /// The point at which the sums of fractions are compared.
    pub gamma: Challenge,
}

impl Columns {
    /// Creates every column. The only place that does.
    pub fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let range = [(); RANGE_SLOTS].map(|()| meta.advice_column_in(FirstPhase));
        let spread = [(); RANGE_SLOTS].map(|()| meta.advice_column_in(FirstPhase));
        let x = meta.advice_column_in(FirstPhase);
        let y = meta.advice_column_in(FirstPhase);
        let wide = [(); 5].map(|()| meta.advice_column_in(FirstPhase));
        let multiplicity = meta.advice_column_in(FirstPhase);
        let rsa_point = meta.challenge_usable_after(FirstPhase);
        let theta = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        let acc = meta.advice_column_in(SecondPhase);
        let helper = [(); 2].map(|()| meta.advice_column_in(SecondPhase));
        let extract = meta.advice_column_in(SecondPhase);
        let phi = meta.advice_column_in(SecondPhase);
        let table = [(); 5].map(|()| meta.fixed_column());
        let [active, step, output, weight, constant] = [(); 5].map(|()| meta.fixed_column());
        let k = [(); 3].map(|()| meta.fixed_column());
        let instance = meta.instance_column();
        for column in [y, wide[0], wide[1], wide[2], acc] {
            meta.enable_equality(column);
        }
        meta.enable_equality(constant);
        meta.enable_equality(instance);
        Self {
            range,
            spread,
            x,
            y,
            wide,
            multiplicity,
            acc,
            helper,
            extract,
            phi,
            table,
            active,
            step,
            output,
            weight,
            constant,
            k,
            instance,
            rsa_point,
            theta,
            gamma,
        }
    }
}

/// Where each chip's rows begin.
#[derive(Clone, Debug)]
pub struct Rows {
    /// SHA-256 slots (range, spread, x, y, constant).
    pub sha256: usize,
    /// Poseidon permutations (wide, k).
    pub poseidon: usize,
    /// Packing of the digest's halves (wide\[0\], wide\[1\], k).
    pub digest: usize,
    /// RSA's row blocks.
    pub rsa: RsaRows,
    /// Header byte rows (wide, x, y, k).
    pub header: usize,
    /// Extraction output rows (wide, x, k).
    pub outputs: usize,
    /// Constants to copy from (constant).
    pub constants: usize,
    /// First row that no chip uses.
    pub end: usize,
}

impl Default for Rows {
    fn default() -> Self {
        let sha256 = 0;
        let poseidon = 0;
        // One row between neighbours wherever a gate looks one row back.
        let digest = poseidon + poseidon::MAX_ROWS + 1;
        let horner = digest + sha256::DIGEST_ROWS + 1;
        let products = horner + RsaRows::LENGTHS.horner + 1;
        let header = sha256 + sha256::ROWS;
        let pairs = header;
        // One more row than bytes: the state after the last byte.
        let modulus = header + header::BYTES + 1;
        let carries = modulus + RsaRows::LENGTHS.modulus;
        let outputs = carries + RsaRows::LENGTHS.carries;
        let constants = header;
        assert!(products + RsaRows::LENGTHS.products <= header);
        Self {
            sha256,
            poseidon,
            digest,
            rsa: RsaRows { pairs, modulus, carries, horner, products, constants: constants + 64 },
            header,
            outputs,
            constants,
            end: outputs + header::extract::ROWS,
        }
    }
}
