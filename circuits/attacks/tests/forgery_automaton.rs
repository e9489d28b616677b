//! Forged runs of the header automaton: headers that are not in the language, or read otherwise
//! than they should be.

use std::collections::BTreeSet;

use zkdkim_attacks::{names, Claim, SAMPLE_HEADER};
use zkdkim_circuits::header::automaton::{Automaton, ByteRole, Edge, END, END_SYMBOL, START};

/// A state by what its description contains.
fn state(part: &str) -> u16 {
    let automaton = Automaton::header();
    let states = 0..automaton.states() as u16;
    let found: Vec<u16> = states.filter(|s| automaton.state_name(*s) == part).collect();
    assert_eq!(found.len(), 1, "{part}");
    found[0]
}

fn refused(block: &str) -> BTreeSet<String> {
    Claim::honest(block.as_bytes()).refusals()
}

/// The position of `part` among the symbols.
fn find(plan: &Claim, part: &str) -> usize {
    let symbols: Vec<u16> = part.bytes().map(u16::from).collect();
    plan.symbols.windows(symbols.len()).position(|w| w == symbols).expect("part of the block")
}

/// Reads `symbols[from..to]` on a way of the prover's choice: any state for any byte, no field.
fn detour(plan: &mut Claim, from: usize, to: usize, through: u16) {
    for i in from..to {
        let edge = &mut plan.run[i];
        edge.state = if i == from { edge.state } else { through };
        edge.next = if i + 1 == to { edge.next } else { through };
        edge.field = ByteRole::None;
    }
    plan.output_run = plan.run.clone();
}

/// Clauses: `header-syntax`.
#[test]
fn a_run_begins_before_the_block() {
    // The block's first bytes are read as the tail of some other field.
    let other = state("in the value of another field");
    // Without filler the first row is the block's first byte.
    let block = format!("z:{}\r\n{SAMPLE_HEADER}", "x".repeat(1016 - SAMPLE_HEADER.len()));
    let mut plan = Claim::honest(block.as_bytes());
    assert_eq!((plan.run[0].state, plan.run[0].symbol), (START, u16::from(b'z')));
    for edge in &mut plan.run[..2] {
        (edge.state, edge.next) = (other, other);
    }
    assert_eq!(plan.refusals(), names(["copy constant to wide0"]));
}

/// Clauses: `header-syntax`.
#[test]
fn filler_is_read_in_the_start_state() {
    let mut plan = Claim::honest(SAMPLE_HEADER.as_bytes());
    plan.run[0].state = END;
    assert_eq!(plan.refusals(), names(["copy constant to wide0", "lookup automaton"]));
}

/// Clauses: `header-syntax`, `signature-field-last`.
#[test]
fn a_run_ends_after_the_block() {
    // A block without a signature field: the run stays where the text breaks off.
    let cut = SAMPLE_HEADER.find("dkim-signature").expect("in the block");
    let mut plan = Claim::honest(&SAMPLE_HEADER.as_bytes()[..cut]);
    let last = plan.symbols.iter().rposition(|s| *s != END_SYMBOL).expect("a byte");
    let line = plan.run[last].next;
    for edge in &mut plan.run[last + 1..] {
        *edge = Edge { state: line, symbol: END_SYMBOL, next: line, field: ByteRole::None };
    }
    let refusals = plan.refusals();
    let expected = ["copy constant to wide0", "lookup automaton"];
    assert!(names(expected).is_subset(&refusals), "{refusals:?}");
}

/// Clauses: `header-syntax`, `one-from`.
#[test]
fn a_run_does_not_jump() {
    // The second `from:` field is read as another field: every edge but one is in the table.
    let block = format!("from:Eve <eve@evil.com>\r\n{SAMPLE_HEADER}");
    let mut plan = Claim::honest(block.as_bytes());
    let (from, to) = (find(&plan, "from:Eve"), find(&plan, "\r\nreceived"));
    detour(&mut plan, from, to, state("in the value of another field"));
    plan.run[to].state = state("in the value of another field");
    plan.run[to - 1].next = plan.run[to].state;
    assert_eq!(plan.refusals(), names(["lookup automaton"]));
}

/// Clauses: `from-grammar`, `address`.
#[test]
fn an_emitted_byte_cannot_be_hidden() {
    // One edge whose field is not the table's.
    let block = SAMPLE_HEADER.replace("Ann.Lee@", "xAnn.Lee@");
    let mut plan = Claim::honest(block.as_bytes());
    let at = find(&plan, "xAnn.Lee");
    plan.run[at].field = ByteRole::None;
    plan.output_run = plan.run.clone();
    assert_eq!(plan.refusals(), names(["lookup automaton"]));
}

/// Clauses: `tag-list`, `signing-domain`.
#[test]
fn a_tag_cannot_hide_in_another() {
    // `d=` read as the value of `s=`, and the fake one in the value of `s=` read as the tag.
    let block = SAMPLE_HEADER.replace("d=example.org; s=k1", "d=evil.org; s=d=example.org");
    let mut plan = Claim::honest(block.as_bytes());
    let value = state("in the value of another tag");
    let (from, to) = (find(&plan, "d=evil"), find(&plan, "; s="));
    detour(&mut plan, from, to, value);
    plan.run[to - 1].next = value;
    plan.run[to].state = value;
    let (from, signer) = (find(&plan, "d=example"), state("in the value of `d`"));
    let length = "d=example.org".len();
    for i in from + 2..from + length {
        plan.run[i].state = if i == from + 2 { state("at the value of `d`") } else { signer };
        (plan.run[i].next, plan.run[i].field) = (signer, ByteRole::Signer);
    }
    plan.run[from + length].state = signer;
    plan.run[from].next = state("after the tag name `d`");
    plan.run[from + 1].state = state("after the tag name `d`");
    plan.run[from + 1].next = state("at the value of `d`");
    plan.output_run = plan.run.clone();
    assert_eq!(plan.refusals(), names(["lookup automaton"]));
}

/// Clauses: `header-syntax`, `signature-field-last`, `from-grammar`, `tag-list`, `version`,
/// `algorithm`, `canonicalisation`, `length-tag`, `timestamp`.
#[test]
fn blocks_outside_the_language_have_no_run() {
    let vary = |from: &str, to: &str| refused(&SAMPLE_HEADER.replace(from, to));
    let address = "Ann Lee <Ann.Lee@Example.org>";
    for value in [
        "\"Ann <victim@x.org>\" <a@example.org> x",
        "a@example.org (victim@x.org)",
        "a@example.org, victim@x.org",
        "<@example.org:victim@x.org>",
        "\"victim@x.org\"@example.org",
        "g:a@example.org;",
        "a@b@example.org",
        "a@example",
        "a@-x.org",
        "a@x-.org",
        "a b@example.org",
    ] {
        let refusals = vary(address, value);
        assert!(refusals.contains("lookup automaton"), "{value}: {refusals:?}");
    }
    for (from, to) in [
        ("to:x@y.org", "to:x\r\n y"),
        ("to:x@y.org", "to:x\ty"),
        ("to:x@y.org", "to:x\ny"),
        ("to:x@y.org", "to:x\ry"),
        ("v=1;", "v=2;"),
        ("a=rsa-sha256;", "a=rsa-sha1;"),
        ("a=rsa-sha256;", "a=ed25519-sha256;"),
        ("c=relaxed/relaxed", "c=simple/relaxed"),
        ("s=k1", "l=10"),
        ("t=1700000000", "t="),
        ("t=1700000000", "t=17a"),
        ("dkim-signature", "arc-message-signature"),
        ("h=from:subject; b=", "h=from:subject; b=\r\nx:y"),
    ] {
        let refusals = vary(from, to);
        let expected = names(["lookup automaton", "copy constant to wide0"]);
        assert!(!refusals.is_disjoint(&expected), "{to:?}: {refusals:?}");
    }
}
