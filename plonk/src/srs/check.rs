//! What every SRS must satisfy, however it was read.
//!
//! # Statement
//!
//! For powers `g_0 … g_{n−1}` in G1 and `h, h'` in G2 that pass [`check_powers`] there is, except with
//! probability below 2^−120 over the verifier's own randomness, one `s` other than 0 and 1 with
//! `g_i = s^i · G1`, `h = G2` and `h' = s · G2`, the generators being the standard ones. Points of G1
//! have no subgroup to check (cofactor 1); points of G2 have, and are.
//!
//! It cannot say whether somebody knows `s`. Two secrets that everybody knows are refused: that of this
//! program's development SRS under any other label, and that of halo2-base's `gen_srs`.

use halo2_proofs::{
    arithmetic::best_multiexp,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        ff::Field,
        group::{cofactor::CofactorGroup, prime::PrimeCurveAffine, Curve},
        pairing::Engine,
    },
    poly::EvaluationDomain,
};
use rand::{rngs::OsRng, RngCore};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};

use super::insecure_dev_secret;
use crate::{
    error::{Error, Result},
    kinds::{SrsCheck, SrsKind},
};

fn fail<T>(check: SrsCheck, detail: impl Into<String>) -> Result<T> {
    Err(Error::Srs { check, detail: detail.into() })
}

/// Checks the powers; decoding has established canonical coordinates and the curve equation.
///
/// # Errors
///
/// [`Error::Srs`] with the check that failed.
pub fn check_powers(
    k: u32,
    powers: &[G1Affine],
    g2: &G2Affine,
    s_g2: &G2Affine,
    kind: &SrsKind,
) -> Result<()> {
    if powers.len() != 1 << k {
        return fail(SrsCheck::Size, format!("{} powers for k = {k}", powers.len()));
    }
    if powers[0] != G1Affine::generator() {
        return fail(SrsCheck::Generator, "the first power in G1 is not the generator");
    }
    check_g2(g2, s_g2, kind)?;

    // Σ r_i g_{i+1} paired with h against Σ r_i g_i paired with h': a false power survives with
    // probability 2^−128. Small random scalars keep the sums cheap.
    let last = powers.len() - 1;
    let weights: Vec<Fr> = (0..last).map(|_| random_128()).collect();
    let low = best_multiexp(&weights, &powers[..last]).to_affine();
    let high = best_multiexp(&weights, &powers[1..]).to_affine();
    if Bn256::pairing(&high, g2) != Bn256::pairing(&low, s_g2) {
        return fail(SrsCheck::Powers, "the points are not the powers of one secret");
    }
    Ok(())
}

/// Checks the two points of G2, all of the SRS that a verifying key holds.
///
/// # Errors
///
/// [`Error::Srs`] with the check that failed.
pub fn check_g2(g2: &G2Affine, s_g2: &G2Affine, kind: &SrsKind) -> Result<()> {
    if *g2 != G2Affine::generator() {
        return fail(SrsCheck::Generator, "the first power in G2 is not the generator");
    }
    if !bool::from(s_g2.to_curve().is_torsion_free()) {
        return fail(SrsCheck::Subgroup, "[s] in G2 is outside the subgroup of prime order");
    }
    if bool::from(s_g2.is_identity()) || s_g2 == g2 {
        return fail(SrsCheck::KnownSecret, "the secret is 0 or 1; nobody contributed to it");
    }
    let has_secret = |s: Fr| generator_times(s) == *s_g2;
    match (kind.is_insecure(), has_secret(insecure_dev_secret())) {
        (true, false) => {
            let detail = "labelled insecure-dev, but not the development SRS of this program";
            return fail(SrsCheck::KnownSecret, detail);
        }
        (false, true) => {
            let detail = format!("the development SRS, labelled as {}", kind.label());
            return fail(SrsCheck::KnownSecret, detail);
        }
        (true, true) => return Ok(()),
        (false, false) => {}
    }
    if has_secret(zero_seed_secret()) {
        return fail(SrsCheck::KnownSecret, "made by halo2-base's gen_srs from a zero seed");
    }
    Ok(())
}

/// Checks that a Lagrange basis belongs to powers that were checked: a random polynomial has the same
/// commitment in both.
///
/// # Errors
///
/// [`Error::Srs`] with [`SrsCheck::Lagrange`] or [`SrsCheck::Size`].
pub fn check_lagrange(k: u32, powers: &[G1Affine], lagrange: &[G1Affine]) -> Result<()> {
    if lagrange.len() != powers.len() || powers.len() != 1 << k {
        return fail(SrsCheck::Size, "the two bases differ in length");
    }
    let domain = EvaluationDomain::<Fr>::new(1, k);
    let values: Vec<Fr> = (0..lagrange.len()).map(|_| random_128()).collect();
    let in_lagrange = best_multiexp(&values, lagrange);
    let polynomial = domain.lagrange_to_coeff(domain.lagrange_from_vec(values));
    if best_multiexp(&polynomial, powers) != in_lagrange {
        return fail(SrsCheck::Lagrange, "the Lagrange basis does not belong to the powers");
    }
    Ok(())
}

fn random_128() -> Fr {
    let mut rng = OsRng;
    Fr::from_raw([rng.next_u64(), rng.next_u64(), 0, 0])
}

/// The secret behind halo2-base's `gen_srs`, which derives it from an all-zero seed.
fn zero_seed_secret() -> Fr {
    Fr::random(ChaCha20Rng::from_seed([0; 32]))
}

/// `s · G2`, affine.
fn generator_times(s: Fr) -> G2Affine {
    (G2Affine::generator() * s).to_affine()
}
