//! A raw message, cut into header fields and body (RFC 5322 §2.1, §2.2).
//!
//! Parsing is total: whatever is wrong becomes an entry of [`Message::defects`], and the fields
//! that can be read are kept. [`Message::parse`] refuses a message with any defect;
//! [`Message::parse_lenient`] is for reports and for tests that ask what the signed block says in
//! spite of what stands around it.
//!
//! Line ends are CRLF. A file without a single CRLF but with LF (a mailbox saved on Unix) is
//! normalised first; a mixture is not repaired, because two readers may repair it differently.
//!
//! What a file is besides a mail is for [`super::file_kind`]. A *stray* line, which is no field to
//! anybody (a gateway's note, a quoted `From `), is a defect as well, but one that leaves every field
//! as it is: [`Message::broken`] tells the others apart.

use crate::file_kind::{self, Framing};
use crate::refusal::{show_byte, show_text, Place, Refusal, Rule};
use std::borrow::Cow;
use std::fmt;
use zeroize::Zeroize;

/// Header sections beyond this are refused before they cost anything.
pub const MAX_HEADER_SECTION_BYTES: usize = 1 << 20;
/// More fields than this are refused.
pub const MAX_FIELDS: usize = 4096;
/// Defects beyond this are counted as one; a report needs no more.
const MAX_DEFECTS: usize = 8;

/// One header field as it stands in the message.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    line: u32,
    raw: Vec<u8>,
    name_len: usize,
    colon: usize,
}

impl Field {
    /// The field's first line, counted from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The name as written, without white space before the colon.
    pub fn name(&self) -> &[u8] {
        &self.raw[..self.name_len]
    }

    /// Everything after the colon, folds included, without the final CRLF.
    pub fn value(&self) -> &[u8] {
        &self.raw[self.colon + 1..]
    }

    /// The whole field without the final CRLF.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Whether the name is `name`, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }

    /// The field as a place in a refusal.
    pub fn place(&self) -> Place {
        Place::field(show_text(self.name()), self.line)
    }
}

/// Shows the name and the size only: values are the user's mail.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = show_text(self.name());
        write!(f, "Field({name}, line {}, {} bytes)", self.line, self.raw.len())
    }
}

/// A message: its fields from the top, its body and its defects.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    fields: Vec<Field>,
    body: Vec<u8>,
    framing: Framing,
    defects: Vec<Refusal>,
    broken: Option<Refusal>,
}

/// Shows numbers of fields and body bytes only: the rest is the user's mail.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} fields, {} body bytes)", self.fields.len(), self.body.len())
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.fields.iter_mut().for_each(|field| field.raw.zeroize());
        self.body.zeroize();
    }
}

impl Message {
    /// Parses a message, or names the first thing that is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let message = Self::parse_lenient(bytes);
        match message.defects.first() {
            Some(defect) => Err(defect.clone()),
            None => Ok(message),
        }
    }

    /// Parses what can be read; what is wrong is in [`Self::defects`].
    pub fn parse_lenient(bytes: &[u8]) -> Self {
        let mut parser = Parser::default();
        let file = match file_kind::unframe(bytes) {
            Ok(file) => file,
            Err(refusal) => {
                parser.broken(refusal);
                return parser.message(Framing::Bare, &[]);
            }
        };
        let normalised = normalise_line_ends(file.mail);
        let (header, body) = split_header(&normalised);
        parser.header(header, file.line);
        if header.is_empty() {
            parser.defect(
                Place::line(file.line),
                "the message begins with an empty line, so it has no header fields",
                "remove the empty line, or give the whole message (\"show original\")",
            );
        }
        if parser.fields.is_empty() && parser.broken.is_none() {
            let hint = "this is no mail's original text; give that (\"show original\", download)";
            parser.defect(Place::line(file.line), "a text without a header field", hint);
        }
        parser.message(file.framing, body)
    }

    /// The fields from the top.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The body after the empty line; empty where there is none.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How the mail lay in its file.
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// What is wrong with the message, in the order of the file.
    pub fn defects(&self) -> &[Refusal] {
        &self.defects
    }

    /// The first defect that is more than a stray line: two readers may see different fields.
    pub fn broken(&self) -> Option<&Refusal> {
        self.broken.as_ref()
    }

    /// The fields of one name, whatever its case, from the top.
    pub fn fields_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.is(name))
    }
}

/// LF becomes CRLF, but only where the file holds no CRLF at all.
fn normalise_line_ends(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'\n') || bytes.windows(2).any(|pair| pair == b"\r\n") {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for &byte in bytes {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    Cow::Owned(out)
}

/// The header section with its last CRLF, and the body after the empty line.
fn split_header(bytes: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = bytes.strip_prefix(b"\r\n") {
        return (&[], body);
    }
    match bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(end) => (&bytes[..end + 2], &bytes[end + 4..]),
        None => (bytes, &[]),
    }
}

#[derive(Default)]
struct Parser {
    fields: Vec<Field>,
    defects: Vec<Refusal>,
    broken: Option<Refusal>,
}

impl Parser {
    fn message(self, framing: Framing, body: &[u8]) -> Message {
        let Parser { fields, defects, broken } = self;
        Message { fields, body: body.to_vec(), framing, defects, broken }
    }

    fn defect(&mut self, place: Place, detail: impl Into<String>, hint: &str) {
        self.broken(Refusal::new(Rule::MessageSyntax, place, detail).hint(hint));
    }

    fn broken(&mut self, refusal: Refusal) {
        self.broken.get_or_insert_with(|| refusal.clone());
        self.push(refusal);
    }

    fn stray(&mut self, line: u32, detail: &str) {
        let hint =
            "a server or a program added the line, or the copy is damaged; take the original \
                    from a mailbox that keeps mails as they came";
        self.push(Refusal::new(Rule::MessageSyntax, Place::line(line), detail).hint(hint));
    }

    fn push(&mut self, refusal: Refusal) {
        if self.defects.len() < MAX_DEFECTS {
            self.defects.push(refusal);
        }
    }

    fn header(&mut self, section: &[u8], first: u32) {
        if section.len() > MAX_HEADER_SECTION_BYTES {
            let detail = format!("a header section of {} bytes", section.len());
            return self.defect(Place::line(first), detail, "headers of at most 1 MiB are read");
        }
        let mut rest = section;
        let mut line = first;
        // A continuation belongs to the field above it only if that field could be read.
        let mut open = false;
        while !rest.is_empty() {
            let end = rest.windows(2).position(|pair| pair == b"\r\n");
            let (text, next) = match end {
                Some(end) => (&rest[..end], &rest[end + 2..]),
                None => (rest, &rest[rest.len()..]),
            };
            self.check_line_ends(text, line);
            if text.first().is_some_and(|b| matches!(b, b' ' | b'\t')) {
                match self.fields.last_mut().filter(|_| open) {
                    Some(field) => {
                        field.raw.extend_from_slice(b"\r\n");
                        field.raw.extend_from_slice(text);
                    }
                    None if line == first => self.defect(
                        Place::line(line),
                        "the message starts with a continuation line",
                        "the first line must be a header field",
                    ),
                    None => {}
                }
            } else {
                open = self.field(text, line);
            }
            if self.fields.len() > MAX_FIELDS {
                let detail = format!("more than {MAX_FIELDS} header fields");
                return self.defect(Place::line(line), detail, "");
            }
            rest = next;
            line += 1;
        }
    }

    /// Starts a field; false where the line is none.
    fn field(&mut self, text: &[u8], line: u32) -> bool {
        let hint = "every header line is a name, a colon and a value";
        let Some(colon) = text.iter().position(|&b| b == b':') else {
            self.stray(line, "a header line without a colon");
            return false;
        };
        let blank = text[..colon].iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let name_len = colon - blank;
        if is_prose(&text[..name_len]) {
            self.stray(line, "a header line that is no field: there is a space in its name");
            return false;
        }
        if let Some(bad) = text[..name_len].iter().position(|b| !(0x21..=0x7e).contains(b)) {
            let detail = match text {
                [0xef, 0xbb, 0xbf, ..] => "a byte order mark before the header".into(),
                _ => format!("{} in a field name", show_byte(text[bad])),
            };
            self.defect(
                Place::line(line).at(bad),
                detail,
                "remove the line or the bytes before it",
            );
            return false;
        }
        if name_len == 0 {
            self.defect(Place::line(line), "a header field without a name", hint);
            return false;
        }
        self.fields.push(Field { line, raw: text.to_vec(), name_len, colon });
        true
    }

    fn check_line_ends(&mut self, text: &[u8], line: u32) {
        if let Some(at) = text.iter().position(|b| matches!(b, b'\r' | b'\n')) {
            let what = if text[at] == b'\r' { "a bare CR" } else { "a bare LF" };
            self.defect(
                Place::line(line).at(at),
                format!("{what} in the header"),
                "save the message with one kind of line end throughout (CRLF or LF)",
            );
        }
    }
}

/// Words before the colon, as in a quoted `From ` line; but not words that begin with the name of a
/// field that counts, which somebody might read as that field.
fn is_prose(name: &[u8]) -> bool {
    let words = name.split(|b| matches!(b, b' ' | b'\t'));
    let counts = |word: &[u8]| {
        ["from", "subject", "dkim-signature"]
            .iter()
            .any(|n| word.eq_ignore_ascii_case(n.as_bytes()))
    };
    let printable = name.iter().all(|b| (0x20..=0x7e).contains(b) || *b == b'\t');
    printable && words.clone().count() > 1 && !words.clone().next().is_some_and(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(bytes: &[u8]) -> Vec<(u32, String, String)> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let message = Message::parse(bytes).unwrap();
        message.fields().iter().map(|f| (f.line(), text(f.name()), text(f.value()))).collect()
    }

    fn defect(bytes: &[u8]) -> (String, Option<u32>) {
        let refusal = Message::parse(bytes).unwrap_err();
        (refusal.detail, refusal.place.line)
    }

    #[test]
    fn accepts_folds_and_odd_spacing() {
        let got = summary(b"A: 1\r\nB \t:2\r\n\t3\r\n \r\nC:\r\n\r\nbody");
        let want = [(1, "A", " 1"), (2, "B", "2\r\n\t3\r\n "), (5, "C", "")];
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert_eq!((got.0, got.1.as_str(), got.2.as_str()), want);
        }
    }

    #[test]
    fn accepts_lf_files_and_missing_bodies() {
        assert_eq!(summary(b"A: 1\n 2\nB: 3\n\nx\n")[0].2, " 1\r\n 2");
        assert_eq!(Message::parse(b"A: 1\n\nx\n").unwrap().body(), b"x\r\n");
        for no_body in [&b"A: 1"[..], b"A: 1\r\n", b"A: 1\r\n\r\n"] {
            assert_eq!(Message::parse(no_body).unwrap().body(), b"");
        }
    }

    #[test]
    fn rejects_each_defect_at_its_line() {
        for (bytes, detail, line) in [
            (&b"\r\nA: 1\r\n"[..], "no header fields", 1),
            (b"\nA: 1\n", "no header fields", 1),
            (b" A: 1\r\n", "continuation", 1),
            (b"A: 1\r\nB\r\n", "without a colon", 2),
            (b"A: 1\r\n: 2\r\n", "without a name", 2),
            (b"A: 1\r\nB C: 2\r\n", "a space in its name", 2),
            (b"A: 1\r\nFrom C: 2\r\n", "a space in a field name", 2),
            (b"From a Mon Jan 1 00:00:00 2024\r\nA: 1\r\nB\r\n", "without a colon", 3),
            (b"From a Mon Jan 1 00:00:00 2024\r\n A: 1\r\n", "continuation", 2),
            (b"\xef\xbb\xbfA: 1\r\n", "byte order mark", 1),
            (b"A: 1\r\nB: 2\rC: 3\r\n", "a bare CR", 2),
            (b"A: 1\r\nB: 2\nC: 3\r\n", "a bare LF", 2),
            (b"A: 1\rB: 2\r", "a bare CR", 1),
            (b"A: 1\n\rB: 2\n", "a bare CR", 2),
        ] {
            let (got, at) = defect(bytes);
            assert!(got.contains(detail), "{bytes:?}: {got}");
            assert_eq!(at, Some(line), "{bytes:?}");
        }
    }

    #[test]
    fn lenient_parsing_keeps_what_can_be_read() {
        let message = Message::parse_lenient(b" x\r\nA: 1\r\nnonsense\r\n more\r\nB: 2\r\n\r\nb");
        let names: Vec<_> = message.fields().iter().map(|f| f.name().to_vec()).collect();
        assert_eq!(names, [b"A".to_vec(), b"B".to_vec()]);
        assert_eq!(message.defects().len(), 2);
        assert_eq!(message.body(), b"b");
    }

    #[test]
    fn a_stray_line_leaves_the_fields_as_they_are() {
        for stray in [
            "checked by x",
            ">From a Mon Jan 1 00:00:00 2024",
            "Note to x: y",
            "Note\tto: y",
            "a\r\n b",
        ] {
            let message = Message::parse_lenient(format!("A: 1\r\n{stray}\r\nB: 2\r\n").as_bytes());
            assert_eq!((message.fields().len(), message.defects().len()), (2, 1), "{stray}");
            assert_eq!(message.broken(), None);
        }
        for broken in [
            "From x: y",
            "subject\tx: y",
            "DKIM-Signature v: 1",
            "x\u{1}: y",
            "a b\u{1}: y",
            "\u{e9}: y",
        ] {
            let text = format!("A: 1\r\nstray\r\n{broken}\r\n{}", "stray\r\n".repeat(20));
            let message = Message::parse_lenient(text.as_bytes());
            assert_eq!(message.broken().and_then(|r| r.place.line), Some(3), "{broken}");
        }
    }

    #[test]
    fn debug_shows_no_content() {
        let message = Message::parse(b"Subject: secret\r\n\r\nsecret").unwrap();
        let shown = format!("{message:?} {:?}", message.fields());
        assert!(!shown.contains("secret"));
        assert!(shown.contains("1 fields, 6 body bytes"), "{shown}");
        assert!(shown.contains("Field(Subject, line 1, 15 bytes)"), "{shown}");
    }

    #[test]
    fn hostile_sizes_are_refused() {
        for more in [1, 2, 1000] {
            let many = b"A: 1\r\n".repeat(MAX_FIELDS + more);
            assert!(defect(&many).0.contains("more than"));
            // No field beyond the bound is kept but the one that was too many.
            assert_eq!(Message::parse_lenient(&many).fields().len(), MAX_FIELDS + 1);
        }
        assert!(Message::parse(&b"A: 1\r\n".repeat(MAX_FIELDS)).is_ok());
        let mut long = b"A: ".to_vec();
        long.resize(MAX_HEADER_SECTION_BYTES, b'x');
        assert!(Message::parse(&long).is_ok());
        long.push(b'x');
        assert!(defect(&long).0.contains("bytes"));
        // A report needs no more defects than a few; the first that breaks the message is kept apart.
        let stray = b"a stray line\r\n".repeat(100);
        assert_eq!(Message::parse_lenient(&stray).defects().len(), MAX_DEFECTS);
    }
}
