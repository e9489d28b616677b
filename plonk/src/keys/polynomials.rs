//! The polynomials of a proving key as bytes.
//!
//! In this order, each as 2^k field elements in Montgomery form (32 bytes, little-endian): `l_0`,
//! `l_last`, `l_active`, the fixed columns as values, the same as coefficients, the permutation's
//! columns as values, the same as coefficients. How many there are follows from the verifying key.

use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine},
        serde::SerdeObject,
    },
    plonk::{permutation, ProvingKey, VerifyingKey},
    poly::{Basis, Polynomial},
};
use rayon::prelude::*;

use crate::error::{Error, Result};

const SCALAR_BYTES: usize = 32;

pub(super) fn encode(pk: &ProvingKey<G1Affine>, out: &mut Vec<u8>) {
    fn put<B: Basis>(polynomials: &[Polynomial<Fr, B>], out: &mut Vec<u8>) {
        for polynomial in polynomials {
            for value in polynomial.iter() {
                out.extend_from_slice(&value.to_raw_bytes());
            }
        }
    }
    let permutation = pk.permutation();
    let all = 3 + 2 * (pk.fixed_values().len() + permutation.polys().len());
    out.reserve(all * pk.l0().len() * SCALAR_BYTES);
    for polynomial in [pk.l0(), pk.l_last(), pk.l_active_row()] {
        put(std::slice::from_ref(polynomial), out);
    }
    put(pk.fixed_values(), out);
    put(pk.fixed_polys(), out);
    put(permutation.permutations(), out);
    put(permutation.polys(), out);
}

pub(super) fn decode(vk: VerifyingKey<G1Affine>, bytes: &[u8]) -> Result<ProvingKey<G1Affine>> {
    let fixed = vk.cs().num_fixed_columns();
    let permuted = vk.cs().permutation().get_columns().len();
    let len = SCALAR_BYTES << vk.get_domain().k();
    let expected = (3 + 2 * fixed + 2 * permuted) * len;
    if bytes.len() != expected {
        let detail = format!("{} bytes of polynomials, expected {expected}", bytes.len());
        return Err(Error::malformed("proving key", detail));
    }
    let mut reader = Reader { bytes, len };
    let l0 = reader.next()?;
    let l_last = reader.next()?;
    let l_active_row = reader.next()?;
    let fixed_values = reader.several(fixed)?;
    let fixed_polys = reader.several(fixed)?;
    let permutations = reader.several(permuted)?;
    let polys = reader.several(permuted)?;
    let permutation = permutation::ProvingKey::from_parts(permutations, polys);
    Ok(ProvingKey::from_parts(vk, l0, l_last, l_active_row, fixed_values, fixed_polys, permutation))
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// Bytes of one polynomial.
    len: usize,
}

impl Reader<'_> {
    fn next<B: Basis>(&mut self) -> Result<Polynomial<Fr, B>> {
        let bad = |detail: &str| Error::malformed("proving key", detail);
        let (mine, rest) =
            self.bytes.split_at_checked(self.len).ok_or_else(|| bad("too few polynomials"))?;
        self.bytes = rest;
        let values: Option<Vec<Fr>> =
            mine.par_chunks_exact(SCALAR_BYTES).map(Fr::from_raw_bytes).collect();
        values.map(Polynomial::new).ok_or_else(|| bad("a coefficient is not below the modulus"))
    }

    fn several<B: Basis>(&mut self, count: usize) -> Result<Vec<Polynomial<Fr, B>>> {
        (0..count).map(|_| self.next()).collect()
    }
}
