//! Bytes that some rows emit and others take, under a lookup argument.
//!
//! # Statement
//! In a kind of tuples (byte, position, field) whose weights cancel tuple by tuple ([`crate::logup`]), let
//! - *emitters* have as weight the cell of their own field, constant positions that differ from each other, and
//!   determined bytes and fields;
//! - *takers* have weight −w·e for a positive integer w and a cell e that is 0 or 1, with `byte·(1 − e) = 0`; let them
//!   stand in runs, in which each position is that of the row before plus 1, each e is 0 where the one before is
//!   (`e·(1 − e₋) = 0`), w is the same and the field is one of the same few numbers;
//! - and let for a run and each field f that it may take, the w of all runs that may take f add up to f.
//!
//! Then flags and bytes of that run are determined, its second-phase fractions too, and its positions if its first flag
//! is the constant 1.
//!
//! *Proof.* Take an emitted tuple T with field f ≠ 0. It is emitted once, as positions differ, with weight f. The rows of
//! one run have different positions, so each run that may take f takes T at most once; what is taken adds up to f (all
//! numbers are far below p), which is the sum over all these runs: each of them takes T exactly once. And what an
//! enabled row takes is emitted, or its weight would be left over. So the enabled rows of the run take exactly the
//! emitted tuples with its fields, a determined set. Flags only fall, so as many first rows are enabled as the set has
//! elements; positions go up by one, so the rows take the set in order of positions; the bytes of disabled rows are 0.
//! A fraction's weight is 0 or its tuple is determined. If a row is enabled, the first position is the least in the
//! set. ∎
//!
//! Positions of a run that may be empty, and fields of rows that may be disabled, are free where the weight is 0. They
//! are *idle*: checked to be read by nothing but their own tuples, the links between positions, and constraints on the
//! field alone.

use std::collections::{BTreeMap, HashSet};

use super::{conclude, About, Lemma, Progress};
use crate::{
    derive::{By, Derivation},
    logup::multiple,
    model::{Cell, Component, Finding},
    poly::Poly,
    ranges::Support,
    rules::Rule,
    scalar::{integer, Scalar},
};

/// Which components of which kind of tuples are what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The kind of tuples.
    pub kind: u64,
    /// The component that holds the byte.
    pub byte: usize,
    /// The component that holds the position.
    pub position: usize,
    /// The component that holds the field.
    pub field: usize,
}

/// A row that emits.
#[derive(Clone, Debug)]
pub struct Emitter {
    /// The byte's cell.
    pub byte: Cell,
    /// The position.
    pub position: i128,
    /// The field's cell.
    pub field: Cell,
}

/// A row that takes.
#[derive(Clone, Debug)]
pub struct Taker {
    /// The byte's cell.
    pub byte: Cell,
    /// The position's cell.
    pub position: Cell,
    /// The field's cell, where it is one.
    pub field: Option<Cell>,
    /// The flag's cell.
    pub flag: Cell,
    /// The weight.
    pub weight: i128,
    /// The row.
    pub row: usize,
    /// The row of the argument.
    sum: usize,
    /// A constant field.
    fixed_field: Option<i128>,
}

/// Rows that take one after the other.
#[derive(Clone, Debug)]
pub struct Run {
    /// The rows.
    pub rows: Vec<Taker>,
    /// The fields that it may take.
    pub fields: Vec<i128>,
    /// Whether it takes all bytes of its fields.
    pub exact: bool,
}

/// All rows of a kind of tuples.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rows that emit.
    pub emitters: Vec<Emitter>,
    /// Runs of rows that take.
    pub runs: Vec<Run>,
}

pub(super) fn apply<F: Scalar>(
    d: &mut Derivation<'_, F>,
    specs: &[Spec],
    progress: &mut Progress,
) -> bool {
    progress.balances.resize(specs.len(), false);
    let mut any = false;
    for (i, spec) in specs.iter().enumerate() {
        if progress.balances[i] || d.model.argument.is_void || d.without.argument {
            continue;
        }
        match tuples(d, spec) {
            Err(finding) => {
                progress.balances[i] = true;
                d.findings.push(finding);
            }
            Ok((emitters, takers)) => {
                if emitters.iter().any(|e| !d.known(e.byte) || !d.known(e.field)) {
                    continue;
                }
                progress.balances[i] = true;
                any |= balance(d, emitters, takers);
            }
        }
    }
    any
}

type Rows = (Vec<Emitter>, Vec<Taker>);

/// The tuples of a kind, by sort.
fn tuples<F: Scalar>(d: &Derivation<'_, F>, spec: &Spec) -> Result<Rows, Finding> {
    let argument = &d.model.argument;
    let (mut emitters, mut takers) = (Vec::new(), Vec::new());
    let mut positions = HashSet::new();
    for id in argument.balanced.get(&spec.kind).into_iter().flatten() {
        let term = &argument.terms[*id];
        let row = argument.sums[term.sum].row;
        let strange = || Finding::at(row, "a weighted tuple of another form than a byte's");
        let others = term.tuple.iter().enumerate().filter(|(i, _)| {
            ![spec.byte, spec.position, spec.field, term.tuple.len() - 1].contains(i)
        });
        let constant = |c: &Component<F>| matches!(c, Component::Constant(_));
        let (weight, flag) = multiple(&term.weight).ok_or_else(strange)?;
        let cell = |i: usize| match term.tuple[i] {
            Component::Cell(cell) => Some(cell),
            _ => None,
        };
        if !others.map(|(_, c)| c).all(constant) {
            return Err(strange());
        }
        let byte = cell(spec.byte).ok_or_else(strange)?;
        match &term.tuple[spec.position] {
            Component::Constant(position) => {
                let position = integer(*position).ok_or_else(strange)?;
                if weight != 1 || cell(spec.field) != Some(flag) {
                    return Err(strange());
                }
                if !positions.insert(position) {
                    return Err(Finding::at(row, "two rows emit at one position"));
                }
                emitters.push(Emitter { byte, position, field: flag });
            }
            Component::Cell(position) => {
                let fixed_field = match &term.tuple[spec.field] {
                    Component::Constant(field) => Some(integer(*field).ok_or_else(strange)?),
                    _ => None,
                };
                if weight >= 0 || fixed_field.is_none() && cell(spec.field).is_none() {
                    return Err(strange());
                }
                takers.push(Taker {
                    byte,
                    position: *position,
                    field: cell(spec.field),
                    flag,
                    weight: -weight,
                    row,
                    sum: term.sum,
                    fixed_field,
                });
            }
            Component::Poly(_) => return Err(strange()),
        }
    }
    if emitters.is_empty() {
        return Err(Finding::whole(format!("no row emits tuples of kind {}", spec.kind)));
    }
    Ok((emitters, takers))
}

/// Finds constraints of a certain form, and keeps what it found.
struct Search<'d, 'm, F> {
    d: &'d Derivation<'m, F>,
    found: Vec<Support>,
}

impl<F: Scalar> Search<'_, '_, F> {
    /// Whether some constraint says that a polynomial is zero.
    fn has(&mut self, reader_of: Cell, poly: &[(i64, &[Cell])]) -> bool {
        let small = |k: i64| if k < 0 { -F::from(k.unsigned_abs()) } else { F::from(k as u64) };
        let wanted = Poly::from_terms(poly.iter().map(|(k, m)| (small(*k), *m)));
        let model = self.d.model;
        let says = |id: &&u32| {
            let constraint = &model.constraints[**id as usize];
            let left_out = self.d.without.leaves_out(Support::Constraint(**id));
            !left_out
                && constraint.terms.len() == wanted.len()
                && Poly::from_terms(constraint.terms.iter().map(|(c, m)| (*c, &m[..])))
                    .ratio(&wanted)
                    .is_some()
        };
        let id = model.readers[reader_of as usize].iter().find(says);
        self.found.extend(id.map(|id| Support::Constraint(*id)));
        id.is_some()
    }

    /// Whether a cell is 1 in all assignments.
    fn one(&mut self, cell: Cell) -> bool {
        let one = self.d.constant(cell) == Some(F::ONE);
        if let (true, Some(By::Constraint(id))) = (one, self.d.reason(cell).map(|r| r.by)) {
            self.found.push(Support::Constraint(id));
        }
        one
    }

    /// Whether a cell is 0 or 1.
    fn bit(&mut self, cell: Cell) -> bool {
        let bit = self.d.ranges.get(cell).is_some_and(|r| r.low >= 0 && r.high <= 1);
        self.rests_on_range(cell);
        bit
    }

    fn rests_on_range(&mut self, cell: Cell) {
        self.found.extend(self.d.ranges.supports(self.d.ranges.node(cell)));
    }

    /// The few values that a field can have.
    fn fields(&mut self, taker: &Taker) -> Option<Vec<i128>> {
        let Some(cell) = taker.field else { return Some(vec![taker.fixed_field?]) };
        if let Some(value) = self.d.constant(cell) {
            if let Some(By::Constraint(id)) = self.d.reason(cell).map(|reason| reason.by) {
                self.found.push(Support::Constraint(id));
            }
            return Some(vec![integer(value)?]);
        }
        self.rests_on_range(cell);
        let set = self.d.ranges.get(cell)?.set.as_ref()?;
        Some(set.iter().map(|field| i128::from(*field)).collect())
    }
}

fn balance<F: Scalar>(
    d: &mut Derivation<'_, F>,
    emitters: Vec<Emitter>,
    takers: Vec<Taker>,
) -> bool {
    let mut findings = Vec::new();
    let mut search = Search { d, found: Vec::new() };
    let mut runs: Vec<Run> = Vec::new();
    for taker in takers {
        let (byte, flag) = (taker.byte, taker.flag);
        let row = taker.row;
        // Whatever the row takes, it counts: a row of another form makes its fields inexact for every run.
        let fields = search.fields(&taker);
        let formed = search.one(flag)
            || search.bit(flag) && search.has(byte, &[(1, &[byte]), (-1, &[byte, flag])]);
        if !formed {
            findings
                .push(Finding::at(row, "a disabled row may take a byte, or its flag is no bit"));
            return give_up(d, findings);
        }
        let Some(fields) = fields else {
            findings.push(Finding::at(row, "a row may take bytes of any field"));
            return give_up(d, findings);
        };
        let last = runs.last().filter(|run| {
            run.fields == fields && run.rows.last().is_some_and(|t| t.weight == taker.weight)
        });
        let linked = last.and_then(|run| run.rows.last()).is_some_and(|before| {
            let (p, q) = (taker.position, before.position);
            search.has(p, &[(1, &[p]), (-1, &[q]), (-1, &[])])
                && search.has(flag, &[(1, &[flag]), (-1, &[flag, before.flag])])
        });
        match runs.last_mut().filter(|_| linked) {
            Some(run) => run.rows.push(taker),
            None => runs.push(Run { rows: vec![taker], fields, exact: false }),
        }
    }
    let supports = std::mem::take(&mut search.found);
    let mut weights: BTreeMap<i128, i128> = BTreeMap::new();
    for run in &runs {
        for field in &run.fields {
            *weights.entry(*field).or_default() += run.rows[0].weight;
        }
    }
    let mut cells = Vec::new();
    let mut idle = Vec::new();
    for run in &mut runs {
        run.exact = run.fields.iter().all(|field| weights[field] == *field && *field > 0);
        if !run.exact {
            let what = format!(
                "who takes a byte of fields {:?} is free: the weights of all that may add up to {:?}",
                run.fields,
                run.fields.iter().map(|f| weights[f]).collect::<Vec<_>>()
            );
            findings.push(Finding::at(run.rows[0].row, what));
            continue;
        }
        let required = d.constant(run.rows[0].flag) == Some(F::ONE);
        for taker in &run.rows {
            cells.extend([taker.flag, taker.byte]);
            cells.extend(d.model.argument.sums[taker.sum].defined());
            cells.extend(Some(taker.position).filter(|_| required));
        }
        idle.extend(idle_cells(d, run, required));
    }
    let mut premises: Vec<Cell> = emitters.iter().flat_map(|e| [e.byte, e.field]).collect();
    premises.extend(runs.iter().map(|run| run.rows[0].flag).filter(|f| d.constant(*f).is_some()));
    d.findings.extend(findings);
    let about = About::Balance(Box::new(Plan { emitters, runs }));
    conclude(
        d,
        Lemma {
            rule: Rule::Balance,
            supports,
            premises,
            cells,
            concludes: Vec::new(),
            idle,
            about,
        },
    )
}

fn give_up<F: Scalar>(d: &mut Derivation<'_, F>, findings: Vec<Finding>) -> bool {
    d.findings.extend(findings);
    false
}

/// Cells of a run that may be free where they count for nothing, and that nothing else reads.
fn idle_cells<F: Scalar>(d: &Derivation<'_, F>, run: &Run, required: bool) -> Vec<Cell> {
    let model = d.model;
    let positions: HashSet<Cell> = run.rows.iter().map(|taker| taker.position).collect();
    let alone = |cell: Cell, among: &HashSet<Cell>| {
        model.looked_readers[cell as usize].is_empty()
            && model.readers[cell as usize]
                .iter()
                .all(|id| model.constraints[*id as usize].cells().iter().all(|c| among.contains(c)))
    };
    let mut idle = Vec::new();
    for taker in &run.rows {
        if !required && alone(taker.position, &positions) {
            idle.push(taker.position);
        }
        idle.extend(taker.field.filter(|field| alone(*field, &HashSet::from([*field]))));
    }
    idle
}
