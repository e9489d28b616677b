//! What a file is: a mail, a mail in a wrapping that has one meaning, or something else by its name.
//!
//! Two wrappings are taken off: the `From ` line of an mbox with one mail (RFC 4155) and the byte
//! count and property list of Apple Mail's `.emlx`. Neither is part of the mail, so neither was
//! signed.

use crate::refusal::{Part, Place, Refusal, Rule};

/// How a mail lies in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// As it was received.
    #[default]
    Bare,
    /// An mbox with one mail in it.
    Mbox,
    /// Apple Mail's `.emlx`: a line with the mail's length, the mail, a property list.
    Emlx,
}

/// A mail taken out of its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unframed<'a> {
    pub(super) framing: Framing,
    pub(super) mail: &'a [u8],
    /// The mail's first line in the file, counted from 1.
    pub(super) line: u32,
}

/// Takes a mail out of its file, or says what the file is instead.
pub(super) fn unframe(bytes: &[u8]) -> Result<Unframed<'_>, Refusal> {
    if let Some((what, hint)) = something_else(bytes) {
        return Err(refuse(what, hint));
    }
    if is_separator(bytes) {
        let mails = count_mails(bytes);
        if mails > 1 {
            return Err(refuse(
                format!("an mbox with {mails} mails"),
                "save the one mail by itself (\"save as\", .eml) and give that",
            ));
        }
        return Ok(Unframed { framing: Framing::Mbox, mail: after_line(bytes), line: 2 });
    }
    Ok(match emlx(bytes)? {
        Some(mail) => Unframed { framing: Framing::Emlx, mail, line: 2 },
        None => Unframed { framing: Framing::Bare, mail: bytes, line: 1 },
    })
}

fn refuse(what: impl Into<String>, hint: &str) -> Refusal {
    Refusal::new(Rule::MessageSyntax, Place::part(Part::Message), what).hint(hint)
}

const ORIGINAL: &str =
    "give the mail's original text: \"show original\" or \"view source\" in the \
                        mailbox, then download";

/// Files by their first bytes.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (
        &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
        "an Outlook .msg file, which does not keep what was signed",
        "in Outlook on the web: the mail's menu, \"Save as\" or \"Download\" gives an .eml",
    ),
    (b"!BDN", "an Outlook data file (.pst)", ORIGINAL),
    (&[0x78, 0x9f, 0x3e, 0x22], "an attachment of Outlook (winmail.dat)", ORIGINAL),
    (b"%PDF-", "a PDF file, the picture of a mail", ORIGINAL),
    (b"{\\rtf", "an RTF document", ORIGINAL),
    (b"\x89PNG", "a picture", ORIGINAL),
    (&[0xff, 0xd8, 0xff], "a picture", ORIGINAL),
    (b"PK\x03\x04", "a ZIP archive (or an office document)", "unpack it and give the .eml in it"),
    (&[0x1f, 0x8b], "a gzip archive", "unpack it and give the .eml in it"),
];

fn something_else(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Some(match bytes {
            [] => ("an empty file", ORIGINAL),
            _ => ("a file with nothing but white space", ORIGINAL),
        });
    }
    let is_utf16 = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, a, 0, b, ..] | [a, 0, b, 0, ..] => *a != 0 && *b != 0,
        _ => false,
    };
    if is_utf16 {
        let hint = "save it anew as plain bytes: a mail's source is ASCII or UTF-8 (\"save as\", \
                    encoding UTF-8 or ANSI); better, download the original";
        return Some(("a text in UTF-16", hint));
    }
    if let Some((_, what, hint)) = MAGIC.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Some((what, hint));
    }
    if is_double_spaced(bytes) {
        let what = "a text with an empty line after every line, as some programs copy a mail";
        return Some((what, ORIGINAL));
    }
    let head = bytes[..bytes.len().min(2048)].trim_ascii_start().to_ascii_lowercase();
    let holds = |text: &str| head.windows(text.len()).any(|window| window == text.as_bytes());
    let page = "a saved web page (HTML), not the mail's original text";
    match head.first() {
        Some(b'<') if holds("<html") || holds("<!doctype html") => Some((page, ORIGINAL)),
        Some(b'<') => Some(("HTML or XML, not a mail", ORIGINAL)),
        Some(b'{' | b'[') => Some(("JSON, not a mail", ORIGINAL)),
        _ if holds("snapshot-content-location:") || holds("from: <saved by ") => {
            Some(("a saved web page (.mhtml), not the mail's original text", ORIGINAL))
        }
        _ if is_base64(&head) => Some(("a mail in base64", "decode it and give the result")),
        _ => None,
    }
}

/// A header with one field ends at the first empty line, so nothing that could be proved looks like this.
fn is_double_spaced(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|b| *b == b'\n').map(|line| line.trim_ascii().is_empty());
    (0..4).all(|_| lines.next() == Some(false) && lines.next() == Some(true))
}

/// Nothing but base64 or base64url; a header has colons.
fn is_base64(head: &[u8]) -> bool {
    let base64 = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_=".contains(b) || b"\r\n".contains(b);
    head.len() >= 64 && head.iter().all(base64)
}

/// Whether a line begins one mail of an mbox. `From :` is a field with white space before its colon.
fn is_separator(line: &[u8]) -> bool {
    let rest = line.strip_prefix(b"From ").map(<[u8]>::trim_ascii_start);
    rest.is_some_and(|rest| rest.first().is_some_and(|b| *b != b':'))
}

/// Counts separators: after an empty line, with a time and a year. A body's "From here on" is none.
fn count_mails(bytes: &[u8]) -> usize {
    let mut after_blank = false;
    let mut mails = 1;
    for line in bytes.split(|b| *b == b'\n').skip(1) {
        let line = line.trim_ascii_end();
        mails += usize::from(after_blank && is_separator(line) && has_time_and_year(line));
        after_blank = line.is_empty();
    }
    mails
}

fn has_time_and_year(line: &[u8]) -> bool {
    let mut words = line.split(|b| *b == b' ');
    let digits =
        |word: &[u8], at: &[usize]| at.iter().all(|i| word.get(*i).is_some_and(u8::is_ascii_digit));
    let time = |word: &[u8]| word.len() >= 5 && word[2] == b':' && digits(word, &[0, 1, 3, 4]);
    let year = |word: &[u8]| word.len() == 4 && digits(word, &[0, 1, 2, 3]);
    words.clone().any(time) && words.any(year)
}

fn after_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == b'\n');
    end.map_or(&[], |end| &bytes[end + 1..])
}

/// The mail in an `.emlx`: a line with its length, the mail, a property list. None where the file is no
/// such file, a refusal where its length is another.
fn emlx(bytes: &[u8]) -> Result<Option<&[u8]>, Refusal> {
    let Some(end) = bytes.iter().take(24).position(|b| *b == b'\n') else { return Ok(None) };
    let (count, rest) = (bytes[..end].trim_ascii(), &bytes[end + 1..]);
    if count.is_empty() || !count.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let len = std::str::from_utf8(count).ok().and_then(|count| count.parse().ok());
    let parts = len.and_then(|len: usize| rest.split_at_checked(len));
    match parts.map(|(mail, list)| (mail, list.trim_ascii())) {
        Some((mail, list)) if list.is_empty() || list.starts_with(b"<?xml") => Ok(Some(mail)),
        _ => Err(refuse(
            "an .emlx file of Apple Mail that is cut off, or whose line ends were changed",
            "in Mail: \"Save As\", format \"Raw Message Source\"; or download the original in the mailbox",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: a@b.cc\r\nSubject: hi\r\n\r\nFrom here on 2024\r\n";
    const LINE: &str = "From a@b.cc Mon Jan  1 00:00:00 2024\r\n";

    fn what(bytes: &[u8]) -> String {
        let refusal = unframe(bytes).unwrap_err();
        assert_eq!(refusal.rule, Rule::MessageSyntax);
        assert!(!refusal.hint.is_empty());
        refusal.detail
    }

    #[test]
    fn takes_off_what_is_not_part_of_the_mail() {
        let list = "<?xml version=\"1.0\"?>\n<plist></plist>\n";
        for (framing, text, line) in [
            (Framing::Bare, MAIL.to_owned(), 1),
            (Framing::Mbox, format!("{LINE}{MAIL}"), 2),
            (Framing::Mbox, format!("From - 12:00\r\n{MAIL}"), 2),
            (Framing::Emlx, format!("{:<10}\n{MAIL}{list}", MAIL.len()), 2),
            (Framing::Emlx, format!("{}\n{MAIL}", MAIL.len()), 2),
        ] {
            let got = unframe(text.as_bytes()).unwrap();
            assert_eq!(got, Unframed { framing, mail: MAIL.as_bytes(), line }, "{text}");
        }
        for other in
            ["From : a@b.cc\r\n\r\n", "From  : a@b.cc", "5x\r\nFrom: a@b.cc\r\n", "From: x", "5"]
        {
            assert_eq!(unframe(other.as_bytes()).unwrap().framing, Framing::Bare, "{other}");
        }
    }

    #[test]
    fn counts_the_mails_of_an_mbox() {
        let two = format!("{LINE}{MAIL}\r\n{LINE}{MAIL}");
        assert_eq!(what(two.as_bytes()), "an mbox with 2 mails");
        let many = format!("{LINE}{MAIL}\n").replace("\r\n", "\n").repeat(12);
        assert_eq!(what(many.as_bytes()), "an mbox with 12 mails");
        // A separator stands behind an empty line and has a time and a year.
        for line in [
            "seen at 12:00 in 2024",
            "From ab:cd in 2024",
            "From 12-34 in 2024",
            "From 1x:34 in 2024",
            "From 12:34 in 20245",
            "From 12:34 in 20x4",
            "From 12:34 on",
        ] {
            let text = format!("{LINE}{MAIL}\r\n{line}\r\n");
            assert_eq!(
                unframe(text.as_bytes()).map(|file| file.framing),
                Ok(Framing::Mbox),
                "{line}"
            );
        }
        let no_blank = format!("{LINE}{MAIL}{LINE}{MAIL}");
        assert_eq!(unframe(no_blank.as_bytes()).map(|file| file.framing), Ok(Framing::Mbox));
    }

    #[test]
    fn names_what_is_no_mail() {
        let utf16 = |swap: bool, mark: bool| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(MAIL.encode_utf16());
            units.flat_map(|u| if swap { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        for (swap, mark) in [(false, false), (false, true), (true, false), (true, true)] {
            assert_eq!(what(&utf16(swap, mark)), "a text in UTF-16");
        }
        for other in [b"a\0\0\0", b"\0a\0\0", b"\0\0\0a", b"a\0bc"] {
            assert!(unframe(other).is_ok(), "{other:?}");
        }
        for (bytes, name) in [
            (&b""[..], "an empty file"),
            (b"\r\n \n", "nothing but white space"),
            (&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0], ".msg"),
            (b"%PDF-1.7", "PDF"),
            (b"\n <!DOCTYPE html><html>", "a saved web page"),
            (b"<HTML><pre>From: a@b.cc", "a saved web page"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"{\"raw\": \"RnJvbTog\"}", "JSON"),
            (b"From: <Saved by Blink>\r\nSubject: x\r\n", ".mhtml"),
            (&b"RnJvbTogYUBiLmNjDQpTdWJqZWN0OiBo\n".repeat(3)[..], "base64"),
            (b"5\r\nFrom: a@b.cc\r\n\r\n", ".emlx"),
            (b"500 \nFrom: a@b.cc\n\n<?xml", ".emlx"),
            (b"99999999999999999999999\nFrom: a@b.cc\n\n", ".emlx"),
            (
                b"A: 1\r\n\r\nB: 2\r\n\r\nC: 3\r\n \r\nD: 4\r\n\r\n",
                "an empty line after every line",
            ),
        ] {
            assert!(what(bytes).contains(name), "{name}: {}", what(bytes));
        }
    }
}
