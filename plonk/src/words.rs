//! Field elements and points as the EVM sees them: 32-byte big-endian words.

use halo2_proofs::halo2curves::{
    bn256::{Fq, Fq2, Fr, G1Affine, G2Affine},
    ff::PrimeField,
};

/// One EVM word, big-endian.
pub type Word = [u8; 32];

/// A scalar as a word.
pub fn scalar_word(scalar: &Fr) -> Word {
    let mut word = scalar.to_repr();
    word.reverse();
    word
}

/// A word as a scalar; `None` unless it is below the group order.
pub fn word_scalar(word: &Word) -> Option<Fr> {
    let mut repr = *word;
    repr.reverse();
    Fr::from_repr(repr).into()
}

/// A base field element as a word.
pub fn base_word(base: &Fq) -> Word {
    let mut word = base.to_repr();
    word.reverse();
    word
}

/// A word as a base field element; `None` unless it is below the modulus.
pub fn word_base(word: &Word) -> Option<Fq> {
    let mut repr = *word;
    repr.reverse();
    Fq::from_repr(repr).into()
}

/// A point of G1 as the precompiles of EIP-196 take it; the identity is two zero words.
pub fn g1_words(point: &G1Affine) -> [Word; 2] {
    [base_word(&point.x), base_word(&point.y)]
}

/// A point of G2 as the precompile of EIP-197 takes it: imaginary parts first.
pub fn g2_words(point: &G2Affine) -> [Word; 4] {
    let imaginary_first = |c: &Fq2| [base_word(&c.c1), base_word(&c.c0)];
    let ([x1, x0], [y1, y0]) = (imaginary_first(&point.x), imaginary_first(&point.y));
    [x1, x0, y1, y0]
}

/// A modulus of the curve as a word, from the element −1.
pub fn modulus_word<F: PrimeField<Repr = Word>>() -> Word {
    let mut word = (-F::ONE).to_repr();
    // An odd modulus: the last bit of p − 1 is zero, so adding one never carries.
    word[0] += 1;
    word.reverse();
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moduli_are_those_of_the_standard() {
        assert_eq!(
            hex::encode(modulus_word::<Fr>()),
            "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001"
        );
        assert_eq!(
            hex::encode(modulus_word::<Fq>()),
            "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47"
        );
    }

    #[test]
    fn words_round_trip_and_reject_the_modulus() {
        let value = Fr::from(7).invert().unwrap();
        assert_eq!(word_scalar(&scalar_word(&value)), Some(value));
        assert_eq!(word_scalar(&modulus_word::<Fr>()), None);
        assert_eq!(word_base(&modulus_word::<Fq>()), None);
    }
}
