//! The loops with the arithmetic of `halo2curves`.

use halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1Affine, G1},
    ff::Field,
    group::Group,
};

use super::{
    super::encoding::{Identity, Reader, POINT},
    Point, SameX,
};

/// Additions of points that share an inversion, at most.
pub(super) const BATCH: usize = 160;

/// to = a · b.
pub(in super::super) fn multiply(to: &mut [Fr], a: &[Fr], b: &[Fr]) {
    to.iter_mut().zip(a.iter().zip(b)).for_each(|(to, (a, b))| *to = *a * b);
}

/// to = a · c.
pub(in super::super) fn multiply_by(to: &mut [Fr], a: &[Fr], c: Fr) {
    to.iter_mut().zip(a).for_each(|(to, a)| *to = *a * c);
}

/// a = a · c.
pub(in super::super) fn scale(a: &mut [Fr], c: Fr) {
    a.iter_mut().for_each(|a| *a *= c);
}

/// to = to + a · c.
pub(in super::super) fn add_scaled(to: &mut [Fr], a: &[Fr], c: Fr) {
    to.iter_mut().zip(a).for_each(|(to, a)| *to += *a * c);
}

/// p(x): four interleaved Horner chains, so that the multiplier does not wait for its own results.
pub(in super::super) fn evaluate(p: &[Fr], x: Fr) -> Fr {
    let x2 = x.square();
    let x4 = x2.square();
    let (full, rest) = p.split_at(p.len() / 4 * 4);
    let mut acc = [Fr::ZERO; 4];
    acc[..rest.len()].copy_from_slice(rest);
    for c in full.rchunks_exact(4) {
        for (a, c) in acc.iter_mut().zip(c) {
            *a = *a * x4 + c;
        }
    }
    acc[0] + acc[1] * x + (acc[2] + acc[3] * x) * x2
}

/// Two stages of a transform in one pass over memory: blocks of 4 h values, twiddles of half-size h and 2 h.
pub(in super::super) fn butterflies(a: &mut [Fr], h: usize, inner: &[Fr], outer: &[Fr]) {
    let (outer_low, outer_high) = outer.split_at(h);
    for block in a.chunks_exact_mut(4 * h) {
        let (low, high) = block.split_at_mut(2 * h);
        let ((a0, a1), (a2, a3)) = (low.split_at_mut(h), high.split_at_mut(h));
        let quarters = a0.iter_mut().zip(a1).zip(a2.iter_mut().zip(a3));
        let factors = inner.iter().zip(outer_low.iter().zip(outer_high));
        for (((a0, a1), (a2, a3)), (w, (v0, v1))) in quarters.zip(factors) {
            let (p, q) = (*a1 * w, *a3 * w);
            let (b0, b1, b2, b3) = (*a0 + p, *a0 - p, *a2 + q, *a2 - q);
            let (p, q) = (b2 * v0, b3 * v1);
            (*a0, *a2, *a1, *a3) = (b0 + p, b0 - p, b1 + q, b1 - q);
        }
    }
}

/// The quotient of each polynomial by Y − c in place; the remainders are dropped.
pub(in super::super) fn divide_all(polynomials: &mut [&mut Vec<Fr>], c: Fr) {
    polynomials.iter_mut().for_each(|p| divide(p, c));
}

/// The quotient of p by Y − c in place; the remainder is dropped.
pub(in super::super) fn divide(p: &mut Vec<Fr>, c: Fr) {
    let mut carry = Fr::ZERO;
    for a in p.iter_mut().rev() {
        let quotient = carry;
        carry = *a + carry * c;
        *a = quotient;
    }
    p.pop();
}

/// Sums of pairs of points, at most [`BATCH`] of them.
pub(in super::super) fn add_pairs(
    pairs: &[(Point, Point)],
    mut put: impl FnMut(usize, Point),
) -> Result<(), SameX> {
    let mut chain = [(Fq::ZERO, Fq::ZERO); BATCH];
    // Two chains of products, so that the multiplier does not wait for its own results.
    let mut product = [Fq::ONE; 2];
    for (i, ((a, b), (difference, prefix))) in pairs.iter().zip(&mut chain).enumerate() {
        *difference = b.0 - a.0;
        *prefix = product[i & 1];
        product[i & 1] *= *difference;
    }
    let both: Option<Fq> = (product[0] * product[1]).invert().into();
    let both = both.ok_or(SameX)?;
    let mut inverse = [both * product[1], both * product[0]];
    for (i, ((a, b), (difference, prefix))) in pairs.iter().zip(&chain).enumerate().rev() {
        let slope = (b.1 - a.1) * (inverse[i & 1] * prefix);
        inverse[i & 1] *= difference;
        let x = slope.square() - a.0 - b.0;
        put(i, (x, slope * (a.0 - x) - a.1));
    }
    Ok(())
}

/// Σ (i + 1) · bucket_i, as sums of running sums from the top.
pub(in super::super) fn weigh(buckets: &[Option<Point>]) -> G1 {
    let (mut running, mut sum) = (G1::identity(), G1::identity());
    let mut started = false;
    for bucket in buckets.iter().rev() {
        if let Some((x, y)) = bucket {
            running += G1Affine { x: *x, y: *y };
            started = true;
        }
        if started {
            sum += running;
        }
    }
    sum
}

/// For each x a y with y² = x³ + 3; none where one of them is on no point.
pub(in super::super) fn ordinates(x: &[Fq]) -> Option<Vec<Fq>> {
    x.iter().map(|x| Option::from((x.square() * x + Fq::from(3)).sqrt())).collect()
}

/// Points of the curve from their bytes; none where one of them is no point.
pub(in super::super) fn points(bytes: &[u8]) -> Option<Vec<G1Affine>> {
    let mut reader = Reader::new(bytes);
    (0..bytes.len() / POINT).map(|_| reader.point(Identity::Refused).ok()).collect()
}
