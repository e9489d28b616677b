//! Prints what surrounds the identities: transcript, inversions, values of lines and instance columns, and the opening
//! of each group.
//!
//! With f_r = u^m − z·ω^r, Z_g(u) = Π_r f_r and K_r = Π_(s≠r) 1/(ω^r − ω^s), what the opening needs of a group is
//!
//! ```text
//! R_g(u)/Z_g(u) = z^(1−|R_g|) · Σ_r K_r/f_r · Σ_i u^i e_(i,r)
//! ```
//!
//! The sum of fractions is brought to the denominator Z_g(u) term by term, n/d + a/f = (n·f + a·d)/(d·f), so there is
//! one inverse for each set of rotations; the instance columns' sums x_i/(z·ω^-i − 1) likewise.

use std::collections::{BTreeMap, BTreeSet};

use zkdkim_plonk::{
    folded::{
        protocol::{Column, Group, Leaf, Protocol},
        VerifyingKey,
    },
    halo2curves::{
        bn256::Fr,
        ff::{Field, PrimeField},
    },
};

use super::code::MAX_BOUND;
use super::{
    layout::{divisor, last_row, quotient_divisor, Divisor, Drawn, Layout, POINT, WORD},
    room::{load, Room},
};

/// Words of range checks in one statement.
const CHECKED_TOGETHER: usize = 8;

/// ω^i of the key's domain.
pub(super) fn omega(protocol: &Protocol, i: i64) -> Fr {
    let k = protocol.shape().k;
    let omega = (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |w, _| w.square());
    omega.pow([i.rem_euclid(1i64 << k) as u64])
}

/// Lines of one block, without indentation.
#[derive(Debug, Default)]
pub(super) struct Lines(pub Vec<String>);

impl Lines {
    fn push(&mut self, line: impl Into<String>) {
        self.0.push(line.into());
    }

    fn extend<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        self.0.extend(lines.into_iter().map(str::to_owned));
    }

    /// Indented text for the template.
    pub fn indented(&self, spaces: usize) -> String {
        indented(&self.0.join("\n"), spaces)
    }
}

pub(super) fn indented(text: &str, spaces: usize) -> String {
    let pad = " ".repeat(spaces);
    let line = |l: &str| if l.is_empty() { String::new() } else { format!("{pad}{l}") };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Copies of a proof's messages to their places.
pub(super) fn copies(layout: &Layout) -> Lines {
    let mut lines = Lines::default();
    for message in layout.draws.iter().filter_map(|d| d.message) {
        let from = match message.at {
            0 => "proofAt".to_owned(),
            at => format!("add(proofAt, {at:#x})"),
        };
        lines.push(format!("calldatacopy({:#x}, {from}, {:#x})", message.place, message.bytes));
    }
    lines
}

/// Sets `bad` where one of the words is not below the group order; `top` is the order less one.
pub(super) fn range_checks(addresses: &[usize]) -> Lines {
    let mut lines = Lines::default();
    for together in addresses.chunks(CHECKED_TOGETHER) {
        let all = together
            .iter()
            .fold("bad".to_owned(), |acc, at| format!("or(gt({}, top), {acc})", load(*at)));
        lines.push(format!("bad := {all}"));
    }
    lines
}

/// Checks of the points of a proof: coordinates below the modulus in `large`, the curve's equation in `off`.
pub(super) fn point_checks(layout: &Layout) -> Lines {
    let mut lines = Lines::default();
    for at in layout.points() {
        lines.push(format!("px := {}", load(at)));
        lines.push(format!("py := {}", load(at + POINT / 2)));
        lines.push("large := or(gt(px, top), or(gt(py, top), large))");
        lines.push("px := addmod(mulmod(mulmod(px, px, q), px, q), 3, q)");
        lines.push("off := or(xor(mulmod(py, py, q), px), off)");
    }
    lines
}

/// Hashing steps, in the order of the protocol.
pub(super) fn transcript(layout: &Layout) -> Lines {
    let mut lines = Lines::default();
    for (i, draw) in layout.draws.iter().enumerate() {
        match (i, draw.message) {
            (0, message) => {
                let end = message
                    .map_or(layout.inputs + WORD * layout.public_inputs, |m| m.place + m.bytes);
                let bytes = end - layout.digest;
                lines.push(format!("hash := keccak256({:#x}, {bytes:#x})", layout.digest));
            }
            (_, Some(m)) => {
                lines.push(format!("hash := absorb(hash, {:#x}, {:#x})", m.place, m.bytes));
            }
            (_, None) => lines.push("hash := again(hash)"),
        }
        if let Some(challenge) = draw.challenge {
            let name = match challenge {
                Drawn::Circuit(i) => format!("the circuit's challenge {i}"),
                other => format!("{other:?}").to_lowercase(),
            };
            let at = layout.challenge(challenge);
            lines.push(format!("mstore({at:#x}, mod(hash, r)) // {name}"));
        }
    }
    lines
}

/// What is computed from z and u before anything is divided: powers, factors, numerators and divisors.
pub(super) fn fractions(vk: &VerifyingKey, room: &mut Room<'_>) -> Lines {
    let protocol = vk.protocol();
    let layout = room.layout;
    let mut lines = Lines::default();
    lines.push(store(layout.divisor(&Divisor::Z), "z"));
    for divisor in &layout.divisors {
        if let Divisor::Row(row) = divisor {
            let minus = room.constant(&-omega(protocol, *row)).text;
            lines.push(store(layout.divisor(divisor), &format!("add(z, {minus})")));
        }
    }
    lines.push("x := z");
    lines.extend((0..protocol.shape().k).map(|_| "x := mulmod(x, x, r)"));
    lines.push("x := addmod(x, sub(r, 1), r) // z^n - 1");
    lines.push(store(layout.vanishing, "x"));
    lines.push(store(layout.divisor(&Divisor::Vanishing), "x"));
    for (column, rotation) in &layout.instance_cells {
        inputs(protocol, room, &mut lines, *column, *rotation);
    }

    lines.push(store(layout.divisor(&quotient_divisor()), "add(u, sub(r, z))"));
    let mut fold = 0;
    for (factor_fold, rotation) in &layout.factors {
        if fold != *factor_fold {
            fold = *factor_fold;
            lines.push(format!("x := {} // u^{fold}", power("u", fold)));
        }
        let minus = match rotation {
            0 => "sub(r, z)".to_owned(),
            other => {
                let minus = room.constant(&-omega(protocol, i64::from(*other))).text;
                format!("mulmod(z, {minus}, r)")
            }
        };
        let place = layout.factor((fold, *rotation));
        lines.push(format!(
            "{} // u^{fold} - z omega^{rotation}",
            store(place, &format!("add(x, {minus})"))
        ));
    }
    let mut divided = BTreeSet::from([quotient_divisor()]);
    for (i, group) in protocol.groups().enumerate() {
        if layout.sent_numerator(group).is_none() {
            numerator(protocol, room, &mut lines, group);
            lines.push(store(layout.numerators + WORD * i, "n"));
        }
        let divisor = divisor(group);
        if divided.insert(divisor.clone()) {
            let value = match &group.rotations[..] {
                [rotation] => load(layout.factor((group.fold, *rotation))),
                _ => "d".into(),
            };
            lines.push(store(layout.divisor(&divisor), &value));
        }
    }
    lines
}

fn store(address: usize, value: &str) -> String {
    format!("mstore({address:#x}, {value})")
}

/// `n`/`d` = Σ x_i ω^(i−rotation) / (z − ω^(i−rotation)), times n/(z^n − 1) the instance column's value.
fn inputs(protocol: &Protocol, room: &mut Room<'_>, lines: &mut Lines, column: u32, rotation: i32) {
    let layout = room.layout;
    let counts = &protocol.shape().public_inputs;
    let before: usize = counts[..column as usize].iter().sum();
    lines.push(format!("// instance column {column} at rotation {rotation}"));
    lines.push("n := 0");
    lines.push("d := 1");
    let step = room.constant(&omega(protocol, -1)).text;
    for row in 0..counts[column as usize] {
        lines.push(match (row, rotation) {
            (0, 0) => "x := z".into(),
            (0, _) => {
                let first = room.constant(&omega(protocol, i64::from(rotation))).text;
                format!("x := mulmod(z, {first}, r)")
            }
            _ => format!("x := mulmod(x, {step}, r)"),
        });
        lines.push("f := sub(add(x, r), 1)");
        let input = load(layout.inputs + WORD * (before + row));
        if row == 0 {
            lines.push(format!("n := {input}"));
            lines.push("d := f");
        } else {
            lines.push(format!("n := add(mulmod(n, f, r), mulmod({input}, d, r))"));
            lines.push("d := mulmod(d, f, r)");
        }
    }
    lines.push(store(layout.instance(column, rotation), "n"));
    lines.push(store(layout.divisor(&Divisor::Inputs(column, rotation)), "d"));
}

/// `n`/`d` = Σ_r K_r/f_r · Σ_i u^i e_(i,r).
fn numerator(protocol: &Protocol, room: &mut Room<'_>, lines: &mut Lines, group: &Group) {
    let layout = room.layout;
    lines.push(format!("// {}", describe(group)));
    for (place, rotation) in group.rotations.iter().enumerate() {
        let lane = |c: &Column| load(layout.evaluation(*c, *rotation));
        let mut columns = group.columns.iter().rev();
        lines.push(format!("e := {}", columns.next().map_or("0".into(), lane)));
        for column in columns {
            lines.push(format!("e := add(mulmod(e, u, r), {})", lane(column)));
        }
        let others = group.rotations.iter().filter(|s| *s != rotation);
        let product: Fr = others
            .map(|s| omega(protocol, i64::from(*rotation)) - omega(protocol, i64::from(*s)))
            .product();
        let weight = product.invert().unwrap_or(Fr::ZERO);
        let term = match weight == Fr::ONE {
            true => "e".to_owned(),
            false => format!("mulmod(e, {}, r)", room.constant(&weight).text),
        };
        let factor = load(layout.factor((group.fold, *rotation)));
        if place == 0 {
            lines.push(format!("n := {term}"));
            if group.rotations.len() > 1 {
                lines.push(format!("d := {factor}"));
            }
        } else {
            lines.push(format!("f := {factor}"));
            lines.push(format!("n := add(mulmod(n, f, r), mulmod({term}, d, r))"));
            lines.push("d := mulmod(d, f, r)");
        }
    }
}

/// Products of the divisors; then, from the inverse of all, that of each.
pub(super) fn inversions(layout: &Layout) -> (Lines, Lines) {
    let (mut forward, mut backward) = (Lines::default(), Lines::default());
    let place = |i: usize| layout.divisors_at + WORD * i;
    let product = |i: usize| layout.products + WORD * i;
    forward.push(format!("let product := {}", load(place(0))));
    for i in 1..layout.divisors.len() {
        forward.push(store(product(i), "product"));
        forward.push(format!("product := mulmod(product, {}, r)", load(place(i))));
    }
    for i in (1..layout.divisors.len()).rev() {
        backward.push(format!("d := {}", load(place(i))));
        backward.push(store(place(i), &format!("mulmod(inverse, {}, r)", load(product(i)))));
        backward.push("inverse := mulmod(inverse, d, r)");
    }
    backward.push(store(place(0), "inverse"));
    (forward, backward)
}

/// x^exponent as nested squares; the exponent is small.
fn power(x: &str, exponent: usize) -> String {
    match exponent {
        0 => "1".into(),
        1 => x.into(),
        e if e % 2 == 1 => format!("mulmod({x}, {}, r)", power(x, e - 1)),
        // A square needs its root twice: helpers of the template.
        2 => format!("mulmod({x}, {x}, r)"),
        e => format!("square({}, r)", power(x, e / 2)),
    }
}

/// l_0, l_last, the product over inactive rows, and the instance columns, at z.
pub(super) fn lines_at_z(vk: &VerifyingKey, room: &mut Room<'_>) -> Lines {
    let protocol = vk.protocol();
    let shape = protocol.shape();
    let layout = room.layout;
    let mut lines = Lines::default();
    let rows = Fr::from(1u64 << shape.k);
    let n_inverse = room.constant(&rows.invert().unwrap_or(Fr::ZERO)).text;
    let leaves: BTreeSet<Leaf> = protocol.identities().leaves().collect();
    lines.push(format!(
        "let scale := mulmod({}, {n_inverse}, r) // (z^n - 1)/n",
        load(layout.vanishing)
    ));
    for (leaf, row) in [(Leaf::First, 0), (Leaf::Last, last_row(protocol))] {
        if leaves.contains(&leaf) {
            let inverse = load(layout.divisor(&Divisor::Row(row)));
            let value = match row {
                0 => format!("mulmod(scale, {inverse}, r)"),
                _ => {
                    let omega = room.constant(&omega(protocol, row)).text;
                    format!("mulmod(scale, mulmod({inverse}, {omega}, r), r)")
                }
            };
            lines.push(store(layout.line(leaf), &value));
        }
    }
    for (column, rotation) in &layout.instance_cells {
        let at = layout.instance(*column, *rotation);
        let inverse = load(layout.divisor(&Divisor::Inputs(*column, *rotation)));
        let value = format!("mulmod(scale, mulmod({}, {inverse}, r), r)", load(at));
        lines.push(store(at, &value));
    }
    if leaves.contains(&Leaf::Active) {
        lines.push(format!("let z := {}", load(layout.challenge(Drawn::Z))));
        for i in 1..=shape.blinding as i64 + 1 {
            let minus = room.constant(&-omega(protocol, -i)).text;
            lines.push(match i {
                1 => format!("let value := add(z, {minus})"),
                _ => format!("value := mulmod(value, add(z, {minus}), r)"),
            });
        }
        lines.push(store(layout.line(Leaf::Active), "value"));
    }
    lines
}

/// Each group's commitment, scaled: with few groups in place, else by a function of the template.
const IN_PLACE: usize = 24;

/// Adds every group's commitment to the left sum, or its scalar to the key's; and sums the values to subtract.
///
/// `scale` begins as minus the proof's weight, so that scalars are those of −P_g.
pub(super) fn groups(vk: &VerifyingKey, room: &mut Room<'_>) -> Lines {
    let protocol = vk.protocol();
    let layout = room.layout;
    let all: Vec<&Group> = protocol.groups().collect();
    let mut lines = Lines::default();
    let powers = z_powers(&all, room, &mut lines);
    let sent = all.len() - layout.key_groups;
    let mut bound = 0;
    let mut subtract = |lines: &mut Lines, term: &str| {
        lines.push(match bound {
            0 => format!("let values := {term}"),
            b if b < MAX_BOUND => format!("values := add(values, {term})"),
            _ => format!("values := addmod(values, {term}, r)"),
        });
        bound = if bound < MAX_BOUND { bound + 1 } else { 1 };
    };
    for (i, group) in all.iter().enumerate() {
        let inverse = load(layout.divisor(&divisor(group)));
        lines.push(format!("x := mulmod(scale, {inverse}, r)"));
        let computed = layout.numerators + WORD * i;
        let numerator = load(layout.sent_numerator(group).unwrap_or(computed));
        let numerator = match powers.get(&(group.rotations.len() - 1)) {
            None => numerator,
            Some(power) => format!("mulmod({}, {numerator}, r)", load(*power)),
        };
        subtract(&mut lines, &format!("mulmod(x, {numerator}, r)"));
        if i < sent {
            add_scaled(layout, &mut lines, layout.groups[i], all.len() > IN_PLACE);
        } else {
            let at = layout.accumulators + WORD * (1 + i - sent);
            lines.push(store(at, &format!("addmod({}, x, r)", load(at))));
        }
        lines.push("scale := mulmod(scale, combiner, r)");
    }
    let inverse = load(layout.divisor(&quotient_divisor()));
    lines.push(format!("x := mulmod(scale, {inverse}, r)"));
    subtract(&mut lines, &format!("mulmod(x, {}, r)", load(layout.quotient)));
    add_scaled(layout, &mut lines, layout.quotient_point, all.len() > IN_PLACE);
    let at = layout.accumulators;
    lines.push(store(at, &format!("addmod({}, sub(r, mod(values, r)), r)", load(at))));
    lines
}

/// z^(1 − |R_g|) for the groups of more than one rotation: addresses by exponent.
fn z_powers(all: &[&Group], room: &mut Room<'_>, lines: &mut Lines) -> BTreeMap<usize, usize> {
    let exponents: BTreeSet<usize> =
        all.iter().map(|g| g.rotations.len() - 1).filter(|e| *e > 0).collect();
    let inverse = room.layout.divisor(&Divisor::Z);
    let mut places = BTreeMap::from([(1, inverse)]);
    let most = exponents.last().copied().unwrap_or(0);
    if most > 1 {
        lines.push(format!("x := {}", load(inverse)));
    }
    for exponent in 2..=most {
        lines.push(format!("x := mulmod(x, {}, r)", load(inverse)));
        if exponents.contains(&exponent) {
            let at = room.slot();
            lines.push(store(at, "x"));
            places.insert(exponent, at);
        }
    }
    places
}

/// Adds `x` times a point to the left sum.
fn add_scaled(layout: &Layout, lines: &mut Lines, point: usize, by_function: bool) {
    if by_function {
        lines.push(format!("ok := and(ok, addScaled({:#x}, {point:#x}, x))", layout.left));
        return;
    }
    let (sum, term) = (layout.left, layout.left + 2 * WORD);
    lines.push(format!("mcopy({term:#x}, {point:#x}, 0x40)"));
    lines.push(store(term + 2 * WORD, "x"));
    lines.push(format!("ok := and(ok, staticcall(gas(), 7, {term:#x}, 0x60, {term:#x}, 0x40))"));
    lines.push(format!("ok := and(ok, staticcall(gas(), 6, {sum:#x}, 0x80, {sum:#x}, 0x40))"));
}

fn describe(group: &Group) -> String {
    let columns: Vec<String> = group.columns.iter().map(|c| format!("{c:?}")).collect();
    format!("{} at rotations {:?}", columns.join(", "), group.rotations)
}
