//! The constants of FIPS 180-4 §4.2.2 and §5.3.3, computed from their definition: the first 32 bits of the fractional
//! parts of the cube (square) roots of the first 64 (8) primes.

const fn is_prime(n: u32) -> bool {
    let mut d = 2;
    while d * d <= n {
        if n.is_multiple_of(d) {
            return false;
        }
        d += 1;
    }
    n > 1
}

/// First 32 fractional bits of the `degree`-th root of `n`, by bisection over integers.
const fn root_fraction(n: u32, degree: u32) -> u32 {
    // The root of n * 2^(32 degree) is the root of n with 32 fractional bits; it is below 2^36 for n below 2^9.
    let (mut low, mut high) = (0u128, 1u128 << 37);
    while high - low > 1 {
        let middle = (low + high) / 2;
        let mut power = middle;
        let mut i = 1;
        while i < degree {
            power *= middle;
            i += 1;
        }
        if power <= (n as u128) << (32 * degree) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low as u32
}

const fn roots<const N: usize>(degree: u32) -> [u32; N] {
    let mut out = [0; N];
    let (mut candidate, mut found) = (2, 0);
    while found < N {
        if is_prime(candidate) {
            out[found] = root_fraction(candidate, degree);
            found += 1;
        }
        candidate += 1;
    }
    out
}

/// K, the round constants.
pub const ROUND_CONSTANTS: [u32; 64] = roots(3);
/// H(0), the initial hash value.
pub const INITIAL_STATE: [u32; 8] = roots(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_fips_180_4() {
        assert_eq!(INITIAL_STATE[0], 0x6a09_e667);
        assert_eq!(INITIAL_STATE[7], 0x5be0_cd19);
        assert_eq!(ROUND_CONSTANTS[0], 0x428a_2f98);
        assert_eq!(ROUND_CONSTANTS[31], 0x1429_2967);
        assert_eq!(ROUND_CONSTANTS[63], 0xc671_78f2);
    }
}
