//! Each gadget: its witness as it stands in the statement, and a proof of those that can stand alone.

mod common;

use common::measure;
use criterion::Criterion;
use zkdkim_benches::{
    gadgets::{Alone, Gadget, Harness, Poseidon, Rsa, Sha256},
    sample,
};
use zkdkim_circuits::{
    header::automaton::Automaton,
    statement::{constants::Constants, CircuitParams, StatementCircuit, StatementConfig},
};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{Circuit, ConstraintSystem},
};
use zkdkim_relation::{commitment, registry::DEPTH, StatementInput};

fn input() -> StatementInput {
    sample::statement(&sample::registry().expect("registry")).expect("provable").0
}

fn witnesses(criterion: &mut Criterion) {
    let input = input();
    let params = CircuitParams::default();
    let config =
        StatementConfig::configure(&mut ConstraintSystem::default(), CircuitParams::default());
    let table = config.table();
    let circuit = StatementCircuit::new(params, &input).expect("fits");
    let (rows, columns) = (&config.rows, &config.columns);

    let mut group = criterion.benchmark_group("witness");

    let symbols: Vec<u16> = input.header.iter().map(|&byte| byte.into()).collect();
    let automaton = Automaton::header();
    measure(&mut group, "header automaton run", || automaton.best_run(&symbols));
    let run = {
        let mut grid = Grid::new();
        let constants = Constants::assign(&mut grid, columns, rows.constants);
        config.bytes.assign(&mut grid, rows.header, &input.header, &constants)
    };
    measure(&mut group, "header bytes", || {
        let mut grid = Grid::new();
        let constants = Constants::assign(&mut grid, columns, rows.constants);
        config.bytes.assign(&mut grid, rows.header, &input.header, &constants)
    });
    measure(&mut group, "header extraction", || {
        config.extract.assign(&mut Grid::new(), rows.outputs, &run.run)
    });
    measure(&mut group, "sha-256, 17 blocks", || {
        config.sha256.assign(&mut Grid::new(), rows.sha256, &run.message)
    });
    let rsa = Rsa::new(&input.header, &input.signature, &input.modulus);
    measure(&mut group, "rsa-2048, first phase", || {
        let mut grid = Grid::new();
        // The digest's cells are where SHA-256 leaves them in the statement; any word column will do here.
        let digest = std::array::from_fn(|i| {
            grid.advice(columns.first().y, i, Fr::from(u64::from(rsa.digest[i])))
        });
        config.rsa.assign(&mut grid, &rows.rsa, &rsa.witness, &digest)
    });
    let challenges = [3, 5, 7].map(|i| Fr::from(i).invert().expect("not zero"));
    measure(&mut group, "rsa-2048, accumulators", || {
        let mut out = Grid::new();
        config.rsa.assign_accumulators(circuit.grid(), &mut out, &rows.rsa, challenges[0]);
        out
    });
    let poseidon = <Alone<Poseidon> as Circuit<Fr>>::configure(&mut ConstraintSystem::default());
    measure(&mut group, "poseidon, 41 permutations", || Poseidon.assign(&poseidon));
    measure(&mut group, "merkle path, 20 levels", || merkle(&config, &input));
    // Counting again over a counted witness: the same work.
    let mut counted = circuit.grid().clone();
    measure(&mut group, "logup multiplicities", || {
        config.assign_lookups(&mut counted, params.k, &table);
    });
    let usable = config.usable_rows(params.k);
    measure(&mut group, "logup sums", || {
        let mut out = Grid::new();
        let [_, theta, gamma] = challenges;
        config.logup.assign_sums(circuit.grid(), &mut out, &table, usable, theta, gamma);
        out
    });
    group.finish();
}

/// The path's permutations below a leaf.
fn merkle(config: &StatementConfig, input: &StatementInput) -> Grid<Fr> {
    let wide = config.columns.wide;
    let mut grid = Grid::new();
    let zero: CellRef =
        grid.fixed(config.columns.first().constant, config.rows.constants, Fr::ZERO);
    let leaf = commitment::key_hash(&input.modulus);
    grid.advice(wide[0], 0, leaf);
    grid.advice(wide[1], 0, leaf);
    let leaf = config.poseidon.assign(&mut grid, 0, zero);
    assert_eq!(input.path.siblings.len(), DEPTH);
    config.merkle.assign(&mut grid, leaf, &input.path, zero);
    grid
}

fn proofs(criterion: &mut Criterion) {
    let input = input();
    prove(criterion, Rsa::new(&input.header, &input.signature, &input.modulus));
    prove(criterion, Sha256::full());
    prove(criterion, Poseidon);
}

fn prove<G: Gadget>(criterion: &mut Criterion, gadget: G) {
    let mut group = criterion.benchmark_group("proof of a gadget alone, witness included");
    let harness = Harness::new(gadget).expect("keys");
    let proof = harness.prove().expect("a proof");
    harness.verify(&proof).expect("a valid proof");
    println!("{}: k = {}, proof of {} bytes", G::NAME, G::K, proof.len());
    measure(&mut group, G::NAME, || harness.prove().expect("a proof"));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    witnesses(&mut criterion);
    proofs(&mut criterion);
    criterion.final_summary();
}
