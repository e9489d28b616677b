//! What a proof proves, in plain Rust: the definition that the circuit is tested against.
//!
//! Data flows one way. [`message`] cuts a file into fields and a body; [`dkim`] reads the
//! signature fields and, through [`canon`], builds the *signed header block*; [`header`] is the
//! grammar of that block; [`rsa`], [`poseidon`], [`commitment`], [`sealed`] and
//! [`registry`] are the arithmetic; [`statement`] puts them together into public inputs. [`mod@inspect`] runs all of it on
//! a message as it arrives, with the rules that lie outside the block, and reports every rule.
//!
//! Two kinds of rule are kept apart. What [`statement::evaluate`] checks is what a proof proves,
//! no more and no less. What only [`mod@inspect`] checks (a second, unsigned From, the body hash,
//! the key record's flags …) protects an honest user before proving.
//!
//! Nothing in a message, a key record or a file makes this crate panic; each refusal names its
//! [`refusal::Rule`], the place and what would make it pass.

pub mod canon;
pub mod clause;
pub mod commitment;
mod der;
pub mod dkim;
pub mod file_kind;
pub mod header;
pub mod inspect;
pub mod key_record;
pub mod key_text;
pub mod message;
pub mod owner;
pub mod packing;
pub mod poseidon;
pub mod recovery_subject;
pub mod refusal;
pub mod registry;
pub mod rsa;
pub mod sealed;
pub mod statement;
pub mod tags;
pub mod values;

pub use clause::{Clause, Keeper, CLAUSES};
pub use inspect::{inspect, DnsRecords, Inspection, Provable};
pub use refusal::{Part, Place, Refusal, Rule};
pub use registry::{KeyRegistry, MerklePath};
pub use sealed::Reading;
pub use statement::{evaluate, PublicInputs, StatementInput};
pub use values::{
    Blinding, CommandHash, EmailCommitment, Nullifier, PackedSubject, RegistryRoot, Salt,
};

/// The field of the statement: the scalar field of BN254.
pub type Fr = halo2curves::bn256::Fr;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;
