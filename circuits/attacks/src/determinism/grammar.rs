//! The circuit's verdict on headers against the native parser's, on very many of them.
//!
//! What refuses a header block is what reads it: the rows of the automaton, of the end flags, of the count of bytes and
//! of the outputs.
//! SHA-256, RSA and Poseidon take any bytes. So only that part of the constraints is run as a function
//! ([`Program::part`]): every constraint, tuple and balance that reads a cell of these rows, and the steps that compute
//! what they read. For given symbols it has one assignment (that is what the determinism check shows), so a prover's
//! lies are the symbols alone: where the block stands, and where it is interrupted.
//!
//! Compared are, for each block, the verdict on the honest symbols with the parser's, and of what is accepted the
//! address, the Subject's words and the time; and the verdict on symbols that are steered away from these, which has to
//! be no. Of every thousandth block the whole program, with a signature, has to say the same.

use std::{collections::BTreeMap, ops::Range, time::Instant};

use rand::Rng;
use serde::Serialize;
use sha2::{Digest, Sha256};
use zkdkim_circuits::header::{automaton::END_SYMBOL, extract, BYTES};
use zkdkim_determinism::{check::Check, evaluate::Program, layout::Place, model::Cell};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::PrimeField as _};
use zkdkim_relation::header::{self, MAX_ADDRESS_BYTES};

use super::{
    attack::{self, witness, Inputs},
    breaks,
    headers::Headers,
    subject::Subject,
};
use crate::provider;

/// The public inputs that these rows say: time, and the Subject's words.
const OUTPUTS: [usize; 7] = [2, 4, 5, 6, 7, 8, 9];

/// Of so many blocks one is also given to the whole program.
const WHOLE: usize = 1_000;

/// The figures of `scripts/soundness grammar` for one layout.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// `on-chain` or `quick`.
    pub layout: &'static str,
    /// Steps that are computed for each block.
    pub steps: usize,
    /// Constraints and tuples that are looked at afterwards.
    pub checks: usize,
    /// Blocks that were tried.
    pub headers: usize,
    /// The parser accepts them.
    pub accepted: usize,
    /// The parser refuses them.
    pub refused: usize,
    /// Other symbols for the same block.
    pub steered: usize,
    /// Blocks that the whole program was run on.
    pub whole: usize,
    /// The circuit says something else.
    pub differences: usize,
    /// By rule of the relation: how many the parser refused for it.
    pub rules: BTreeMap<&'static str, usize>,
    /// By change: how many blocks with it.
    pub changes: BTreeMap<&'static str, usize>,
    /// Time it took.
    pub seconds: f64,
}

/// The part of the circuit that reads headers.
pub struct Reader<'c> {
    subject: &'c Subject,
    check: &'c Check<Fr>,
    program: Program<'c, Fr>,
    values: Vec<Fr>,
}

impl<'c> Reader<'c> {
    /// Cuts it out of the whole program.
    pub fn new(subject: &'c Subject, check: &'c Check<Fr>, program: Program<'c, Fr>) -> Self {
        let (c, rows) = (&subject.statement.config.columns, &subject.statement.config.rows);
        let wide: Vec<usize> = c.wide.iter().map(|column| column.index()).collect();
        let blocks: [Range<usize>; 2] =
            [rows.header..rows.header + BYTES + 1, rows.outputs..rows.outputs + extract::ROWS];
        let (space, count) = (check.model.space, c.first().x.index());
        let is_concerned = move |cell: Cell| match space.place(cell) {
            Some(Place::Advice(column, row)) => {
                let is_wide = wide.contains(&column) && blocks.iter().any(|b| b.contains(&row));
                is_wide || column == count && blocks[0].contains(&row)
            }
            Some(Place::Instance(_, row)) => OUTPUTS.contains(&row),
            _ => false,
        };
        let program = program.part(&is_concerned);
        let values =
            attack::values(subject, check, &Inputs::honest(crate::SAMPLE_HEADER.as_bytes()));
        Self { subject, check, program, values }
    }

    /// Whether some witness has these symbols.
    pub fn accepts(&mut self, symbols: &[u16]) -> bool {
        attack::write_symbols(self.subject, self.check, symbols, &mut self.values);
        let holds = self.program.accepts(&mut self.values);
        holds && attack::has_symbols(self.subject, self.check, symbols, &self.values)
    }

    /// Public inputs and address of what was accepted.
    fn says(&self) -> (Vec<Fr>, Vec<u8>) {
        let space = self.check.model.space;
        let public = OUTPUTS.map(|row| self.values[space.instance(0, row) as usize]).to_vec();
        let (c, rows) =
            (&self.subject.statement.config.columns, &self.subject.statement.config.rows);
        let byte = |row: usize| {
            let value = self.values[space.advice(c.wide[1].index(), rows.outputs + row) as usize];
            value.to_repr()[0]
        };
        let mut address: Vec<u8> = (0..MAX_ADDRESS_BYTES).map(byte).collect();
        address.truncate(address.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1));
        (public, address)
    }
}

/// Symbols of a block that are not the honest ones.
fn steer(block: &[u8], honest: &[u16], rng: &mut impl Rng) -> Vec<u16> {
    let mut symbols = honest.to_vec();
    let at = honest.iter().position(|symbol| *symbol != END_SYMBOL).unwrap_or(0);
    match rng.gen_range(0..5) {
        // Elsewhere.
        0 => {
            let room = BYTES.saturating_sub(block.len());
            return Inputs::placed(block, rng.gen_range(0..=room)).symbols;
        }
        // By whole message blocks.
        1 => {
            let to = 64 * rng.gen_range(0..=at / 64);
            return Inputs::placed(block, to).symbols;
        }
        // Interrupted.
        2 => {
            let gap = rng.gen_range(0..block.len());
            symbols.insert(at + gap, END_SYMBOL);
            symbols.truncate(BYTES);
        }
        // A byte that SHA-256 or the automaton alone would not see.
        3 => symbols[at + rng.gen_range(0..block.len())] = END_SYMBOL,
        // Bytes behind its end.
        _ => {
            let end = (at + block.len() + rng.gen_range(0..3)).min(BYTES - 1);
            symbols[end] = rng.gen_range(0..256);
        }
    }
    symbols
}

/// Compares `count` blocks; `say` is told each difference.
pub fn run(
    subject: &Subject,
    check: &Check<Fr>,
    derivation: &zkdkim_determinism::derive::Derivation<'_, Fr>,
    count: usize,
    mut rng: impl Rng + Clone,
    say: &mut dyn FnMut(String),
) -> Figures {
    let begin = Instant::now();
    let whole = Program::new(check, derivation);
    let mut reader = Reader::new(subject, check, Program::new(check, derivation));
    let [steps, checks] = reader.program.size();
    let mut figures =
        Figures { layout: subject.name, headers: count, steps, checks, ..Figures::default() };
    let mut headers = Headers::new(rng.clone());
    let mut number = 0;
    while number < count {
        let mut block = headers.draw_valid();
        let mut change = "nothing";
        if rng.gen_range(0..8) > 0 {
            let Some((name, changed)) = breaks::change(&block, &mut rng) else { continue };
            (change, block) = (name, changed);
        }
        if block.is_empty() || block.len() + 9 > BYTES {
            continue;
        }
        number += 1;
        *figures.changes.entry(change).or_default() += 1;
        let inputs = Inputs::honest(&block);
        let accepts = reader.accepts(&inputs.symbols);
        let mut differs = None;
        match header::parse(&block) {
            Ok(view) => {
                figures.accepted += 1;
                let (public, address) = reader.says();
                let reference = inputs.reference().expect("the statement of a block that parses");
                let expected: Vec<Fr> = OUTPUTS.iter().map(|i| reference[*i]).collect();
                let same = address.eq_ignore_ascii_case(&view.address) && public == expected;
                if !accepts {
                    differs = Some("the circuit refuses it".to_owned());
                } else if !same {
                    differs = Some("address, Subject or time are others".to_owned());
                }
            }
            Err(refusal) => {
                figures.refused += 1;
                *figures.rules.entry(refusal.rule.id()).or_default() += 1;
                if accepts {
                    differs =
                        Some(format!("the circuit accepts it, the parser does not: {refusal:?}"));
                }
            }
        }
        if number % WHOLE == 0 {
            figures.whole += 1;
            let digest: [u8; 32] = Sha256::digest(&block).into();
            let signed = Inputs { signature: Some(provider::signature(&digest)), ..inputs.clone() };
            let values = witness(subject, check, &whole, &signed);
            let kept = attack::has_symbols(subject, check, &signed.symbols, &values);
            if (whole.holds(&values) && kept) != accepts {
                differs = Some("the whole circuit says something else than the part".to_owned());
            }
        }
        let steered = steer(&block, &inputs.symbols, &mut rng);
        if steered != inputs.symbols {
            figures.steered += 1;
            // A byte instead of another, or behind the end, makes another block, which may be one of the language.
            let other: Vec<u8> = steered.iter().filter_map(|s| u8::try_from(*s).ok()).collect();
            let is_honest =
                Inputs::honest(&other).symbols == steered && header::parse(&other).is_ok();
            if reader.accepts(&steered) != is_honest {
                let [at, length] = [&steered, &inputs.symbols].map(|symbols| {
                    let bytes: Vec<usize> =
                        (0..BYTES).filter(|i| symbols[*i] != END_SYMBOL).collect();
                    format!("{:?}..{:?} {}", bytes.first(), bytes.last(), bytes.len())
                });
                differs = Some(format!(
                    "steered symbols {at} instead of {length}, accepted: {}",
                    !is_honest
                ));
            }
        }
        if let Some(what) = differs {
            figures.differences += 1;
            let text = block.escape_ascii();
            say(format!("{}: header {number} ({change}): {what}: {text}", subject.name));
        }
    }
    figures.seconds = (begin.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    figures
}
