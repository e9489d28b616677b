//! The loops over points, four at a time.

use halo2_proofs::halo2curves::{
    bn256::{Fq, G1Affine, G1},
    ff::Field as _,
    group::Group,
    CurveExt,
};
use zkdkim_field::{Field, Quad};

use super::{
    super::encoding::POINT,
    plain,
    wide::{coordinates, modulus, number, words},
    Point, SameX,
};

/// Sums of pairs of points, at most [`BATCH`] of them.
///
/// ```text
/// slope = (y_b − y_a) / (x_b − x_a)    x = slope² − x_a − x_b    y = slope (x_a − x) − y_a
/// ```
pub(in super::super) fn add_pairs(
    pairs: &[(Point, Point)],
    mut put: impl FnMut(usize, Point),
) -> Result<(), SameX> {
    let f = coordinates();
    let one = f.load([words(&Fq::ONE); 4]);
    let (whole, rest) = pairs.split_at(pairs.len() / 4 * 4);
    // Scaled differences, and the products before them.
    let mut chain: Vec<(Quad, Quad)> = Vec::with_capacity(whole.len() / 4);
    let mut product = one;
    for four in whole.chunks_exact(4) {
        let x = |of: fn(&(Point, Point)) -> &Fq| {
            f.load_scaled([0, 1, 2, 3].map(|l| words(of(&four[l]))))
        };
        // 32 + 64
        let difference = f.carry(&f.sub_64(&x(|(_, b)| &b.0), &x(|(a, _)| &a.0)));
        chain.push((difference, product));
        // 2.3, as 0.57 · 2.3 + 1 is less.
        product = f.mul(&product, &difference);
    }
    let mut inverse = inverted(f, &product)?;
    for ((difference, prefix), (i, four)) in
        chain.iter().zip(whole.chunks_exact(4).enumerate()).rev()
    {
        let load =
            |of: fn(&(Point, Point)) -> &Fq| f.load([0, 1, 2, 3].map(|l| words(of(&four[l]))));
        let (xa, ya) = (load(|(a, _)| &a.0), load(|(a, _)| &a.1));
        let (xb, yb) = (load(|(_, b)| &b.0), load(|(_, b)| &b.1));
        // Scaled, as the inverse stands for 2^266 / difference.
        let quotient = f.mul(&inverse, prefix);
        inverse = f.mul(&inverse, difference);
        let slope = f.mul(&f.sub(&yb, &ya), &quotient);
        let scaled = f.scaled(&slope);
        // 1.3 + 2 + 2
        let x = f.sub(&f.sub(&f.mul(&slope, &scaled), &xa), &xb);
        let x = f.reduce(&f.carry(&x));
        let y = f.sub(&f.mul(&f.sub(&xa, &x), &scaled), &ya);
        let points = f.store(&x).into_iter().zip(f.store_loose(&y));
        for (l, (x, y)) in points.enumerate() {
            put(4 * i + l, (number(x), number(y)));
        }
    }
    plain::add_pairs(rest, |i, point| put(whole.len() + i, point))
}

/// 2^266 / x, from 2^256 x.
fn inverted(f: &Field, product: &Quad) -> Result<Quad, SameX> {
    let [a, b, c, d] = f.store_loose(product).map(number::<Fq>);
    let (ab, cd) = (a * b, c * d);
    let all: Option<Fq> = (ab * cd).invert().into();
    let all = all.ok_or(SameX)? * Fq::from(1 << 10);
    let (ab, cd) = (all * cd, all * ab);
    Ok(f.load([ab * b, ab * a, cd * d, cd * c].each_ref().map(words)))
}

/// Four points, (X : Y : Z) each. All three are kept times 2^256 while products divide by 2^261: a common factor.
///
/// Bounds: X 12.3, Y 8.5, Z 3.
#[derive(Clone, Copy)]
struct Points {
    x: Quad,
    y: Quad,
    z: Quad,
}

impl Points {
    /// The sums, whatever the points are: algorithm 7 of Renes, Costello, Batina, "Complete addition formulas for prime
    /// order elliptic curves" (ePrint 2015/1060), with 3 b = 9.
    fn add(&self, other: &Points, f: &Field) -> Points {
        let sum = |a: &Quad, b: &Quad| f.carry(&f.add(a, b));
        let less = |a: &Quad, b: &Quad, c: &Quad| f.carry(&f.sub(&f.sub(a, b), c));
        let three = |a: &Quad| f.carry(&f.add(&f.add(a, a), a));
        let Points { x: x1, y: y1, z: z1 } = self;
        let Points { x: x2, y: y2, z: z2 } = other;
        // 1.9, 1.5, 1.1
        let (t0, t1, t2) = (f.mul(x1, x2), f.mul(y1, y2), f.mul(z1, z2));
        // 7.6, 5.8, 6.4
        let t3 = less(&f.mul(&sum(x1, y1), &sum(x2, y2)), &t0, &t1);
        let t4 = less(&f.mul(&sum(y1, z1), &sum(y2, z2)), &t1, &t2);
        let t5 = less(&f.mul(&sum(x1, z1), &sum(x2, z2)), &t0, &t2);
        // 5.7, 9.5, 57.6
        let (t0, t2, t5) = (three(&t0), three(&three(&t2)), three(&three(&t5)));
        // 11, 65.5
        let (plus, minus) = (sum(&t1, &t2), f.carry(&f.sub_64(&t1, &t2)));
        // 4 + 8; 5.2 + 3; 1.3 + 1.4
        Points {
            x: f.carry(&f.sub_8(&f.mul(&t3, &minus), &f.mul(&t4, &t5))),
            y: sum(&f.mul(&minus, &plus), &f.mul(&t5, &t0)),
            z: sum(&f.mul(&plus, &t4), &f.mul(&t0, &t3)),
        }
    }

    /// As the curve's own points.
    fn points(&self, f: &Field) -> [G1; 4] {
        let one = f.load_scaled([words(&Fq::ONE); 4]);
        // 12.3 · 32 · 0.006 + 1
        let coordinates = |a: &Quad| f.store_loose(&f.mul(a, &one)).map(number::<Fq>);
        let (x, y, z) = (coordinates(&self.x), coordinates(&self.y), coordinates(&self.z));
        std::array::from_fn(|l| {
            // X / Z = X Z / Z², Y / Z = Y Z² / Z³
            let jacobian = G1::new_jacobian(x[l] * z[l], y[l] * z[l].square(), z[l]);
            Option::from(jacobian).unwrap_or_else(G1::identity)
        })
    }
}

/// Σ (i + 1) · bucket_i: a quarter of the buckets is a lane.
pub(in super::super) fn weigh(buckets: &[Option<Point>]) -> G1 {
    let quarter = buckets.len() / 4;
    if quarter == 0 || !buckets.len().is_multiple_of(4) {
        return plain::weigh(buckets);
    }
    let f = coordinates();
    let (zero, one) = ([0; 4], words(&Fq::ONE));
    let identity = Points { x: f.load([zero; 4]), y: f.load([one; 4]), z: f.load([zero; 4]) };
    let (mut running, mut sum) = (identity, identity);
    let mut started = false;
    for i in (0..quarter).rev() {
        let four = [0, 1, 2, 3].map(|l| buckets[l * quarter + i]);
        if four.iter().any(Option::is_some) {
            let lane = |of: fn(&Point) -> &Fq, none: [u64; 4]| {
                f.load(four.each_ref().map(|p| p.as_ref().map_or(none, |p| words(of(p)))))
            };
            let z = f.load(four.map(|p| if p.is_some() { one } else { zero }));
            let points = Points { x: lane(|p| &p.0, zero), y: lane(|p| &p.1, one), z };
            running = running.add(&points, f);
            started = true;
        }
        if started {
            sum = sum.add(&running, f);
        }
    }
    let ([s0, s1, s2, s3], [_, r1, r2, r3]) = (sum.points(f), running.points(f));
    // Lane l counts from l quarters on.
    let above = r1 + r2.double() + r3.double() + r3;
    let bits = quarter.ilog2();
    debug_assert!(quarter.is_power_of_two());
    (0..bits).fold(above, |p, _| p.double()) + s0 + s1 + s2 + s3
}

/// Points of the curve from their bytes; none where one of them is no point.
pub(in super::super) fn points(bytes: &[u8]) -> Option<Vec<G1Affine>> {
    let f = coordinates();
    let p = modulus::<Fq>();
    // 2^517, so that a product with a plain number has the form that numbers are kept in.
    let form = f.load([words(&Fq::from(2).pow([261])); 4]);
    let three = f.load([words(&Fq::from(3)); 4]);
    let word = |from: &[u8]| from.iter().fold(0, |acc, byte| acc << 8 | u64::from(*byte));
    let plain = |from: &[u8]| {
        [word(&from[24..32]), word(&from[16..24]), word(&from[8..16]), word(&from[..8])]
    };
    let below = |x: &[u64; 4]| x.iter().rev().lt(p.iter().rev());
    let mut out = Vec::with_capacity(bytes.len() / POINT);
    for chunk in bytes.chunks(4 * POINT) {
        let lane = |l: usize, at: usize| {
            chunk.get(l * POINT + at..).and_then(|b| b.get(..32)).map_or([0; 4], plain)
        };
        let (x, y) = ([0, 1, 2, 3].map(|l| lane(l, 0)), [0, 1, 2, 3].map(|l| lane(l, 32)));
        if !x.iter().chain(&y).all(below) {
            return None;
        }
        // 1
        let (x, y) = (f.mul(&f.load(x), &form), f.mul(&f.load(y), &form));
        let (scaled, square) = (f.scaled(&x), f.mul(&y, &f.scaled(&y)));
        // 1.3 + 1 against 1.3
        let cubic = f.carry(&f.add(&f.mul(&f.mul(&x, &scaled), &scaled), &three));
        let difference = f.carry(&f.sub(&cubic, &square));
        let count = chunk.len() / POINT;
        if f.are_zero(&difference).iter().take(count).any(|zero| !zero) {
            return None;
        }
        let numbers = f.store(&x).into_iter().zip(f.store(&y)).take(count);
        out.extend(numbers.map(|(x, y)| G1Affine { x: number(x), y: number(y) }));
    }
    Some(out)
}
