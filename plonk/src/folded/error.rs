//! What can go wrong, with what was expected and what was got.

/// Result of everything in this module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of keys, proofs and parameters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A fold outside `1..=16`.
    #[error("fold {got}: from 1 to {most} polynomials can share a commitment")]
    Fold {
        /// What was asked for.
        got: usize,
        /// The largest fold.
        most: usize,
    },
    /// The circuit uses the front end's lookup argument.
    #[error(
        "the circuit has {count} native lookups, which this proof system does not have: state them \
         as gates (a logarithmic-derivative argument over a second-phase column)"
    )]
    Lookups {
        /// How many.
        count: usize,
    },
    /// The circuit needs something that the protocol has no room for.
    #[error("the circuit has {what} {got}, more than {most}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How much the circuit has.
        got: usize,
        /// The limit.
        most: usize,
    },
    /// 2^k rows are too few for the circuit, its blinding rows included.
    #[error("2^{k} rows are too few: the circuit needs at least {needed}")]
    Rows {
        /// Binary logarithm of the number of rows.
        k: u32,
        /// Rows that it needs.
        needed: usize,
    },
    /// The parameters are too short for the key.
    #[error("the parameters have {got} powers of tau, {needed} are needed")]
    Powers {
        /// How many are needed.
        needed: usize,
        /// How many there are.
        got: usize,
    },
    /// The parameters were made for another size, fold or secret than the key.
    #[error("these parameters do not belong to the key: {what} differs")]
    OtherParameters {
        /// What differs.
        what: &'static str,
    },
    /// The circuit is not the one that the key was made for.
    #[error("the circuit is not the key's: {what} differs")]
    OtherCircuit {
        /// What differs.
        what: &'static str,
    },
    /// The front end refused while the circuit was laid out.
    #[error("the circuit could not be laid out: {0}")]
    Synthesis(#[from] halo2_proofs::plonk::Error),
    /// A cell outside the rows that a circuit may use.
    #[error("row {row} of {column} is outside the {usable} usable rows")]
    Row {
        /// Which column.
        column: String,
        /// Which row.
        row: usize,
        /// Rows that may be used.
        usable: usize,
    },
    /// An equality constraint on a column for which equality is not enabled.
    #[error("equality is not enabled for {column}")]
    NotPermuted {
        /// Which column.
        column: String,
    },
    /// The witness left a cell open that had to be known.
    #[error(
        "advice column {column}, row {row}: assigned without a known value in its phase (the value \
         of an assigned cell cannot be read back: the circuit has to keep what it assigns)"
    )]
    UnknownWitness {
        /// Index of the advice column.
        column: usize,
        /// Absolute row.
        row: usize,
    },
    /// Instance columns or their lengths differ from what the key pins.
    #[error(
        "public inputs: the key has {expected:?} values for its instance columns, {got:?} given"
    )]
    PublicInputs {
        /// Length of each instance column by the key.
        expected: Vec<usize>,
        /// Lengths that were given.
        got: Vec<usize>,
    },
    /// The prover drew a value that no verifier accepts (chance below 2^-200): prove again.
    #[error("an unlucky draw ({what}); prove again")]
    Unlucky {
        /// What happened.
        what: &'static str,
    },
    /// A proof that does not have its key's length.
    #[error("a proof under this key has {expected} bytes, this one {got}")]
    ProofLength {
        /// By the key.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// A scalar, coordinate or point of a proof, key or parameter file that is not canonical.
    #[error("at byte {at}: {what}")]
    Malformed {
        /// Offset of the element.
        at: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A challenge fell on a point where the identities cannot be checked (chance below 2^-200 for an honest proof).
    #[error("a challenge hit a forbidden point: {what}")]
    Challenge {
        /// Which one.
        what: &'static str,
    },
    /// The proof is well-formed and false.
    #[error(
        "the pairing check fails: the proof does not hold for these public inputs under this key"
    )]
    Refused,
    /// One proof of a batch is malformed; all or nothing.
    #[error("proof {index} of the batch: {source}")]
    InBatch {
        /// Its place, from zero.
        index: usize,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A parameter check failed.
    #[error("the parameters are not what they claim to be: {what}")]
    Parameters {
        /// Which check.
        what: &'static str,
    },
}
