//! Numbers that the module documentation states.

use num_bigint::BigUint;
use num_traits::One;

use super::*;
use crate::native::{encoding_constants, expected_limb, from_limbs, ExpectedLimb, Limbs, Product};

fn integer(power: usize) -> BigUint {
    BigUint::one() << power
}

#[test]
fn encoding_is_that_of_rfc_8017() {
    let constants = encoding_constants();
    assert_eq!(constants[2..], [0x0030_3130, 0x0d06_0960, 0x8648_0165, 0x0304_0201, 0x0500_0420]);
    let digest = digest("encoding");
    let limbs: Limbs = std::array::from_fn(|limb| match expected_limb(limb) {
        ExpectedLimb::Constant(index) => constants[index],
        ExpectedLimb::Digest(index) => {
            u32::from_be_bytes(digest[4 * index..][..4].try_into().unwrap())
        }
    });
    assert_eq!(from_limbs(&limbs), block(&digest));
}

#[test]
fn the_group_equation_cannot_wrap() {
    let base = integer(32);
    let p = to_integer(-Fr::ONE) + 1u32;
    let limb: BigUint = base.clone() - 1u32;
    let v = &limb * &limb * 64u32 + &limb;
    let left: BigUint = (0..GROUP as u32).map(|power| base.pow(power) * &v).sum();
    let right = integer(CARRY_OFFSET_BITS) + base.pow(GROUP as u32) * integer(CARRY_OFFSET_BITS);
    assert!(left < integer(230));
    assert!(&left + &right < integer(235));
    assert!(integer(235) < p);
    assert_eq!(CHECKED * GROUP, COEFFICIENTS);
    assert_eq!(RANGE_BITS[..4].iter().sum::<usize>(), CARRY_OFFSET_BITS + 1);
    // Schwartz-Zippel: 17·126 / p < 2^-242.5, squared to stay in integers.
    let error = BigUint::from(PRODUCTS * 126);
    assert!(&error * &error * integer(485) < &p * &p);
}

#[test]
fn carries_of_extreme_limbs_stay_below_2_to_the_39() {
    let most = [u32::MAX; LIMBS];
    let none = [0; LIMBS];
    let bound = 1i64 << 39;
    for (a, q, r) in [(most, none, none), (none, most, most), (most, most, most)] {
        let product = Product::new(&a, &a, &most, q, r);
        assert!(product.carries.iter().all(|carry| -bound < *carry && *carry < bound));
    }
}

#[test]
fn blocks_have_the_documented_lengths() {
    let lengths = RsaRows::LENGTHS;
    let expected = RsaRows {
        pairs: 1088,
        modulus: 64,
        carries: 357,
        horner: 2206,
        products: 102,
        constants: 7,
    };
    assert_eq!(lengths, expected);
    assert_eq!(lengths.pairs + lengths.modulus + lengths.carries, 1509);
    assert_eq!(lengths.modulus + lengths.carries + lengths.horner, 2627);
    assert_eq!(lengths.pairs + lengths.modulus + lengths.horner + lengths.products, 3460);
}

#[test]
fn gates_have_the_documented_degrees_and_rotations() {
    let mut meta = ConstraintSystem::default();
    let config = TestCircuit::configure(&mut meta);
    let degrees: Vec<_> = meta
        .gates()
        .iter()
        .flat_map(|gate| gate.polynomials().iter().map(|polynomial| polynomial.degree()))
        .collect();
    // The selector counts one: limb and carry are linear, the others quadratic.
    assert_eq!(degrees, [3, 2, 3, 3, 3, 3, 2, 3, 3]);
    assert_eq!(meta.num_selectors(), 5);
    let mut rotations: BTreeMap<usize, BTreeSet<i32>> = BTreeMap::new();
    for (column, rotation) in meta.advice_queries() {
        rotations.entry(column.index()).or_default().insert(rotation.0);
    }
    let columns = config.rsa.columns;
    let of =
        |column: Column<Advice>| rotations[&column.index()].iter().copied().collect::<Vec<_>>();
    assert_eq!(of(columns.acc), [-5, -4, -3, -2, -1, 0]);
    assert_eq!(of(columns.pack), [-1, 0]);
    assert_eq!(of(columns.value), [0]);
    for column in columns.range {
        assert_eq!(of(column), [0]);
    }
}

#[test]
fn fixed_part_does_not_depend_on_the_witness() {
    let digest = digest("keys");
    let honest = Case::new(&key(0).sign(&digest), &digest);
    let zero = RsaWitness { signature: BigUint::ZERO, modulus: BigUint::ZERO };
    let other = Case::new(&zero, &super::digest("other"));
    assert_eq!(honest.grid.copies(), other.grid.copies());
    assert_eq!(format!("{:?}", honest.grid.selectors()), format!("{:?}", other.grid.selectors()));
    let columns = honest.columns();
    for column in [columns.factor, columns.constant, columns.lowest] {
        assert_eq!(
            honest.grid.fixed_column(column, 1 << K),
            other.grid.fixed_column(column, 1 << K)
        );
    }
}

#[test]
fn debug_shows_no_secret() {
    let witness = RsaWitness { signature: 123_456u32.into(), modulus: 654_321u32.into() };
    assert_eq!(format!("{witness:?}"), "RsaWitness { .. }");
}
