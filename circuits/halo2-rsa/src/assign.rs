//! First-phase assignment: cells, fixed values, selectors and all copies.

use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    halo2curves::ff::PrimeField,
    plonk::{Advice, Column},
};

use crate::{
    gates::RsaConfig,
    layout::{
        quotient, remainder, starts_word, RsaRows, CARRY_OFFSET_BITS, CHECKED, COEFFICIENTS, GROUP,
        LIMBS, LIMB_BITS, NUMBER_ROWS, OPERANDS, PRODUCTS, RANGE_BITS, SIGNATURE, WORDS,
        WORD_LIMBS,
    },
    native::{encoding_constants, expected_limb, ExpectedLimb, Limbs, RsaWitness, Trace},
};

/// Cells that other gadgets may copy from.
#[derive(Clone, Copy, Debug)]
pub struct RsaAssigned {
    /// The modulus in ten 224-bit words of seven limbs (the last of one), least significant word
    /// first.
    pub modulus_words: [CellRef; WORDS],
}

/// The three range pieces of a limb.
pub(crate) fn pieces(limb: u32) -> [u64; 3] {
    [u64::from(limb & 0x7FF), u64::from((limb >> 11) & 0x7FF), u64::from(limb >> 22)]
}

/// The four range pieces of a checked coefficient plus its offset.
pub(crate) fn carry_pieces(carry: i64) -> [u64; 4] {
    let shifted = carry.wrapping_add(1 << CARRY_OFFSET_BITS) as u64;
    let mut shift = 0;
    std::array::from_fn(|piece| {
        let bits = shifted >> shift & ((1 << RANGE_BITS[piece]) - 1);
        shift += RANGE_BITS[piece];
        bits
    })
}

/// A signed integer as a field element.
pub(crate) fn signed<F: PrimeField>(value: i64) -> F {
    let magnitude = F::from(value.unsigned_abs());
    if value < 0 {
        -magnitude
    } else {
        magnitude
    }
}

/// The low 32 bits of a field element's integer (a digest word, where the digest is honest).
fn low_word<F: PrimeField>(value: F) -> u32 {
    let repr = value.to_repr();
    u32::from_le_bytes(repr.as_ref()[..4].try_into().expect("a field element has 32 bytes"))
}

impl RsaConfig {
    /// Writes the first phase: advice except `acc`, fixed cells, selectors and every copy.
    ///
    /// `digest_words` are H0 … H7, already in the grid. Any witness can be assigned; a wrong one
    /// gives an unsatisfied circuit.
    ///
    /// # Panics
    /// If a digest word has no value in the grid, or a block overlaps cells that are already
    /// written.
    pub fn assign<F: PrimeField>(
        &self,
        grid: &mut Grid<F>,
        rows: &RsaRows,
        witness: &RsaWitness,
        digest_words: &[CellRef; 8],
    ) -> RsaAssigned {
        let expected = self.assign_expected(grid, rows, digest_words);
        let trace = Trace::new(witness, &expected);
        self.assign_trace(grid, rows, &trace)
    }

    /// The expected block, copied limb by limb from constants and digest cells.
    pub(crate) fn assign_expected<F: PrimeField>(
        &self,
        grid: &mut Grid<F>,
        rows: &RsaRows,
        digest_words: &[CellRef; 8],
    ) -> Limbs {
        let mut row = rows.constants;
        let constants = encoding_constants().map(|word| {
            row += 1;
            grid.fixed(self.columns.constant, row - 1, F::from(u64::from(word)))
        });
        let mut expected = [0; LIMBS];
        for (limb, word) in expected.iter_mut().enumerate() {
            let source = match expected_limb(limb) {
                ExpectedLimb::Constant(index) => constants[index],
                ExpectedLimb::Digest(index) => digest_words[index],
            };
            let row = rows.expected_limb(limb);
            let cell = grid.copy_advice(source, self.columns.value, row);
            *word = low_word(grid.value(cell).expect("just written"));
            self.enable_horner(grid, row, limb == LIMBS - 1);
        }
        expected
    }

    /// Everything but the expected block.
    pub(crate) fn assign_trace<F: PrimeField>(
        &self,
        grid: &mut Grid<F>,
        rows: &RsaRows,
        trace: &Trace,
    ) -> RsaAssigned {
        self.assign_number(grid, rows, SIGNATURE, &trace.signature);
        let modulus_words = self.assign_modulus(grid, rows, &trace.modulus);
        for (index, product) in trace.products.iter().enumerate() {
            self.assign_number(grid, rows, quotient(index), &product.quotient);
            if index < PRODUCTS - 1 {
                self.assign_number(grid, rows, remainder(index), &product.remainder);
            }
            self.assign_carries(grid, rows, index, &product.carries);
            self.copy_operands(grid, rows, index);
        }
        RsaAssigned { modulus_words }
    }

    /// One number of the pairs block:
    ///
    /// ```text
    /// factor | range 0 1 2 | range 3 4 5
    ///   0    |   limb 62   |   limb 63
    ///   1    |   limb 60   |   limb 61
    ///   …    |      …      |      …
    ///   1    |   limb 0    |   limb 1     acc = number at X
    /// ```
    fn assign_number<F: PrimeField>(
        &self,
        grid: &mut Grid<F>,
        rows: &RsaRows,
        number: usize,
        limbs: &Limbs,
    ) {
        let [l0, l1, l2, h0, h1, h2] = self.columns.range;
        for pair in 0..NUMBER_ROWS {
            let row = rows.pair(number, pair);
            write_pieces(grid, row, [l0, l1, l2], pieces(limbs[2 * pair]));
            write_pieces(grid, row, [h0, h1, h2], pieces(limbs[2 * pair + 1]));
            let factor = if pair == NUMBER_ROWS - 1 { F::ZERO } else { F::ONE };
            grid.fixed(self.columns.factor, row, factor);
            grid.enable(self.pairs, row);
        }
    }

    /// The modulus block:
    ///
    /// ```text
    /// factor constant | range 0 1 2 | range 5       | value   | pack
    ///   0       1     |   limb 63   | 2·(d2 - 512)  | limb 63 | word 9
    ///   0       0     |   limb 62   |               | limb 62 | limb 62
    ///  2^32     0     |   limb 61   |               | limb 61 | limbs 62 61
    ///   …       …     |      …      |               |   …     |   …
    ///  2^32     0     |   limb 0    |  (d0 - 1)/2   | limb 0  | word 0       acc = n at X
    /// ```
    fn assign_modulus<F: PrimeField>(
        &self,
        grid: &mut Grid<F>,
        rows: &RsaRows,
        limbs: &Limbs,
    ) -> [CellRef; WORDS] {
        let [d0, d1, d2, _, _, spare] = self.columns.range;
        let mut pack = F::ZERO;
        for limb in (0..LIMBS).rev() {
            let row = rows.modulus_limb(limb);
            let first = limb == LIMBS - 1;
            let [p0, p1, p2] = pieces(limbs[limb]);
            write_pieces(grid, row, [d0, d1, d2], [p0, p1, p2]);
            if first {
                grid.advice(spare, row, signed(2 * (p2 as i64 - 512)));
            }
            if limb == 0 {
                // Half of what is left without the lowest bit; of an even one half of nothing that fits.
                grid.advice(spare, row, F::from(p0 >> 1));
            }
            grid.fixed(self.columns.lowest, row, if limb == 0 { F::ONE } else { F::ZERO });
            let value = F::from(u64::from(limbs[limb]));
            let factor = if starts_word(limb) { F::ZERO } else { F::from(1 << LIMB_BITS) };
            pack = factor * pack + value;
            grid.advice(self.columns.value, row, value);
            grid.advice(self.columns.pack, row, pack);
            grid.fixed(self.columns.factor, row, factor);
            grid.fixed(self.columns.constant, row, if first { F::ONE } else { F::ZERO });
            grid.enable(self.modulus, row);
        }
        std::array::from_fn(|word| {
            CellRef::new(self.columns.pack, rows.modulus_limb(word * WORD_LIMBS))
        })
    }

    /// The coefficients of one product in the horner block, and every sixth in the carries block:
    ///
    /// ```text
    /// horner:  factor | value          carries:  carry range   | carry
    ///            0    | c_125                    c_5 + 2^42    | c_5
    ///            1    | c_124                    c_11 + 2^42   | c_11
    ///            …    |   …                          …         |  …
    ///            1    | c_0   acc = c at X       c_125 + 2^42  | c_125
    /// ```
    fn assign_carries<F: PrimeField>(
        &self,
        grid: &mut Grid<F>,
        rows: &RsaRows,
        product: usize,
        carries: &[i64; COEFFICIENTS],
    ) {
        for (index, &carry) in carries.iter().enumerate() {
            let row = rows.coefficient(product, index);
            grid.advice(self.columns.value, row, signed(carry));
            self.enable_horner(grid, row, index == COEFFICIENTS - 1);
        }
        for group in 0..CHECKED {
            let index = group * GROUP + GROUP - 1;
            let source = CellRef::new(self.columns.value, rows.coefficient(product, index));
            let row = rows.carry(product, group);
            grid.copy_advice(source, self.columns.carry, row);
            write_pieces(grid, row, self.columns.carry_range, carry_pieces(carries[index]));
            grid.enable(self.carries, row);
        }
    }

    /// Ties the six operands of a product to the ends of their Horner runs.
    fn copy_operands<F: PrimeField>(&self, grid: &mut Grid<F>, rows: &RsaRows, product: usize) {
        for (operand, source) in rows.operand_sources(product).into_iter().enumerate() {
            let target = CellRef::new(self.columns.acc, rows.operand(product, operand));
            grid.copy(CellRef::new(self.columns.acc, source), target);
        }
        grid.enable(self.products, rows.operand(product, OPERANDS - 1));
    }

    fn enable_horner<F: PrimeField>(&self, grid: &mut Grid<F>, row: usize, first: bool) {
        grid.fixed(self.columns.factor, row, if first { F::ZERO } else { F::ONE });
        grid.enable(self.horner, row);
    }
}

fn write_pieces<F: PrimeField, const N: usize>(
    grid: &mut Grid<F>,
    row: usize,
    columns: [Column<Advice>; N],
    pieces: [u64; N],
) {
    for (column, piece) in columns.into_iter().zip(pieces) {
        grid.advice(column, row, F::from(piece));
    }
}
