//! RSA-2048 PKCS#1 v1.5 signatures (SHA-256, e = 65537) for Halo2 over BN254, in lent columns.
//!
//! # Statement
//!
//! For every accepted assignment there are an integer `s` in [0, 2^2048) and the integer `n` spelt
//! by the returned modulus words such that n is odd, 2^2047 <= n < 2^2048 and
//! `s^65537 mod n = 00 01 FF…FF 00 ‖ DigestInfo ‖ H0 … H7`, all 256 bytes, where `H0 … H7` are the
//! digest cells. Nothing depends on `s < n`: where `s + n` fits, it proves the same, and nothing
//! may be derived from `s` (in particular no nullifier).
//!
//! # Trusts
//!
//! * Every cell of `range[i]` and `carry_range[i]`, in every row, is proved below `2^RANGE_BITS[i]` by
//!   the caller.
//! * The eight digest cells hold 32-bit words.
//! * `range`, `carry_range`, `carry`, `value`, `pack` are first-phase columns, `acc` is a second-phase column, and `x` is a
//!   challenge drawn after the first phase. Everything that the random point checks (limbs of s, n,
//!   q, r, the expected block, the coefficients c) is in first-phase columns, so it is fixed before
//!   X is known; second-phase cells are functions of first-phase cells and X.
//! * The field is BN254's scalar field or another prime field of at least 250 bits.
//!
//! # Layout
//!
//! Numbers are 64 limbs of 32 bits, B = 2^32, a limb = d0 + 2^11 d1 + 2^22 d2 of three range cells.
//!
//! ```text
//! block      rows  range 0 1 2  range 3 4 5  value      pack        acc       factor     constant
//! pairs      1088  low limb     high limb    .          .           Horner X² 0 / 1      .
//! modulus      64  limb         . . top      limb       Horner 2^32 Horner X  0 / 2^32   1 / 0
//! carries     357  c pieces     c piece . .  c          .           .         .          .
//! horner     2206  .            .            c, EM limb .           Horner X  0 / 1      .
//! products    102  .            .            .          .           a b q n r c   .      .
//! constants     7  .            .            .          .           .         .          EM words
//! ```
//!
//! * pairs: s, q_1 … q_17, r_1 … r_16, 32 rows each, most significant pair first.
//! * modulus: most significant limb first; the ten 224-bit words are cells of `pack`. `constant`
//!   flags the first row, which starts the accumulator and carries the top-bit check; the last row
//!   carries the check of the lowest bit.
//! * carries: c_5, c_11, …, c_125 of each of the 17 products, copied from the horner block. Their
//!   columns may be lent apart (`carry_range`, `carry`); then the block may stand beside the others.
//! * horner: c_125 … c_0 of each product, then the 64 limbs of the expected block.
//! * products: six rows a product, read by one gate at rotations -5 … 0 of `acc`.
//!
//! Five simple selectors, never two in one row of one block: each gate has degree 1 or 2 without
//! its selector. Rotations: `acc` 0, -1 … -5; `pack` 0, -1; all others 0. Blocks that use a column
//! in common must not overlap; [`Grid`](zkdkim_grid::Grid) panics where they do.
//!
//! # Cost
//!
//! [`RsaRows::LENGTHS`]: 1,509 rows of the range columns, 2,627 of `value`, 3,460 of `acc`. 8 lent
//! first-phase columns, 1 second-phase, 3 fixed, 5 selectors, 9 constraints; no lookup of its own.
//!
//! # Soundness
//!
//! Product i has V(X) = a(X)·b(X) - q(X)·n(X) - r(X), of degree 126, and c(X) of degree 125
//! committed in the first phase. The `products` gate says V(X) = (X - B)·c(X) at the challenge. A
//! product that does not hold as polynomials has at most 126 bad points, so the 17 products err
//! with probability at most 17·126 / p < 2^-242.5 (Schwartz–Zippel).
//!
//! As polynomials: V_j = c_(j-1) - B·c_j with c_(-1) = 0 and c_126 = 0, in the field. Six in a row
//! give Σ_(i<6) B^i·V_(j+i) = c_(j-1) - B^6·c_(j+5) for j = 0, 6, …, 120. All limbs are in [0, B),
//! so |V_j| <= 64·(B-1)^2 + (B-1), and the left side is at most (B^6 - 1)·(64·(B-1) + 1) < 2^230 in
//! absolute value. c_(j-1) and c_(j+5) are range-checked to [-2^42, 2^42) (or c_(-1) = 0), so the
//! right side is at most 2^42 + 2^234. The two sides differ by less than 2^235 < p: they are equal
//! as integers. So is V_126 = c_125, the last coefficient, |V_126| <= (B-1)^2. Adding B^j times
//! each group and B^126 times the last telescopes to Σ V_j·B^j = 0: a·b = q·n + r over the
//! integers. The other c are free; only their existence is used.
//!
//! Chained, r_i ≡ r_(i-1)^2 and EM ≡ r_16·s mod n, hence EM ≡ s^65537. EM < 2^2033 < n, so EM is
//! the residue itself. That the r_i may be unreduced changes nothing: only congruence is used.
//!
//! | free cell | range | anchor |
//! | --- | --- | --- |
//! | limbs of s, q, r | lookups of the range columns | acc Horner, copied to products |
//! | limbs of n | lookups; top bit by its gate | value, pack (returned), acc, copied to products |
//! | range 5 in the first and last modulus row | lookup | gates of top and lowest bit |
//! | c_j, j = 5 mod 6 | carries gate | copy to the horner block, acc, copied to products |
//! | other c_j | none needed | acc Horner, copied to products |
//! | EM limbs | – | copies of constants and digest cells |
//! | acc, pack | – | functions of the above by their gates |
//!
//! Range cells that the layout leaves empty (3 and 4, but for its first and last row also 5, of the modulus;
//! 4 and 5 of the carries) are read by no gate of this crate.
//!
//! # Completeness
//!
//! Every genuine signature with s < n is accepted: then q < n and |c_j| < 2^39. For s >= n the
//! first quotient must fit 2,048 bits (s^2 < 2^2048·n). An unreduced remainder r + n (with q - 1)
//! is accepted where it fits: harmless, see above. No witness makes assignment fail or panic; a
//! wrong signature gives an assignment in which the last product does not hold.
//!
//! # Source
//!
//! RFC 8017 §5.2.2, §8.2.2 and §9.2. The check of integer identities at a random point with carries
//! as a quotient polynomial by X - B is folklore; the grouping of carries and all bounds are this
//! crate's own. DKIM: RFC 6376 §3.3.1 with RFC 8301 (RSA keys), only 2,048 bits and e = 65537.

mod accumulate;
mod assign;
mod gates;
mod layout;
mod native;
#[cfg(test)]
mod tests;

pub use assign::RsaAssigned;
pub use gates::{RsaColumns, RsaConfig};
pub use layout::{
    quotient, remainder, RsaRows, CARRY_OFFSET_BITS, COEFFICIENTS, GROUP, LIMBS, PRODUCTS,
    PRODUCT_DEGREE, RANGE_BITS, SIGNATURE,
};
pub use native::RsaWitness;
