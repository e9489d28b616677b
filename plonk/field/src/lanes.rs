//! Four numbers side by side: 32-bit lanes, and the 64-bit sums of their products.
//!
//! Two implementations of the same operations: vectors of 128 bits where WebAssembly has them, and arrays, which check
//! every sum for overflow where the compiler's checks are on. Tests of the arrays are tests of the bounds.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::*;

    /// Four lanes of 32 bits.
    #[derive(Clone, Copy)]
    pub struct Lanes(v128);

    /// Four sums of 64 bits.
    #[derive(Clone, Copy)]
    pub struct Sums(v128, v128);

    impl Lanes {
        #[inline(always)]
        pub fn splat(x: u32) -> Self {
            Self(u32x4_splat(x))
        }

        #[inline(always)]
        pub fn add(self, other: Self) -> Self {
            Self(u32x4_add(self.0, other.0))
        }

        /// Adds what may be negative.
        #[inline(always)]
        pub fn add_signed(self, other: Self) -> Self {
            Self(u32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub fn sub(self, other: Self) -> Self {
            Self(u32x4_sub(self.0, other.0))
        }

        /// May go below zero.
        #[inline(always)]
        pub fn sub_signed(self, other: Self) -> Self {
            Self(u32x4_sub(self.0, other.0))
        }

        /// The low 32 bits of the products.
        #[inline(always)]
        pub fn low_product(self, other: Self) -> Self {
            Self(u32x4_mul(self.0, other.0))
        }

        #[inline(always)]
        pub fn and(self, other: Self) -> Self {
            Self(v128_and(self.0, other.0))
        }

        #[inline(always)]
        pub fn or(self, other: Self) -> Self {
            Self(v128_or(self.0, other.0))
        }

        /// `other` where `mask` is all ones, `self` where it is zero.
        #[inline(always)]
        pub fn select(self, other: Self, mask: Self) -> Self {
            Self(v128_bitselect(other.0, self.0, mask.0))
        }

        /// Bits that leave a lane are lost.
        #[inline(always)]
        pub fn shl(self, bits: u32) -> Self {
            Self(u32x4_shl(self.0, bits))
        }

        #[inline(always)]
        pub fn shr(self, bits: u32) -> Self {
            Self(u32x4_shr(self.0, bits))
        }

        /// Shifts as signed numbers.
        #[inline(always)]
        pub fn sar(self, bits: u32) -> Self {
            Self(i32x4_shr(self.0, bits))
        }

        /// Lane l of word w is word w of number l.
        #[inline(always)]
        pub fn transposed(rows: [[u64; 4]; 4]) -> [Self; 8] {
            let half = |i: usize| {
                let [a, b, c, d] = rows.map(|row| u64x2(row[2 * i], row[2 * i + 1]));
                let (ab_low, ab_high) =
                    (u32x4_shuffle::<0, 4, 1, 5>(a, b), u32x4_shuffle::<2, 6, 3, 7>(a, b));
                let (cd_low, cd_high) =
                    (u32x4_shuffle::<0, 4, 1, 5>(c, d), u32x4_shuffle::<2, 6, 3, 7>(c, d));
                [
                    Self(u64x2_shuffle::<0, 2>(ab_low, cd_low)),
                    Self(u64x2_shuffle::<1, 3>(ab_low, cd_low)),
                    Self(u64x2_shuffle::<0, 2>(ab_high, cd_high)),
                    Self(u64x2_shuffle::<1, 3>(ab_high, cd_high)),
                ]
            };
            let ([a, b, c, d], [e, f, g, h]) = (half(0), half(1));
            [a, b, c, d, e, f, g, h]
        }

        /// The inverse of [`Lanes::transposed`].
        #[inline(always)]
        pub fn rows(words: [Self; 8]) -> [[u64; 4]; 4] {
            let half = |[a, b, c, d]: [Self; 4]| {
                let (ab_low, ab_high) =
                    (u32x4_shuffle::<0, 4, 1, 5>(a.0, b.0), u32x4_shuffle::<2, 6, 3, 7>(a.0, b.0));
                let (cd_low, cd_high) =
                    (u32x4_shuffle::<0, 4, 1, 5>(c.0, d.0), u32x4_shuffle::<2, 6, 3, 7>(c.0, d.0));
                [
                    u64x2_shuffle::<0, 2>(ab_low, cd_low),
                    u64x2_shuffle::<1, 3>(ab_low, cd_low),
                    u64x2_shuffle::<0, 2>(ab_high, cd_high),
                    u64x2_shuffle::<1, 3>(ab_high, cd_high),
                ]
            };
            let [a, b, c, d, e, f, g, h] = words;
            let (low, high) = (half([a, b, c, d]), half([e, f, g, h]));
            let row = |l: usize| {
                [
                    u64x2_extract_lane::<0>(low[l]),
                    u64x2_extract_lane::<1>(low[l]),
                    u64x2_extract_lane::<0>(high[l]),
                    u64x2_extract_lane::<1>(high[l]),
                ]
            };
            [row(0), row(1), row(2), row(3)]
        }
    }

    impl Sums {
        #[inline(always)]
        pub fn zero() -> Self {
            Self(u64x2_splat(0), u64x2_splat(0))
        }

        /// self + a · b.
        #[inline(always)]
        pub fn plus_product(self, a: Lanes, b: Lanes) -> Self {
            Self(
                u64x2_add(self.0, u64x2_extmul_low_u32x4(a.0, b.0)),
                u64x2_add(self.1, u64x2_extmul_high_u32x4(a.0, b.0)),
            )
        }

        #[inline(always)]
        pub fn shr(self, bits: u32) -> Self {
            Self(u64x2_shr(self.0, bits), u64x2_shr(self.1, bits))
        }

        /// The low 32 bits.
        #[inline(always)]
        pub fn low(self) -> Lanes {
            Lanes(u32x4_shuffle::<0, 2, 4, 6>(self.0, self.1))
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod array {
    use std::array::from_fn;

    /// Four lanes of 32 bits.
    #[derive(Clone, Copy)]
    pub struct Lanes([u32; 4]);

    /// Four sums of 64 bits.
    #[derive(Clone, Copy)]
    pub struct Sums([u64; 4]);

    impl Lanes {
        pub fn splat(x: u32) -> Self {
            Self([x; 4])
        }

        pub fn add(self, other: Self) -> Self {
            Self(from_fn(|l| self.0[l] + other.0[l]))
        }

        /// Adds what may be negative.
        pub fn add_signed(self, other: Self) -> Self {
            Self(from_fn(|l| self.0[l].wrapping_add(other.0[l])))
        }

        pub fn sub(self, other: Self) -> Self {
            Self(from_fn(|l| self.0[l] - other.0[l]))
        }

        /// May go below zero.
        pub fn sub_signed(self, other: Self) -> Self {
            Self(from_fn(|l| self.0[l].wrapping_sub(other.0[l])))
        }

        /// The low 32 bits of the products.
        pub fn low_product(self, other: Self) -> Self {
            Self(from_fn(|l| self.0[l].wrapping_mul(other.0[l])))
        }

        pub fn and(self, other: Self) -> Self {
            Self(from_fn(|l| self.0[l] & other.0[l]))
        }

        pub fn or(self, other: Self) -> Self {
            Self(from_fn(|l| self.0[l] | other.0[l]))
        }

        /// `other` where `mask` is all ones, `self` where it is zero.
        pub fn select(self, other: Self, mask: Self) -> Self {
            Self(from_fn(|l| other.0[l] & mask.0[l] | self.0[l] & !mask.0[l]))
        }

        /// Bits that leave a lane are lost.
        pub fn shl(self, bits: u32) -> Self {
            Self(from_fn(|l| self.0[l] << bits))
        }

        pub fn shr(self, bits: u32) -> Self {
            Self(from_fn(|l| self.0[l] >> bits))
        }

        /// Shifts as signed numbers.
        pub fn sar(self, bits: u32) -> Self {
            Self(from_fn(|l| ((self.0[l] as i32) >> bits) as u32))
        }

        /// Lane l of word w is word w of number l.
        pub fn transposed(rows: [[u64; 4]; 4]) -> [Self; 8] {
            from_fn(|w| Self(from_fn(|l| (rows[l][w / 2] >> (32 * (w % 2))) as u32)))
        }

        /// The inverse of [`Lanes::transposed`].
        pub fn rows(words: [Self; 8]) -> [[u64; 4]; 4] {
            let word = |w: usize, l: usize| u64::from(words[w].0[l]);
            from_fn(|l| from_fn(|i| word(2 * i, l) | word(2 * i + 1, l) << 32))
        }
    }

    impl Sums {
        pub fn zero() -> Self {
            Self([0; 4])
        }

        /// self + a · b.
        pub fn plus_product(self, a: Lanes, b: Lanes) -> Self {
            Self(from_fn(|l| self.0[l] + u64::from(a.0[l]) * u64::from(b.0[l])))
        }

        pub fn shr(self, bits: u32) -> Self {
            Self(from_fn(|l| self.0[l] >> bits))
        }

        /// The low 32 bits.
        pub fn low(self) -> Lanes {
            Lanes(from_fn(|l| self.0[l] as u32))
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use array::{Lanes, Sums};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use vector::{Lanes, Sums};
