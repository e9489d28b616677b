//! What in the circuit makes each clause of the relation true.
//!
//! The ids are those of [`zkdkim_relation::clause::CLAUSES`]. A test builds the constraint system in both layouts and
//! compares: no gate, kind of lookup, family of copies, state of the automaton or extracted field is without a clause, and
//! nothing is named here that is not there. What is listed for a clause is what an auditor has to read for it, not all that
//! it rests on: hashes and lookups carry the rest, each under its own clause.

use crate::{header::automaton::ByteRole, logup::TupleType};

use By::{Emits, Gate, Lookup, State, Wire};

/// A part of the circuit that enforces something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A gate of the constraint system, by its name.
    Gate(&'static str),
    /// Copies between two blocks of rows, whichever way they are written: where one chip's result is another's input.
    Wire(&'static str, &'static str),
    /// Tuples of a type, which the lookup argument finds in the table or, for bytes, cancels among themselves.
    Lookup(TupleType),
    /// States of the header automaton whose description contains this: what may follow in them is in the table.
    State(&'static str),
    /// A field whose bytes the automaton emits and output rows consume, each exactly once.
    Emits(ByteRole),
}

/// The clauses that the circuit keeps, and what enforces each.
pub const ENFORCED: &[(&str, &[By])] = &[
    ("poseidon", &[Gate("poseidon sbox"), Gate("poseidon mix"), Wire("constants", "poseidon")]),
    ("fold", &[Wire("poseidon", "poseidon")]),
    ("tags", &[Wire("constants", "poseidon")]),
    ("packing", &[Gate("pack"), Gate("extract lower-case word"), Gate("extract row")]),
    ("modulus-words", &[Gate("rsa modulus"), Wire("rsa modulus", "poseidon")]),
    ("digest-halves", &[Gate("pack"), Wire("sha256", "digest halves")]),
    ("merkle-path", &[Gate("merkle order of node and sibling"), Gate("poseidon mix")]),
    (
        "seal",
        &[Wire("reading", "poseidon"), Wire("constants", "poseidon"), Wire("poseidon", "poseidon")],
    ),
    (
        "rsa-signature",
        &[
            // SHA-256 of the block's bytes, and of nothing else,
            Gate("sha256 word A"),
            Gate("sha256 word E"),
            Gate("sha256 word W"),
            Gate("sha256 xor"),
            Gate("sha256 and"),
            Gate("sha256 initial value"),
            Gate("sha256 round"),
            Gate("sha256 message schedule"),
            Gate("sha256 feed-forward or reset"),
            Gate("header byte"),
            Gate("header end flag holds within a filler block"),
            Gate("header end flag only falls between blocks"),
            Gate("header end flag only rises in the padding"),
            Gate("header reset after filler"),
            Gate("header reset after the last but one block"),
            Gate("header word"),
            Gate("header word with padding"),
            Gate("header length word"),
            Wire("header words", "sha256"),
            Wire("constants", "sha256"),
            Wire("constants", "header words"),
            // the integer identities of the power and the block that it is compared with,
            Gate("rsa number"),
            Gate("rsa modulus"),
            Gate("rsa carry"),
            Gate("rsa coefficient"),
            Gate("rsa product"),
            Wire("rsa carries", "rsa horner"),
            Wire("rsa evaluations", "rsa evaluations"),
            Wire("rsa constants", "rsa horner"),
            Wire("sha256", "rsa horner"),
            // and the ranges of both.
            Lookup(TupleType::Spread11),
            Lookup(TupleType::Spread10),
            Gate("logup range fractions"),
            Gate("logup narrow table fraction"),
            Gate("logup running sum"),
            Gate("logup sum starts and ends at zero"),
        ],
    ),
    ("key-size", &[Gate("rsa modulus")]),
    ("key-exponent", &[Gate("rsa product"), Wire("rsa evaluations", "rsa evaluations")]),
    (
        "header-length",
        &[
            Gate("header block has at most 1024 bytes"),
            Gate("header block ends before the length"),
            Gate("header end flag holds within a filler block"),
        ],
    ),
    (
        "header-syntax",
        &[
            Lookup(TupleType::Automaton),
            State("before the block"),
            State("at the start of a field"),
            State("after CR"),
            State("of another field"),
            Wire("constants", "header bytes"),
            Gate("header byte"),
            Gate("logup extraction fraction"),
            Gate("logup running sum"),
            Gate("logup sum starts and ends at zero"),
        ],
    ),
    (
        "subject-text",
        &[State("in the Subject value"), Emits(ByteRole::Subject), Gate("extract next row")],
    ),
    (
        "sealed-subject",
        &[
            Lookup(TupleType::Sextet),
            Lookup(TupleType::Quartet),
            Gate("reading choice"),
            Gate("extract row"),
            Gate("extract lower-case word"),
            Wire("extraction", "reading"),
            Wire("constants", "reading"),
            Wire("poseidon", "reading"),
            Wire("reading", "reading"),
        ],
    ),
    (
        "one-from",
        &[
            State("after `f"),
            Emits(ByteRole::Local),
            Emits(ByteRole::Domain),
            Lookup(TupleType::Byte),
            Gate("extract required row"),
            Gate("extract row"),
            Gate("extract next row"),
            Gate("extract address field"),
            Gate("logup extraction fraction"),
        ],
    ),
    (
        "one-subject",
        &[
            State("after `s"),
            Emits(ByteRole::SubjectMark),
            Emits(ByteRole::Subject),
            Lookup(TupleType::Byte),
            Gate("extract required row"),
            Gate("extract field"),
        ],
    ),
    (
        "signature-field-last",
        &[State("after `d"), State("after the block"), Wire("constants", "header bytes")],
    ),
    (
        "from-grammar",
        &[
            Lookup(TupleType::Automaton),
            State("From value"),
            State("display name"),
            State("the bare address"),
            State("the address in brackets"),
        ],
    ),
    (
        "address",
        &[
            Lookup(TupleType::Case),
            Lookup(TupleType::Byte),
            Emits(ByteRole::Local),
            Emits(ByteRole::Domain),
            Gate("extract row"),
            Gate("extract next row"),
            Gate("extract address field"),
            Gate("extract lower-case word"),
        ],
    ),
    ("address-length", &[Lookup(TupleType::Byte), Gate("extract next row")]),
    (
        "tag-list",
        &[
            Lookup(TupleType::Automaton),
            State("the tag list"),
            State("of a tag"),
            State("before a tag"),
            State("before the first tag"),
            State("another tag"),
            State("before `=`"),
        ],
    ),
    (
        "version",
        &[State("`v`"), State("`v=`"), Emits(ByteRole::VersionMark), Gate("extract required row")],
    ),
    (
        "algorithm",
        &[
            State("`a`"),
            State("`a=`"),
            State("after `rs"),
            State("of `rsa-sha256`"),
            Emits(ByteRole::AlgorithmMark),
            Gate("extract required row"),
        ],
    ),
    (
        "canonicalisation",
        &[
            State("`c`"),
            State("`c=`"),
            State("after `re"),
            State("of `relaxed`"),
            Emits(ByteRole::CanonMark),
            Gate("extract required row"),
        ],
    ),
    (
        "signing-domain",
        &[
            State("tag name `d`"),
            State("value of `d`"),
            State("`d=`"),
            Emits(ByteRole::Signer),
            Lookup(TupleType::Byte),
            Gate("extract field"),
        ],
    ),
    ("length-tag", &[State("tag name `l`")]),
    (
        "timestamp",
        &[
            State("tag name `t`"),
            State("value of `t`"),
            State("`t=`"),
            Emits(ByteRole::Time),
            Lookup(TupleType::Byte),
            Gate("extract field"),
        ],
    ),
    ("alignment", &[Wire("extraction", "extraction"), Wire("extraction", "poseidon")]),
    (
        "registry",
        &[
            Gate("merkle order of node and sibling"),
            Wire("rsa modulus", "poseidon"),
            Wire("extraction", "poseidon"),
        ],
    ),
    ("input-root", &[Wire("poseidon", "public inputs")]),
    ("input-commitment", &[Wire("extraction", "poseidon"), Wire("poseidon", "public inputs")]),
    (
        "input-not-before",
        &[
            Gate("extract decimal"),
            Lookup(TupleType::Case),
            Gate("pack"),
            Wire("extraction", "reading"),
            Wire("reading", "reading"),
            Wire("reading", "public inputs"),
        ],
    ),
    ("input-nullifier", &[Wire("digest halves", "poseidon"), Wire("poseidon", "public inputs")]),
    (
        "input-subject",
        &[
            Gate("pack"),
            Gate("extract row"),
            Emits(ByteRole::Subject),
            Gate("reading choice"),
            Lookup(TupleType::Case),
            Wire("extraction", "reading"),
            Wire("reading", "public inputs"),
        ],
    ),
];
