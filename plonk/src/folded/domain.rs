//! The rows' domain {ω^i}, its cosets, and transforms between values and coefficients.
//!
//! One serial radix-2 transform per column with kept twiddles: at 2^13 to 2^16 rows a thread per column beats a
//! transform that is spread over threads. On a coset s·⟨ω⟩ the shift stands in the twiddles (the even and the odd
//! half of a polynomial meet at s^(n/2h)·ω_2h^j), so it costs no pass of its own.

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{BatchInvert, Field, PrimeField},
};

use super::loops;
pub(super) use super::loops::{divide, evaluate};

/// A root of unity of order 2^k.
pub(super) fn root(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |w, _| w.square())
}

/// 1, x, x², … : `count` powers.
pub(super) fn powers(x: Fr, count: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |p| Some(*p * x)).take(count).collect()
}

/// Zero inverts to zero; only for values that cannot be zero.
pub(super) fn inverse(x: Fr) -> Fr {
    Option::from(x.invert()).unwrap_or(Fr::ZERO)
}

/// Twiddles of a transform to the values on s·⟨ω⟩: those of half-size h at `[h..2h]`.
#[derive(Clone, Debug)]
pub(super) struct Twiddles(Vec<Fr>);

impl Twiddles {
    fn new(k: u32, omega: Fr, shift: Fr) -> Self {
        let n = 1usize << k;
        let mut out = vec![Fr::ONE; n.max(2)];
        let (mut h, mut w, mut s) = (n / 2, omega, shift);
        while h >= 1 {
            let mut at = s;
            for x in &mut out[h..2 * h] {
                *x = at;
                at *= w;
            }
            (w, s) = (w.square(), s.square());
            h /= 2;
        }
        Self(out)
    }
}

/// The domain of 2^k rows, k ≥ 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Domain {
    pub(super) k: u32,
    pub(super) n: usize,
    pub(super) omega: Fr,
    n_inverse: Fr,
}

impl Domain {
    pub(super) fn new(k: u32) -> Self {
        Self { k, n: 1 << k, omega: root(k), n_inverse: inverse(Fr::from(1u64 << k)) }
    }

    /// ω^r.
    pub(super) fn power(&self, r: i64) -> Fr {
        self.omega.pow([r.rem_euclid(self.n as i64) as u64])
    }

    /// x^n − 1.
    pub(super) fn vanishing(&self, x: Fr) -> Fr {
        x.pow([self.n as u64]) - Fr::ONE
    }

    /// l_i(x) of every row `i` that is asked for; none where x is the point of one of these rows.
    pub(super) fn lagrange(&self, x: Fr, rows: &[i64]) -> Option<Vec<Fr>> {
        let scale = self.vanishing(x) * self.n_inverse;
        let points: Vec<Fr> = rows.iter().map(|i| self.power(*i)).collect();
        let mut out: Vec<Fr> = points.iter().map(|w| x - w).collect();
        if out.contains(&Fr::ZERO) {
            return None;
        }
        out.iter_mut().batch_invert();
        out.iter_mut().zip(points).for_each(|(l, w)| *l *= w * scale);
        Some(out)
    }

    /// Twiddles of the coset shift · ⟨ω⟩.
    pub(super) fn coset(&self, shift: Fr) -> Twiddles {
        Twiddles::new(self.k, self.omega, shift)
    }

    /// Twiddles from values on the domain to coefficients.
    pub(super) fn backward(&self) -> Twiddles {
        Twiddles::new(self.k, inverse(self.omega), Fr::ONE)
    }

    /// Coefficients to values at the twiddles' points, in place; at most n of them, the rest being zero.
    pub(super) fn transform(&self, a: &mut Vec<Fr>, twiddles: &Twiddles) {
        a.resize(self.n, Fr::ZERO);
        for i in 0..self.n {
            let j = i.reverse_bits() >> (usize::BITS - self.k);
            if i < j {
                a.swap(i, j);
            }
        }
        let mut h = 1;
        if self.k % 2 == 1 {
            let w = twiddles.0[1];
            for pair in a.chunks_exact_mut(2) {
                let p = pair[1] * w;
                (pair[0], pair[1]) = (pair[0] + p, pair[0] - p);
            }
            h = 2;
        }
        // Two stages in one pass over memory.
        while h < self.n {
            loops::butterflies(a, h, &twiddles.0[h..2 * h], &twiddles.0[2 * h..4 * h]);
            h *= 4;
        }
    }

    /// Values on the domain to coefficients, by the twiddles of [`Domain::backward`].
    pub(super) fn coefficients(&self, a: &mut Vec<Fr>, backward: &Twiddles) {
        self.transform(a, backward);
        loops::scale(a, self.n_inverse);
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

    use super::*;

    #[test]
    fn transforms_evaluate_at_every_point_of_a_coset() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for k in 1..7 {
            let domain = Domain::new(k);
            for shift in [Fr::ONE, Fr::random(&mut rng)] {
                let p: Vec<Fr> = (0..domain.n).map(|_| Fr::random(&mut rng)).collect();
                let mut values = p.clone();
                domain.transform(&mut values, &domain.coset(shift));
                for (i, v) in values.iter().enumerate() {
                    assert_eq!(*v, evaluate(&p, shift * domain.power(i as i64)), "k {k} point {i}");
                }
            }
            let p: Vec<Fr> = (0..domain.n).map(|_| Fr::random(&mut rng)).collect();
            let mut back = p.clone();
            domain.transform(&mut back, &domain.coset(Fr::ONE));
            domain.coefficients(&mut back, &domain.backward());
            assert_eq!(back, p);
        }
    }

    #[test]
    fn division_undoes_multiplication() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let q: Vec<Fr> = (0..9).map(|_| Fr::random(&mut rng)).collect();
        let c = Fr::random(&mut rng);
        // q · (Y − c) + 5
        let mut p = vec![Fr::from(5)];
        p.resize(10, Fr::ZERO);
        for (i, x) in q.iter().enumerate() {
            p[i + 1] += x;
            p[i] -= *x * c;
        }
        divide(&mut p, c);
        assert_eq!(p, q);
    }

    #[test]
    fn lagrange_polynomials_are_the_interpolants_of_unit_columns() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let domain = Domain::new(4);
        let x = Fr::random(&mut rng);
        let rows: Vec<i64> = vec![0, 3, -1];
        let l = domain.lagrange(x, &rows).unwrap();
        for (row, l) in rows.iter().zip(l) {
            let mut unit = vec![Fr::ZERO; 16];
            unit[row.rem_euclid(16) as usize] = Fr::ONE;
            domain.coefficients(&mut unit, &domain.backward());
            assert_eq!(evaluate(&unit, x), l);
        }
        assert!(domain.lagrange(domain.power(5), &[0, 5]).is_none());
    }
}
