//! Collects the witness, phase by phase, as the front end's circuits expect it:
//!
//! - a circuit may cross phases within one synthesis (`next_phase`), or be synthesised once for each phase;
//! - when a phase ends, its columns are complete: the prover blinds and commits them and draws its challenges;
//! - a column that is committed does not change any more.

use halo2_proofs::{
    circuit::Value,
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{
        self, Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem,
        Fixed, FloorPlanner, Instance, Selector,
    },
};

use super::super::{
    error::{Error, Result},
    fractions::Fractions,
    protocol::Shape,
};

/// Takes a phase and all columns, of which those of this phase are complete now; returns the challenges by index.
pub(super) type EndOfPhase<'a> =
    &'a mut (dyn FnMut(usize, &mut [Vec<Fr>]) -> Vec<(usize, Fr)> + Send + Sync);

struct Collector<'a> {
    shape: &'a Shape,
    phase: usize,
    advice: Fractions,
    public_inputs: &'a [&'a [Fr]],
    challenges: Vec<Option<Fr>>,
    end_of_phase: EndOfPhase<'a>,
    /// The first error of a call that cannot return one.
    refused: Option<Error>,
}

impl Collector<'_> {
    fn refuse(&mut self, error: Error) {
        self.refused.get_or_insert(error);
    }
}

impl Assignment<Fr> for Collector<'_> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), plonk::Error> {
        Ok(())
    }

    fn query_instance(
        &self,
        column: Column<Instance>,
        row: usize,
    ) -> Result<Value<Fr>, plonk::Error> {
        if row >= self.shape.usable_rows() {
            return Err(plonk::Error::BoundsFailure);
        }
        let values = self.public_inputs.get(column.index()).ok_or(plonk::Error::BoundsFailure)?;
        Ok(Value::known(values.get(row).copied().unwrap_or(Fr::ZERO)))
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        let (index, usable) = (column.index(), self.shape.usable_rows());
        if index >= self.advice.columns.len() || row >= usable {
            self.refuse(Error::Row { column: format!("{column:?}"), row, usable });
            return Value::unknown();
        }
        let phase = usize::from(self.shape.advice_phases[index]);
        if phase < self.phase {
            return Value::unknown();
        }
        let mut known = None;
        let _ = to.map(|x| known = Some(x));
        match known {
            Some(x) => self.advice.store(index, row, x),
            // Columns of later phases may be open in a synthesis for this one.
            None if phase == self.phase => {
                self.refuse(Error::UnknownWitness { column: index, row });
            }
            None => {}
        }
        // The reference would have to outlive this borrow, which takes unsafe code or a leak.
        Value::unknown()
    }

    fn assign_fixed(&mut self, _: Column<Fixed>, _: usize, _: Assigned<Fr>) {}

    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) {}

    fn fill_from_row(
        &mut self,
        _: Column<Fixed>,
        _: usize,
        _: Value<Assigned<Fr>>,
    ) -> Result<(), plonk::Error> {
        Ok(())
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<Fr> {
        let known = self.challenges.get(challenge.index()).copied().flatten();
        known.map_or_else(Value::unknown, Value::known)
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}

    fn next_phase(&mut self) {
        if self.phase >= self.shape.phases() {
            return;
        }
        let (shape, phase) = (self.shape, self.phase);
        self.advice.divide(|column| usize::from(shape.advice_phases[column]) == phase);
        for (i, challenge) in (self.end_of_phase)(phase, &mut self.advice.columns) {
            self.challenges[i] = Some(challenge);
        }
        self.phase += 1;
    }
}

/// Synthesises the circuit: its columns, and its challenges by index.
pub(super) fn synthesize<C: Circuit<Fr>>(
    circuit: &C,
    shape: &Shape,
    public_inputs: &[&[Fr]],
    end_of_phase: EndOfPhase<'_>,
) -> Result<(Vec<Vec<Fr>>, Vec<Fr>)> {
    let mut cs = ConstraintSystem::default();
    let config = C::configure_with_params(&mut cs, circuit.params());
    let differs = |what| Err(Error::OtherCircuit { what });
    if cs.advice_column_phase() != shape.advice_phases {
        return differs("the advice columns");
    }
    if cs.challenge_phase() != shape.challenge_phases {
        return differs("the challenges");
    }
    if cs.num_instance_columns() != shape.public_inputs.len() {
        return differs("the instance columns");
    }
    if cs.blinding_factors() != shape.blinding {
        return differs("the number of blinding rows");
    }
    let mut collector = Collector {
        shape,
        phase: 0,
        advice: Fractions::new(shape.advice_phases.len(), shape.rows()),
        public_inputs,
        challenges: vec![None; shape.challenge_phases.len()],
        end_of_phase,
        refused: None,
    };
    while collector.phase < shape.phases() {
        C::FloorPlanner::synthesize(
            &mut collector,
            circuit,
            config.clone(),
            cs.constants().clone(),
        )?;
        if let Some(error) = collector.refused.take() {
            return Err(error);
        }
        collector.next_phase();
    }
    let challenges = collector.challenges.into_iter().map(|c| c.unwrap_or(Fr::ZERO)).collect();
    Ok((collector.advice.columns, challenges))
}
