//! Parameters: powers of a secret τ in the exponent, and the bases in which a folded commitment is a sum over values.
//!
//! `powers[e]` is \[τ^e\]_1. Lane i of `folded`, at `[i·n .. (i+1)·n]`, holds \[τ^i · L_j(τ^m)\]_1 for the rows j: the
//! commitment of Σ X^i p_i(X^m) is then one sum over the columns' *values*, which are small, instead of their
//! coefficients, which are not. Lane i is an inverse transform, in the group, of the points \[τ^(i + m·t)\]_1. It is
//! made once, written beside the powers and checked against them when it is read.

use halo2_proofs::halo2curves::{
    bn256::{Bn256, Fq2, Fr, G1Affine, G2Affine, G1, G2},
    ff::{Field, PrimeField},
    group::{cofactor::CofactorGroup, prime::PrimeCurveAffine, Curve, Group as _},
    pairing::{MillerLoopResult, MultiMillerLoop},
    CurveAffine,
};
use rand::{CryptoRng, RngCore};

use super::{
    domain::{inverse, powers, root, Domain},
    encoding::{field_bytes, point_bytes, Identity, Reader, POINT},
    error::{Error, Result},
    loops,
    msm::msm,
    parallel,
    protocol::{check_fold, powers as powers_needed},
};

const MAGIC: &[u8; 8] = b"foldsrs\x01";
const MOST_ROWS_LOG: u32 = 24;
/// Bytes of a point of the second group.
pub(super) const G2_POINT: usize = 128;

/// Parameters for circuits of 2^k rows and one fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srs {
    k: u32,
    fold: usize,
    powers: Vec<G1Affine>,
    folded: Vec<G1Affine>,
    tau_g2: G2Affine,
}

fn affine(points: &[G1]) -> Vec<G1Affine> {
    let mut out = vec![G1Affine::identity(); points.len()];
    G1::batch_normalize(points, &mut out);
    out
}

/// x ‖ y, each with its imaginary part first, as the EVM's pairing precompile takes them.
pub(super) fn g2_bytes(p: &G2Affine) -> [u8; G2_POINT] {
    let mut out = [0u8; G2_POINT];
    let parts = [p.x.c1, p.x.c0, p.y.c1, p.y.c0];
    for (to, from) in out.chunks_exact_mut(32).zip(parts) {
        to.copy_from_slice(&field_bytes(&from));
    }
    out
}

/// A point of the subgroup, never the identity.
pub(super) fn read_g2(reader: &mut Reader<'_>) -> Result<G2Affine> {
    let at = reader.at();
    let mut parts = [Default::default(); 4];
    for part in &mut parts {
        *part = reader.coordinate()?;
    }
    let [x1, x0, y1, y0] = parts;
    let p: Option<G2Affine> = G2Affine::from_xy(Fq2::new(x0, x1), Fq2::new(y0, y1)).into();
    p.filter(|p| bool::from(p.to_curve().is_torsion_free() & !p.is_identity()))
        .ok_or(Error::Malformed { at, what: "a point that is not in the second group" })
}

/// Whether e(a, \[1\]_2) = e(b, \[τ\]_2).
pub(super) fn pairing_holds(a: &G1, b: &G1, tau_g2: &G2Affine) -> bool {
    let pairs = [(a.to_affine(), G2Affine::generator().into()), (-b.to_affine(), (*tau_g2).into())];
    let terms = [(&pairs[0].0, &pairs[0].1), (&pairs[1].0, &pairs[1].1)];
    Bn256::multi_miller_loop(&terms).final_exponentiation().is_identity().into()
}

/// Inverse transform in the group: [L_j(τ)]_1 from \[τ^t\]_1.
fn lagrange(mut points: Vec<G1>, k: u32) -> Vec<G1> {
    let n = points.len();
    for i in 0..n {
        let j = i.reverse_bits() >> (usize::BITS - k);
        if i < j {
            points.swap(i, j);
        }
    }
    let (mut h, omega) = (1, inverse(root(k)));
    while h < n {
        let twiddles = powers(omega.pow([(n / (2 * h)) as u64]), h);
        for block in points.chunks_exact_mut(2 * h) {
            let (low, high) = block.split_at_mut(h);
            for ((a, b), w) in low.iter_mut().zip(high).zip(&twiddles) {
                let p = if *w == Fr::ONE { *b } else { *b * w };
                (*a, *b) = (*a + p, *a - p);
            }
        }
        h *= 2;
    }
    let n_inverse = inverse(Fr::from(n as u64));
    points.iter().map(|p| *p * n_inverse).collect()
}

/// Multiples of one base by tables of 8-bit windows.
struct FixedBase(Vec<Vec<G1Affine>>);

impl FixedBase {
    fn new() -> Self {
        let mut base = G1::generator();
        let window = |_| {
            let row: Vec<G1> =
                std::iter::successors(Some(base), |p| Some(*p + base)).take(256).collect();
            base = row[255];
            affine(&row[..255])
        };
        Self((0..32).map(window).collect())
    }

    fn times(&self, s: &Fr) -> G1 {
        let repr = s.to_repr();
        let digits = repr.as_ref().iter().zip(&self.0).filter(|(digit, _)| **digit != 0);
        digits.fold(G1::identity(), |acc, (digit, row)| acc + row[usize::from(*digit) - 1])
    }

    fn all(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let pieces: Vec<&[Fr]> = scalars.chunks(1024).collect();
        let piece = |s: &&[Fr]| affine(&s.iter().map(|s| self.times(s)).collect::<Vec<_>>());
        parallel::map(&pieces, piece).concat()
    }
}

impl Srs {
    /// How many powers of τ a circuit of this degree needs.
    ///
    /// # Errors
    /// [`Error::Fold`]; [`Error::Rows`] and [`Error::TooMany`] for k outside 1 to 24.
    pub fn powers_needed(k: u32, fold: usize, degree: usize) -> Result<usize> {
        check_fold(fold)?;
        if k == 0 {
            return Err(Error::Rows { k, needed: 2 });
        }
        if k > MOST_ROWS_LOG {
            let (got, most) = (k as usize, MOST_ROWS_LOG as usize);
            return Err(Error::TooMany { what: "rows' logarithm", got, most });
        }
        Ok(powers_needed(k, fold, degree.max(3) - 1))
    }

    /// From a ceremony's points \[1\]_1, \[τ\]_1, \[τ²\]_1, … and \[τ\]_2: computes the folded bases, about a minute of CPU
    /// for 2^17 points.
    ///
    /// # Errors
    /// [`Error::Fold`]; [`Error::Powers`] if there are fewer than fold · 2^k.
    pub fn from_powers(
        k: u32,
        fold: usize,
        powers: Vec<G1Affine>,
        tau_g2: G2Affine,
    ) -> Result<Self> {
        let needed = Self::powers_needed(k, fold, 3)?;
        if powers.len() < needed {
            return Err(Error::Powers { needed, got: powers.len() });
        }
        let n = 1usize << k;
        let lanes = parallel::range(fold, |i| {
            let points = (0..n).map(|t| powers[i + fold * t].to_curve()).collect();
            affine(&lagrange(points, k))
        });
        Ok(Self { k, fold, powers, folded: lanes.concat(), tau_g2 })
    }

    /// Parameters whose secret this process has known: **for tests and measurements only**.
    ///
    /// # Errors
    /// Those of [`Srs::powers_needed`].
    pub fn insecure(
        k: u32,
        fold: usize,
        degree: usize,
        mut rng: impl RngCore + CryptoRng,
    ) -> Result<Self> {
        loop {
            match Self::insecure_from_secret(k, fold, degree, Fr::random(&mut rng)) {
                Err(Error::Unlucky { .. }) => {}
                other => return other,
            }
        }
    }

    /// Parameters of a secret that the caller knows: **for tests and measurements only**.
    ///
    /// # Errors
    /// Those of [`Srs::powers_needed`]; [`Error::Unlucky`] where τ^fold lies on the domain.
    pub fn insecure_from_secret(k: u32, fold: usize, degree: usize, tau: Fr) -> Result<Self> {
        let count = Self::powers_needed(k, fold, degree)?;
        let domain = Domain::new(k);
        let rows: Vec<i64> = (0..domain.n as i64).collect();
        let rows = domain
            .lagrange(tau.pow([fold as u64]), &rows)
            .ok_or(Error::Unlucky { what: "a power of the secret lies on the domain" })?;
        let base = FixedBase::new();
        let exponents = powers(tau, count);
        let scalars: Vec<Fr> =
            exponents[..fold].iter().flat_map(|p| rows.iter().map(move |l| *p * l)).collect();
        Ok(Self {
            k,
            fold,
            powers: base.all(&exponents),
            folded: base.all(&scalars),
            tau_g2: (G2::generator() * tau).to_affine(),
        })
    }

    /// Binary logarithm of the number of rows.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// Polynomials in one commitment.
    pub fn fold(&self) -> usize {
        self.fold
    }

    /// \[τ^e\]_1 by e.
    pub fn powers(&self) -> &[G1Affine] {
        &self.powers
    }

    /// \[τ\]_2.
    pub fn tau_g2(&self) -> &G2Affine {
        &self.tau_g2
    }

    /// A commitment from the values of its lanes.
    pub(super) fn commit_values(&self, lanes: &[&[Fr]]) -> G1 {
        msm(lanes, &self.folded)
    }

    /// A commitment from coefficients; the caller has made sure that there are enough powers.
    pub(super) fn commit(&self, coefficients: &[Fr]) -> G1 {
        msm(&[coefficients], &self.powers)
    }

    /// Whether `powers` are the powers of the τ in \[τ\]_2, starting with the generator. Wrong parameters pass with a
    /// chance below 2^-120.
    ///
    /// # Errors
    /// [`Error::Parameters`].
    pub fn check_powers(&self, rng: impl RngCore + CryptoRng) -> Result<()> {
        if self.powers.first() != Some(&G1Affine::generator()) {
            return Err(Error::Parameters { what: "the first point is not the generator" });
        }
        if !are_powers(&self.powers, &self.tau_g2, rng) {
            return Err(Error::Parameters { what: "the points are not powers of one secret" });
        }
        Ok(())
    }

    /// Whether the folded bases are those of the powers: a random combination of both sides. Wrong bases pass with a
    /// chance below 2^-120.
    ///
    /// # Errors
    /// [`Error::Parameters`].
    pub fn check_folded(&self, mut rng: impl RngCore + CryptoRng) -> Result<()> {
        let domain = Domain::new(self.k);
        let weights = short_weights(self.folded.len(), &mut rng);
        // Σ w_ij τ^i L_j(τ^m): lane i is the polynomial with the values w_i·.
        let mut lanes: Vec<Vec<Fr>> = weights.chunks(domain.n).map(<[Fr]>::to_vec).collect();
        let backward = domain.backward();
        parallel::each(&mut lanes, |lane| domain.coefficients(lane, &backward));
        let mut coefficients = vec![Fr::ZERO; self.folded.len()];
        for (i, lane) in lanes.iter().enumerate() {
            for (to, from) in coefficients.iter_mut().skip(i).step_by(self.fold).zip(lane) {
                *to = *from;
            }
        }
        if msm(&[&weights], &self.folded) != msm(&[&coefficients], &self.powers) {
            return Err(Error::Parameters { what: "the folded bases are not those of the powers" });
        }
        Ok(())
    }

    /// The parameters as bytes: magic, k, fold, number of powers (each 4 bytes, big-endian), \[τ\]_2, powers, folded
    /// bases; 64 bytes a point.
    pub fn to_bytes(&self) -> Vec<u8> {
        let points = self.powers.iter().chain(&self.folded);
        let mut out =
            Vec::with_capacity(20 + G2_POINT + 64 * (self.powers.len() + self.folded.len()));
        out.extend(MAGIC);
        for x in [self.k, self.fold as u32, self.powers.len() as u32] {
            out.extend(x.to_be_bytes());
        }
        out.extend(g2_bytes(&self.tau_g2));
        points.for_each(|p| out.extend(point_bytes(p)));
        out
    }

    /// Reads what [`Srs::to_bytes`] wrote. Every point is on its curve and in its group; that they belong together is
    /// for [`Srs::check_powers`] and [`Srs::check_folded`].
    ///
    /// # Errors
    /// [`Error::Malformed`] with the offset; [`Error::Fold`]; [`Error::TooMany`]; [`Error::Powers`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let head = Head::read(bytes)?;
        let powers = read_points(bytes, head.powers_at, head.count)?;
        let folded = read_points(bytes, head.folded_at, head.fold << head.k)?;
        Ok(head.srs(powers, folded))
    }

    /// [`Srs::from_bytes`] of bytes that nobody needs any more: half of them are given back before the other half
    /// is read.
    ///
    /// # Errors
    /// As [`Srs::from_bytes`].
    pub fn from_vec(mut bytes: Vec<u8>) -> Result<Self> {
        let head = Head::read(&bytes)?;
        let folded = read_points(&bytes, head.folded_at, head.fold << head.k)?;
        bytes.truncate(head.folded_at);
        bytes.shrink_to_fit();
        let powers = read_points(&bytes, head.powers_at, head.count)?;
        Ok(head.srs(powers, folded))
    }
}

/// What stands before the points, and where these are.
struct Head {
    k: u32,
    fold: usize,
    count: usize,
    tau_g2: G2Affine,
    powers_at: usize,
    folded_at: usize,
}

impl Head {
    /// Reads the head of bytes that have just the length that it says.
    fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(Error::Malformed { at: 0, what: "not parameters of this version" });
        }
        let (k, fold, count) = (reader.u32()?, reader.u32()? as usize, reader.u32()? as usize);
        let needed = Srs::powers_needed(k, fold, 3)?;
        if count < needed {
            return Err(Error::Powers { needed, got: count });
        }
        let tau_g2 = read_g2(&mut reader)?;
        // Taken before anything is reserved for them; a length that no memory has is not there either.
        let bytes_of = |count: usize| count.saturating_mul(POINT);
        let powers_at = reader.at();
        reader.take(bytes_of(count))?;
        let folded_at = reader.at();
        reader.take(bytes_of(fold << k))?;
        reader.finish()?;
        Ok(Self { k, fold, count, tau_g2, powers_at, folded_at })
    }

    fn srs(self, powers: Vec<G1Affine>, folded: Vec<G1Affine>) -> Srs {
        let Self { k, fold, tau_g2, .. } = self;
        Srs { k, fold, powers, folded, tau_g2 }
    }
}

/// Bytes that a thread reads at once.
const PIECE: usize = 1024 * POINT;

/// So many points from an offset on, which are there.
fn read_points(bytes: &[u8], at: usize, count: usize) -> Result<Vec<G1Affine>> {
    let mut out = vec![G1Affine::identity(); count];
    let pieces = bytes[at..at + POINT * count].chunks(PIECE).zip(out.chunks_mut(PIECE / POINT));
    let mut pieces: Vec<(&[u8], &mut [G1Affine], bool)> =
        pieces.map(|(from, to)| (from, to, true)).collect();
    parallel::each(&mut pieces, |(from, to, good)| match loops::points(from) {
        Some(points) => to.copy_from_slice(&points),
        None => *good = false,
    });
    let Some(bad) = pieces.iter().position(|(_, _, good)| !good) else { return Ok(out) };
    // Once more, for the offset.
    let mut reader = Reader::new(bytes);
    reader.take(at + bad * PIECE)?;
    loop {
        reader.point(Identity::Refused)?;
    }
}

/// Whether each point is the one before it times the τ in \[τ\]_2, shown by a random combination and a pairing.
pub(crate) fn are_powers(
    points: &[G1Affine],
    tau_g2: &G2Affine,
    mut rng: impl RngCore + CryptoRng,
) -> bool {
    let Some((_, later)) = points.split_first() else { return true };
    let weights = short_weights(later.len(), &mut rng);
    pairing_holds(&msm(&[&weights], later), &msm(&[&weights], &points[..later.len()]), tau_g2)
}

/// Random scalars below 2^128.
fn short_weights(count: usize, rng: &mut impl RngCore) -> Vec<Fr> {
    let mut draw = || Fr::from_u128(u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64()));
    (0..count).map(|_| draw()).collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};

    use super::*;

    #[test]
    fn folded_bases_from_points_are_those_from_the_secret() {
        for (k, fold) in [(3, 1), (4, 3), (2, 8)] {
            let mut rng = ChaCha20Rng::seed_from_u64(1);
            let srs = Srs::insecure(k, fold, 5, &mut rng).unwrap();
            let again = Srs::from_powers(k, fold, srs.powers.clone(), srs.tau_g2).unwrap();
            assert_eq!(again, srs);
            again.check_powers(&mut rng).unwrap();
            again.check_folded(&mut rng).unwrap();
        }
    }

    #[test]
    fn checks_refuse_every_altered_point() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let srs = Srs::insecure(2, 3, 4, &mut rng).unwrap();
        for i in 0..srs.powers.len() {
            let mut bad = srs.clone();
            bad.powers[i] = (bad.powers[i] + G1::generator()).to_affine();
            assert!(matches!(bad.check_powers(&mut rng), Err(Error::Parameters { .. })), "{i}");
        }
        for i in 0..srs.folded.len() {
            let mut bad = srs.clone();
            bad.folded[i] = (bad.folded[i] + G1::generator()).to_affine();
            assert!(matches!(bad.check_folded(&mut rng), Err(Error::Parameters { .. })), "{i}");
        }
        let other = Srs { tau_g2: G2Affine::generator(), ..srs };
        assert!(matches!(other.check_powers(&mut rng), Err(Error::Parameters { .. })));
    }

    #[test]
    fn bytes_are_canonical() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let srs = Srs::insecure(2, 2, 3, &mut rng).unwrap();
        let bytes = srs.to_bytes();
        assert_eq!(Srs::from_bytes(&bytes).unwrap(), srs);
        assert_eq!(Srs::from_vec(bytes.clone()).unwrap(), srs);
        for cut in 0..bytes.len() {
            assert!(Srs::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
            assert!(Srs::from_vec(bytes[..cut].to_vec()).is_err(), "cut at {cut}");
        }
        assert!(Srs::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
        // A point that leaves its curve, a coordinate that is not below the modulus, the identity.
        let at = 20 + G2_POINT;
        for change in [vec![1u8; 64], vec![0xff; 64], vec![0; 64]] {
            for at in [at, at + 192, bytes.len() - 64] {
                let mut bad = bytes.clone();
                bad[at..at + 64].copy_from_slice(&change);
                let refused = |read: Result<Srs>| matches!(read, Err(Error::Malformed { at: found, .. }) if (at..at + 64).contains(&found));
                assert!(refused(Srs::from_bytes(&bad)) && refused(Srs::from_vec(bad)), "at {at}");
            }
        }
        let mut bad = bytes.clone();
        bad[20..20 + G2_POINT].fill(0);
        assert!(matches!(Srs::from_bytes(&bad), Err(Error::Malformed { .. })));
    }
}
