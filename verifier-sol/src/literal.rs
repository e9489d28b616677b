//! Words as they stand in Solidity source.

use zkdkim_plonk::words::Word;

/// A word as Solidity writes it, without leading zeros.
pub(crate) fn hex_word(word: &Word) -> String {
    let digits = hex::encode(word);
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        "0x0".into()
    } else {
        format!("0x{digits}")
    }
}

/// The value of a word that fits 64 bits.
pub(crate) fn small_word(word: &Word) -> Option<u64> {
    let (high, low) = word.split_at(24);
    high.iter().all(|&b| b == 0).then(|| u64::from_be_bytes(low.try_into().expect("eight bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkdkim_plonk::{
        halo2curves::{bn256::Fr, ff::Field},
        words::scalar_word,
    };

    #[test]
    fn literals_have_no_leading_zeros() {
        assert_eq!(hex_word(&scalar_word(&Fr::from(0x1f))), "0x1f");
        assert_eq!(hex_word(&Word::default()), "0x0");
    }

    #[test]
    fn small_words_fit_64_bits() {
        assert_eq!(small_word(&scalar_word(&Fr::from(1 << 40))), Some(1 << 40));
        assert_eq!(small_word(&scalar_word(&-Fr::ONE)), None);
    }
}
