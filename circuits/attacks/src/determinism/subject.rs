//! The statement's circuit as the check sees it, with names for what it finds.

use std::collections::BTreeSet;

use zkdkim_circuits::{logup::TupleType, statement::CircuitParams};
use zkdkim_determinism::{
    check::{Check, Spec},
    derive::Instance,
    layout::{Layout, Place},
    model::{Cell, Finding, Source},
};
use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_testkit::Cell as AdviceCell;

use super::{given, unread};
use crate::{statement::Statement, Claim, SAMPLE_HEADER};

/// A layout of the statement, by the name that reports use.
pub const LAYOUTS: [(&str, CircuitParams); 2] =
    [("on-chain", CircuitParams::ON_CHAIN), ("quick", CircuitParams::QUICK)];

/// The statement's circuit in one layout.
pub struct Subject {
    /// The layout's name.
    pub name: &'static str,
    /// Its parameters.
    pub params: CircuitParams,
    /// Names of columns and rows, and the chips.
    pub statement: Statement,
    /// The circuit as laid out, with an honest witness.
    pub layout: Layout<Fr>,
    /// What the check is told.
    pub spec: Spec,
}

impl Subject {
    /// Lays out the circuit.
    pub fn new(name: &'static str, params: CircuitParams) -> Self {
        let statement = Statement::in_layout(params);
        let plan = Claim::honest(SAMPLE_HEADER.as_bytes()).in_layout(params);
        let circuit = plan.circuit(|_, _| (), |_, _| ());
        // Any three values; the witness does not depend on them.
        let challenges = [3, 5, 7].map(|c| Fr::from(c).invert().expect("not zero")).to_vec();
        let instances = vec![circuit.instances()];
        let layout = Layout::of(&circuit, params.k, instances, challenges)
            .expect("the statement's circuit lays out");
        let mut spec = given::spec(&statement.config);
        spec.unread = Some(unread::listed(name, &statement));
        Self { name, params, statement, layout, spec }
    }

    /// Reads its constraints.
    pub fn check(&self) -> Check<Fr> {
        Check::new(&self.layout, &self.spec)
    }

    /// Where a cell stands.
    pub fn place(&self, place: Option<Place>) -> String {
        match place {
            Some(Place::Advice(column, row)) => self.statement.place(AdviceCell { column, row }),
            Some(Place::Fixed(column, row)) => {
                format!("fixed column {column} {}", self.statement.row_name(row))
            }
            Some(Place::Instance(_, row)) => format!("public input {row}"),
            None => "a combination of cells".to_owned(),
        }
    }

    /// A cell's column and block of rows.
    fn class(&self, place: Place) -> String {
        match place {
            Place::Advice(column, row) => self.statement.class(AdviceCell { column, row }),
            Place::Fixed(..) => "constant".to_owned(),
            Place::Instance(..) => "public input".to_owned(),
        }
    }

    /// A cell of the model, by its place.
    pub fn cell(&self, check: &Check<Fr>, cell: Cell) -> String {
        self.place(check.model.space.place(cell))
    }

    /// The name of an instance: that of its polynomial, or for a copy the columns and blocks of its ends.
    pub fn instance_name(&self, check: &Check<Fr>, instance: Instance) -> String {
        let model = &check.model;
        match instance {
            Instance::Sum(id) => model.gates[model.argument.sums[id as usize].gate].clone(),
            Instance::Looked(id) => {
                let table = &model.tables[model.looked[id as usize].table];
                let kinds = [
                    (TupleType::Spread11, "11-bit word"),
                    (TupleType::Spread10, "10-bit word"),
                    (TupleType::Automaton, "edge"),
                    (TupleType::Case, "lower-case form"),
                    (TupleType::Sextet, "character of base64url"),
                    (TupleType::Quartet, "last character of base64url"),
                ];
                let own = |(kind, _): &&(TupleType, &str)| table.kind == Some(*kind as u64);
                format!("lookup {}", kinds.iter().find(own).map_or(&*table.name, |(_, name)| name))
            }
            Instance::Constraint(id) => match model.constraints[id as usize].source {
                Source::Gate { gate, .. } => model.gates[gate].clone(),
                Source::Copy(copy) => {
                    let [a, b] = self.layout.copies[copy].map(|place| self.class(place));
                    format!("copy {a} = {b}")
                }
                _ => "equation".to_owned(),
            },
        }
    }

    /// Where an instance stands: its row, for a copy its ends.
    pub fn instance_place(&self, check: &Check<Fr>, instance: Instance) -> String {
        if let Instance::Constraint(id) = instance {
            if let Source::Copy(copy) = check.model.constraints[id as usize].source {
                let [a, b] = self.layout.copies[copy].map(|place| self.place(Some(place)));
                return format!("{a} = {b}");
            }
        }
        self.statement.row_name(check.row(instance))
    }

    /// A finding, with the name of its row.
    pub fn finding(&self, finding: &Finding) -> String {
        match finding.row {
            Some(row) => format!("{}: {}", self.statement.row_name(row), finding.what),
            None => finding.what.clone(),
        }
    }

    /// Listed cells that a constraint reads now, and others that none reads any more.
    pub fn unread_changes(&self, check: &Check<Fr>) -> [BTreeSet<Place>; 2] {
        let listed = self.spec.unread.clone().unwrap_or_default();
        let found = check.unread();
        [&listed - &found, &found - &listed]
    }
}

/// The number at the end of a row's name.
pub fn row_number(row: &str) -> usize {
    row.rsplit_once(' ').and_then(|(_, row)| row.parse().ok()).unwrap_or(0)
}
