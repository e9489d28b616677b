//! The runs themselves: filler, padding, and what a refused block still gets.

use zkdkim_circuits::header::automaton::{Automaton, ByteRole, Edge, END, END_SYMBOL, START};

fn symbols(filler: usize, block: &[u8], padding: usize) -> Vec<u16> {
    let mut symbols = vec![END_SYMBOL; filler];
    symbols.extend(block.iter().copied().map(u16::from));
    symbols.resize(filler + block.len() + padding, END_SYMBOL);
    symbols
}

/// A run as the circuit sees it: one edge of the table a symbol, from START to END.
fn assert_accepting(run: &[Edge], symbols: &[u16]) {
    assert_eq!(run.len(), symbols.len());
    assert_eq!((run[0].state, run[run.len() - 1].next), (START, END));
    assert!(run.windows(2).all(|pair| pair[0].next == pair[1].state));
    assert!(run.iter().zip(symbols).all(|(edge, &symbol)| edge.symbol == symbol));
    assert!(run.iter().all(|edge| Automaton::header().edges().binary_search(edge).is_ok()));
}

#[test]
fn runs_over_filler_block_and_padding() {
    let automaton = Automaton::header();
    let block = b"from:A <a@b.c>\r\nsubject:s\r\ndkim-signature:v=1; d=b.c; b=";
    let plain = automaton.emissions(block).expect("accepted");
    for (filler, padding) in [(0, 1), (0, 7), (5, 1), (64, 1024 - block.len())] {
        let symbols = symbols(filler, block, padding);
        let run = automaton.run(&symbols).expect("accepted");
        assert_accepting(&run, &symbols);
        assert_eq!(automaton.best_run(&symbols), run);
        let tagged = run.iter().enumerate().filter(|(_, e)| e.field != ByteRole::None);
        let moved: Vec<_> = tagged.map(|(i, e)| (e.field, i - filler, e.symbol as u8)).collect();
        assert_eq!(moved, plain);
    }
    assert_eq!(automaton.run(&symbols(3, block, 0)), None, "no padding");
    assert_eq!(automaton.run(&symbols(3, b"", 9)), None, "no block");
    assert_eq!(automaton.run(&[]), None);
    // A gap in the block, or a second block behind it.
    for cut in 0..block.len() {
        let mut gap = symbols(2, block, 3);
        gap.insert(2 + cut, END_SYMBOL);
        assert_eq!(automaton.run(&gap).is_some(), cut == 0, "gap at {cut}");
    }
    let twice = [symbols(2, block, 3), symbols(0, block, 3)].concat();
    assert_eq!(automaton.run(&twice), None);
    assert_eq!(automaton.run(&[257]), None, "not a symbol");
}

#[test]
fn best_run_has_an_edge_for_each_symbol() {
    let automaton = Automaton::header();
    let block = b"from:a.b c@d.e\r\ndkim-signature:b=";
    let stuck = symbols(2, block, 4);
    let run = automaton.best_run(&stuck);
    assert_eq!(run.len(), stuck.len());
    assert!(run.iter().all(|edge| automaton.edges().binary_search(edge).is_ok()));
    // It reads up to the `@`, which no display name may hold.
    let read = run.iter().zip(&stuck).take_while(|(edge, &s)| edge.symbol == s).count();
    assert_eq!(read, 2 + b"from:a.b c".len());
    assert!(run[..read].windows(2).all(|pair| pair[0].next == pair[1].state));
    for symbols in [vec![], vec![65535; 3], symbols(1, b"", 3), symbols(1, b"dkim-signature:b=", 0)]
    {
        let run = automaton.best_run(&symbols);
        assert_eq!(run.len(), symbols.len());
        assert!(run.iter().all(|edge| automaton.edges().binary_search(edge).is_ok()));
    }
}
