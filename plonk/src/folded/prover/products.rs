//! The permutation's grand products: z(ω^(i+1)) = z(ω^i) Π (p_j + β δ^j ω^i + γ) / (p_j + β σ_j + γ).

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{BatchInvert, Field, PrimeField},
};
use rand::RngCore;

use super::super::{
    domain::powers,
    keygen::ProvingKey,
    loops::{multiply, multiply_by},
    parallel,
    protocol::Column,
};

/// Rows that share an inversion.
const ROWS: usize = 1024;

/// Values of the products, the last rows random.
pub(super) fn products(
    pk: &ProvingKey,
    advice: &[Vec<Fr>],
    instance: &[Vec<Fr>],
    beta: Fr,
    gamma: Fr,
    rng: &mut impl RngCore,
) -> Vec<Vec<Fr>> {
    let shape = pk.vk.protocol().shape();
    let (n, blinding) = (shape.rows(), shape.blinding);
    let value = |c: &Column| match c {
        Column::Advice(i) => &advice[*i as usize][..],
        Column::Instance(i) => &instance[*i as usize][..],
        Column::Fixed(i) => pk.fixed_values[*i as usize].as_deref().unwrap_or(&[]),
        _ => &[],
    };
    let omegas = powers(pk.domain.omega, ROWS);
    let mut first = Fr::ONE;
    let mut out = Vec::with_capacity(shape.products());
    for (i, columns) in shape.permutation.chunks(shape.chunk()).enumerate() {
        let base = i * shape.chunk();
        let mut factors = vec![Fr::ONE; n];
        parallel::chunks(&mut factors, ROWS, |start, factors| {
            let mut terms = vec![Fr::ZERO; factors.len()];
            let mut product = factors.to_vec();
            for (j, column) in columns.iter().enumerate() {
                multiply_by(&mut terms, &pk.sigma_values[base + j][start..], beta);
                for (t, v) in terms.iter_mut().zip(&value(column)[start..]) {
                    *t += *v + gamma;
                }
                multiply(factors, &product, &terms);
                product.copy_from_slice(factors);
            }
            factors.batch_invert();
            let row = beta * pk.domain.power(start as i64);
            for (j, column) in columns.iter().enumerate() {
                let own = row * Fr::DELTA.pow([(base + j) as u64]);
                multiply_by(&mut terms, &omegas[..factors.len()], own);
                for (t, v) in terms.iter_mut().zip(&value(column)[start..]) {
                    *t += *v + gamma;
                }
                product.copy_from_slice(factors);
                multiply(factors, &product, &terms);
            }
        });
        let mut z = first;
        for f in &mut factors {
            (*f, z) = (z, z * *f);
        }
        first = factors[n - blinding - 1];
        factors[n - blinding..].iter_mut().for_each(|x| *x = Fr::random(&mut *rng));
        out.push(factors);
    }
    out
}
