//! Sums of points Σ s_i P_i for the mixtures that columns are made of.
//!
//! - A scalar is taken with its sign (s or r − s, the shorter), so that small negative values are small.
//! - Scalars are sorted into classes by length, each a Pippenger of its own with the window that its number and
//!   lengths ask for: bits and bytes take one window, the few random blinding rows a small one.
//! - In a window, points are sorted by bucket and added in pairs, all buckets at once, in affine coordinates with one
//!   inversion for a batch: 5 multiplications and a square an addition, however the values are distributed.

use halo2_proofs::{
    arithmetic::best_multiexp,
    halo2curves::{
        bn256::{Fq, Fr, G1Affine, G1},
        ff::{Field, PrimeField},
        group::Group,
    },
};

use super::{
    loops::{add_pairs, weigh, Point, SameX, ADDITION, BATCH, BUCKET},
    parallel,
};

/// Longest scalars of each class, in bits.
const CLASSES: [u32; 5] = [9, 17, 70, 136, 256];
const WIDEST: usize = 16;

/// A scalar with its sign: |s| in words, little-endian.
#[derive(Clone, Copy)]
struct Scalar {
    words: [u64; 4],
    negative: bool,
    bits: u32,
}

fn words(x: &Fr) -> [u64; 4] {
    let repr = x.to_repr();
    let mut out = [0u64; 4];
    for (word, bytes) in out.iter_mut().zip(repr.as_ref().chunks_exact(8)) {
        *word = bytes.iter().rev().fold(0, |acc, b| acc << 8 | u64::from(*b));
    }
    out
}

fn length(words: &[u64; 4]) -> u32 {
    let top = (0..4).rev().find(|&i| words[i] != 0);
    top.map_or(0, |i| 64 * i as u32 + 64 - words[i].leading_zeros())
}

impl Scalar {
    const ZERO: Self = Self { words: [0; 4], negative: false, bits: 0 };

    fn new(x: &Fr) -> Self {
        let plain = words(x);
        let bits = length(&plain);
        // r has 254 bits: where s is short, r − s is not.
        if bits >= 252 {
            let other = words(&-x);
            let other_bits = length(&other);
            if other_bits < bits {
                return Self { words: other, negative: true, bits: other_bits };
            }
        }
        Self { words: plain, negative: false, bits }
    }

    /// Booth's signed digit of window w, within ±2^(c−1).
    fn digit(&self, w: usize, c: usize) -> i32 {
        let mask = (2u64 << c) - 1;
        let v = match (w * c).checked_sub(1) {
            None => self.words[0] << 1 & mask,
            Some(low) => {
                let (i, o) = (low / 64, low % 64);
                let here = self.words.get(i).map_or(0, |x| x >> o);
                let next =
                    if o > 0 { self.words.get(i + 1).map_or(0, |x| x << (64 - o)) } else { 0 };
                (here | next) & mask
            }
        } as i64;
        let digit = ((v + 1) >> 1) - if v >> c & 1 == 1 { 1 << c } else { 0 };
        (if self.negative { -digit } else { digit }) as i32
    }
}

/// Points `start .. start + len` belong to one bucket.
#[derive(Clone, Copy)]
struct Segment {
    bucket: u32,
    start: u32,
    len: u32,
}

/// Pairs that wait for the inversion they share, and the places of their sums.
struct Batch {
    pairs: Vec<(Point, Point)>,
    at: Vec<u32>,
}

impl Batch {
    fn new() -> Self {
        Self { pairs: Vec::with_capacity(BATCH), at: Vec::with_capacity(BATCH) }
    }

    /// Adds the pairs, the sum of each to its place in `out`.
    fn flush(&mut self, out: &mut [Point]) -> Result<(), SameX> {
        add_pairs(&self.pairs, |i, sum| out[self.at[i] as usize] = sum)?;
        self.pairs.clear();
        self.at.clear();
        Ok(())
    }
}

/// One window: its points by bucket.
struct Window {
    segments: Vec<Segment>,
    done: Vec<Option<Point>>,
    batch: Batch,
}

impl Window {
    /// Halves every segment of `get`'s points into `out`; single points are done.
    fn halve(&mut self, get: impl Fn(usize) -> Point, out: &mut Vec<Point>) -> Result<(), SameX> {
        out.clear();
        let mut next = Vec::with_capacity(self.segments.len());
        for s in &self.segments {
            let (start, len) = (s.start as usize, s.len as usize);
            if len == 1 {
                self.done[s.bucket as usize] = Some(get(start));
                continue;
            }
            let first = out.len();
            for i in (start..start + len - 1).step_by(2) {
                self.batch.pairs.push((get(i), get(i + 1)));
                self.batch.at.push(out.len() as u32);
                out.push((Fq::ZERO, Fq::ZERO));
                if self.batch.pairs.len() == BATCH {
                    self.batch.flush(out)?;
                }
            }
            if len % 2 == 1 {
                out.push(get(start + len - 1));
            }
            next.push(Segment {
                bucket: s.bucket,
                start: first as u32,
                len: (out.len() - first) as u32,
            });
        }
        self.segments = next;
        self.batch.flush(out)
    }
}

/// Σ digit · point over the scalars of `members`, in window `w` of `c` bits.
fn window(
    scalars: &[Scalar],
    members: &[u32],
    bases: &[G1Affine],
    w: usize,
    c: usize,
) -> Result<G1, SameX> {
    let buckets = 1usize << (c - 1);
    // Counting sort by bucket; bucket d − 1 holds the digits ±d.
    let mut place = vec![0u32; buckets + 1];
    for &i in members {
        place[scalars[i as usize].digit(w, c).unsigned_abs() as usize] += 1;
    }
    place[0] = 0;
    let mut segments = Vec::new();
    let mut start = 0;
    for (d, count) in place.iter_mut().enumerate().skip(1) {
        if *count > 0 {
            segments.push(Segment { bucket: d as u32 - 1, start, len: *count });
        }
        (start, *count) = (start + *count, start);
    }
    // Index of the point and, in the lowest bit, its sign.
    let mut order = vec![0u32; start as usize];
    for &i in members {
        let digit = scalars[i as usize].digit(w, c);
        if digit != 0 {
            let at = &mut place[digit.unsigned_abs() as usize];
            order[*at as usize] = i << 1 | u32::from(digit < 0);
            *at += 1;
        }
    }
    let base = |i: usize| -> Point {
        let p = &bases[(order[i] >> 1) as usize];
        (p.x, if order[i] & 1 == 1 { -p.y } else { p.y })
    };
    let mut window = Window { segments, done: vec![None; buckets], batch: Batch::new() };
    let (mut from, mut to) = (Vec::new(), Vec::with_capacity(order.len() / 2 + buckets));
    window.halve(base, &mut to)?;
    while !window.segments.is_empty() {
        std::mem::swap(&mut from, &mut to);
        window.halve(|i| from[i], &mut to)?;
    }
    // Σ d · B_d
    Ok(weigh(&window.done))
}

/// The cheapest window for scalars of these lengths.
fn choose(histogram: &[u32], longest: u32) -> usize {
    let cost = |c: &usize| {
        let digits = |bits: usize| (bits / c + 1) as u64;
        let additions: u64 =
            histogram.iter().enumerate().map(|(bits, n)| u64::from(*n) * digits(bits)).sum();
        additions * ADDITION + digits(longest as usize) * (1 << (c - 1)) * BUCKET
    };
    (2..=WIDEST).min_by_key(cost).unwrap_or(2)
}

/// The first `count` scalars of the lanes.
fn signed(lanes: &[&[Fr]], count: usize) -> Vec<Scalar> {
    let mut out = vec![Scalar::ZERO; count];
    let (mut pieces, mut rest) = (Vec::new(), &mut out[..]);
    for lane in lanes {
        let (here, after) = rest.split_at_mut(lane.len().min(rest.len()));
        pieces.extend(here.chunks_mut(4096).zip(lane.chunks(4096)));
        rest = after;
    }
    parallel::each(&mut pieces, |(out, scalars)| {
        out.iter_mut().zip(*scalars).for_each(|(out, x)| *out = Scalar::new(x));
    });
    out
}

/// Scalars of similar length.
#[derive(Clone)]
struct Class {
    members: Vec<u32>,
    histogram: Vec<u32>,
}

/// Σ s_i P_i for scalars that stand one behind the other in lanes. Any points will do; where two meet with the same x the
/// front end's own summation takes over.
pub(super) fn msm(lanes: &[&[Fr]], bases: &[G1Affine]) -> G1 {
    let count = lanes.iter().map(|lane| lane.len()).sum::<usize>().min(bases.len());
    let bases = &bases[..count];
    let signed = signed(lanes, count);
    let empty = Class { members: Vec::new(), histogram: vec![0; 257] };
    let mut classes = vec![empty; CLASSES.len()];
    for (i, s) in signed.iter().enumerate().filter(|(_, s)| s.bits > 0) {
        let class = CLASSES.iter().position(|most| s.bits <= *most).unwrap_or(CLASSES.len() - 1);
        classes[class].members.push(i as u32);
        classes[class].histogram[s.bits as usize] += 1;
    }
    let windows: Vec<(usize, usize)> = classes
        .iter()
        .map(|class| {
            let longest = class.histogram.iter().rposition(|n| *n > 0).unwrap_or(0) as u32;
            let c = choose(&class.histogram, longest);
            (c, if class.members.is_empty() { 0 } else { longest as usize / c + 1 })
        })
        .collect();
    let jobs: Vec<(usize, usize, usize)> = windows
        .iter()
        .enumerate()
        .flat_map(|(class, &(c, count))| (0..count).map(move |w| (class, w, c)))
        .collect();
    let sums: Result<Vec<G1>, SameX> = parallel::map(&jobs, |&(class, w, c)| {
        window(&signed, &classes[class].members, bases, w, c)
    })
    .into_iter()
    .collect();
    let Ok(sums) = sums else { return best_multiexp(&lanes.concat()[..count], bases) };
    let mut total = G1::identity();
    for class in 0..CLASSES.len() {
        let mut acc = G1::identity();
        for (&(of, _, c), sum) in jobs.iter().zip(&sums).rev() {
            if of == class {
                for _ in 0..c {
                    acc = acc.double();
                }
                acc += sum;
            }
        }
        total += acc;
    }
    total
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::group::Curve;
    use rand_chacha::{
        rand_core::{RngCore, SeedableRng},
        ChaCha8Rng,
    };

    use super::*;

    fn points(count: usize, rng: &mut ChaCha8Rng) -> Vec<G1Affine> {
        (0..count).map(|_| (G1::generator() * Fr::random(&mut *rng)).to_affine()).collect()
    }

    fn plain(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
        scalars.iter().zip(bases).fold(G1::identity(), |acc, (s, p)| acc + *p * s)
    }

    #[test]
    fn agrees_with_plain_sums_on_every_mixture() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for count in [0, 1, 2, 3, 50, 400] {
            let bases = points(count, &mut rng);
            for bits in [1u32, 8, 9, 17, 31, 64] {
                let scalars: Vec<Fr> = (0..count)
                    .map(|i| {
                        let x = Fr::from(rng.next_u64() >> (64 - bits));
                        match i % 9 {
                            0 => Fr::random(&mut rng),
                            1 | 2 => -x,
                            3 => x * Fr::from_u128(1 << 71),
                            4 => -x * Fr::from_u128(1 << 64),
                            _ => x,
                        }
                    })
                    .collect();
                let expected = plain(&scalars, &bases);
                assert_eq!(msm(&[&scalars], &bases), expected, "{count} of {bits} bits");
                let (a, b) = scalars.split_at(count / 3);
                assert_eq!(msm(&[a, &[], b], &bases), expected, "{count} of {bits} bits in lanes");
                let most = bases.len() - bases.len() / 4;
                assert_eq!(msm(&[a, b], &bases[..most]), plain(&scalars, &bases[..most]));
            }
        }
    }

    #[test]
    fn extreme_scalars_and_equal_or_opposite_points() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let mut bases = points(6, &mut rng);
        let half = -Fr::ONE * Fr::TWO_INV;
        let scalars = [Fr::ZERO, Fr::ONE, -Fr::ONE, half, half + Fr::ONE, Fr::from(2)];
        assert_eq!(msm(&[&scalars], &bases), plain(&scalars, &bases));
        bases[1] = bases[0];
        bases[3] = -bases[2];
        bases[5] = G1Affine::default();
        for scalars in [[Fr::ONE; 6], [Fr::from(77); 6], scalars] {
            assert_eq!(msm(&[&scalars], &bases), plain(&scalars, &bases));
        }
    }

    #[test]
    fn digits_recombine() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        for _ in 0..200 {
            let x = Fr::random(&mut rng);
            for c in 2..=WIDEST {
                let s = Scalar::new(&x);
                let count = s.bits as usize / c + 1;
                let back = (0..count).rev().fold(Fr::ZERO, |acc, w| {
                    let digit = s.digit(w, c);
                    let size = Fr::from(u64::from(digit.unsigned_abs()));
                    acc * Fr::from(1 << c) + if digit < 0 { -size } else { size }
                });
                assert_eq!(back, x, "window {c}");
            }
        }
    }
}
