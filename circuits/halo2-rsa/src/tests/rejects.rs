//! Wrong statements with an honest prover, and single altered cells.

use num_bigint::BigUint;
use num_traits::{One, Zero};
use rand::{seq::SliceRandom, Rng};

use super::*;

/// The row at which the last product is checked.
pub(super) const LAST: usize = ROWS.products + OPERANDS * PRODUCTS - 1;

/// Blocks that a lax verifier has taken for a PKCS#1 v1.5 signature block.
fn lax_blocks(digest: &[u8; 32]) -> Vec<(&'static str, BigUint)> {
    let honest = {
        let bytes = block(digest).to_bytes_be();
        [vec![0; 256 - bytes.len()], bytes].concat()
    };
    let edit = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = honest.clone();
        edit(&mut bytes);
        assert_eq!(bytes.len(), 256);
        BigUint::from_bytes_be(&bytes)
    };
    vec![
        ("type 2 padding", edit(&|bytes| bytes[1] = 2)),
        ("type 0 padding", edit(&|bytes| bytes[1..204].fill(0))),
        ("a padding byte that is not FF", edit(&|bytes| bytes[100] = 0xFE)),
        ("first byte not zero", edit(&|bytes| bytes[0] = 1)),
        ("separator not zero", edit(&|bytes| bytes[204] = 1)),
        (
            "missing NULL",
            edit(&|bytes| {
                // SEQUENCE lengths two less, no 05 00, two more bytes of padding.
                bytes[206] = 0x2f;
                bytes[208] = 0x0b;
                bytes.drain(220..222);
                bytes.splice(2..2, [0xFF, 0xFF]);
            }),
        ),
        ("OID of SHA-512", edit(&|bytes| bytes[219] = 3)),
        ("digest reversed", edit(&|bytes| bytes[224..].reverse())),
        (
            "short padding, garbage after the digest",
            edit(&|bytes| {
                bytes.drain(10..60);
                bytes.extend([0x42; 50]);
            }),
        ),
        ("bare digest", edit(&|bytes| bytes[..224].fill(0))),
    ]
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_a_wrong_digest() {
    let witness = key(0).sign(&digest("signed"));
    Case::new(&witness, &digest("claimed")).rejects_at("rsa product", &[LAST]);
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_a_wrong_signature() {
    let digest = digest("signed");
    let mut witness = key(0).sign(&digest);
    witness.signature += 1u32;
    Case::new(&witness, &digest).rejects_at("rsa product", &[LAST]);
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_another_key() {
    let digest = digest("signed");
    let mut witness = key(0).sign(&digest);
    witness.modulus = key(1).modulus.clone();
    Case::new(&witness, &digest).rejects_at("rsa product", &[LAST]);
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_other_blocks_signed_by_the_key() {
    let digest = digest("signed");
    for (name, block) in lax_blocks(&digest) {
        let case = Case::new(&key(0).raw(&block), &digest);
        assert_eq!(
            case.failing_rows(),
            BTreeMap::from([("rsa product".to_owned(), BTreeSet::from([LAST]))]),
            "{name}"
        );
    }
}

/// The same with the expected block replaced to match, so that every product holds.
/// Clauses: `rsa-signature`.
#[test]
fn rejects_other_blocks_put_in_place_of_the_expected_one() {
    let digest = digest("signed");
    for (name, block) in lax_blocks(&digest) {
        let limbs = crate::native::to_limbs(&block);
        let mut case = Case::with_trace(&digest, &Trace::new(&key(0).raw(&block), &limbs));
        for (limb, &word) in limbs.iter().enumerate() {
            let value = Fr::from(u64::from(word));
            case.grid.forge(case.columns().value, ROWS.expected_limb(limb), value);
        }
        let failing = case.failing_rows();
        assert!(failing.contains_key("copy value"), "{name}: {failing:?}");
        assert!(failing.keys().all(|failure| failure.starts_with("copy ")), "{name}: {failing:?}");
        let digest_alone = name == "digest reversed";
        assert_eq!(failing.contains_key("copy digest"), digest_alone || name.starts_with("short"));
    }
}

/// Clauses: `key-size`.
#[test]
fn rejects_a_modulus_of_2047_bits() {
    let digest = digest("signed");
    let case = Case::new(&short_key().sign(&digest), &digest);
    case.rejects_at("lookup range 5", &[ROWS.modulus_limb(LIMBS - 1)]);
}

/// Nothing can be assigned that makes assignment fail, and nothing absurd is accepted.
/// Clauses: `rsa-signature`.
#[test]
fn assigns_and_rejects_degenerate_witnesses() {
    let digest = digest("signed");
    let power: BigUint = BigUint::one() << 2047usize;
    let below: BigUint = power.clone() - 1u32;
    let most: BigUint = power.clone() + below.clone();
    let last: BigUint = most.clone() - 1u32;
    let numbers = [BigUint::zero(), BigUint::one(), below, power.clone(), last, most];
    for signature in &numbers {
        for modulus in &numbers {
            let witness = RsaWitness { signature: signature.clone(), modulus: modulus.clone() };
            let failing = Case::new(&witness, &digest).failing_rows();
            assert!(failing["rsa product"].contains(&LAST), "{signature:x} {modulus:x}");
            assert_eq!(failing.contains_key("lookup range 5"), modulus < &power);
            assert_eq!(failing.contains_key("rsa modulus lowest bit"), !modulus.bit(0));
            let known = ["rsa product", "lookup range 5", "rsa modulus lowest bit"];
            assert!(failing.keys().all(|name| known.contains(&&**name)));
        }
    }
}

/// Clauses: none; what is assigned where nothing fits.
#[test]
fn larger_numbers_are_assigned_as_their_low_bits() {
    let digest = digest("signed");
    let mut witness = key(0).sign(&digest);
    witness.signature += BigUint::one() << 2048;
    let case = Case::new(&witness, &digest);
    let limbs = crate::native::to_limbs(&witness.signature);
    let words: Vec<_> = limbs.iter().map(|&word| Fr::from(u64::from(word))).collect();
    assert_eq!(case.number(SIGNATURE), words);
}

/// Alters one first-phase cell at a time, with all accumulators computed again.
/// Clauses: `rsa-signature`.
#[test]
fn rejects_single_altered_cells() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let digest = digest("tamper");
    let honest = Case::new(&key(0).sign(&digest), &digest);
    let cells: Vec<_> = honest.grid.advice_cells().collect();
    let mut sample: Vec<_> = cells.choose_multiple(&mut rng, 60).copied().collect();
    // One of each column in each block, whatever the sample holds.
    for column in honest.columns().range {
        let rows =
            [ROWS.pair(5, 7), ROWS.modulus_limb(63), ROWS.modulus_limb(7), ROWS.carry(3, 20)];
        sample.extend(cells.iter().filter(|cell| cell.0 == column && rows.contains(&cell.1)));
    }
    for (column, row, value) in sample {
        for change in [Fr::ONE, -Fr::ONE, Fr::from(rng.gen::<u64>())] {
            let mut case = honest.clone();
            case.grid.forge(column, row, value + change);
            assert!(!case.failing_rows().is_empty(), "{column:?} row {row} may be altered");
        }
    }
}
