//! Layouts of the statement by name.

use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::keys::circuit_name;

/// The name of the layout that keys and proofs of this circuit belong to; none for a circuit of another version.
pub fn layout_of(circuit: &str) -> Option<&'static str> {
    let of = |params| circuit_name::<StatementCircuit>(params).is_ok_and(|name| name == circuit);
    CircuitParams::LAYOUTS.iter().find(|(_, params)| of(params)).map(|(name, _)| *name)
}
