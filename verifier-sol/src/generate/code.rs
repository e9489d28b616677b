//! Expressions of the verifier's program with what has to be known about them.
//!
//! # Arithmetic
//!
//! A product is one `mulmod`. A sum is a plain `add` as long as its operands, each at most a known
//! multiple of r, stay below 5r < 2^256, and a difference adds r − b; `addmod` reduces only where
//! the bound would be passed. What is used more than once is stored in memory and read back: a
//! read costs 6 gas, the cheapest operation on two operands 15.
//!
//! # Stack
//!
//! Yul evaluates arguments from right to left, so the deeper operand is printed last. A
//! subexpression that would still need more than [`MAX_DEPTH`] stack slots goes through memory.

/// Stack slots that one expression may take; the EVM reaches 16, the frame around it takes five.
pub(super) const MAX_DEPTH: usize = 8;
/// The largest k with k·r < 2^256.
pub(super) const MAX_BOUND: u8 = 5;

/// A printed expression whose value is at most `bound`·r.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub text: String,
    pub bound: u8,
    pub depth: usize,
}

impl Code {
    pub fn leaf(text: String, bound: u8) -> Self {
        Self { text, bound, depth: 1 }
    }
}

/// r − b, after reducing b to at most r.
pub(super) fn negated(b: Code) -> Code {
    if b.bound == 1 {
        return Code { depth: b.depth.max(2), text: format!("sub(r, {})", b.text), bound: 1 };
    }
    Code { depth: b.depth + 1, text: format!("sub(r, mod({}, r))", b.text), bound: 1 }
}

/// a + b, reduced where the bound would be passed.
pub(super) fn sum(a: Code, b: Code) -> Code {
    let (shallow, deep) = if a.depth <= b.depth { (a, b) } else { (b, a) };
    if shallow.bound + deep.bound <= MAX_BOUND {
        return Code {
            depth: deep.depth.max(shallow.depth + 1),
            text: format!("add({}, {})", shallow.text, deep.text),
            bound: shallow.bound + deep.bound,
        };
    }
    Code {
        depth: (deep.depth + 1).max(shallow.depth + 2),
        text: format!("addmod({}, {}, r)", shallow.text, deep.text),
        bound: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use zkdkim_plonk::halo2curves::{bn256::Fr, ff::PrimeField};

    /// What no sum may reach, counted in r: 5r fits a word, 6r does not.
    #[test]
    fn the_bound_is_the_largest_that_a_word_holds() {
        let r = BigUint::from_bytes_le((-Fr::from(1)).to_repr().as_ref()) + 1u8;
        let words = BigUint::from(1u8) << 256;
        assert!(&r * MAX_BOUND < words);
        assert!(r * (MAX_BOUND + 1) > words);
    }

    #[test]
    fn a_sum_that_could_pass_the_bound_is_reduced() {
        for a in 1..=MAX_BOUND {
            for b in 1..=MAX_BOUND {
                let code = sum(Code::leaf("a".into(), a), Code::leaf("b".into(), b));
                if a + b <= MAX_BOUND {
                    assert_eq!((code.text.as_str(), code.bound), ("add(a, b)", a + b));
                } else {
                    assert_eq!((code.text.as_str(), code.bound), ("addmod(a, b, r)", 1));
                }
            }
        }
        // A chain of any length stays below it.
        let mut code = Code::leaf("x".into(), 1);
        for _ in 0..40 {
            code = sum(code, Code::leaf("x".into(), 1));
            assert!(code.bound <= MAX_BOUND);
        }
        assert_eq!(code.text.matches("addmod").count(), 8);
    }

    #[test]
    fn what_is_subtracted_is_reduced_before() {
        let one = negated(Code::leaf("b".into(), 1));
        assert_eq!((one.text.as_str(), one.bound), ("sub(r, b)", 1));
        let more = negated(Code::leaf("b".into(), 2));
        assert_eq!((more.text.as_str(), more.bound), ("sub(r, mod(b, r))", 1));
    }
}
