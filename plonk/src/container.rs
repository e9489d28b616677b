//! The container of every binary file that this program writes: SRS and verifying keys.
//!
//! ```text
//! 8 bytes   magic "ZKDKIM01"
//! 4 bytes   format version, little-endian
//! 4 bytes   length of the header
//! …         header (bincode 2, fixed-width little-endian integers)
//! 32 bytes  SHA-256 of everything above
//! …         payload; its length and its SHA-256 stand in the header
//! ```
//!
//! A reader learns from the header which program, circuit, size, SRS and key a file belongs to before it
//! looks at the payload, and gets no payload whose digest is wrong (S24 of the security requirements).
//! The digests find accidents and mix-ups. They are no signature: who may write into the file may
//! also recompute them, so the decoders of the payload check what they read.

use std::{
    fmt,
    io::{self, Write},
    ops::Range,
};

use crate::{
    codec::{self, Decode, Encode, HEADER_LIMIT},
    digest::Sha256Digest,
    error::{Error, Result},
    kinds::{ContainerKind, SrsKind},
};

const MAGIC: &[u8; 8] = b"ZKDKIM01";
const FORMAT_VERSION: u32 = 2;
/// Magic, version, length of the header.
const PREFIX_BYTES: usize = 16;
const DIGEST_BYTES: usize = 32;

/// What an artefact says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ContainerHeader {
    /// What the payload is.
    pub kind: ContainerKind,
    /// Circuit and parameters that a key belongs to; empty for an SRS.
    pub circuit: String,
    /// Binary logarithm of the number of rows.
    pub k: u32,
    /// How many polynomials share a commitment.
    pub fold: u32,
    /// Where the SRS comes from.
    pub srs_kind: SrsKind,
    /// SHA-256 of the payload of the SRS.
    pub srs_sha256: Sha256Digest,
    /// SHA-256 of the payload of the verifying key; all zero for an SRS.
    pub vk_sha256: Sha256Digest,
}

#[derive(Encode, Decode)]
struct Envelope {
    header: ContainerHeader,
    payload_bytes: u64,
    payload_sha256: Sha256Digest,
}

/// An artefact that was read: its header, and a payload with the right length and digest.
#[derive(Clone)]
pub struct Container {
    header: ContainerHeader,
    payload_sha256: Sha256Digest,
    bytes: Vec<u8>,
    payload: Range<usize>,
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Container")
            .field("header", &self.header)
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

impl Container {
    /// Takes the bytes of a file apart.
    ///
    /// # Errors
    ///
    /// Another magic, version or kind, a length that is not exact, a wrong digest, a malformed header.
    pub fn from_bytes(bytes: Vec<u8>, kind: ContainerKind) -> Result<Container> {
        let got = bytes.len() as u64;
        let start = payload_start(&bytes)?;
        let header_end = start - DIGEST_BYTES;
        check_digest("header", &bytes[header_end..start], &bytes[..header_end])?;

        let encoded = &bytes[PREFIX_BYTES..header_end];
        let envelope: Envelope =
            codec::decode(encoded).map_err(|e| Error::malformed("artefact header", e))?;
        if envelope.header.kind != kind {
            return Err(Error::WrongContainerKind { expected: kind, got: envelope.header.kind });
        }
        let expected = (start as u64).checked_add(envelope.payload_bytes).ok_or_else(|| {
            Error::malformed("artefact header", "the length of the payload overflows")
        })?;
        if got < expected {
            return Err(Error::Truncated { expected, got });
        }
        if got > expected {
            return Err(Error::TrailingBytes { extra: got - expected });
        }
        check_digest("payload", &envelope.payload_sha256.0, &bytes[start..])?;
        let payload = start..bytes.len();
        let Envelope { header, payload_sha256, .. } = envelope;
        Ok(Container { header, payload_sha256, bytes, payload })
    }

    /// What the artefact says about itself.
    pub fn header(&self) -> &ContainerHeader {
        &self.header
    }

    /// The payload; its length and digest are those that the envelope gives.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.payload.clone()]
    }

    /// The payload alone, without a second copy of it.
    pub fn into_payload(mut self) -> Vec<u8> {
        self.bytes.drain(..self.payload.start);
        self.bytes
    }

    /// SHA-256 of the content, checked.
    pub fn payload_sha256(&self) -> Sha256Digest {
        self.payload_sha256
    }
}

/// Where the payload of a file begins, by magic, version and the length of the header alone: no digest is looked at.
pub(crate) fn payload_start(bytes: &[u8]) -> Result<usize> {
    let got = bytes.len() as u64;
    if !bytes.starts_with(MAGIC) {
        return Err(Error::NotAContainer);
    }
    let word = |at: usize| {
        let word = bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
        word.map(u32::from_le_bytes).ok_or(Error::Truncated { expected: at as u64 + 4, got })
    };
    let version = word(8)?;
    if version != FORMAT_VERSION {
        return Err(Error::ContainerVersion { expected: FORMAT_VERSION, got: version });
    }
    let header = word(12)? as usize;
    if header > HEADER_LIMIT {
        return Err(Error::malformed("artefact header", format!("{header} bytes long")));
    }
    let start = PREFIX_BYTES + header + DIGEST_BYTES;
    if bytes.len() < start {
        return Err(Error::Truncated { expected: start as u64, got });
    }
    Ok(start)
}

fn check_digest(part: &'static str, expected: &[u8], content: &[u8]) -> Result<()> {
    let got = Sha256Digest::of(content);
    if expected != got.0 {
        let expected = hex::encode(expected);
        return Err(Error::Damaged { part, expected, got: got.to_string() });
    }
    Ok(())
}

/// A file that is ready to be written: what stands before the payload, and the payload.
#[derive(Clone)]
pub struct EncodedContainer {
    start: Vec<u8>,
    payload: Vec<u8>,
}

impl EncodedContainer {
    /// Encodes the header in front of `payload`.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`] for a header longer than 4,096 bytes.
    pub fn new(header: &ContainerHeader, payload: Vec<u8>) -> Result<EncodedContainer> {
        let envelope = Envelope {
            header: header.clone(),
            payload_bytes: payload.len() as u64,
            payload_sha256: Sha256Digest::of(&payload),
        };
        let encoded =
            codec::encode(&envelope).map_err(|e| Error::malformed("artefact header", e))?;
        let mut start = Vec::with_capacity(PREFIX_BYTES + encoded.len() + DIGEST_BYTES);
        start.extend_from_slice(MAGIC);
        start.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        start.extend_from_slice(&(encoded.len() as u32).to_le_bytes());
        start.extend_from_slice(&encoded);
        let digest = Sha256Digest::of(&start);
        start.extend_from_slice(&digest.0);
        Ok(EncodedContainer { start, payload })
    }

    /// Writes the whole file.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.start)?;
        out.write_all(&self.payload)
    }

    /// The bytes of the whole file.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.start.append(&mut self.payload);
        self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> ContainerHeader {
        ContainerHeader {
            kind: ContainerKind::VerifyingKey,
            circuit: "test/v1".into(),
            k: 9,
            fold: 4,
            srs_kind: SrsKind::InsecureDev,
            srs_sha256: Sha256Digest([1; 32]),
            vk_sha256: Sha256Digest([2; 32]),
        }
    }

    fn file() -> Vec<u8> {
        EncodedContainer::new(&header(), b"payload".to_vec()).unwrap().into_bytes()
    }

    fn read(bytes: Vec<u8>) -> Result<Container> {
        Container::from_bytes(bytes, ContainerKind::VerifyingKey)
    }

    #[test]
    fn accepts_what_it_wrote() {
        let container = read(file()).unwrap();
        assert_eq!(container.header(), &header());
        assert_eq!(container.payload(), b"payload");
        assert_eq!(container.payload_sha256(), Sha256Digest::of(b"payload"));
        assert_eq!(container.into_payload(), b"payload");
    }

    #[test]
    fn rejects_every_flipped_bit() {
        let good = file();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                let error = read(bad).unwrap_err();
                let right = match at {
                    0..8 => matches!(error, Error::NotAContainer),
                    8..12 => matches!(error, Error::ContainerVersion { .. }),
                    // The length of the header: too long, beyond the file, or digest elsewhere.
                    12..16 => matches!(
                        error,
                        Error::Malformed { .. } | Error::Truncated { .. } | Error::Damaged { .. }
                    ),
                    _ => matches!(error, Error::Damaged { .. }),
                };
                assert!(right, "bit {bit} of byte {at}: {error}");
            }
        }
    }

    #[test]
    fn rejects_every_truncation() {
        let good = file();
        for len in 0..good.len() {
            let error = read(good[..len].to_vec()).unwrap_err();
            let right = match len {
                0..8 => matches!(error, Error::NotAContainer),
                _ => matches!(error, Error::Truncated { .. }),
            };
            assert!(right, "{len} bytes: {error}");
        }
    }

    #[test]
    fn rejects_trailing_bytes() {
        let mut bytes = file();
        bytes.push(0);
        assert!(matches!(read(bytes), Err(Error::TrailingBytes { extra: 1 })));
    }

    #[test]
    fn rejects_another_kind() {
        let error = Container::from_bytes(file(), ContainerKind::Srs).unwrap_err();
        assert!(matches!(
            error,
            Error::WrongContainerKind {
                expected: ContainerKind::Srs,
                got: ContainerKind::VerifyingKey
            }
        ));
    }
}
