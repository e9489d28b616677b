//! The binary form of file headers. No other module names bincode.
//!
//! Integers are fixed-width and little-endian, so a header has one encoding; lengths are bounded before anything is
//! allocated.

pub(crate) use bincode::{Decode, Encode};

/// Longest header, in bytes.
pub(crate) const HEADER_LIMIT: usize = 4096;

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_fixed_int_encoding().with_limit::<HEADER_LIMIT>()
}

/// Encodes a header; the reason where it is too long.
pub(crate) fn encode(header: &impl Encode) -> Result<Vec<u8>, String> {
    let bytes = bincode::encode_to_vec(header, config()).map_err(|e| e.to_string())?;
    if bytes.len() > HEADER_LIMIT {
        return Err(format!("{} bytes long", bytes.len()));
    }
    Ok(bytes)
}

/// Decodes a header that takes up all of `bytes`; the reason where it does not.
pub(crate) fn decode<T: Decode<()>>(bytes: &[u8]) -> Result<T, String> {
    let (header, used) = bincode::decode_from_slice(bytes, config()).map_err(|e| e.to_string())?;
    if used != bytes.len() {
        return Err("bytes behind its last field".into());
    }
    Ok(header)
}
