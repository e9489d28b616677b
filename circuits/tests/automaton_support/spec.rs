//! A second description of the language of header blocks, written by cutting the block up instead
//! of reading it through. Positions are offsets into the block.

use super::{ByteRole, Emissions};

fn atext(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

fn printable(b: u8) -> bool {
    (0x20..=0x7e).contains(&b)
}

/// Notes `field` for the bytes of `part`, which lies in `whole` at `offset`.
fn note(out: &mut Emissions, field: ByteRole, whole: &[u8], part: &[u8]) {
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
                note(&mut out, ByteRole::SubjectMark, block, &line[7..8]);
                note(&mut out, ByteRole::Subject, block, value);
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
    note(out, ByteRole::Local, block, &address[..=local.len()]);
    note(out, ByteRole::Domain, block, domain);
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
            note(out, ByteRole::VersionMark, block, value);
        }
        b"a" => {
            ensure(value == b"rsa-sha256")?;
            note(out, ByteRole::AlgorithmMark, block, &value[9..]);
        }
        b"c" => {
            let rest = value.strip_prefix(b"relaxed")?;
            ensure(rest.is_empty() || rest.starts_with(b"/") && !rest.contains(&b' '))?;
            note(out, ByteRole::CanonMark, block, &value[6..7]);
        }
        b"d" => {
            let signer = |&b: &u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
            ensure(!value.is_empty() && value.iter().all(signer))?;
            note(out, ByteRole::Signer, block, value);
        }
        b"t" => {
            ensure(!value.is_empty() && value.iter().all(u8::is_ascii_digit))?;
            note(out, ByteRole::Time, block, value);
        }
        b"l" => return None,
        _ => {}
    }
    Some(())
}
