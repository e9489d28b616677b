//! The container of every binary file that this program writes: SRS, verifying key, proving key.
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

use std::{fmt, io::Write, ops::Range, path::Path};

// The rest of the crate takes these from here: no other module names bincode.
pub(crate) use bincode::{Decode, Encode};
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, Result},
    files::{self, Overwrite, Secrecy},
    srs::SrsKind,
};

const MAGIC: &[u8; 8] = b"ZKDKIM01";
const FORMAT_VERSION: u32 = 1;
/// Magic, version, length of the header.
const PREFIX_BYTES: usize = 16;
const HEADER_LIMIT: usize = 4096;
const DIGEST_BYTES: usize = 32;

/// What is in an artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ArtefactKind {
    /// Structured reference string.
    Srs,
    /// Verifying key.
    VerifyingKey,
    /// Proving key.
    ProvingKey,
}

impl ArtefactKind {
    /// The longest file that is read: all that a circuit of k ≤ 20 with hundreds of columns needs.
    pub const fn limit_bytes(self) -> u64 {
        match self {
            ArtefactKind::Srs => 1 << 30,
            ArtefactKind::VerifyingKey => 1 << 26,
            ArtefactKind::ProvingKey => 1 << 32,
        }
    }
}

impl fmt::Display for ArtefactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ArtefactKind::Srs => "structured reference string",
            ArtefactKind::VerifyingKey => "verifying key",
            ArtefactKind::ProvingKey => "proving key",
        })
    }
}

/// A SHA-256 digest; prints as hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// What stands where an artefact has no such digest.
    pub const NONE: Sha256Digest = Sha256Digest([0; 32]);

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Sha256Digest {
        Sha256Digest(Sha256::digest(bytes).into())
    }

    /// Reads 64 hex digits, with or without `0x`.
    pub fn from_hex(text: &str) -> Option<Sha256Digest> {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
        bytes.try_into().ok().map(Sha256Digest)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an artefact says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ArtefactHeader {
    /// What the payload is.
    pub kind: ArtefactKind,
    /// Circuit and parameters that a key belongs to; empty for an SRS.
    pub circuit: String,
    /// Binary logarithm of the number of rows (keys) or of powers (SRS).
    pub k: u32,
    /// Where the SRS comes from.
    pub srs_kind: SrsKind,
    /// SHA-256 of the payload of the SRS.
    pub srs_sha256: Sha256Digest,
    /// SHA-256 of the payload of the verifying key; all zero for an SRS.
    pub vk_sha256: Sha256Digest,
}

#[derive(Encode, Decode)]
struct Envelope {
    header: ArtefactHeader,
    payload_bytes: u64,
    payload_sha256: Sha256Digest,
}

/// An artefact that was read: its header, and a payload with the right length and digest.
#[derive(Clone)]
pub struct Artefact {
    header: ArtefactHeader,
    payload_sha256: Sha256Digest,
    bytes: Vec<u8>,
    payload: Range<usize>,
}

impl fmt::Debug for Artefact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Artefact")
            .field("header", &self.header)
            .field("payload_bytes", &self.payload.len())
            .finish()
    }
}

fn bincode_config() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<HEADER_LIMIT>()
}

impl Artefact {
    /// Reads a file and checks everything that can be checked without knowing the payload.
    ///
    /// # Errors
    ///
    /// I/O failures and what [`Artefact::from_bytes`] refuses.
    pub fn read(path: &Path, kind: ArtefactKind) -> Result<Artefact> {
        let bytes = files::read_bounded(path, "artefact", kind.limit_bytes())?;
        Artefact::from_bytes(bytes, kind)
    }

    /// Takes the bytes of a file apart.
    ///
    /// # Errors
    ///
    /// Another magic, version or kind, a length that is not exact, a wrong digest, a malformed header.
    pub fn from_bytes(bytes: Vec<u8>, kind: ArtefactKind) -> Result<Artefact> {
        let got = bytes.len() as u64;
        if !bytes.starts_with(MAGIC) {
            return Err(Error::NotAnArtefact);
        }
        let word = |at: usize| {
            let word = bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
            word.map(u32::from_le_bytes).ok_or(Error::Truncated { expected: at as u64 + 4, got })
        };
        let version = word(8)?;
        if version != FORMAT_VERSION {
            return Err(Error::ArtefactVersion { expected: FORMAT_VERSION, got: version });
        }
        let header_bytes = word(12)? as usize;
        if header_bytes > HEADER_LIMIT {
            return Err(Error::malformed("artefact header", format!("{header_bytes} bytes long")));
        }
        let header_end = PREFIX_BYTES + header_bytes;
        let start = header_end + DIGEST_BYTES;
        if bytes.len() < start {
            return Err(Error::Truncated { expected: start as u64, got });
        }
        check_digest("header", &bytes[header_end..start], &bytes[..header_end])?;

        let encoded = &bytes[PREFIX_BYTES..header_end];
        let (envelope, used): (Envelope, usize) =
            bincode::decode_from_slice(encoded, bincode_config())
                .map_err(|e| Error::malformed("artefact header", e.to_string()))?;
        if used != encoded.len() {
            return Err(Error::malformed("artefact header", "bytes behind its last field"));
        }
        if envelope.header.kind != kind {
            return Err(Error::WrongArtefactKind { expected: kind, got: envelope.header.kind });
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
        Ok(Artefact { header, payload_sha256, bytes, payload })
    }

    /// What the artefact says about itself.
    pub fn header(&self) -> &ArtefactHeader {
        &self.header
    }

    /// The content.
    pub fn payload(&self) -> &[u8] {
        &self.bytes[self.payload.clone()]
    }

    /// SHA-256 of the content, checked.
    pub fn payload_sha256(&self) -> Sha256Digest {
        self.payload_sha256
    }
}

fn check_digest(part: &'static str, expected: &[u8], content: &[u8]) -> Result<()> {
    let got = Sha256Digest::of(content);
    if expected != got.0 {
        let expected = hex::encode(expected);
        return Err(Error::Damaged { part, expected, got: got.to_string() });
    }
    Ok(())
}

/// Writes an artefact, whole or not at all.
///
/// # Errors
///
/// I/O failures, an existing file with [`Overwrite::Never`], a header longer than 4,096 bytes.
pub fn write(
    path: &Path,
    overwrite: Overwrite,
    header: &ArtefactHeader,
    payload: &[u8],
) -> Result<()> {
    let start = encode_start(header, payload)?;
    files::write_atomic(path, overwrite, Secrecy::Public, |out: &mut dyn Write| {
        out.write_all(&start)?;
        out.write_all(payload)
    })
}

/// The bytes of an artefact.
///
/// # Errors
///
/// A header longer than 4,096 bytes.
pub fn to_bytes(header: &ArtefactHeader, payload: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = encode_start(header, payload)?;
    bytes.extend_from_slice(payload);
    Ok(bytes)
}

/// Everything that stands before the payload.
fn encode_start(header: &ArtefactHeader, payload: &[u8]) -> Result<Vec<u8>> {
    let envelope = Envelope {
        header: header.clone(),
        payload_bytes: payload.len() as u64,
        payload_sha256: Sha256Digest::of(payload),
    };
    let encoded = bincode::encode_to_vec(&envelope, bincode_config())
        .map_err(|e| Error::malformed("artefact header", e.to_string()))?;
    if encoded.len() > HEADER_LIMIT {
        return Err(Error::malformed("artefact header", format!("{} bytes long", encoded.len())));
    }
    let mut start = Vec::with_capacity(PREFIX_BYTES + encoded.len() + DIGEST_BYTES);
    start.extend_from_slice(MAGIC);
    start.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    start.extend_from_slice(&(encoded.len() as u32).to_le_bytes());
    start.extend_from_slice(&encoded);
    let digest = Sha256Digest::of(&start);
    start.extend_from_slice(&digest.0);
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> ArtefactHeader {
        ArtefactHeader {
            kind: ArtefactKind::VerifyingKey,
            circuit: "test/v1".into(),
            k: 9,
            srs_kind: SrsKind::InsecureDev,
            srs_sha256: Sha256Digest([1; 32]),
            vk_sha256: Sha256Digest([2; 32]),
        }
    }

    fn file() -> Vec<u8> {
        to_bytes(&header(), b"payload").unwrap()
    }

    fn read(bytes: Vec<u8>) -> Result<Artefact> {
        Artefact::from_bytes(bytes, ArtefactKind::VerifyingKey)
    }

    #[test]
    fn accepts_what_it_wrote() {
        let artefact = read(file()).unwrap();
        assert_eq!(artefact.header(), &header());
        assert_eq!(artefact.payload(), b"payload");
        assert_eq!(artefact.payload_sha256(), Sha256Digest::of(b"payload"));
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
                    0..8 => matches!(error, Error::NotAnArtefact),
                    8..12 => matches!(error, Error::ArtefactVersion { .. }),
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
                0..8 => matches!(error, Error::NotAnArtefact),
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
        let error = Artefact::from_bytes(file(), ArtefactKind::ProvingKey).unwrap_err();
        assert!(matches!(
            error,
            Error::WrongArtefactKind {
                expected: ArtefactKind::ProvingKey,
                got: ArtefactKind::VerifyingKey
            }
        ));
    }
}
