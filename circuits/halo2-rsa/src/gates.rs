//! The lent columns and the gates over them.

use zkdkim_plonk::{
    halo2curves::ff::PrimeField,
    plonk::{
        Advice, Challenge, Column, ConstraintSystem, Constraints, Expression, Fixed, Selector,
        VirtualCells,
    },
    poly::Rotation,
};

use crate::layout::{CARRY_OFFSET_BITS, LIMB_BITS, OPERANDS};

/// Columns that the caller lends. The gadget creates none.
#[derive(Clone, Copy, Debug)]
pub struct RsaColumns {
    /// First phase. In every row the caller proves cell i below `2^RANGE_BITS[i]`; unwritten cells
    /// are zero.
    pub range: [Column<Advice>; 6],
    /// The same for the pieces of checked carries: the first four of `range`, or four others, so that carries need
    /// not stand below the limbs.
    pub carry_range: [Column<Advice>; 4],
    /// First phase, equality enabled: checked carries. `value`, or another column.
    pub carry: Column<Advice>,
    /// First phase, equality enabled: coefficients, limbs of the modulus and of the expected block.
    pub value: Column<Advice>,
    /// First phase, equality enabled: words of the modulus.
    pub pack: Column<Advice>,
    /// Second phase, equality enabled: evaluations at the challenge.
    pub acc: Column<Advice>,
    /// Whether a Horner step continues the row above (0 or 1; in the modulus block 0 or 2^32, for
    /// `pack`).
    pub factor: Column<Fixed>,
    /// Equality enabled: constants to copy from; in the modulus block the flag of the first row.
    pub constant: Column<Fixed>,
    /// In the modulus block 1 in the row of the lowest limb and 0 in the others.
    pub lowest: Column<Fixed>,
    /// The evaluation point, usable after the first phase.
    pub x: Challenge,
}

/// The gadget's gates over lent columns.
#[derive(Clone, Copy, Debug)]
pub struct RsaConfig {
    pub(crate) columns: RsaColumns,
    pub(crate) pairs: Selector,
    pub(crate) modulus: Selector,
    pub(crate) carries: Selector,
    pub(crate) horner: Selector,
    pub(crate) products: Selector,
}

/// A limb: three range cells of 11, 11 and 10 bits, so a value in [0, 2^32) by construction.
fn limb<F: PrimeField>(
    meta: &mut VirtualCells<'_, F>,
    pieces: [Column<Advice>; 3],
) -> Expression<F> {
    let [d0, d1, d2] = pieces.map(|column| meta.query_advice(column, Rotation::cur()));
    d0 + d1 * F::from(1 << 11) + d2 * F::from(1 << 22)
}

impl RsaConfig {
    /// Creates the gates.
    ///
    /// # Panics
    /// If the field has fewer than 250 bits: the carries could wrap around.
    pub fn configure<F: PrimeField>(meta: &mut ConstraintSystem<F>, columns: RsaColumns) -> Self {
        assert!(F::NUM_BITS >= 250, "the no-wrap bound needs a field of 250 bits");
        let config = Self {
            columns,
            pairs: meta.selector(),
            modulus: meta.selector(),
            carries: meta.selector(),
            horner: meta.selector(),
            products: meta.selector(),
        };
        config.pairs_gate(meta);
        config.modulus_gate(meta);
        config.carries_gate(meta);
        config.horner_gate(meta);
        config.products_gate(meta);
        config
    }

    /// `acc = factor·acc(-1)·X² + high·X + low`: at a number's last row `acc` is the number's limb
    /// polynomial at X, or else the prover could put any evaluation into a product, unrelated to
    /// range-checked limbs.
    fn pairs_gate<F: PrimeField>(&self, meta: &mut ConstraintSystem<F>) {
        meta.create_gate("rsa number", |meta| {
            let [l0, l1, l2, h0, h1, h2] = self.columns.range;
            let low = limb(meta, [l0, l1, l2]);
            let high = limb(meta, [h0, h1, h2]);
            let acc = meta.query_advice(self.columns.acc, Rotation::cur());
            let above = meta.query_advice(self.columns.acc, Rotation::prev());
            let factor = meta.query_fixed(self.columns.factor, Rotation::cur());
            let x = meta.query_challenge(self.columns.x);
            let step = factor * above * x.clone() * x.clone() + high * x + low;
            let selector = meta.query_selector(self.pairs);
            Constraints::with_selector(selector, [("rsa number accumulator", acc - step)])
        });
    }

    /// One limb of the modulus, its word and its evaluation.
    ///
    /// * limb: `value` is a range-checked limb, or else the prover could use limbs beyond 2^32, for
    ///   which the words are ambiguous and the no-wrap bound fails.
    /// * word: `pack = factor·pack(-1) + value`, or else the prover could return (and look up in a
    ///   registry) another modulus than the one that the products use.
    /// * accumulator: `acc = (1 - first)·acc(-1)·X + value`, or else the prover could put another
    ///   modulus into the products than the one returned.
    /// * top bit: in the first row `range 5 = 2·(d2 - 512)`; for d2 < 512 that is one of -1024 …
    ///   -2, outside the 10-bit column, or else the prover could use a short modulus (factored, or
    ///   zero).
    /// * lowest bit: in the last row `d0 = 2·(range 5) + 1`, both in range, or else the prover could use an even number,
    ///   which is no key.
    fn modulus_gate<F: PrimeField>(&self, meta: &mut ConstraintSystem<F>) {
        meta.create_gate("rsa modulus", |meta| {
            let [d0, d1, d2, _, _, spare] = self.columns.range;
            let limb = limb(meta, [d0, d1, d2]);
            let top = meta.query_advice(d2, Rotation::cur());
            let spare = meta.query_advice(spare, Rotation::cur());
            let value = meta.query_advice(self.columns.value, Rotation::cur());
            let pack = meta.query_advice(self.columns.pack, Rotation::cur());
            let pack_above = meta.query_advice(self.columns.pack, Rotation::prev());
            let acc = meta.query_advice(self.columns.acc, Rotation::cur());
            let acc_above = meta.query_advice(self.columns.acc, Rotation::prev());
            let factor = meta.query_fixed(self.columns.factor, Rotation::cur());
            let first = meta.query_fixed(self.columns.constant, Rotation::cur());
            let lowest = meta.query_fixed(self.columns.lowest, Rotation::cur());
            let low = meta.query_advice(d0, Rotation::cur());
            let x = meta.query_challenge(self.columns.x);
            let one = Expression::Constant(F::ONE);
            let half = Expression::Constant(F::from(512));
            let continued = (one.clone() - first.clone()) * acc_above * x;
            let odd = low - spare.clone() * F::from(2) - one;
            let selector = meta.query_selector(self.modulus);
            Constraints::with_selector(
                selector,
                [
                    ("rsa modulus limb", value.clone() - limb),
                    ("rsa modulus word", pack - factor * pack_above - value.clone()),
                    ("rsa modulus accumulator", acc - continued - value),
                    ("rsa modulus top bit", first * (spare - (top - half) * F::from(2))),
                    ("rsa modulus lowest bit", lowest * odd),
                ],
            )
        });
    }

    /// `value + 2^42` has 43 bits (11, 11, 10 and 11), or else the prover could wrap a group of
    /// coefficients around the field and prove a product that holds only modulo p.
    fn carries_gate<F: PrimeField>(&self, meta: &mut ConstraintSystem<F>) {
        meta.create_gate("rsa carry", |meta| {
            let [d0, d1, d2, d3] = self.columns.carry_range;
            let low = limb(meta, [d0, d1, d2]);
            let high = meta.query_advice(d3, Rotation::cur());
            let value = meta.query_advice(self.columns.carry, Rotation::cur());
            let offset = Expression::Constant(F::from(1 << CARRY_OFFSET_BITS));
            let pieces = low + high * F::from(1 << LIMB_BITS);
            let selector = meta.query_selector(self.carries);
            Constraints::with_selector(selector, [("rsa carry range", value + offset - pieces)])
        });
    }

    /// `acc = factor·acc(-1)·X + value`: at the last row of a run `acc` is the polynomial with
    /// these coefficients at X, or else the prover could replace the expected block, or choose c
    /// after X.
    fn horner_gate<F: PrimeField>(&self, meta: &mut ConstraintSystem<F>) {
        meta.create_gate("rsa coefficient", |meta| {
            let value = meta.query_advice(self.columns.value, Rotation::cur());
            let acc = meta.query_advice(self.columns.acc, Rotation::cur());
            let above = meta.query_advice(self.columns.acc, Rotation::prev());
            let factor = meta.query_fixed(self.columns.factor, Rotation::cur());
            let x = meta.query_challenge(self.columns.x);
            let step = factor * above * x + value;
            let selector = meta.query_selector(self.horner);
            Constraints::with_selector(selector, [("rsa coefficient accumulator", acc - step)])
        });
    }

    /// `a·b - q·n - r = (X - B)·c` over the evaluations of one product, or else the prover could
    /// chain any remainders and accept any signature.
    fn products_gate<F: PrimeField>(&self, meta: &mut ConstraintSystem<F>) {
        meta.create_gate("rsa product", |meta| {
            let [a, b, q, n, r, c] = std::array::from_fn(|operand| {
                let rotation = operand as i32 - (OPERANDS as i32 - 1);
                meta.query_advice(self.columns.acc, Rotation(rotation))
            });
            let x = meta.query_challenge(self.columns.x);
            let base = Expression::Constant(F::from(1 << LIMB_BITS));
            let difference = a * b - q * n - r - (x - base) * c;
            let selector = meta.query_selector(self.products);
            Constraints::with_selector(selector, [("rsa product", difference)])
        });
    }
}
