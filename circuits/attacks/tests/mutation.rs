//! Bugs planted in the statement's circuit: a quick sample of what `mutate` runs in full, and what
//! its verdicts rest on.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_attacks::{
    bump,
    determinism::subject::LAYOUTS,
    mutants::Suite,
    names, refusals,
    report::{reason, Report},
    small,
    statement::Statement,
    ForgedCircuit,
};
use zkdkim_circuits::statement::{CircuitParams, StatementConfig};
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::bn256::Fr;

/// Mutants of the quick run, in each layout.
const COUNT: usize = 15;

#[test]
fn planted_bugs_are_noticed_or_explained() {
    for (seed, (layout, params)) in (11..).zip(LAYOUTS) {
        let statement = Statement::in_layout(params);
        let mut suite = Suite::new(&statement);
        assert_eq!(suite.refused_honest(), [""; 0], "{layout}");
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (mut missed, mut unexplained) = (0, Vec::new());
        for mutant in suite.sample(seed, COUNT) {
            let name = suite.describe(mutant);
            if suite.notice(mutant, &mut rng).is_none() {
                missed += 1;
                unexplained.extend(reason(&name).is_none().then_some(name));
            }
        }
        assert_eq!(unexplained, [""; 0], "{layout}");
        assert!(missed <= 1, "{missed} of {COUNT} not noticed, {layout}");
    }
}

/// The checked-in result is one of this circuit, and good enough.
#[test]
fn the_last_result_of_mutate_is_of_this_circuit() {
    let results = [include_str!("../mutants/on-chain.json"), include_str!("../mutants/quick.json")];
    for ((layout, params), result) in LAYOUTS.into_iter().zip(results) {
        let report: Report = serde_json::from_str(result).expect("a report");
        let statement = Statement::in_layout(params);
        let suite = Suite::new(&statement);
        let sample = suite.sample(report.seed, report.mutants.len());
        let names: Vec<String> = sample.iter().map(|mutant| suite.describe(*mutant)).collect();
        let reported: Vec<&str> = report.mutants.iter().map(|e| e.mutant.as_str()).collect();
        assert_eq!(names, reported, "run `just mutate --write --layout {layout}`");
        assert_eq!(report, Report::new(report.seed, report.mutants.clone()));
        assert!(report.mutants.len() >= 100 && report.is_good(), "{layout}");
    }
}

/// Where one cell of the lookup argument's sums is free, a pair that is in no table passes: that is
/// what `mutate` takes for granted when a constraint of these sums is left out.
#[test]
fn a_free_sum_takes_any_tuple() {
    // The sum that is left over goes into one cell of one row, and from there to the end.
    type Close = fn(&StatementConfig, &mut Grid<Fr>, Fr);
    let closed: [(&str, Close); 4] = [
        ("logup range fractions[0]", |config, grid, rest| {
            bump(grid, config.columns.first().helper[0], 100, -rest);
            shift(config, grid, 101, rest);
        }),
        ("logup extraction fraction[0]", |config, grid, rest| {
            bump(grid, config.columns.extract, 100, -rest);
            shift(config, grid, 101, rest);
        }),
        ("logup running sum[0]", |config, grid, rest| shift(config, grid, 101, rest)),
        // The pair stands for the sum that does not begin at zero.
        ("lookup spread 0", |config, grid, rest| shift(config, grid, 0, rest)),
    ];
    for (expected, close) in closed {
        let mut circuit = ForgedCircuit::late(|config, grid| {
            grid.forge(config.columns.first().range[0], config.rows.end + 10, small(1 << 11));
            grid.forge(config.columns.first().spread[0], config.rows.end + 10, small(1 << 22));
        });
        circuit.second = Some(std::sync::Arc::new(move |config, grid: &mut Grid<Fr>| {
            let last = config.usable_rows(CircuitParams::ON_CHAIN.k) - 1;
            let rest = zkdkim_attacks::get(grid, config.columns.phi, last);
            close(config, grid, rest);
        }));
        assert_eq!(refusals(&circuit), names([expected]));
    }
}

/// Takes `rest` off the running sum from a row on.
fn shift(config: &StatementConfig, grid: &mut Grid<Fr>, from: usize, rest: Fr) {
    for row in from..config.usable_rows(CircuitParams::ON_CHAIN.k) {
        bump(grid, config.columns.phi, row, -rest);
    }
}

#[test]
fn the_table_holds_what_its_parts_are_defined_to_hold() {
    for (layout, params) in LAYOUTS {
        let statement = Statement::in_layout(params);
        assert!(statement.table_is_as_defined(&statement.image()), "{layout}");
    }
}
