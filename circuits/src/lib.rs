//! The zkdkim statement, twice: in plain Rust ([`native`]) and as a Halo2 circuit ([`statement`]).
//!
//! ```text
//! message ──native──> signed header block, signature, key ──statement──> StatementCircuit ──> proof
//! ```
//!
//! | module | what | source |
//! | --- | --- | --- |
//! | [`native`] | the definition: canonicalisation, grammar, RSA, Poseidon, registry | RFC 6376, RFC 5322, RFC 8017 |
//! | [`layout`] | every column and row range, lent to the chips | – |
//! | [`logup`] | lookups and extraction, one argument | Haböck 2022 |
//! | [`spread`], [`sha256`] | SHA-256 of the header block | FIPS 180-4 |
//! | [`header`] | its grammar, bytes and extracted fields | RFC 5322, RFC 6376 |
//! | [`halo2_rsa`] | RSA-2048 signatures | RFC 8017 |
//! | [`poseidon`], [`registry`], [`pack`] | hashes, Merkle path, packing | Poseidon paper, circomlib |
//! | [`statement`] | the wires between them | statement.md |

pub mod field;
pub mod header;
pub mod layout;
pub mod logup;
pub mod native;
pub mod pack;
pub mod poseidon;
pub mod registry;
pub mod sha256;
pub mod spread;
pub mod statement;
