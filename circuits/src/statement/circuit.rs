//! A statement with its witness, as Halo2 sees it.

use std::sync::Arc;

use num_bigint::BigUint;
use zkdkim_grid::Grid;
use zkdkim_plonk::{
    circuit::{Layouter, SimpleFloorPlanner},
    halo2curves::{bn256::Fr, ff::PrimeField},
    plonk::{Circuit, ConstraintSystem, Error},
};

use super::StatementConfig;
use crate::{header::MAX_BLOCK, layout::CircuitParams, logup::LookupTable};
use zkdkim_relation::{
    registry::{MerklePath, DEPTH},
    sealed::Reading,
    statement::StatementInput,
    Salt,
};

/// Why no circuit can be laid out for an input.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CircuitError {
    /// The rows do not fit.
    #[error("k = {got} is outside {min} to {max}: the row blocks need 2^{min}, the field has no larger domain than 2^{max}")]
    UnsupportedK {
        /// [`CircuitParams::k`] as it was given.
        got: u32,
        /// The least k that holds the row blocks.
        min: u32,
        /// The two-adicity of the field, 28: it has no larger domain.
        max: u32,
    },
    /// No layout has so many lookups a row.
    #[error("no layout has {got} lookups a row; there are layouts with 6 and with 12")]
    UnsupportedLookups {
        /// [`CircuitParams::lookups`] as it was given.
        got: usize,
    },
    /// The header block is longer than the circuit's.
    #[error("the signed header block has {got} bytes; the circuit takes {max}")]
    BlockTooLong {
        /// Length of the block in bytes.
        got: usize,
        /// The longest block that the circuit takes, in bytes.
        max: usize,
    },
    /// A number is longer than 2,048 bits.
    #[error("the {name} has {got} bits; the circuit takes 2048")]
    NumberTooLong {
        /// `signature` or `modulus`.
        name: &'static str,
        /// Its length in bits.
        got: u64,
    },
}

/// A first-phase witness that is overwritten when the last circuit that uses it goes.
struct SecretGrid(Grid<Fr>);

impl Drop for SecretGrid {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

/// The statement's circuit with a witness. `Debug` shows only its parameters.
#[derive(Clone)]
pub struct StatementCircuit {
    params: CircuitParams,
    table: Arc<LookupTable>,
    first_phase: Arc<SecretGrid>,
}

impl std::fmt::Debug for StatementCircuit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatementCircuit").field("params", &self.params).finish_non_exhaustive()
    }
}

impl StatementCircuit {
    /// Lays out `input`. An input that does not satisfy the statement gives an unsatisfied circuit.
    ///
    /// # Errors
    /// Where the input does not fit the layout at all.
    pub fn new(params: CircuitParams, input: &StatementInput) -> Result<Self, CircuitError> {
        let Some(min) = params.min_k() else {
            return Err(CircuitError::UnsupportedLookups { got: params.lookups });
        };
        if !(min..=Fr::S).contains(&params.k) {
            return Err(CircuitError::UnsupportedK { got: params.k, min, max: Fr::S });
        }
        if input.header.len() > MAX_BLOCK {
            return Err(CircuitError::BlockTooLong { got: input.header.len(), max: MAX_BLOCK });
        }
        for (name, number) in [("signature", &input.signature), ("modulus", &input.modulus)] {
            if number.bits() > 2048 {
                return Err(CircuitError::NumberTooLong { name, got: number.bits() });
            }
        }
        let config = StatementConfig::configure(&mut ConstraintSystem::default(), params);
        let table = config.table();
        let mut secret = SecretGrid(Grid::new());
        config.assign(&mut secret.0, params.k, &table, input);
        config.assign_lookups(&mut secret.0, params.k, &table);
        Ok(Self { params, table: Arc::new(table), first_phase: Arc::new(secret) })
    }

    /// The circuit without a witness, for key generation.
    ///
    /// # Panics
    /// If the parameters are not supported, see [`CircuitError`].
    pub fn keygen(params: CircuitParams) -> Self {
        let path = MerklePath { index: 0, siblings: [Fr::zero(); DEPTH] };
        let number = BigUint::from(1u32);
        let input = StatementInput {
            header: Vec::new(),
            signature: number.clone(),
            modulus: number,
            salt: Salt::new(Fr::zero()),
            path,
            not_before: 0,
            reading: Reading::Clear,
        };
        Self::new(params, &input).expect("the parameters are supported and the empty input fits")
    }

    /// The layout that it was made for.
    pub fn circuit_params(&self) -> CircuitParams {
        self.params
    }

    /// The first phase; it holds all that the proof hides.
    pub fn grid(&self) -> &Grid<Fr> {
        &self.first_phase.0
    }
}

impl Circuit<Fr> for StatementCircuit {
    type Config = StatementConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = CircuitParams;

    fn params(&self) -> Self::Params {
        self.params
    }

    fn without_witnesses(&self) -> Self {
        Self::keygen(self.params)
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
        config.synthesize(&mut layouter, "statement", self.grid(), |challenges| {
            config.assign_second_phase(self.grid(), self.params.k, &self.table, challenges)
        })
    }
}
