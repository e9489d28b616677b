//! Which unknown cells of one constraint the rule *recomposition* determines together.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use crate::{
    ranges::{shifted, Range},
    rules::WIDTH_BITS,
    scalar::{integer, Scalar},
};

/// A cell that could be a part: its constant coefficient and what it can hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Part<F> {
    pub(super) coefficient: F,
    pub(super) low: i128,
    pub(super) high: i128,
    pub(super) mask: u128,
}

impl<F: Scalar> Part<F> {
    pub(super) fn new(coefficient: F, range: &Range) -> Self {
        Self { coefficient, low: range.low, high: range.high, mask: range.mask }
    }
}

/// Sets of parts, by their places in the list.
pub(super) type Sets = Rc<Vec<Vec<u16>>>;

/// More parts than this are not looked at one subset after the other.
const MANY: usize = 14;

type Key<F> = (Vec<Part<F>>, Vec<[u16; 2]>);

/// Finds the greatest sets, once for all constraints of one form.
#[derive(Default)]
pub(super) struct Cutter<F> {
    found: HashMap<Key<F>, Sets>,
}

impl<F: Scalar> Cutter<F> {
    /// The greatest sets of two parts and more that follow from all the rest; `apart` are pairs that some monomial
    /// multiplies. Every set that the rule takes is within one of these.
    ///
    /// *Proof.* The rule scales by the coefficient of one of its unknowns; each coefficient is tried here. For a given
    /// scale its conditions on a set hold of every subset. Of more than 14 parts whose condition fails all are taken to
    /// follow: that claims more than the rule does. ∎
    pub(super) fn sets(&mut self, parts: Vec<Part<F>>, apart: Vec<[u16; 2]>) -> Sets {
        if parts.len() < 2 {
            return Sets::default();
        }
        let key = (parts, apart);
        if let Some(sets) = self.found.get(&key) {
            return sets.clone();
        }
        let mut all: BTreeSet<Vec<u16>> = BTreeSet::new();
        for base in &key.0 {
            let inverse: Option<F> = base.coefficient.invert().into();
            let Some(inverse) = inverse else { continue };
            let weight = |part: &Part<F>| integer(part.coefficient * inverse).filter(|k| *k > 0);
            let weights: Vec<Option<i128>> = key.0.iter().map(weight).collect();
            let own: Vec<u16> =
                (0..weights.len()).filter(|i| weights[*i].is_some()).map(|i| i as u16).collect();
            let holds = |set: &[u16]| follow(&key.0, &weights, &key.1, set);
            if own.len() > MANY {
                all.insert(own);
            } else {
                greatest(own, &holds, &mut BTreeSet::new(), &mut all);
            }
        }
        let within = |a: &Vec<u16>, b: &Vec<u16>| a != b && a.iter().all(|i| b.contains(i));
        let sets: Vec<Vec<u16>> =
            all.iter().filter(|a| !all.iter().any(|b| within(a, b))).cloned().collect();
        let sets = Rc::new(sets);
        self.found.insert(key, sets.clone());
        sets
    }
}

/// Adds the greatest subsets of two elements and more of which something holds.
fn greatest(
    set: Vec<u16>,
    holds: &dyn Fn(&[u16]) -> bool,
    seen: &mut BTreeSet<Vec<u16>>,
    into: &mut BTreeSet<Vec<u16>>,
) {
    if set.len() < 2 || !seen.insert(set.clone()) {
        return;
    }
    if holds(&set) {
        into.insert(set);
        return;
    }
    for i in 0..set.len() {
        let mut less = set.clone();
        less.remove(i);
        greatest(less, holds, seen, into);
    }
}

/// The conditions of [`crate::rules`] on a set, scaled as `weights` say.
fn follow<F: Scalar>(
    parts: &[Part<F>],
    weights: &[Option<i128>],
    apart: &[[u16; 2]],
    set: &[u16],
) -> bool {
    if apart.iter().any(|pair| pair.iter().all(|i| set.contains(i))) {
        return false;
    }
    let mut own: Vec<(i128, &Part<F>)> = set
        .iter()
        .map(|i| (weights[*i as usize].expect("a weight"), &parts[*i as usize]))
        .collect();
    own.sort_by_key(|(weight, _)| *weight);
    let (mut total, mut bits) = (0u128, 0u128);
    let (mut increasing, mut disjoint) = (true, true);
    for (weight, part) in own {
        increasing &= weight as u128 > total;
        let width = part.high.checked_sub(part.low).filter(|width| *width >= 0);
        let most = width.and_then(|width| (width as u128).checked_mul(weight as u128));
        let sum = most.and_then(|most| total.checked_add(most));
        let Some(sum) = sum else { return false };
        total = sum;
        let range = Range { low: part.low, high: part.high, mask: part.mask, set: None };
        match shifted(&range, weight) {
            Some(shifted) if shifted & bits == 0 => bits |= shifted,
            _ => disjoint = false,
        }
    }
    total < 1 << WIDTH_BITS && (increasing || disjoint)
}

#[cfg(test)]
mod tests {
    use zkdkim_plonk::halo2curves::bn256::Fr;

    use super::*;

    /// What the rule says of the whole list: it scales by the coefficient of one of the parts.
    fn rule(parts: &[Part<Fr>], apart: &[[u16; 2]], set: &[u16]) -> bool {
        set.iter().any(|base| {
            let scale = parts[*base as usize].coefficient.invert().expect("no zero");
            let weight = |part: &Part<Fr>| integer(part.coefficient * scale).filter(|k| *k > 0);
            let weights: Vec<Option<i128>> = parts.iter().map(weight).collect();
            set.iter().all(|i| weights[*i as usize].is_some())
                && follow(parts, &weights, apart, set)
        })
    }

    #[test]
    fn every_set_that_follows_is_within_one_that_is_found() {
        let mut state = 2u64;
        // Knuth's generator: the upper half of its state is random enough.
        let mut below = |most: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        let mut cutter = Cutter::default();
        let (mut follow, mut found) = (0, 0);
        for _ in 0..400 {
            let part = |_| {
                let k = Fr::from(1 << below(9));
                let coefficient = match below(4) {
                    0 => -k,
                    1 => k * Fr::from(3),
                    _ => k,
                };
                let (low, high) = (-i128::from(below(4) / 3), i128::from(below(9)));
                let mask = crate::scalar::mask_up_to(high);
                Part { coefficient, low, high, mask }
            };
            let parts: Vec<Part<Fr>> = (0..5).map(part).collect();
            let apart = if below(2) == 0 { vec![[0, 3]] } else { Vec::new() };
            let sets = cutter.sets(parts.clone(), apart.clone());
            for bits in 1..32u16 {
                let set: Vec<u16> = (0..5).filter(|i| bits >> i & 1 == 1).collect();
                if set.len() > 1 && rule(&parts, &apart, &set) {
                    follow += 1;
                    assert!(sets.iter().any(|s| set.iter().all(|i| s.contains(i))), "{parts:?}");
                }
            }
            found += sets.len();
        }
        assert!(follow > 300 && found > 300, "{follow} follow, {found} found");
    }
}
