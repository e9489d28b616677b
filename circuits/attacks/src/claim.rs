//! What a prover claims of a header block, written coherently.

use std::collections::BTreeSet;

use zkdkim_circuits::{
    header::{
        automaton::{Automaton, Edge, END_SYMBOL, START},
        BYTES, MAX_BLOCK,
    },
    sha256::{Message, BLOCKS, WORDS},
    statement::{CircuitParams, StatementConfig},
};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    dev::MockProver,
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column, ConstraintSystem},
};

use crate::{
    circuit::{ByLayout, ForgedCircuit},
    names as naming, provider,
    reading::Revealing,
};

/// A block of the statement's language with every field, for tests to vary.
pub const SAMPLE_HEADER: &str =
    "received:by mx\r\nfrom:Ann Lee <Ann.Lee@Example.org>\r\nto:x@y.org\r\n\
    subject:Recover 0x12\r\ndkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; \
    s=k1; t=1700000000; bh=abc=; h=from:subject; b=";

/// A small field element.
pub fn small(value: u64) -> Fr {
    Fr::from(value)
}

/// Reads an advice cell; zero where nothing was written.
pub fn get(grid: &Grid<Fr>, column: Column<Advice>, row: usize) -> Fr {
    grid.value(CellRef::new(column, row)).unwrap_or(Fr::ZERO)
}

/// Adds to an advice cell.
pub fn bump(grid: &mut Grid<Fr>, column: Column<Advice>, row: usize, by: Fr) {
    let value = get(grid, column, row);
    grid.forge(column, row, value + by);
}

/// Takes over what a chip wrote into a grid of its own.
pub fn overlay(grid: &mut Grid<Fr>, scratch: &Grid<Fr>) {
    for (column, row, value) in scratch.advice_cells() {
        grid.forge(column, row, value);
    }
}

/// What a prover claims of the header block.
#[derive(Clone)]
pub struct Claim {
    /// The layout of the circuit.
    pub layout: CircuitParams,
    /// Bytes, and 256 around them.
    pub symbols: Vec<u16>,
    /// Honestly 1 where the symbol of the same index is 256, else 0.
    pub ends: Vec<u64>,
    /// The run that the byte rows hold.
    pub run: Vec<Edge>,
    /// The run from which the output rows are filled.
    pub output_run: Vec<Edge>,
    /// What SHA-256 absorbs, and where it starts again.
    pub message: Message,
    /// What is revealed of time and Subject.
    pub revealing: Revealing,
}

impl Claim {
    /// The honest plan for a block, of any length below 1,080.
    pub fn honest(block: &[u8]) -> Self {
        let filler = BLOCKS - (block.len() + 9).div_ceil(64);
        Self::placed(block, 64 * filler)
    }

    /// A plan with the block at a byte position of the prover's choice.
    pub fn placed(block: &[u8], at: usize) -> Self {
        let mut symbols = vec![END_SYMBOL; BYTES];
        for (symbol, byte) in symbols[at..].iter_mut().zip(block) {
            *symbol = u16::from(*byte);
        }
        Self::of_symbols(symbols, at / 64)
    }

    /// A plan for any symbols, with `filler` message blocks before the reset.
    pub fn of_symbols(symbols: Vec<u16>, filler: usize) -> Self {
        let run = Automaton::header().best_run(&symbols);
        let ends = symbols.iter().map(|s| u64::from(*s == END_SYMBOL)).collect::<Vec<_>>();
        let message = message(&symbols, &ends, filler);
        Self {
            layout: CircuitParams::ON_CHAIN,
            symbols,
            ends,
            output_run: run.clone(),
            run,
            message,
            revealing: Revealing::default(),
        }
    }

    /// The same plan for another layout.
    pub fn in_layout(self, layout: CircuitParams) -> Self {
        Self { layout, ..self }
    }

    /// The same plan with other choices of what is revealed.
    pub fn revealing(self, revealing: Revealing) -> Self {
        Self { revealing, ..self }
    }

    /// Computes the message words again, after a change of symbols or flags.
    pub fn absorb_again(&mut self) {
        let filler = self.message.iter().position(|(_, reset)| *reset).map_or(0, |b| b + 1);
        self.message = message(&self.symbols, &self.ends, filler);
    }

    /// Puts the resets where the end flags say that filler ends.
    pub fn reset_again(&mut self) {
        for block in 0..BLOCKS - 1 {
            let at = 64 * (block + 1);
            let falls = self.ends[at - 1] == 1 && self.ends[at] == 0;
            let last = block == BLOCKS - 2;
            self.message[block].1 = if last { self.ends[1015] == 1 } else { falls };
        }
    }

    /// Writes bytes, SHA-256 and output rows.
    fn write(&self, config: &StatementConfig, grid: &mut Grid<Fr>) {
        self.write_bytes(config, grid);
        let mut scratch = Grid::new();
        config.sha256.assign(&mut scratch, config.rows.sha256, &self.message);
        config.extract.assign(&mut scratch, config.rows.outputs, &self.output_run);
        overlay(grid, &scratch);
    }

    fn write_bytes(&self, config: &StatementConfig, grid: &mut Grid<Fr>) {
        let (c, start) = (&config.columns, config.rows.header);
        let mut count = Fr::ZERO;
        for (i, edge) in self.run.iter().enumerate() {
            let (row, symbol) = (start + i, small(self.symbols[i].into()));
            count += Fr::ONE - small(self.ends[i]);
            grid.forge(c.wide[0], row, small(edge.state.into()));
            grid.forge(c.wide[1], row, symbol);
            grid.forge(c.wide[2], row, small(edge.field as u64));
            grid.forge(c.wide[3], row, small(self.ends[i]));
            let inverse = (symbol - small(END_SYMBOL.into())).invert().unwrap_or(Fr::ZERO);
            grid.forge(c.wide[4], row, inverse);
            grid.forge(c.first().x, row, count);
            if i == MAX_BLOCK {
                let missing = count - small(MAX_BLOCK as u64 + 1);
                grid.forge(c.first().y, row + 1, missing.invert().unwrap_or(Fr::ZERO));
            }
        }
        let last = self.run.last().map_or(START, |edge| edge.next);
        grid.forge(c.wide[0], start + BYTES, small(last.into()));
        for i in 0..WORDS {
            let row = if i == WORDS - 1 { BYTES - 1 } else { 4 * i };
            grid.forge(c.first().y, start + row, small(self.message[i / 16].0[i % 16].into()));
        }
        for (block, (_, reset)) in self.message.iter().enumerate().take(BLOCKS - 1) {
            let row = if block == BLOCKS - 2 { 1016 } else { 64 * (block + 1) };
            grid.forge(c.first().y, start + row + 1, small(u64::from(*reset)));
        }
    }

    /// What fails when a prover proves this plan.
    pub fn refusals(&self) -> BTreeSet<String> {
        self.refusals_with(|_, _| (), |_, _| ())
    }

    /// The same, where the prover changes cells before (`early`) or after (`late`) the provider
    /// signs the digest and the hashes and public inputs are computed.
    pub fn refusals_with(
        &self,
        early: impl FnOnce(&StatementConfig, &mut Grid<Fr>),
        late: impl FnOnce(&StatementConfig, &mut Grid<Fr>),
    ) -> BTreeSet<String> {
        refusals(&self.circuit(early, late))
    }

    /// The circuit of this plan.
    pub fn circuit(
        &self,
        early: impl FnOnce(&StatementConfig, &mut Grid<Fr>),
        late: impl FnOnce(&StatementConfig, &mut Grid<Fr>),
    ) -> ForgedCircuit {
        static HONEST: ByLayout<(StatementConfig, Grid<Fr>)> = ByLayout::new();
        let (config, mut grid) = HONEST.get(self.layout, || honest(self.layout));
        self.write(&config, &mut grid);
        early(&config, &mut grid);
        provider::sign(&config, &mut grid);
        provider::hash(&config, &mut grid);
        self.revealing.write(&config, &mut grid);
        late(&config, &mut grid);
        config.assign_lookups(&mut grid, self.layout.k, &config.table());
        ForgedCircuit::new(self.layout, grid)
    }
}

/// The chips of a layout, and the honest witness that plans are written over.
fn honest(layout: CircuitParams) -> (StatementConfig, Grid<Fr>) {
    let config = StatementConfig::configure(&mut ConstraintSystem::default(), layout);
    let mut grid = Grid::new();
    config.assign(&mut grid, layout.k, &config.table(), &provider::honest_input());
    (config, grid)
}

/// The message words of symbols and flags, with FIPS 180-4 padding as the gates compute it.
fn message(symbols: &[u16], ends: &[u64], filler: usize) -> Message {
    let byte = |i: usize| {
        let padding_starts = i >= 1016 && ends[i] == 1 && ends[i - 1] == 0;
        i64::from(symbols[i]) - 256 * ends[i] as i64 + 0x80 * i64::from(padding_starts)
    };
    let length: u64 = ends.iter().filter(|end| **end == 0).count() as u64;
    let word = |at: usize| match BYTES - at {
        8 => 0,
        4 => 8 * length as u32,
        _ => (0..4).fold(0, |word: i64, i| (word << 8) + byte(at + i)) as u32,
    };
    std::array::from_fn(|b| (std::array::from_fn(|w| word(64 * b + 4 * w)), b + 1 == filler))
}

/// The names of what a circuit fails.
pub fn refusals(circuit: &ForgedCircuit) -> BTreeSet<String> {
    let instances = circuit.instances();
    let prover =
        MockProver::run(circuit.params.k, circuit, vec![instances]).expect("synthesis succeeds");
    let config = StatementConfig::configure(&mut ConstraintSystem::default(), circuit.params);
    naming::failures(&config, circuit, prover.verify().err().unwrap_or_default())
}

/// The set of some names.
pub fn names<const N: usize>(list: [&str; N]) -> BTreeSet<String> {
    list.into_iter().map(str::to_owned).collect()
}
