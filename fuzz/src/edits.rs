//! Bytes as a list of changes to something honest.
//!
//! A proof differs from run to run, and a random change of a whole proof is refused by the first
//! check. So some targets read their input as changes: each takes eight bytes, `operation, amount,
//! place (2), argument (4)`, and what is left over is ignored. An empty input changes nothing.

use num_bigint::BigUint;

const EDIT_BYTES: usize = 8;
const WORD_BYTES: usize = 32;

/// The orders of BN254's scalar field and of its base field.
const MODULI: [&str; 2] = [
    "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001",
    "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47",
];

/// Applies the changes that `edits` holds. Words are counted from `words_at`.
pub(crate) fn apply(honest: &[u8], words_at: usize, edits: &[u8]) -> Vec<u8> {
    let mut bytes = honest.to_vec();
    for edit in edits.chunks_exact(EDIT_BYTES) {
        let place = usize::from(u16::from_le_bytes([edit[2], edit[3]]));
        apply_one(&mut bytes, words_at, edit[0], edit[1], place, &edit[4..]);
    }
    bytes
}

fn apply_one(
    bytes: &mut Vec<u8>,
    words_at: usize,
    operation: u8,
    amount: u8,
    place: usize,
    argument: &[u8],
) {
    let words = bytes.len().saturating_sub(words_at) / WORD_BYTES;
    if bytes.is_empty() || words == 0 {
        return;
    }
    let byte = place % bytes.len();
    let word_start = |index: usize| words_at + WORD_BYTES * (index % words);
    let word = word_start(place);
    let other = word_start(usize::from(u16::from_le_bytes([argument[0], argument[1]])));
    match operation % 10 {
        0 => bytes[byte] = amount,
        1 => bytes[byte] ^= 1 << (amount % 8),
        2 => {
            let end = (byte + argument.len()).min(bytes.len());
            bytes[byte..end].copy_from_slice(&argument[..end - byte]);
        }
        3 => bytes[word..word + WORD_BYTES].fill(amount),
        4 => shift(&mut bytes[word..word + WORD_BYTES], amount, Sign::Plus),
        5 => shift(&mut bytes[word..word + WORD_BYTES], amount, Sign::Minus),
        6 => bytes.copy_within(other..other + WORD_BYTES, word),
        7 => (0..WORD_BYTES).for_each(|i| bytes.swap(word + i, other + i)),
        8 => bytes.truncate(byte),
        _ => {
            let fill = bytes[byte..].iter().copied().take(usize::from(amount)).collect::<Vec<u8>>();
            bytes.splice(byte..byte, fill);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

/// A big-endian word plus or minus a multiple of a modulus, or plus or minus a few; never below zero.
fn shift(word: &mut [u8], amount: u8, sign: Sign) {
    let times = BigUint::from(1 + amount % 8);
    let step = match MODULI.get(usize::from(amount >> 6)) {
        Some(modulus) => BigUint::parse_bytes(modulus.as_bytes(), 16).expect("hex") * times,
        None => times,
    };
    let value = BigUint::from_bytes_be(word);
    let shifted = match sign {
        Sign::Plus => value + step,
        Sign::Minus if value < step => return,
        Sign::Minus => value - step,
    };
    let bytes = shifted.to_bytes_be();
    // A carry beyond the word is lost.
    let kept = &bytes[bytes.len().saturating_sub(word.len())..];
    let (zeros, low) = word.split_at_mut(word.len() - kept.len());
    zeros.fill(0);
    low.copy_from_slice(kept);
}
