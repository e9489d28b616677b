//! Small helpers to write constraints with: constants, powers, linear combinations.

use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::Expression,
};

/// `2^bits` as a field element.
pub fn pow2(bits: u32) -> Fr {
    halo2_base::utils::power_of_two(bits as usize)
}

/// A constant expression.
pub fn constant(value: impl Into<Fr>) -> Expression<Fr> {
    Expression::Constant(value.into())
}

/// `sum(coefficient * term)`.
pub fn combine(terms: impl IntoIterator<Item = (Fr, Expression<Fr>)>) -> Expression<Fr> {
    terms
        .into_iter()
        .map(|(c, e)| if c == Fr::ONE { e } else { e * c })
        .reduce(|a, b| a + b)
        .unwrap_or(Expression::Constant(Fr::ZERO))
}

/// Zero exactly when the value is 0 or 1.
pub fn boolean(value: Expression<Fr>) -> Expression<Fr> {
    value.clone() * (constant(1) - value)
}
