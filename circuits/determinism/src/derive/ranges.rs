//! Which integers a cell can hold, from the gates and tables as they are.
//!
//! # Statement
//! In every accepted assignment a cell with a [`Range`] is the field element of an integer in `[low, high]`; where `low`
//! is not negative, only bits of `mask` are set in it; where there is a `set`, it is one of these.
//!
//! # Rules
//! - *Table.* A component of a tuple that a table holds is one of the entries' components.
//! - *Roots.* A polynomial in one cell, of degree d, that has d roots among 0 … 63 leaves these. A linear one leaves its
//!   root.
//! - *Sum.* `x = k_0 + Σ k_i y_i` with integers k_i and ranged y_i: the right side is an integer between the sums of the
//!   least and of the greatest addends; these are below 2^120 in absolute value, so nothing wraps, and the element x is
//!   that of this integer. Where the k_i are powers of two and the shifted masks of the y_i disjoint, no two addends
//!   have a bit in common, so the sum has no carries and its bits are among theirs.
//! - *Part.* `x = Σ k_i y_i` with all k_i positive and all y_i not negative: as above both sides are one integer, so
//!   `k_i y_i ≤ x ≤ high(x)`. So a piece whose multiple stands in a range column has few bits.
//!
//! Each step makes a *node* that knows what it rests on, so that a constraint that is left out takes along what followed
//! from it.

mod without;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

pub(crate) use without::Index;

use crate::{
    derive::Without,
    model::{Cell, Component, Model, Source},
    scalar::{integer, mask_up_to, Scalar, INTEGER_BITS},
};

/// What a cell can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least integer.
    pub low: i128,
    /// The greatest.
    pub high: i128,
    /// Bits that may be set, where `low` is not negative.
    pub mask: u128,
    /// All that it can hold, where these are few.
    pub set: Option<Rc<[u64]>>,
}

impl Range {
    fn between(low: i128, high: i128) -> Self {
        let mask = if low >= 0 { mask_up_to(high) } else { u128::MAX };
        Self { low, high, mask, set: None }
    }

    /// What both say; `None` where the second adds nothing.
    fn narrowed(&self, other: &Self) -> Option<Self> {
        let low = self.low.max(other.low);
        let high = self.high.min(other.high);
        let mut mask = self.mask & other.mask;
        if low >= 0 {
            mask &= mask_up_to(high);
        }
        let set = self.set.clone().or_else(|| other.set.clone());
        let better = low > self.low
            || high < self.high
            || low >= 0 && mask != self.mask
            || set.is_some() != self.set.is_some();
        better.then_some(Self { low, high, mask, set })
    }
}

/// A constraint or a tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Support {
    /// A constraint, by its number.
    Constraint(u32),
    /// A looked-up tuple, by its number.
    Looked(u32),
}

/// A step.
#[derive(Clone, Debug)]
struct Node {
    cell: Cell,
    range: Range,
    by: Support,
    parents: Rc<[u32]>,
    /// The step before, for the same cell; it is one of the parents.
    before: u32,
}

const NONE: u32 = u32::MAX;

/// A constraint as `Σ k_i y_i + constant = 0` over integers.
#[derive(Clone, Debug)]
struct Linear {
    id: u32,
    parts: Vec<(i128, Cell)>,
    constant: i128,
    /// Cells that were taken for constants: it says nothing where they are none.
    pinned: Vec<(Cell, i128)>,
}

/// What ranges are found from, prepared once for a circuit.
pub struct Prepared {
    linear: Vec<Linear>,
    /// By cell: linear constraints that read it.
    readers: HashMap<Cell, Vec<u32>>,
    roots: Vec<(u32, Cell, Range)>,
    tables: Vec<(u32, Cell, Range)>,
}

impl Prepared {
    /// Reads the constraints of level 0.
    pub fn new<F: Scalar>(model: &Model<F>) -> Self {
        let mut prepared = Self {
            linear: Vec::new(),
            readers: HashMap::new(),
            roots: Vec::new(),
            tables: Vec::new(),
        };
        let pinned = pinned(model);
        for (id, constraint) in model.constraints.iter().enumerate() {
            let expanded = matches!(constraint.source, Source::Expanded { .. });
            if constraint.level > 0 || constraint.terms.is_empty() {
                continue;
            }
            let cells = constraint.cells();
            if let (1, Some(cell)) = (cells.len(), cells.first()) {
                if let Some(range) = roots(&constraint.terms) {
                    prepared.roots.push((id as u32, *cell, range));
                }
            } else if !expanded {
                prepared.add_linear(id as u32, &constraint.terms, &pinned);
            }
        }
        prepared.add_tables(model);
        prepared
    }

    /// Adds a constraint that is linear once cells that a constraint pins to a constant are put in.
    fn add_linear<F: Scalar>(
        &mut self,
        id: u32,
        terms: &[(F, Box<[Cell]>)],
        pins: &HashMap<Cell, (F, i128)>,
    ) {
        let mut pinned = Vec::new();
        let mut constant = F::ZERO;
        let mut sum: Vec<(F, Cell)> = Vec::new();
        for (c, monomial) in terms {
            let (mut coefficient, mut own) = (*c, None);
            for cell in monomial.iter() {
                match pins.get(cell).filter(|_| monomial.len() > 1) {
                    Some((value, number)) => {
                        coefficient *= value;
                        pinned.push((*cell, *number));
                    }
                    None if own.is_none() => own = Some(*cell),
                    None => return,
                }
            }
            match (own, sum.iter_mut().find(|(_, cell)| Some(*cell) == own)) {
                (None, _) => constant += coefficient,
                (_, Some(old)) => old.0 += coefficient,
                (Some(cell), None) => sum.push((coefficient, cell)),
            }
        }
        sum.retain(|(c, _)| *c != F::ZERO);
        let Some((first, _)) = sum.first() else { return };
        let scaled = |by: F| {
            let parts = sum.iter().map(|(c, cell)| Some((integer(*c * by)?, *cell)));
            Some((parts.collect::<Option<Vec<_>>>()?, integer(constant * by)?))
        };
        let inverse = || Option::<F>::from(first.invert());
        let Some((parts, constant)) = scaled(F::ONE).or_else(|| scaled(inverse()?)) else { return };
        for (_, cell) in &parts {
            self.readers.entry(*cell).or_default().push(self.linear.len() as u32);
        }
        self.linear.push(Linear { id, parts, constant, pinned });
    }

    fn add_tables<F: Scalar>(&mut self, model: &Model<F>) {
        let mut memo: HashMap<(usize, usize), Option<Range>> = HashMap::new();
        for (id, looked) in model.looked.iter().enumerate() {
            for (i, component) in looked.tuple.iter().enumerate() {
                let Component::Cell(cell) = component else { continue };
                let range = memo.entry((looked.table, i)).or_insert_with(|| {
                    let entries = &model.tables[looked.table].entries;
                    let values: Vec<i128> =
                        entries.iter().map(|e| integer(e[i])).collect::<Option<_>>()?;
                    let (low, high) = (*values.iter().min()?, *values.iter().max()?);
                    let mask = values.iter().fold(0, |mask, v| mask | *v as u128);
                    Some(Range { mask, ..Range::between(low, high) })
                });
                if let Some(range) = range {
                    self.tables.push((id as u32, *cell, range.clone()));
                }
            }
        }
    }
}

/// Cells that one constraint alone makes constant, with small values.
fn pinned<F: Scalar>(model: &Model<F>) -> HashMap<Cell, (F, i128)> {
    let mut pinned = HashMap::new();
    for constraint in model.constraints.iter().filter(|c| c.level == 0 && c.is_linear()) {
        let own: Vec<_> = constraint.terms.iter().filter(|(_, m)| !m.is_empty()).collect();
        let [(c, monomial)] = own[..] else { continue };
        let rest: F = constraint.terms.iter().filter(|(_, m)| m.is_empty()).map(|(c, _)| *c).sum();
        let inverse: Option<F> = c.invert().into();
        let value = inverse.map(|inverse| -rest * inverse);
        if let Some((value, number)) = value.and_then(|value| Some((value, integer(value)?))) {
            pinned.entry(monomial[0]).or_insert((value, number));
        }
    }
    pinned
}

/// The range that a polynomial in one cell leaves.
fn roots<F: Scalar>(terms: &[(F, Box<[Cell]>)]) -> Option<Range> {
    let degree = terms.iter().map(|(_, monomial)| monomial.len()).max()?;
    if degree == 1 {
        let coefficient = |degree: usize| {
            terms.iter().filter(|(_, m)| m.len() == degree).map(|(c, _)| *c).sum::<F>()
        };
        let inverse: Option<F> = coefficient(1).invert().into();
        let root = integer(-coefficient(0) * inverse?)?;
        return Some(Range::between(root, root));
    }
    let value = |x: u64| {
        terms.iter().map(|(c, m)| *c * F::from(x).pow_vartime([m.len() as u64])).sum::<F>()
    };
    let roots: Rc<[u64]> = (0..64).filter(|x| value(*x) == F::ZERO).collect();
    (roots.len() == degree).then(|| Range {
        low: i128::from(roots[0]),
        high: i128::from(roots[degree - 1]),
        mask: roots.iter().fold(0, |mask, x| mask | u128::from(*x)),
        set: Some(roots),
    })
}

/// The ranges of all cells.
#[derive(Clone)]
pub struct Ranges {
    nodes: Vec<Node>,
    current: Vec<u32>,
    /// Whether nothing moved any more at the end.
    settled: bool,
}

impl Ranges {
    /// Applies the rules until nothing moves, or each constraint was looked at often enough. What `without` names is
    /// left out.
    pub fn new<F: Scalar>(model: &Model<F>, prepared: &Prepared, without: &Without) -> Self {
        let mut ranges =
            Self { nodes: Vec::new(), current: vec![NONE; model.cells], settled: true };
        for (id, cell, range) in &prepared.tables {
            let by = Support::Looked(*id);
            if !without.leaves_out(by) {
                ranges.narrow(*cell, range, by, Vec::new());
            }
        }
        for (id, cell, range) in &prepared.roots {
            let by = Support::Constraint(*id);
            if !without.leaves_out(by) {
                ranges.narrow(*cell, range, by, Vec::new());
            }
        }
        const VISITS: u8 = 16;
        let mut visits = vec![0u8; prepared.linear.len()];
        let mut waits = vec![true; prepared.linear.len()];
        let mut queue: VecDeque<u32> = (0..prepared.linear.len() as u32).collect();
        let mut changed = Vec::new();
        while let Some(next) = queue.pop_front() {
            let linear = &prepared.linear[next as usize];
            waits[next as usize] = false;
            visits[next as usize] += 1;
            if without.leaves_out(Support::Constraint(linear.id)) {
                continue;
            }
            ranges.apply(linear, &mut changed);
            for cell in changed.drain(..) {
                for reader in prepared.readers.get(&cell).into_iter().flatten() {
                    let i = *reader as usize;
                    ranges.settled &= visits[i] < VISITS;
                    if !waits[i] && visits[i] < VISITS {
                        waits[i] = true;
                        queue.push_back(*reader);
                    }
                }
            }
        }
        ranges
    }

    /// Whether another look at any constraint would add nothing.
    pub(crate) fn are_settled(&self) -> bool {
        self.settled
    }

    /// What a cell can hold.
    pub fn get(&self, cell: Cell) -> Option<&Range> {
        let node = self.current[cell as usize];
        (node != NONE).then(|| &self.nodes[node as usize].range)
    }

    /// The step by which a cell has its range.
    pub fn node(&self, cell: Cell) -> Option<u32> {
        let node = self.current[cell as usize];
        (node != NONE).then_some(node)
    }

    /// What a cell can hold if some steps do not count: the last of its steps that does.
    pub fn but_for(&self, cell: Cell, void: &HashSet<u32>) -> Option<(&Range, u32)> {
        let mut node = self.current[cell as usize];
        while node != NONE && void.contains(&node) {
            node = self.nodes[node as usize].before;
        }
        (node != NONE).then(|| (&self.nodes[node as usize].range, node))
    }

    /// For each step, the steps that use it.
    pub fn uses(&self) -> Vec<Vec<u32>> {
        let mut uses = vec![Vec::new(); self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            node.parents.iter().for_each(|parent| uses[*parent as usize].push(id as u32));
        }
        uses
    }

    /// The steps that make use of a constraint or a tuple.
    pub fn by_support(&self) -> HashMap<Support, Vec<u32>> {
        let mut by: HashMap<Support, Vec<u32>> = HashMap::new();
        for (id, node) in self.nodes.iter().enumerate() {
            by.entry(node.by).or_default().push(id as u32);
        }
        by
    }

    /// Number of cells that have a range.
    pub fn len(&self) -> usize {
        self.current.iter().filter(|node| **node != NONE).count()
    }

    /// Whether no cell has one.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Everything that a step rests on.
    pub fn supports(&self, nodes: impl IntoIterator<Item = u32>) -> Vec<Support> {
        let mut todo: Vec<u32> = nodes.into_iter().collect();
        let mut seen: HashSet<u32> = todo.iter().copied().collect();
        let mut supports = Vec::new();
        while let Some(node) = todo.pop() {
            let node = &self.nodes[node as usize];
            supports.push(node.by);
            todo.extend(node.parents.iter().copied().filter(|parent| seen.insert(*parent)));
        }
        supports.sort_unstable();
        supports.dedup();
        supports
    }

    /// The constraints and tuples of which some range makes direct use.
    pub fn used(&self) -> HashSet<Support> {
        self.nodes.iter().map(|node| node.by).collect()
    }

    fn narrow(&mut self, cell: Cell, range: &Range, by: Support, mut parents: Vec<u32>) -> bool {
        let old = self.current[cell as usize];
        let range = if old == NONE {
            range.clone()
        } else {
            let Some(range) = self.nodes[old as usize].range.narrowed(range) else { return false };
            parents.push(old);
            range
        };
        self.current[cell as usize] = self.nodes.len() as u32;
        self.nodes.push(Node { cell, range, by, parents: parents.into(), before: old });
        true
    }

    fn apply(&mut self, linear: &Linear, changed: &mut Vec<Cell>) {
        let is_constant = |(cell, value): &(Cell, i128)| {
            self.get(*cell).is_some_and(|r| r.low == *value && r.high == *value)
        };
        if !linear.pinned.iter().all(is_constant) {
            return;
        }
        for (i, (k, cell)) in linear.parts.iter().enumerate() {
            if let Some((range, parents)) = self.sum(linear, i) {
                if self.narrow(*cell, &range, Support::Constraint(linear.id), parents) {
                    changed.push(*cell);
                }
            }
            self.parts(linear, i, *k, changed);
        }
    }

    /// Rule *sum* for `x`, the cell with index `x`.
    fn sum(&self, linear: &Linear, x: usize) -> Option<(Range, Vec<u32>)> {
        let scale = -linear.parts[x].0;
        let quotient = |k: i128| (k % scale == 0).then(|| k / scale);
        let constant = quotient(linear.constant)?;
        let (mut low, mut high) = (constant, constant);
        let (mut mask, mut disjoint) = (0u128, constant == 0);
        let mut parents = Vec::with_capacity(linear.parts.len());
        let small = |x: i128| x.unsigned_abs() < 1 << INTEGER_BITS;
        for (k, cell) in linear.parts.iter().enumerate().filter(|(i, _)| *i != x).map(|(_, p)| p) {
            let k = quotient(*k)?;
            let range = self.get(*cell)?;
            let (a, b) = (range.low.checked_mul(k)?, range.high.checked_mul(k)?);
            low += a.min(b);
            high += a.max(b);
            if !(small(a) && small(b) && small(low) && small(high)) {
                return None;
            }
            match shifted(range, k) {
                Some(shifted) if shifted & mask == 0 => mask |= shifted,
                _ => disjoint = false,
            }
            parents.push(self.current[*cell as usize]);
        }
        let mut range = Range::between(low, high);
        if disjoint && low >= 0 {
            range.mask &= mask;
        }
        parents.extend(linear.pinned.iter().map(|(c, _)| self.current[*c as usize]));
        Some((range, parents))
    }

    /// Rule *part*, where the cell with index `x` is the whole.
    fn parts(&mut self, linear: &Linear, x: usize, scale: i128, changed: &mut Vec<Cell>) {
        let whole = linear.parts[x].1;
        let Some(high) = self.get(whole).filter(|r| r.low >= 0).map(|r| r.high) else { return };
        if linear.constant != 0 {
            return;
        }
        let mut sum = 0i128;
        let mut weights = Vec::with_capacity(linear.parts.len());
        for (k, cell) in linear.parts.iter().enumerate().filter(|(i, _)| *i != x).map(|(_, p)| p) {
            let (Some(range), true) = (self.get(*cell), k % -scale == 0) else { return };
            let k = k / -scale;
            let most = range.high.checked_mul(k).filter(|most| *most < 1 << INTEGER_BITS);
            let (Some(most), true) = (most, k > 0 && range.low >= 0) else { return };
            sum += most;
            weights.push((k, *cell));
        }
        if sum >= 1 << INTEGER_BITS {
            return;
        }
        for (k, cell) in &weights {
            let most = high / k;
            if self.get(*cell).is_some_and(|range| most < range.high) {
                // The other parts have to be known not to be negative as well.
                let mut parents: Vec<u32> = vec![self.current[whole as usize]];
                parents.extend(weights.iter().map(|(_, c)| self.current[*c as usize]));
                parents.extend(linear.pinned.iter().map(|(c, _)| self.current[*c as usize]));
                let by = Support::Constraint(linear.id);
                if self.narrow(*cell, &Range::between(0, most), by, parents) {
                    changed.push(*cell);
                }
            }
        }
    }
}

/// The bits that a multiple of a cell may have, where the factor is a power of two.
pub(crate) fn shifted(range: &Range, by: i128) -> Option<u128> {
    if range.low < 0 || by <= 0 || !by.unsigned_abs().is_power_of_two() {
        return None;
    }
    let shift = by.trailing_zeros();
    (range.mask.leading_zeros() >= shift).then(|| range.mask << shift)
}
