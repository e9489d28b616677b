//! Valid signatures, and what else a complete prover may do.

use num_bigint::BigUint;
use num_traits::One;
use rsa::Pkcs1v15Sign;
use sha2::Sha256;

use super::*;
use crate::native::{from_limbs, to_limbs, Product};

// RFC 7515, appendix A.2: a published RS256 signature with e = 65537.
const RFC7515_MODULUS: &str = "\
    a1f8160ae2e3c9b465ce8d2d656263362b927dbe29e1f02477fc1625cc90a136\
    e38bd93497c5b6ea63dd7711e67c7429f956b0fb8a8f089adc4b69893cc1333f\
    53edd019b87784252fec914fe4857769594bea4280d32c0f55bf62944f130396\
    bc6e9bdf6ebdd2bda3678eeca0c668f701b38dbffb38c8342ce2fe6d27fade4a\
    5a4874979dd4b9cf9adec4c75b05852c2c0f5ef8a5c1750392f944e8ed64c110\
    c6b647609aa4783aeb9c6c9ad755313050638b83665c6f6f7a82a396702a1f64\
    1b82d3ebf2392219491fb686872c5716f50af8358d9a8b9d17c340728f7f87d8\
    9a18d8fcab67ad84590c2ecf759339363c07034d6f606f9e21e05456cae5e9a1\
";
const RFC7515_SIGNATURE: &str = "\
    702e218943e88fd11eb5d82dbf7845f34106ae1b81fff7731116add1717d8365\
    6d420afd3c96eedd73a2663e5166687b000b87226e0187ed1073f945e582adfc\
    ef16d85a798ee8c66ddb3db8975b17d09402beedd5d9d97007108db28160d5f8\
    040ca7445762b81fbe7ff9d92e0ae76f24f25b33bbe6f44ae61eb1040acb2004\
    4d3ef9128ed40130795bd4bd3b41eecad066ab651981fde48df77f372dc38b9f\
    afdd3befb18b5da3cc3c2eb02f9e3a41d612caad15911273a05f23b9e838faaf\
    849d698429ef5a1e88798236c3d40e604522a544c8f27a7a2db80663d16cf7ca\
    ea56de405cb2215a45b2c25566b55ac1a748a070dfc8a32a469543d019eefb47\
";
const RFC7515_DIGEST: &str = "c88a34847b4ffb12a9326e540f144b3dcc4d5515f18701e7d6e0ee7866c9c705";

fn hex(text: &str) -> BigUint {
    BigUint::parse_bytes(text.as_bytes(), 16).expect("hexadecimal")
}

/// The words of docs/relation.md, 0.6: seven 32-bit limbs each, least significant first.
fn words(modulus: &BigUint) -> [Fr; 10] {
    std::array::from_fn(|word| {
        to_field(&((modulus >> (224 * word)) & ((BigUint::one() << 224) - 1u32)))
    })
}

#[test]
fn accepts_signatures_of_an_independent_crate() {
    for index in 0..3 {
        for message in ["", "dkim", "recover"] {
            let digest = digest(message);
            let signature =
                key(index).private.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap();
            let signature = BigUint::from_bytes_be(&signature);
            assert_eq!(signature, key(index).sign(&digest).signature);
            let witness = RsaWitness { signature, modulus: key(index).modulus.clone() };
            let case = Case::new(&witness, &digest);
            case.accepts();
            let returned = case.assigned.modulus_words.map(|cell| case.grid.value(cell).unwrap());
            assert_eq!(returned, words(&witness.modulus));
        }
    }
}

#[test]
fn accepts_the_signature_of_rfc_7515() {
    let witness = RsaWitness { signature: hex(RFC7515_SIGNATURE), modulus: hex(RFC7515_MODULUS) };
    let bytes = hex(RFC7515_DIGEST).to_bytes_be();
    Case::new(&witness, bytes.as_slice().try_into().unwrap()).accepts();
}

#[test]
fn accepts_s_plus_n_because_nothing_depends_on_s() {
    let bound = BigUint::one() << 2048;
    let (witness, digest) = (0..)
        .map(|index| {
            let digest = digest(&format!("message {index}"));
            let mut witness = key(0).sign(&digest);
            witness.signature += &witness.modulus;
            (witness, digest)
        })
        .find(|(witness, _)| {
            let s = &witness.signature;
            s < &bound && s * s < &bound * &witness.modulus
        })
        .unwrap();
    Case::new(&witness, &digest).accepts();
}

/// An unreduced remainder names the same residue, so the statement is not weakened.
#[test]
fn accepts_an_unreduced_remainder() {
    let bound = BigUint::one() << 2048;
    let (trace, digest) = (0..)
        .find_map(|index| {
            let digest = digest(&format!("message {index}"));
            let witness = key(1).sign(&digest);
            let expected = to_limbs(&block(&digest));
            let mut trace = Trace::new(&witness, &expected);
            let n = trace.modulus;
            let last = trace.products[15].clone();
            let unreduced = from_limbs(&last.remainder) + &witness.modulus;
            let quotient = from_limbs(&last.quotient) - 1u32;
            let final_quotient = &unreduced * &witness.signature / &witness.modulus;
            if unreduced >= bound || final_quotient >= bound {
                return None;
            }
            let base = trace.products[14].remainder;
            let unreduced = to_limbs(&unreduced);
            trace.products[15] = Product::new(&base, &base, &n, to_limbs(&quotient), unreduced);
            trace.products[16] = Product::reduce(&unreduced, &trace.signature, &n, Some(&expected));
            Some((trace, digest))
        })
        .unwrap();
    Case::with_trace(&digest, &trace).accepts();
}

/// Coefficients that nothing range-checks take any value that the others balance: none here, since
/// the identity fixes them all.
#[test]
fn dividing_in_the_field_gives_the_integer_carries() {
    let digest = digest("field");
    let honest = Case::new(&key(2).sign(&digest), &digest);
    let mut divided = honest.clone();
    for product in 0..PRODUCTS {
        divided.divide_again(product);
    }
    for row in 0..1 << K {
        let cell = CellRef::new(honest.columns().value, row);
        assert_eq!(honest.grid.value(cell), divided.grid.value(cell), "row {row}");
    }
}
