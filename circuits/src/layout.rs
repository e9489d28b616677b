//! Where each chip stands: its rows in the columns of [`crate::columns`].
//!
//! # Lanes
//! A *lane* is six range columns, their spread forms and what SHA-256 needs beside them. The circuit has one lane or
//! two ([`CircuitParams::lookups`]: six or twelve lookups a row); SHA-256 slot s stands in lane s mod lanes, so two
//! lanes halve its rows. The chips are the same: only where a slot, a carry or a lower-cased byte stands differs.
//!
//! ```text
//! one lane, k = 14: the cheaper one on chain
//!            range[6] spread[6]  x y    wide[5]                       acc          phase-2 sums
//! row 0      +-----------------+------+-----------------------------+------------+
//!            | SHA-256: 1,160 slots   | Poseidon (43 permutations)  | (RSA       | helpers, extract, phi
//!            | of 12 rows             | RSA Horner values           |  Horner    | in every row
//!            |                        | packing, ...                |  sums)     |
//! row 13,920 +-----------------+------+-----------------------------+            |
//!            | RSA limb pairs  | header automaton: a row a byte     |            |
//! row 15,009 | RSA modulus     |      |                             |            |
//! row 15,073 | RSA carries     |      |                             |            |
//! row 15,430 |                 | x    | extraction output rows      |            |
//! row 15,880 |                 | x    | bound of the time, reading  |            |
//! row 16,018 +-----------------+------+-----------------------------+------------+
//!
//! two lanes, k = 13: the faster one to prove
//!            range spread x y      range spread x y       wide[5] lower                 acc
//! row 0      +-------------------+----------------------+-----------------------------+------------+
//!            | SHA-256: slots    | SHA-256: slots       | Poseidon, RSA Horner values | (RSA       |
//!            | 0, 2, 4, ...      | 1, 3, 5, ...         | packing, extraction outputs |  Horner    |
//! row 6,960  +-------------------+----------------------+-----------------------------+  sums)     |
//!            | RSA limb pairs    | RSA carries (values  | header automaton: a row a   |            |
//!            |                   | in y) to row 7,317   | byte (words in the first y) |            |
//! row 8,049  | RSA modulus       |                      | RSA modulus                 |            |
//! row 8,113  +-------------------+----------------------+-----------------------------+------------+
//! ```
//!
//! The lookup tables stand in fixed columns of their own beside all of this. With two lanes the table of 10-bit words
//! shares the rows of the 11-bit one ([`Narrow`](crate::columns::Narrow)): stacked, the tables have 9,128 entries, more than k = 13 has rows.

use halo2_rsa::RsaRows;
use serde::{Deserialize, Serialize};

use crate::{columns::RANGE_SLOTS, header, poseidon, sha256};

/// What a layout of the statement and its keys depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitParams {
    /// The circuit has `2^k` rows.
    pub k: u32,
    /// Lookups in the spread tables that each row makes: 6 or 12.
    pub lookups: usize,
    /// How many polynomials share a commitment, from 1 to 16. The circuit is the same for all; its keys differ.
    pub fold: usize,
}

impl CircuitParams {
    /// Fewest columns and full commitments, so the cheapest proof to verify on chain. The default.
    pub const ON_CHAIN: Self = Self { k: 14, lookups: RANGE_SLOTS, fold: 8 };
    /// Fewest rows, and still full commitments.
    pub const MIDDLE: Self = Self { k: 13, lookups: 2 * RANGE_SLOTS, fold: 9 };
    /// Fewest rows and small commitments, so the quickest proof to make.
    pub const QUICK: Self = Self { k: 13, lookups: 2 * RANGE_SLOTS, fold: 4 };

    /// The layouts that ship, by the names that the command line has for them; the default comes first.
    pub const LAYOUTS: [(&'static str, Self); 3] =
        [("on-chain", Self::ON_CHAIN), ("middle", Self::MIDDLE), ("quick", Self::QUICK)];

    /// The layout of this name, if it ships.
    pub fn named(name: &str) -> Option<Self> {
        Self::LAYOUTS.into_iter().find(|(known, _)| *known == name).map(|(_, params)| params)
    }

    /// The name of this layout, if it ships.
    pub fn name(&self) -> Option<&'static str> {
        Self::LAYOUTS.into_iter().find(|(_, params)| params == self).map(|(name, _)| name)
    }

    /// Lanes of six lookups.
    pub const fn lanes(self) -> usize {
        self.lookups / RANGE_SLOTS
    }

    /// The least k whose rows hold the layout; none where there is no layout with so many lookups.
    pub const fn min_k(self) -> Option<u32> {
        match self.lookups {
            6 => Some(Self::ON_CHAIN.k),
            12 => Some(Self::QUICK.k),
            _ => None,
        }
    }
}

impl Default for CircuitParams {
    fn default() -> Self {
        Self::ON_CHAIN
    }
}

/// Where each chip's rows begin.
#[derive(Clone, Debug)]
pub struct Rows {
    /// SHA-256 slots (the columns of all lanes).
    pub sha256: usize,
    /// Poseidon permutations (wide, k).
    pub poseidon: usize,
    /// Packing of the digest's halves (wide\[0\], wide\[1\], k).
    pub digest: usize,
    /// RSA's row blocks and its constants (range columns of the first and the last lane, wide, acc).
    pub rsa: RsaRows,
    /// Header byte rows (wide, k, x and y of the first lane).
    pub header: usize,
    /// Extraction output rows (wide, lower, k).
    pub outputs: usize,
    /// What is revealed of time and Subject (wide, lower, k), below the outputs.
    pub reading: usize,
    /// Constants to copy from (constant of the first lane).
    pub constants: usize,
    /// First row that no chip uses.
    pub end: usize,
}

impl Rows {
    /// The layout with so many lanes.
    pub fn new(lanes: usize) -> Self {
        let sha256 = 0;
        let poseidon = 0;
        // One row between neighbours wherever a gate looks one row back.
        let digest = poseidon + poseidon::MAX_ROWS + 1;
        let horner = digest + sha256::DIGEST_ROWS + 1;
        let products = horner + RsaRows::LENGTHS.horner + 1;
        let wide_end = products + RsaRows::LENGTHS.products;
        let header = sha256 + sha256::rows(lanes);
        let pairs = header;
        // One more row than bytes: the state after the last byte.
        let modulus = header + header::BYTES + 1;
        let modulus_end = modulus + RsaRows::LENGTHS.modulus;
        let constants = header;
        let (carries, outputs) = if lanes == 1 {
            (modulus_end, modulus_end + RsaRows::LENGTHS.carries)
        } else {
            (header, wide_end + 1)
        };
        let reading = outputs + header::extract::ROWS;
        let outputs_end = reading + header::reading::ROWS;
        assert!(wide_end <= header && (outputs >= modulus_end || outputs_end <= header));
        Self {
            sha256,
            poseidon,
            digest,
            rsa: RsaRows { pairs, modulus, carries, horner, products, constants: constants + 64 },
            header,
            outputs,
            reading,
            constants,
            end: modulus_end.max(outputs_end),
        }
    }
}
