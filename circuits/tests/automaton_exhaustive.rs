//! The automaton against a second description of the language, written by cutting the block up
//! instead of reading it through: exhaustively over short values, by substitution of every byte in
//! accepted blocks, and by seeded mutation.

use std::collections::{BTreeMap, BTreeSet};

use crate::automaton_support::{conformance, mutated, samples, spec, tokens};
use zkdkim_circuits::header::automaton::{Automaton, START};

/// Compares one block; says whether it is in the language.
fn compare(block: &[u8]) -> bool {
    let found = Automaton::header().emissions(block);
    assert_eq!(found, spec::block(block), "{:?}", String::from_utf8_lossy(block));
    found.is_some()
}

/// Every sequence of at most `length` tokens, between `before` and `after`. Returns how many there
/// are and how many are in the language.
fn exhaust(before: &[u8], tokens: &[Vec<u8>], after: &[u8], length: usize) -> (usize, usize) {
    fn extend(
        block: &mut Vec<u8>,
        tokens: &[Vec<u8>],
        after: &[u8],
        left: usize,
        count: &mut (usize, usize),
    ) {
        let here = block.len();
        block.extend_from_slice(after);
        count.0 += 1;
        count.1 += usize::from(compare(block));
        block.truncate(here);
        if left > 0 {
            for token in tokens {
                block.extend_from_slice(token);
                extend(block, tokens, after, left - 1, count);
                block.truncate(here);
            }
        }
    }
    let mut count = (0, 0);
    extend(&mut before.to_vec(), tokens, after, length, &mut count);
    println!("{:?}: {} of {} accepted", String::from_utf8_lossy(before), count.1, count.0);
    count
}

/// One byte of each class of bytes that the automaton tells apart after `prefix`, up to the end of
/// that field: bytes of one class have the same edges in every state of it.
fn representatives(prefix: &[u8]) -> Vec<Vec<u8>> {
    let automaton = Automaton::header();
    let mut states = BTreeSet::from([START]);
    for &byte in prefix {
        let after = |&s: &u16| automaton.edges_from(s, u16::from(byte)).iter().map(|e| e.next);
        states = states.iter().flat_map(after).collect();
    }
    loop {
        let inside = |s: &u16| !automaton.state_name(*s).starts_with("after CR");
        let bytes = |s: u16| (0..=255u16).flat_map(move |b| automaton.edges_from(s, b));
        let next = states.iter().copied().filter(inside).flat_map(bytes).map(|e| e.next);
        let grown: BTreeSet<u16> = states.iter().copied().chain(next).collect();
        if grown == states {
            break;
        }
        states = grown;
    }
    let mut classes = BTreeMap::new();
    for byte in 0..=255u8 {
        let edges: Vec<_> = states
            .iter()
            .flat_map(|&s| automaton.edges_from(s, u16::from(byte)))
            .map(|e| (e.state, e.next, e.field))
            .collect();
        classes.entry(edges).or_insert(byte);
    }
    classes.into_values().map(|byte| vec![byte]).collect()
}

const TAIL: &[u8] = b"\r\ndkim-signature:b=";

#[test]
fn from_values_byte_by_byte() {
    let alphabet = representatives(b"from:");
    assert_eq!(alphabet.len(), 14, "{alphabet:?}");
    let (_, bare) = exhaust(b"from:", &alphabet, TAIL, 5);
    let (_, local) = exhaust(b"from:", &alphabet, b"@b.c\r\ndkim-signature:b=", 4);
    let (_, domain) = exhaust(b"from:<a@", &alphabet, b">\r\ndkim-signature:b=", 5);
    let (_, name) = exhaust(b"from:", &alphabet, b"<a@b.c>\r\ndkim-signature:b=", 5);
    assert!([bare, local, domain, name].into_iter().all(|accepted| accepted > 0));
}

#[test]
fn from_values_in_tokens() {
    let list = ["a@b.c", "<a@b.c>", "x", ".", "@", "<", ">", "\"", "\\", " ", "-", "(", ","];
    let (all, accepted) = exhaust(b"from:", &tokens(&list), TAIL, 5);
    assert!(accepted > 100 && all > accepted);
}

#[test]
fn tag_lists_byte_by_byte() {
    let alphabet = representatives(b"dkim-signature:");
    let (_, first) = exhaust(b"dkim-signature:", &alphabet, b"", 3);
    let (_, second) = exhaust(b"dkim-signature:q=;", &alphabet, b"", 3);
    let (_, before_d) = exhaust(b"dkim-signature:q=;", &alphabet, b"d=a", 3);
    let (_, in_d) = exhaust(b"dkim-signature:d=", &alphabet, b"; t=1", 3);
    let (_, in_c) = exhaust(b"dkim-signature:c=relaxed", &alphabet, b";b=", 3);
    assert!([first, second, before_d, in_d, in_c].into_iter().all(|accepted| accepted > 0));
}

#[test]
fn tag_lists_in_tokens() {
    let list =
        ["v", "a", "c", "d", "t", "l", "x", "=", " ", ";", "1", "rsa-sha256", "relaxed", "/", "."];
    let (_, words) = exhaust(b"dkim-signature:", &tokens(&list), b"", 5);
    let list = [
        "v=1",
        "a=rsa-sha256",
        "c=relaxed",
        "c=simple",
        "d=a.b",
        "t=1",
        "l=1",
        "x=y",
        "=",
        " ",
        ";",
        "/",
    ];
    let (_, tags) = exhaust(b"dkim-signature:", &tokens(&list), b"", 5);
    assert!(words > 100 && tags > 100);
}

#[test]
fn blocks_in_tokens() {
    let list = [
        "from:",
        "subject:",
        "dkim-signature:",
        "b=",
        "a@b.c",
        "x",
        ":",
        "\r\n",
        "\r",
        "\n",
        " ",
        "\t",
        "from",
        "F",
    ];
    let (_, accepted) = exhaust(b"", &tokens(&list), b"", 5);
    assert!(accepted > 0);
    let (_, before) = exhaust(b"", &tokens(&list), TAIL, 4);
    assert!(before > 100);
    // Names, from the first byte of the first and of a later field.
    let letters: Vec<Vec<u8>> = b"fromsubjectdki-naF:! \x80".iter().map(|&b| vec![b]).collect();
    let (_, names) = exhaust(b"", &letters, &[b":x", TAIL].concat(), 3);
    let (_, later) = exhaust(b"x:\r\n", &letters, &[b":x", TAIL].concat(), 3);
    assert!(names > 100 && names == later);
}

/// Every byte of an accepted block, replaced by every byte, dropped, and doubled.
#[test]
fn every_single_change() {
    let (mut all, mut accepted) = (0, 0);
    for sample in samples() {
        assert!(compare(&sample), "{:?}", String::from_utf8_lossy(&sample));
        for at in 0..sample.len() {
            let mut changed = sample.clone();
            for byte in 0..=255 {
                changed[at] = byte;
                accepted += usize::from(compare(&changed));
                all += 1;
            }
            changed.remove(at);
            compare(&changed);
            let mut doubled = sample.clone();
            doubled.insert(at, sample[at]);
            compare(&doubled);
        }
    }
    println!("{accepted} of {all} substitutions accepted");
    assert!(accepted > all / 10);
}

#[test]
fn mutated_blocks() {
    let rounds = 200_000;
    let accepted = mutated(0x6b64_696d, rounds).filter(|block| compare(block)).count();
    println!("{accepted} of {rounds} mutated blocks accepted");
    assert!(accepted > rounds / 20 && accepted < rounds / 2);
}

/// Every state, every byte in it, every way on: see [`conformance`].
#[test]
fn every_state_and_byte() {
    let (mut all, mut accepted) = (0, 0);
    conformance(|block| {
        all += 1;
        accepted += usize::from(compare(block));
    });
    println!("{accepted} of {all} conformance blocks accepted");
    assert!(accepted > 30_000 && all > 1_000_000);
}
