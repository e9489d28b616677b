//! The grammar of a signed header block, written as an automaton.
//!
//! # Statement
//!
//! ```text
//! block        = *(field CRLF) dkim-field
//! field        = from-field / subject-field / other-field
//! name         = 1*(%x21-39 / %x3B-7E)
//! other-field  = name ":" *(%x00-08 / %x0B-0C / %x0E-FF)     ; any other name than these three
//! subject-field = "subject:" *(%x20-7E)
//! from-field   = "from:" (addr-spec / [phrase [SP] / quoted [SP]] "<" addr-spec ">")
//! dkim-field   = "dkim-signature:" tag *(";" tag) [";" [SP]]
//! ```
//!
//! Names are compared byte for byte, in lower case. The rules of From values stand at [`from`],
//! those of the tag list at [`tag_list`]. Fields, in the sense of [`ByteRole`]:
//!
//! | field | bytes |
//! | --- | --- |
//! | `Local` | local part of the From address, and its `@` |
//! | `Domain` | domain of the From address |
//! | `Signer`, `Time` | value of `d=`, digits of `t=` |
//! | `Subject`, `SubjectMark` | the Subject value; the colon of `subject:` |
//! | `VersionMark`, `AlgorithmMark`, `CanonMark` | last byte of `1`, `rsa-sha256`, `relaxed` |
//!
//! # Soundness
//!
//! Names are matched by a trie, which is deterministic: no run reads `from:`, `subject:` or
//! `dkim-signature:` as another name. The same holds for tag names, so a known tag can't pass as
//! an unknown one. The only choice is at the first byte of a From value, which may begin a bare
//! address or a display name; only the first meets an `@`, only the second a `<`. Nothing leads
//! out of the dkim field but the end, so it is the last one. What follows a CRLF must be a byte of
//! a name, so there are no folds; TAB, bare CR and bare LF have no edge at all.
//!
//! # Source
//!
//! RFC 5322 §3.2.3, §3.2.4, §3.4 (From), RFC 6376 §3.2, §3.4.2, §3.5 (tag list, relaxed fields),
//! RFC 1123 §2.1 (labels). Narrower than these: see docs/relation.md, clauses 2.2 to 6.7.

use std::sync::OnceLock;

use super::automaton::{Automaton, ByteRole, END, START};
use super::builder::{Builder, Bytes, State};

const ALPHA: Bytes = Bytes::range(b'a', b'z').or(Bytes::range(b'A', b'Z'));
const DIGIT: Bytes = Bytes::range(b'0', b'9');
const ALNUM: Bytes = ALPHA.or(DIGIT);
const ATEXT: Bytes = ALNUM.or(Bytes::of(b"!#$%&'*+-/=?^_`{|}~"));
const PRINTABLE: Bytes = Bytes::range(0x20, 0x7e);
const NAME: Bytes = Bytes::range(0x21, 0x7e).except(Bytes::of(b":"));
const OTHER_VALUE: Bytes = Bytes::range(0, 255).except(Bytes::of(b"\t\r\n"));
const QUOTED_TEXT: Bytes = PRINTABLE.except(Bytes::of(b"\"\\"));
const TAG_NAME: Bytes = ALNUM.or(Bytes::of(b"_"));
const TAG_VALUE: Bytes = PRINTABLE.except(Bytes::of(b";"));
const TAG_WORD: Bytes = TAG_VALUE.except(Bytes::of(b" "));
const SIGNER: Bytes = ALNUM.or(Bytes::of(b"-."));

impl Automaton {
    /// The automaton of the header grammar, built on first use; numbering never varies.
    pub fn header() -> &'static Automaton {
        static AUTOMATON: OnceLock<Automaton> = OnceLock::new();
        AUTOMATON.get_or_init(build)
    }
}

/// Builds the automaton of a block between filler and padding.
fn build() -> Automaton {
    let mut b = Builder::default();
    let start = b.state("before the block");
    let end = b.state("after the block");
    assert_eq!((start.number(), end.number()), (START, END));
    b.end(start, start);
    b.end(end, end);

    // CRLF, and then the first byte of a name.
    let line = b.state("at the start of a field");
    let cr = b.state("after CR");
    b.byte(cr, b'\n', line);

    let from_value = b.state("at the start of the From value");
    from(&mut b, from_value, cr);

    let subject = b.state("in the Subject value");
    b.emit(subject, &PRINTABLE, subject, ByteRole::Subject);
    b.byte(subject, b'\r', cr);

    let tags = b.state("at the start of the tag list");
    tag_list(&mut b, tags, end);

    let other = b.state("in the value of another field");
    b.class(other, &OTHER_VALUE, other);
    b.byte(other, b'\r', cr);

    let known = [
        ("from", from_value, ByteRole::None),
        ("subject", subject, ByteRole::SubjectMark),
        ("dkim-signature", tags, ByteRole::None),
    ];
    names(&mut b, [start, line], known, other);
    b.build()
}

/// `name ":"` from each of `roots`: a trie of the known names, `(name, state after its colon,
/// field of its colon)`, which any other byte leaves for the other names.
fn names(b: &mut Builder, roots: [State; 2], known: [(&str, State, ByteRole); 3], other: State) {
    let other_name = b.state("in the name of another field");
    b.class(other_name, &NAME, other_name);
    b.byte(other_name, b':', other);

    // The known names begin with different bytes, so the trie is one chain for each, below `roots`.
    let firsts = known.map(|(name, ..)| name.as_bytes()[0]);
    let heads = known.map(|(name, value, field)| {
        let head = b.state(format!("after `{}`", &name[..1]));
        let mut at = head;
        for (i, &byte) in name.as_bytes().iter().enumerate().skip(1) {
            let next = b.state(format!("after `{}`", &name[..=i]));
            b.byte(at, byte, next);
            b.class(at, &NAME.except(Bytes::of(&[byte])), other_name);
            b.byte(at, b':', other);
            at = next;
        }
        b.class(at, &NAME, other_name);
        b.mark(at, b':', value, field);
        head
    });
    for root in roots {
        b.class(root, &NAME.except(Bytes::of(&firsts)), other_name);
        for (first, head) in firsts.into_iter().zip(heads) {
            b.byte(root, first, head);
        }
    }
}

/// The From value, from its first byte to the CR after it.
///
/// ```text
/// value     = addr-spec / [phrase [SP] / quoted [SP]] "<" addr-spec ">"
/// phrase    = atext *(atext / "." / SP (atext / "."))
/// quoted    = DQUOTE *(qtext / "\" %x20-7E) DQUOTE       ; qtext: %x20-7E but DQUOTE and "\"
/// addr-spec = dot-atom "@" domain
/// ```
fn from(b: &mut Builder, value: State, cr: State) {
    // A bare address: the first byte is that of a dot-atom.
    let bare = Address::build(b, "the bare address");
    b.emit(value, &ATEXT, bare.in_atom, ByteRole::Local);
    bare.closed_by(b, b'\r', cr);

    // An address in angle brackets.
    let angle = Address::build(b, "the address in brackets");
    let closed = b.state("after the `>` of the From value");
    angle.closed_by(b, b'>', closed);
    b.byte(closed, b'\r', cr);
    b.byte(value, b'<', angle.at_atom);

    // A display name of atoms, dots and single spaces.
    let phrase = b.state("in the display name");
    let phrase_space = b.state("after a space of the display name");
    let word = ATEXT.or(Bytes::of(b"."));
    b.class(value, &ATEXT, phrase);
    b.class(phrase, &word, phrase);
    b.byte(phrase, b' ', phrase_space);
    b.byte(phrase, b'<', angle.at_atom);
    b.class(phrase_space, &word, phrase);
    b.byte(phrase_space, b'<', angle.at_atom);

    // A quoted display name.
    let quoted = b.state("in the quoted display name");
    let escape = b.state("after a backslash of the quoted display name");
    let unquoted = b.state("after the quoted display name");
    let unquoted_space = b.state("after the space behind the quoted display name");
    b.byte(value, b'"', quoted);
    b.class(quoted, &QUOTED_TEXT, quoted);
    b.byte(quoted, b'\\', escape);
    b.class(escape, &PRINTABLE, quoted);
    b.byte(quoted, b'"', unquoted);
    b.byte(unquoted, b' ', unquoted_space);
    b.byte(unquoted, b'<', angle.at_atom);
    b.byte(unquoted_space, b'<', angle.at_atom);
}

/// The states of an `addr-spec` that others connect to.
///
/// ```text
/// dot-atom  = 1*atext *("." 1*atext)
/// domain    = label 1*("." label)
/// label     = alnum [*(alnum / "-") alnum]
/// ```
struct Address {
    /// An atom of the local part must begin here.
    at_atom: State,
    /// Inside an atom of the local part.
    in_atom: State,
    /// After a letter or digit of the second or a later label: the address may end.
    in_label: State,
}

impl Address {
    fn build(b: &mut Builder, which: &str) -> Self {
        let at_atom = b.state(format!("at an atom of {which}"));
        let in_atom = b.state(format!("in an atom of {which}"));
        b.emit(at_atom, &ATEXT, in_atom, ByteRole::Local);
        b.emit(in_atom, &ATEXT, in_atom, ByteRole::Local);
        b.mark(in_atom, b'.', at_atom, ByteRole::Local);

        let (at_first, in_first) = Self::label(b, &format!("the first label of {which}"));
        let (at_label, in_label) = Self::label(b, &format!("a later label of {which}"));
        b.mark(in_atom, b'@', at_first, ByteRole::Local);
        b.mark(in_first, b'.', at_label, ByteRole::Domain);
        b.mark(in_label, b'.', at_label, ByteRole::Domain);
        Self { at_atom, in_atom, in_label }
    }

    /// A label: the state before it, and the one after any letter or digit of it.
    fn label(b: &mut Builder, which: &str) -> (State, State) {
        let before = b.state(format!("at the start of {which}"));
        let inside = b.state(format!("in {which}"));
        let hyphen = b.state(format!("after a hyphen in {which}"));
        for from in [before, inside, hyphen] {
            b.emit(from, &ALNUM, inside, ByteRole::Domain);
        }
        b.mark(inside, b'-', hyphen, ByteRole::Domain);
        b.mark(hyphen, b'-', hyphen, ByteRole::Domain);
        (before, inside)
    }

    fn closed_by(&self, b: &mut Builder, delimiter: u8, to: State) {
        b.byte(self.in_label, delimiter, to);
    }
}

/// The tag list, from the byte after the colon to the end of the block.
///
/// ```text
/// list  = tag *(";" tag) [";" [SP]]
/// tag   = [SP] name [SP] "=" [SP] value [SP]
/// name  = ALPHA *(ALPHA / DIGIT / "_")                   ; case sensitive
/// value = "1"                                            ; v
///       / "rsa-sha256"                                   ; a
///       / "relaxed" ["/" *(%x21-3A / %x3C-7E)]           ; c
///       / 1*(ALPHA / DIGIT / "-" / ".")                  ; d
///       / 1*DIGIT                                        ; t
///       / *(%x20-3A / %x3C-7E)                           ; any other name but l, which is refused
/// ```
fn tag_list(b: &mut Builder, list: State, end: State) {
    // Where a tag may begin. Only after a semicolon may the list end instead.
    let list_space = b.state("after the space before the first tag");
    let tag = b.state("after the semicolon of a tag");
    let tag_space = b.state("after the space before a tag");
    b.byte(list, b' ', list_space);
    b.byte(tag, b' ', tag_space);
    b.end(tag, end);
    b.end(tag_space, end);
    let begin = [list, list_space, tag, tag_space];

    // After a complete value of a known tag: [SP], then a semicolon or the end.
    let done = b.state("after the value of a tag");
    let done_space = b.state("after the space behind the value of a tag");
    b.byte(done, b' ', done_space);
    b.byte(done, b';', tag);
    b.end(done, end);
    b.byte(done_space, b';', tag);
    b.end(done_space, end);

    // Any other tag; its value takes in the spaces around it.
    let other_name = b.state("in the name of another tag");
    let other_value = b.state("in the value of another tag");
    b.class(other_name, &TAG_NAME, other_name);
    equals(b, other_name, other_value);
    b.class(other_value, &TAG_VALUE, other_value);
    b.byte(other_value, b';', tag);
    b.end(other_value, end);

    // The known names are one letter each, and so is `l`, which no `=` may follow.
    for from in begin {
        b.class(from, &ALPHA.except(Bytes::of(b"vacdtl")), other_name);
    }
    let known = |b: &mut Builder, letter: u8| {
        let name = b.state(format!("after the tag name `{}`", char::from(letter)));
        for from in begin {
            b.byte(from, letter, name);
        }
        b.class(name, &TAG_NAME, other_name);
        name
    };
    known(b, b'l');
    let [version, algorithm, canon, signer, time] = [b'v', b'a', b'c', b'd', b't'].map(|letter| {
        let name = known(b, letter);
        let value = b.state(format!("at the value of `{}`", char::from(letter)));
        let value_space = b.state(format!("after the space of `{}=`", char::from(letter)));
        equals(b, name, value);
        b.byte(value, b' ', value_space);
        [value, value_space]
    });

    for from in version {
        b.mark(from, b'1', done, ByteRole::VersionMark);
    }

    let algorithm_head = b.state("after `r` of `rsa-sha256`");
    for from in algorithm {
        b.byte(from, b'r', algorithm_head);
    }
    b.word(algorithm_head, "rsa-sha256", 1, done, ByteRole::AlgorithmMark);

    let canon_head = b.state("after `r` of `relaxed`");
    for from in canon {
        b.byte(from, b'r', canon_head);
    }
    let relaxed = b.state("after `relaxed`");
    b.word(canon_head, "relaxed", 1, relaxed, ByteRole::CanonMark);
    let body_canon = b.state("after `relaxed/`");
    b.byte(relaxed, b'/', body_canon);
    b.class(body_canon, &TAG_WORD, body_canon);

    let in_signer = b.state("in the value of `d`");
    for from in signer.into_iter().chain([in_signer]) {
        b.emit(from, &SIGNER, in_signer, ByteRole::Signer);
    }

    let in_time = b.state("in the value of `t`");
    for from in time.into_iter().chain([in_time]) {
        b.emit(from, &DIGIT, in_time, ByteRole::Time);
    }

    for value in [relaxed, body_canon, in_signer, in_time] {
        b.byte(value, b' ', done_space);
        b.byte(value, b';', tag);
        b.end(value, end);
    }
}

/// `[SP] "="` after a tag name.
fn equals(b: &mut Builder, name: State, value: State) {
    let space = b.state("after the space before `=`");
    b.byte(name, b'=', value);
    b.byte(name, b' ', space);
    b.byte(space, b'=', value);
}
