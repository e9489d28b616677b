//! What holds of the header automaton as a graph: it is unambiguous, nothing in it is idle or
//! doubled, and the end symbol stands only around a block.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use zkdkim_circuits::header::automaton::{Automaton, ByteRole, Edge, END, END_SYMBOL, START};

/// Pins: the length of the lookup table, and the table. A change means a new verifying key.
const STATES: usize = 105;
const EDGES: usize = 5720;
const TABLE_SHA256: &str = "644b8987d8cf785d76ff2599a388eae496500963aa3757b2ace20a9ff60de0e9";

fn edges_into(automaton: &Automaton) -> Vec<Vec<Edge>> {
    let mut into = vec![Vec::new(); automaton.states()];
    for &edge in automaton.edges() {
        into[usize::from(edge.next)].push(edge);
    }
    into
}

/// Everything that `step` leads to from `root`, in any number of steps.
fn closure<T: Ord + Copy>(root: T, step: impl Fn(T) -> Vec<T>) -> BTreeSet<T> {
    let mut seen = BTreeSet::from([root]);
    let mut todo = vec![root];
    while let Some(at) = todo.pop() {
        for next in step(at) {
            if seen.insert(next) {
                todo.push(next);
            }
        }
    }
    seen
}

fn edges_of(automaton: &Automaton, state: u16) -> Vec<Edge> {
    (0..=END_SYMBOL).flat_map(|symbol| automaton.edges_from(state, symbol).to_vec()).collect()
}

#[test]
fn table_is_pinned() {
    let automaton = Automaton::header();
    let mut digest = Sha256::new();
    for edge in automaton.edges() {
        for word in [edge.state, edge.symbol, edge.next, edge.field as u16] {
            digest.update(word.to_be_bytes());
        }
    }
    let digest = hex::encode(digest.finalize());
    println!("{} states, {} edges, {digest}", automaton.states(), automaton.edges().len());
    assert_eq!(
        (automaton.states(), automaton.edges().len(), digest.as_str()),
        (STATES, EDGES, TABLE_SHA256)
    );
}

#[test]
fn edges_are_sorted_indexed_and_in_range() {
    let automaton = Automaton::header();
    assert!(automaton.edges().windows(2).all(|pair| pair[0] < pair[1]));
    for edge in automaton.edges() {
        assert!(usize::from(edge.state) < automaton.states());
        assert!(usize::from(edge.next) < automaton.states());
        assert!(edge.symbol <= END_SYMBOL);
        assert!(automaton.edges_from(edge.state, edge.symbol).contains(edge));
    }
    let all: Vec<Edge> =
        (0..automaton.states() as u16).flat_map(|state| edges_of(automaton, state)).collect();
    assert_eq!(all, automaton.edges());
    for (number, field) in ByteRole::ALL.into_iter().enumerate() {
        assert_eq!(field as usize, number);
        assert!(automaton.edges().iter().any(|edge| edge.field == field), "{field:?} is unused");
    }
}

/// The square: two runs at once over one word. If a pair of different states lies on a way from
/// (START, START) to (END, END), some word has two accepting runs; and if none does, two accepting
/// runs over a word pass the same states, so they differ only by an edge that is there twice with
/// different fields.
#[test]
fn no_word_has_two_accepting_runs() {
    let automaton = Automaton::header();
    let steps: BTreeSet<(u16, u16, u16)> =
        automaton.edges().iter().map(|e| (e.state, e.symbol, e.next)).collect();
    assert_eq!(steps.len(), automaton.edges().len(), "one step with two fields");

    let reached = closure((START, START), |(p, q)| {
        let pairs = |symbol| {
            let right = automaton.edges_from(q, symbol);
            let left = automaton.edges_from(p, symbol).iter();
            left.flat_map(move |l| right.iter().map(move |r| (l.next, r.next)))
        };
        (0..=END_SYMBOL).flat_map(pairs).collect()
    });
    let into = edges_into(automaton);
    let finishing = closure((END, END), |(p, q)| {
        let mut pairs = Vec::new();
        for left in &into[usize::from(p)] {
            for right in &into[usize::from(q)] {
                if left.symbol == right.symbol {
                    pairs.push((left.state, right.state));
                }
            }
        }
        pairs
    });
    let ambiguous: Vec<_> = reached
        .intersection(&finishing)
        .filter(|(p, q)| p != q)
        .map(|&(p, q)| (automaton.state_name(p), automaton.state_name(q)))
        .collect();
    assert_eq!(ambiguous, [], "a word has two accepting runs");
    // The square does hold pairs of different states, so the check above is not an empty one.
    assert!(reached.iter().any(|(p, q)| p != q));
}

/// The only choice is between a bare address and a display name, at the first byte of a From value.
#[test]
fn one_state_has_a_choice() {
    let automaton = Automaton::header();
    let mut choices: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    for state in 0..automaton.states() as u16 {
        for symbol in 0..=END_SYMBOL {
            let edges = automaton.edges_from(state, symbol);
            assert!(edges.len() <= 2);
            if edges.len() == 2 {
                let byte = u8::try_from(symbol).expect("no choice at the end symbol");
                choices.entry(automaton.state_name(state)).or_default().push(byte);
            }
        }
    }
    let atext: Vec<u8> = (0..=255u8)
        .filter(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(b))
        .collect();
    assert_eq!(choices, BTreeMap::from([("at the start of the From value", atext)]));
}

#[test]
fn every_state_is_on_an_accepting_run() {
    let automaton = Automaton::header();
    let reached = closure(START, |s| edges_of(automaton, s).iter().map(|e| e.next).collect());
    let into = edges_into(automaton);
    let finishing =
        closure(END, |s| into[usize::from(s)].iter().map(|e| e.state).collect::<Vec<_>>());
    for state in 0..automaton.states() as u16 {
        let name = automaton.state_name(state);
        assert!(reached.contains(&state), "{name} is not reached");
        assert!(finishing.contains(&state), "{name} leads nowhere");
    }
}

/// Refines the partition {END}, {others} until the edges respect it: no two states may be merged.
#[test]
fn no_two_states_are_equivalent() {
    let automaton = Automaton::header();
    let mut class: Vec<usize> = (0..automaton.states()).map(|s| usize::from(s == 1)).collect();
    loop {
        let mut seen = BTreeMap::new();
        let refined: Vec<usize> = (0..automaton.states() as u16)
            .map(|state| {
                let out: BTreeSet<_> = edges_of(automaton, state)
                    .iter()
                    .map(|e| (e.symbol, class[usize::from(e.next)], e.field))
                    .collect();
                let fresh = seen.len();
                *seen.entry((class[usize::from(state)], out)).or_insert(fresh)
            })
            .collect();
        let count = |c: &[usize]| c.iter().collect::<BTreeSet<_>>().len();
        if count(&refined) == count(&class) {
            let mut first = BTreeMap::new();
            for (state, class) in class.iter().enumerate() {
                if let Some(twin) = first.insert(*class, state) {
                    let name = |s: usize| automaton.state_name(s as u16);
                    panic!("{} and {} are equivalent", name(twin), name(state));
                }
            }
            return;
        }
        class = refined;
    }
}

#[test]
fn end_symbol_stands_only_around_the_block() {
    let automaton = Automaton::header();
    for edge in automaton.edges() {
        if edge.symbol == END_SYMBOL {
            assert_eq!(edge.field, ByteRole::None);
            let filler = (edge.state, edge.next) == (START, START);
            assert!(filler || edge.next == END, "{edge:?}");
        } else {
            assert!(edge.next != START && edge.next != END && edge.state != END, "{edge:?}");
        }
    }
    let ends: BTreeSet<&str> = automaton
        .edges()
        .iter()
        .filter(|e| e.next == END)
        .map(|e| automaton.state_name(e.state))
        .collect();
    let expected = BTreeSet::from([
        "after the block",
        "after the semicolon of a tag",
        "after the space before a tag",
        "after the value of a tag",
        "after the space behind the value of a tag",
        "after `relaxed`",
        "after `relaxed/`",
        "in the value of `d`",
        "in the value of `t`",
        "in the value of another tag",
    ]);
    assert_eq!(ends, expected);
}

/// The first byte of a block is read as the first byte of any other field.
#[test]
fn start_reads_bytes_as_a_line_start_does() {
    let automaton = Automaton::header();
    let after_lf = automaton
        .edges()
        .iter()
        .find(|e| e.symbol == u16::from(b'\n'))
        .expect("an edge for LF")
        .next;
    for symbol in 0..END_SYMBOL {
        let targets = |state| {
            let edges = automaton.edges_from(state, symbol).iter();
            edges.map(|e| (e.next, e.field)).collect::<Vec<_>>()
        };
        assert_eq!(targets(START), targets(after_lf));
    }
    let breaks: Vec<_> = automaton
        .edges()
        .iter()
        .filter(|e| [u16::from(b'\n'), u16::from(b'\t')].contains(&e.symbol))
        .collect();
    assert_eq!(breaks.len(), 1, "LF has the edge after CR and no other, TAB has none");
}
