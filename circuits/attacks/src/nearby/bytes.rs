//! Attacks on the header's byte rows.

use zkdkim_circuits::{
    header::{
        automaton::{Automaton, ByteRole, END_SYMBOL},
        BYTES,
    },
    sha256::BLOCKS,
};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_relation::header::MAX_HEADER_BYTES;

use super::Attack;
use crate::{bump, forge_sha256, small, Carries, Claim, Word, SAMPLE_HEADER};

/// A block of the statement's language with a length of the prover's choice.
fn block_of(length: usize) -> Option<Vec<u8>> {
    let pad = length.checked_sub(SAMPLE_HEADER.len() + "z:\r\n".len())?;
    Some(format!("z:{}\r\n{SAMPLE_HEADER}", "x".repeat(pad)).into_bytes())
}

/// A block that begins and ends where the prover wants, with the resets that the gates demand; none where it belongs
/// there.
fn placed(from: usize, to: usize) -> Option<Claim> {
    let block = block_of(to.checked_sub(from)?)?;
    let mut plan = Claim::placed(&block, from);
    if block.len() <= MAX_HEADER_BYTES && plan.symbols == Claim::honest(&block).symbols {
        return None;
    }
    plan.reset_again();
    Some(plan)
}

fn honest() -> Claim {
    Claim::honest(SAMPLE_HEADER.as_bytes())
}

/// The attacks on the row of a position.
pub fn attacks(at: usize) -> Vec<Attack> {
    let mut attacks = vec![
        word(at, 1),
        word(at, 0x80),
        word(at, 0x8000_0000),
        count(at, 0),
        count(0, 1),
        tab(at),
        reset((at / 64).saturating_sub(1)),
        reset(at / 64),
    ];
    if at == 0 {
        attacks.push(start());
    }
    attacks.extend((0..5).map(|earlier| ends(at, earlier)));
    attacks.extend(
        [1016, 1040, 1079]
            .map(|to| Attack::plan(format!("a block from {at} to {to}"), move || placed(at, to))),
    );
    attacks.extend([(0, 1025), (0, 1050), (64, 1080)].map(|(from, to)| {
        Attack::plan(format!("a block from {from} to {to}"), move || placed(from, to))
    }));
    for length in [SAMPLE_HEADER.len(), 1015] {
        attacks.push(flag(length, 0, 1));
        attacks.push(flag(length, 1, 0));
    }
    attacks
}

/// Blocks of which one has a byte with a field at a position, if any block can.
pub fn blocks_with_a_field_at(at: usize) -> impl Iterator<Item = (usize, String)> {
    let subject = "S".repeat(186);
    let domain = format!("{}.{}", "d".repeat(30), "d".repeat(31));
    let signature = format!(
        "dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; h=from:subject; bh=a=; s=k; d={domain}; \
         t=123456789012; b="
    );
    let from = format!("from:<a@{domain}>\r\n");
    let fill = |length: usize| format!("x:{}\r\n", "x".repeat(length));
    // The Subject anywhere in a block, the From address at its start, signer and time at its end.
    let ends =
        [(0usize, 1020usize), (64, 1079)].into_iter().chain((1016..1079).map(|end| (64, end)));
    ends.filter_map(move |(start, end)| {
        let most = (end - start).checked_sub(from.len() + subject.len() + 10 + signature.len())?;
        let before = (at.saturating_sub(start + from.len() + 100)).min(most - 8);
        let [head, tail] = match before.checked_sub(4) {
            Some(before) => [fill(before), fill(most - 8 - before)],
            None => [String::new(), fill(most - 4)],
        };
        Some((start, format!("{from}{head}subject:{subject}\r\n{tail}{signature}")))
    })
}

/// A block of the language, of any length from its least on.
fn least_of(length: usize) -> Option<String> {
    let least = "from:a@b.cd\r\nsubject:\r\ndkim-signature:v=1;a=rsa-sha256;c=relaxed;d=b.cd;b=";
    Some(match length.checked_sub(least.len())? {
        pad @ 0..4 => least.replace("subject:", &format!("subject:{}", "S".repeat(pad))),
        pad => format!("x:{}\r\n{least}", "x".repeat(pad - 4)),
    })
}

/// A block after which SHA-256's state is reset behind message block `block`.
pub fn block_after(block: usize) -> Option<String> {
    least_of((64 * (BLOCKS - 1).checked_sub(block)?).checked_sub(9)?)
}

/// SHA-256 absorbs another word than that of the bytes.
fn word(at: usize, change: u32) -> Attack {
    let name = format!("message word {} differs by {change:x}", at / 4);
    Attack::plan(name, move || {
        let mut plan = honest();
        plan.message[at / 64].0[at % 64 / 4] ^= change;
        Some(plan)
    })
}

/// The count of bytes jumps by 64, in the row of a position or in rows above it.
fn count(at: usize, above: usize) -> Attack {
    let plan = || {
        let mut plan = honest();
        plan.message[BLOCKS - 1].0[15] += 8 * 64;
        Some(plan)
    };
    let name = format!("a count of bytes that is 64 too high from {above} before position {at}");
    Attack::early(name, plan, move |config, grid| {
        for row in config.rows.header + at - above..config.rows.header + BYTES {
            bump(grid, config.columns.first().x, row, small(64));
        }
    })
}

/// A byte that the grammar does not allow, in some block that has a byte without a field there.
fn tab(at: usize) -> Attack {
    Attack::plan(format!("a tab at position {at}"), move || {
        let blocks = [1024, 1000, 980, 940, 700].into_iter().filter_map(block_of);
        let plans = blocks.map(|block| Claim::honest(&block));
        let free = |p: &Claim| p.symbols[at] != END_SYMBOL && p.run[at].field == ByteRole::None;
        let mut plan = plans.chain(placed(64, 1079)).find(free)?;
        plan.symbols[at] = 9;
        plan.absorb_again();
        Some(plan)
    })
}

/// A block without filler whose first field is read as if it had begun before.
fn start() -> Attack {
    Attack::plan("a run that begins in another state", || {
        let mut plan = Claim::honest(&block_of(1020)?);
        let automaton = Automaton::header();
        let mut states = 0..automaton.states() as u16;
        let inside =
            states.find(|s| automaton.state_name(*s) == "in the value of another field")?;
        for edge in &mut plan.run[..2] {
            (edge.state, edge.next) = (inside, inside);
        }
        Some(plan)
    })
}

/// The state of SHA-256 is reset after a block where it is not, or the reverse.
fn reset(block: usize) -> Attack {
    Attack::plan(format!("another reset after block {block}"), move || {
        let mut plan = honest();
        plan.message[block].1 ^= true;
        Some(plan)
    })
}

/// A block that ends early, so that the last message block holds none of it: the digest is that of
/// nothing. Where it ends between two message blocks, the reset there is -1.
///
/// With a reset of -1 the next state is twice the sum minus the initial value, which must not be
/// below zero: so blocks that begin `earlier` are tried too.
fn ends(at: usize, earlier: usize) -> Attack {
    let from = at.checked_sub(75 + 64 * earlier).map(|rest| rest / 64 * 64);
    let plan = move || {
        let mut plan = Claim::placed(least_of(at - from?)?.as_bytes(), from?);
        plan.reset_again();
        Some(plan)
    };
    Attack::early(format!("a block from {from:?} that ends at {at}"), plan, move |config, grid| {
        if !at.is_multiple_of(64) || at < 64 {
            return;
        }
        let Some(plan) = plan() else { return };
        let block = at / 64 - 1;
        grid.forge(config.columns.first().y, config.rows.header + at + 1, -Fr::ONE);
        forge_sha256(
            config,
            grid,
            &plan.message,
            Carries::Close,
            &|b, _, word, truth| match word {
                Word::Reset if b == block => u32::MAX,
                _ => truth,
            },
        );
    })
}

/// One reads a byte where the other reads padding: the end flag of the first position after the
/// block, or of its last byte.
fn flag(length: usize, after: usize, end: u64) -> Attack {
    let position = move |plan: &Claim| {
        let last = plan.symbols.iter().rposition(|s| *s != END_SYMBOL).expect("a byte");
        last + 1 - usize::from(after == 0)
    };
    let plan = move || {
        let block =
            if length == SAMPLE_HEADER.len() { SAMPLE_HEADER.into() } else { block_of(length)? };
        let mut plan = Claim::honest(&block);
        let position = position(&plan);
        plan.ends[position] = end;
        plan.absorb_again();
        Some(plan)
    };
    let name = format!("end flag {end} at the end of a block of {length} bytes");
    Attack::early(name, plan, move |config, grid| {
        if let (1, Some(plan)) = (end, plan()) {
            let row = config.rows.header + position(&plan);
            grid.forge(config.columns.wide[4], row, Fr::ZERO);
        }
    })
}
