//! Where everything stands: the one place that knows row arithmetic.

/// Bits of a limb: B = 2^32.
pub(crate) const LIMB_BITS: usize = 32;
/// Limbs of a 2,048-bit number.
pub const LIMBS: usize = 64;
/// Modular products: 16 squarings and one multiplication make the power 65537 = 2^16 + 1.
pub const PRODUCTS: usize = 17;
/// Degree of the polynomial identity that each product is checked by, at a challenge.
pub const PRODUCT_DEGREE: usize = 2 * (LIMBS - 1);
/// Coefficients c_0 … c_125 of a product.
pub const COEFFICIENTS: usize = 2 * LIMBS - 2;
/// One coefficient in so many is range-checked.
pub const GROUP: usize = 6;
/// Range-checked coefficients of a product.
pub(crate) const CHECKED: usize = COEFFICIENTS / GROUP;
/// Checked coefficients lie in [-2^42, 2^42).
pub const CARRY_OFFSET_BITS: usize = 42;
/// Operands of the product gate: a, b, q, n, r, c.
pub(crate) const OPERANDS: usize = 6;
/// Words in which the modulus is returned.
pub(crate) const WORDS: usize = 10;
/// Limbs of a modulus word.
pub(crate) const WORD_LIMBS: usize = 7;
/// Constants of the encoding: 0xFFFFFFFF, 0x0001FFFF and five words of DER.
pub(crate) const CONSTANTS: usize = 7;
/// The numbers of the pairs block: s, q_1 … q_17, r_1 … r_16.
pub(crate) const NUMBERS: usize = 2 * PRODUCTS;
/// Rows of a number in the pairs block.
pub(crate) const NUMBER_ROWS: usize = LIMBS / 2;

/// Bits of the six range columns.
pub const RANGE_BITS: [usize; 6] = [11, 11, 10, 11, 11, 10];

/// The first row of each block; the caller places them.
///
/// `pairs` and `modulus` use the range columns, `carries` the carry columns (which may be the same).
/// `modulus` and `horner` use `value`; `pairs`, `modulus`, `horner` and `products` use `acc`;
/// `pairs`, `modulus` and `horner` use `factor`; `modulus` and `constants` use `constant`. Blocks with a column in common must be
/// disjoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaRows {
    /// Limbs of s, the quotients and the remainders.
    pub pairs: usize,
    /// Limbs of the modulus.
    pub modulus: usize,
    /// Range checks of every sixth coefficient c.
    pub carries: usize,
    /// Evaluations of the c and of the expected block.
    pub horner: usize,
    /// The 17 product checks.
    pub products: usize,
    /// Constants of the encoding.
    pub constants: usize,
}

impl RsaRows {
    /// The number of rows of each block.
    pub const LENGTHS: Self = Self {
        pairs: NUMBERS * NUMBER_ROWS,
        modulus: LIMBS,
        carries: PRODUCTS * CHECKED,
        horner: PRODUCTS * COEFFICIENTS + LIMBS,
        products: PRODUCTS * OPERANDS,
        constants: CONSTANTS,
    };

    /// The row of limb pair (2·`pair` + 1, 2·`pair`) of a number.
    pub fn pair(&self, number: usize, pair: usize) -> usize {
        debug_assert!(number < NUMBERS && pair < NUMBER_ROWS);
        self.pairs + number * NUMBER_ROWS + (NUMBER_ROWS - 1 - pair)
    }

    /// The row of a limb of the modulus.
    pub fn modulus_limb(&self, limb: usize) -> usize {
        debug_assert!(limb < LIMBS);
        self.modulus + (LIMBS - 1 - limb)
    }

    /// The row of the range check of c_(6·`group` + 5) of a product (from 0).
    pub fn carry(&self, product: usize, group: usize) -> usize {
        debug_assert!(product < PRODUCTS && group < CHECKED);
        self.carries + product * CHECKED + group
    }

    /// The row of c_`index` of a product (from 0).
    pub fn coefficient(&self, product: usize, index: usize) -> usize {
        debug_assert!(product < PRODUCTS && index < COEFFICIENTS);
        self.horner + product * COEFFICIENTS + (COEFFICIENTS - 1 - index)
    }

    /// The row of a limb of the expected block.
    pub fn expected_limb(&self, limb: usize) -> usize {
        debug_assert!(limb < LIMBS);
        self.horner + PRODUCTS * COEFFICIENTS + (LIMBS - 1 - limb)
    }

    /// The row of an operand (a, b, q, n, r, c) of a product (from 0); the gate is enabled at the
    /// last.
    pub fn operand(&self, product: usize, operand: usize) -> usize {
        debug_assert!(product < PRODUCTS && operand < OPERANDS);
        self.products + product * OPERANDS + operand
    }

    /// The rows of `acc` that hold the evaluations of the operands of a product (from 0).
    pub(crate) fn operand_sources(&self, product: usize) -> [usize; OPERANDS] {
        let base = if product == 0 { SIGNATURE } else { remainder(product - 1) };
        let last = product == PRODUCTS - 1;
        let a = self.pair(base, 0);
        let b = if last { self.pair(SIGNATURE, 0) } else { a };
        let q = self.pair(quotient(product), 0);
        let n = self.modulus_limb(0);
        let r = if last { self.expected_limb(0) } else { self.pair(remainder(product), 0) };
        let c = self.coefficient(product, 0);
        [a, b, q, n, r, c]
    }
}

/// The number s of the pairs block.
pub const SIGNATURE: usize = 0;

/// The number of the quotient of a product (from 0).
pub fn quotient(product: usize) -> usize {
    1 + product
}

/// The number of the remainder of a product (from 0), except the last, whose remainder is the
/// block.
pub fn remainder(product: usize) -> usize {
    debug_assert!(product < PRODUCTS - 1);
    1 + PRODUCTS + product
}

/// Whether a limb is the most significant of its modulus word.
pub(crate) fn starts_word(limb: usize) -> bool {
    limb == LIMBS - 1 || limb % WORD_LIMBS == WORD_LIMBS - 1
}
