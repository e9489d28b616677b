//! Every way in which a constraint or a tuple can determine a cell, whatever is known when it is looked at.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use super::cuts::{Cutter, Part};
use crate::{
    derive::Derivation,
    model::{Cell, Component, Constraint, Looked, Model},
    poly::Poly,
    ranges::Ranges,
    rules::{cofactor, is_linear_where_zero},
    scalar::Scalar,
};

/// Parts that follow when some cells are known.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) parts: Box<[Cell]>,
    pub(super) wants: Box<[Cell]>,
}

/// A cell that follows by the rule *zero or not*, when all others of the constraint, and some of a second one, are known.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) cell: Cell,
    pub(super) also: u32,
    pub(super) wants: Box<[Cell]>,
}

/// What a constraint can say.
#[derive(Clone, Debug, Default)]
pub(super) struct Says {
    /// Its cells, challenges left away.
    pub(super) cells: Box<[Cell]>,
    /// Those that follow when all others are known.
    pub(super) linear: Box<[Cell]>,
    pub(super) cases: Box<[Case]>,
    pub(super) cuts: Box<[Cut]>,
}

/// Sets of components of a tuple, and the components that follow from each.
type Keys = Rc<Vec<(Vec<u8>, Vec<u8>)>>;

/// What a tuple can say.
#[derive(Clone, Debug)]
pub(super) struct Holds {
    /// The cells of each component.
    pub(super) components: Box<[Box<[Cell]>]>,
    pub(super) keys: Keys,
}

/// How a cell stands in a constraint.
struct Standing<F> {
    cell: Cell,
    /// Its coefficient, if that is a constant.
    coefficient: Option<F>,
    /// Whether it stands alone in each of its monomials.
    bare: bool,
    squared: bool,
}

/// Reads constraints and tuples.
pub(super) struct Reader<'d, 'm, F> {
    pub(super) d: &'d Derivation<'m, F>,
    pub(super) constants: &'d HashMap<Cell, F>,
    cuts: Cuts<F>,
    /// By cell: constraints with a monomial that is the cell alone.
    lone: Vec<Vec<u32>>,
    keys: HashMap<(usize, Vec<(u8, u8)>), Keys>,
}

impl<'d, 'm, F: Scalar> Reader<'d, 'm, F> {
    pub(super) fn new(d: &'d Derivation<'m, F>, constants: &'d HashMap<Cell, F>) -> Self {
        let mut lone = vec![Vec::new(); d.model.cells];
        for (id, constraint) in d.model.constraints.iter().enumerate() {
            for (_, monomial) in &constraint.terms {
                if let [cell] = monomial[..] {
                    lone[cell as usize].push(id as u32);
                }
            }
        }
        Self { d, constants, cuts: Cuts::new(), lone, keys: HashMap::new() }
    }

    /// What a constraint can say, with the ranges of the derivation.
    pub(super) fn constraint(&mut self, id: u32) -> Says {
        let model = self.d.model;
        let constraint = &model.constraints[id as usize];
        let standings = standings(model, self.constants, constraint);
        let own = |s: &&Standing<F>| !s.squared && model.level(s.cell) == constraint.level;
        let linear = standings.iter().filter(own).filter(|s| is_factor(s.coefficient));
        let linear = linear.map(|s| s.cell).collect();
        let cases = standings.iter().filter(own).filter(|s| !s.bare);
        let cases = cases.flat_map(|s| self.cases(id, s.cell, &standings)).collect();
        let cuts = self.cuts.cuts(model, constraint, &standings, &self.d.ranges);
        let cells = standings.into_iter().map(|s| s.cell).collect();
        Says { cells, linear, cases, cuts }
    }

    /// The second constraints by which a cell follows from this one, where its coefficient is zero.
    fn cases(&self, id: u32, cell: Cell, standings: &[Standing<F>]) -> Vec<Case> {
        let model = self.d.model;
        let constraint = &model.constraints[id as usize];
        let mut cases = Vec::new();
        let mut a: Option<Poly<F>> = None;
        for also in self.lone[cell as usize].iter().copied().filter(|also| *also != id) {
            let other = &model.constraints[also as usize];
            if other.level != constraint.level {
                continue;
            }
            let a = a.get_or_insert_with(|| cofactor(constraint, cell).expect("no power"));
            // Of what is not known each monomial has to be a multiple of A; so only cells beside a monomial of A may be
            // unknown.
            let is_beside = |monomial: &[Cell]| {
                monomial[..] != [cell]
                    && a.terms().any(|(m, _)| m.iter().all(|factor| monomial.contains(factor)))
            };
            let (beside, rest): (Vec<_>, Vec<_>) =
                other.terms.iter().map(|(_, m)| &m[..]).partition(|m| is_beside(m));
            if beside.is_empty() {
                // Then the second constraint alone determines it.
                continue;
            }
            let is_own = |x: &Cell| {
                *x == cell
                    || model.space.is_challenge(*x)
                    || standings.binary_search_by_key(x, |s| s.cell).is_ok()
            };
            let cells = |list: &[&[Cell]]| -> BTreeSet<Cell> {
                list.iter().flat_map(|m| m.iter().copied()).filter(|x| !is_own(x)).collect()
            };
            let must = cells(&rest);
            let free: Vec<Cell> = cells(&beside).difference(&must).copied().collect();
            let mut found: Vec<u32> = Vec::new();
            const FREE: usize = 8;
            let mut subsets: Vec<u32> = (0..1u32 << free.len().min(FREE)).collect();
            subsets.sort_by_key(|subset| subset.count_ones());
            for subset in subsets {
                if found.iter().any(|less| less & subset == *less) {
                    continue;
                }
                let chosen = |x: &Cell| {
                    let at = free.iter().position(|own| own == x);
                    at.is_some_and(|at| free.len() > FREE || subset >> at & 1 == 1)
                };
                let known = |x: Cell| x != cell && (is_own(&x) || must.contains(&x) || chosen(&x));
                if free.len() > FREE || is_linear_where_zero(&known, other, cell, a) {
                    found.push(subset);
                }
            }
            cases.extend(found.into_iter().map(|subset| {
                let chosen = free.iter().enumerate().filter(|(i, _)| subset >> i & 1 == 1);
                let wants = must.iter().copied().chain(chosen.map(|(_, x)| *x)).collect();
                Case { cell, also, wants }
            }));
        }
        cases
    }

    /// What a tuple can say.
    pub(super) fn tuple(&mut self, looked: &Looked<F>) -> Holds {
        let model = self.d.model;
        let cells: Vec<Vec<Cell>> = looked.tuple.iter().map(Component::cells).collect();
        let level = cells.iter().flatten().map(|cell| model.level(*cell)).max().unwrap_or(0);
        let form = |(component, cells): (&Component<F>, &Vec<Cell>)| match component {
            Component::Constant(_) => (0, 0),
            Component::Cell(cell) if model.level(*cell) == level => (1, 0),
            Component::Cell(_) => (2, 0),
            Component::Poly(_) => (3, cells.len().min(1) as u8),
        };
        let forms: Vec<(u8, u8)> = looked.tuple.iter().zip(&cells).map(form).collect();
        let table = &model.tables[looked.table];
        let keys = self.keys.entry((looked.table, forms.clone())).or_insert_with(|| {
            let open: Vec<u8> =
                (0..forms.len() as u8).filter(|i| forms[*i as usize].0 > 0).collect();
            let constant =
                (0..forms.len()).filter(|i| forms[*i].0 == 0).map(|i| 1u64 << i).sum::<u64>();
            let mut subsets: Vec<u32> = (0..1u32 << open.len()).collect();
            subsets.sort_by_key(|subset| subset.count_ones());
            let mut found: Vec<u32> = Vec::new();
            for subset in subsets {
                let is_more = found.iter().any(|less| less & subset == *less);
                let known: u64 = open
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| subset >> i & 1 == 1)
                    .map(|(_, at)| 1 << at)
                    .sum();
                if !is_more && table.functional(known | constant).is_some() {
                    found.push(subset);
                }
            }
            let pick = |subset: u32, yes: bool| -> Vec<u8> {
                let own = open.iter().enumerate().filter(|(i, _)| (subset >> i & 1 == 1) == yes);
                own.map(|(_, at)| *at).collect()
            };
            let key = |subset: u32| {
                let follow = pick(subset, false).into_iter().filter(|i| forms[*i as usize].0 == 1);
                (pick(subset, true), follow.collect())
            };
            Rc::new(found.into_iter().map(key).collect())
        });
        let components = cells.into_iter().map(Vec::into_boxed_slice).collect();
        Holds { components, keys: keys.clone() }
    }
}

/// How the cells of a constraint stand in it, challenges left away.
fn standings<F: Scalar>(
    model: &Model<F>,
    constants: &HashMap<Cell, F>,
    constraint: &Constraint<F>,
) -> Vec<Standing<F>> {
    let cells = constraint.cells().into_iter().filter(|cell| !model.space.is_challenge(*cell));
    let standing = |cell| Standing { cell, coefficient: Some(F::ZERO), bare: true, squared: false };
    let mut standings: Vec<Standing<F>> = cells.map(standing).collect();
    for (c, monomial) in &constraint.terms {
        for (i, cell) in monomial.iter().enumerate() {
            let Ok(at) = standings.binary_search_by_key(cell, |s| s.cell) else { continue };
            let own = &mut standings[at];
            own.squared |= monomial.iter().filter(|other| *other == cell).count() > 1;
            own.bare &= monomial.len() == 1;
            let mut others = monomial.iter().enumerate().filter(|(j, _)| *j != i);
            let product = others.try_fold(*c, |product, (_, x)| Some(product * constants.get(x)?));
            own.coefficient = own.coefficient.zip(product).map(|(sum, x)| sum + x);
        }
    }
    standings
}

/// Finds recompositions.
pub(super) struct Cuts<F> {
    cutter: Cutter<F>,
}

impl<F: Scalar> Cuts<F> {
    pub(super) fn new() -> Self {
        Self { cutter: Cutter::default() }
    }

    /// What a constraint says by recomposition, with some ranges.
    pub(super) fn of(
        &mut self,
        model: &Model<F>,
        constants: &HashMap<Cell, F>,
        id: u32,
        ranges: &Ranges,
    ) -> Box<[Cut]> {
        let constraint = &model.constraints[id as usize];
        let standings = standings(model, constants, constraint);
        self.cuts(model, constraint, &standings, ranges)
    }

    fn cuts(
        &mut self,
        model: &Model<F>,
        constraint: &Constraint<F>,
        standings: &[Standing<F>],
        ranges: &Ranges,
    ) -> Box<[Cut]> {
        let (mut cells, mut parts) = (Vec::new(), Vec::new());
        for s in standings {
            let range = ranges.get(s.cell).filter(|_| is_factor(s.coefficient) && !s.squared);
            if let (Some(range), true) = (range, model.level(s.cell) == constraint.level) {
                cells.push(s.cell);
                parts.push(Part::new(s.coefficient.expect("a factor"), range));
            }
        }
        let place = |cell: &Cell| cells.binary_search(cell).ok().map(|at| at as u16);
        let mut apart = BTreeSet::new();
        for (_, monomial) in &constraint.terms {
            let own: Vec<u16> = monomial.iter().filter_map(place).collect();
            for (i, a) in own.iter().enumerate() {
                apart.extend(own[..i].iter().map(|b| [*a.min(b), *a.max(b)]));
            }
        }
        let sets = self.cutter.sets(parts, apart.into_iter().collect());
        let cut = |set: &Vec<u16>| {
            let parts: Box<[Cell]> = set.iter().map(|i| cells[*i as usize]).collect();
            let wants = standings.iter().map(|s| s.cell).filter(|cell| !parts.contains(cell));
            let wants = wants.collect();
            Cut { parts, wants }
        };
        sets.iter().map(cut).collect()
    }
}

fn is_factor<F: Scalar>(coefficient: Option<F>) -> bool {
    coefficient.is_some_and(|k| k != F::ZERO)
}
