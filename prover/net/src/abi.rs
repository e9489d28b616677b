//! The contract ABI, as far as this project's calls need it: words, and one argument of type `bytes` at the end.

use sha3::{Digest, Keccak256};

/// 32 bytes.
pub type Word = [u8; 32];

/// Keccak-256 of a signature: the first topic of an event; its first four bytes select a function.
pub fn signature_hash(signature: &str) -> Word {
    Keccak256::digest(signature).into()
}

/// A number as a word.
pub fn number(value: u64) -> Word {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// An address as a word.
pub fn address(value: &[u8; 20]) -> Word {
    let mut word = [0; 32];
    word[12..].copy_from_slice(value);
    word
}

/// A call of a function of static arguments.
pub fn call(signature: &str, words: &[Word]) -> Vec<u8> {
    [&signature_hash(signature)[..4], &words.concat()].concat()
}

/// A call of a function whose last argument is `bytes`.
pub fn call_with_bytes(signature: &str, words: &[Word], bytes: &[u8]) -> Vec<u8> {
    let mut data = call(signature, words);
    data.extend_from_slice(&number(32 * (words.len() as u64 + 1)));
    data.extend_from_slice(&number(bytes.len() as u64));
    data.extend_from_slice(bytes);
    data.resize(data.len() + bytes.len().next_multiple_of(32) - bytes.len(), 0);
    data
}

/// The word at this place; none where the data ends before.
pub fn word(data: &[u8], at: usize) -> Option<Word> {
    data.get(32 * at..32 * (at + 1))?.try_into().ok()
}

/// The word at this place as a number; none where it does not fit.
pub fn number_at(data: &[u8], at: usize) -> Option<u64> {
    let word = word(data, at)?;
    let (high, low) = word.split_at(24);
    let fits = high.iter().all(|byte| *byte == 0);
    fits.then(|| low.try_into().map(u64::from_be_bytes).ok()).flatten()
}

/// The `bytes` whose offset is the word at this place.
pub fn bytes_at(data: &[u8], at: usize) -> Option<&[u8]> {
    let offset = usize::try_from(number_at(data, at)?).ok()?;
    let rest = data.get(offset..)?;
    let len = usize::try_from(number_at(rest, 0)?).ok()?;
    rest.get(32..)?.get(..len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_selectors_and_topics() {
        // ERC-1271's magic value is its selector; the topic is that of ERC-20's Transfer.
        assert_eq!(call("isValidSignature(bytes32,bytes)", &[]), [0x16, 0x26, 0xba, 0x7e]);
        let transfer = signature_hash("Transfer(address,address,uint256)");
        assert_eq!(hex::encode(&transfer[..8]), "ddf252ad1be2c89b");
    }

    #[test]
    fn bytes_are_read_as_they_were_written() {
        for len in [0, 1, 31, 32, 33, 65] {
            let bytes = vec![7; len];
            let data = call_with_bytes("isValidSignature(bytes32,bytes)", &[[9; 32]], &bytes);
            assert_eq!(data.len() % 32, 4, "{len}");
            assert_eq!(data.len(), 4 + 3 * 32 + len.next_multiple_of(32));
            assert_eq!(word(&data[4..], 0), Some([9; 32]));
            assert_eq!(bytes_at(&data[4..], 1), Some(&bytes[..]));
        }
    }

    #[test]
    fn lengths_that_are_not_there_are_none() {
        for data in [
            vec![],
            vec![0xff; 64],
            number(32).to_vec(),
            [number(32), number(1)].concat(),
            [number(u64::MAX), number(1)].concat(),
            [number(32), [0xff; 32]].concat(),
        ] {
            assert_eq!(bytes_at(&data, 0), None, "{data:?}");
        }
        assert_eq!(number_at(&[1; 32], 0), None);
    }
}
