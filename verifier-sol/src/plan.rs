//! What the verifier of one key has to do, read off the key once and checked.
//!
//! The order of everything here is that of halo2-axiom's `plonk::verify_proof` and of its SHPLONK
//! opening (`poly::kzg::multiopen::shplonk`): a plan that differs from it accepts no honest proof.

use std::collections::BTreeMap;

use zkdkim_plonk::{
    halo2curves::bn256::{Fr, G1Affine},
    plonk::{Any, Column, ConstraintSystem, VerifyingKey},
    poly::Rotation,
};

use crate::error::{unsupported, Error, Result};

/// A committed polynomial, opened by the multi-point argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Poly {
    Advice(usize),
    Fixed(usize),
    /// A permutation polynomial of the key.
    Sigma(usize),
    /// A grand product of the permutation argument.
    Product(usize),
    /// The quotient, recombined from its pieces.
    Quotient,
    /// The vanishing argument's blinding polynomial.
    Random,
}

/// A value that constraints or openings speak about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Eval {
    /// By position in the constraint system's advice queries.
    Advice(usize),
    /// By position in the fixed queries.
    Fixed(usize),
    /// By position in the instance queries; computed by the verifier, not sent.
    Instance(usize),
    Sigma(usize),
    Product(usize),
    ProductNext(usize),
    ProductLast(usize),
    /// Computed by the verifier from all constraints.
    Quotient,
    Random,
}

/// One phase of the prover's commitments and the challenges that follow it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phase {
    pub advice: Vec<usize>,
    pub challenges: Vec<usize>,
}

/// Polynomials that are opened at the same points.
#[derive(Clone, Debug)]
pub(crate) struct RotationSet {
    /// The points, as rotations of x in increasing order.
    pub rotations: Vec<i32>,
    /// Each with its evaluations in the order of `rotations`.
    pub polys: Vec<(Poly, Vec<Eval>)>,
}

/// The verifier of one key.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub k: u32,
    pub omega: Fr,
    pub transcript_digest: Fr,
    pub instances: usize,
    pub fixed: Vec<G1Affine>,
    pub sigma: Vec<G1Affine>,
    pub phases: Vec<Phase>,
    pub challenges: usize,
    pub advice_queries: Vec<(usize, i32)>,
    pub fixed_queries: Vec<(usize, i32)>,
    /// Rotations at which the one instance column is read.
    pub instance_queries: Vec<i32>,
    /// What each column of the permutation argument evaluates to at x.
    pub permutation: Vec<Eval>,
    /// Columns per grand product.
    pub chunk: usize,
    pub products: usize,
    pub quotient_pieces: usize,
    pub blinding_factors: usize,
    pub sets: Vec<RotationSet>,
}

impl Plan {
    /// Reads a key; fails on what the contract cannot verify.
    pub fn new(vk: &VerifyingKey<G1Affine>, instances: usize) -> Result<Self> {
        let cs = vk.cs();
        refuse_unsupported(cs)?;
        let domain = vk.get_domain();
        let k = domain.k();
        let quotient_pieces = domain.get_quotient_poly_degree();
        // `cs.degree()` depends on an environment variable; the key's own degree is in its domain.
        let degree = quotient_pieces + 1;
        let highest = cs.gates().iter().flat_map(|g| g.polynomials()).map(|p| p.degree()).max();
        if highest.unwrap_or(0) > degree {
            return Err(unsupported(format!(
                "a gate of degree {} under a maximum of {degree} (see MAX_DEGREE)",
                highest.unwrap_or(0)
            )));
        }
        let usable = (1usize << k) - (cs.blinding_factors() + 1);
        if instances > usable {
            return Err(Error::Limit { what: "instances", got: instances, limit: usable });
        }
        let chunk = degree - 2;
        let columns = cs.permutation().get_columns();
        let mut plan = Self {
            k,
            omega: domain.get_omega(),
            transcript_digest: vk.transcript_repr(),
            instances,
            fixed: vk.fixed_commitments().clone(),
            sigma: vk.permutation().commitments().clone(),
            phases: phases(cs),
            challenges: cs.num_challenges(),
            advice_queries: plain(cs.advice_queries()),
            fixed_queries: plain(cs.fixed_queries()),
            instance_queries: cs.instance_queries().iter().map(|(_, at)| at.0).collect(),
            permutation: columns.iter().map(|&c| permuted(cs, c)).collect::<Result<_>>()?,
            chunk,
            products: columns.len().div_ceil(chunk),
            quotient_pieces,
            blinding_factors: cs.blinding_factors(),
            sets: vec![],
        };
        plan.sets = plan.rotation_sets()?;
        Ok(plan)
    }

    /// The rotation of the last usable row.
    pub fn last_rotation(&self) -> i32 {
        -(self.blinding_factors as i32 + 1)
    }

    /// Number of advice columns.
    pub fn advice(&self) -> usize {
        self.phases.iter().map(|p| p.advice.len()).sum()
    }

    /// All distinct rotations of the opening argument, increasing.
    pub fn rotations(&self) -> Vec<i32> {
        let mut all: Vec<i32> = self.sets.iter().flat_map(|s| s.rotations.clone()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Queries in the order of the verifier, grouped as SHPLONK groups them: polynomials by first
    /// appearance, sets by the first polynomial that has exactly those points.
    fn rotation_sets(&self) -> Result<Vec<RotationSet>> {
        let mut polys: Vec<(Poly, BTreeMap<i32, Eval>)> = vec![];
        for (poly, rotation, eval) in self.queries() {
            // Points, not rotations, tell sets apart: −1 and n − 1 are the same one.
            let n = 1i64 << self.k;
            let mut at = i64::from(rotation).rem_euclid(n);
            if at > n / 2 {
                at -= n;
            }
            let index = match polys.iter().position(|(p, _)| *p == poly) {
                Some(index) => index,
                None => {
                    polys.push((poly, BTreeMap::new()));
                    polys.len() - 1
                }
            };
            if polys[index].1.insert(at as i32, eval).is_some() {
                return Err(unsupported("two queries of one column at the same point"));
            }
        }
        let mut sets: Vec<RotationSet> = vec![];
        for (poly, evals) in polys {
            let rotations: Vec<i32> = evals.keys().copied().collect();
            let evals = evals.into_values().collect();
            match sets.iter_mut().find(|set| set.rotations == rotations) {
                Some(set) => set.polys.push((poly, evals)),
                None => sets.push(RotationSet { rotations, polys: vec![(poly, evals)] }),
            }
        }
        Ok(sets)
    }

    fn queries(&self) -> Vec<(Poly, i32, Eval)> {
        let mut queries = vec![];
        for (i, &(column, at)) in self.advice_queries.iter().enumerate() {
            queries.push((Poly::Advice(column), at, Eval::Advice(i)));
        }
        for i in 0..self.products {
            queries.push((Poly::Product(i), 0, Eval::Product(i)));
            queries.push((Poly::Product(i), 1, Eval::ProductNext(i)));
        }
        for i in (0..self.products.saturating_sub(1)).rev() {
            queries.push((Poly::Product(i), self.last_rotation(), Eval::ProductLast(i)));
        }
        for (i, &(column, at)) in self.fixed_queries.iter().enumerate() {
            queries.push((Poly::Fixed(column), at, Eval::Fixed(i)));
        }
        for i in 0..self.sigma.len() {
            queries.push((Poly::Sigma(i), 0, Eval::Sigma(i)));
        }
        queries.push((Poly::Quotient, 0, Eval::Quotient));
        queries.push((Poly::Random, 0, Eval::Random));
        queries
    }
}

fn refuse_unsupported(cs: &ConstraintSystem<Fr>) -> Result<()> {
    if !cs.lookups().is_empty() {
        return Err(unsupported("native lookup arguments"));
    }
    if cs.num_instance_columns() != 1 {
        return Err(unsupported(format!("{} instance columns", cs.num_instance_columns())));
    }
    if !cs.advice_column_phase().contains(&0) {
        return Err(unsupported("no advice column in the first phase"));
    }
    if cs.permutation().get_columns().is_empty() {
        return Err(unsupported("no column in the permutation argument"));
    }
    Ok(())
}

fn phases(cs: &ConstraintSystem<Fr>) -> Vec<Phase> {
    let last = cs.advice_column_phase().into_iter().max().unwrap_or(0);
    let mut phases = vec![Phase::default(); usize::from(last) + 1];
    for (column, phase) in cs.advice_column_phase().into_iter().enumerate() {
        phases[usize::from(phase)].advice.push(column);
    }
    for (challenge, phase) in cs.challenge_phase().into_iter().enumerate() {
        phases[usize::from(phase)].challenges.push(challenge);
    }
    phases
}

fn plain<C: zkdkim_plonk::plonk::ColumnType>(
    queries: &[(Column<C>, Rotation)],
) -> Vec<(usize, i32)> {
    queries.iter().map(|(column, at)| (column.index(), at.0)).collect()
}

/// The evaluation at x of a column under the permutation argument.
fn permuted(cs: &ConstraintSystem<Fr>, column: Column<Any>) -> Result<Eval> {
    let at = |queries: Vec<(usize, i32)>| queries.iter().position(|q| *q == (column.index(), 0));
    match column.column_type() {
        Any::Advice(_) => at(plain(cs.advice_queries())).map(Eval::Advice),
        Any::Fixed => at(plain(cs.fixed_queries())).map(Eval::Fixed),
        Any::Instance => at(plain(cs.instance_queries())).map(Eval::Instance),
    }
    .ok_or_else(|| unsupported(format!("an unqueried column in the permutation: {column:?}")))
}
