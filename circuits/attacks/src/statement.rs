//! The statement as the test kit sees it.
//!
//! The logUp argument is replaced by what it proves: range pairs and tuples must be in their
//! tables, emitted and consumed bytes must cancel. RSA's accumulators are recomputed after each
//! alteration.

use std::{cell::RefCell, collections::BTreeSet};

use halo2_rsa::RsaRows;
use zkdkim_circuits::{
    columns::RANGE_BITS,
    header::{automaton::Automaton, extract, reading, BYTES},
    layout::Rows,
    logup::TupleType,
    poseidon,
    spread::spread,
    statement::{CircuitParams, StatementConfig},
};
use zkdkim_grid::Grid;
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column, ConstraintSystem},
};
use zkdkim_testkit::{anchor::Anchors, Alteration, Cell, Image, Sweep};

use crate::{
    argument::{number, Argument},
    get,
    names::characters,
    small,
    witness::Witness,
    Claim, ForgedCircuit, SAMPLE_HEADER,
};

/// The circuit of an honest witness, with names for its columns and rows.
pub struct Statement {
    /// Columns, gates and copies as Halo2 holds them, selectors not compressed.
    pub meta: ConstraintSystem<Fr>,
    /// The chips with the columns and rows that this layout lends them.
    pub config: StatementConfig,
    circuit: ForgedCircuit,
    point: Fr,
    /// Name and column, by index.
    pub columns: Vec<(String, Column<Advice>)>,
    /// Name and first row of each block of rows, from the top.
    blocks: Vec<(&'static str, usize)>,
    /// What the logUp argument notices.
    pub argument: Argument,
    /// The first phase with the alteration in hand, from which RSA's accumulators are computed.
    grid: RefCell<Grid<Fr>>,
}

impl Default for Statement {
    fn default() -> Self {
        Self::new()
    }
}

impl Statement {
    /// The statement for the block that forgeries start from, in the default layout.
    pub fn new() -> Self {
        Self::in_layout(CircuitParams::default())
    }

    /// The same in any layout.
    pub fn in_layout(layout: CircuitParams) -> Self {
        Self::of(&Claim::honest(SAMPLE_HEADER.as_bytes()).in_layout(layout))
    }

    /// The statement for a plan, which is honest.
    pub fn of(plan: &Claim) -> Self {
        let layout = plan.layout;
        let mut meta = ConstraintSystem::default();
        let config = StatementConfig::configure(&mut meta, layout);
        let circuit = plan.circuit(|_, _| (), |_, _| ());
        let (c, rows) = (&config.columns, &config.rows);
        let mut columns: Vec<(String, Column<Advice>)> = Vec::new();
        let mut add = |name: &str, list: &[Column<Advice>]| {
            let names = list.iter().enumerate().map(|(i, column)| (format!("{name}{i}"), *column));
            columns.extend(names);
        };
        for (i, lane) in c.lanes.iter().enumerate() {
            let prefix = if i == 0 { "" } else { "second " };
            add(&format!("{prefix}range"), &lane.range);
            add(&format!("{prefix}spread"), &lane.spread);
            add(&format!("{prefix}x"), &[lane.x]);
            add(&format!("{prefix}y"), &[lane.y]);
            add(&format!("{prefix}helper"), &lane.helper);
        }
        if let Some(narrow) = &c.narrow {
            add("lower", &[c.lower]);
            add("narrow m", &[narrow.multiplicity]);
            add("narrow fraction", &[narrow.fraction]);
        }
        add("wide", &c.wide);
        add("m", &[c.multiplicity]);
        add("acc", &[c.acc]);
        add("extract", &[c.extract]);
        add("phi", &[c.phi]);
        columns.sort_by_key(|(_, column)| column.index());
        let blocks = blocks(rows, config.usable_rows(layout.k));
        let argument = Argument::new(&config, layout.k);
        let grid = RefCell::new((*circuit.grid).clone());
        Self {
            meta,
            config,
            circuit,
            point: small(0xabcdef).square(),
            columns,
            blocks,
            argument,
            grid,
        }
    }

    /// Size and lookups a row.
    pub fn layout(&self) -> CircuitParams {
        self.circuit.params
    }

    /// The honest assignment of both phases, under fixed challenges.
    pub fn image(&self) -> Image<Fr> {
        let challenges = [self.point, small(77).invert().unwrap(), small(99).invert().unwrap()];
        let (k, table) = (self.circuit.params.k, self.config.table());
        let grid = &self.circuit.grid;
        let second = self.config.assign_second_phase(grid, k, &table, challenges);
        let instance = vec![self.circuit.instances()];
        Image::new(&self.meta, k, &[grid, &second], instance, challenges.to_vec())
    }

    fn block(&self, row: usize) -> &'static str {
        self.blocks.iter().rev().find(|(_, first)| *first <= row).expect("a block").0
    }

    /// Column and block of rows.
    pub fn class(&self, cell: Cell) -> String {
        format!("{} {}", self.columns[cell.column].0, self.block(cell.row))
    }

    /// A row by its block and its distance from the block's first row.
    pub fn row_name(&self, row: usize) -> String {
        let (name, first) =
            self.blocks.iter().rev().find(|(_, first)| *first <= row).expect("a block");
        format!("{name} {}", row - first)
    }

    /// An advice cell by column and row.
    pub fn place(&self, cell: Cell) -> String {
        format!("{} {}", self.columns[cell.column].0, self.row_name(cell.row))
    }

    /// The name of a fixed column, and its row; rows of the table are numbered from its first.
    pub fn fixed_name(&self, column: usize, row: usize) -> (String, String) {
        let c = &self.config.columns;
        let table = c.table.iter().position(|t| t.index() == column);
        let names = [
            (c.active, "active"),
            (c.step, "step"),
            (c.output, "output"),
            (c.weight, "weight"),
            (c.first().constant, "constant"),
            (c.last().constant, "second constant"),
            (c.multipliers[0], "k0"),
            (c.multipliers[1], "k1"),
            (c.multipliers[2], "k2"),
        ];
        if c.narrow.as_ref().is_some_and(|narrow| narrow.shared.index() == column) {
            return ("shared".to_owned(), self.row_name(row));
        }
        match table {
            Some(component) => (format!("table{component}"), format!("table {row}")),
            None => {
                let name = names.iter().find(|(c, _)| c.index() == column).expect("a known column");
                (name.1.to_owned(), self.row_name(row))
            }
        }
    }

    /// Another witness, by what it changes. Multiplicities follow from the rest.
    pub fn witness(&self, name: &str, image: &Image<Fr>, circuit: &ForgedCircuit) -> Witness {
        let c = &self.config.columns;
        let narrow = c.narrow.as_ref().map(|narrow| narrow.multiplicity);
        let counts = [Some(c.multiplicity), narrow];
        let own = |column: &Column<Advice>| {
            image.phase(column.index()) == 0 && !counts.contains(&Some(*column))
        };
        let columns = self.columns.iter().map(|(_, column)| *column).filter(own);
        let changes = columns.flat_map(|column| {
            let values = circuit
                .grid
                .advice_column(column, 1 << self.circuit.params.k)
                .into_iter()
                .enumerate();
            let cells = values.map(move |(row, value)| (Cell::new(column, row), value));
            cells.filter(|(cell, value)| image.get(*cell) != *value)
        });
        let instance = vec![circuit.instances()];
        Witness { name: name.to_owned(), changes: changes.collect(), instance }
    }

    /// Whether the table holds what its parts are defined to hold, in order: a word of 11 and of 10
    /// bits with each bit in the even place of a pair, the automaton's edges, lower-case forms, the characters of
    /// base64url; and zeros behind them; and whether the rows that 10-bit words count in are theirs.
    pub fn table_is_as_defined(&self, image: &Image<Fr>) -> bool {
        let even_bits = |word: u64| (0..11).fold(0, |sum, i| sum | (word >> i & 1) << (2 * i));
        let words = |bits: u32, kind: TupleType| {
            (0..1u64 << bits).map(move |word| [word, even_bits(word), 0, 0, kind as u64])
        };
        let edges = Automaton::header().edges().iter().map(|edge| {
            let [state, symbol, next] = [edge.state, edge.symbol, edge.next].map(u64::from);
            [state, symbol, next, edge.field as u64, TupleType::Automaton as u64]
        });
        let cases = (0..256u64).map(|byte| {
            let capital = (65..=90).contains(&byte);
            [byte, byte + 32 * u64::from(capital), 0, 0, TupleType::Case as u64]
        });
        // With rows to share, a narrow word is an entry of a wide one.
        let own = self
            .config
            .columns
            .narrow
            .is_none()
            .then(|| words(10, TupleType::Spread10))
            .into_iter()
            .flatten();
        let words = words(11, TupleType::Spread11).chain(own);
        let characters = [TupleType::Sextet, TupleType::Quartet].into_iter().flat_map(|kind| {
            characters(kind).map(move |(c, value)| [c.into(), value, 0, 0, kind as u64])
        });
        let known = words.chain(edges).chain(cases).chain(characters);
        let defined = known.chain(std::iter::repeat([0; 5]));
        let narrow = self.config.columns.narrow.as_ref();
        let shared_is_as_defined = narrow.is_none_or(|narrow| {
            let is_shared = |row: usize| Fr::from(u64::from(row < 1 << RANGE_BITS[2]));
            (0..image.usable())
                .all(|row| image.fixed_at(narrow.shared.index(), row) == is_shared(row))
        });
        let table = self.config.columns.table;
        shared_is_as_defined
            && (0..image.usable()).zip(defined).all(|(row, entry)| {
                let entry = table.into_iter().zip(entry);
                entry.into_iter().all(|(c, value)| image.fixed_at(c.index(), row) == small(value))
            })
    }

    /// Cells from which a forgery of later phases may begin: the lowest coefficient of each product
    /// of which an evaluation is among `cells`.
    pub fn also(&self, cells: &BTreeSet<Cell>) -> Vec<Cell> {
        let (c, rsa) = (&self.config.columns, &self.config.rows.rsa);
        let products = rsa.products..rsa.products + RsaRows::LENGTHS.products;
        let reads = cells.iter().filter(|cell| cell.column == c.acc.index());
        let inside = reads.filter(|cell| products.contains(&cell.row));
        let mut of: BTreeSet<usize> = inside.map(|cell| (cell.row - rsa.products) / 6).collect();
        // The expected block is an operand of the last product.
        let block = rsa.horner + 17 * 126..rsa.products;
        if cells.iter().any(|cell| cell.column == c.acc.index() && block.contains(&cell.row)) {
            of.insert(16);
        }
        of.into_iter().map(|i| Cell::new(c.wide[1], rsa.horner + 126 * i + 125)).collect()
    }

    /// The kind of a survivor: more precise than its class where only some cells of a class may
    /// survive.
    pub fn kind(&self, image: &Image<Fr>, by_gates: &BTreeSet<Cell>, cell: Cell) -> String {
        let c = &self.config.columns;
        let get = |column: Column<Advice>| image.get(Cell::new(column, cell.row));
        let (column, class) = (self.columns[cell.column].1, self.class(cell));
        let range = c.lanes.iter().any(|lane| lane.range.contains(&column));
        if range && !by_gates.contains(&cell) {
            "range cell that no gate reads".to_owned()
        } else if class == "wide2 outputs" && get(c.wide[4]) == Fr::ZERO {
            "field of a disabled address row".to_owned()
        } else if class == "wide4 header" && get(c.wide[1]) == small(256) {
            "inverse beside the symbol 256".to_owned()
        } else {
            class
        }
    }

    /// The cells that gates (other than the argument's) or copies read.
    pub fn read_by_gates(&self, image: &Image<Fr>) -> BTreeSet<Cell> {
        Anchors::of(image, &|gate| gate.starts_with("logup")).read().collect()
    }

    /// A range cell is altered together with its spread form: else the pair alone would give it
    /// away.
    fn follow(&self, cell: Cell, value: Fr) -> Alteration<Fr> {
        for lane in &self.config.columns.lanes {
            let Some(i) = lane.range.iter().position(|column| column.index() == cell.column) else {
                continue;
            };
            let dense = number(value).filter(|value| *value < 1 << RANGE_BITS[i]);
            let spread = dense.map(|dense| small(spread(dense as u32)));
            return spread.map(|s| (Cell::new(lane.spread[i], cell.row), s)).into_iter().collect();
        }
        Vec::new()
    }

    /// RSA's accumulators after a change.
    fn later(&self, image: &Image<Fr>, changed: &[Cell]) -> Alteration<Fr> {
        let (c, rows) = (&self.config.columns, &self.config.rows);
        let lengths = RsaRows::LENGTHS;
        let mut grid = self.grid.borrow_mut();
        let mut undo = Vec::new();
        for cell in changed {
            let column = self.columns[cell.column].1;
            let limbs = rows.rsa.pairs..rows.rsa.modulus + lengths.modulus;
            let values = [
                rows.rsa.horner..rows.rsa.products,
                rows.rsa.modulus..rows.rsa.modulus + lengths.modulus,
            ];
            let limb = c.first().range.contains(&column) && limbs.contains(&cell.row);
            let value = column == c.wide[1] && values.iter().any(|rows| rows.contains(&cell.row));
            if limb || value {
                undo.push((column, cell.row, get(&grid, column, cell.row)));
                grid.forge(column, cell.row, image.get(*cell));
            }
        }
        if undo.is_empty() {
            return Vec::new();
        }
        let mut out = Grid::new();
        self.config.rsa.assign_accumulators(&grid, &mut out, &rows.rsa, self.point);
        for (column, row, value) in undo {
            grid.forge(column, row, value);
        }
        out.advice_cells().map(|(column, row, value)| (Cell::new(column, row), value)).collect()
    }

    /// A sweep over it.
    pub fn sweep(&self) -> Sweep<'_, Fr> {
        let image = self.image();
        self.argument.read(&image);
        Sweep::new(image)
            .following(|_, cell, value| self.follow(cell, value))
            .later(|image, changed| self.later(image, changed))
            .argument(
                |gate| gate.starts_with("logup"),
                |image, changed| self.argument.notices(image, changed),
            )
    }

    /// The active constraints, the tuples of the argument among them.
    pub fn anchors(&self, image: &Image<Fr>) -> Anchors {
        let mut anchors = Anchors::of(image, &|gate| gate.starts_with("logup"));
        let (c, rows) = (&self.config.columns, &self.config.rows);
        for row in 0..self.config.usable_rows(self.circuit.params.k) - 1 {
            for lane in &c.lanes {
                for (dense, spread) in lane.range.iter().zip(lane.spread) {
                    anchors.looked_up([Cell::new(*dense, row), Cell::new(spread, row)]);
                }
            }
            anchors.looked_up([Cell::new(c.multiplicity, row)]);
        }
        if let Some(narrow) = &c.narrow {
            for row in 0..1 << RANGE_BITS[2] {
                anchors.looked_up([Cell::new(narrow.multiplicity, row)]);
            }
        }
        for i in 0..BYTES {
            let row = rows.header + i;
            let edge = [(c.wide[0], row), (c.wide[1], row), (c.wide[2], row), (c.wide[0], row + 1)];
            anchors.looked_up(edge.map(|(column, row)| Cell::new(column, row)));
        }
        for row in rows.outputs..rows.outputs + extract::ROWS {
            let columns = [c.wide[1], c.wide[2], c.wide[3], c.wide[4], c.lower];
            anchors.looked_up(columns.map(|column| Cell::new(column, row)));
        }
        let output = self.grid.borrow().fixed_column(c.output, rows.end);
        let own = rows.reading..rows.reading + reading::ROWS;
        for row in own.filter(|row| output[*row] == Fr::ONE) {
            anchors.looked_up([c.wide[1], c.lower].map(|column| Cell::new(column, row)));
        }
        anchors
    }
}

/// Name and first row of each block of rows, from the top. Where blocks stand side by side, that of the wide columns.
fn blocks(rows: &Rows, usable: usize) -> Vec<(&'static str, usize)> {
    let wide_end = rows.rsa.products + RsaRows::LENGTHS.products;
    let outputs_end = rows.reading + reading::ROWS;
    let mut blocks = vec![
        ("poseidon", rows.poseidon),
        ("digest", rows.poseidon + poseidon::MAX_ROWS),
        ("horner", rows.rsa.horner),
        ("products", rows.rsa.products),
        ("header", rows.header),
        ("modulus", rows.rsa.modulus),
        ("outputs", rows.outputs),
        ("reading", rows.reading),
        ("rest", rows.end),
        ("unusable", usable),
    ];
    if outputs_end <= rows.header {
        blocks.push(("sha256", outputs_end));
    } else {
        blocks.extend([("sha256", wide_end), ("carries", rows.rsa.carries)]);
    }
    blocks.sort_by_key(|(_, first)| *first);
    blocks
}

/// The survivors that `survivors.txt` explains: `kind: reason` a line.
pub fn explained() -> BTreeSet<String> {
    let lines = include_str!("../survivors.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(':').expect("a reason").0.to_owned()).collect()
}
