//! What no rule over a single constraint shows: each lemma with its statement, its proof and its premises, which are
//! checked on the circuit.
//!
//! A lemma whose premises fail concludes nothing and says so ([`Derivation::findings`]). So a bug in a premise (a gate
//! that is off in one row, an entry that makes an automaton ambiguous, a carry without its range) leaves cells
//! undetermined.

pub mod balance;
pub mod counts;
pub mod residue;
pub mod run;

use crate::{
    derive::{By, Derivation, Reason},
    model::Cell,
    ranges::Support,
    rules::Rule,
    scalar::Scalar,
};

/// What the lemmas are told about a circuit. Nothing here is taken on trust: a wrong description makes premises fail.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// Runs of automata.
    pub runs: Vec<run::Spec>,
    /// Tuples whose weights cancel.
    pub balances: Vec<balance::Spec>,
    /// Products of long numbers.
    pub products: Option<residue::Spec>,
}

/// An application of a lemma.
#[derive(Clone, Debug)]
pub struct Lemma {
    /// The rule that its cells are determined by.
    pub rule: Rule,
    /// Constraints and tuples that its premises are.
    pub supports: Vec<Support>,
    /// The cells that had to be determined before.
    pub premises: Vec<Cell>,
    /// The cells that it determines.
    pub cells: Vec<Cell>,
    /// The cells that it is about: those, and others that were determined before.
    pub concludes: Vec<Cell>,
    /// Cells that may have any value where they count for nothing, see [`crate::explain`].
    pub idle: Vec<Cell>,
    /// What the lemma is about, for the evaluator.
    pub about: About,
}

/// What an application of a lemma is about.
#[derive(Clone, Debug)]
pub enum About {
    /// A run: its tuples in order.
    Run(Vec<u32>, run::Spec),
    /// Bytes that are moved.
    Balance(Box<balance::Plan>),
    /// A product: its operands' limbs.
    Product(Box<residue::Operands>),
    /// Counts and fractions.
    Counts,
}

/// Which lemmas were applied.
#[derive(Default)]
pub struct Progress {
    /// Balances that were tried.
    pub balances: Vec<bool>,
    /// Products that were tried, by constraint.
    pub products: std::collections::HashSet<u32>,
    /// Runs that failed.
    pub runs: std::collections::HashSet<(usize, u32)>,
}

/// Applies the first lemma that concludes something; false if none does.
pub fn apply<F: Scalar>(d: &mut Derivation<'_, F>, spec: &Spec, progress: &mut Progress) -> bool {
    run::apply(d, &spec.runs, progress)
        || balance::apply(d, &spec.balances, progress)
        || residue::apply(d, spec.products.as_ref(), progress)
        || counts::apply(d)
}

/// What the lemma of an application concludes from what is left, if everything that it wants determined is. Leaves no
/// trace in the derivation as long as what it concludes was determined before.
pub(crate) fn conclusions<F: Scalar>(
    d: &mut Derivation<'_, F>,
    spec: &Spec,
    about: &About,
) -> Vec<Cell> {
    match about {
        About::Balance(_) => {
            balance::apply(d, &spec.balances, &mut Progress::default());
        }
        About::Product(operands) => {
            if let Some(spec) = &spec.products {
                residue::apply_in_row(d, spec, operands.row);
            }
        }
        About::Run(..) | About::Counts => {}
    }
    d.findings.clear();
    d.lemmas.drain(..).flat_map(|lemma| lemma.concludes).collect()
}

/// Notes an application and determines its cells; false if all were determined before.
fn conclude<F: Scalar>(d: &mut Derivation<'_, F>, mut lemma: Lemma) -> bool {
    let id = d.lemmas.len() as u32;
    let rule = lemma.rule;
    lemma.concludes = lemma.cells.clone();
    lemma.cells.retain(|cell| !d.known(*cell));
    lemma.supports.sort_unstable();
    lemma.supports.dedup();
    lemma.premises.sort_unstable();
    lemma.premises.dedup();
    for cell in &lemma.cells {
        d.determine(*cell, Reason::new(rule, By::Lemma(id)), None);
    }
    let new = !lemma.cells.is_empty();
    d.lemmas.push(lemma);
    new
}
