//! What every SRS must satisfy, however it was read.
//!
//! # Statement
//!
//! For powers `g_0 … g_{n−1}` in G1 and `h, h'` in G2 that pass [`check_g2`] and [`check_powers`] there is, except with
//! probability below 2^−120 over the verifier's own randomness, one `s` other than 0 and 1 with
//! `g_i = s^i · G1`, `h = G2` and `h' = s · G2`, the generators being the standard ones. Points of G1
//! have no subgroup to check (cofactor 1); points of G2 have, and are.
//!
//! The folded bases are compared with the powers by [`folded::Srs::check_folded`].
//!
//! It cannot say whether somebody knows `s`. Two secrets that everybody knows are refused: that of this
//! program's development SRS under any other label, and that of halo2-base's `gen_srs`.

use halo2_proofs::halo2curves::{
    bn256::{Fr, G1Affine, G2Affine},
    ff::Field,
    group::{cofactor::CofactorGroup, prime::PrimeCurveAffine, Curve},
};
use rand::rngs::OsRng;
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};

use super::insecure_dev_secret;
use crate::{
    error::{Error, Result},
    folded,
    kinds::{SrsCheck, SrsKind},
};

fn fail<T>(check: SrsCheck, detail: impl Into<String>) -> Result<T> {
    Err(Error::Srs { check, detail: detail.into() })
}

/// Checks the powers in G1 against `[s]` in G2, which [`check_g2`] has accepted; decoding has established canonical
/// coordinates and the curve equation. A false power survives with probability 2^−128.
///
/// # Errors
///
/// [`Error::Srs`] with the check that failed.
pub fn check_powers(powers: &[G1Affine], s_g2: &G2Affine) -> Result<()> {
    if powers.first() != Some(&G1Affine::generator()) {
        return fail(SrsCheck::Generator, "the first power in G1 is not the generator");
    }
    if !folded::are_powers(powers, s_g2, OsRng) {
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

/// The secret behind halo2-base's `gen_srs`, which derives it from an all-zero seed.
fn zero_seed_secret() -> Fr {
    Fr::random(ChaCha20Rng::from_seed([0; 32]))
}

/// `s · G2`, affine.
fn generator_times(s: Fr) -> G2Affine {
    (G2Affine::generator() * s).to_affine()
}
