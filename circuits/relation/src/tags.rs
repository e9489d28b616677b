//! Tag lists of RFC 6376 §3.2, as signature fields and key records use them.
//!
//! The parser is strict about syntax and keeps positions, because the value of `b=` must be cut
//! out of the raw field exactly. Duplicate names are reported by [`TagList::duplicate`] rather
//! than refused, so that a caller can still say what else is in the list.

use std::fmt;
use zeroize::Zeroize;

/// One `name=value`; positions are byte offsets in the parsed text.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag {
    /// Name as it is spelled: RFC 6376 §3.2 tells cases apart.
    pub name: String,
    /// Value without surrounding white space; inner folds are kept.
    pub value: Vec<u8>,
    /// Offset of the name's first byte.
    pub name_at: usize,
    /// Everything between `=` and the next `;` or the end, white space included.
    pub raw: std::ops::Range<usize>,
}

/// Shows no value: one of them may be the signature, which is a secret.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({}, {} bytes)", self.name, self.value.len())
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl Tag {
    /// The value with all folding white space removed, as base64 and name lists want it.
    pub fn compact(&self) -> Vec<u8> {
        self.value.iter().copied().filter(|b| !is_fws(*b)).collect()
    }
}

/// A syntactically correct tag list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagList {
    tags: Vec<Tag>,
}

/// What is wrong with a tag list, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct TagError {
    /// Byte offset in the parsed text.
    pub offset: usize,
    /// What stands there, or what is missing, such as `a tag without '='`.
    pub what: &'static str,
}

/// More tags than this are refused: no signer needs them, and hostile input stays cheap.
pub const MAX_TAGS: usize = 64;

impl TagList {
    /// Parses `tag *(";" tag) [";"]`.
    pub fn parse(text: &[u8]) -> Result<Self, TagError> {
        let mut tags = Vec::new();
        let mut start = 0;
        loop {
            let end =
                text[start..].iter().position(|&b| b == b';').map_or(text.len(), |n| start + n);
            if end == text.len() && !tags.is_empty() && trimmed(text, start, end).is_empty() {
                return Ok(Self { tags });
            }
            if tags.len() == MAX_TAGS {
                return Err(TagError { offset: start, what: "too many tags" });
            }
            tags.push(parse_tag(text, start, end)?);
            if end == text.len() {
                return Ok(Self { tags });
            }
            start = end + 1;
        }
    }

    /// The tags in order.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter()
    }

    /// The first tag of this name.
    pub fn get(&self, name: &str) -> Option<&Tag> {
        self.tags.iter().find(|tag| tag.name == name)
    }

    /// The value of the first tag of this name.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.get(name).map(|tag| tag.value.as_slice())
    }

    /// The first tag whose name occurred before.
    pub fn duplicate(&self) -> Option<&Tag> {
        self.tags.iter().enumerate().find_map(|(i, tag)| {
            self.tags[..i].iter().any(|earlier| earlier.name == tag.name).then_some(tag)
        })
    }
}

fn parse_tag(text: &[u8], start: usize, end: usize) -> Result<Tag, TagError> {
    let spec = &text[start..end];
    let Some(equals) = spec.iter().position(|&b| b == b'=') else {
        return Err(TagError { offset: start, what: "a tag without '='" });
    };
    let name = trimmed(text, start, start + equals);
    let (name_at, name_bytes) = (name.start, &text[name]);
    let valid = |(i, b): (usize, &u8)| {
        b.is_ascii_alphabetic() || (i > 0 && (b.is_ascii_digit() || *b == b'_'))
    };
    if name_bytes.is_empty() || !name_bytes.iter().enumerate().all(valid) {
        return Err(TagError { offset: name_at, what: "a malformed tag name" });
    }
    let raw = start + equals + 1..end;
    if let Some(bad) =
        text[raw.clone()].iter().position(|&b| !(0x20..=0x7e).contains(&b) && !is_fws(b))
    {
        return Err(TagError {
            offset: raw.start + bad,
            what: "a byte that no tag value may hold",
        });
    }
    let value = text[trimmed(text, raw.start, raw.end)].to_vec();
    let name = name_bytes.iter().map(|&b| b as char).collect();
    Ok(Tag { name, value, name_at, raw })
}

/// The part of `start..end` without folding white space at either side.
fn trimmed(text: &[u8], mut start: usize, mut end: usize) -> std::ops::Range<usize> {
    while start < end && is_fws(text[start]) {
        start += 1;
    }
    while start < end && is_fws(text[end - 1]) {
        end -= 1;
    }
    start..end
}

/// Folding white space. Where CR and LF may stand was checked when the message was cut up.
fn is_fws(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        TagList::parse(text.as_bytes()).unwrap().iter().map(|t| t.name.clone()).collect()
    }

    #[test]
    fn accepts_spaces_folds_and_a_final_semicolon() {
        let list = TagList::parse(b" v = 1 ;\r\n\ta=x y; b= ;c_2=;\r\n ").unwrap();
        let values: Vec<_> = list.iter().map(|t| (t.name.as_str(), t.value.as_slice())).collect();
        assert_eq!(values, [("v", &b"1"[..]), ("a", b"x y"), ("b", b""), ("c_2", b"")]);
        assert_eq!(list.get("b").unwrap().raw, 20..21);
        assert_eq!(list.get("a").unwrap().name_at, 11);
    }

    #[test]
    fn rejects_bad_syntax_with_its_offset() {
        for (text, offset) in [
            ("", 0),
            (";", 0),
            ("v=1;;", 4),
            ("v=1; ;a=2", 4),
            ("v", 0),
            ("=1", 0),
            ("1v=1", 0),
            ("v v=1", 0),
            ("v=1; a-b=2", 5),
            ("v=\u{1}", 2),
            ("v=\u{e9}", 2),
        ] {
            assert_eq!(TagList::parse(text.as_bytes()).unwrap_err().offset, offset, "{text:?}");
        }
    }

    #[test]
    fn names_are_case_sensitive_and_duplicates_are_found() {
        assert_eq!(names("v=1; V=1"), ["v", "V"]);
        let list = TagList::parse(b"v=1; h=a; h=b").unwrap();
        assert_eq!(list.duplicate().unwrap().name_at, 10);
        assert_eq!(list.value("h"), Some(&b"a"[..]));
    }

    #[test]
    fn rejects_a_flood_of_tags() {
        let text = "a=1;".repeat(MAX_TAGS + 1);
        assert_eq!(TagList::parse(text.as_bytes()).unwrap_err().what, "too many tags");
    }
}
