//! Attacks on the rows that collect the fields.

use std::ops::Range;

use zkdkim_circuits::statement::StatementConfig;
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

use super::Attack;
use crate::{get, small, Claim};

// The rows of each value, from the first output row.
const ADDRESS: Range<usize> = 0..124;
const DOMAIN: Range<usize> = 124..186;
const SIGNER: Range<usize> = 186..248;
const SUBJECT: Range<usize> = 248..434;
const TIME: Range<usize> = 434..446;
const VALUES: [Range<usize>; 5] = [ADDRESS, DOMAIN, SIGNER, SUBJECT, TIME];

/// Lengths of the values of a block.
#[derive(Clone, Copy)]
struct Lengths {
    local: usize,
    domain: usize,
    subject: usize,
    time: usize,
}

/// The least that the grammar allows, in bytes; without any `t=`.
const LEAST: Lengths = Lengths { local: 1, domain: 3, subject: 0, time: 0 };
const SHORT: Lengths = Lengths { local: 7, domain: 11, subject: 12, time: 10 };

impl Lengths {
    fn domain_text(self) -> String {
        if self.domain < 5 {
            return format!("d.{}", "o".repeat(self.domain - 2));
        }
        let mut labels = "d".repeat(self.domain - 4);
        for dot in (30..labels.len().saturating_sub(1)).step_by(30) {
            labels.replace_range(dot..=dot, ".");
        }
        format!("{labels}.org")
    }

    /// A block with these lengths, in which some parts may be others.
    fn block(self, vary: impl Fn(&str, String) -> String) -> Claim {
        let domain = self.domain_text();
        let from = vary("from", format!("from:<{}@{domain}>\r\n", "L".repeat(self.local)));
        let subject = vary("subject", format!("subject:{}\r\n", "S".repeat(self.subject)));
        let version = vary("version", "v=1; ".to_owned());
        let algorithm = vary("algorithm", "a=rsa-sha256; ".to_owned());
        let canon = vary("canonicalisation", "c=relaxed/relaxed; ".to_owned());
        let signer = vary("signer", format!("d={domain}; "));
        let time = match self.time {
            0 => String::new(),
            length => format!("t={}; ", "1".repeat(length)),
        };
        let time = vary("time", time);
        let block = format!(
            "{from}to:x@y.org\r\n{subject}dkim-signature:{version}{algorithm}{canon}{signer}s=k1; \
             {time}bh=abc=; h=from:subject; b="
        );
        Claim::honest(block.as_bytes())
    }
}

/// A block whose value ends right before row `at`.
fn full_to(at: usize) -> Option<Lengths> {
    let lengths = if ADDRESS.contains(&at) {
        let domain = (at / 2).clamp(3, 62);
        Lengths { local: at.checked_sub(domain + 1)?, domain, ..SHORT }
    } else if DOMAIN.contains(&at) {
        Lengths { domain: at - DOMAIN.start, ..SHORT }
    } else if SIGNER.contains(&at) {
        Lengths { domain: at - SIGNER.start, ..SHORT }
    } else if SUBJECT.contains(&at) {
        Lengths { subject: at - SUBJECT.start, ..SHORT }
    } else if TIME.contains(&at) {
        Lengths { time: at - TIME.start, ..SHORT }
    } else {
        return None;
    };
    Some(lengths).filter(|l| (3..=62).contains(&l.domain) && l.local > 0)
}

/// The rows of the packed word that a row belongs to.
fn word(at: usize) -> Option<Range<usize>> {
    if TIME.contains(&at) {
        return Some(TIME);
    }
    (at < SUBJECT.end).then(|| at / 31 * 31..at / 31 * 31 + 31)
}

/// Packs a word anew from a row on.
fn pack(config: &StatementConfig, grid: &mut Grid<Fr>, from: usize) {
    let (c, first) = (&config.columns, config.rows.outputs);
    let Some(word) = word(from) else { return };
    for at in from..word.end {
        let row = first + at;
        let before = if at == word.start { Fr::ZERO } else { get(grid, c.wide[0], row - 1) };
        let packed = if TIME.contains(&at) {
            let digit = get(grid, c.wide[1], row) - small(48);
            before + get(grid, c.wide[4], row) * (before * small(9) + digit)
        } else {
            let column = if SUBJECT.contains(&at) { c.wide[1] } else { c.lower };
            before * small(256) + get(grid, column, row)
        };
        grid.forge(c.wide[0], row, packed);
    }
}

/// The attacks on an output row.
pub fn attacks(at: usize) -> Vec<Attack> {
    let mut attacks = vec![lower_case(at), packed(at)];
    for enabled in [Fr::ZERO, Fr::ONE] {
        for longer in [false, true] {
            attacks.push(appended(at, enabled, longer));
        }
    }
    if DOMAIN.contains(&at) || SIGNER.contains(&at) {
        attacks.push(other_signer(at, false));
        attacks.push(other_signer(at, true));
    }
    attacks.push(rotated(at));
    attacks.push(field(at));
    attacks.push(taken_twice(at));
    attacks.extend(missing_and_double());
    attacks.push(two_times());
    attacks.push(cancelling_rows());
    attacks
}

/// A byte behind a value. Of two equal domains the other may truly have it.
fn appended(at: usize, enabled: Fr, longer: bool) -> Attack {
    let vary = move |name: &str, part: String| match name {
        "signer" if longer && DOMAIN.contains(&at) => part.replace(".org", ".orgx"),
        "from" if longer && SIGNER.contains(&at) => part.replace(".org", ".orgx"),
        _ => part,
    };
    let plan = move || Some(full_to(at)?.block(vary));
    let name = format!("a byte behind a value, row {at}, enabled {enabled:?}, longer {longer}");
    Attack::early(name, plan, move |config, grid| {
        let (c, row) = (&config.columns, config.rows.outputs + at);
        let byte = if TIME.contains(&at) { b'1' } else { b'x' };
        grid.forge(c.wide[1], row, small(byte.into()));
        grid.forge(c.lower, row, small(byte.into()));
        grid.forge(c.wide[4], row, enabled);
        pack(config, grid, at);
    })
}

/// Another field number in a row behind a value.
fn field(at: usize) -> Attack {
    let plan = || Some(LEAST.block(|_, part| part));
    Attack::early(format!("another field in row {at}"), plan, move |config, grid| {
        let row = config.rows.outputs + at;
        let field = get(grid, config.columns.wide[2], row) + small(5);
        grid.forge(config.columns.wide[2], row, field);
    })
}

/// The last byte of the address counts twice, and the domain is one byte shorter: that of another
/// signer. Or the last byte of the domain, and the address is one byte shorter.
fn taken_twice(at: usize) -> Attack {
    let lengths = move || full_to(at + 1).filter(|_| ADDRESS.contains(&at) || DOMAIN.contains(&at));
    let vary = move |name: &str, part: String| match name {
        "signer" if ADDRESS.contains(&at) => part.replace("rg; ", "r; "),
        _ => part,
    };
    let plan = move || Some(lengths()?.block(vary));
    let name = format!("a domain byte taken twice by output row {at}");
    Attack::early(name, plan, move |config, grid| {
        let (c, first) = (&config.columns, config.rows.outputs);
        let Some(lengths) = lengths() else { return };
        let last = match ADDRESS.contains(&at) {
            true => DOMAIN.start + lengths.domain - 1,
            false => lengths.local + lengths.domain,
        };
        grid.forge(c.wide[4], first + at, small(2));
        for column in [c.wide[1], c.wide[4], c.lower] {
            grid.forge(column, first + last, Fr::ZERO);
        }
        for word in (0..SIGNER.start).step_by(31) {
            pack(config, grid, word);
        }
    })
}

/// One row claims a lower-case form that is one too high; the word goes on from the claim.
fn lower_case(at: usize) -> Attack {
    let plan = || Some(SHORT.block(|_, part| part));
    Attack::early(format!("another lower-case form in row {at}"), plan, move |config, grid| {
        let row = config.rows.outputs + at;
        let lower = get(grid, config.columns.lower, row) + Fr::ONE;
        grid.forge(config.columns.lower, row, lower);
        pack(config, grid, at);
    })
}

/// Another packed value from a row on.
fn packed(at: usize) -> Attack {
    let plan = || Some(SHORT.block(|_, part| part));
    Attack::early(format!("another packed value in row {at}"), plan, move |config, grid| {
        let row = config.rows.outputs + at;
        let packed = get(grid, config.columns.wide[0], row) + Fr::ONE;
        grid.forge(config.columns.wide[0], row, packed);
        pack(config, grid, at + 1);
    })
}

/// The signer is another domain than that of the address; if `agrees`, its packed word is made to be
/// that of the address, by one row.
fn other_signer(at: usize, agrees: bool) -> Attack {
    let second = (at - DOMAIN.start) % 62 >= 31;
    let lengths = Lengths { domain: if second { 45 } else { 11 }, ..SHORT };
    let vary = move |name: &str, part: String| match name {
        "signer" if second => part.replace("d.org", "e.org"),
        "signer" => part.replace("d=d", "d=e"),
        _ => part,
    };
    let name = format!("another signer, row {at}, agrees {agrees}");
    Attack::early(
        name,
        move || Some(lengths.block(vary)),
        move |config, grid| {
            let (Some(word), true) = (word(at), agrees) else { return };
            let (wide, first) = (config.columns.wide[0], config.rows.outputs);
            let end = first + word.end - 1;
            let other = if DOMAIN.contains(&at) { end + DOMAIN.len() } else { end - DOMAIN.len() };
            let missing = get(grid, wide, other) - get(grid, wide, end);
            let weight = small(256).pow_vartime([(word.end - 1 - at) as u64]);
            let packed = get(grid, wide, first + at) + missing * weight.invert().expect("not zero");
            grid.forge(wide, first + at, packed);
            pack(config, grid, at + 1);
        },
    )
}

/// The bytes of a value taken in another order: from the middle to the end, then from the start, so
/// that positions jump back in row `at`.
fn rotated(at: usize) -> Attack {
    let values = VALUES.into_iter().find(|rows| rows.contains(&at));
    let first = values.clone().map_or(0, |rows| at - rows.start);
    // Two labels, of which every rotation but two is a domain.
    let labels = if (31..33).contains(&first) { [10, 51] } else { [30, 31] };
    let whole = format!("{}.{}", "a".repeat(labels[0]), "b".repeat(labels[1]));
    let turned = match whole.len().checked_sub(first) {
        Some(start) => format!("{}{}", &whole[start..], &whole[..start]),
        None => whole.clone(),
    };
    let [from, signer] = match &values {
        Some(rows) if *rows == DOMAIN => [whole, turned],
        Some(rows) if *rows == SIGNER => [turned, whole],
        _ => [whole.clone(), whole],
    };
    let vary = move |name: &str, part: String| match name {
        "from" => format!("from:<{}@{from}>\r\n", "L".repeat(61)),
        "signer" => format!("d={signer}; "),
        "time" => "t=123456789012; ".to_owned(),
        "subject" => format!("subject:{}{}\r\n", "S".repeat(93), "T".repeat(93)),
        _ => part,
    };
    let plan = move || (first > 0).then(|| SHORT.block(&vary));
    Attack::early(format!("a value read from its middle, row {at}"), plan, move |config, grid| {
        let c = &config.columns;
        let rows = values.clone().expect("there was a plan");
        let row = |i: usize| config.rows.outputs + rows.start + i;
        let columns = [c.wide[1], c.wide[2], c.wide[3], c.wide[4], c.lower];
        let enabled = (0..rows.len()).filter(|i| get(grid, c.wide[4], row(*i)) == Fr::ONE);
        let length = enabled.count();
        if first >= length {
            return;
        }
        let held = (0..length).map(|i| columns.map(|column| get(grid, column, row(i))));
        let held: Vec<[Fr; 5]> = held.collect();
        for i in 0..rows.len() {
            if i < length {
                let values = held[(i + length - first) % length];
                for (column, value) in columns.into_iter().zip(values) {
                    grid.forge(column, row(i), value);
                }
            } else {
                let position = get(grid, c.wide[3], row(i - 1)) + Fr::ONE;
                grid.forge(c.wide[3], row(i), position);
            }
        }
        let step = if rows == TIME { rows.len() } else { 31 };
        for word in (0..rows.len()).step_by(step) {
            pack(config, grid, rows.start + word);
        }
    })
}

/// Values that are missing or there twice.
fn missing_and_double() -> Vec<Attack> {
    let mut attacks = vec![Attack::plan("no From and no signer", || {
        Some(SHORT.block(|name, part| match name {
            "from" | "signer" => String::new(),
            _ => part,
        }))
    })];
    for of in ["subject", "version", "algorithm", "canonicalisation"] {
        attacks.push(Attack::plan(format!("no {of}"), move || {
            Some(SHORT.block(|name, part| if name == of { String::new() } else { part }))
        }));
    }
    for of in ["from", "subject", "version", "algorithm", "canonicalisation", "signer", "time"] {
        attacks.push(Attack::plan(format!("{of} twice"), move || {
            Some(SHORT.block(|name, part| if name == of { part.repeat(2) } else { part }))
        }));
    }
    attacks
}

/// Two tags `t=` read as one number, with disabled rows where the bytes between them stand.
fn two_times() -> Attack {
    let vary = |name: &str, part: String| match name {
        "time" => "t=1; t=2; ".to_owned(),
        _ => part,
    };
    let plan = move || Some(SHORT.block(vary));
    Attack::early("two times with disabled rows between", plan, |config, grid| {
        let (c, row) = (&config.columns, config.rows.outputs + TIME.start + 5);
        grid.forge(c.wide[1], row, small(b'2'.into()));
        grid.forge(c.lower, row, small(b'2'.into()));
        grid.forge(c.wide[4], row, Fr::ONE);
        pack(config, grid, TIME.start);
    })
}

/// Two rows behind the values take the byte 0 at one position, one of them less than no times.
fn cancelling_rows() -> Attack {
    let plan = || Some(SHORT.block(|_, part| part));
    Attack::early("enabled flags 2 and -2", plan, |config, grid| {
        let (c, first) = (&config.columns, config.rows.outputs);
        let address = first + SHORT.local + 1 + SHORT.domain;
        grid.forge(c.wide[2], address, small(2));
        grid.forge(c.wide[4], address, small(2));
        grid.forge(c.wide[4], first + DOMAIN.start + SHORT.domain, -small(2));
    })
}
