//! The structured reference string (SRS): `[1], [s], [s²], …` in G1 and `[1], [s]` in G2 of BN254.
//!
//! Whoever knows `s` can forge proofs, so it matters where an SRS comes from, and every artefact made
//! from one carries its [`SrsKind`]. The kind is a label, set when the SRS was made or imported; two
//! labels that can be checked are checked whenever an SRS or a key is read: an SRS whose secret is
//! publicly known is accepted as [`SrsKind::InsecureDev`] only, and that label only for the one
//! development SRS.
//!
//! Nothing is read unchecked (S23 of the security requirements), see [`check`].

use std::fmt;

use halo2_proofs::{
    arithmetic::g_to_lagrange,
    halo2curves::{
        bn256::{Bn256, Fr, G1Affine, G2Affine},
        ff::Field,
        group::prime::PrimeCurveAffine,
        serde::SerdeObject,
    },
    poly::{commitment::Params, kzg::commitment::ParamsKZG},
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use rayon::prelude::*;

use crate::{
    container::{Container, ContainerHeader, EncodedContainer},
    digest::Sha256Digest,
    error::{Error, Result},
    kinds::{ContainerKind, SrsCheck, SrsKind},
};

pub mod check;
pub mod ptau;

/// The largest SRS that is made or read.
pub const MAX_K: u32 = 22;
const G1_BYTES: usize = 64;
const G2_BYTES: usize = 128;

/// The seed of the development SRS. It is public on purpose: the SRS is for tests and demos, where keys,
/// fixtures and contracts have to be reproducible, and proves nothing to anybody.
const INSECURE_DEV_SEED: [u8; 32] = *b"zkdkim INSECURE development SRS!";

/// An SRS that passed [`check`] or was made here, with its origin and the digest of its payload.
#[derive(Clone)]
pub struct Srs {
    params: ParamsKZG<Bn256>,
    kind: SrsKind,
    sha256: Sha256Digest,
}

impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srs")
            .field("kind", &self.kind)
            .field("k", &self.k())
            .field("sha256", &self.sha256)
            .finish()
    }
}

impl Srs {
    /// Makes the development SRS. The same secret for every k, so a smaller one is a prefix of a larger.
    ///
    /// # Errors
    ///
    /// [`SrsCheck::Size`] for a k that is not between 1 and [`MAX_K`].
    pub fn insecure_dev(k: u32) -> Result<Srs> {
        check_k(k)?;
        let params = ParamsKZG::setup(k, ChaCha20Rng::from_seed(INSECURE_DEV_SEED));
        Ok(Srs::from_trusted_parts(params, SrsKind::InsecureDev))
    }

    /// Takes powers that were read from elsewhere, checks them, and derives the Lagrange basis.
    ///
    /// # Errors
    ///
    /// Whatever [`check`] refuses.
    pub fn from_powers(
        k: u32,
        powers: Vec<G1Affine>,
        g2: G2Affine,
        s_g2: G2Affine,
        kind: SrsKind,
    ) -> Result<Srs> {
        check_k(k)?;
        check::check_powers(k, &powers, &g2, &s_g2, &kind)?;
        let lagrange = g_to_lagrange(powers.iter().map(|g| g.to_curve()).collect(), k);
        let params = params_from_parts(k, powers, lagrange, g2, s_g2);
        Ok(Srs::from_trusted_parts(params, kind))
    }

    fn from_trusted_parts(params: ParamsKZG<Bn256>, kind: SrsKind) -> Srs {
        let sha256 = Sha256Digest::of(&encode(&params));
        Srs { params, kind, sha256 }
    }

    /// Decodes and checks the content of an SRS file.
    ///
    /// # Errors
    ///
    /// Whatever [`check`] refuses.
    pub fn from_container(container: &Container) -> Result<Srs> {
        let header = container.header();
        let k = header.k;
        check_k(k)?;
        let (powers, lagrange, g2, s_g2) = decode(k, container.payload())?;
        check::check_powers(k, &powers, &g2, &s_g2, &header.srs_kind)?;
        check::check_lagrange(k, &powers, &lagrange)?;
        if header.srs_sha256 != container.payload_sha256() {
            return Err(Error::WrongSrs {
                what: "the SRS file",
                expected: container.payload_sha256().to_string(),
                got: header.srs_sha256.to_string(),
            });
        }
        let params = params_from_parts(k, powers, lagrange, g2, s_g2);
        Ok(Srs { params, kind: header.srs_kind.clone(), sha256: container.payload_sha256() })
    }

    /// The SRS as a file.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a ceremony whose names do not fit the header.
    pub fn to_container(&self) -> Result<EncodedContainer> {
        let header = ContainerHeader {
            kind: ContainerKind::Srs,
            circuit: String::new(),
            k: self.k(),
            srs_kind: self.kind.clone(),
            srs_sha256: self.sha256,
            vk_sha256: Sha256Digest::NONE,
        };
        EncodedContainer::new(&header, encode(&self.params))
    }

    /// The first 2^k powers, with their own Lagrange basis.
    ///
    /// # Errors
    ///
    /// [`SrsCheck::Size`] where the SRS is smaller.
    pub fn truncated(&self, k: u32) -> Result<Srs> {
        check_k(k)?;
        if k > self.k() {
            let detail = format!("it has 2^{} powers, 2^{k} are needed", self.k());
            return Err(Error::Srs { check: SrsCheck::Size, detail });
        }
        if k == self.k() {
            return Ok(self.clone());
        }
        let mut params = self.params.clone();
        params.downsize(k);
        Ok(Srs::from_trusted_parts(params, self.kind.clone()))
    }

    /// The SRS as Halo2 takes it: 2^k powers, their Lagrange basis, two points of G2.
    pub fn params(&self) -> &ParamsKZG<Bn256> {
        &self.params
    }

    /// Where it comes from.
    pub fn kind(&self) -> &SrsKind {
        &self.kind
    }

    /// Binary logarithm of the number of powers.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    /// SHA-256 of its payload.
    pub fn sha256(&self) -> Sha256Digest {
        self.sha256
    }
}

fn check_k(k: u32) -> Result<()> {
    if (1..=MAX_K).contains(&k) {
        return Ok(());
    }
    let detail = format!("k = {k} is not between 1 and {MAX_K}");
    Err(Error::Srs { check: SrsCheck::Size, detail })
}

/// The secret of the development SRS, to recognise it.
pub(crate) fn insecure_dev_secret() -> Fr {
    Fr::random(ChaCha20Rng::from_seed(INSECURE_DEV_SEED))
}

/// halo2's parameters from parts; for a verifier the bases may be as short as the first power.
pub(crate) fn params_from_parts(
    k: u32,
    powers: Vec<G1Affine>,
    lagrange: Vec<G1Affine>,
    g2: G2Affine,
    s_g2: G2Affine,
) -> ParamsKZG<Bn256> {
    // `from_parts` is a method that ignores its receiver; there is no other constructor.
    let receiver = ParamsKZG::<Bn256>::setup(1, ChaCha20Rng::from_seed(INSECURE_DEV_SEED));
    receiver.from_parts(k, powers, Some(lagrange), g2, s_g2)
}

/// Payload of an SRS file: powers, Lagrange basis, the two points of G2; coordinates in Montgomery form.
fn encode(params: &ParamsKZG<Bn256>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = params.write_custom(&mut bytes, halo2_proofs::SerdeFormat::RawBytes);
    debug_assert!(written.is_ok(), "writing into memory does not fail");
    // halo2 writes its k in front; here the header has it.
    bytes.split_off(4)
}

type Parts = (Vec<G1Affine>, Vec<G1Affine>, G2Affine, G2Affine);

fn decode(k: u32, payload: &[u8]) -> Result<Parts> {
    let n = 1usize << k;
    let expected = 2 * n * G1_BYTES + 2 * G2_BYTES;
    if payload.len() != expected {
        let detail = format!("{} bytes for k = {k}, expected {expected}", payload.len());
        return Err(Error::Srs { check: SrsCheck::Size, detail });
    }
    let (g1, g2) = payload.split_at(2 * n * G1_BYTES);
    let (powers, lagrange) = g1.split_at(n * G1_BYTES);
    let (first, second) = g2.split_at(G2_BYTES);
    Ok((g1_points(powers)?, g1_points(lagrange)?, g2_point(first)?, g2_point(second)?))
}

/// Decodes points of G1: canonical coordinates, on the curve, not the identity.
pub(crate) fn g1_points(bytes: &[u8]) -> Result<Vec<G1Affine>> {
    let points = bytes.par_chunks_exact(G1_BYTES).enumerate().map(|(i, raw)| {
        let point = G1Affine::from_raw_bytes(raw).filter(|p| !bool::from(p.is_identity()));
        point.ok_or_else(|| {
            let detail = format!("power {i} in G1 is no point of the curve");
            Error::Srs { check: SrsCheck::Curve, detail }
        })
    });
    points.collect()
}

/// Decodes a point of G2: canonical coordinates, on the curve, not the identity.
pub(crate) fn g2_point(bytes: &[u8]) -> Result<G2Affine> {
    let point = G2Affine::from_raw_bytes(bytes).filter(|p| !bool::from(p.is_identity()));
    point.ok_or_else(|| {
        let detail = "a point in G2 is not on the curve".into();
        Error::Srs { check: SrsCheck::Curve, detail }
    })
}

#[cfg(test)]
mod tests;
