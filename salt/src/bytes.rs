//! Encodings: big-endian, every length bounded before it is believed, one encoding for each value, nothing behind it.
//!
//! ```text
//! document = "ZKSALT" kind version fields
//! ```

use zeroize::Zeroizing;

use crate::error::{Error, Result};

const MAGIC: &[u8; 6] = b"ZKSALT";
const VERSION: u8 = 1;

/// What a document is; the number is part of its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A committee record.
    Record = 1,
    /// A node's key share.
    KeyShare = 2,
    /// A salt encrypted to an address.
    Escrow = 3,
    /// The setting of a key ceremony.
    Setting = 4,
    /// A dealer's message.
    Deal = 5,
    /// A receiver's message.
    Verdict = 6,
    /// A dealer's answer to complaints.
    Answer = 7,
    /// A request to a node.
    Request = 8,
    /// What a node's answer holds.
    Release = 9,
    /// The long-term keys of a node.
    NodeKeys = 10,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Record => "a committee record",
            Kind::KeyShare => "a key share",
            Kind::Escrow => "an escrow",
            Kind::Setting => "the setting of a key ceremony",
            Kind::Deal => "a deal",
            Kind::Verdict => "a verdict",
            Kind::Answer => "an answer to complaints",
            Kind::Request => "a request",
            Kind::Release => "a node's release",
            Kind::NodeKeys => "a node's keys",
        }
    }
}

/// Writes a document; overwritten when dropped, since some hold secrets.
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// `capacity` is the final size or more: a buffer that grows leaves copies behind.
    pub(crate) fn new(kind: Kind, capacity: usize) -> Writer {
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[kind as u8, VERSION]);
        Writer(bytes)
    }

    pub(crate) fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.fixed(&[value])
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.fixed(&value.to_be_bytes())
    }

    /// A length of two bytes, then the bytes. All types that are written bound themselves far below 2^16.
    pub(crate) fn short(&mut self, bytes: &[u8]) -> &mut Self {
        debug_assert!(bytes.len() <= usize::from(u16::MAX));
        self.fixed(&(bytes.len() as u16).to_be_bytes()).fixed(bytes)
    }

    /// The document, for one that is public.
    pub(crate) fn public(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }

    /// The document, for one that holds a secret.
    pub(crate) fn secret(&mut self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.public())
    }
}

/// Reads a document.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(kind: Kind, bytes: &'a [u8]) -> Result<Reader<'a>> {
        let mut reader = Reader { rest: bytes, what: kind.name() };
        if reader.fixed::<6>()? != *MAGIC || reader.u8()? != kind as u8 {
            return reader.refuse("it begins otherwise");
        }
        if reader.u8()? != VERSION {
            return reader.refuse("its version is not 1");
        }
        Ok(reader)
    }

    pub(crate) fn refuse<T>(&self, detail: &'static str) -> Result<T> {
        Err(self.error(detail))
    }

    pub(crate) fn error(&self, detail: &'static str) -> Error {
        Error::Encoding { what: self.what, detail }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(len) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => self.refuse("it is too short"),
        }
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(self.fixed::<1>()?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.fixed().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.fixed().map(u64::from_be_bytes)
    }

    /// At most `max` bytes behind a length of two bytes.
    pub(crate) fn short(&mut self, max: usize) -> Result<&'a [u8]> {
        let len = usize::from(u16::from_be_bytes(self.fixed()?));
        if len > max {
            return self.refuse("a part of it is too long");
        }
        self.take(len)
    }

    /// Nothing may follow.
    pub(crate) fn end(self) -> Result<()> {
        match self.rest {
            [] => Ok(()),
            _ => self.refuse("something follows its end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_as_they_were_written_and_in_no_other_length() {
        let mut bytes = Writer::new(Kind::Escrow, 64).u8(7).u32(8).short(b"abc").public();
        let read = |bytes: &[u8], max| {
            let mut reader = Reader::new(Kind::Escrow, bytes)?;
            let values = (reader.u8()?, reader.u32()?, reader.short(max)?.to_vec());
            reader.end().map(|()| values)
        };
        assert_eq!(read(&bytes, 3).unwrap(), (7, 8, b"abc".to_vec()));
        assert!(read(&bytes, 2).unwrap_err().to_string().contains("too long"));
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len], 3).is_err(), "{len}");
        }
        bytes.push(0);
        assert!(read(&bytes, 3).unwrap_err().to_string().contains("follows"));
        bytes.pop();
        for at in 0..8 {
            bytes[at] ^= 1;
            assert_eq!(read(&bytes, 3).unwrap_err().id(), "encoding", "{at}");
            bytes[at] ^= 1;
        }
    }
}
