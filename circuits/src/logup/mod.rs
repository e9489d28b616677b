//! One logarithmic-derivative argument for every lookup and for the extraction of bytes.
//!
//! # Statement
//! With rows 0 … u − 2 active, for every accepted assignment (but for a negligible error, see below):
//! - in every active row each of the six pairs (range\[i\], spread\[i\]) of every lane is an entry of the spread table
//!   of `RANGE_BITS[i]` bits;
//! - in every byte row (state, symbol, next state, field) is an edge of the header automaton, and in every output row
//!   (byte, lower-cased byte) is an entry of the case table, or (character, value) one of base64url's;
//! - the bytes that output rows consume, with their weights, are exactly those that byte rows emit.
//!
//! # Layout
//! Tuples have the components (c0, c1, c2, c3) and a type; a tuple is compressed to
//! `c0 + θ c1 + θ² c2 + θ³ c3 + θ⁴ type`.
//!
//! ```text
//! type         c0      c1          c2          c3      made by
//! 0 SPREAD11   dense   spread                          range columns 0, 1, 3, 4 in every row
//! 1 SPREAD10   dense   spread                          range columns 2, 5 in every row
//! 2 AUTOMATON  state   symbol      next state  field   byte rows; elsewhere the all-zero tuple of type 0
//! 3 CASE       byte    lower case                      output rows with k[1] = 0
//! 4 BYTE       byte    position                field   extraction only: never in the table
//! 5 SEXTET     byte    value                           output rows with k[1] = 2
//! 6 QUARTET    byte    value / 4                       output rows with k[1] = 3
//! ```
//!
//! The last two hold the characters of base64url, the QUARTET only those whose two lowest bits are 0.
//!
//! `helper[0]`, `helper[1]` of a lane hold Σ 1/(γ + f) of three range lookups each, `extract` holds N/(γ + D) of the
//! row's byte (weight N), and φ runs over all rows:
//! `φ' − φ = Σ helper + extract + 1/(γ + f7) − m/(γ + t)`, with φ = 0 in the first and the last row.
//!
//! The entries of all tables stand one below the other. Or else, where that is too long ([`Columns::narrow`]),
//! rows whose entry (c0, c1, 0, 0) of type SPREAD11 has c0 < 2^10 are flagged as *shared*: there the entry (c0, c1, 0,
//! 0) of type SPREAD10 counts too, with a multiplicity m2 of its own. `fraction = − shared · m2/(γ + t + θ⁴)` is then one
//! more term of φ' − φ.
//!
//! # Soundness
//! All components, multiplicities and weights are first-phase cells or fixed, so they are committed before θ and γ are
//! drawn. Two different multisets of N fractions agree at a random γ with probability below N/p, and two different tuples
//! are compressed to one value with probability at most 4/p a pair. The cost report of `zkdkim-benches` counts both and
//! pins the bounds (`errors` in benches/golden); SOUNDNESS.md quotes them. The number of lookups is far below p, so a sum of multiplicities does not vanish. `m` needs
//! no range: an entry that is not looked up needs m = 0, one that is needs the right number, and a tuple that is not
//! an entry leaves a pole. The type is a component by itself, and a constant in every tuple, so that an entry
//! of one table can't stand for one of another whatever the other components are. Tuples of type BYTE are in no table:
//! their fractions must cancel among themselves.
//!
//! A row of the table that is not assigned is the zero entry of type 0, a true pair (0, 0). A row that is not flagged
//! as shared has `fraction (γ + t + θ⁴) = 0`, so it adds no narrow entry.
//!
//! # Completeness
//! Fails when γ hits a pole: probability below 2^-234 a proof.
//!
//! # Source
//! Haböck, "Multivariate lookups based on logarithmic derivatives" (ePrint 2022/1530).

mod assign;
mod table;

use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{Advice, Column, ConstraintSystem, Expression, Selector, VirtualCells},
    poly::Rotation,
};

use crate::{
    columns::{Columns, Lane, Narrow, RANGE_BITS},
    field::constant,
};

pub use table::{LookupTable, TableLayout, BASE64URL};

/// What a tuple claims, and so which table it must be in; the number is its last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum TupleType {
    /// 11-bit words and their spread forms.
    Spread11 = 0,
    /// 10-bit words and their spread forms.
    Spread10 = 1,
    /// Edges of the header automaton.
    Automaton = 2,
    /// Bytes and their lower-case forms.
    Case = 3,
    /// Emitted and consumed bytes.
    Byte = 4,
    /// Characters of base64url and their six bits.
    Sextet = 5,
    /// Characters of base64url that end 32 bytes, and the four bits that count.
    Quartet = 6,
}

impl TupleType {
    /// What k\[1\] holds in an output row whose byte is looked up under this type.
    pub fn shift(self) -> Fr {
        small(self as u64 - Self::Case as u64)
    }
}

/// The table of a range column.
fn spread_type(column: usize) -> TupleType {
    match RANGE_BITS[column] {
        11 => TupleType::Spread11,
        10 => TupleType::Spread10,
        bits => unreachable!("no spread table of {bits} bits"),
    }
}

/// c0, c1, c2, c3 and the type.
type Tuple = [Fr; 5];

/// The lookup argument's configuration.
#[derive(Clone, Debug)]
pub struct LogUpConfig {
    columns: Columns,
    ends: Selector,
}

fn small(value: u64) -> Fr {
    Fr::from(value)
}

fn compress<T>(components: [T; 5], theta: &T) -> T
where
    T: Clone + std::ops::Add<Output = T> + std::ops::Mul<Output = T>,
{
    let [c0, c1, c2, c3, kind] = components;
    (((kind * theta.clone() + c3) * theta.clone() + c2) * theta.clone() + c1) * theta.clone() + c0
}

impl LogUpConfig {
    /// Adds the argument's gates. Highest degree 5, the activity column included.
    pub fn configure(meta: &mut ConstraintSystem<Fr>, columns: Columns) -> Self {
        let ends = meta.selector();
        let config = Self { columns, ends };
        for lane in &config.columns.lanes {
            for half in 0..2 {
                config.helper_gate(meta, lane, half);
            }
        }
        config.extract_gate(meta);
        if let Some(narrow) = &config.columns.narrow {
            config.narrow_gate(meta, narrow);
        }
        config.sum_gates(meta);
        config
    }

    fn challenges(&self, m: &mut VirtualCells<'_, Fr>) -> (Expression<Fr>, Expression<Fr>) {
        (m.query_challenge(self.columns.theta), m.query_challenge(self.columns.gamma))
    }

    fn helper_gate(&self, meta: &mut ConstraintSystem<Fr>, lane: &Lane, half: usize) {
        meta.create_gate("logup range fractions", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(self.columns.active, Rotation::cur());
            let h = m.query_advice(lane.helper[half], Rotation::cur());
            let [f0, f1, f2]: [Expression<Fr>; 3] = std::array::from_fn(|i| {
                let column = 3 * half + i;
                let dense = m.query_advice(lane.range[column], Rotation::cur());
                let spread = m.query_advice(lane.spread[column], Rotation::cur());
                let theta4 = theta.clone() * theta.clone() * theta.clone() * theta.clone();
                let base = gamma.clone() + dense + spread * theta.clone();
                match spread_type(column) as u64 {
                    0 => base,
                    kind => base + theta4 * small(kind),
                }
            });
            let pairs = f0.clone() * f1.clone() + (f0.clone() + f1.clone()) * f2.clone();
            vec![active * (h * f0 * f1 * f2 - pairs)]
        });
    }

    fn extract_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        let c = &self.columns;
        meta.create_gate("logup extraction fraction", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(c.active, Rotation::cur());
            let output = m.query_fixed(c.output, Rotation::cur());
            let step = m.query_fixed(c.step, Rotation::cur());
            let weight = m.query_fixed(c.weight, Rotation::cur());
            // In byte rows k[1] is the position and `output` is 0; in output rows with a weight k[1] is 0.
            let fixed_position = m.query_fixed(c.multipliers[1], Rotation::cur());
            let [byte, field, position, enable] =
                [1, 2, 3, 4].map(|i| m.query_advice(c.wide[i], Rotation::cur()));
            let position = fixed_position + output * position;
            let tuple = compress(
                [byte, position, constant(0), field.clone(), constant(TupleType::Byte as u64)],
                &theta,
            );
            let extract = m.query_advice(c.extract, Rotation::cur());
            vec![active * (extract * (gamma + tuple) - step * field - weight * enable)]
        });
    }

    /// `fraction (γ + t + θ⁴) + shared · m2 = 0`, or else words above 2^10 could pass for narrow ones.
    fn narrow_gate(&self, meta: &mut ConstraintSystem<Fr>, narrow: &Narrow) {
        let c = &self.columns;
        meta.create_gate("logup narrow table fraction", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(c.active, Rotation::cur());
            let shared = m.query_fixed(narrow.shared, Rotation::cur());
            let [c0, c1, c2, c3, kind] = c.table.map(|t| m.query_fixed(t, Rotation::cur()));
            let kind = kind + constant(TupleType::Spread10 as u64);
            let t = gamma + compress([c0, c1, c2, c3, kind], &theta);
            let multiplicity = m.query_advice(narrow.multiplicity, Rotation::cur());
            let fraction = m.query_advice(narrow.fraction, Rotation::cur());
            vec![active * (fraction * t + shared * multiplicity)]
        });
    }

    fn sum_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let c = &self.columns;
        meta.create_gate("logup running sum", |m| {
            let (theta, gamma) = self.challenges(m);
            let active = m.query_fixed(c.active, Rotation::cur());
            let step = m.query_fixed(c.step, Rotation::cur());
            let output = m.query_fixed(c.output, Rotation::cur());
            let [state, symbol, field] =
                [0, 1, 2].map(|i| m.query_advice(c.wide[i], Rotation::cur()));
            let next = m.query_advice(c.wide[0], Rotation::next());
            let lower = m.query_advice(c.lower, Rotation::cur());
            let edge = compress(
                [state, symbol.clone(), next, field, constant(TupleType::Automaton as u64)],
                &theta,
            );
            // In output rows k[1] says which table of bytes is meant; elsewhere it means nothing here.
            let kind =
                m.query_fixed(c.multipliers[1], Rotation::cur()) + constant(TupleType::Case as u64);
            let case = compress([symbol, lower, constant(0), constant(0), kind], &theta);
            let f = gamma.clone() + step * edge + output * case;
            let table = c.table.map(|t| m.query_fixed(t, Rotation::cur()));
            let t = gamma + compress(table, &theta);
            let multiplicity = m.query_advice(c.multiplicity, Rotation::cur());
            let phi = m.query_advice(c.phi, Rotation::cur());
            let phi_next = m.query_advice(c.phi, Rotation::next());
            let sums = self
                .fraction_columns()
                .map(|column| m.query_advice(column, Rotation::cur()))
                .reduce(|a, b| a + b)
                .expect("at least three columns");
            let difference = phi_next - phi - sums;
            vec![active * (difference * f.clone() * t.clone() - t + multiplicity * f)]
        });
        meta.create_gate("logup sum starts and ends at zero", |m| {
            let ends = m.query_selector(self.ends);
            vec![ends * m.query_advice(c.phi, Rotation::cur())]
        });
    }

    /// The columns that hold sums of fractions.
    fn fraction_columns(&self) -> impl Iterator<Item = Column<Advice>> + '_ {
        let c = &self.columns;
        let helpers = c.lanes.iter().flat_map(|lane| lane.helper);
        helpers.chain([c.extract]).chain(c.narrow.map(|narrow| narrow.fraction))
    }
}
