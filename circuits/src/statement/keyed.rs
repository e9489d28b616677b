//! The statement's circuit, as keys know it.

use zkdkim_plonk::keys::KeyedCircuit;

use super::{CircuitParams, StatementCircuit, CIRCUIT_ID, PUBLIC_INPUTS};

impl KeyedCircuit for StatementCircuit {
    const ID: &'static str = CIRCUIT_ID;
    const INSTANCES: usize = PUBLIC_INPUTS;

    fn k(params: &CircuitParams) -> u32 {
        params.k
    }

    fn fold(params: &CircuitParams) -> usize {
        params.fold
    }

    fn describe(params: &CircuitParams) -> String {
        format!("k:{} lookups:{}", params.k, params.lookups)
    }

    fn blank(params: &CircuitParams) -> Self {
        StatementCircuit::keygen(*params)
    }
}
