//! A circuit over any first-phase grid; the second phase is honest, or forged by the test.

use std::sync::{Arc, Mutex};

use zkdkim_circuits::statement::{CircuitParams, StatementConfig, PUBLIC_INPUTS};
use zkdkim_grid::Grid;
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner},
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Any, Circuit, ConstraintSystem, Error},
};

use crate::{Claim, SAMPLE_HEADER};

/// Changes second-phase cells once the challenges are known.
pub type SecondPhase = dyn Fn(&StatementConfig, &mut Grid<Fr>) + Send + Sync;

/// What every attack of a layout starts from, made once for each.
pub(crate) struct ByLayout<T>(Mutex<Vec<(CircuitParams, T)>>);

impl<T: Clone> ByLayout<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(crate) fn get(&self, layout: CircuitParams, make: impl FnOnce() -> T) -> T {
        let mut made = self.0.lock().expect("no maker panics");
        if let Some((_, kept)) = made.iter().find(|(known, _)| *known == layout) {
            return kept.clone();
        }
        let new = make();
        made.push((layout, new.clone()));
        new
    }
}

/// The statement's circuit over an arbitrary witness.
#[derive(Clone)]
pub struct ForgedCircuit {
    /// The first phase, lookups included.
    pub grid: Arc<Grid<Fr>>,
    /// Public inputs other than those that the cells give.
    pub instances: Option<Vec<Fr>>,
    /// Changes to the second phase.
    pub second: Option<Arc<SecondPhase>>,
    /// Size and lookups a row: they decide where everything in `grid` stands.
    pub params: CircuitParams,
}

impl ForgedCircuit {
    /// A circuit over `grid`.
    pub fn new(params: CircuitParams, grid: Grid<Fr>) -> Self {
        Self { grid: Arc::new(grid), instances: None, second: None, params }
    }

    /// The honest circuit for the block that forgeries start from, with cells that are changed after
    /// the provider has signed and the hashes are computed; in the default layout.
    pub fn late(change: impl FnOnce(&StatementConfig, &mut Grid<Fr>)) -> Self {
        Self::late_in(CircuitParams::ON_CHAIN, change)
    }

    /// The same in any layout.
    pub fn late_in(
        layout: CircuitParams,
        change: impl FnOnce(&StatementConfig, &mut Grid<Fr>),
    ) -> Self {
        static SIGNED: ByLayout<Grid<Fr>> = ByLayout::new();
        let mut grid = SIGNED.get(layout, || {
            let mut signed = Grid::new();
            let plan = Claim::honest(SAMPLE_HEADER.as_bytes()).in_layout(layout);
            plan.circuit(|_, _| (), |_, grid| signed = grid.clone());
            signed
        });
        let config = StatementConfig::configure(&mut ConstraintSystem::default(), layout);
        change(&config, &mut grid);
        config.assign_lookups(&mut grid, layout.k, &config.table());
        Self::new(layout, grid)
    }

    /// The public inputs that the cells tied to them hold.
    pub fn instances(&self) -> Vec<Fr> {
        if let Some(instances) = &self.instances {
            return instances.clone();
        }
        let mut instances = vec![Fr::ZERO; PUBLIC_INPUTS];
        for (cell, public) in self.grid.copies() {
            if *public.column.column_type() == Any::Instance {
                instances[public.row] = self.grid.value(*cell).expect("assigned");
            }
        }
        instances
    }
}

impl Circuit<Fr> for ForgedCircuit {
    type Config = StatementConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = CircuitParams;

    fn params(&self) -> Self::Params {
        self.params
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        Self::configure_with_params(meta, CircuitParams::default())
    }

    fn configure_with_params(
        meta: &mut ConstraintSystem<Fr>,
        params: CircuitParams,
    ) -> Self::Config {
        StatementConfig::configure(meta, params)
    }

    fn synthesize(
        &self,
        config: Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        config.synthesize(&mut layouter, "forged statement", &self.grid, |challenges| {
            let table = config.table();
            let mut second =
                config.assign_second_phase(&self.grid, self.params.k, &table, challenges);
            if let Some(forge) = &self.second {
                forge(&config, &mut second);
            }
            second
        })
    }
}
