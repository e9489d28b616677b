//! The automaton against a second description of the language, written by cutting the block up
//! instead of reading it through: exhaustively over short values, by substitution of every byte in
//! accepted blocks, and by seeded mutation.

use std::collections::{BTreeMap, BTreeSet};

use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zkdkim_circuits::header::automaton::{Automaton, Field, START};

type Emissions = Vec<(Field, usize, u8)>;

/// The second description. Positions are offsets into `block`.
mod spec {
    use super::{Emissions, Field};

    fn atext(b: u8) -> bool {
        b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
    }

    fn printable(b: u8) -> bool {
        (0x20..=0x7e).contains(&b)
    }

    /// Notes `field` for the bytes of `part`, which lies in `whole` at `offset`.
    fn note(out: &mut Emissions, field: Field, whole: &[u8], part: &[u8]) {
        let begin = part.as_ptr() as usize - whole.as_ptr() as usize;
        out.extend(part.iter().enumerate().map(|(i, &byte)| (field, begin + i, byte)));
    }

    fn ensure(condition: bool) -> Option<()> {
        condition.then_some(())
    }

    fn split_at_byte(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
        let at = bytes.iter().position(|&b| b == byte)?;
        Some((&bytes[..at], &bytes[at + 1..]))
    }

    /// Lines between CRLF pairs.
    fn lines(block: &[u8]) -> Vec<&[u8]> {
        let mut lines = Vec::new();
        let mut rest = block;
        while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
            lines.push(&rest[..at]);
            rest = &rest[at + 2..];
        }
        lines.push(rest);
        lines
    }

    pub fn block(block: &[u8]) -> Option<Emissions> {
        let mut out = Vec::new();
        let lines = lines(block);
        let last = lines.len() - 1;
        for (i, line) in lines.into_iter().enumerate() {
            let (name, value) = split_at_byte(line, b':')?;
            ensure(!name.is_empty() && name.iter().all(|&b| printable(b) && b != b' '))?;
            ensure((name == b"dkim-signature") == (i == last))?;
            match name {
                b"from" => from(&mut out, block, value)?,
                b"subject" => {
                    ensure(value.iter().all(|&b| printable(b)))?;
                    note(&mut out, Field::SubjectMark, block, &line[7..8]);
                    note(&mut out, Field::Subject, block, value);
                }
                b"dkim-signature" => tags(&mut out, block, value)?,
                _ => ensure(!value.iter().any(|b| b"\t\r\n".contains(b)))?,
            }
        }
        Some(out)
    }

    fn from(out: &mut Emissions, block: &[u8], value: &[u8]) -> Option<()> {
        if let Some(inner) = value.strip_suffix(b">") {
            let bracket = inner.iter().rposition(|&b| b == b'<')?;
            ensure(bracket == 0 || display_name(&inner[..bracket]))?;
            return address(out, block, &inner[bracket + 1..]);
        }
        address(out, block, value)
    }

    fn display_name(name: &[u8]) -> bool {
        let name = name.strip_suffix(b" ").unwrap_or(name);
        let quoted = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\""));
        if let Some(mut quoted) = quoted {
            while let [first, rest @ ..] = quoted {
                quoted = match (first, rest) {
                    (b'\\', [escaped, rest @ ..]) if printable(*escaped) => rest,
                    (b'\\' | b'"', _) => return false,
                    (&b, rest) if printable(b) => rest,
                    _ => return false,
                };
            }
            return true;
        }
        let words = name.split(|&b| b == b' ');
        let word = |w: &[u8]| !w.is_empty() && w.iter().all(|&b| atext(b) || b == b'.');
        !name.starts_with(b".") && words.into_iter().all(word)
    }

    fn address(out: &mut Emissions, block: &[u8], address: &[u8]) -> Option<()> {
        let (local, domain) = split_at_byte(address, b'@')?;
        let atom = |a: &[u8]| !a.is_empty() && a.iter().all(|&b| atext(b));
        ensure(local.split(|&b| b == b'.').all(atom))?;
        let alnum = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let label = |l: &[u8]| {
            let inner = l.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'-');
            inner && alnum(l.first()) && alnum(l.last())
        };
        ensure(domain.contains(&b'.') && domain.split(|&b| b == b'.').all(label))?;
        note(out, Field::Local, block, &address[..=local.len()]);
        note(out, Field::Domain, block, domain);
        Some(())
    }

    fn tags(out: &mut Emissions, block: &[u8], list: &[u8]) -> Option<()> {
        let mut tags: Vec<&[u8]> = list.split(|&b| b == b';').collect();
        if tags.len() > 1 && matches!(tags[tags.len() - 1], b"" | b" ") {
            tags.pop();
        }
        tags.into_iter().try_for_each(|each| tag(out, block, each))
    }

    fn tag(out: &mut Emissions, block: &[u8], tag: &[u8]) -> Option<()> {
        let trim = |bytes| {
            let bytes = <[u8]>::strip_prefix(bytes, b" ").unwrap_or(bytes);
            bytes.strip_suffix(b" ").unwrap_or(bytes)
        };
        let (name, value) = split_at_byte(tag, b'=')?;
        let name = trim(name);
        ensure(name.first().is_some_and(u8::is_ascii_alphabetic))?;
        ensure(name.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_'))?;
        ensure(value.iter().all(|&b| printable(b)))?;
        let value = trim(value);
        match name {
            b"v" => {
                ensure(value == b"1")?;
                note(out, Field::VersionMark, block, value);
            }
            b"a" => {
                ensure(value == b"rsa-sha256")?;
                note(out, Field::AlgorithmMark, block, &value[9..]);
            }
            b"c" => {
                let rest = value.strip_prefix(b"relaxed")?;
                ensure(rest.is_empty() || rest.starts_with(b"/") && !rest.contains(&b' '))?;
                note(out, Field::CanonMark, block, &value[6..7]);
            }
            b"d" => {
                let signer = |&b: &u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
                ensure(!value.is_empty() && value.iter().all(signer))?;
                note(out, Field::Signer, block, value);
            }
            b"t" => {
                ensure(!value.is_empty() && value.iter().all(u8::is_ascii_digit))?;
                note(out, Field::Time, block, value);
            }
            b"l" => return None,
            _ => {}
        }
        Some(())
    }
}

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

fn tokens(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|token| token.as_bytes().to_vec()).collect()
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

fn samples() -> Vec<Vec<u8>> {
    let samples = [
        "from:Ann B. Cee <ann.b+c@mail.ex-ample.com>\r\nto:x@y.z\r\nsubject:Recover 0x00 on 1\r\n\
         dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=ex-ample.com; s=20230601; t=1700000000; \
         h=from:to:subject; bh=YQ==; b=",
        "subject:\r\nfrom:\"A \\\"<b@c.d>\\\" \" <e@f.gh>\r\ndkim-signature:a = rsa-sha256 ;v =1;d= f.gh ;c=relaxed; b=; ",
        "mime-version:1.0\r\nfrom:a@b.co\r\nsubject:x\r\nfrom:<c.d@e-f.g.h>\r\n\
         dkim-signature:t=12;q=dns/txt; i=@b.co;c=relaxed/simple ; d=b.co; v=1; a=rsa-sha256; b=;",
        "fro:1\r\nfromm:2\r\nsubjec:3\r\ndkim-signatur:4\r\nDKIM-Signature:5\r\nsubject:~ ~\r\n\
         dkim-signature:vv=1; v=1; dd=x; d=x; tt=1; ll=2; b=",
    ];
    samples.map(|sample| sample.as_bytes().to_vec()).into()
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

/// Seeded mutation: pieces of the samples and of a dictionary are put in, taken out and moved.
#[test]
fn mutated_blocks() {
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
    let mut rng = ChaCha8Rng::seed_from_u64(0x6b64_696d);
    let mut accepted = 0;
    let rounds = 200_000;
    for _ in 0..rounds {
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
        accepted += usize::from(compare(&block));
    }
    println!("{accepted} of {rounds} mutated blocks accepted");
    assert!(accepted > rounds / 20 && accepted < rounds / 2);
}
