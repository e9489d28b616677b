use halo2_proofs::halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::Field,
    group::Curve,
};
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha8Rng,
};

use super::{super::encoding::point_bytes, plain, wide, wide_points, Point, SameX};

/// Numbers of all sorts: 0, 1, −1, small ones, random ones.
fn numbers(count: usize, rng: &mut ChaCha8Rng) -> Vec<Fr> {
    let mut draw = || match rng.next_u32() % 6 {
        0 => Fr::ZERO,
        1 => Fr::ONE,
        2 => -Fr::ONE,
        3 => -Fr::from(rng.next_u64()),
        _ => Fr::random(&mut *rng),
    };
    (0..count).map(|_| draw()).collect()
}

fn points(count: usize, rng: &mut ChaCha8Rng) -> Vec<Point> {
    let point = |_| {
        let p: G1Affine = (G1Affine::generator() * Fr::random(&mut *rng)).to_affine();
        (p.x, p.y)
    };
    (0..count).map(point).collect()
}

#[test]
fn loops_over_scalars_agree() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for count in [0, 1, 3, 4, 5, 64, 67, 200] {
        let (a, b, c) = (numbers(count, &mut rng), numbers(count, &mut rng), Fr::random(&mut rng));
        let both = |run: &dyn Fn(&mut Vec<Fr>), other: &dyn Fn(&mut Vec<Fr>)| {
            let (mut x, mut y) = (a.clone(), a.clone());
            run(&mut x);
            other(&mut y);
            assert_eq!(x, y, "{count}");
        };
        both(&|x| plain::multiply(x, &a, &b), &|x| wide::multiply(x, &a, &b));
        both(&|x| plain::multiply_by(x, &b, c), &|x| wide::multiply_by(x, &b, c));
        both(&|x| plain::scale(x, c), &|x| wide::scale(x, c));
        both(&|x| plain::add_scaled(x, &b, c), &|x| wide::add_scaled(x, &b, c));
        both(&|x| plain::add_scaled(x, &b[count / 3..], c), &|x| {
            wide::add_scaled(x, &b[count / 3..], c);
        });
        both(&|x| plain::divide(x, c), &|x| wide::divide(x, c));
        assert_eq!(plain::evaluate(&a, c), wide::evaluate(&a, c));
    }
}

#[test]
fn divisions_of_several_polynomials_agree() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for lengths in [vec![5, 5, 5, 5], vec![9, 0, 3, 7, 70, 71, 1, 2], vec![4, 4, 4]] {
        let all: Vec<Vec<Fr>> = lengths.iter().map(|n| numbers(*n, &mut rng)).collect();
        let (c, mut x, mut y) = (Fr::random(&mut rng), all.clone(), all);
        plain::divide_all(&mut x.iter_mut().collect::<Vec<_>>(), c);
        wide::divide_all(&mut y.iter_mut().collect::<Vec<_>>(), c);
        assert_eq!(x, y);
    }
}

#[test]
fn butterflies_agree() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for (n, h) in [(4, 1), (16, 1), (16, 2), (16, 4), (64, 1), (64, 4), (64, 16), (128, 2)] {
        let (mut a, w) = (numbers(n, &mut rng), numbers(3 * h, &mut rng));
        let mut b = a.clone();
        plain::butterflies(&mut a, h, &w[..h], &w[h..]);
        wide::butterflies(&mut b, h, &w[..h], &w[h..]);
        assert_eq!(a, b, "{n}, {h}");
    }
}

#[test]
fn sums_of_pairs_agree_and_equal_points_are_found() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for count in [0, 1, 3, 4, 7, 160] {
        let points = points(2 * count, &mut rng);
        let mut pairs: Vec<(Point, Point)> = points.chunks(2).map(|p| (p[0], p[1])).collect();
        let run = |wide: bool, pairs: &[(Point, Point)]| {
            let mut out = vec![(Fq::ZERO, Fq::ZERO); pairs.len()];
            let put = |i: usize, sum| out[i] = sum;
            let result = match wide {
                true => wide_points::add_pairs(pairs, put),
                false => plain::add_pairs(pairs, put),
            };
            result.map(|()| out)
        };
        assert_eq!(run(true, &pairs), run(false, &pairs));
        for i in [0, count / 2, count.saturating_sub(1)] {
            if let Some(pair) = pairs.get_mut(i) {
                let kept = *pair;
                pair.1 = (pair.0 .0, -pair.0 .1);
                assert_eq!(run(true, &pairs), Err(SameX));
                pairs[i] = kept;
            }
        }
    }
}

#[test]
fn weighed_sums_agree_whatever_the_buckets_hold() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for count in [1, 2, 4, 8, 64] {
        for share in [0, 1, 2, 4] {
            let points = points(count, &mut rng);
            let mut buckets: Vec<Option<Point>> = points.into_iter().map(Some).collect();
            buckets.iter_mut().for_each(|b| *b = b.filter(|_| rng.next_u32() % 4 < share));
            assert_eq!(wide_points::weigh(&buckets), plain::weigh(&buckets), "{count}");
            // All the same point, so that a sum doubles; and a point with its opposite.
            let (x, y) = (buckets[0]).unwrap_or((Fq::ONE, Fq::from(2)));
            let same = vec![Some((x, y)); count];
            assert_eq!(wide_points::weigh(&same), plain::weigh(&same));
            let turn = |i: usize| Some((x, if i.is_multiple_of(2) { y } else { -y }));
            let opposite: Vec<Option<Point>> = (0..count).map(turn).collect();
            assert_eq!(wide_points::weigh(&opposite), plain::weigh(&opposite));
        }
    }
}

#[test]
fn ordinates_are_on_the_curve_or_there_are_none() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for count in [0, 1, 4, 6] {
        let x: Vec<Fq> = points(count, &mut rng).iter().map(|p| p.0).collect();
        for found in [plain::ordinates(&x), wide::ordinates(&x)] {
            let found = found.expect("points of the curve");
            assert_eq!(found.len(), count);
            let on_curve = |(x, y): (&Fq, &Fq)| y.square() == x.square() * x + Fq::from(3);
            assert!(x.iter().zip(&found).all(on_curve));
        }
    }
    let mut x: Vec<Fq> = points(5, &mut rng).iter().map(|p| p.0).collect();
    for i in 0..5 {
        let kept = std::mem::replace(&mut x[i], Fq::from(4));
        assert_eq!((plain::ordinates(&x), wide::ordinates(&x)), (None, None), "4 is on no point");
        x[i] = kept;
    }
}

#[test]
fn points_are_read_alike() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for count in [0, 1, 4, 6, 9] {
        let all: Vec<G1Affine> =
            points(count, &mut rng).into_iter().map(|(x, y)| G1Affine { x, y }).collect();
        let bytes: Vec<u8> = all.iter().flat_map(point_bytes).collect();
        assert_eq!(plain::points(&bytes).as_ref(), Some(&all));
        assert_eq!(wide_points::points(&bytes).as_ref(), Some(&all));
        for i in 0..count {
            // Off the curve; not below the modulus, though the same modulo it; the identity.
            let mut changes = vec![[0u8; 64], [0xff; 64]];
            let mut off = point_bytes(&all[i]);
            off[63] ^= 1;
            changes.push(off);
            let mut above = point_bytes(&G1Affine::generator());
            let mut carry = 0;
            for (byte, p) in above[..32].iter_mut().zip(MODULUS).rev() {
                carry += u16::from(*byte) + u16::from(p);
                *byte = carry as u8;
                carry >>= 8;
            }
            changes.push(above);
            for change in changes {
                let mut bad = bytes.clone();
                bad[64 * i..64 * i + 64].copy_from_slice(&change);
                assert_eq!((plain::points(&bad), wide_points::points(&bad)), (None, None));
            }
        }
    }
}

/// That of the coordinates, big-endian.
const MODULUS: [u8; 32] = [
    0x30, 0x64, 0x4e, 0x72, 0xe1, 0x31, 0xa0, 0x29, 0xb8, 0x50, 0x45, 0xb6, 0x81, 0x81, 0x58, 0x5d,
    0x97, 0x81, 0x6a, 0x91, 0x68, 0x71, 0xca, 0x8d, 0x3c, 0x20, 0x8c, 0x16, 0xd8, 0x7c, 0xfd, 0x47,
];
