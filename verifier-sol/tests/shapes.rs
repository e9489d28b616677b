//! Circuits at the edges of what the generator supports.

use crate::common;
use crate::common::Harness;
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{
        keygen_vk, Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression,
        FirstPhase, Fixed, Instance, SecondPhase,
    },
    poly::Rotation,
};
use zkdkim_verifier_sol::{Setup, Sources, Verdict};

/// Proves and verifies everywhere; returns the sources.
fn round_trip<C: Circuit<Fr> + Clone>(k: u32, circuit: C, instances: &[Fr]) -> Sources {
    let harness = Harness::new(k, &circuit, instances.len());
    let proof = common::prove(&harness.params, &harness.pk, circuit, instances);
    assert!(harness.verifies_natively(&proof, instances), "halo2");
    assert!(harness.verifies_by_reference(&proof, instances), "snark-verifier");
    let mut chain = harness.deploy();
    let (verdict, gas) = chain.call(&proof, instances);
    println!("gas {gas}, verifier {} bytes", harness.artifacts.verifier.size);
    assert_eq!(verdict, Verdict::Valid);
    let mut other = proof;
    *other.last_mut().unwrap() ^= 1;
    assert_ne!(chain.call(&other, instances).0, Verdict::Valid);
    harness.sources
}

/// One column, one gate, nothing at another rotation, no public input.
#[derive(Clone, Default)]
struct Minimal;

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

#[test]
fn one_column_without_public_inputs() {
    round_trip(4, Minimal, &[]);
}

/// Phases out of order: columns and challenges of the first declared after those of the second, and
/// challenges after the last phase; degree 3, so that each permuted column has a grand product of
/// its own. (halo2-axiom's prover fails on a third phase.)
#[derive(Clone, Default)]
struct Phases;

#[derive(Clone)]
struct PhasesConfig {
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

#[test]
fn phases_and_challenges_out_of_order() {
    let instances = [0, 9, 5].map(Fr::from);
    round_trip(5, Phases, &instances);
}

/// One gate with many long polynomials: chains that lean to either side, sums that would pass
/// 2^256 unreduced, shared parts, long constants. The code must stay within the EVM's stack.
#[derive(Clone, Default)]
struct Deep;

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

#[test]
fn long_expressions_fit_the_stack() {
    let sources = round_trip(5, Deep, &[Fr::from(1)]);
    // A gate's name is a comment, and stays one.
    assert!(sources.verifier_source.contains("// deep ?*/ // name\n"));
}

#[test]
fn keys_without_selector_compression_work() {
    let circuit = common::small::Small { seed: 8 };
    let params = common::params(common::small::K);
    let vk = keygen_vk(&params, &circuit).unwrap();
    let metadata = common::metadata(common::small::INSTANCES, Setup::Ceremony);
    let plain = zkdkim_verifier_sol::export(&vk, &params, &metadata).unwrap();
    let pk = common::proving_key(&params, &circuit);
    let merged = zkdkim_verifier_sol::export(pk.get_vk(), &params, &metadata).unwrap();
    assert_ne!(plain.key_runtime, merged.key_runtime, "the key decides, not the circuit");
    let artifacts = zkdkim_verifier_sol::Solc::in_crate().unwrap().compile(&plain).unwrap();
    let pk = zkdkim_plonk::plonk::keygen_pk(&params, vk, &circuit).unwrap();
    let instances = circuit.instances();
    let proof = common::prove(&params, &pk, circuit, &instances);
    let refuse = zkdkim_verifier_sol::InsecureSetup::Refuse;
    let outcome = artifacts.verify_once(refuse, &proof, &instances).unwrap();
    assert_eq!(outcome.verdict(), Verdict::Valid);
}
