//! Seeded messages whose From is anything between usual and hostile.
//!
//! Values follow the statement's grammar, with tokens in them that other parsers may read as
//! something else, and are then changed in a few places. The header is written as a sender might write
//! it: folded, with names in any case, so that relaxed canonicalisation has something to do.

use rand::{seq::SliceRandom, Rng};
use rand_chacha::ChaCha8Rng;

/// Atoms of local parts and display names, separated by spaces.
const ATOMS: &str = "ann b C3 x-y o'neil a/b a=b 50% %40 user+tag {x} | ~ ` * ! $ #1 victim \
    victim!bank victim%bank.example =?utf-8?q?victim?= =?utf-8?q?victim=40bank.example?= \
    =?utf-8?b?dmljdGltQGJhbmsuZXhhbXBsZQ==?= =?us-ascii?Q?=3Cvictim=40bank.example=3E?= =?x?= \
    =?utf-8?q? =?utf-8?q?x x?=victim ?= =?utf-8?q?a?=victim";
const LABELS: &[&str] =
    &["example", "org", "bank", "EXAMPLE", "a", "1", "x--y", "xn--bcher-kva", "co", "0-0"];
const QUOTED: &[&str] = &[
    "Ann",
    "B. Cee",
    ",",
    ";",
    ":",
    "(",
    ")",
    "(victim@bank.example)",
    "<",
    ">",
    "@",
    ".",
    " ",
    "  ",
    "<victim@bank.example>",
    "victim@bank.example",
    "victim@bank.example,",
    "\\\"",
    "\\\\",
    "\\,",
    "\\<",
    "\\>",
    "\\@",
    "\\a",
    "\\ ",
    "\\\" <victim@bank.example>",
    "\\\\\\\"",
    "group:",
    "=?utf-8?q?",
    "=?utf-8?q?=22_=3Cvictim=40bank.example=3E?=",
    "?=",
    "[",
    "]",
    "\\\", victim@bank.example, \\\"",
];
/// What changes put into a value.
const TOKENS: &[&str] = &[
    " ",
    "  ",
    "<",
    ">",
    "<>",
    "@",
    ",",
    ";",
    ":",
    "(",
    ")",
    "\"",
    "\\",
    ".",
    "..",
    "-",
    "[",
    "]",
    "\"\"",
    "<victim@bank.example>",
    "victim@bank.example",
    ", victim@bank.example",
    "(victim@bank.example)",
    "\"victim\"@",
    "@bank.example:",
    "Group:",
    "=?utf-8?q?=2C?=",
    "\t",
    "\r\n ",
    "\r\n\t",
    "\u{e9}",
    "\u{7f}",
    "=40",
    "%",
    "a",
    "=?utf-8?b?PA==?=",
];
const OTHER_NAMES: &[&str] = &[
    "To",
    "Cc",
    "Sender",
    "Reply-To",
    "Resent-From",
    "X-From",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Return-Path",
    "From-",
    "Froms",
    "X",
    "{from}",
    "Author",
];
const OTHER_VALUES: &[&str] = &[
    "victim@bank.example",
    "<victim@bank.example>",
    "",
    "1.0",
    "text/plain; charset=utf-8",
    "multipart/mixed; boundary=\"x\"",
    "message/rfc822",
    "Mon, 2 Jan 2023 03:04:05 +0000",
    "<id@example.org>",
    "x\u{b}From: victim@bank.example",
    "x\u{c}From: victim@bank.example",
    "x\u{1c}From: victim@bank.example",
    "x\u{85}From: victim@bank.example",
    "x\u{2028}From: victim@bank.example",
    "x\0From: victim@bank.example",
    "\u{0}",
    "(",
    "\"",
    "<",
    "\\",
    "=?utf-8?q?=0D=0AFrom:_victim=40bank.example?=",
    "x\u{1e}From: victim@bank.example",
];

fn pick<'a>(rng: &mut ChaCha8Rng, list: &[&'a str]) -> &'a str {
    list.choose(rng).expect("a list that is not empty")
}

/// One to `most` items with something between them.
fn several(
    rng: &mut ChaCha8Rng,
    most: usize,
    between: &[&str],
    item: impl Fn(&mut ChaCha8Rng) -> String,
) -> String {
    let mut text = item(rng);
    for _ in 1..rng.gen_range(1..=most) {
        text.push_str(pick(rng, between));
        text.push_str(&item(rng));
    }
    text
}

fn atom(rng: &mut ChaCha8Rng) -> String {
    match rng.gen_range(0..4) {
        0 => {
            const ATEXT: &[u8] = b"abcXYZ019!#$%&'*+-/=?^_`{|}~";
            (0..rng.gen_range(1..6))
                .map(|_| char::from(*ATEXT.choose(rng).expect("atext")))
                .collect()
        }
        _ => pick(rng, &ATOMS.split(' ').collect::<Vec<_>>()).to_owned(),
    }
}

fn domain(rng: &mut ChaCha8Rng) -> String {
    let label = |rng: &mut ChaCha8Rng| pick(rng, LABELS).to_owned();
    format!("{}.{}", label(rng), several(rng, 2, &["."], label))
}

fn display_name(rng: &mut ChaCha8Rng) -> String {
    match rng.gen_range(0..4) {
        0 => String::new(),
        1 => several(rng, 4, &[" ", " ", ".", ". ", ".."], atom),
        _ => {
            let part = |rng: &mut ChaCha8Rng| pick(rng, QUOTED).to_owned();
            format!("\"{}\"", several(rng, 6, &["", "", " "], part))
        }
    }
}

/// A From value and the domain of its address.
fn from_value(rng: &mut ChaCha8Rng) -> (String, String) {
    let domain = domain(rng);
    let address = format!("{}@{domain}", several(rng, 3, &["."], atom));
    let mut value = match rng.gen_range(0..5) {
        0 => address,
        _ => format!("{}{}<{address}>", display_name(rng), pick(rng, &["", " ", " "])),
    };
    if rng.gen_range(0..3) == 0 {
        for _ in 0..rng.gen_range(1..=3) {
            change(&mut value, rng);
        }
    }
    (value, domain)
}

fn change(value: &mut String, rng: &mut ChaCha8Rng) {
    let places: Vec<usize> = (0..=value.len()).filter(|i| value.is_char_boundary(*i)).collect();
    let at = *places.choose(rng).expect("a place");
    let end = *places.iter().find(|place| **place > at).unwrap_or(&at);
    match rng.gen_range(0..4) {
        0 => value.replace_range(at..end, ""),
        1 => value.replace_range(at..end, pick(rng, TOKENS)),
        _ => value.insert_str(at, pick(rng, TOKENS)),
    }
}

/// A name in some case.
fn cased(rng: &mut ChaCha8Rng, name: &str) -> String {
    match rng.gen_range(0..4) {
        0 => name.to_lowercase(),
        1 => name.to_uppercase(),
        2 => name.chars().map(|c| if rng.gen() { c.to_ascii_uppercase() } else { c }).collect(),
        _ => name.to_owned(),
    }
}

/// A field with some of its spaces folded.
fn field(rng: &mut ChaCha8Rng, name: &str, value: &str) -> String {
    // Some readers take a name with a space behind it for the end of the header.
    let before = if rng.gen_range(0..24) == 0 { pick(rng, &[" ", "\t"]) } else { "" };
    let colon = pick(rng, &[":", ":", ": ", ": ", ":\r\n ", ":\t"]);
    let value: Vec<&str> = value.split(' ').collect();
    let mut text = format!("{}{before}{colon}{}", cased(rng, name), value[0]);
    for part in &value[1..] {
        text.push_str(pick(rng, &[" ", " ", " ", "\r\n ", " \r\n\t", "\t", "  "]));
        text.push_str(part);
    }
    text + pick(rng, &["", "", "", "", " ", "\t", "\r\n "]) + "\r\n"
}

/// A message with one From field, signed as far as a header can tell.
pub fn message(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let (from, domain) = from_value(rng);
    let subject =
        pick(rng, &["Hello", "", "From: victim@bank.example", "=?utf-8?q?=0AFrom:_v?=", "a  b"]);
    let mut fields = vec![("From", from), ("Subject", subject.to_owned())];
    for name in OTHER_NAMES.choose_multiple(rng, 3) {
        if rng.gen() {
            fields.push((name, pick(rng, OTHER_VALUES).to_owned()));
        }
    }
    fields.shuffle(rng);
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let tags = format!(
        "v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s; h={}; bh=AA==; b=AA==",
        names.join(":")
    );
    fields.insert(rng.gen_range(0..=fields.len()), ("DKIM-Signature", tags));
    let header: String = fields.iter().map(|(name, value)| field(rng, name, value)).collect();
    (header + "\r\nFrom: victim@bank.example\r\n").into_bytes()
}
