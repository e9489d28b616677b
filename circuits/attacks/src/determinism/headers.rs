//! Header blocks that reach every part of the circuit, and broken ones.
//!
//! A block is written from a grammar of its own with lengths at both ends of their bounds; then bytes are replaced by
//! others that the automaton reads between the same two states, those first that no block before has shown it. One in
//! three is broken in one place.

use std::collections::HashSet;

use rand::{seq::SliceRandom, Rng};
use zkdkim_circuits::header::automaton::{Automaton, ByteRole, Edge};
use zkdkim_relation::header::{
    MAX_ADDRESS_BYTES, MAX_DOMAIN_BYTES, MAX_HEADER_BYTES, MAX_SUBJECT_BYTES, MAX_TIMESTAMP_DIGITS,
};

const DIGITS: &[u8] = b"0123456789";
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ATEXT: &[u8] = b"!#$%&'*+-/=?^_`{|}~09azAZ";

const KNOWN_NAMES: [&[u8]; 3] = [b"from", b"subject", b"dkim-signature"];

/// What a broken block gets in one place.
const PIECES: [&[u8]; 24] = [
    b"from:",
    b"subject:",
    b"\r\n",
    b"\r\nfrom:",
    b"<a@b.c>",
    b"<",
    b">",
    b"@",
    b"\"",
    b"\\",
    b";",
    b"=",
    b"v=1;",
    b"a=rsa-sha256;",
    b"c=relaxed;",
    b"d=b.c;",
    b"t=7;",
    b"l=9;",
    b" ",
    b".",
    b"-",
    b"\t",
    b"\0",
    b":",
];

/// Longest block that fits the circuit's rows, padding included.
const ROOM: usize = 1_079;

/// Draws blocks.
pub struct Headers<R> {
    rng: R,
    /// Edges that some block has shown.
    shown: HashSet<Edge>,
    /// The Subject of the next block, if it is not to be drawn.
    subject: Option<Vec<u8>>,
}

impl<R: Rng> Headers<R> {
    /// No block has been drawn yet.
    pub fn new(rng: R) -> Self {
        Self { rng, shown: HashSet::new(), subject: None }
    }

    /// Edges that need not be looked for.
    pub fn have_shown(&mut self, shown: impl Fn(&Edge) -> bool) {
        self.shown.extend(Automaton::header().edges().iter().filter(|edge| shown(edge)));
    }

    /// The next block, meant to be accepted or meant to be broken.
    pub fn draw(&mut self) -> Vec<u8> {
        let mut block = self.template();
        self.replace(&mut block);
        if self.rng.gen_range(0..3) == 0 {
            self.spoil(&mut block);
        }
        block
    }

    /// The next block, with this Subject or one near it, and as often broken as others.
    pub fn draw_with(&mut self, subject: String) -> Vec<u8> {
        self.subject = Some(subject.into_bytes());
        let mut block = self.template();
        if self.rng.gen_range(0..3) == 0 {
            self.spoil(&mut block);
        }
        block
    }

    /// The next block that is meant to be accepted.
    pub fn draw_valid(&mut self) -> Vec<u8> {
        let mut block = self.template();
        self.replace(&mut block);
        block
    }

    /// A length: an end of its bounds as often as anything between.
    fn length(&mut self, least: usize, most: usize) -> usize {
        match self.rng.gen_range(0..4) {
            0 => least,
            1 => most,
            2 => least + 1.min(most - least),
            _ => self.rng.gen_range(least..=most),
        }
    }

    fn text(&mut self, length: usize, of: &[u8]) -> Vec<u8> {
        (0..length).map(|_| *of.choose(&mut self.rng).expect("not empty")).collect()
    }

    fn maybe(&mut self, text: &'static [u8]) -> &'static [u8] {
        if self.rng.gen() {
            text
        } else {
            b""
        }
    }

    /// A dot-atom, or labels: no dot at an end, no two in a row.
    fn dotted(&mut self, length: usize, of: &[u8], dots: usize) -> Vec<u8> {
        let mut text = self.text(length, of);
        for _ in 0..dots {
            let at = self.rng.gen_range(1..length.max(3) - 1);
            let near = text[at - 1] == b'.' || text.get(at + 1) == Some(&b'.');
            if length > 2 && !near {
                text[at] = b'.';
            }
        }
        text
    }

    fn swap_case(&mut self, text: &[u8]) -> Vec<u8> {
        let mut swap = |b: &u8| if self.rng.gen_range(0..4) == 0 { b ^ 0x20 } else { *b };
        text.iter().map(|b| if b.is_ascii_alphabetic() { swap(b) } else { *b }).collect()
    }

    fn template(&mut self) -> Vec<u8> {
        let printable: Vec<u8> = (0x20..0x7f).collect();
        let others: Vec<u8> = (0x20..=0xff).filter(|b| *b != 0x7f).collect();
        let names: Vec<u8> = (0x21..0x7f).filter(|b| *b != b':').collect();
        let length = self.length(3, MAX_DOMAIN_BYTES);
        let alphanumeric = [LETTERS, DIGITS].concat();
        let mut domain = self.dotted(length, &alphanumeric, 3);
        if !domain.contains(&b'.') {
            domain[1] = b'.';
        }
        if length > 8 && domain[5] != b'.' && domain[4] != b'.' && domain[6] != b'.' {
            domain[5] = b'-';
        }
        let length = self.length(1, MAX_ADDRESS_BYTES - 1 - domain.len());
        let local = self.dotted(length, ATEXT, 2);
        let address = [&local[..], b"@", &domain].concat();
        let from = match self.rng.gen_range(0..4) {
            0 => address,
            1 => [b"<", &address[..], b">"].concat(),
            2 => {
                let name = self.text(9, ATEXT);
                [&name[..], b" ", &name[..3], self.maybe(b" "), b"<", &address, b">"].concat()
            }
            _ => {
                let quoted = self.text(7, &printable);
                let escape = |b: &u8| match b {
                    b'"' | b'\\' => vec![b'\\', *b],
                    _ => vec![*b],
                };
                let quoted: Vec<u8> = quoted.iter().flat_map(escape).collect();
                [b"\"", &quoted[..], b"\"", self.maybe(b" "), b"<", &address, b">"].concat()
            }
        };
        let length = self.length(0, MAX_SUBJECT_BYTES);
        let drawn = self.text(length, &printable);
        let subject = self.subject.take().unwrap_or(drawn);
        let mut fields = vec![[b"from:", &from[..]].concat(), [b"subject:", &subject[..]].concat()];
        let signature = self.signature(&domain, &printable);
        for _ in 0..self.rng.gen_range(0..3) {
            let length = self.length(1, 16);
            // Names that begin as one of those that count.
            let known = *KNOWN_NAMES.choose(&mut self.rng).expect("names");
            let begin = &known[..self.rng.gen_range(0..=known.len())];
            let name = [begin, &self.text(length, &names)].concat();
            let value = self.text(20, &others);
            fields.push([&name[..], b":", &value].concat());
        }
        // One that fills the block up to a length of choice.
        let own: usize = fields.iter().map(|field| field.len() + 2).sum();
        let least = own + signature.len();
        if least + 4 < MAX_HEADER_BYTES && self.rng.gen_range(0..3) > 0 {
            let whole = self.length(least + 4, MAX_HEADER_BYTES);
            let value = self.text(whole - least - 4, &others);
            fields.push([b"x:", &value[..]].concat());
        }
        fields.shuffle(&mut self.rng);
        let mut block: Vec<u8> = fields.iter().flat_map(|f| [f, &b"\r\n"[..]].concat()).collect();
        block.extend(signature);
        block
    }

    fn signature(&mut self, domain: &[u8], printable: &[u8]) -> Vec<u8> {
        let signer = self.swap_case(domain);
        let body: Vec<u8> = (0x21..0x7f).filter(|b| *b != b';').collect();
        let canon = match self.rng.gen_range(0..3) {
            0 => b"relaxed".to_vec(),
            1 => b"relaxed/".to_vec(),
            _ => [b"relaxed/", &self.text(6, &body)[..]].concat(),
        };
        let mut tags = vec![
            (b"v".to_vec(), b"1".to_vec()),
            (b"a".to_vec(), b"rsa-sha256".to_vec()),
            (b"c".to_vec(), canon),
            (b"d".to_vec(), signer),
        ];
        if self.rng.gen_range(0..3) > 0 {
            let digits = self.length(1, MAX_TIMESTAMP_DIGITS);
            tags.push((b"t".to_vec(), self.text(digits, DIGITS)));
        }
        let values: Vec<u8> = printable.iter().copied().filter(|b| *b != b';').collect();
        for _ in 0..self.rng.gen_range(0..4) {
            let length = self.length(1, 5);
            let mut name = self.text(length, &[LETTERS, DIGITS, b"_"].concat());
            name[0] = *LETTERS.choose(&mut self.rng).expect("letters");
            if name.len() == 1 && b"vacdtl".contains(&name[0]) {
                name.push(b'_');
            }
            let length = self.length(0, 9);
            tags.push((name, self.text(length, &values)));
        }
        tags.shuffle(&mut self.rng);
        tags.push((b"b".to_vec(), Vec::new()));
        let mut text = b"dkim-signature:".to_vec();
        for (i, (name, value)) in tags.iter().enumerate() {
            if i > 0 {
                text.push(b';');
            }
            let spaces = [0; 4].map(|_| self.maybe(b" "));
            text.extend([spaces[0], name, spaces[1], b"=", spaces[2], value, spaces[3]].concat());
        }
        text.extend_from_slice(self.maybe(b";"));
        text
    }

    /// Puts in bytes that the automaton reads between the same states as those that stand there.
    fn replace(&mut self, block: &mut [u8]) {
        let automaton = Automaton::header();
        let symbols: Vec<u16> = block.iter().map(|b| u16::from(*b)).chain([256]).collect();
        let Some(run) = automaton.run(&symbols) else { return };
        for (byte, edge) in block.iter_mut().zip(&run) {
            let domain = matches!(edge.field, ByteRole::Domain | ByteRole::Signer);
            if domain || !self.shown.insert(*edge) && self.rng.gen_range(0..4) > 0 {
                continue;
            }
            let like = |e: &&Edge| {
                (e.state, e.next, e.field) == (edge.state, edge.next, edge.field) && e.symbol < 256
            };
            // Where two edges leave a state by one byte the others of the run may not follow.
            let alone = |e: &&Edge| automaton.edges_from(e.state, e.symbol).len() == 1;
            let from = automaton.edges().partition_point(|e| e.state < edge.state);
            let own = automaton.edges()[from..].iter().take_while(|e| e.state == edge.state);
            let others: Vec<&Edge> = own.filter(like).filter(alone).collect();
            let new: Vec<&&Edge> = others.iter().filter(|e| !self.shown.contains(e)).collect();
            let chosen = new.choose(&mut self.rng).copied().or(others.choose(&mut self.rng));
            if let Some(chosen) = chosen {
                self.shown.insert(**chosen);
                *byte = chosen.symbol as u8;
            }
        }
    }

    /// Changes one place, or makes the block too long.
    fn spoil(&mut self, block: &mut Vec<u8>) {
        let at = self.rng.gen_range(0..block.len());
        let end = (at + self.rng.gen_range(1..6)).min(block.len());
        let piece = *PIECES.choose(&mut self.rng).expect("pieces");
        match self.rng.gen_range(0..6) {
            0 => drop(block.drain(at..end)),
            1 => drop(block.splice(at..end, piece.iter().copied())),
            2 => drop(block.splice(at..at, piece.iter().copied())),
            3 => block[at] = self.rng.gen(),
            4 => {
                let moved = block[at..end].to_vec();
                let to = self.rng.gen_range(0..=block.len());
                block.splice(to..to, moved);
            }
            _ => {
                let long = self.rng.gen_range(MAX_HEADER_BYTES + 1..=ROOM);
                let more = long.saturating_sub(block.len() + 4);
                let fill = [b"y:", &vec![b'y'; more][..], b"\r\n"].concat();
                block.splice(0..0, fill);
            }
        }
        block.truncate(ROOM);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use zkdkim_relation::header;

    use super::*;

    #[test]
    fn most_valid_blocks_are_accepted_and_most_broken_ones_are_not() {
        let mut headers = Headers::new(ChaCha8Rng::seed_from_u64(5));
        let accepted = (0..400).filter(|_| header::parse(&headers.draw_valid()).is_ok()).count();
        assert!(accepted > 380, "{accepted} of 400");
        let mut spoiled = 0;
        for _ in 0..400 {
            let mut block = headers.template();
            headers.spoil(&mut block);
            spoiled += usize::from(header::parse(&block).is_err());
        }
        assert!(spoiled > 200, "{spoiled} of 400");
    }
}
