//! The spread form of a word: its bits at even positions.
//!
//! # Statement
//! Adding spread words adds bit by bit: the sum of two or three spread words has, at each pair of positions, the
//! number of ones. Its low bit is the exclusive or, its high bit the majority (of three) or the conjunction (of two).
//!
//! # Soundness
//! A pair (dense, spread) counts only when the lookup argument ([`crate::logup`]) has found it in one of the two
//! tables below; each holds every value of its length once, so the pair is a function of the dense value and the
//! dense value is in range.
//!
//! # Source
//! The technique is that of zcash's Table16 (Halo 2 book, "16-bit table chip for SHA-256"); code and layout are ours.

use crate::columns::RANGE_BITS;

/// Spreads the low 32 bits of a word: bit i moves to bit 2i.
pub const fn spread(word: u32) -> u64 {
    let mut v = word as u64;
    v = (v | (v << 16)) & 0x0000_ffff_0000_ffff;
    v = (v | (v << 8)) & 0x00ff_00ff_00ff_00ff;
    v = (v | (v << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | (v << 2)) & 0x3333_3333_3333_3333;
    (v | (v << 1)) & 0x5555_5555_5555_5555
}

/// The word at the even positions.
pub const fn even_bits(word: u64) -> u32 {
    let mut v = word & 0x5555_5555_5555_5555;
    v = (v | (v >> 1)) & 0x3333_3333_3333_3333;
    v = (v | (v >> 2)) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | (v >> 4)) & 0x00ff_00ff_00ff_00ff;
    v = (v | (v >> 8)) & 0x0000_ffff_0000_ffff;
    ((v | (v >> 16)) & 0xffff_ffff) as u32
}

/// The word at the odd positions.
pub const fn odd_bits(word: u64) -> u32 {
    even_bits(word >> 1)
}

/// Cuts a word into the pieces that three neighbouring range columns hold: 11, 11 and 10 bits, least significant first.
pub fn triple(word: u32) -> [u32; 3] {
    debug_assert_eq!(RANGE_BITS[..3].iter().sum::<u32>(), 32);
    [word & 0x7ff, (word >> 11) & 0x7ff, word >> 22]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreading_and_gathering_are_inverse() {
        for word in [0, 1, 2, 3, 0x8000_0000, 0xffff_ffff, 0x1234_5678, 0xa5a5_5a5a] {
            assert_eq!(even_bits(spread(word)), word);
            assert_eq!(odd_bits(spread(word) << 1), word);
            for bit in 0..32 {
                assert_eq!((spread(word) >> (2 * bit)) & 3, u64::from(word >> bit & 1));
            }
        }
    }

    #[test]
    fn sums_hold_parity_and_majority() {
        let (a, b, c) = (0x6a09_e667u32, 0xbb67_ae85u32, 0x3c6e_f372u32);
        let sum = spread(a).wrapping_add(spread(b)).wrapping_add(spread(c));
        assert_eq!(even_bits(sum), a ^ b ^ c);
        assert_eq!(odd_bits(sum), (a & b) ^ (a & c) ^ (b & c));
    }
}
