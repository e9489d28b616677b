//! Every column and challenge of the circuit. Chips are *lent* what they use; none creates a column.
//!
//! The picture of where each chip's rows stand in them is in [`crate::layout`].

use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{
        Advice, Challenge, Column, ConstraintSystem, FirstPhase, Fixed, Instance, SecondPhase,
    },
};

/// Bits that the lookup argument proves of each range column of a lane, in every row.
pub const RANGE_BITS: [u32; 6] = [11, 11, 10, 11, 11, 10];

// The bounds of RSA's carries (SOUNDNESS.md, R1) are those of its crate's ranges: here they are the ranges that are proved.
const _: () = {
    let mut i = 0;
    while i < RANGE_SLOTS {
        assert!(RANGE_BITS[i] as usize == halo2_rsa::RANGE_BITS[i], "ranges that RSA counts on");
        i += 1;
    }
};

/// Lookups in the spread tables that each row makes in one lane.
pub const RANGE_SLOTS: usize = RANGE_BITS.len();

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
    pub multipliers: [Column<Fixed>; 3],
    /// The public inputs, from row 0 in the statement's order. Copies allowed.
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
        let multipliers = [(); 3].map(|()| meta.fixed_column());
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
            multipliers,
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
