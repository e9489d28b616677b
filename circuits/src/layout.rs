//! Every column, challenge and row range of the circuit. Chips are *lent* what they use; none creates a column.
//!
//! # Lanes
//! A *lane* is six range columns, their spread forms and what SHA-256 needs beside them. The circuit has one lane or
//! two ([`CircuitParams::lookups`]: six or twelve lookups a row); SHA-256 slot s stands in lane s mod lanes, so two
//! lanes halve its rows. The chips are the same: only where a slot, a carry or a lower-cased byte stands differs.
//!
//! ```text
//! one lane, k = 14: the cheaper one on chain
//!            range[6] spread[6]  x y    wide[5]                       acc          phase-2 sums
//! row 0      +-----------------+------+-----------------------------+------------+
//!            | SHA-256: 1,160 slots   | Poseidon (41 permutations)  | (RSA       | helpers, extract, phi
//!            | of 12 rows             | RSA Horner values           |  Horner    | in every row
//!            |                        | packing, ...                |  sums)     |
//! row 13,920 +-----------------+------+-----------------------------+            |
//!            | RSA limb pairs  | header automaton: a row a byte     |            |
//! row 15,009 | RSA modulus     |      |                             |            |
//! row 15,073 | RSA carries     |      |                             |            |
//! row 15,430 |                 | x    | extraction output rows      |            |
//! row 15,880 +-----------------+------+-----------------------------+------------+
//!
//! two lanes, k = 13: the faster one to prove
//!            range spread x y      range spread x y       wide[5] lower                 acc
//! row 0      +-------------------+----------------------+-----------------------------+------------+
//!            | SHA-256: slots    | SHA-256: slots       | Poseidon, RSA Horner values | (RSA       |
//!            | 0, 2, 4, ...      | 1, 3, 5, ...         | packing, extraction outputs |  Horner    |
//! row 6,960  +-------------------+----------------------+-----------------------------+  sums)     |
//!            | RSA limb pairs    | RSA carries (values  | header automaton: a row a   |            |
//!            |                   | in y) to row 7,317   | byte (words in the first y) |            |
//! row 8,049  | RSA modulus       |                      | RSA modulus                 |            |
//! row 8,113  +-------------------+----------------------+-----------------------------+------------+
//! ```
//!
//! The lookup tables stand in fixed columns of their own beside all of this. With two lanes the table of 10-bit words
//! shares the rows of the 11-bit one ([`Narrow`]): stacked, the tables have 9,048 entries, more than k = 13 has rows.

use halo2_rsa::RsaRows;
use serde::{Deserialize, Serialize};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{
        Advice, Challenge, Column, ConstraintSystem, FirstPhase, Fixed, Instance, SecondPhase,
    },
};

use crate::{header, poseidon, sha256};

/// Bits that the lookup argument proves of each range column of a lane, in every row.
pub const RANGE_BITS: [u32; 6] = [11, 11, 10, 11, 11, 10];

/// Lookups in the spread tables that each row makes in one lane.
pub const RANGE_SLOTS: usize = RANGE_BITS.len();

/// What a layout of the statement depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitParams {
    /// The circuit has `2^k` rows.
    pub k: u32,
    /// Lookups in the spread tables that each row makes: 6 or 12. Six are not written, so that the names of keys made
    /// before there were twelve stay.
    #[serde(default = "six", skip_serializing_if = "is_six")]
    pub lookups: usize,
}

fn six() -> usize {
    RANGE_SLOTS
}

fn is_six(lookups: &usize) -> bool {
    *lookups == RANGE_SLOTS
}

impl CircuitParams {
    /// Fewest columns, so the cheapest proof to verify on chain. The default.
    pub const ON_CHAIN: Self = Self { k: 14, lookups: RANGE_SLOTS };
    /// Fewest rows, so the quickest proof to make.
    pub const QUICK: Self = Self { k: 13, lookups: 2 * RANGE_SLOTS };

    /// Lanes of six lookups.
    pub const fn lanes(self) -> usize {
        self.lookups / RANGE_SLOTS
    }

    /// The least k whose rows hold the layout; none where there is no layout with so many lookups.
    pub const fn min_k(self) -> Option<u32> {
        match self.lookups {
            6 => Some(Self::ON_CHAIN.k),
            12 => Some(Self::QUICK.k),
            _ => None,
        }
    }
}

impl Default for CircuitParams {
    fn default() -> Self {
        Self::ON_CHAIN
    }
}

/// The columns of six lookups a row.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Range columns: below `2^RANGE_BITS[i]` in every row.
    pub range: [Column<Advice>; RANGE_SLOTS],
    /// The spread form of the range column of the same index, in every row.
    pub spread: [Column<Advice>; RANGE_SLOTS],
    /// SHA-256: spread words; elsewhere counters (first lane).
    pub x: Column<Advice>,
    /// SHA-256: words; elsewhere message words (first lane) or checked carries. Copies allowed.
    pub y: Column<Advice>,
    /// SHA-256 constants in its rows; in the first lane, below them, constants to copy from. Copies allowed there.
    pub constant: Column<Fixed>,
    /// Second phase: sums of three lookup fractions each.
    pub helper: [Column<Advice>; 2],
}

/// A table of 10-bit words in the first 1,024 rows of that of 11-bit words.
#[derive(Clone, Copy, Debug)]
pub struct Narrow {
    /// 1 in the rows whose entry is one of the narrow table too.
    pub shared: Column<Fixed>,
    /// Lookup multiplicities of the narrow entry.
    pub multiplicity: Column<Advice>,
    /// Second phase: minus the fraction of the narrow entry.
    pub fraction: Column<Advice>,
}

/// The columns and challenges of the circuit.
#[derive(Clone, Debug)]
pub struct Columns {
    /// Six lookups a row each.
    pub lanes: Vec<Lane>,
    /// Full-size cells that the chips share by rows. Copies allowed in the first three.
    pub wide: [Column<Advice>; 5],
    /// Lower-cased bytes in the output rows: x of the only lane, or a column of its own.
    pub lower: Column<Advice>,
    /// Lookup multiplicities of the table row beside it.
    pub multiplicity: Column<Advice>,
    /// Where the table of 10-bit words shares the rows of the other.
    pub narrow: Option<Narrow>,
    /// Second phase: evaluations at the RSA challenge. Copies allowed.
    pub acc: Column<Advice>,
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

/// The first-phase columns of a lane.
struct LaneAdvice {
    range: [Column<Advice>; RANGE_SLOTS],
    spread: [Column<Advice>; RANGE_SLOTS],
    x: Column<Advice>,
    y: Column<Advice>,
}

impl LaneAdvice {
    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self {
        let range = [(); RANGE_SLOTS].map(|()| meta.advice_column_in(FirstPhase));
        let spread = [(); RANGE_SLOTS].map(|()| meta.advice_column_in(FirstPhase));
        let x = meta.advice_column_in(FirstPhase);
        let y = meta.advice_column_in(FirstPhase);
        Self { range, spread, x, y }
    }
}

impl Columns {
    /// Creates every column. The only place that does.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, lanes: usize) -> Self {
        let advice: Vec<LaneAdvice> = (0..lanes).map(|_| LaneAdvice::configure(meta)).collect();
        // With one lane x is free in the output rows, and the stacked tables fit the rows that SHA-256 needs.
        let single = lanes == 1;
        let lower = if single { advice[0].x } else { meta.advice_column_in(FirstPhase) };
        let wide = [(); 5].map(|()| meta.advice_column_in(FirstPhase));
        let multiplicity = meta.advice_column_in(FirstPhase);
        let narrow_multiplicity = (!single).then(|| meta.advice_column_in(FirstPhase));
        let rsa_point = meta.challenge_usable_after(FirstPhase);
        let theta = meta.challenge_usable_after(FirstPhase);
        let gamma = meta.challenge_usable_after(FirstPhase);
        let acc = meta.advice_column_in(SecondPhase);
        let helpers: Vec<_> =
            (0..lanes).map(|_| [(); 2].map(|()| meta.advice_column_in(SecondPhase))).collect();
        let extract = meta.advice_column_in(SecondPhase);
        let phi = meta.advice_column_in(SecondPhase);
        let narrow_fraction = (!single).then(|| meta.advice_column_in(SecondPhase));
        let table = [(); 5].map(|()| meta.fixed_column());
        let [active, step, output, weight] = [(); 4].map(|()| meta.fixed_column());
        let constants: Vec<_> = (0..lanes).map(|_| meta.fixed_column()).collect();
        let k = [(); 3].map(|()| meta.fixed_column());
        let narrow = narrow_multiplicity.zip(narrow_fraction).map(|(multiplicity, fraction)| {
            Narrow { shared: meta.fixed_column(), multiplicity, fraction }
        });
        let instance = meta.instance_column();
        let lanes: Vec<Lane> = advice
            .into_iter()
            .zip(helpers)
            .zip(constants)
            .map(|((LaneAdvice { range, spread, x, y }, helper), constant)| Lane {
                range,
                spread,
                x,
                y,
                constant,
                helper,
            })
            .collect();
        for column in lanes.iter().map(|lane| lane.y).chain([wide[0], wide[1], wide[2], acc]) {
            meta.enable_equality(column);
        }
        meta.enable_equality(lanes[0].constant);
        meta.enable_equality(instance);
        Self {
            lanes,
            wide,
            lower,
            multiplicity,
            narrow,
            acc,
            extract,
            phi,
            table,
            active,
            step,
            output,
            weight,
            k,
            instance,
            rsa_point,
            theta,
            gamma,
        }
    }

    /// The lane that holds what has no lane of its own: header counters and words, limb pairs, constants to copy from.
    pub fn first(&self) -> &Lane {
        &self.lanes[0]
    }

    /// The lane of RSA's carries: the only one, or the one that nothing else uses below SHA-256.
    pub fn last(&self) -> &Lane {
        &self.lanes[self.lanes.len() - 1]
    }
}

/// Where each chip's rows begin.
#[derive(Clone, Debug)]
pub struct Rows {
    /// SHA-256 slots (the columns of all lanes).
    pub sha256: usize,
    /// Poseidon permutations (wide, k).
    pub poseidon: usize,
    /// Packing of the digest's halves (wide\[0\], wide\[1\], k).
    pub digest: usize,
    /// RSA's row blocks.
    pub rsa: RsaRows,
    /// Header byte rows (wide, k, x and y of the first lane).
    pub header: usize,
    /// Extraction output rows (wide, lower, k).
    pub outputs: usize,
    /// Constants to copy from (constant of the first lane).
    pub constants: usize,
    /// First row that no chip uses.
    pub end: usize,
}

impl Rows {
    /// The layout with so many lanes.
    pub fn new(lanes: usize) -> Self {
        let sha256 = 0;
        let poseidon = 0;
        // One row between neighbours wherever a gate looks one row back.
        let digest = poseidon + poseidon::MAX_ROWS + 1;
        let horner = digest + sha256::DIGEST_ROWS + 1;
        let products = horner + RsaRows::LENGTHS.horner + 1;
        let wide_end = products + RsaRows::LENGTHS.products;
        let header = sha256 + sha256::rows(lanes);
        let pairs = header;
        // One more row than bytes: the state after the last byte.
        let modulus = header + header::BYTES + 1;
        let modulus_end = modulus + RsaRows::LENGTHS.modulus;
        let constants = header;
        let (carries, outputs) = if lanes == 1 {
            (modulus_end, modulus_end + RsaRows::LENGTHS.carries)
        } else {
            (header, wide_end + 1)
        };
        let outputs_end = outputs + header::extract::ROWS;
        assert!(wide_end <= header && (outputs >= modulus_end || outputs_end <= header));
        Self {
            sha256,
            poseidon,
            digest,
            rsa: RsaRows { pairs, modulus, carries, horner, products, constants: constants + 64 },
            header,
            outputs,
            constants,
            end: modulus_end.max(outputs_end),
        }
    }
}
