//! A small circuit, to test keys and proofs without the statement: the public inputs are the product and
//! the sum of two secret numbers.

use zkdkim_plonk::keys::KeyedCircuit;
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    halo2curves::bn256::Fr,
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector},
    poly::Rotation,
};

/// Parameters: the size, the fold, and a variant that changes a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    pub k: u32,
    pub fold: usize,
    pub doubled: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { k: 5, fold: 3, doubled: false }
    }
}

/// Two secret numbers; public inputs are their product (twice that if `doubled`) and their sum.
#[derive(Clone, Debug, Default)]
pub struct ProductAndSum {
    pub params: Params,
    pub secret: Option<(Fr, Fr)>,
}

impl ProductAndSum {
    pub fn new(params: Params, a: u64, b: u64) -> (Self, [Fr; 2]) {
        let (a, b) = (Fr::from(a), Fr::from(b));
        let product = if params.doubled { a * b + a * b } else { a * b };
        (ProductAndSum { params, secret: Some((a, b)) }, [product, a + b])
    }
}

/// Columns of the two numbers, a gate for each result, and the public inputs.
#[derive(Clone, Debug)]
pub struct Config {
    left: Column<Advice>,
    right: Column<Advice>,
    product: Selector,
    sum: Selector,
    instance: Column<Instance>,
}

impl Circuit<Fr> for ProductAndSum {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Params;

    fn params(&self) -> Params {
        self.params
    }

    fn without_witnesses(&self) -> Self {
        ProductAndSum { params: self.params, secret: None }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        Self::configure_with_params(meta, Params::default())
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: Params) -> Config {
        let (left, right) = (meta.advice_column(), meta.advice_column());
        let (product, sum) = (meta.selector(), meta.selector());
        let instance = meta.instance_column();
        meta.enable_equality(left);
        meta.enable_equality(right);
        meta.enable_equality(instance);
        meta.create_gate("product, then sum below", |meta| {
            let now = [left, right].map(|column| meta.query_advice(column, Rotation::cur()));
            let next = [left, right].map(|column| meta.query_advice(column, Rotation::next()));
            let ([a, b], [p, s]) = (now, next);
            let (product, sum) = (meta.query_selector(product), meta.query_selector(sum));
            let ab = a.clone() * b.clone();
            let ab = if params.doubled { ab.clone() + ab } else { ab };
            vec![product * (ab - p), sum * (a + b - s)]
        });
        Config { left, right, product, sum, instance }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let (product, sum) = layouter.assign_region(
            || "all",
            |mut region| {
                config.product.enable(&mut region, 0)?;
                config.sum.enable(&mut region, 0)?;
                let a = self.secret.map_or(Value::unknown(), |s| Value::known(s.0));
                let b = self.secret.map_or(Value::unknown(), |s| Value::known(s.1));
                region.assign_advice(config.left, 0, a);
                region.assign_advice(config.right, 0, b);
                let ab = a * b;
                let ab = if self.params.doubled { ab + ab } else { ab };
                let product = region.assign_advice(config.left, 1, ab);
                let sum = region.assign_advice(config.right, 1, a + b);
                Ok((product.cell().to_owned(), sum.cell().to_owned()))
            },
        )?;
        layouter.constrain_instance(product, config.instance, 0);
        layouter.constrain_instance(sum, config.instance, 1);
        Ok(())
    }
}

impl KeyedCircuit for ProductAndSum {
    const ID: &'static str = "test/product-and-sum";
    const INSTANCES: usize = 2;

    fn k(params: &Params) -> u32 {
        params.k
    }

    fn fold(params: &Params) -> usize {
        params.fold
    }

    fn describe(params: &Params) -> String {
        format!("{params:?}")
    }

    fn blank(params: &Params) -> Self {
        ProductAndSum { params: *params, secret: None }
    }
}
