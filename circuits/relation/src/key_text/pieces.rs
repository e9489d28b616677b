//! Character strings of RFC 1035 §5.1, and which of them make up one record.

use super::{tag_name, Unreadable};
/// Records longer than this are refused, in bytes; a 4,096-bit key needs under 800.
pub const MAX_RECORD_BYTES: usize = 8192;

/// The records of a text that is no list and no zone file: quoted pieces, one record a line, or the
/// record itself.
pub(super) fn read(text: &str) -> Result<Vec<String>, Unreadable> {
    // A record copied out of a string of some programming language, with that string's quotes or without.
    if text.starts_with("\\\"") {
        return read_quoted(&unescape(text));
    }
    if let Some(inner) = text.strip_prefix('"').filter(|inner| inner.starts_with("\\\"")) {
        return read_quoted(&unescape(inner.strip_suffix('"').unwrap_or(inner)));
    }
    let text = after_aliases(text);
    match text.starts_with(['"', '(']) {
        true => read_quoted(text),
        false => Ok(vec![unescape(&without_joints(text))]),
    }
}

/// Without the lines of aliases that `dig +short` puts before the record: names with a final dot.
fn after_aliases(text: &str) -> &str {
    let mut rest = text;
    while let Some((line, next)) = rest.split_once('\n') {
        let name = line.trim();
        if !name.ends_with('.') || name.contains(['=', '"', ';', ' ']) {
            return rest;
        }
        rest = next.trim_start();
    }
    rest
}

fn read_quoted(text: &str) -> Result<Vec<String>, Unreadable> {
    let mut cursor = Cursor::new(text);
    let mut lines = Vec::new();
    while !cursor.at_end() {
        lines.push(cursor.strings()?);
    }
    Ok(group(lines))
}

/// Removes the quotes where two pieces meet; what begins without a quote may hold them all the same.
pub(super) fn without_joints(text: &str) -> String {
    let mut parts = text.split('"');
    let mut out = parts.next().unwrap_or_default().to_owned();
    let mut rest = parts.peekable();
    while let Some(part) = rest.next() {
        // `"` white space `"` is a joint; any other quote stays and is judged where it stands.
        if part.trim().is_empty() && rest.peek().is_some() {
            out.push_str(rest.next().unwrap_or_default());
        } else {
            out.push('"');
            out.push_str(part);
        }
    }
    out
}

/// `\DDD` is the byte with this number, a backslash before anything else falls away.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (c, used) = escaped(&rest[at..]);
        out.extend(c);
        rest = &rest[at + used..];
    }
    out + rest
}

/// The character behind the backslash that `text` begins with, and how many bytes both take.
fn escaped(text: &str) -> (Option<char>, usize) {
    let code = text.get(1..4).filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
    if let Some(byte) = code.and_then(|code| code.parse::<u8>().ok()) {
        return (Some(byte as char), 4);
    }
    match text[1..].chars().next() {
        Some(c) => (Some(c), 1 + c.len_utf8()),
        None => (None, 1),
    }
}

/// Joins pieces to records. Resolvers' libraries give a record as the pieces that DNS carries (255
/// bytes each, wherever that falls); a list may hold several records as well.
pub(crate) fn group(pieces: Vec<String>) -> Vec<String> {
    let mut records: Vec<String> = Vec::new();
    let mut has_key = false;
    for piece in pieces {
        match records.last_mut() {
            Some(record) if continues(record, has_key, &piece) => record.push_str(&piece),
            _ => {
                records.push(piece);
                has_key = false;
            }
        }
        has_key = has_key || records.last().is_some_and(|record| holds_key(record));
    }
    records
}

fn holds_key(record: &str) -> bool {
    record.split(';').any(|tag| tag_name(tag) == Some("p"))
}

/// Whether `piece` belongs to the record so far. A record without its `p=` isn't whole; a complete
/// one goes on with more base64, or with tags where a semicolon says so.
fn continues(record: &str, has_key: bool, piece: &str) -> bool {
    let is_version = |text: &str| text.get(..2).is_some_and(|v| v.eq_ignore_ascii_case("v="));
    let begins = piece.trim_start();
    if is_version(begins) || record.len() > MAX_RECORD_BYTES {
        return false;
    }
    let open = record.trim_end().ends_with(';');
    if !has_key {
        return open || is_version(record.trim_start());
    }
    let first = begins.split(';').next().unwrap_or_default();
    let more_base64 =
        first.trim_end().trim_end_matches('=').bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/') || b.is_ascii_whitespace()
        });
    more_base64 || (open && tag_name(first) != Some("p"))
}

/// Reads character strings: quoted ones and, in parentheses, unquoted ones, up to the end of the
/// line or the closing parenthesis. A line that begins with white space and a quote goes on.
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a str) -> Self {
        Self { rest }
    }

    pub(super) fn at_end(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.is_empty()
    }

    /// What is left to read.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn strings(&mut self) -> Result<String, Unreadable> {
        let mut out = String::new();
        let mut depth = 0usize;
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
            let Some(next) = self.rest.chars().next() else { break };
            match next {
                '\n' if depth == 0 && !goes_on(self.rest) => break,
                '\n' => self.rest = &self.rest[1..],
                '(' => {
                    depth += 1;
                    self.rest = &self.rest[1..];
                }
                ')' if depth > 0 => {
                    depth -= 1;
                    self.rest = &self.rest[1..];
                }
                // A comment; systemd's resolvectl begins its own with two hyphens.
                ';' | '-' if next == ';' || self.rest.starts_with("-- ") => {
                    let line = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = &self.rest[line..];
                }
                '"' => out.push_str(&self.quoted()?),
                _ if depth > 0 => out.push_str(&self.unquoted()),
                _ => {
                    let odd: String = self.rest.chars().take(20).collect();
                    return Err(Unreadable::new(
                        format!("text between the quoted pieces of a record: {odd}"),
                        super::AS_PUBLISHED,
                    ));
                }
            }
        }
        match depth {
            0 => Ok(out),
            _ => Err(cut_off("a parenthesis")),
        }
    }

    fn quoted(&mut self) -> Result<String, Unreadable> {
        let inner = &self.rest[1..];
        let mut at = 0;
        while let Some(next) = inner[at..].chars().next() {
            match next {
                '"' => {
                    self.rest = &inner[at + 1..];
                    return Ok(unescape(&inner[..at]));
                }
                '\\' => at += escaped(&inner[at..]).1,
                _ => at += next.len_utf8(),
            }
        }
        Err(cut_off("a quote"))
    }

    /// Up to white space, a quote or a parenthesis; a semicolon within does not begin a comment.
    fn unquoted(&mut self) -> String {
        let end = self.rest.find(|c: char| c.is_whitespace() || "\"()".contains(c));
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()).max(first));
        self.rest = rest;
        unescape(word)
    }
}

fn goes_on(rest: &str) -> bool {
    let line = rest.trim_start_matches(['\n', '\r']);
    line.starts_with([' ', '\t']) && line.trim_start_matches([' ', '\t']).starts_with('"')
}

fn cut_off(what: &str) -> Unreadable {
    Unreadable::new(format!("{what} that is not closed"), "copy the record whole, to its end")
}
