//! A synthetic circuit of the size of the product's: it computes nothing, but has its shape, so
//! that gas and code size can be measured before, and independently of, the real one.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{
        Advice, Any, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase,
        Fixed, Instance, SecondPhase,
    },
    poly::Rotation,
};

pub const INSTANCES: usize = 10;
const ADVICE: usize = 25;
const SECOND_PHASE: usize = 4;
const FIXED: usize = 28;
const GATES: usize = 15;
const POLYS: usize = 75;

#[derive(Clone)]
pub struct Config {
    advice: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    instance: Column<Instance>,
}

#[derive(Clone, Default)]
pub struct Large;

impl Large {
    pub fn instances() -> Vec<Fr> {
        (1..=INSTANCES as u64).map(|i| Fr::from(i).invert().unwrap()).collect()
    }
}

/// Every term has an advice factor, so the zero witness satisfies all gates.
fn polynomial(
    rng: &mut ChaCha20Rng,
    cells: &[Expression<Fr>],
    fixed: &Expression<Fr>,
    challenge: &Expression<Fr>,
) -> Expression<Fr> {
    let mut cell = || cells[rng.gen_range(0..cells.len())].clone();
    let one = Expression::Constant(Fr::ONE);
    let product = cell() * (cell() - one) * cell() * cell();
    let weighted =
        (0..4).fold(cell() * fixed.clone(), |sum, i| sum + cell() * Fr::from(1u64 << (5 * i)));
    product + weighted - cell() * challenge.clone() * cell() - cell()
}

impl Circuit<Fr> for Large {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let mut advice: Vec<Column<Advice>> = vec![];
        for i in 0..ADVICE {
            advice.push(match i < ADVICE - SECOND_PHASE {
                true => meta.advice_column(),
                false => meta.advice_column_in(SecondPhase),
            });
        }
        let challenges: [Challenge; 2] = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let fixed: Vec<_> = (0..FIXED).map(|_| meta.fixed_column()).collect();
        let instance = meta.instance_column();
        let permuted: [Column<Any>; 7] = [
            instance.into(),
            fixed[FIXED - 1].into(),
            advice[0].into(),
            advice[1].into(),
            advice[2].into(),
            advice[3].into(),
            advice[24].into(),
        ];
        for column in permuted {
            meta.enable_equality(column);
        }
        for gate in 0..GATES {
            meta.create_gate(format!("gate {gate}"), |meta| {
                let q = meta.query_fixed(fixed[gate], Rotation::cur());
                let other =
                    meta.query_fixed(fixed[GATES + gate % (FIXED - GATES)], Rotation::cur());
                let challenge = meta.query_challenge(challenges[gate % 2]);
                // Three rotations of each column, a fourth of some, over all gates.
                let mut cells = vec![];
                for (i, column) in advice.iter().enumerate() {
                    if (i + gate) % 3 == 0 {
                        cells.extend([0, 1, -1].map(|at| column.rot(at)));
                        if i % 3 == 1 {
                            cells.push(column.rot(-8));
                        }
                    }
                }
                let all: Vec<_> = (0..POLYS / GATES)
                    .map(|_| q.clone() * polynomial(&mut rng, &cells, &other, &challenge))
                    .collect();
                let touch = cells.into_iter().reduce(|a, b| a + b).unwrap();
                all.into_iter().chain([q * touch]).collect::<Vec<_>>()
            });
        }
        Config { advice, fixed, instance }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let cells = layouter.assign_region(
            || "all",
            |mut region| {
                for (i, column) in config.fixed.iter().enumerate() {
                    for row in 40..60 {
                        region.assign_fixed(*column, row, Fr::from((i * row) as u64 + 1));
                    }
                }
                let values = Self::instances().into_iter().enumerate();
                let cells: Vec<_> = values
                    .map(|(row, v)| {
                        region.assign_advice(config.advice[0], row, Value::known(v)).cell()
                    })
                    .collect();
                for column in &config.advice[1..ADVICE - SECOND_PHASE] {
                    region.assign_advice(*column, 0, Value::known(Fr::ZERO));
                }
                region.next_phase();
                for column in &config.advice[ADVICE - SECOND_PHASE..] {
                    region.assign_advice(*column, 0, Value::known(Fr::ZERO));
                }
                Ok(cells)
            },
        )?;
        for (row, cell) in cells.into_iter().enumerate() {
            layouter.constrain_instance(cell, config.instance, row);
        }
        Ok(())
    }
}
