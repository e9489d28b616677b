//! What a circuit fixes: columns, gates and lookups, fixed values, selectors, copies.
//!
//! Two builds of a program may lay the same circuit out differently; keys of one are of no use to the
//! other. A digest tells them apart without a key generation: the circuit is synthesised without a
//! witness into a hash instead of columns. The selectors are kept, since the shape of the circuit's keys depends on
//! them.

use halo2_proofs::{
    circuit::Value,
    halo2curves::{bn256::Fr, ff::PrimeField},
    plonk::{
        self, Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem,
        Fixed, FloorPlanner, Instance, Selector,
    },
};
use sha2::{Digest, Sha256};

use crate::{digest::Sha256Digest, error::Error, folded::protocol::Shape};

/// What is kept of a layout.
pub(super) struct Layout {
    /// SHA-256 of columns, gates, lookups, fixed values, enabled selectors and copies.
    pub(super) digest: Sha256Digest,
    /// Columns, phases and gates, selectors compressed.
    pub(super) shape: Shape,
}

/// The layout of a circuit without a witness, in `2^k` rows, with so many public inputs in its one instance column.
pub(super) fn layout<C: Circuit<Fr>>(
    circuit: &C,
    k: u32,
    instances: usize,
) -> Result<Layout, Error> {
    let mut cs = ConstraintSystem::default();
    let config = C::configure_with_params(&mut cs, circuit.params());
    let mut hash = LayoutHash {
        // As halo2 prints it for its own digest of a key.
        hash: Sha256::new_with_prefix(format!("{:?}", cs.pinned())),
        selectors: vec![vec![false; 1 << k]; cs.num_selectors()],
    };
    C::FloorPlanner::synthesize(&mut hash, circuit, config, cs.constants().clone())
        .map_err(|e| Error::Keygen { detail: e.to_string() })?;
    let (cs, _) = cs.compress_selectors(hash.selectors);
    let shape = Shape::new(&cs, k, &[instances]);
    let shape = shape.map_err(|e| Error::Keygen { detail: e.to_string() })?;
    Ok(Layout { digest: Sha256Digest(hash.hash.finalize().into()), shape })
}

struct LayoutHash {
    hash: Sha256,
    selectors: Vec<Vec<bool>>,
}

impl LayoutHash {
    fn put(&mut self, tag: u8, words: [usize; 2]) {
        self.hash.update([tag]);
        for word in words {
            self.hash.update((word as u64).to_le_bytes());
        }
    }

    fn put_cell(&mut self, tag: u8, column: Column<Any>, row: usize) {
        self.put(tag, [column.index(), row]);
        // Debug output, which names the type; halo2 gives no number for it.
        self.hash.update(format!("{:?};", column.column_type()));
    }

    fn put_value(&mut self, value: Assigned<Fr>) {
        self.hash.update(value.evaluate().to_repr().as_ref());
    }
}

impl Assignment<Fr> for LayoutHash {
    fn enter_region<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn annotate_column<A, AR>(&mut self, _: A, _: Column<Any>)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
    }

    fn exit_region(&mut self) {}

    fn enable_selector<A, AR>(
        &mut self,
        _: A,
        selector: &Selector,
        row: usize,
    ) -> Result<(), plonk::Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.put(1, [selector.index(), row]);
        let cell = self.selectors.get_mut(selector.index()).and_then(|rows| rows.get_mut(row));
        *cell.ok_or(plonk::Error::BoundsFailure)? = true;
        Ok(())
    }

    fn query_instance(&self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, plonk::Error> {
        Ok(Value::unknown())
    }

    fn assign_advice<'v>(
        &mut self,
        _: Column<Advice>,
        _: usize,
        _: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<Fr>) {
        self.put(2, [column.index(), row]);
        self.put_value(to);
    }

    fn copy(
        &mut self,
        left_column: Column<Any>,
        left_row: usize,
        right_column: Column<Any>,
        right_row: usize,
    ) {
        self.put_cell(3, left_column, left_row);
        self.put_cell(4, right_column, right_row);
    }

    fn fill_from_row(
        &mut self,
        column: Column<Fixed>,
        row: usize,
        to: Value<Assigned<Fr>>,
    ) -> Result<(), plonk::Error> {
        self.put(5, [column.index(), row]);
        to.map(|to| self.put_value(to));
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self, _: Option<String>) {}
}
