//! The statement as the test kit sees it.
//!
//! The logUp argument is replaced by what it proves: range pairs and tuples must be in their
//! tables, emitted and consumed bytes must cancel. RSA's accumulators are recomputed after each
//! alteration.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use halo2_proofs::{
    halo2curves::{bn256::Fr, ff::Field as _},
    plonk::{Advice, Column, ConstraintSystem},
};
use halo2_rsa::RsaRows;
use zkdkim_circuits::{
    header::{automaton::Automaton, extract, BYTES},
    layout::{Rows, RANGE_BITS},
    poseidon,
    spread::spread,
    statement::{CircuitParams, StatementConfig},
};
use zkdkim_grid::Grid;
use zkdkim_testkit::{anchor::Anchors, Alteration, Cell, Image, Sweep};

use crate::{get, small, ForgedCircuit, Plan, BLOCK};

/// The circuit of an honest witness, with names for its columns and rows.
pub struct Statement {
    /// The constraints.
    pub meta: ConstraintSystem<Fr>,
    config: StatementConfig,
    circuit: ForgedCircuit,
    point: Fr,
    /// Name and column, by index.
    pub columns: Vec<(String, Column<Advice>)>,
    /// Name and first row of each block of rows, from the top.
    blocks: Vec<(&'static str, usize)>,
    edges: BTreeSet<[u64; 4]>,
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
        let mut meta = ConstraintSystem::default();
        let config = StatementConfig::configure(&mut meta, layout);
        let plan = Plan::honest(BLOCK.as_bytes()).in_layout(layout);
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
        let edges = Automaton::header().edges().iter();
        let edges = edges
            .map(|e| [e.state.into(), e.symbol.into(), e.next.into(), e.field as u64])
            .collect();
        let grid = RefCell::new((*circuit.grid).clone());
        Self {
            meta,
            config,
            circuit,
            point: small(0xabcdef).square(),
            columns,
            blocks,
            edges,
            grid,
        }
    }

    /// Its whole assignment.
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

    /// What the logUp argument notices.
    fn argument(&self, image: &Image<Fr>, changed: &[Cell]) -> Option<String> {
        let (c, rows) = (&self.config.columns, &self.config.rows);
        let get = |column: Column<Advice>, row| image.get(Cell::new(column, row));
        for cell in changed {
            let row = cell.row;
            if row >= self.config.usable_rows(self.circuit.params.k) - 1 {
                continue;
            }
            if cell.column == c.multiplicity.index() {
                return Some("multiplicity".to_owned());
            }
            let narrow = c.narrow.is_some_and(|narrow| narrow.multiplicity.index() == cell.column);
            if narrow && row < 1 << RANGE_BITS[2] {
                return Some("narrow multiplicity".to_owned());
            }
            for lane in &c.lanes {
                for (i, bits) in RANGE_BITS.into_iter().enumerate() {
                    let pair = [lane.range[i], lane.spread[i]];
                    if pair.iter().all(|column| column.index() != cell.column) {
                        continue;
                    }
                    let dense = number(get(lane.range[i], row)).filter(|dense| *dense < 1 << bits);
                    let held = dense.map(|dense| small(spread(dense as u32)));
                    if held != Some(get(lane.spread[i], row)) {
                        return Some(format!("lookup spread {i}"));
                    }
                }
            }
            for row in [row, row.saturating_sub(1)] {
                let edge =
                    [(c.wide[0], row), (c.wide[1], row), (c.wide[0], row + 1), (c.wide[2], row)];
                let reads = edge.iter().any(|(column, at)| Cell::new(*column, *at) == *cell);
                if (rows.header..rows.header + BYTES).contains(&row) && reads {
                    let edge: Option<Vec<u64>> =
                        edge.iter().map(|(c, r)| number(get(*c, *r))).collect();
                    let found = edge.and_then(|edge| edge.try_into().ok());
                    if !found.is_some_and(|edge: [u64; 4]| self.edges.contains(&edge)) {
                        return Some("lookup automaton".to_owned());
                    }
                }
            }
            if (rows.outputs..rows.outputs + extract::ROWS).contains(&row)
                && [c.wide[1], c.lower].iter().any(|column| column.index() == cell.column)
            {
                let byte = number(get(c.wide[1], row)).filter(|byte| *byte < 256);
                let lower = byte.map(|byte| small(u64::from((byte as u8).to_ascii_lowercase())));
                if lower != Some(get(c.lower, row)) {
                    return Some("lookup case".to_owned());
                }
            }
        }
        let in_extraction = |cell: &Cell| {
            let bytes = rows.header..rows.header + BYTES;
            let outputs = rows.outputs..rows.outputs + extract::ROWS;
            (bytes.contains(&cell.row) || outputs.contains(&cell.row))
                && c.wide[1..].iter().any(|column| column.index() == cell.column)
        };
        (changed.iter().any(in_extraction) && !self.extraction_cancels(image))
            .then(|| "extraction".to_owned())
    }

    fn extraction_cancels(&self, image: &Image<Fr>) -> bool {
        let (c, rows, grid) = (&self.config.columns, &self.config.rows, &self.circuit.grid);
        let [byte, field, position, enabled] = [1, 2, 3, 4].map(|i| image.column(c.wide[i]));
        let weight = grid.fixed_column(c.weight, rows.end);
        let mut sums: BTreeMap<[[u8; 32]; 3], Fr> = BTreeMap::new();
        let mut add = |key: [Fr; 3], weight: Fr| {
            if weight != Fr::ZERO {
                *sums.entry(key.map(|v| v.to_bytes())).or_insert(Fr::ZERO) += weight;
            }
        };
        for i in 0..BYTES {
            let row = rows.header + i;
            add([field[row], small(i as u64), byte[row]], field[row]);
        }
        for row in rows.outputs..rows.outputs + extract::ROWS {
            add([field[row], position[row], byte[row]], weight[row] * enabled[row]);
        }
        sums.values().all(|sum| *sum == Fr::ZERO)
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
        Sweep::new(self.image())
            .following(|_, cell, value| self.follow(cell, value))
            .later(|image, changed| self.later(image, changed))
            .argument(
                |gate| gate.starts_with("logup"),
                |image, changed| self.argument(image, changed),
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
        anchors
    }
}

/// Name and first row of each block of rows, from the top. Where blocks stand side by side, that of the wide columns.
fn blocks(rows: &Rows, usable: usize) -> Vec<(&'static str, usize)> {
    let wide_end = rows.rsa.products + RsaRows::LENGTHS.products;
    let outputs_end = rows.outputs + extract::ROWS;
    let mut blocks = vec![
        ("poseidon", rows.poseidon),
        ("digest", rows.poseidon + poseidon::MAX_ROWS),
        ("horner", rows.rsa.horner),
        ("products", rows.rsa.products),
        ("header", rows.header),
        ("modulus", rows.rsa.modulus),
        ("outputs", rows.outputs),
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

/// A field element that fits 64 bits.
fn number(value: Fr) -> Option<u64> {
    let bytes = value.to_bytes();
    let low = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    bytes[8..].iter().all(|b| *b == 0).then_some(low)
}

/// The survivors that `survivors.txt` explains: `kind: reason` a line.
pub fn explained() -> BTreeSet<String> {
    let lines = include_str!("../survivors.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once(':').expect("a reason").0.to_owned()).collect()
}
