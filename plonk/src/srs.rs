//! The structured reference string (SRS): `[1], [s], [s²], …` in G1 and `[1], [s]` in G2 of BN254, and the bases in
//! which a folded commitment is a sum over values ([`folded::Srs`]).
//!
//! Whoever knows `s` can forge proofs, so it matters where an SRS comes from, and every artefact made
//! from one carries its [`SrsKind`]. The kind is a label, set when the SRS was made or imported; two
//! labels that can be checked are checked whenever an SRS or a key is read: an SRS whose secret is
//! publicly known is accepted as [`SrsKind::InsecureDev`] only, and that label only for the one
//! development SRS.
//!
//! Nothing is read unchecked (S23 of the security requirements), see [`check`].
//!
//! # Size
//!
//! For 2^k rows and m polynomials in a commitment there are max(m, 4) · 2^k powers (4 for gates of degree up to 5) and
//! m · 2^k folded bases, 64 bytes each: 16.8 MB for k = 14, m = 8.

use std::fmt;

use halo2_proofs::halo2curves::{
    bn256::{Fr, G1Affine, G2Affine},
    ff::Field,
    group::prime::PrimeCurveAffine,
    serde::SerdeObject,
};
use rand::rngs::OsRng;
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};

use crate::{
    container::{Container, ContainerHeader, EncodedContainer},
    digest::Sha256Digest,
    error::{Error, Result},
    folded,
    kinds::{ContainerKind, SrsCheck, SrsKind},
};

pub mod check;
pub mod packed;
pub mod ptau;

/// The most rows, as a binary logarithm, that an SRS is made or read for.
pub const MAX_K: u32 = 22;
/// Highest degree of a gate that an SRS is long enough for.
const DEGREE: usize = 5;
const G1_BYTES: usize = 64;
const G2_BYTES: usize = 128;

/// The seed of the development SRS. It is public on purpose: the SRS is for tests and demos, where keys,
/// fixtures and contracts have to be reproducible, and proves nothing to anybody.
const INSECURE_DEV_SEED: [u8; 32] = *b"zkdkim INSECURE development SRS!";

/// An SRS that passed [`check`] or was made here, with its origin and the digest of its payload.
#[derive(Clone)]
pub struct Srs {
    bases: folded::Srs,
    kind: SrsKind,
    sha256: Sha256Digest,
}

impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srs")
            .field("kind", &self.kind)
            .field("k", &self.k())
            .field("fold", &self.fold())
            .field("sha256", &self.sha256)
            .finish()
    }
}

impl Srs {
    /// Makes the development SRS. Its secret is the same for every size.
    ///
    /// # Errors
    ///
    /// [`SrsCheck::Size`] for a k that is not between 1 and [`MAX_K`], or a fold that is not between 1 and 16.
    pub fn insecure_dev(k: u32, fold: usize) -> Result<Srs> {
        powers_needed(k, fold)?;
        let bases = folded::Srs::insecure_from_secret(k, fold, DEGREE, insecure_dev_secret());
        Ok(Srs::from_trusted_bases(bases.map_err(refused)?, SrsKind::InsecureDev))
    }

    /// Takes powers that were read from elsewhere, checks them, and derives the folded bases: about a minute of CPU
    /// time for 2^17 of them.
    ///
    /// # Errors
    ///
    /// Whatever [`check`] refuses.
    pub fn from_powers(
        k: u32,
        fold: usize,
        powers: Vec<G1Affine>,
        g2: G2Affine,
        s_g2: G2Affine,
        kind: SrsKind,
    ) -> Result<Srs> {
        let needed = powers_needed(k, fold)?;
        if powers.len() != needed {
            let detail = format!("{} powers for k = {k}, fold {fold}: {needed}", powers.len());
            return Err(Error::Srs { check: SrsCheck::Size, detail });
        }
        check::check_g2(&g2, &s_g2, &kind)?;
        check::check_powers(&powers, &s_g2)?;
        let bases = folded::Srs::from_powers(k, fold, powers, s_g2).map_err(refused)?;
        Ok(Srs::from_trusted_bases(bases, kind))
    }

    fn from_trusted_bases(bases: folded::Srs, kind: SrsKind) -> Srs {
        let sha256 = Sha256Digest::of(&bases.to_bytes());
        Srs { bases, kind, sha256 }
    }

    /// Decodes and checks the content of an SRS file: 1.4 CPU seconds for k = 14, fold 8.
    ///
    /// # Errors
    ///
    /// Whatever [`check`] refuses.
    pub fn from_container(container: &Container) -> Result<Srs> {
        let bases = folded::Srs::from_bytes(container.payload()).map_err(refused)?;
        let srs = Srs::labelled(bases, container.header(), container.payload_sha256())?;
        check::check_powers(srs.bases.powers(), srs.bases.tau_g2())?;
        srs.bases
            .check_folded(OsRng)
            .map_err(|e| Error::Srs { check: SrsCheck::Lagrange, detail: e.to_string() })?;
        Ok(srs)
    }

    /// Decodes the content of an SRS file whose payload passed [`Srs::from_container`] before, or was made here, and whose
    /// digest was kept since: its points lie on their curves and its label fits; that they are the powers and bases of
    /// one secret is not computed again. The file's bytes are given back while they are read.
    ///
    /// # Errors
    ///
    /// [`Error::WrongSrs`] for another payload; whatever else [`check`] refuses.
    pub fn from_known_container(container: Container, sha256: Sha256Digest) -> Result<Srs> {
        if container.payload_sha256() != sha256 {
            return Err(Error::WrongSrs {
                what: "the SRS file",
                expected: sha256.to_string(),
                got: container.payload_sha256().to_string(),
            });
        }
        let header = container.header().clone();
        let bases = folded::Srs::from_vec(container.into_payload()).map_err(refused)?;
        Srs::labelled(bases, &header, sha256)
    }

    /// Bases that were read, where they are what the file's header says.
    fn labelled(bases: folded::Srs, header: &ContainerHeader, sha256: Sha256Digest) -> Result<Srs> {
        let (k, fold) = (header.k, header.fold as usize);
        let needed = powers_needed(k, fold)?;
        let got = (bases.k(), bases.fold(), bases.powers().len());
        if got != (k, fold, needed) {
            let detail = format!(
                "k = {}, fold {}, {} powers; its header says k = {k}, fold {fold}, which takes {needed}",
                got.0, got.1, got.2
            );
            return Err(Error::Srs { check: SrsCheck::Size, detail });
        }
        check::check_g2(&G2Affine::generator(), bases.tau_g2(), &header.srs_kind)?;
        if header.srs_sha256 != sha256 {
            return Err(Error::WrongSrs {
                what: "the SRS file",
                expected: sha256.to_string(),
                got: header.srs_sha256.to_string(),
            });
        }
        Ok(Srs { bases, kind: header.srs_kind.clone(), sha256 })
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
            fold: self.fold() as u32,
            srs_kind: self.kind.clone(),
            srs_sha256: self.sha256,
            vk_sha256: Sha256Digest::NONE,
        };
        EncodedContainer::new(&header, self.bases.to_bytes())
    }

    /// The SRS as prover and key generation take it.
    pub fn bases(&self) -> &folded::Srs {
        &self.bases
    }

    /// Where it comes from.
    pub fn kind(&self) -> &SrsKind {
        &self.kind
    }

    /// Binary logarithm of the number of rows.
    pub fn k(&self) -> u32 {
        self.bases.k()
    }

    /// How many polynomials share a commitment.
    pub fn fold(&self) -> usize {
        self.bases.fold()
    }

    /// SHA-256 of its payload.
    pub fn sha256(&self) -> Sha256Digest {
        self.sha256
    }
}

/// How many powers an SRS of this size has.
///
/// # Errors
///
/// [`SrsCheck::Size`] for a k that is not between 1 and [`MAX_K`], or a fold that is not between 1 and 16.
pub fn powers_needed(k: u32, fold: usize) -> Result<usize> {
    if !(1..=MAX_K).contains(&k) {
        let detail = format!("k = {k} is not between 1 and {MAX_K}");
        return Err(Error::Srs { check: SrsCheck::Size, detail });
    }
    folded::Srs::powers_needed(k, fold, DEGREE).map_err(refused)
}

/// The proof system's refusal of an SRS, as ours.
fn refused(error: folded::Error) -> Error {
    let check = match error {
        folded::Error::Malformed { .. } => SrsCheck::Curve,
        _ => SrsCheck::Size,
    };
    Error::Srs { check, detail: error.to_string() }
}

/// The secret of the development SRS, to recognise it.
pub(crate) fn insecure_dev_secret() -> Fr {
    Fr::random(ChaCha20Rng::from_seed(INSECURE_DEV_SEED))
}

/// Decodes points of G1 in Montgomery form: canonical coordinates, on the curve, not the identity.
fn g1_points(bytes: &[u8]) -> Result<Vec<G1Affine>> {
    let point = |i: usize| {
        let raw = &bytes[G1_BYTES * i..G1_BYTES * (i + 1)];
        let point = G1Affine::from_raw_bytes(raw).filter(|p| !bool::from(p.is_identity()));
        point.ok_or_else(|| {
            let detail = format!("power {i} in G1 is no point of the curve");
            Error::Srs { check: SrsCheck::Curve, detail }
        })
    };
    folded::parallel::range(bytes.len() / G1_BYTES, point).into_iter().collect()
}

/// Decodes a point of G2 in Montgomery form: canonical coordinates, on the curve, not the identity.
fn g2_point(bytes: &[u8]) -> Result<G2Affine> {
    let point = G2Affine::from_raw_bytes(bytes).filter(|p| !bool::from(p.is_identity()));
    point.ok_or_else(|| {
        let detail = "a point in G2 is not on the curve".into();
        Error::Srs { check: SrsCheck::Curve, detail }
    })
}

#[cfg(test)]
mod tests;
