//! Field elements and bytes as text: `0x` and lower-case digits, one spelling for each value.

use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    words::{scalar_word, word_scalar},
};

/// Writes a field element as `0x` and 64 digits, big-endian.
pub fn field_hex(value: &Fr) -> String {
    bytes_hex(&scalar_word(value))
}

/// Reads `0x` and 64 lower-case digits of a number below r; None for anything else.
pub fn field_from_hex(text: &str) -> Option<Fr> {
    let bytes = bytes_from_hex(text)?;
    word_scalar(&bytes.try_into().ok()?)
}

/// Writes bytes as `0x` and two digits each.
pub fn bytes_hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// Reads `0x` and lower-case digits, two to a byte; None for anything else.
pub fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    // One spelling only, so that a file has one form.
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    hex::decode(digits).ok()
}
