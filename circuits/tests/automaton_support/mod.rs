//! Blocks for the tests of the header automaton, and a second description of their language.

// Each test crate uses its own part of this.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zkdkim_circuits::header::automaton::{Automaton, ByteRole, Edge, END, END_SYMBOL, START};

pub mod spec;
pub mod verdict;

/// Each byte that has a field, with its position in the block.
pub type Emissions = Vec<(ByteRole, usize, u8)>;

/// Strings as byte strings.
pub fn tokens(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|token| token.as_bytes().to_vec()).collect()
}

/// Accepted blocks, typical and odd.
pub fn samples() -> Vec<Vec<u8>> {
    let samples = [
        "from:Ann B. Cee <ann.b+c@Ex-ample.com>\r\nto:x@y.z\r\nsubject:Recover 0x00 on 1\r\n\
         dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=ex-ample.com; s=20230601; \
         t=1700000000; h=from:to:subject; bh=YQ==; b=",
        "subject:\r\nfrom:\"A \\\"<b@c.d>\\\" \" <e@f.gh>\r\n\
         dkim-signature:a = rsa-sha256 ;v =1;d= f.gh ;c=relaxed; b=; ",
        "mime-version:1.0\r\nfrom:a@b.co\r\nsubject:x\r\nfrom:<c.d@e-f.g.h>\r\n\
         dkim-signature:t=12;q=dns/txt; i=@b.co;c=relaxed/simple ; d=b.co; v=1; a=rsa-sha256; b=;",
        "fro:1\r\nfromm:2\r\nsubjec:3\r\ndkim-signatur:4\r\nDKIM-Signature:5\r\nsubject:~ ~\r\n\
         dkim-signature:vv=1; v=1; dd=x; d=x; tt=1; ll=2; b=",
    ];
    samples.map(|sample| sample.as_bytes().to_vec()).into()
}

/// Seeded mutation: pieces of the samples and of a dictionary are put in, taken out and moved.
pub fn mutated(seed: u64, rounds: usize) -> impl Iterator<Item = Vec<u8>> {
    let dictionary = tokens(&[
        "from:",
        "subject:",
        "dkim-signature:",
        "\r\n",
        "\r\nfrom:",
        " <a@b.c>",
        "a@b.c",
        "<",
        ">",
        "@",
        "\"",
        "\\",
        ";",
        "; ",
        " ;",
        "=",
        " = ",
        "v=1",
        "a=rsa-sha256",
        "c=relaxed",
        "d=b.c",
        "t=7",
        "l=9",
        " ",
        "  ",
        ".",
        "..",
        "-",
        "\t",
        "\r",
        "\n",
        "\r\n ",
        "\0",
        "\u{ff}",
        ":",
        "/",
        "x",
    ]);
    let samples = samples();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    std::iter::repeat_with(move || {
        let mut block = samples.choose(&mut rng).expect("samples").clone();
        for _ in 0..rng.gen_range(1..4) {
            let at = rng.gen_range(0..=block.len());
            let end = (at + rng.gen_range(0..6)).min(block.len());
            match rng.gen_range(0..4) {
                0 => drop(block.drain(at..end)),
                1 => {
                    let token = dictionary.choose(&mut rng).expect("tokens");
                    block.splice(at..end, token.iter().copied());
                }
                2 => {
                    let token = dictionary.choose(&mut rng).expect("tokens");
                    block.splice(at..at, token.iter().copied());
                }
                _ => {
                    let piece = block[at..end].to_vec();
                    let to = rng.gen_range(0..=block.len());
                    block.splice(to..to, piece);
                }
            }
        }
        block
    })
    .take(rounds)
}

/// Calls `visit` on blocks that take the automaton through every state, every byte in that state
/// (with and without an edge) and, from there, the shortest ways to the end of every state.
pub fn conformance(mut visit: impl FnMut(&[u8])) {
    let automaton = Automaton::header();
    let forward = |edge: &Edge| (edge.state, edge.next);
    let backward = |edge: &Edge| (edge.next, edge.state);
    let access = shortest(automaton, START, forward);
    let endings: BTreeSet<Vec<u8>> = shortest(automaton, END, backward)
        .into_values()
        .map(|ending| ending.into_iter().rev().collect())
        .collect();
    for begin in access.values() {
        for byte in 0..=255 {
            for ending in &endings {
                visit(&[begin, &[byte][..], ending].concat());
            }
        }
    }
}

/// A shortest word of bytes from `root` to each state, along edges taken as `orient` says.
fn shortest(
    automaton: &Automaton,
    root: u16,
    orient: impl Fn(&Edge) -> (u16, u16),
) -> BTreeMap<u16, Vec<u8>> {
    let mut words = BTreeMap::from([(root, Vec::new())]);
    let mut queue = VecDeque::from([root]);
    while let Some(at) = queue.pop_front() {
        let here = words[&at].clone();
        for edge in automaton.edges() {
            let (from, to) = orient(edge);
            if from != at || words.contains_key(&to) {
                continue;
            }
            let byte = u8::try_from(edge.symbol).ok();
            assert!(byte.is_some() || edge.symbol == END_SYMBOL);
            words.insert(to, here.iter().copied().chain(byte).collect());
            queue.push_back(to);
        }
    }
    words
}
