//! SHA-256 digests, which name SRS files and keys.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::codec::{Decode, Encode};

/// A SHA-256 digest (FIPS 180-4); prints as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// What stands where a file has no such digest.
    pub const NONE: Sha256Digest = Sha256Digest([0; 32]);

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Sha256Digest {
        Sha256Digest(Sha256::digest(bytes).into())
    }

    /// Reads 64 hex digits, with or without `0x`; None for anything else.
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
