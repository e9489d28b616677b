//! How much a message may cost: header bytes canonicalised and RSA operations, over all signatures.
//!
//! Forged fields are free to whoever sends them, so a count of signatures or keys would let them push
//! the genuine one out of sight. Ordinary mail stays below these bounds by orders of magnitude.

use crate::message::Field;
use crate::refusal::{Part, Place, Refusal, Rule};
use std::cell::Cell;

/// Bytes of signed headers that are built; at most 1 MiB for one signature.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// RSA operations; some 0.1 ms each.
pub(super) const MAX_POWERS: usize = 1 << 14;

/// Work that is left.
pub(super) struct Work {
    bytes: Cell<usize>,
    powers: Cell<usize>,
    refused: Cell<bool>,
}

impl Work {
    /// The bounds where the user trusts so many keys of the From domain: each of them can be tried.
    pub(super) fn for_keys(keys: usize) -> Self {
        Self::of(MAX_BYTES, MAX_POWERS + keys)
    }

    pub(super) fn of(bytes: usize, powers: usize) -> Self {
        Self { bytes: Cell::new(bytes), powers: Cell::new(powers), refused: Cell::new(false) }
    }

    /// Takes what building one signed header costs: its bytes, and a look at every field's name.
    pub(super) fn take_header(&self, fields: &[Field], bytes: usize) {
        let names = fields.iter().map(|field| 32 + field.name().len()).sum::<usize>();
        self.bytes.set(self.bytes.get().saturating_sub(bytes + names));
    }

    /// Takes one RSA operation; false where none is left.
    pub(super) fn take_power(&self) -> bool {
        let left = self.powers.get();
        self.powers.set(left.saturating_sub(1));
        self.refused.set(left == 0);
        left > 0
    }

    /// Whether an RSA operation was refused.
    pub(super) fn has_refused(&self) -> bool {
        self.refused.get()
    }

    pub(super) fn is_spent(&self) -> bool {
        self.bytes.get() == 0
    }

    /// The limit, as a refusal.
    pub(super) fn refusal(&self, looked_at: usize, signatures: usize) -> Refusal {
        let detail = format!(
            "none of the first {looked_at} signatures of the From domain holds, and the other {} \
             were not looked at: a limit of work was hit",
            signatures - looked_at
        );
        Refusal::new(Rule::SignaturePresent, Place::part(Part::Message), detail)
            .hint("remove the DKIM-Signature fields that do not belong to the mail")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn a_header_costs_its_bytes_and_a_look_at_every_name() {
        let message = Message::parse(b"From: a@b.cc\r\nX-Longer: 1\r\n").unwrap();
        let cost = 10 + (32 + "From".len()) + (32 + "X-Longer".len());
        for (bytes, spent) in [(cost, true), (cost + 1, false), (1, true)] {
            let work = Work::of(bytes, 1);
            work.take_header(message.fields(), 10);
            assert_eq!(work.is_spent(), spent, "{bytes}");
        }
    }

    #[test]
    fn every_trusted_key_can_be_tried() {
        let work = Work::for_keys(5);
        assert!((0..MAX_POWERS + 5).all(|_| work.take_power()) && !work.take_power());
        assert!(!work.is_spent());
    }

    #[test]
    fn the_power_that_is_too_much_is_refused() {
        let work = Work::of(1, 2);
        assert_eq!((work.take_power(), work.take_power(), work.has_refused()), (true, true, false));
        assert_eq!((work.take_power(), work.has_refused()), (false, true));
    }
}
