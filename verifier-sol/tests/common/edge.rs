//! Circuits at the edges of what the generators support.

use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{
        Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed,
        Instance, SecondPhase,
    },
    poly::Rotation,
};

/// One column, one gate, nothing at another rotation, no public input.
#[derive(Clone, Default)]
pub struct Minimal;

impl Circuit<Fr> for Minimal {
    type Config = (Column<Advice>, Column<Fixed>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let (a, q) = (meta.advice_column(), meta.fixed_column());
        meta.instance_column();
        meta.enable_equality(a);
        meta.create_gate("bit", |meta| {
            let q = meta.query_fixed(q, Rotation::cur());
            vec![q * a.cur() * (a.cur() - Expression::Constant(Fr::ONE))]
        });
        (a, q)
    }

    fn synthesize(
        &self,
        (a, q): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "bits",
            |mut region| {
                for row in 0..4 {
                    region.assign_fixed(q, row, Fr::ONE);
                    region.assign_advice(a, row, Value::known(Fr::from(row as u64 % 2)));
                }
                Ok(())
            },
        )
    }
}

/// Phases out of order: columns and challenges of the first declared after those of the second, and
/// challenges after the last phase; degree 3, so that each permuted column has a grand product of
/// its own. (halo2-axiom's prover fails on a third phase.)
#[derive(Clone, Default)]
pub struct Phases;

#[derive(Clone)]
pub struct PhasesConfig {
    advice: [Column<Advice>; 4],
    q: Column<Fixed>,
    instance: Column<Instance>,
    challenges: [Challenge; 4],
}

impl Circuit<Fr> for Phases {
    type Config = PhasesConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> PhasesConfig {
        // Columns of phases out of order, as a circuit may have them.
        let first = meta.advice_column();
        let second = meta.advice_column_in(SecondPhase);
        let also_first = meta.advice_column();
        let third = meta.advice_column_in(SecondPhase);
        let challenges = [
            meta.challenge_usable_after(SecondPhase),
            meta.challenge_usable_after(FirstPhase),
            meta.challenge_usable_after(FirstPhase),
            meta.challenge_usable_after(SecondPhase),
        ];
        let (q, instance) = (meta.fixed_column(), meta.instance_column());
        for column in [first, also_first, third] {
            meta.enable_equality(column);
        }
        meta.enable_equality(instance);
        meta.create_gate("phases", |meta| {
            let q = meta.query_fixed(q, Rotation::cur());
            let [after_second, one, two, last] =
                challenges.map(|challenge| meta.query_challenge(challenge));
            vec![
                q.clone() * (second.cur() - first.cur() * one.clone() - also_first.cur() * two),
                q.clone() * (third.cur() - second.cur() * one),
                q * (first.cur() - also_first.cur()) * last * after_second,
            ]
        });
        PhasesConfig { advice: [first, second, also_first, third], q, instance, challenges }
    }

    fn synthesize(
        &self,
        config: PhasesConfig,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        let [first, second, also_first, third] = config.advice;
        let cell = layouter.assign_region(
            || "phases",
            |mut region| {
                region.assign_fixed(config.q, 0, Fr::ONE);
                let five = Value::known(Fr::from(5));
                let cell = region.assign_advice(first, 0, five).cell();
                let same = region.assign_advice(also_first, 0, five).cell();
                region.constrain_equal(cell, same);
                region.next_phase();
                let sum = region.get_challenge(config.challenges[1])
                    + region.get_challenge(config.challenges[2]);
                region.assign_advice(second, 0, sum * five);
                let one = region.get_challenge(config.challenges[1]);
                region.assign_advice(third, 0, sum * five * one);
                Ok(cell)
            },
        )?;
        layouter.constrain_instance(cell, config.instance, 2);
        Ok(())
    }
}

/// One gate with many long polynomials: chains that lean to either side, sums that would pass
/// 2^256 unreduced, shared parts, long constants. The code must stay within the EVM's stack.
#[derive(Clone, Default)]
pub struct Deep;

impl Circuit<Fr> for Deep {
    type Config = (Vec<Column<Advice>>, Column<Fixed>);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let advice: Vec<_> = (0..12).map(|_| meta.advice_column()).collect();
        let q = meta.fixed_column();
        meta.instance_column();
        meta.enable_equality(advice[0]);
        meta.create_gate("deep \u{202e}*/ // name", |meta| {
            let q = meta.query_fixed(q, Rotation::cur());
            let cell = |i: usize| advice[i % 12].rot(i as i32 % 3 - 1);
            let left = (0..60).map(cell).reduce(|a, b| a + b).unwrap();
            let right = (0..60).map(cell).reduce(|a, b| b - a).unwrap();
            let nested = (0..40).map(cell).fold(cell(0), |inner, c| {
                Expression::Constant(Fr::from(3)) * (c + (-inner) * Fr::from(7).invert().unwrap())
            });
            // Balanced: every level needs both sides at once.
            let mut layer: Vec<_> = (0..128).map(cell).collect();
            while layer.len() > 1 {
                let pairs = layer.chunks(2);
                layer = pairs.map(|p| (p[0].clone() - p[1].clone()) * Fr::from(5)).collect();
            }
            let balanced = layer.remove(0);
            let wide = (0..40).map(|i| q.clone() * left.clone() * cell(i) * cell(i + 5));
            wide.chain([
                q.clone() * right,
                q.clone() * nested.clone() * nested,
                q.clone() * balanced.clone(),
                q.clone() * left.clone() * balanced,
            ])
            .collect::<Vec<_>>()
        });
        (advice, q)
    }

    fn synthesize(
        &self,
        (advice, q): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "zeros",
            |mut region| {
                region.assign_fixed(q, 5, Fr::ONE);
                for column in &advice {
                    region.assign_advice(*column, 0, Value::known(Fr::ZERO));
                }
                Ok(())
            },
        )
    }
}
