//! The one description of the protocol that prover, verifier and generators of verifiers walk.
//!
//! # Transcript
//!
//! ```text
//! key digest, public inputs (column by column)
//! for each phase:   [groups of its advice]                        -> its challenges
//!                   (after the last phase, if columns are permuted) -> β, γ
//! last round:       [groups of products, mask, late advice]        -> y
//! \[H\]                                                              -> z
//! evaluations: by group, by rotation, by column                    -> v
//! \[W\]                                                              -> u
//! \[W'\]
//! ```
//!
//! Groups come in the order of [`Protocol::groups`]: by round, then the key's. A *late* column is an advice column of
//! the last phase that is not permuted, where no challenge of the circuit follows that phase: β and γ have to follow
//! the permuted columns only, so it is committed beside the products.

mod expression;
mod groups;
mod shape;

use std::collections::{BTreeMap, BTreeSet};

pub use expression::{Column, Graph, Leaf, Node};
pub use groups::{Group, COMMITMENT_GAS, EVALUATION_GAS, KEY_COMMITMENT_GAS, ROTATION_GAS};
use groups::{Limits, Queried};
pub(crate) use shape::column;
pub use shape::Shape;

use super::{
    encoding::{POINT, SCALAR},
    error::{Error, Result},
};

/// Most polynomials in one commitment.
pub const MOST_FOLD: usize = 16;
/// Fold of the mask's group where all others have fold 1: the commitment then fixes the mask at τ² and not at τ.
const MASK_FOLD: usize = 2;

/// Commitments that are sent together, and the challenges drawn after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// In the order of the proof.
    pub groups: Vec<Group>,
    /// The circuit's challenges that follow, by index.
    pub challenges: Vec<u32>,
}

/// A circuit's proof system: shape, fold, groups.
#[derive(Clone, Debug)]
pub struct Protocol {
    shape: Shape,
    fold: usize,
    rounds: Vec<Round>,
    key_groups: Vec<Group>,
    identities: Graph,
    outputs: Vec<u32>,
}

/// Columns that one search spreads over groups.
struct Pool {
    columns: Vec<Queried>,
    limits: Limits,
}

/// The pools of a shape: of each round, and of the key.
struct Pools {
    rounds: Vec<Pool>,
    key: Pool,
}

fn pools(shape: &Shape, identities: &Graph, fold: usize) -> Pools {
    let mut rotations: BTreeMap<Column, BTreeSet<i32>> = BTreeMap::new();
    for leaf in identities.leaves() {
        if let Leaf::Cell(column, rotation) = leaf {
            rotations.entry(column).or_default().insert(rotation);
        }
    }
    let last_phase = shape.phases() - 1;
    let challenge_follows = shape.challenge_phases.iter().any(|p| usize::from(*p) == last_phase);
    let phase = |i: u32| usize::from(shape.advice_phases[i as usize]);
    let late = |i: u32| {
        phase(i) == last_phase
            && !challenge_follows
            && !shape.permutation.contains(&Column::Advice(i))
    };
    let queried = |pick: &dyn Fn(Column) -> bool| -> Vec<Queried> {
        rotations
            .iter()
            .filter(|(column, _)| pick(**column))
            .map(|(c, r)| Queried { column: *c, rotations: r.iter().copied().collect() })
            .collect()
    };
    let sent = |rotations| Limits { fold, commitment: COMMITMENT_GAS, rotations };
    let mut rounds: Vec<Pool> = (0..shape.phases())
        .map(|p| Pool {
            columns: queried(&|c| matches!(c, Column::Advice(i) if phase(i) == p && !late(i))),
            // blinding + 1 random rows hide this many rotations and the commitment.
            limits: sent(shape.blinding),
        })
        .collect();
    let mut last =
        queried(&|c| matches!(c, Column::Product(_)) || matches!(c, Column::Advice(i) if late(i)));
    last.push(Queried { column: Column::Mask, rotations: vec![0] });
    last.sort_by_key(|q| q.column);
    // A product has one random row less.
    rounds.push(Pool { columns: last, limits: sent(shape.blinding - 1) });
    let key = Pool {
        columns: queried(&|c| matches!(c, Column::Fixed(_) | Column::Sigma(_))),
        limits: Limits { fold, commitment: KEY_COMMITMENT_GAS, rotations: usize::MAX },
    };
    Pools { rounds, key }
}

/// With fold 1 the mask's group has fold 2.
fn mask_apart(groups: &mut [Group]) {
    for group in groups {
        if group.fold == 1 && group.columns.contains(&Column::Mask) {
            group.fold = MASK_FOLD;
        }
    }
}

/// Whether the groups are exactly the pool's columns, in canonical order, each at the union of its rotations.
fn check_groups(pool: &Pool, groups: &[Group]) -> Result<()> {
    let malformed = |what| Err(Error::Malformed { at: 0, what });
    let rotations: BTreeMap<Column, &Vec<i32>> =
        pool.columns.iter().map(|q| (q.column, &q.rotations)).collect();
    let mut seen = BTreeSet::new();
    for group in groups {
        let mut union = BTreeSet::new();
        for column in &group.columns {
            let Some(own) = rotations.get(column) else {
                return malformed("a group holds a column that its round does not have");
            };
            if !seen.insert(*column) {
                return malformed("a column stands in two groups");
            }
            union.extend(own.iter().copied());
        }
        if !group.rotations.iter().eq(union.iter()) {
            return malformed("a group is not opened at its columns' rotations");
        }
        if group.columns.is_empty() || !group.columns.is_sorted() {
            return malformed("a group is empty or not in order");
        }
        if union.len() > pool.limits.rotations {
            return malformed("a group has more rotations than its random rows hide");
        }
        let mut expected = [Group { fold: pool.limits.fold, ..group.clone() }];
        mask_apart(&mut expected);
        if group.fold != expected[0].fold || group.columns.len() > pool.limits.fold {
            return malformed("a group of another fold than the key's");
        }
    }
    if seen.len() != pool.columns.len() {
        return malformed("a column stands in no group");
    }
    if !groups.iter().map(|g| g.columns.first()).is_sorted() {
        return malformed("groups are not in order");
    }
    Ok(())
}

impl Protocol {
    /// The protocol of a shape, with the groups that the cost model finds.
    ///
    /// # Errors
    /// [`Error::Fold`]; those of [`Shape`].
    pub fn new(shape: Shape, fold: usize) -> Result<Self> {
        check_fold(fold)?;
        shape.check()?;
        let (identities, _) = shape.identities();
        let pools = pools(&shape, &identities, fold);
        let find = |pool: &Pool| {
            let mut groups = groups::spread(&pool.columns, pool.limits);
            mask_apart(&mut groups);
            groups
        };
        let rounds = pools.rounds.iter().map(find).collect();
        let key_groups = find(&pools.key);
        Self::with_groups(shape, fold, rounds, key_groups)
    }

    /// The protocol of a shape with given groups: of each round, and of the key.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the groups are not a canonical partition of the columns.
    pub(crate) fn with_groups(
        shape: Shape,
        fold: usize,
        rounds: Vec<Vec<Group>>,
        key_groups: Vec<Group>,
    ) -> Result<Self> {
        check_fold(fold)?;
        shape.check()?;
        let (identities, outputs) = shape.identities();
        let pools = pools(&shape, &identities, fold);
        if pools.rounds.len() != rounds.len() {
            return Err(Error::Malformed { at: 0, what: "another number of rounds" });
        }
        for (pool, groups) in pools.rounds.iter().zip(&rounds) {
            check_groups(pool, groups)?;
        }
        check_groups(&pools.key, &key_groups)?;
        let rounds = rounds
            .into_iter()
            .enumerate()
            .map(|(phase, groups)| Round {
                groups,
                challenges: (0..shape.challenge_phases.len() as u32)
                    .filter(|i| usize::from(shape.challenge_phases[*i as usize]) == phase)
                    .collect(),
            })
            .collect();
        Ok(Self { shape, fold, rounds, key_groups, identities, outputs })
    }

    /// The circuit's shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Most polynomials in one commitment.
    pub fn fold(&self) -> usize {
        self.fold
    }

    /// One round for each phase, and the last with products and mask.
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// Groups of fixed columns and permutations, committed by the key.
    pub fn key_groups(&self) -> &[Group] {
        &self.key_groups
    }

    /// Every group in the order of evaluations and opening; \[H\] comes after them.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.rounds.iter().flat_map(|round| &round.groups).chain(&self.key_groups)
    }

    /// Nodes of all identities.
    pub fn identities(&self) -> &Graph {
        &self.identities
    }

    /// The identities' results, in the order of the verifier's sum Σ y^(count − 1 − i) · identity_i.
    pub fn outputs(&self) -> &[u32] {
        &self.outputs
    }

    /// Whether β and γ are drawn.
    pub fn permutes(&self) -> bool {
        !self.shape.permutation.is_empty()
    }

    /// Random coefficients of the mask: its evaluations, its group's commitment and \[H\] each take one.
    pub fn mask_coefficients(&self) -> usize {
        let mask = self.groups().find(|g| g.columns.contains(&Column::Mask));
        mask.map_or(1, |g| g.rotations.len()) + 2
    }

    /// Points of a proof: groups, H, W, W'.
    pub fn commitments(&self) -> usize {
        self.rounds.iter().map(|round| round.groups.len()).sum::<usize>() + 3
    }

    /// Scalars of a proof.
    pub fn evaluations(&self) -> usize {
        self.groups().map(|g| g.columns.len() * g.rotations.len()).sum()
    }

    /// Bytes of a proof; all proofs of a key have the same length.
    pub fn proof_len(&self) -> usize {
        POINT * self.commitments() + SCALAR * self.evaluations()
    }

    /// Powers of τ that proving needs: a folded commitment's or the quotient's degree.
    pub fn powers(&self) -> usize {
        powers(self.shape.k, self.fold, self.shape.parts())
    }

    /// The model's gas of commitments and evaluations: what the choice of groups minimises.
    pub fn model_gas(&self) -> i64 {
        let one = |commitment: i64, g: &Group| {
            let r = g.rotations.len() as i64;
            commitment + EVALUATION_GAS * r * g.columns.len() as i64 + ROTATION_GAS * r
        };
        let sent = self.rounds.iter().flat_map(|round| &round.groups);
        sent.map(|g| one(COMMITMENT_GAS, g)).sum::<i64>()
            + self.key_groups.iter().map(|g| one(KEY_COMMITMENT_GAS, g)).sum::<i64>()
    }
}

/// Powers of τ for 2^k rows, this fold and this many parts of the quotient.
pub(crate) fn powers(k: u32, fold: usize, parts: usize) -> usize {
    fold.max(parts).max(MASK_FOLD) << k
}

pub(crate) fn check_fold(fold: usize) -> Result<()> {
    if (1..=MOST_FOLD).contains(&fold) {
        Ok(())
    } else {
        Err(Error::Fold { got: fold, most: MOST_FOLD })
    }
}
