//! Lines of a zone file (RFC 1035 §5.1) and of the tools that print like one: `dig`, `delv`, `drill`,
//! `host` and `nslookup`.

use super::pieces::{unescape, without_joints, Cursor};
use super::{plain_name, Form, Reading, TxtRecord, Unreadable};

/// Words of a line that are looked at before the record's type.
const MAX_WORDS: usize = 5;

/// Reads the lines of a zone; none where no line names a record's type.
pub(super) fn read(text: &str) -> Result<Option<Reading>, Unreadable> {
    let mut zone = Zone::default();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find('\n').unwrap_or(rest.len());
        rest = match find_type(&rest[..end]) {
            Some(Line { head, kind: Type::Txt, data, by }) => {
                let data = &rest[end - data.len()..];
                zone.add_text(head, by, data)?
            }
            Some(Line { head, kind: Type::Alias, data, by }) => {
                zone.add_alias(head, by, data);
                next_line(rest, end)
            }
            Some(Line { kind: Type::Other, .. }) => {
                zone.lines += 1;
                next_line(rest, end)
            }
            None => {
                zone.directive(&rest[..end]);
                next_line(rest, end)
            }
        };
    }
    zone.finish()
}

fn next_line(rest: &str, end: usize) -> &str {
    rest.get(end + 1..).unwrap_or_default()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Txt,
    Alias,
    Other,
}

/// Who wrote a line: `host` and `nslookup` give names whole and without the final dot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Zone,
    Tool,
}

/// A line, split at its record's type.
struct Line<'a> {
    head: &'a str,
    kind: Type,
    data: &'a str,
    by: By,
}

fn find_type(line: &str) -> Option<Line<'_>> {
    // Comments of dig and of zone files; and records, which never begin like a line of a zone.
    if line.trim_start().starts_with([';', '"', '(', '#']) {
        return None;
    }
    for (word, kind) in [
        (" descriptive text ", Type::Txt),
        ("text =", Type::Txt),
        (" is an alias for ", Type::Alias),
        ("canonical name =", Type::Alias),
    ] {
        if let Some((head, data)) = line.split_once(word) {
            if head.split_whitespace().count() == 1 && !head.contains('=') {
                return Some(Line { head, kind, data, by: By::Tool });
            }
        }
    }
    let mut at = 0;
    for index in 0..MAX_WORDS {
        let start = at + line[at..].len() - line[at..].trim_start().len();
        let end = line[start..].find(char::is_whitespace).map_or(line.len(), |n| start + n);
        let word = &line[start..end];
        if word.is_empty() || word.contains(['"', '=']) {
            return None;
        }
        let kind = match word.to_ascii_uppercase().as_str() {
            "TXT" | "SPF" => Some(Type::Txt),
            "CNAME" => Some(Type::Alias),
            "A" | "AAAA" | "MX" | "NS" | "SOA" | "RRSIG" | "NSEC" | "NSEC3" | "CAA" | "SRV" => {
                Some(Type::Other)
            }
            _ => None,
        };
        // A name alone is no line: the type stands behind it, or first, where the name is left out.
        // A word at the end of a line, as in a list of fields, is none.
        let data = &line[end..];
        if let Some(kind) = kind.filter(|_| index > 0 || word == "TXT") {
            return (!data.trim().is_empty()).then_some(Line {
                head: &line[..start],
                kind,
                data,
                by: By::Zone,
            });
        }
        at = end;
    }
    None
}

#[derive(Default)]
struct Zone {
    origin: Option<String>,
    owner: Option<String>,
    lines: usize,
    no_such_name: bool,
    records: Vec<TxtRecord>,
    aliases: Vec<(String, String)>,
}

impl Zone {
    /// The record whose data begins at `data`; returns what follows it.
    fn add_text<'a>(&mut self, head: &str, by: By, data: &'a str) -> Result<&'a str, Unreadable> {
        let name = self.owner(head, by);
        self.lines += 1;
        // Windows' nslookup puts the strings into lines of their own.
        let begin = data.trim_start();
        let (text, rest) = if begin.starts_with(['"', '(']) {
            let mut cursor = Cursor::new(begin);
            (cursor.strings()?, cursor.rest())
        } else {
            let end = data.find('\n').unwrap_or(data.len());
            (unescape(&without_joints(data[..end].trim())), next_line(data, end))
        };
        self.records.push(TxtRecord { name, text });
        Ok(rest.strip_prefix('\n').unwrap_or(rest))
    }

    fn add_alias(&mut self, head: &str, by: By, target: &str) {
        self.lines += 1;
        let target = target.split(';').next().unwrap_or_default().trim();
        if let Some(name) = self.owner(head, by) {
            if let Some(target) = self.absolute(target, by) {
                self.aliases.push((name, target));
            }
        }
    }

    /// `$ORIGIN`, and what tools say where there is nothing; other directives and prose pass.
    fn directive(&mut self, line: &str) {
        self.no_such_name |= line.contains("NXDOMAIN");
        self.lines += usize::from(line.starts_with("; <<>>"));
        let mut words = line.split_whitespace();
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("$ORIGIN")) {
            self.origin = words.next().map(plain_name);
        }
    }

    /// The first word of a line's head; a line that begins with white space has the owner before it.
    fn owner(&mut self, head: &str, by: By) -> Option<String> {
        if !head.starts_with([' ', '\t']) {
            if let Some(word) = head.split_whitespace().next() {
                self.owner = self.absolute(word, by);
            }
        }
        self.owner.clone()
    }

    /// A name with a final dot is whole; one without it belongs to a zone file's origin.
    fn absolute(&self, word: &str, by: By) -> Option<String> {
        match (&self.origin, word) {
            (_, word) if by == By::Tool || word.ends_with('.') => Some(plain_name(word)),
            (Some(origin), "@") => Some(origin.clone()),
            (Some(origin), word) => Some(format!("{}.{origin}", plain_name(word))),
            (None, word) => {
                let name = plain_name(word);
                let domain = name.split_once("._domainkey.").map(|(_, domain)| domain);
                domain.is_some_and(|domain| domain.contains('.')).then_some(name)
            }
        }
    }

    fn finish(self) -> Result<Option<Reading>, Unreadable> {
        if self.no_such_name && self.records.is_empty() {
            return Err(Unreadable::new("a DNS tool's answer: no such name", super::ASK_FOR));
        }
        Ok((self.lines > 0).then_some(Reading {
            form: Form::Zone,
            records: self.records,
            aliases: self.aliases,
        }))
    }
}
