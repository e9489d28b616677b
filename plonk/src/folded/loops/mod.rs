//! The long loops over field elements, where nearly all of a proof's time goes.
//!
//! Each is written twice: `plain`, one number at a time with the products of `halo2curves`, and `wide`, four at a time
//! with those of `zkdkim-field`, for WebAssembly. Which one runs is decided when the crate is built; tests compare them.

// For short lengths in the other.
#[cfg_attr(all(target_arch = "wasm32", target_feature = "simd128"), allow(dead_code))]
mod plain;
#[cfg(any(test, all(target_arch = "wasm32", target_feature = "simd128")))]
mod wide;
#[cfg(any(test, all(target_arch = "wasm32", target_feature = "simd128")))]
mod wide_points;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) use plain::*;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use {wide::*, wide_points::*};

use halo2_proofs::halo2curves::bn256::Fq;

/// Whether four numbers at a time are.
const WIDE: bool = cfg!(all(target_arch = "wasm32", target_feature = "simd128"));
/// Additions of points that share an inversion: it costs more where numbers are narrow.
pub(super) const BATCH: usize = if WIDE { 640 } else { plain::BATCH };
/// Cost of an addition in a batch, in nanoseconds (measured; only the ratio matters).
pub(super) const ADDITION: u64 = 180;
/// Cost of a bucket in the final summation.
pub(super) const BUCKET: u64 = if WIDE { 720 } else { 480 };
/// Polynomials that `divide_all` divides at once.
pub(super) const TOGETHER: usize = if WIDE { 4 } else { 1 };

/// Coordinates of an affine point that is not the identity.
pub(super) type Point = (Fq, Fq);

/// Two points of one bucket have the same x: the batch cannot be inverted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SameX;

#[cfg(test)]
mod tests;
