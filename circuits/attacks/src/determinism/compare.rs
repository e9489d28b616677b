//! The constraints as a function, compared with the native reference on many headers.
//!
//! What the given cells determine is computed from them by the constraints alone ([`Program`]), with no assignment code:
//! so the public inputs are what the circuit says, and where some constraint does not hold, no prover of that block
//! in its place has a witness. Headers are drawn in parts, each by its own seed; a state file has a line a part, so that a long
//! run can be stopped. The reference is [`zkdkim_relation::statement::evaluate`].

use std::{collections::BTreeSet, path::Path, time::Instant};

use anyhow::Result;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zkdkim_circuits::{
    header::{
        automaton::{Automaton, Edge, END_SYMBOL},
        extract, BYTES,
    },
    sha256::{BLOCKS, BLOCK_SLOTS, INITIAL_SLOTS, WORDS},
};
use zkdkim_determinism::{check::Check, evaluate::Program};
use zkdkim_plonk::halo2curves::{
    bn256::Fr,
    ff::{Field as _, PrimeField as _},
};

use super::{
    attack::{accepted, public_inputs, Inputs},
    headers::Headers,
    state,
    subject::Subject,
};
use crate::provider;
use zkdkim_relation::{header, sealed::sealed_subject, Blinding, CommandHash, Reading};

/// Parts of the circuit that some accepted header has used, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Used.
    pub used: usize,
    /// All.
    pub of: usize,
}

/// The figures of `scripts/soundness evaluate` for one layout.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// `on-chain` or `quick`.
    pub layout: &'static str,
    /// Headers that were tried.
    pub headers: usize,
    /// The reference accepts them.
    pub accepted: usize,
    /// The reference refuses them.
    pub refused: usize,
    /// The circuit says something else.
    pub differences: usize,
    /// Byte rows that held a byte of an accepted block.
    pub byte_rows: Covered,
    /// Output rows that took a byte.
    pub output_rows: Covered,
    /// Edges of the automaton.
    pub edges: Covered,
    /// Message words that were not zero.
    pub words: Covered,
    /// SHA-256's slots of blocks that count, by lane.
    pub slots: Vec<Covered>,
    /// Time it took.
    pub seconds: f64,
}

/// What accepted headers have used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Coverage {
    bytes: BTreeSet<usize>,
    outputs: BTreeSet<usize>,
    edges: BTreeSet<[u64; 4]>,
    words: BTreeSet<usize>,
    blocks: BTreeSet<usize>,
}

impl Coverage {
    fn add(&mut self, subject: &Subject, check: &Check<Fr>, values: &[Fr]) {
        let (c, rows) = (&subject.statement.config.columns, &subject.statement.config.rows);
        let at = |column: usize, row| {
            let value = values[check.model.space.advice(c.wide[column].index(), row) as usize];
            u64::from_le_bytes(value.to_repr()[..8].try_into().expect("eight bytes"))
        };
        for i in 0..BYTES {
            let row = rows.header + i;
            let symbol = at(1, row);
            self.edges.insert([at(0, row), symbol, at(0, row + 1), at(2, row)]);
            if symbol != u64::from(END_SYMBOL) {
                self.bytes.insert(i);
                self.blocks.insert(i / 64);
                if symbol != 0 {
                    self.words.insert(i / 4);
                }
            }
        }
        self.blocks.insert(BLOCKS - 1);
        self.words.insert(WORDS - 1);
        let rows = rows.outputs..rows.outputs + extract::ROWS;
        self.outputs.extend(rows.filter(|row| at(4, *row) == 1));
    }

    fn join(&mut self, other: Self) {
        self.bytes.extend(other.bytes);
        self.outputs.extend(other.outputs);
        self.edges.extend(other.edges);
        self.words.extend(other.words);
        self.blocks.extend(other.blocks);
    }

    fn write(&self, subject: &Subject, figures: &mut Figures) {
        // A block has to end where its length fits, and the last word but one is 0 in every message.
        figures.byte_rows = Covered { used: self.bytes.len(), of: BYTES - 9 };
        figures.output_rows = Covered { used: self.outputs.len(), of: extract::ROWS };
        figures.edges = Covered { used: self.edges.len(), of: Automaton::header().edges().len() };
        figures.words = Covered { used: self.words.len(), of: WORDS - 1 };
        let lanes = subject.params.lanes();
        figures.slots = vec![Covered::default(); lanes];
        for block in 0..BLOCKS {
            for step in 0..BLOCK_SLOTS {
                let slot = &mut figures.slots[(INITIAL_SLOTS + block * BLOCK_SLOTS + step) % lanes];
                slot.of += 1;
                slot.used += usize::from(self.blocks.contains(&block));
            }
        }
    }
}

/// A Subject that differs in one place, or in its length.
fn near(rng: &mut impl Rng, subject: String) -> String {
    let at = rng.gen_range(0..subject.len());
    match rng.gen_range(0..3) {
        0 => subject + "A",
        1 => subject[..at].to_owned(),
        _ => {
            let other = char::from(rng.gen_range(0x20..0x7f));
            format!("{}{other}{}", &subject[..at], &subject[at + 1..])
        }
    }
}

/// The time of a block, 0 where it has none or is refused.
fn time_of(block: &[u8]) -> u64 {
    header::parse(block).map_or(0, |view| view.timestamp)
}

/// Headers of a part.
const PART: usize = 250;

/// A part of a run: a line of the state file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Part {
    layout: String,
    seed: u64,
    number: usize,
    headers: usize,
    accepted: usize,
    refused: usize,
    differences: usize,
    seconds: f64,
    coverage: Coverage,
}

/// Compares `count` headers; `say` is told each difference. Parts that the state file has are not run again.
///
/// # Errors
/// If the state file cannot be read or written.
pub fn run(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
    (count, seed): (usize, u64),
    path: Option<&Path>,
    say: &mut dyn FnMut(String),
) -> Result<Figures> {
    let mut figures = Figures { layout: subject.name, headers: count, ..Figures::default() };
    let mut coverage = Coverage::default();
    let mut done = Vec::new();
    for line in path.map_or(Ok(Vec::new()), state::lines::<Part>)? {
        if line.layout == subject.name && line.seed == seed {
            done.push(line);
        }
    }
    let mut file = path.map(state::append).transpose()?;
    for number in 0..count.div_ceil(PART) {
        let headers = PART.min(count - number * PART);
        let own = |part: &&Part| part.number == number && part.headers == headers;
        let part = match done.iter().find(own) {
            Some(part) => part.clone(),
            None => {
                let mut part = Part {
                    layout: subject.name.to_owned(),
                    seed,
                    number,
                    headers,
                    ..Part::default()
                };
                compare(subject, check, program, &coverage, &mut part, say);
                if let Some(file) = &mut file {
                    state::write(file, &part)?;
                }
                part
            }
        };
        figures.accepted += part.accepted;
        figures.refused += part.refused;
        figures.differences += part.differences;
        figures.seconds += part.seconds;
        coverage.join(part.coverage);
    }
    coverage.write(subject, &mut figures);
    figures.seconds = (figures.seconds * 10.0).round() / 10.0;
    Ok(figures)
}

/// Compares the headers of a part. Edges that headers before have shown are not looked for again.
fn compare(
    subject: &Subject,
    check: &Check<Fr>,
    program: &Program<'_, Fr>,
    before: &Coverage,
    part: &mut Part,
    say: &mut dyn FnMut(String),
) {
    let begin = Instant::now();
    let mut rng = ChaCha20Rng::seed_from_u64(part.seed);
    rng.set_stream(part.number as u64);
    let mut headers = Headers::new(rng.clone());
    headers.have_shown(|edge| before.edges.contains(&numbers(edge)));
    // Else headers and salts would be made of the same numbers.
    rng.set_stream(u64::MAX - part.number as u64);
    for number in 0..part.headers {
        // Every other one is read as sealed, over its command or over another.
        let command = CommandHash(rng.gen());
        let blinding = Blinding::new(Fr::random(&mut rng));
        let (block, reading) = match number % 2 {
            0 => (headers.draw(), Reading::Clear),
            _ => {
                let mut subject = sealed_subject(&command, &blinding);
                if rng.gen_range(0..4) == 0 {
                    subject = near(&mut rng, subject);
                }
                (headers.draw_with(subject), Reading::Sealed { command, blinding })
            }
        };
        let not_before = match (rng.gen_range(0..4), time_of(&block)) {
            (0, _) => 0,
            (1, time) => time + 1,
            (2, time) => time,
            (_, time) => rng.gen_range(0..=time),
        };
        let mut inputs = Inputs::honest(&block).revealing(not_before, &reading);
        inputs.salt = Fr::random(&mut rng);
        inputs.siblings = inputs.siblings.map(|_| Fr::random(&mut rng));
        inputs.directions = inputs.directions.map(|_| rng.gen_range(0..2));
        let digest: [u8; 32] = Sha256::digest(&block).into();
        inputs.signature = Some(provider::signature(&digest));
        let expected = inputs.reference();
        let (values, holds) = accepted(subject, check, program, &inputs);
        let outputs = public_inputs(check, &values);
        let agrees = match expected {
            Some(expected) => holds && outputs == expected,
            None => !holds,
        };
        if !agrees {
            part.differences += 1;
            let text = block.escape_ascii();
            let [reference, circuit] =
                [expected.is_some(), holds].map(|yes| if yes { "accepts" } else { "refuses" });
            let what = match expected {
                Some(expected) if holds => {
                    let differ = (0..expected.len()).filter(|i| expected[*i] != outputs[*i]);
                    format!("public inputs {:?} differ", differ.collect::<Vec<_>>())
                }
                _ => format!("the reference {reference} it, the circuit {circuit} it"),
            };
            let number = part.number * PART + number;
            say(format!("{}: header {number}: {what}: {text}", subject.name));
        } else if holds {
            part.accepted += 1;
            part.coverage.add(subject, check, &values);
        } else {
            part.refused += 1;
        }
    }
    part.seconds = begin.elapsed().as_secs_f64();
}

/// An edge as its row holds it: state, symbol, next state and field.
fn numbers(edge: &Edge) -> [u64; 4] {
    [edge.state.into(), edge.symbol.into(), edge.next.into(), edge.field as u64]
}
