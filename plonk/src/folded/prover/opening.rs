//! The opening: W and W'.
//!
//! ```text
//! W(X)  = Σ_g v^g (P_g − R_g) / Z_g              Z_g = Π_r (X^m − c_r)
//! F(X)  = W(X) − Σ_g v^g / Z_g(u) · (P_g(X) − R_g(u))
//! W'(X) = F(X) / (X − u)
//! ```
//!
//! The quotient of P_g by Z_g, without remainder, is lane by lane that of p_i by Π (Y − c_r): R_g never has to be
//! known, and what is constant falls out of the division by X − u. H is the last group, with fold 1 and the point z.

use std::collections::BTreeMap;

use halo2_proofs::halo2curves::bn256::Fr;

use super::super::{
    domain::divide,
    loops::{add_scaled, divide_all, TOGETHER},
    parallel,
};

/// A group with its polynomials.
pub(super) struct Opened<'a> {
    pub(super) fold: usize,
    pub(super) lanes: Vec<&'a [Fr]>,
    /// z ω^r for each rotation.
    pub(super) points: Vec<Fr>,
}

/// Coefficients that a thread adds up at once.
const PIECE: usize = 2048;

/// For each fold, its lanes: Σ_lane X^lane · p_lane(X^fold).
type Lanes = BTreeMap<usize, Vec<Vec<Fr>>>;

/// Σ weight · lanes of the groups that are picked.
fn combine(groups: &[(&Opened<'_>, Fr)]) -> Lanes {
    let mut out = Lanes::new();
    for (group, _) in groups {
        let lanes = out.entry(group.fold).or_default();
        let longest = group.lanes.len().max(lanes.len());
        lanes.resize(longest, Vec::new());
        for (lane, p) in lanes.iter_mut().zip(&group.lanes) {
            if lane.len() < p.len() {
                lane.resize(p.len(), Fr::default());
            }
        }
    }
    for (fold, lanes) in &mut out {
        for (i, lane) in lanes.iter_mut().enumerate() {
            let terms: Vec<(&[Fr], Fr)> = groups
                .iter()
                .filter(|(group, _)| group.fold == *fold)
                .filter_map(|(group, weight)| group.lanes.get(i).map(|p| (*p, *weight)))
                .collect();
            parallel::chunks(lane, PIECE, |start, out| {
                for (p, weight) in &terms {
                    add_scaled(out, p.get(start..).unwrap_or(&[]), *weight);
                }
            });
        }
    }
    out
}

/// Adds lanes to a polynomial, coefficient j of lane i at i + fold · j.
fn interleave(out: &mut Vec<Fr>, lanes: &Lanes) {
    for (fold, lanes) in lanes {
        for (i, lane) in lanes.iter().enumerate() {
            let needed = lane.len().checked_sub(1).map_or(0, |last| i + fold * last + 1);
            if out.len() < needed {
                out.resize(needed, Fr::default());
            }
            for (o, x) in out.iter_mut().skip(i).step_by(*fold).zip(lane) {
                *o += x;
            }
        }
    }
}

/// W for the weights v^g.
pub(super) fn first(groups: &[Opened<'_>], weights: &[Fr]) -> Vec<Fr> {
    let mut out = Vec::new();
    let mut done = vec![false; groups.len()];
    for i in 0..groups.len() {
        if done[i] {
            continue;
        }
        // Groups with the same points are added up before they are divided.
        let mut same = Vec::new();
        for (g, group) in groups.iter().enumerate().skip(i) {
            if group.points == groups[i].points {
                done[g] = true;
                same.push((group, weights[g]));
            }
        }
        let mut lanes = combine(&same);
        let mut all: Vec<&mut Vec<Fr>> = lanes.values_mut().flatten().collect();
        let points = &groups[i].points;
        parallel::chunks(&mut all, TOGETHER, |_, lanes| {
            points.iter().for_each(|c| divide_all(lanes, *c));
        });
        interleave(&mut out, &lanes);
    }
    out
}

/// W' for W, u and the weights −v^g / Z_g(u).
pub(super) fn second(groups: &[Opened<'_>], weights: &[Fr], mut w: Vec<Fr>, u: Fr) -> Vec<Fr> {
    let all: Vec<(&Opened<'_>, Fr)> = groups.iter().zip(weights.iter().copied()).collect();
    interleave(&mut w, &combine(&all));
    divide(&mut w, u);
    w
}
