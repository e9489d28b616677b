//! The whole check: from a layout to what is determined, what is not, and what each instance is for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    classify::{cone, Class, Classifier},
    derive::{Derivation, Given, Instance, Start, Uses, Without},
    explain::{rest, Rest},
    layout::{Layout, Place},
    lemmas,
    logup::{self, Weight},
    model::{Cell, Finding, Model, Source},
    ranges::Prepared,
    rules::Rule,
    scalar::Scalar,
};

/// What the author of a circuit says about it.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The cells that a prover may choose, and why.
    pub given: Vec<(Place, &'static str)>,
    /// Cells that only a lookup reads, so that a prover may choose them among the table's entries; they are given where
    /// that is true. `None` gives all such cells.
    pub unread: Option<BTreeSet<Place>>,
    /// The lookup argument that the circuit builds for itself.
    pub argument: Option<logup::Spec>,
    /// The challenge at which polynomial identities are checked.
    pub point: Option<usize>,
    /// What the lemmas are told.
    pub lemmas: lemmas::Spec,
}

/// Why a cell that only a lookup reads is given.
pub const UNREAD: &str = "only a lookup reads it";
/// Why the multiplicity of an entry that equals another is given.
pub const SHARE: &str = "share of one of several equal entries";

/// A circuit with everything that derivations start from.
pub struct Check<F> {
    /// The constraints.
    pub model: Model<F>,
    /// What ranges are found from.
    pub prepared: Prepared,
    /// Given cells and lemmas.
    pub start: Start,
    /// The public inputs that copies tie to cells.
    pub outputs: Vec<Cell>,
    /// The cells that some constraint reads.
    pub read: Vec<Cell>,
}

impl<F: Scalar> Check<F> {
    /// Reads a circuit.
    pub fn new(layout: &Layout<F>, spec: &Spec) -> Self {
        let model = Model::new(layout, spec.argument.as_ref(), spec.point);
        let prepared = Prepared::new(&model);
        let given = given(&model, spec);
        let public = |place: &Place| matches!(place, Place::Instance(..));
        let outputs = layout.copies.iter().flatten().filter(|place| public(place));
        let outputs: BTreeSet<Cell> =
            outputs.filter_map(|place| model.space.cell(*place)).collect();
        let start = Start { given, lemmas: spec.lemmas.clone() };
        let read = model.read_cells().into_iter().collect();
        Self { model, prepared, start, outputs: outputs.into_iter().collect(), read }
    }

    /// Derives everything that follows from the given cells.
    pub fn derive(&self) -> Derivation<'_, F> {
        Derivation::new(&self.model, &self.prepared, &self.start, Without::default())
    }

    /// What is left out with an instance.
    pub fn without(&self, instance: Instance) -> Without {
        let mut without = Without::default();
        match instance {
            Instance::Constraint(id) => {
                without.constraints.insert(id);
                let identities = &self.model.identities;
                for identity in identities.resting.get(&id).into_iter().flatten() {
                    without.constraints.extend(&identities.expanded[*identity].1);
                }
            }
            Instance::Looked(id) => drop(without.looked.insert(id)),
            Instance::Sum(_) => {
                without.argument = true;
                let looked = &self.model.looked;
                let first = looked.iter().position(|l| l.native.is_none()).unwrap_or(looked.len());
                without.looked = (first as u32..looked.len() as u32).collect();
            }
        }
        without
    }

    /// Where an instance stands: its row, or that of a cell that it reads.
    pub fn row(&self, instance: Instance) -> usize {
        match instance {
            Instance::Sum(id) => self.model.argument.sums[id as usize].row,
            Instance::Looked(id) => self.model.looked[id as usize].row,
            Instance::Constraint(id) => {
                let constraint = &self.model.constraints[id as usize];
                match constraint.source {
                    Source::Gate { row, .. } => row,
                    _ => {
                        let cell = constraint.cells().into_iter().next().unwrap_or(0);
                        cell as usize % self.model.space.rows
                    }
                }
            }
        }
    }

    /// What is left open by a derivation.
    pub fn rest(&self, derivation: &Derivation<'_, F>) -> Rest {
        rest(derivation, self.read.iter().copied())
    }

    /// Findings of model and derivation, and whether a public input rests on a representative that was chosen.
    pub fn findings(&self, derivation: &Derivation<'_, F>) -> Vec<Finding> {
        let mut findings = self.model.findings.clone();
        findings.extend(derivation.findings.iter().cloned());
        let cone = cone(derivation, self.outputs.iter().copied());
        let chosen =
            |cell: &&Cell| derivation.reason(**cell).is_some_and(|r| r.rule == Rule::Chosen);
        if let Some(cell) = cone.iter().find(chosen) {
            let place = self.model.space.place(*cell);
            let what = format!("a public input depends on the chosen representative at {place:?}");
            findings.push(Finding::whole(what));
        }
        findings.sort();
        findings.dedup();
        findings
    }

    /// What each instance is for.
    pub fn classify(&self, derivation: &mut Derivation<'_, F>) -> Vec<(Instance, Class)> {
        let mut classifier = Classifier::new(derivation);
        let instances = classifier.instances();
        instances.into_iter().map(|instance| (instance, classifier.class(instance))).collect()
    }

    /// What a derivation without one instance leaves open of the cells that the whole one determines.
    pub fn drop(&self, derivation: &Derivation<'_, F>, instance: Instance, uses: &Uses) -> Rest {
        let again = derivation.again(&self.prepared, &self.start, self.without(instance), uses);
        self.newly_open(derivation, &again)
    }

    /// What a derivation that leaves something out does not determine any more. (A cell that is explained in the whole
    /// circuit need not be determined without the instance that explains it.)
    pub fn newly_open(&self, whole: &Derivation<'_, F>, less: &Derivation<'_, F>) -> Rest {
        let mut rest = self.rest(less);
        rest.undetermined.retain(|cell| whole.known(*cell));
        rest
    }

    /// Given cells by reason.
    pub fn given_by_reason(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for given in &self.start.given {
            *counts.entry(given.why).or_default() += 1;
        }
        counts
    }

    /// The cells that only a lookup reads, listed or not.
    pub fn unread(&self) -> BTreeSet<Place> {
        let cells = unread(&self.model);
        cells.into_iter().filter_map(|cell| self.model.space.place(cell)).collect()
    }
}

fn given<F: Scalar>(model: &Model<F>, spec: &Spec) -> Vec<Given> {
    let place =
        |(place, why): &(Place, &'static str)| Some(Given { cell: model.space.cell(*place)?, why });
    let mut given: Vec<Given> = spec.given.iter().filter_map(place).collect();
    let listed = |cell: &Cell| match (&spec.unread, model.space.place(*cell)) {
        (Some(listed), Some(place)) => listed.contains(&place),
        (listed, _) => listed.is_none(),
    };
    let unread = unread(model).into_iter().filter(listed);
    given.extend(unread.map(|cell| Given { cell, why: UNREAD }));
    given.extend(shares(model).into_iter().map(|cell| Given { cell, why: SHARE }));
    given
}

/// Cells of tuples of which no cell is read by anything but that tuple.
fn unread<F: Scalar>(model: &Model<F>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (id, looked) in model.looked.iter().enumerate() {
        let own: Vec<Cell> = looked.tuple.iter().flat_map(|component| component.cells()).collect();
        let alone = |cell: &Cell| {
            model.readers[*cell as usize].is_empty()
                && model.looked_readers[*cell as usize] == [id as u32]
        };
        if own.iter().all(alone) {
            cells.extend(own);
        }
    }
    cells
}

/// The multiplicities of entries that equal others of their kind: only the sum of such counts, and nothing else may read
/// them.
fn shares<F: Scalar>(model: &Model<F>) -> Vec<Cell> {
    let mut shares = Vec::new();
    for entries in model.argument.entries.values() {
        let entry = |id: &usize| model.argument.terms[*id].constants().expect("an entry");
        let mut seen: HashMap<Vec<F>, usize> = HashMap::new();
        entries.iter().for_each(|id| *seen.entry(entry(id)).or_default() += 1);
        for id in entries.iter().filter(|id| seen[&entry(id)] > 1) {
            if let Weight::Cell(_, cell) = model.argument.terms[*id].weight {
                let alone = model.readers[cell as usize].is_empty()
                    && model.looked_readers[cell as usize].is_empty();
                shares.extend(alone.then_some(cell));
            }
        }
    }
    shares
}
