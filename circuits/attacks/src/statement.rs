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
use zkdkim_circuits::{
    header::{automaton::Automaton, extract, BYTES},
    layout::RANGE_BITS,
    logup::LookupTable,
    poseidon,
    spread::spread,
    statement::{CircuitParams, StatementConfig},
};
use zkdkim_grid::Grid;
use zkdkim_testkit::{anchor::Anchors, Alteration, Cell, Image, Sweep};

use crate::{get, small, ForgedCircuit, Plan, BLOCK, K};

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
    /// The statement for the block that forgeries start from.
    pub fn new() -> Self {
        let mut meta = ConstraintSystem::default();
        let config = StatementConfig::configure(&mut meta, CircuitParams::default());
        let circuit = Plan::honest(BLOCK.as_bytes()).circuit(|_, _| (), |_, _| ());
        let (c, rows) = (&config.columns, &config.rows);
        let mut columns: Vec<(String, Column<Advice>)> = Vec::new();
        let mut add = |name: &str, list: &[Column<Advice>]| {
            let names = list.iter().enumerate().map(|(i, column)| (format!("{name}{i}"), *column));
            columns.extend(names);
        };
        add("range", &c.first().range);
        add("spread", &c.first().spread);
        add("x", &[c.first().x]);
        add("y", &[c.first().y]);
        add("wide", &c.wide);
        add("m", &[c.multiplicity]);
        add("acc", &[c.acc]);
        add("helper", &c.first().helper);
        add("extract", &[c.extract]);
        add("phi", &[c.phi]);
        columns.sort_by_key(|(_, column)| column.index());
        let blocks = vec![
            ("poseidon", rows.poseidon),
            ("digest", rows.poseidon + poseidon::MAX_ROWS),
            ("horner", rows.rsa.horner),
            ("products", rows.rsa.products),
            ("sha256", rows.rsa.products + 102),
            ("header", rows.header),
            ("modulus", rows.rsa.modulus),
            ("carries", rows.rsa.carries),
            ("outputs", rows.outputs),
            ("rest", rows.end),
            ("unusable", config.usable_rows(K)),
        ];
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
        let table = LookupTable::new(false);
        let grid = &self.circuit.grid;
        let second = self.config.assign_second_phase(grid, K, &table, challenges);
        let instance = vec![self.circuit.instances()];
        Image::new(&self.meta, K, &[grid, &second], instance, challenges.to_vec())
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
        if c.first().range.contains(&column) && !by_gates.contains(&cell) {
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
        let c = &self.config.columns;
        let column = c.first().range.iter().position(|column| column.index() == cell.column);
        let Some(i) = column else { return Vec::new() };
        let dense = number(value).filter(|value| *value < 1 << RANGE_BITS[i]);
        let formed = dense
            .map(|dense| (Cell::new(c.first().spread[i], cell.row), small(spread(dense as u32))));
        formed.into_iter().collect()
    }

    /// What the logUp argument notices.
    fn argument(&self, image: &Image<Fr>, changed: &[Cell]) -> Option<String> {
        let (c, rows) = (&self.config.columns, &self.config.rows);
        let get = |column: Column<Advice>, row| image.get(Cell::new(column, row));
        for cell in changed {
            let row = cell.row;
            if row >= self.config.usable_rows(K) - 1 {
                continue;
            }
            if cell.column == c.multiplicity.index() {
                return Some("multiplicity".to_owned());
            }
            for (i, bits) in RANGE_BITS.into_iter().enumerate() {
                if [c.first().range[i], c.first().spread[i]]
                    .iter()
                    .any(|column| column.index() == cell.column)
                {
                    let dense =
                        number(get(c.first().range[i], row)).filter(|dense| *dense < 1 << bits);
                    let held = dense.map(|dense| small(spread(dense as u32)));
                    if held != Some(get(c.first().spread[i], row)) {
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
                && [c.wide[1], c.first().x].iter().any(|column| column.index() == cell.column)
            {
                let byte = number(get(c.wide[1], row)).filter(|byte| *byte < 256);
                let lower = byte.map(|byte| small(u64::from((byte as u8).to_ascii_lowercase())));
                if lower != Some(get(c.first().x, row)) {
                    return Some("lookup case".to_owned());
                }
            }
        }
        let in_extraction = |cell: &Cell| {
            (rows.header..rows.outputs + extract::ROWS).contains(&cell.row)
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
        let mut grid = self.grid.borrow_mut();
        let mut undo = Vec::new();
        for cell in changed {
            let column = self.columns[cell.column].1;
            let read = c.first().range.contains(&column) || column == c.wide[1];
            if read && (cell.row >= rows.rsa.horner && cell.row < rows.outputs) {
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
        for row in 0..self.config.usable_rows(K) - 1 {
            for (dense, spread) in c.first().range.iter().zip(c.first().spread) {
                anchors.looked_up([Cell::new(*dense, row), Cell::new(spread, row)]);
            }
            anchors.looked_up([Cell::new(c.multiplicity, row)]);
        }
        for i in 0..BYTES {
            let row = rows.header + i;
            let edge = [(c.wide[0], row), (c.wide[1], row), (c.wide[2], row), (c.wide[0], row + 1)];
            anchors.looked_up(edge.map(|(column, row)| Cell::new(column, row)));
        }
        for row in rows.outputs..rows.outputs + extract::ROWS {
            let columns = [c.wide[1], c.wide[2], c.wide[3], c.wide[4], c.first().x];
            anchors.looked_up(columns.map(|column| Cell::new(column, row)));
        }
        anchors
    }
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
