//! The statement's circuit, as keys know it.

use zkdkim_plonk::keys::KeyedCircuit;

use super::{CircuitParams, StatementCircuit, CIRCUIT_ID, PUBLIC_INPUTS};

impl KeyedCircuit for StatementCircuit {
    const ID: &'static str = CIRCUIT_ID;
    const INSTANCES: usize = PUBLIC_INPUTS;

    fn k(params: &CircuitParams) -> u32 {
        params.k
    }

    fn describe(params: &CircuitParams) -> String {
        serde_json::to_string(params).unwrap_or_else(|_| format!("{params:?}"))
    }

    fn blank(params: &CircuitParams) -> Self {
        StatementCircuit::keygen(*params)
    }
}
