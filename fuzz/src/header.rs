//! A signed header block: the circuit's automaton with its counting rules against the hand-written
//! parser.

// The comparison of circuits/tests/automaton_vs_native.rs, which makes its blocks otherwise.
#[path = "../../circuits/tests/automaton_support/verdict.rs"]
mod verdict;

/// Compares verdicts and spans.
pub fn run(block: &[u8]) -> bool {
    let verdict = verdict::circuit(block);
    assert_eq!(verdict, verdict::native(block));
    matches!(verdict, verdict::Verdict::Accepted { .. })
}
