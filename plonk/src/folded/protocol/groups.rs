//! Which columns share a commitment.
//!
//! A group opens each of its columns at the union of their rotations, so a column that joins a group with more
//! rotations than it has sends more evaluations, and one that stands alone costs a commitment. The cost is the gas of
//! a verifying contract, in integers, and the search has a fixed seed: every machine finds the same groups.

use super::expression::Column;

/// Gas of a commitment in the proof: calldata, absorption, one multiplication and addition (measured).
pub const COMMITMENT_GAS: i64 = 7_600;
/// Gas of a commitment of the key: no calldata (measured).
pub const KEY_COMMITMENT_GAS: i64 = 6_550;
/// Gas of an evaluation: calldata and arithmetic (measured).
pub const EVALUATION_GAS: i64 = 610;
/// Gas of each rotation of a group (measured).
pub const ROTATION_GAS: i64 = 90;

/// A rotation too many for the blinding rows: never worth it.
const TOO_MANY_ROTATIONS: i64 = 10_000_000;
const STEPS: u64 = 200_000;
/// Accepted worsening at the start of the search, in gas.
const HEAT: u64 = 4_000;
/// Empty groups that the search may fill.
const SPARE: usize = 6;

/// Columns in one commitment Σ X^i p_i(X^fold), opened at z·ω^r for each rotation r.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Lanes of the commitment, at least as many as columns.
    pub fold: usize,
    /// Lane by lane.
    pub columns: Vec<Column>,
    /// Ascending.
    pub rotations: Vec<i32>,
}

/// A column and the rotations at which identities read it, ascending.
#[derive(Clone, Debug)]
pub(super) struct Queried {
    pub(super) column: Column,
    pub(super) rotations: Vec<i32>,
}

/// What a search may do and what things cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) fold: usize,
    pub(super) commitment: i64,
    /// Most rotations of a group: what its columns' random rows can hide.
    pub(super) rotations: usize,
}

/// A set of rotations as bits, by their place among all rotations of the round.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Set(Vec<u64>);

impl Set {
    fn new(rotations: &[i32], all: &[i32]) -> Self {
        let mut bits = vec![0u64; all.len().div_ceil(64)];
        for r in rotations {
            if let Ok(i) = all.binary_search(r) {
                bits[i / 64] |= 1 << (i % 64);
            }
        }
        Self(bits)
    }

    fn union_of(sets: &[Set], members: &[usize]) -> Self {
        let mut out = Set(vec![0; sets.first().map_or(0, |s| s.0.len())]);
        for member in members {
            for (a, b) in out.0.iter_mut().zip(&sets[*member].0) {
                *a |= b;
            }
        }
        out
    }

    fn len(&self) -> usize {
        self.0.iter().map(|w| w.count_ones() as usize).sum()
    }
}

fn cost(sets: &[Set], members: &[usize], limits: &Limits) -> i64 {
    if members.is_empty() {
        return 0;
    }
    let rotations = Set::union_of(sets, members).len();
    let over = rotations.saturating_sub(limits.rotations) as i64;
    limits.commitment
        + EVALUATION_GAS * (rotations * members.len()) as i64
        + ROTATION_GAS * rotations as i64
        + TOO_MANY_ROTATIONS * over
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

/// Spreads columns over groups: merged greedily at first, then single moves and exchanges with threshold accepting
/// (Dueck, Scheuer 1990), the best kept.
pub(super) fn spread(columns: &[Queried], limits: Limits) -> Vec<Group> {
    let mut all: Vec<i32> = columns.iter().flat_map(|c| c.rotations.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    let sets: Vec<Set> = columns.iter().map(|c| Set::new(&c.rotations, &all)).collect();
    let best = search(merged(&sets, limits), &sets, limits);
    let mut groups: Vec<Group> = best
        .into_iter()
        .filter(|members| !members.is_empty())
        .map(|mut members| {
            members.sort_by_key(|&c| columns[c].column);
            let union = Set::union_of(&sets, &members);
            let rotations =
                all.iter().enumerate().filter(|(i, _)| union.0[i / 64] >> (i % 64) & 1 == 1);
            Group {
                fold: limits.fold,
                columns: members.iter().map(|&c| columns[c].column).collect(),
                rotations: rotations.map(|(_, r)| *r).collect(),
            }
        })
        .collect();
    groups.sort_by_key(|g| g.columns.first().copied());
    groups
}

/// From a group for each column, merges the two groups that gain most, until none do. A start from full groups left the
/// search in places out of which no short way leads.
fn merged(sets: &[Set], limits: Limits) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..sets.len()).map(|c| vec![c]).collect();
    loop {
        let mut best: Option<(i64, usize, usize)> = None;
        for b in 1..groups.len() {
            for a in 0..b {
                if groups[a].len() + groups[b].len() > limits.fold {
                    continue;
                }
                let both = [&groups[a][..], &groups[b][..]].concat();
                let apart = cost(sets, &groups[a], &limits) + cost(sets, &groups[b], &limits);
                let gain = apart - cost(sets, &both, &limits);
                if gain > 0 && best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, a, b));
                }
            }
        }
        let Some((_, a, b)) = best else { return groups };
        let more = groups.swap_remove(b);
        groups[a].extend(more);
    }
}

fn search(start: Vec<Vec<usize>>, sets: &[Set], limits: Limits) -> Vec<Vec<usize>> {
    let mut groups = start;
    let spare = sets.len().saturating_sub(groups.len()).min(SPARE);
    groups.extend(std::iter::repeat_with(Vec::new).take(spare));
    if groups.len() < 2 || limits.fold == 1 {
        return groups;
    }
    let total = |groups: &[Vec<usize>]| groups.iter().map(|g| cost(sets, g, &limits)).sum::<i64>();
    let mut now = total(&groups);
    let (mut best, mut least) = (groups.clone(), now);
    let mut random = Random(1);
    for step in 0..STEPS {
        let left = STEPS - step;
        let threshold = (HEAT * left / STEPS * left / STEPS) as i64;
        let (a, b) = (random.below(groups.len()), random.below(groups.len()));
        if a == b || groups[a].is_empty() {
            continue;
        }
        let before = cost(sets, &groups[a], &limits) + cost(sets, &groups[b], &limits);
        let saved = (groups[a].clone(), groups[b].clone());
        let i = random.below(groups[a].len());
        let room = groups[b].len() < limits.fold;
        if room && (groups[b].is_empty() || random.below(2) == 0) {
            let column = groups[a].swap_remove(i);
            groups[b].push(column);
        } else if !groups[b].is_empty() {
            let j = random.below(groups[b].len());
            let (x, y) = (groups[a][i], groups[b][j]);
            groups[a][i] = y;
            groups[b][j] = x;
        }
        let change = cost(sets, &groups[a], &limits) + cost(sets, &groups[b], &limits) - before;
        if change <= threshold {
            now += change;
            if now < least {
                (best, least) = (groups.clone(), now);
            }
        } else {
            (groups[a], groups[b]) = saved;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(rotations: &[&[i32]]) -> Vec<Queried> {
        let column = |(i, r): (usize, &&[i32])| Queried {
            column: Column::Advice(i as u32),
            rotations: r.to_vec(),
        };
        rotations.iter().enumerate().map(column).collect()
    }

    fn gas(groups: &[Group], commitment: i64) -> i64 {
        let one = |g: &Group| {
            let r = g.rotations.len() as i64;
            commitment + EVALUATION_GAS * r * g.columns.len() as i64 + ROTATION_GAS * r
        };
        groups.iter().map(one).sum()
    }

    /// Every partition of few columns, by brute force.
    fn least(columns: &[Queried], limits: Limits) -> i64 {
        fn go(columns: &[Queried], limits: Limits, at: usize, groups: &mut Vec<Vec<usize>>) -> i64 {
            if at == columns.len() {
                let one = |g: &Vec<usize>| {
                    let mut r: Vec<i32> =
                        g.iter().flat_map(|c| columns[*c].rotations.iter().copied()).collect();
                    r.sort_unstable();
                    r.dedup();
                    if r.len() > limits.rotations || g.len() > limits.fold {
                        return 1 << 40;
                    }
                    limits.commitment
                        + EVALUATION_GAS * (r.len() * g.len()) as i64
                        + ROTATION_GAS * r.len() as i64
                };
                return groups.iter().map(one).sum();
            }
            let mut best = i64::MAX;
            for g in 0..=groups.len() {
                if g == groups.len() {
                    groups.push(vec![at]);
                } else {
                    groups[g].push(at);
                }
                best = best.min(go(columns, limits, at + 1, groups));
                groups[g].pop();
                if groups.last().is_some_and(Vec::is_empty) {
                    groups.pop();
                }
            }
            best
        }
        go(columns, limits, 0, &mut Vec::new())
    }

    #[test]
    fn finds_the_least_cost_of_small_instances() {
        let mut random = Random(7);
        for case in 0..12 {
            let rotations: Vec<Vec<i32>> = (0..7)
                .map(|_| {
                    let count = 1 + random.below(1 + random.0 as usize % 5);
                    let mut r: Vec<i32> = (0..count).map(|_| random.below(8) as i32 - 3).collect();
                    r.sort_unstable();
                    r.dedup();
                    r
                })
                .collect();
            let columns = columns(&rotations.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let limits = Limits { fold: 2 + case % 4, commitment: COMMITMENT_GAS, rotations: 7 };
            let groups = spread(&columns, limits);
            assert_eq!(gas(&groups, limits.commitment), least(&columns, limits), "case {case}");
        }
    }

    /// The recovery statement's first round. From full groups the search ended at 91,800.
    #[test]
    fn finds_the_known_best_where_a_start_from_full_groups_stuck() {
        let far: &[i32] =
            &[-818, -817, -191, -172, -83, -50, -49, -15, -9, -7, -2, -1, 0, 1, 4, 6, 7];
        let mut rotations: Vec<&[i32]> = vec![&[0]; 8];
        rotations.extend([&[0, 1][..]; 6]);
        rotations.extend([&[-1, 0, 1][..], &[-1, 0], &[-1024, -1, 0, 1, 2, 3], &[0, 1, 2, 3]]);
        rotations.extend([&[-38, -37, -26, -25, -14, -13, -1, 0, 1, 4, 5, 6, 7, 8][..], far]);
        for fold in [8, 9, 11] {
            let limits = Limits { fold, commitment: COMMITMENT_GAS, rotations: 19 };
            assert_eq!(gas(&spread(&columns(&rotations), limits), COMMITMENT_GAS), 87_350);
        }
    }

    #[test]
    fn never_takes_more_rotations_than_the_random_rows_hide() {
        let columns = columns(&[&[0, 1, 2], &[3, 4, 5], &[6, 7, 8], &[9, 10, 11]]);
        let groups = spread(&columns, Limits { fold: 4, commitment: 1_000_000, rotations: 6 });
        assert_eq!(groups.len(), 2);
        assert!(groups.iter().all(|g| g.rotations.len() == 6));
    }
}
