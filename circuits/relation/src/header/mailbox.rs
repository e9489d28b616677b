//! Clauses 4.1 to 5.2: the one mailbox of the From value.

use super::{is_printable, refuse, MAX_ADDRESS_BYTES, MAX_DOMAIN_BYTES};
use crate::refusal::{show_byte, Refusal, Rule};
use std::ops::Range;

/// A mailbox found in a From value; spans are byte ranges of the text it was parsed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The addr-spec (RFC 5322 §3.4.1), without angle brackets; at most 124 bytes.
    pub address: Range<usize>,
    /// The part of `address` behind its `@`; at most 62 bytes.
    pub domain: Range<usize>,
}

/// Parses the From value `text[span]`.
pub fn parse_mailbox(text: &[u8], span: Range<usize>) -> Result<Mailbox, Refusal> {
    let hint = "From must be `name@domain`, `Display Name <name@domain>` or \
                `\"Display Name\" <name@domain>`, in plain ASCII";
    let mut cursor = Cursor { text, at: span.start, end: span.end };
    cursor.mailbox().and_then(check_lengths).map_err(|refusal| match refusal.rule {
        Rule::FromGrammar => refusal.hint(hint),
        _ => refusal,
    })
}

fn check_lengths(mailbox: Mailbox) -> Result<Mailbox, Refusal> {
    let limits = [
        ("an address", mailbox.address.clone(), MAX_ADDRESS_BYTES),
        ("a domain", mailbox.domain.clone(), MAX_DOMAIN_BYTES),
    ];
    for (what, span, max) in limits {
        if span.len() > max {
            let detail = format!("{what} of {} bytes, more than {max}", span.len());
            return refuse(Rule::AddressLength, span.start + max, detail);
        }
    }
    Ok(mailbox)
}

pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Cursor<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        (self.at < self.end).then(|| self.text[self.at])
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    pub(super) fn eat_while(&mut self, accept: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&accept) {
            self.at += 1;
        }
        self.at - start
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, Refusal> {
        let found = self.peek().map_or("the end of the field".into(), show_byte);
        refuse(Rule::FromGrammar, self.at, format!("{found} where {expected} was expected"))
    }

    fn mailbox(&mut self) -> Result<Mailbox, Refusal> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.quoted()?,
            Some(b'<') => {}
            Some(byte) if is_atext(byte) => {
                self.phrase();
                if self.peek() == Some(b'@') {
                    // No display name after all: the address stands alone.
                    self.at = start;
                    let mailbox = self.addr_spec()?;
                    return match self.peek() {
                        None => Ok(mailbox),
                        Some(_) => self.unexpected("the end of the address"),
                    };
                }
            }
            _ => return self.unexpected("a mailbox"),
        }
        self.eat(b' ');
        if !self.eat(b'<') {
            return self.unexpected("'<' and an address");
        }
        let mailbox = self.addr_spec()?;
        if !self.eat(b'>') {
            return self.unexpected("'>'");
        }
        match self.peek() {
            None => Ok(mailbox),
            Some(_) => self.unexpected("the end of the field after '>'"),
        }
    }

    /// Atoms, dots and single inner spaces; a space before anything else is left alone.
    fn phrase(&mut self) {
        let more = |byte: Option<u8>| byte.is_some_and(|b| is_atext(b) || b == b'.');
        loop {
            let next = (self.at + 1 < self.end).then(|| self.text[self.at + 1]);
            match self.peek() {
                Some(b' ') if more(next) => self.at += 2,
                byte if more(byte) => self.at += 1,
                _ => return,
            }
        }
    }

    fn quoted(&mut self) -> Result<(), Refusal> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    if !self.peek().is_some_and(is_printable) {
                        return self.unexpected("a quoted character");
                    }
                    self.at += 1;
                }
                Some(byte) if is_printable(byte) => self.at += 1,
                _ => return self.unexpected("the closing quote"),
            }
        }
    }

    fn addr_spec(&mut self) -> Result<Mailbox, Refusal> {
        let start = self.at;
        loop {
            if self.eat_while(is_atext) == 0 {
                return self.unexpected("a part of the local name");
            }
            if !self.eat(b'.') {
                break;
            }
        }
        if !self.eat(b'@') {
            return self.unexpected("'@'");
        }
        let domain = self.at;
        let mut labels = 0;
        loop {
            if self.eat_while(|b| b.is_ascii_alphanumeric() || b == b'-') == 0 {
                return self.unexpected("a domain label");
            }
            labels += 1;
            let label_start = self.text[domain..self.at].iter().rposition(|&b| b == b'.');
            let first = label_start.map_or(domain, |dot| domain + dot + 1);
            if self.text[first] == b'-' || self.text[self.at - 1] == b'-' {
                self.at = if self.text[first] == b'-' { first } else { self.at - 1 };
                return self.unexpected("a letter or digit");
            }
            if !self.eat(b'.') {
                break;
            }
        }
        if labels < 2 {
            return self.unexpected("'.' and another domain label");
        }
        Ok(Mailbox { address: start..self.at, domain: domain..self.at })
    }
}

/// `atext` of RFC 5322 §3.2.3: what atoms consist of.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}
