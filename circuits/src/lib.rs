//! The zkdkim statement as a Halo2 circuit. What it states is defined, in plain Rust, by [`zkdkim_relation`].
//!
//! ```text
//! message ──zkdkim_relation──> signed header block, signature, key ──statement──> StatementCircuit ──> proof
//! ```
//!
//! | module | what | source |
//! | --- | --- | --- |
//! | [`columns`], [`layout`] | every column, lent to the chips; which rows are whose | – |
//! | [`logup`] | lookups and extraction, one argument | Haböck 2022 |
//! | [`spread`], [`sha256`] | SHA-256 of the header block | FIPS 180-4 |
//! | [`header`] | its grammar, bytes and extracted fields | RFC 5322, RFC 6376 |
//! | [`halo2_rsa`] | RSA-2048 signatures | RFC 8017 |
//! | [`poseidon`], [`registry`], [`pack`] | hashes, Merkle path, packing | Poseidon paper, circomlib |
//! | [`statement`] | the wires between them | docs/relation.md |
//! | [`clauses`] | what enforces each clause of the relation | docs/relation.md |

pub mod clauses;
pub mod columns;
pub mod field;
pub mod header;
pub mod layout;
pub mod logup;
pub mod pack;
pub mod poseidon;
pub mod registry;
pub mod sha256;
pub mod spread;
pub mod statement;
