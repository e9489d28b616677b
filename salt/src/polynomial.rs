//! Polynomials over the scalars, whose values are shares, and the commitments to their coefficients (Feldman).

use ic_bls12_381::{G2Affine, G2Projective, Scalar};
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroize;

use crate::{
    committee::NodeIndex,
    group::{PublicPoint, SecretScalar},
};

/// A secret polynomial of degree t − 1.
pub(crate) struct Polynomial(Vec<SecretScalar>);

impl Polynomial {
    pub(crate) fn random(threshold: u8, rng: &mut (impl RngCore + CryptoRng)) -> Polynomial {
        let constant = SecretScalar::random(rng);
        Self::with_constant(constant, threshold, rng)
    }

    /// One whose value at 0 is given.
    pub(crate) fn with_constant(
        constant: SecretScalar,
        threshold: u8,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Polynomial {
        let others = (1..threshold).map(|_| SecretScalar::random(rng));
        Polynomial(std::iter::once(constant).chain(others).collect())
    }

    /// The share of a node.
    pub(crate) fn at(&self, index: NodeIndex) -> SecretScalar {
        let x = Scalar::from(u64::from(index.get()));
        let mut value = Scalar::zero();
        for coefficient in self.0.iter().rev() {
            value = value * x + coefficient.0;
        }
        let share = SecretScalar(value);
        value.zeroize();
        share
    }

    pub(crate) fn commitments(&self) -> Vec<PublicPoint> {
        self.0.iter().map(SecretScalar::public).collect()
    }
}

/// Σ Cₖ · indexᵏ: the public key of the share at `index`.
pub(crate) fn committed_at(commitments: &[PublicPoint], index: NodeIndex) -> G2Affine {
    let x = Scalar::from(u64::from(index.get()));
    let sum = commitments.iter().rev().fold(G2Projective::identity(), |sum, commitment| {
        sum * x + G2Projective::from(commitment.0)
    });
    G2Affine::from(sum)
}
