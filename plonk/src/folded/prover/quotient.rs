//! h = N / (X^n − 1), N the identities' sum: computed on as many cosets of the domain as h has parts of n coefficients.

use halo2_proofs::halo2curves::{
    bn256::Fr,
    ff::{BatchInvert, Field},
};

use super::{
    super::{
        domain::{inverse, powers},
        keygen::{CosetPart, ProvingKey},
        loops::{add_scaled, scale},
        parallel,
        program::Program,
        protocol::{Column, Leaf},
    },
    Columns,
};

/// Pieces of a part that threads share out.
const PIECES: usize = 16;

/// l_0, l_last, active and X on one part.
struct Rows {
    first: Vec<Fr>,
    last: Vec<Fr>,
    active: Vec<Fr>,
    point: Vec<Fr>,
}

impl Rows {
    fn new(pk: &ProvingKey, j: usize) -> Self {
        let shape = pk.vk.protocol().shape();
        let (domain, n) = (&pk.domain, shape.rows());
        let mut point = powers(domain.omega, n);
        point.iter_mut().for_each(|x| *x *= pk.shifts[j]);
        // l_i = ω^i (X^n − 1) / (n (X − ω^i)), the middle factor being constant on a coset.
        let vanishing = pk.domain.vanishing(pk.shifts[j]);
        let lagrange = |row: i64| {
            let w = domain.power(row);
            let scale = w * vanishing * inverse(Fr::from(n as u64));
            let mut out: Vec<Fr> = point.iter().map(|x| *x - w).collect();
            out.batch_invert();
            out.iter_mut().for_each(|x| *x *= scale);
            out
        };
        let rows: Vec<Fr> = (1..=shape.blinding as i64 + 1).map(|i| domain.power(-i)).collect();
        let active = point.iter().map(|x| rows.iter().map(|w| *x - w).product()).collect();
        Self { first: lagrange(0), last: lagrange(-(shape.blinding as i64) - 1), active, point }
    }
}

/// Coefficients of h.
pub(super) fn quotient(pk: &ProvingKey, program: &Program, columns: &Columns) -> Vec<Fr> {
    let n = pk.domain.n;
    let mut values: Vec<Vec<Fr>> =
        (0..pk.shifts.len()).map(|j| part(pk, program, columns, j)).collect();

    // On part j, h is Σ_t c_j[t] X^t for c_j[t] = Σ_q h[t + q n] (s_j^n)^q.
    let mut indexed: Vec<(Fr, &mut Vec<Fr>)> = pk.shifts.iter().copied().zip(&mut values).collect();
    parallel::each(&mut indexed, |(shift, values)| {
        pk.domain.coefficients(values, &pk.backward);
        let inverse = inverse(*shift);
        let mut power = Fr::ONE;
        for x in values.iter_mut() {
            *x *= power;
            power *= inverse;
        }
    });
    let nodes: Vec<Fr> = pk.shifts.iter().map(|s| s.pow([n as u64])).collect();
    let solve = interpolation(&nodes);
    let mut h = vec![Fr::ZERO; n * values.len()];
    parallel::chunks(&mut h, n, |start, h| {
        let weights = &solve[start / n];
        values.iter().zip(weights).for_each(|(v, w)| add_scaled(h, v, *w));
    });
    h
}

/// h on part j.
fn part(pk: &ProvingKey, program: &Program, columns: &Columns, j: usize) -> Vec<Fr> {
    let n = pk.domain.n;
    let polynomials: Vec<&[Fr]> = [&columns.advice, &columns.products, &columns.instance]
        .into_iter()
        .flatten()
        .map(|p| &p[..])
        .collect();
    // Columns without a cell in any identity are empty.
    let values: Vec<Vec<Fr>> = parallel::map(&polynomials, |p| pk.coset(p, j));
    let (advice, rest) = values.split_at(columns.advice.len());
    let (products, instance) = rest.split_at(columns.products.len());
    let computed: CosetPart;
    let kept = match pk.cosets.get(j) {
        Some(part) => part,
        None => {
            computed = pk.coset_part(j);
            &computed
        }
    };
    let rows = Rows::new(pk, j);
    let column = |leaf: Leaf| -> &[Fr] {
        match leaf {
            Leaf::Cell(Column::Advice(i), _) => &advice[i as usize],
            Leaf::Cell(Column::Product(i), _) => &products[i as usize],
            Leaf::Cell(Column::Instance(i), _) => &instance[i as usize],
            Leaf::Cell(Column::Fixed(i), _) => &kept.fixed[i as usize],
            Leaf::Cell(Column::Sigma(i), _) => &kept.sigma[i as usize],
            Leaf::First => &rows.first,
            Leaf::Last => &rows.last,
            Leaf::Active => &rows.active,
            Leaf::Point => &rows.point,
            // Not in an identity, or a constant of the program.
            Leaf::Cell(Column::Mask, _) | Leaf::Challenge(_) | Leaf::Beta | Leaf::Gamma => &[],
        }
    };
    // The shifts keep every part off the domain.
    let vanishing = inverse(pk.domain.vanishing(pk.shifts[j]));
    let mut out = vec![Fr::ZERO; n];
    parallel::chunks(&mut out, n.div_ceil(PIECES), |start, out| {
        program.run(start, out, &column);
        scale(out, vanishing);
    });
    out
}

/// Row q: weights of the values at distinct nodes for coefficient q of the polynomial through them.
fn interpolation(nodes: &[Fr]) -> Vec<Vec<Fr>> {
    let mut out = vec![vec![Fr::ZERO; nodes.len()]; nodes.len()];
    for (j, node) in nodes.iter().enumerate() {
        // Π (Y − other) / (node − other)
        let mut basis = vec![Fr::ONE];
        let mut scale = Fr::ONE;
        for other in nodes.iter().enumerate().filter(|(i, _)| *i != j).map(|(_, x)| x) {
            let mut next = vec![Fr::ZERO; basis.len() + 1];
            for (i, c) in basis.iter().enumerate() {
                next[i + 1] += c;
                next[i] -= *c * other;
            }
            basis = next;
            scale *= *node - other;
        }
        let scale = inverse(scale);
        for (row, c) in out.iter_mut().zip(basis) {
            row[j] = c * scale;
        }
    }
    out
}
