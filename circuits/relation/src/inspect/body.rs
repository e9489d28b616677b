//! The body against `bh=`, each canonical form hashed once for all signatures.

use crate::canon::{self, Canonicalisation};
use std::cell::OnceCell;

/// What a body hash says about the body at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyState {
    /// It is the one that was signed.
    Same,
    /// It is, once the `>` are taken away that an mbox puts before lines that begin with `From `.
    Quoted,
    /// It is another one.
    Changed,
}

/// A body and the hashes of it that were asked for.
pub(super) struct Bodies<'a> {
    body: &'a [u8],
    hashes: [OnceCell<[u8; 32]>; 4],
    unquoted: OnceCell<Option<Vec<u8>>>,
}

impl<'a> Bodies<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, hashes: Default::default(), unquoted: OnceCell::new() }
    }

    pub(super) fn as_bytes(&self) -> &'a [u8] {
        self.body
    }

    pub(super) fn state(&self, form: Canonicalisation, hash: &[u8]) -> BodyState {
        let at = usize::from(form == Canonicalisation::Relaxed);
        if self.hashes[at].get_or_init(|| canon::body_hash(form, self.body))[..] == *hash {
            return BodyState::Same;
        }
        // The hash is the judge: a body that it fits is the one that was signed.
        match self.unquoted.get_or_init(|| unquote(self.body)) {
            Some(body)
                if self.hashes[2 + at].get_or_init(|| canon::body_hash(form, body))[..]
                    == *hash =>
            {
                BodyState::Quoted
            }
            _ => BodyState::Changed,
        }
    }
}

/// One `>` less before each line `>…>From `; none where there is no such line.
fn unquote(body: &[u8]) -> Option<Vec<u8>> {
    let quoted = |line: &[u8]| {
        let marks = line.iter().take_while(|b| **b == b'>').count();
        marks > 0 && line[marks..].starts_with(b"From ")
    };
    let mut found = false;
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|b| *b == b'\n') {
        let quoted = quoted(line);
        found |= quoted;
        out.extend_from_slice(&line[usize::from(quoted)..]);
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_same_quoted_or_changed() {
        let signed = b"From here\r\n>From there\r\n> From nowhere\r\n";
        let quoted = b">From here\r\n>>From there\r\n> From nowhere\r\n";
        for form in [Canonicalisation::Simple, Canonicalisation::Relaxed] {
            let hash = canon::body_hash(form, signed);
            let state = |body: &[u8]| Bodies::new(body).state(form, &hash);
            assert_eq!(state(signed), BodyState::Same);
            assert_eq!(state(quoted), BodyState::Quoted);
            assert_eq!(state(b">>From here\r\n"), BodyState::Changed);
            // A line that nobody quoted stays as it is.
            let one = canon::body_hash(form, b"From a\r\nFrom b\r\n");
            let half = Bodies::new(b">From a\r\nFrom b\r\n").state(form, &one);
            assert_eq!(half, BodyState::Quoted);
            assert_eq!(state(b""), BodyState::Changed);
            assert_eq!(Bodies::new(signed).state(form, &hash[1..]), BodyState::Changed);
        }
    }
}
