//! Forged output rows: bytes left out, moved, taken twice, read under another field, lowered
//! otherwise.

use std::collections::BTreeSet;

use zkdkim_attacks::{bump, get, names, small, Claim, SAMPLE_HEADER};
use zkdkim_circuits::{
    header::automaton::{ByteRole, END_SYMBOL},
    statement::StatementConfig,
};
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

/// First rows of the blocks, from the first output row.
const DOMAIN: usize = 124;
const SIGNER: usize = 186;
const SUBJECT: usize = 248;
const TIME: usize = 434;
const MARKS: usize = 446;

fn plan() -> Claim {
    Claim::honest(SAMPLE_HEADER.as_bytes())
}

fn refused(block: &str) -> BTreeSet<String> {
    Claim::honest(block.as_bytes()).refusals()
}

/// Output cells changed, everything behind them recomputed.
fn cells(change: impl FnOnce(&StatementConfig, &mut Grid<Fr>)) -> BTreeSet<String> {
    plan().refusals_with(change, |_, _| ())
}

/// Packs the words of `rows` again, in base 256, from the lower-case or the exact bytes.
fn pack(config: &StatementConfig, grid: &mut Grid<Fr>, first: usize, rows: usize, exact: bool) {
    let c = &config.columns;
    let column = if exact { c.wide[1] } else { c.first().x };
    for i in 0..rows {
        let row = config.rows.outputs + first + i;
        let before = if i % 31 == 0 { Fr::ZERO } else { get(grid, c.wide[0], row - 1) };
        let packed = before * small(256) + get(grid, column, row);
        grid.forge(c.wide[0], row, packed);
    }
}

/// Moves the cells of rows `first + 1 …` of a block of `rows` rows up by one.
fn close_up(config: &StatementConfig, grid: &mut Grid<Fr>, first: usize, rows: usize) {
    let c = &config.columns;
    for i in 0..rows {
        let row = config.rows.outputs + first + i;
        for column in [c.wide[1], c.wide[2], c.wide[3], c.wide[4], c.first().x] {
            let last = i + 1 == rows;
            let value = if last { Fr::ZERO } else { get(grid, column, row + 1) };
            grid.forge(column, row, value);
        }
    }
}

/// Clauses: `one-from`, `one-subject`, `version`, `algorithm`, `canonicalisation`,
/// `signing-domain`, `timestamp`.
#[test]
fn a_second_field_leaves_bytes_over() {
    let again = |extra: &str| refused(&format!("{extra}\r\n{SAMPLE_HEADER}"));
    let from = names(["extraction of field 1", "extraction of field 2"]);
    let refusals = again("from:<ann.lee@example.org>");
    assert!(from.is_subset(&refusals), "{refusals:?}");
    assert_eq!(again("subject:"), names(["extraction of field 6"]));
    assert!(
        again("subject:x").is_superset(&names(["extraction of field 4", "extraction of field 6"]))
    );
    let twice = |from: &str, to: &str| refused(&SAMPLE_HEADER.replace(from, to));
    assert_eq!(twice("s=k1", "d=example.org"), names(["extraction of field 3"]));
    assert_eq!(twice("s=k1", "t=5"), names(["extraction of field 5"]));
    assert_eq!(twice("s=k1", "v=1"), names(["extraction of field 7"]));
    assert_eq!(twice("s=k1", "a=rsa-sha256"), names(["extraction of field 8"]));
    assert_eq!(twice("s=k1", "c=relaxed"), names(["extraction of field 9"]));
}

/// Clauses: `one-from`.
#[test]
fn the_prover_cannot_choose_among_two_fields() {
    // The output rows take the second From, the first is left over.
    let block = format!("from:<eve@evil.com>\r\n{SAMPLE_HEADER}");
    let mut plan = Claim::honest(block.as_bytes());
    let eve = plan.run.iter().position(|e| e.field == ByteRole::Local).expect("a local part");
    for edge in &mut plan.output_run[eve..eve + "eve@evil.com".len()] {
        edge.field = ByteRole::None;
    }
    let expected = names(["extraction of field 1", "extraction of field 2"]);
    assert_eq!(plan.refusals(), expected);
}

/// Clauses: `one-from`, `one-subject`, `version`, `algorithm`, `canonicalisation`,
/// `signing-domain`.
#[test]
fn a_missing_field_is_refused() {
    let without = |part: &str| refused(&SAMPLE_HEADER.replacen(part, "", 1));
    let required = "extract required row[0]";
    assert_eq!(without("subject:Recover 0x12\r\n"), names([required]));
    assert_eq!(without("v=1; "), names([required]));
    assert_eq!(without("a=rsa-sha256; "), names([required]));
    assert_eq!(without("c=relaxed/relaxed; "), names([required]));
    assert_eq!(without("d=example.org; "), names(["copy wide0 to wide0"]));
    let refusals = without("from:Ann Lee <Ann.Lee@Example.org>\r\n");
    assert!(refusals.contains(required), "{refusals:?}");
    // A mark that is claimed though nothing emits it.
    let block = SAMPLE_HEADER.replace("v=1; ", "");
    let refusals = Claim::honest(block.as_bytes()).refusals_with(
        |config, grid| grid.forge(config.columns.wide[4], config.rows.outputs + MARKS + 1, Fr::ONE),
        |_, _| (),
    );
    assert_eq!(refusals, names(["extraction of field 7"]));
}

/// Clauses: `input-not-before`.
#[test]
fn no_time_is_zero() {
    let block = SAMPLE_HEADER.replace("t=1700000000; ", "");
    let refusals = Claim::honest(block.as_bytes()).refusals_with(
        |config, grid| {
            let row = config.rows.outputs + TIME;
            (row..row + 12).for_each(|row| grid.forge(config.columns.wide[0], row, small(9)));
        },
        |_, _| (),
    );
    assert_eq!(refusals, names(["extract decimal[0]"]));
}

/// Clauses: `address`, `alignment`.
#[test]
fn every_byte_is_taken() {
    let local =
        |plan: &Claim| plan.run.iter().position(|e| e.field == ByteRole::Local).expect("local");
    // A shifted start.
    let mut shifted = plan();
    let at = local(&shifted);
    shifted.output_run[at].field = ByteRole::None;
    assert_eq!(shifted.refusals(), names(["extraction of field 1"]));
    // The end left out: no longer the domain that signed.
    let mut cut = plan();
    let at = local(&cut) + "Ann.Lee@Example".len();
    for edge in &mut cut.output_run[at..at + 4] {
        edge.field = ByteRole::None;
    }
    assert_eq!(cut.refusals(), names(["copy wide0 to wide0", "extraction of field 2"]));
    // One byte in the middle left out, the rest moved up.
    let refusals = cells(|config, grid| {
        close_up(config, grid, 3, 121);
        let c = &config.columns;
        let row = config.rows.outputs + 3;
        for i in 0..121 {
            let position = get(grid, c.wide[3], row) + small(i);
            grid.forge(c.wide[3], row + i as usize, position);
            grid.forge(c.wide[2], row + i as usize, if i < 4 { Fr::ONE } else { small(2) });
        }
        pack(config, grid, 0, 124, false);
    });
    assert!(refusals.contains("extract next row[1]"), "{refusals:?}");
}

/// Clauses: `address`.
#[test]
fn a_row_in_the_middle_stays_enabled() {
    let refusals = cells(|config, grid| {
        let (c, row) = (&config.columns, config.rows.outputs + 3);
        [c.wide[1], c.wide[4], c.first().x]
            .iter()
            .for_each(|column| grid.forge(*column, row, Fr::ZERO));
        pack(config, grid, 0, 124, false);
    });
    assert_eq!(refusals, names(["extract next row[0]", "extraction of field 1"]));
}

/// Clauses: `address`, `alignment`, `input-subject`, `packing`.
#[test]
fn nothing_is_appended() {
    let appended = |first: usize, length: usize, rows: usize, exact: bool| {
        cells(|config, grid| {
            let (c, row) = (&config.columns, config.rows.outputs + first + length);
            [c.wide[1], c.first().x]
                .iter()
                .for_each(|column| grid.forge(*column, row, small(b'x'.into())));
            pack(config, grid, first, rows, exact);
        })
    };
    let row = "extract row[1]";
    assert_eq!(appended(0, 19, 124, false), names([row]));
    assert_eq!(appended(SUBJECT, 12, 186, true), names([row]));
    let refusals = appended(DOMAIN, 11, 62, false);
    assert_eq!(refusals, names([row, "copy wide0 to wide0"]));
    // With the row enabled the byte would have to be in the header.
    let refusals = cells(|config, grid| {
        let (c, row) = (&config.columns, config.rows.outputs + SUBJECT + 12);
        grid.forge(c.wide[1], row, small(b'x'.into()));
        grid.forge(c.first().x, row, small(b'x'.into()));
        grid.forge(c.wide[4], row, Fr::ONE);
        pack(config, grid, SUBJECT, 186, true);
    });
    assert_eq!(refusals, names(["extraction of field 4"]));
}

/// Clauses: `address`, `signing-domain`, `input-subject`, `input-not-before`.
#[test]
fn a_byte_is_taken_under_its_own_field() {
    let field = |first: usize, value: ByteRole| {
        cells(|config, grid| {
            grid.forge(config.columns.wide[2], config.rows.outputs + first, small(value as u64));
        })
    };
    let [one, two] = ["extraction of field 1", "extraction of field 2"];
    assert_eq!(field(9, ByteRole::Local), names([one, two]));
    assert_eq!(field(1, ByteRole::Domain), names([one, two]));
    let refusals = field(1, ByteRole::Subject);
    assert!(refusals.contains("extract address field[0]"), "{refusals:?}");
    for (first, wrong) in [(DOMAIN, 1), (SIGNER, 4), (SUBJECT, 3), (TIME, 4), (MARKS, 7)] {
        let refusals = field(first, ByteRole::ALL[wrong]);
        assert!(refusals.contains("extract field[0]"), "{refusals:?}");
    }
}

/// Clauses: `alignment`.
#[test]
fn a_domain_byte_is_taken_twice() {
    // By the address and by the domain; without the second the domain would be a shorter one.
    let refusals = cells(|config, grid| {
        let (c, row) = (&config.columns, config.rows.outputs + DOMAIN + 10);
        [c.wide[1], c.wide[4], c.first().x]
            .iter()
            .for_each(|column| grid.forge(*column, row, Fr::ZERO));
        pack(config, grid, DOMAIN, 62, false);
    });
    assert_eq!(refusals, names(["copy wide0 to wide0", "extraction of field 2"]));
    // An enabled cell of 2 instead.
    let refusals = cells(|config, grid| {
        for i in 0..11 {
            grid.forge(config.columns.wide[4], config.rows.outputs + 8 + i, small(2));
            grid.forge(config.columns.wide[4], config.rows.outputs + DOMAIN + i, Fr::ZERO);
        }
    });
    assert!(refusals.contains("extract row[0]"), "{refusals:?}");
}

/// Clauses: `subject-text`, `address-length`, `signing-domain`, `timestamp`.
#[test]
fn values_that_do_not_fit_leave_bytes_over() {
    let vary = |from: &str, to: String| refused(&SAMPLE_HEADER.replace(from, &to));
    let subject = |length: usize| vary("Recover 0x12", "s".repeat(length));
    assert_eq!(subject(186), names([]));
    assert_eq!(subject(187), names(["extraction of field 4"]));
    let time = |length: usize| vary("1700000000", "1".repeat(length));
    assert_eq!(time(12), names([]));
    assert_eq!(time(13), names(["extraction of field 5"]));
    let local = |length: usize| vary("Ann.Lee@", format!("{}@", "l".repeat(length)));
    assert_eq!(local(112), names([]));
    assert!(local(113).contains("extraction of field 2"));
    let domain = |length: usize| {
        let domain = format!("{}.org", "d".repeat(length - 4));
        let block = SAMPLE_HEADER.replace("Example.org", &domain).replace("example.org", &domain);
        refused(&block)
    };
    assert_eq!(domain(62), names([]));
    assert_eq!(domain(63), names(["extraction of field 2", "extraction of field 3"]));
}

/// Clauses: `address`, `input-subject`.
#[test]
fn lower_case_is_that_of_the_table() {
    let lower = |value: u8| {
        cells(|config, grid| {
            let (c, row) = (&config.columns, config.rows.outputs);
            assert_eq!(get(grid, c.wide[1], row), small(b'A'.into()));
            grid.forge(c.first().x, row, small(value.into()));
            pack(config, grid, 0, 124, false);
        })
    };
    assert_eq!(lower(b'A'), names(["lookup case"]));
    assert_eq!(lower(b'b'), names(["lookup case"]));
    // The subject is not lowered.
    let refusals = cells(|config, grid| pack(config, grid, SUBJECT, 186, false));
    assert_eq!(refusals, names(["pack[0]"]));
}

/// Clauses: `packing`, `input-not-before`.
#[test]
fn packed_words_and_digits_are_the_bytes() {
    let packed = |first: usize| {
        cells(|config, grid| {
            bump(grid, config.columns.wide[0], config.rows.outputs + first, Fr::ONE)
        })
    };
    assert_eq!(packed(123), names(["extract lower-case word[0]"]));
    assert_eq!(packed(SUBJECT + 185), names(["pack[0]"]));
    assert_eq!(packed(TIME + 11), names(["extract decimal[0]"]));
    let word = "extract lower-case word[0]";
    assert_eq!(packed(DOMAIN + 61), names([word, "copy wide0 to wide0"]));
}

/// Clauses: `input-subject`.
#[test]
fn positions_are_those_of_the_bytes() {
    // Both halves of the subject swapped: positions cannot go back.
    let refusals = cells(|config, grid| {
        let (c, row) = (&config.columns, config.rows.outputs + SUBJECT);
        let [a, b] = [row, row + 1].map(|row| get(grid, c.wide[1], row));
        for (row, byte) in [(row, b), (row + 1, a)] {
            grid.forge(c.wide[1], row, byte);
            grid.forge(c.first().x, row, small(0) + byte);
        }
        let lowered = |v: Fr| small(v.to_bytes()[0].to_ascii_lowercase().into());
        grid.forge(c.first().x, row, lowered(b));
        grid.forge(c.first().x, row + 1, lowered(a));
        pack(config, grid, SUBJECT, 186, true);
    });
    assert_eq!(refusals, names(["extraction of field 4"]));
    let plan = plan();
    assert!(plan.symbols.iter().filter(|s| **s != END_SYMBOL).count() == SAMPLE_HEADER.len());
}
