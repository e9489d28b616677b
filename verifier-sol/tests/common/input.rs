//! What every generated verifier demands of its calldata: one encoding, one length, one layout.

use num_bigint::BigUint;
use zkdkim_plonk::words::Word;
use zkdkim_verifier_sol::Verdict;

/// Order of the group.
pub const R: &str = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
/// Modulus of the coordinates' field.
pub const Q: &str = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
/// Calldata: selector, two offsets, the proof's length, the proof.
pub const PROOF_AT: usize = 4 + 0x60;

pub fn malformed(error: &str) -> Verdict {
    Verdict::Malformed(error.into())
}

/// A word as a number, and a modulus in hexadecimal added to it.
pub fn plus(word: &[u8], hex: &str) -> Word {
    let sum = BigUint::from_bytes_be(word) + BigUint::parse_bytes(hex.as_bytes(), 16).unwrap();
    let bytes = sum.to_bytes_be();
    let mut out = Word::default();
    out[32 - bytes.len()..].copy_from_slice(&bytes);
    out
}

fn word(value: usize) -> Word {
    let mut word = Word::default();
    word[24..].copy_from_slice(&(value as u64).to_be_bytes());
    word
}

/// What is said of calldata that differs from a good one by a change.
pub type Judge<'a> = dyn FnMut(&dyn Fn(&mut Vec<u8>)) -> Verdict + 'a;

pub fn rejects_second_encodings_of_public_inputs(
    proof_bytes: usize,
    inputs: usize,
    judge: &mut Judge<'_>,
) {
    let at = PROOF_AT + proof_bytes + 32;
    for input in 0..inputs {
        let place = at + 32 * input..at + 32 * input + 32;
        for multiple in 1..=4 {
            let verdict = judge(&|data| {
                for _ in 0..multiple {
                    let sum = plus(&data[place.clone()], R);
                    data[place.clone()].copy_from_slice(&sum);
                }
            });
            assert_eq!(verdict, malformed("InstanceNotCanonical"));
        }
        let order = judge(&|data| data[place.clone()].copy_from_slice(&plus(&[0; 32], R)));
        assert_eq!(order, malformed("InstanceNotCanonical"));
    }
}

pub fn rejects_other_lengths(whole: usize, judge: &mut Judge<'_>) {
    for cut in [1, 31, 32, 33, 64, whole - PROOF_AT, whole - 4, whole - 1, whole] {
        let verdict = judge(&|data| data.truncate(whole - cut));
        assert!(matches!(verdict, Verdict::Malformed(_)), "cut {cut}: {verdict:?}");
    }
    for tail in [1, 31, 32, 1000] {
        let verdict = judge(&|data| data.resize(whole + tail, 0));
        assert_eq!(verdict, malformed("CalldataLayout"), "tail {tail}");
    }
}

pub fn rejects_other_layouts(proof_bytes: usize, judge: &mut Judge<'_>) {
    // Every byte of both offsets and both lengths.
    for start in [4, 0x24, 0x44, PROOF_AT + proof_bytes] {
        for byte in start..start + 32 {
            for bit in [0, 7] {
                let verdict = judge(&|data| data[byte] ^= 1 << bit);
                assert!(matches!(verdict, Verdict::Malformed(_)), "byte {byte}: {verdict:?}");
            }
        }
    }

    // Well-formed for Solidity's decoder: instances first, then the proof.
    let swapped = judge(&|data| {
        let proof = data[0x44..PROOF_AT + proof_bytes].to_vec();
        let instances = data[PROOF_AT + proof_bytes..].to_vec();
        data.truncate(0x44);
        data[4..0x24].copy_from_slice(&word(0x40 + instances.len()));
        data[0x24..0x44].copy_from_slice(&word(0x40));
        data.extend(instances);
        data.extend(proof);
    });
    assert_eq!(swapped, malformed("CalldataLayout"));

    // A gap of one word between the offsets and the proof.
    let gap = judge(&|data| {
        data[4..0x24].copy_from_slice(&word(0x60));
        data[0x24..0x44].copy_from_slice(&word(0x80 + proof_bytes));
        data.splice(0x44..0x44, [0; 32]);
    });
    assert_eq!(gap, malformed("CalldataLayout"));
}
