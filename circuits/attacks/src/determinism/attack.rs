//! Attacks made by machine: other given cells, everything else computed from them by the constraints alone.
//!
//! An instance that determines nothing asserts something, or is redundant. If it asserts, there are given cells from
//! which all the rest follows *without* the instance, and with which it is the only constraint that does not hold. The
//! catalogue says which given cells to try; the digest that comes out is signed with the test key.

use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use zkdkim_circuits::{
    header::{reading, BYTES},
    poseidon::PERMUTATION_ROWS,
};
use zkdkim_determinism::{
    check::Check,
    derive::Instance,
    evaluate::{Broken, Program},
};
use zkdkim_grid::CellRef;
use zkdkim_plonk::halo2curves::{
    bn256::Fr,
    ff::{Field as _, PrimeField as _},
};
use zkdkim_relation::{
    header::{MAX_ADDRESS_BYTES, MAX_DOMAIN_BYTES, MAX_SUBJECT_BYTES, MAX_TIMESTAMP_DIGITS},
    registry::{MerklePath, DEPTH},
    statement::{evaluate, StatementInput, PUBLIC_INPUTS},
    Blinding, CommandHash, Reading, Salt,
};

use super::subject::Subject;
use crate::{
    nearby::reading::{example, example_subject, mirrored_example},
    provider::{self, FOLDS},
    reading::{five_bytes, SEAL},
    small, Claim, SAMPLE_HEADER,
};

const HOLDS: &str = "a block that begins or ends in a message block";
const READ_AS_BYTE: &str = "a block whose end is read as a byte";
const ENDS: &str = "a block that ends where a message block ends";
const LENGTH: &str = "a block that reaches the length word";
const LONG: &str = "a block of more than 1024 bytes";
const DOMAIN: &str = "an address under another domain";
const SIGNER: &str = "a signing domain that differs in one byte";
const DIRECTION: &str = "a direction that is no bit";
const FLAG: &str = "a reading that is neither clear nor sealed";
const PREFIX: &str = "a sealed Subject with another prefix";
const LONGER: &str = "a sealed Subject of 51 bytes";
const SEALED: &str = "a command that the Subject is not sealed over";
const MISSING: &str = "a header without a field or tag that has to be there";

/// What [`MISSING`] leaves out of the example, by the output rows from [`MARKS_ROW`] on.
const MARKED: [&str; 4] =
    ["subject:Recover 0x12\r\n", "v=1; ", "a=rsa-sha256; ", "c=relaxed/relaxed; "];

/// Attacks and rows that stand for all of them where time is short.
pub const PLACES: [(&str, usize); 23] = [
    (HOLDS, 1),
    (HOLDS, 63),
    (HOLDS, 65),
    (HOLDS, 500),
    (HOLDS, 959),
    (HOLDS, 1_015),
    (READ_AS_BYTE, 1_015),
    (ENDS, 128),
    (ENDS, 960),
    (LENGTH, 1_079),
    (LONG, 1_024),
    (DOMAIN, 154),
    (DOMAIN, 185),
    (SIGNER, 186),
    (SIGNER, 247),
    (DIRECTION, 1_553),
    (DIRECTION, 2_959),
    (FLAG, reading::FLAG),
    (PREFIX, reading::CHOICE),
    (LONGER, reading::CHOICE + 1),
    (SEALED, reading::CHOICE + 2),
    (MISSING, MARKS_ROW),
    (MISSING, MARKS_ROW + 3),
];

/// The first output row of the signer's domain: behind the address and its domain.
const SIGNER_ROW: usize = MAX_ADDRESS_BYTES + MAX_DOMAIN_BYTES;

/// The first output row of the marks: behind the signer's domain, the Subject and the digits of `t=`.
const MARKS_ROW: usize = SIGNER_ROW + MAX_DOMAIN_BYTES + MAX_SUBJECT_BYTES + MAX_TIMESTAMP_DIGITS;

/// A prover's choices.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Bytes, and 256 around them.
    pub symbols: Vec<u16>,
    /// The salt.
    pub salt: Fr,
    /// The sibling of each level.
    pub siblings: [Fr; DEPTH],
    /// The direction of each level.
    pub directions: [u64; DEPTH],
    /// The modulus.
    pub modulus: BigUint,
    /// The bytes of the bound.
    pub bound: [Fr; 5],
    /// The bytes of the command.
    pub command: [Fr; 31],
    /// The blinding.
    pub blinding: Fr,
    /// 0 for the clear reading, 1 for the sealed one.
    pub flag: Fr,
    /// A signature; `None` is that of the digest that the circuit computes, by the test key.
    pub signature: Option<BigUint>,
}

impl Inputs {
    /// A block where it belongs.
    pub fn honest(block: &[u8]) -> Self {
        Self::of(Claim::honest(block))
    }

    /// A block at a position of the prover's choice.
    pub fn placed(block: &[u8], at: usize) -> Self {
        Self::of(Claim::placed(block, at))
    }

    fn of(plan: Claim) -> Self {
        Self {
            symbols: plan.symbols,
            salt: Fr::from(0x5a17),
            siblings: [Fr::from(77); DEPTH],
            directions: [0; DEPTH],
            modulus: provider::modulus().clone(),
            bound: [Fr::ZERO; 5],
            command: [Fr::ZERO; 31],
            blinding: Fr::ZERO,
            flag: Fr::ZERO,
            signature: None,
        }
    }

    /// The same choices, but for what is revealed.
    pub fn revealing(self, not_before: u64, reading: &Reading) -> Self {
        let bound = five_bytes(not_before);
        match reading {
            Reading::Clear => Self { bound, flag: Fr::ZERO, ..self },
            Reading::Sealed { command, blinding } => Self {
                bound,
                command: command.0.map(|byte| small(byte.into())),
                blinding: blinding.expose(),
                flag: Fr::ONE,
                ..self
            },
        }
    }

    /// The sealed example under a Subject of one's choice.
    fn sealed(subject: &str) -> Self {
        let block = SAMPLE_HEADER.replace("Recover 0x12", subject);
        let (command, blinding) = example();
        let reading = Reading::Sealed { command, blinding };
        Self::honest(block.as_bytes()).revealing(0, &reading)
    }

    /// Bound and reading as the reference knows them; nothing where a byte is none, or the flag no bit.
    fn revealed(&self) -> Option<(u64, Reading)> {
        let byte = |value: &Fr| {
            let low = value.to_bytes()[0];
            (small(low.into()) == *value).then_some(low)
        };
        let bytes = |list: &[Fr]| list.iter().map(byte).collect::<Option<Vec<u8>>>();
        let bound = bytes(&self.bound)?.iter().fold(0, |sum, b| sum << 8 | u64::from(*b));
        let command = bytes(&self.command)?.try_into().expect("31 bytes");
        let reading = match self.flag {
            flag if flag == Fr::ZERO => Reading::Clear,
            flag if flag == Fr::ONE => Reading::Sealed {
                command: CommandHash(command),
                blinding: Blinding::new(self.blinding),
            },
            _ => return None,
        };
        Some((bound, reading))
    }

    /// The bytes, wherever they stand.
    pub fn block(&self) -> Vec<u8> {
        self.symbols.iter().filter_map(|symbol| u8::try_from(*symbol).ok()).collect()
    }

    /// What the native reference says of these choices, with the test key's signature where none is given; nothing
    /// where they are none that it knows.
    pub fn reference(&self) -> Option<[Fr; PUBLIC_INPUTS]> {
        let header = self.block();
        let digest: [u8; 32] = Sha256::digest(&header).into();
        let signature = self.signature.clone().unwrap_or_else(|| provider::signature(&digest));
        let mut index = 0;
        for (level, direction) in self.directions.iter().enumerate() {
            index |= u32::from(*direction == 1) << level;
            if *direction > 1 {
                return None;
            }
        }
        let (not_before, reading) = self.revealed()?;
        let input = StatementInput {
            header,
            signature,
            modulus: self.modulus.clone(),
            salt: Salt::new(self.salt),
            path: MerklePath { index, siblings: self.siblings },
            not_before,
            reading,
        };
        evaluate(&input).ok().map(|inputs| inputs.to_instances())
    }
}

/// A block of the language with any length from its least on, with a fill of the caller's choice.
pub fn block_of(length: usize, fill: char) -> Option<Vec<u8>> {
    let least = "from:a@b.cd\r\nsubject:\r\ndkim-signature:v=1;a=rsa-sha256;c=relaxed;d=b.cd;b=";
    let text = match length.checked_sub(least.len())? {
        0 => least.to_owned(),
        pad @ 1..4 => least.replace("subject:", &format!("subject:{}", "S".repeat(pad))),
        pad => format!("x:{}\r\n{least}", fill.to_string().repeat(pad - 4)),
    };
    Some(text.into_bytes())
}

/// A block whose address is under another domain than the signer's.
fn other_domain(from: &str, signer: &str) -> Vec<u8> {
    SAMPLE_HEADER
        .replace("Example.org", from)
        .replace("d=example.org", &format!("d={signer}"))
        .into_bytes()
}

/// What to try at a row of a block of rows.
pub fn candidates(attack: &str, row: usize) -> Vec<Inputs> {
    let fills = ['x', 'y', 'z', 'u', 'v', 'w', 'q', 'r'];
    match attack {
        // The flag rises or falls in the middle of a message block.
        HOLDS => {
            let ends =
                fills.iter().filter_map(|fill| Some(Inputs::placed(&block_of(row, *fill)?, 0)));
            let begins = block_of(1_040 - row.min(1_039), 'x').map(|b| Inputs::placed(&b, row));
            ends.take(2).chain(begins).collect()
        }
        READ_AS_BYTE => {
            block_of(row, 'x').map(|block| Inputs::placed(&block, 0)).into_iter().collect()
        }
        // The state is reset by −1 behind it.
        ENDS => fills.iter().filter_map(|f| Some(Inputs::placed(&block_of(row, *f)?, 0))).collect(),
        LENGTH => {
            // From position 64, so that it has no more than 1,024 bytes.
            let block = block_of((row + 1).saturating_sub(64), 'x');
            block.map(|block| Inputs::placed(&block, 64)).into_iter().collect()
        }
        LONG => block_of(1_050, 'x').map(|block| Inputs::placed(&block, 0)).into_iter().collect(),
        DOMAIN => {
            let common = "d".repeat(28);
            vec![
                Inputs::honest(&other_domain("Example.net", "example.org")),
                Inputs::honest(&other_domain(
                    &format!("{common}.abcdef.net"),
                    &format!("{common}.abcdef.org"),
                )),
            ]
        }
        SIGNER => {
            // In the rows of the address' domain, or in the signer's.
            let first = if row < SIGNER_ROW { MAX_ADDRESS_BYTES } else { SIGNER_ROW };
            let at = row.saturating_sub(first);
            let mut domain = [b'a'; MAX_DOMAIN_BYTES];
            domain[if at == 1 { 3 } else { 1 }] = b'.';
            let mut signer = domain;
            signer.get_mut(at).into_iter().for_each(|byte| *byte = b'b');
            let [domain, signer] = [domain, signer].map(|d| d.escape_ascii().to_string());
            vec![Inputs::honest(&other_domain(&domain, &signer))]
        }
        DIRECTION => {
            let level = ((row + 1) / PERMUTATION_ROWS).saturating_sub(FOLDS);
            let mut inputs = Inputs::honest(SAMPLE_HEADER.as_bytes());
            inputs.directions[level.min(DEPTH - 1)] = 2;
            vec![inputs]
        }
        FLAG => {
            let (blinding, subject) = mirrored_example();
            let mut inputs = Inputs::sealed(&subject);
            inputs.blinding = blinding;
            inputs.flag = -Fr::ONE;
            vec![inputs]
        }
        MISSING => {
            let part = row.checked_sub(MARKS_ROW).and_then(|mark| MARKED.get(mark));
            let block = part.map(|part| SAMPLE_HEADER.replacen(part, "", 1));
            block.map(|block| Inputs::honest(block.as_bytes())).into_iter().collect()
        }
        PREFIX => vec![Inputs::sealed(&example_subject().replace("zk", "ZK"))],
        LONGER => vec![Inputs::sealed(&format!("{}A", example_subject()))],
        SEALED => {
            let mut inputs = Inputs::sealed(&example_subject());
            inputs.command[0] += Fr::ONE;
            vec![inputs]
        }
        _ => Vec::new(),
    }
}

/// The cells of a layout, with a prover's choices in the given ones.
pub fn values(subject: &Subject, check: &Check<Fr>, inputs: &Inputs) -> Vec<Fr> {
    let mut values: Vec<Fr> = subject.layout.advice.iter().flatten().copied().collect();
    values.resize(check.model.cells, Fr::ZERO);
    let (c, rows) = (&subject.statement.config.columns, &subject.statement.config.rows);
    let cell = |column: usize, row| check.model.space.advice(column, row) as usize;
    write_symbols(subject, check, &inputs.symbols, &mut values);
    values[cell(c.wide[0].index(), rows.poseidon)] = inputs.salt;
    let row = rows.poseidon + (SEAL + 1) * PERMUTATION_ROWS;
    values[cell(c.wide[0].index(), row)] = inputs.blinding;
    for (first, bytes) in [(0, &inputs.bound[..]), (reading::COMMAND, &inputs.command)] {
        for (i, byte) in bytes.iter().enumerate() {
            values[cell(c.wide[1].index(), rows.reading + first + i)] = *byte;
        }
    }
    values[cell(c.wide[4].index(), rows.reading + reading::FLAG)] = inputs.flag;
    for level in 0..DEPTH {
        let row = rows.poseidon + (FOLDS + level) * PERMUTATION_ROWS - 1;
        values[cell(c.wide[3].index(), row)] = inputs.siblings[level];
        values[cell(c.wide[4].index(), row)] = small(inputs.directions[level]);
    }
    write_limbs(&inputs.modulus, |limb, pieces| {
        let row = rows.rsa.modulus_limb(limb);
        for (range, piece) in c.first().range.iter().zip(pieces) {
            values[cell(range.index(), row)] = small(piece);
        }
    });
    values
}

/// The cells of the symbols.
fn symbol_cells<'s>(
    subject: &'s Subject,
    check: &'s Check<Fr>,
) -> impl Iterator<Item = usize> + 's {
    let column = subject.statement.config.columns.wide[1].index();
    let first = subject.statement.config.rows.header;
    (first..first + BYTES).map(move |row| check.model.space.advice(column, row) as usize)
}

/// Writes the symbols of a header block.
pub fn write_symbols(subject: &Subject, check: &Check<Fr>, symbols: &[u16], values: &mut [Fr]) {
    for (cell, symbol) in symbol_cells(subject, check).zip(symbols) {
        values[cell] = small((*symbol).into());
    }
}

/// Whether a witness has these symbols still. In rows where the constraints leave one symbol, it is computed like any
/// other cell, whatever was given: then no witness has what was given.
pub fn has_symbols(subject: &Subject, check: &Check<Fr>, symbols: &[u16], values: &[Fr]) -> bool {
    let mut cells = symbol_cells(subject, check).zip(symbols);
    cells.all(|(cell, symbol)| values[cell] == small((*symbol).into()))
}

/// Calls `write` with each of 64 limbs, cut into pieces of 11, 11 and 10 bits.
fn write_limbs(number: &BigUint, mut write: impl FnMut(usize, [u64; 3])) {
    let digits = number.to_u32_digits();
    for limb in 0..64 {
        let digit = u64::from(digits.get(limb).copied().unwrap_or(0));
        write(limb, [digit & 0x7ff, digit >> 11 & 0x7ff, digit >> 22]);
    }
}

/// Writes a signature's pieces.
fn write_signature(subject: &Subject, check: &Check<Fr>, signature: &BigUint, values: &mut [Fr]) {
    let (c, rows) = (&subject.statement.config.columns, &subject.statement.config.rows);
    write_limbs(signature, |limb, pieces| {
        let row = rows.rsa.pairs + 31 - limb / 2;
        for (i, piece) in pieces.into_iter().enumerate() {
            let column = c.first().range[3 * (limb % 2) + i].index();
            values[check.model.space.advice(column, row) as usize] = small(piece);
        }
    });
}

/// Computes a whole witness: once for the digest, and again with its signature.
pub fn witness(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
    inputs: &Inputs,
) -> Vec<Fr> {
    let mut values = signed(subject, check, program, inputs);
    program.run(&mut values);
    values
}

/// Computes a whole witness, and says whether everything holds.
pub fn accepted(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
    inputs: &Inputs,
) -> (Vec<Fr>, bool) {
    let mut values = signed(subject, check, program, inputs);
    let holds =
        program.accepts(&mut values) && has_symbols(subject, check, &inputs.symbols, &values);
    (values, holds)
}

/// The given cells, the signature among them.
fn signed(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
    inputs: &Inputs,
) -> Vec<Fr> {
    let mut values = values(subject, check, inputs);
    let signature = inputs.signature.clone().unwrap_or_else(|| {
        program.run(&mut values);
        let mut digest = [0; 32];
        for (i, cell) in provider::digest_cells(&subject.statement.config).into_iter().enumerate() {
            let CellRef { column, row } = cell;
            let word = values[check.model.space.advice(column.index(), row) as usize].to_repr();
            let word: &[u8] = word.as_ref();
            digest[4 * i..4 * i + 4].copy_from_slice(&[word[3], word[2], word[1], word[0]]);
        }
        provider::signature(&digest)
    });
    write_signature(subject, check, &signature, &mut values);
    values
}

/// The public inputs of a witness.
pub fn public_inputs(check: &Check<Fr>, values: &[Fr]) -> Vec<Fr> {
    check.outputs.iter().map(|cell| values[*cell as usize]).collect()
}

/// How an attack on what one instance asserts ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The instance refuses it, nothing else does, and it would change something.
    StoppedByItAlone,
    /// Nothing refuses it.
    Accepted,
    /// Other constraints refuse it too, or it would change nothing.
    Other,
}

/// Tries the candidates one by one: `refuses` says whether a constraint is what should stop them.
pub fn outcome(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
    instance: Option<Instance>,
    candidates: &[Inputs],
) -> Outcome {
    let mut best = Outcome::Other;
    for inputs in candidates {
        let mut values = signed(subject, check, program, inputs);
        let mut broken = Vec::new();
        program.run_and_check(&mut values, &mut |one| {
            broken.push(one);
            broken.len() < 2
        });
        if !has_symbols(subject, check, &inputs.symbols, &values) {
            continue;
        }
        if inputs.reference().is_some_and(|honest| honest[..] == public_inputs(check, &values)) {
            continue;
        }
        let alone = match (&broken[..], instance) {
            ([], _) => return Outcome::Accepted,
            ([Broken::Constraint(id)], Some(Instance::Constraint(own))) => *id == own,
            ([Broken::Looked(id)], Some(Instance::Looked(own))) => *id == own,
            _ => false,
        };
        if alone {
            best = Outcome::StoppedByItAlone;
            break;
        }
    }
    best
}
