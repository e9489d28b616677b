//! Challenge discipline: a value that is checked under a challenge must be chosen before it.
//!
//! A gate over a challenge may read columns that are committed after it, but these must be
//! functions of earlier columns and the challenge. Which are, a machine can't tell; it can say
//! which columns the question is about.

use std::collections::{BTreeMap, BTreeSet};

use zkdkim_plonk::{
    halo2curves::ff::PrimeField,
    plonk::{ConstraintSystem, Expression},
};

/// For each gate that uses a challenge, the advice columns that are committed after that challenge
/// is known.
pub fn columns_chosen_after<F: PrimeField>(
    meta: &ConstraintSystem<F>,
) -> BTreeMap<String, BTreeSet<usize>> {
    let mut chosen = BTreeMap::new();
    for gate in meta.gates() {
        for expression in gate.polynomials() {
            let mut seen = (Vec::new(), Vec::new());
            collect(expression, &mut seen);
            let (challenges, advice) = seen;
            if let Some(first) = challenges.into_iter().min() {
                // A challenge of phase p is known when the columns of phase p + 1 are chosen.
                let late = advice.into_iter().filter(|(_, phase)| *phase > first);
                let late = late.map(|(column, _)| column);
                chosen.entry(gate.name().to_owned()).or_insert_with(BTreeSet::new).extend(late);
            }
        }
    }
    chosen
}

fn collect<F: PrimeField>(expression: &Expression<F>, seen: &mut (Vec<u8>, Vec<(usize, u8)>)) {
    match expression {
        Expression::Challenge(challenge) => seen.0.push(challenge.phase()),
        Expression::Advice(query) => seen.1.push((query.column_index(), query.phase())),
        Expression::Negated(a) | Expression::Scaled(a, _) => collect(a, seen),
        Expression::Sum(a, b) | Expression::Product(a, b) => {
            collect(a, seen);
            collect(b, seen);
        }
        _ => {}
    }
}
