//! Small helpers to write constraints with: constants, powers, linear combinations.

use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::Expression,
};

/// `2^bits` as a field element, for `bits` below 254.
///
/// # Panics
/// For larger `bits`: the power is above the modulus, and nothing here means its remainder.
pub fn pow2(bits: u32) -> Fr {
    assert!(bits < 254, "2^{bits} is above the modulus");
    let mut limbs = [0; 4];
    limbs[(bits / 64) as usize] = 1 << (bits % 64);
    Fr::from_raw(limbs)
}

/// A constant as an expression, of degree 0.
pub fn constant(value: impl Into<Fr>) -> Expression<Fr> {
    Expression::Constant(value.into())
}

/// The sum of coefficient · term over all terms; the constant 0 where there is none.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_those_of_halo2_base() {
        for bits in [0, 1, 31, 32, 63, 64, 127, 128, 253] {
            assert_eq!(pow2(bits), halo2_base::utils::power_of_two(bits as usize), "{bits}");
        }
    }
}
