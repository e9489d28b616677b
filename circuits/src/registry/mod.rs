//! Membership of a leaf in the key registry: a Merkle path of depth 20 over Poseidon.
//!
//! # Statement
//! For every accepted assignment the root cell is the root of a tree of depth 20 in which the leaf cell stands at some
//! index.
//!
//! # Layout
//! Each level is one permutation. The output row of the permutation before holds the current node in wide\[2\], the
//! sibling in wide\[3\] and the direction bit in wide\[4\]; the gate fills the input row below it.
//!
//! # Soundness
//! The direction bit is boolean, so (left, right) is (node, sibling) or (sibling, node) and nothing between. Sibling
//! and bit are free otherwise: that is the path. The depth is fixed, so no inner node can pass for a leaf.
//!
//! # Source
//! docs/relation.md, clauses 0.8 and 8.1.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Advice, Column, ConstraintSystem, Selector},
    poly::Rotation,
};

use crate::{
    field::boolean,
    poseidon::{Permutation, PoseidonConfig},
};
use zkdkim_relation::registry::MerklePath;

/// The columns and the Poseidon chip lent to the path, and its selector.
#[derive(Clone, Debug)]
pub struct MerkleConfig {
    wide: [Column<Advice>; 5],
    poseidon: PoseidonConfig,
    order: Selector,
}

impl MerkleConfig {
    /// Adds the gate that orders a node and its sibling, of degree 2 without its selector. `wide` are the columns of
    /// `poseidon`, lent to both.
    pub fn configure(
        meta: &mut ConstraintSystem<Fr>,
        wide: [Column<Advice>; 5],
        poseidon: &PoseidonConfig,
    ) -> Self {
        let order = meta.selector();
        meta.create_gate("merkle order of node and sibling", |m| {
            let q = m.query_selector(order);
            let [node, sibling, bit] = [2, 3, 4].map(|i| m.query_advice(wide[i], Rotation::cur()));
            let [right, left] = [0, 1].map(|i| m.query_advice(wide[i], Rotation::next()));
            let swap = bit.clone() * (sibling.clone() - node.clone());
            vec![
                q.clone() * boolean(bit),
                q.clone() * (left - node - swap.clone()),
                q * (right - sibling + swap),
            ]
        });
        Self { wide, poseidon: poseidon.clone(), order }
    }

    /// Writes the path from the leaf, which is the output of the permutation `leaf`; the levels begin in the row below.
    pub fn assign(
        &self,
        grid: &mut Grid<Fr>,
        leaf: Permutation,
        path: &MerklePath,
        zero: CellRef,
    ) -> Permutation {
        let wide = self.wide;
        let mut node = leaf;
        for (level, sibling) in path.siblings.iter().enumerate() {
            let row = node.output_row;
            let value = grid.value(node.output).expect("node is assigned");
            let is_right = path.index >> level & 1 == 1;
            grid.enable(self.order, row);
            grid.advice(wide[3], row, *sibling);
            grid.advice(wide[4], row, if is_right { Fr::ONE } else { Fr::ZERO });
            let (left, right) = if is_right { (*sibling, value) } else { (value, *sibling) };
            grid.advice(wide[1], row + 1, left);
            grid.advice(wide[0], row + 1, right);
            node = self.poseidon.assign(grid, row + 1, zero);
        }
        node
    }
}
