//! A small circuit with everything that the generator supports: two phases with two challenges,
//! selectors that compression merges, a gate of degree 5, rotations from −7 to 3, the instance
//! column in gates at three rotations, fixed and instance columns under the permutation argument.

use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{
        Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed,
        Instance, SecondPhase, Selector,
    },
    poly::Rotation,
};

pub const K: u32 = 7;
pub const INSTANCES: usize = 6;
const FIRST: usize = 8;
const LAST: usize = 44;
/// The row at which gates read the instance column.
const INSTANCE_ROW: usize = 3;

#[derive(Clone)]
pub struct Config {
    /// a, b, c = a·b, e, w
    columns: [Column<Advice>; 5],
    running: Column<Advice>,
    constant: Column<Fixed>,
    scale: Column<Fixed>,
    public: Column<Fixed>,
    instance: Column<Instance>,
    selectors: [Selector; 5],
    challenges: [Challenge; 2],
}

#[derive(Clone, Default)]
pub struct Small {
    pub seed: u64,
}

fn large_constant() -> Fr {
    Fr::from(7).invert().unwrap()
}

impl Small {
    fn a(&self, row: usize) -> Fr {
        Fr::from(self.seed + row as u64)
    }

    fn b(&self, row: usize) -> Fr {
        Fr::from(self.seed * 3 + 5 + (row * row) as u64)
    }

    pub fn instances(&self) -> Vec<Fr> {
        // Row 3 of the gate reads instances 2, 3 and 4; the last ones are bound by copies.
        let row = INSTANCE_ROW;
        let sum = self.a(row) + self.b(row);
        vec![
            self.a(FIRST),
            self.b(FIRST),
            self.b(row),
            self.a(row),
            sum,
            self.a(FIRST + 1) * self.b(FIRST + 1),
        ]
    }
}

impl Circuit<Fr> for Small {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let columns = [(); 5].map(|()| meta.advice_column());
        let [a, b, c, e, w] = columns;
        let running = meta.advice_column_in(SecondPhase);
        let challenges = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let [constant, scale, public] = [(); 3].map(|()| meta.fixed_column());
        let instance = meta.instance_column();
        let selectors = [(); 5].map(|()| meta.selector());
        meta.enable_constant(constant);
        for column in columns {
            meta.enable_equality(column);
        }
        meta.enable_equality(running);
        meta.enable_equality(instance);

        meta.create_gate("product", |meta| {
            let s = meta.query_selector(selectors[0]);
            vec![s * (c.cur() - a.cur() * b.cur())]
        });
        meta.create_gate("degree five", |meta| {
            let s = meta.query_selector(selectors[1]);
            vec![s * (a.cur() * a.cur() * b.cur() * c.prev() - e.cur())]
        });
        meta.create_gate("running sum", |meta| {
            let s = meta.query_selector(selectors[2]);
            let [x, y] = challenges.map(|challenge| meta.query_challenge(challenge));
            vec![s * (running.next() - (running.cur() * x + a.cur() + y))]
        });
        meta.create_gate("far rotations", |meta| {
            let s = meta.query_selector(selectors[3]);
            vec![s * (e.cur() - e.rot(-7) - b.rot(3))]
        });
        meta.create_gate("constants", |meta| {
            let s = meta.query_selector(selectors[4]);
            let scale = meta.query_fixed(scale, Rotation::cur());
            let line = scale * large_constant() + a.cur() * -Fr::from(3);
            let shared = line.clone() - w.cur();
            let two = Expression::Constant(Fr::from(2));
            vec![s.clone() * shared.clone(), s * shared * (-(w.cur() * two) + line)]
        });
        meta.create_gate("instances", |meta| {
            let q = meta.query_fixed(public, Rotation::cur());
            let [before, here, after] =
                [-1, 0, 1].map(|at| meta.query_instance(instance, Rotation(at)));
            vec![
                q.clone() * (here - a.cur()),
                q.clone() * (before - b.cur()),
                q * (after - (a.cur() + b.cur())),
            ]
        });
        Config { columns, running, constant, scale, public, instance, selectors, challenges }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let [a, b, c, e, w] = config.columns;
        let public = layouter.assign_region(
            || "all",
            |mut region| {
                let mut public = vec![];
                for row in FIRST..LAST {
                    let (va, vb) = (self.a(row), self.b(row));
                    let cell_a = region.assign_advice(a, row, Value::known(va)).cell();
                    let cell_b = region.assign_advice(b, row, Value::known(vb)).cell();
                    let cell_c = region.assign_advice(c, row, Value::known(va * vb)).cell();
                    config.selectors[0].enable(&mut region, row)?;
                    match row {
                        FIRST => public.extend([(cell_a, 0), (cell_b, 1)]),
                        r if r == FIRST + 1 => public.push((cell_c, 5)),
                        _ => {}
                    }
                }
                for row in FIRST + 1..LAST - 3 {
                    let even =
                        |r: usize| self.a(r).square() * self.b(r) * self.a(r - 1) * self.b(r - 1);
                    let value = if row % 2 == 0 {
                        config.selectors[1].enable(&mut region, row)?;
                        even(row)
                    } else if row > FIRST + 8 {
                        config.selectors[3].enable(&mut region, row)?;
                        even(row - 7) + self.b(row + 3)
                    } else {
                        Fr::ZERO
                    };
                    region.assign_advice(e, row, Value::known(value));
                }
                for row in FIRST..FIRST + 4 {
                    let scale = Fr::from(11 + row as u64);
                    region.assign_fixed(config.scale, row, scale);
                    config.selectors[4].enable(&mut region, row)?;
                    let value = scale * large_constant() - self.a(row) * Fr::from(3);
                    let cell = region.assign_advice(w, row, Value::known(value)).cell();
                    let copy = region.assign_advice(e, 60 + row, Value::known(value)).cell();
                    region.constrain_equal(cell, copy);
                }
                let fixed = region.assign_advice(w, 60, Value::known(large_constant())).cell();
                region.constrain_constant(fixed, large_constant())?;

                region.assign_fixed(config.public, INSTANCE_ROW, Fr::ONE);
                region.assign_advice(a, INSTANCE_ROW, Value::known(self.a(INSTANCE_ROW)));
                region.assign_advice(b, INSTANCE_ROW, Value::known(self.b(INSTANCE_ROW)));

                region.next_phase();
                let [x, y] = config.challenges.map(|c| region.get_challenge(c));
                let mut sum = Value::known(Fr::ZERO);
                let first = region.assign_advice(config.running, FIRST, sum).cell();
                region.constrain_constant(first, Fr::ZERO)?;
                for row in FIRST..LAST {
                    config.selectors[2].enable(&mut region, row)?;
                    sum = sum * x + Value::known(self.a(row)) + y;
                    region.assign_advice(config.running, row + 1, sum);
                }
                Ok(public)
            },
        )?;
        for (cell, row) in public {
            layouter.constrain_instance(cell, config.instance, row);
        }
        Ok(())
    }
}
