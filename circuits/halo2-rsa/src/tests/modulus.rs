//! Dishonest provers about the modulus: another one, another spelling, a short one.

use num_bigint::BigUint;
use num_traits::One;

use super::*;
use crate::native::{to_limbs, Product};

/// Writes another modulus than the one of the products into the modulus block, words and all.
fn claim(case: &mut Case, modulus: &BigUint) {
    let claimed = Case::new(
        &RsaWitness { signature: BigUint::one(), modulus: modulus.clone() },
        &digest("claimed"),
    );
    let columns = case.columns();
    for row in ROWS.modulus..ROWS.modulus + RsaRows::LENGTHS.modulus {
        for (column, at, value) in claimed.grid.advice_cells() {
            if at == row && column != columns.acc {
                case.grid.forge(column, row, value);
            }
        }
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_a_modulus_that_the_products_do_not_use() {
    let digest = digest("attacker");
    let honest = Case::new(&key(0).sign(&digest), &digest);
    let attacker = honest.modulus();
    let mut case = honest;
    claim(&mut case, &key(1).modulus);
    let acc = case.columns().acc;
    case.forge_accumulators(move |out, x| {
        let value = attacker.iter().rev().fold(Fr::ZERO, |sum, limb| sum * x + limb);
        out.forge(acc, ROWS.modulus_limb(0), value);
        for product in 0..PRODUCTS {
            out.forge(acc, ROWS.operand(product, 3), value);
        }
    });
    case.rejects_at("rsa modulus accumulator", &[ROWS.modulus_limb(0)]);
}

/// Clauses: `modulus-words`, `registry`.
#[test]
fn rejects_modulus_words_that_are_not_the_limbs() {
    let digest = digest("attacker");
    let mut case = Case::new(&key(0).sign(&digest), &digest);
    let mut claimed = case.clone();
    claim(&mut claimed, &key(1).modulus);
    for cell in case.assigned.modulus_words {
        case.grid.forge(case.columns().pack, cell.row, claimed.grid.value(cell).unwrap());
    }
    let rows: Vec<_> = (0..10).map(|word| ROWS.modulus_limb(7 * word)).collect();
    case.rejects_at("rsa modulus word", &rows);
}

/// Clauses: `modulus-words`, `rsa-signature`.
#[test]
fn rejects_modulus_limbs_without_range() {
    let digest = digest("limbs");
    let mut case = Case::new(&key(0).sign(&digest), &digest);
    // The same integer from other limbs: 2^32 moved from limb 1 of word 0 to limb 0.
    let columns = case.columns();
    let [low, high] = [0, 1].map(|limb| case.modulus()[limb]);
    let [low, high] = [low + Fr::from(1 << 32), high - Fr::ONE];
    case.grid.forge(columns.value, ROWS.modulus_limb(0), low);
    case.grid.forge(columns.value, ROWS.modulus_limb(1), high);
    let above = case.grid.value(CellRef::new(columns.pack, ROWS.modulus_limb(2))).unwrap();
    let base = Fr::from(1 << 32);
    case.grid.forge(columns.pack, ROWS.modulus_limb(1), above * base + high);
    for product in 0..PRODUCTS {
        case.divide_again(product);
    }
    case.rejects_at("rsa modulus limb", &[ROWS.modulus_limb(1), ROWS.modulus_limb(0)]);
}

/// Clauses: `key-size`.
#[test]
fn rejects_a_missing_top_bit_with_a_spare_cell_in_range() {
    let digest = digest("short");
    let mut case = Case::new(&short_key().sign(&digest), &digest);
    let row = ROWS.modulus_limb(LIMBS - 1);
    case.grid.forge(case.columns().range[5], row, Fr::ZERO);
    case.rejects_at("rsa modulus top bit", &[row]);
}

/// n = EM - 1 has 2,033 bits and EM ≡ 1 modulo n: with s = EM every product holds.
/// Clauses: `key-size`.
#[test]
fn rejects_a_tiny_modulus() {
    let digest = digest("tiny");
    let expected = to_limbs(&block(&digest));
    let one = to_limbs(&BigUint::one());
    let n = to_limbs(&(block(&digest) - 1u32));
    let mut products = vec![Product::reduce(&expected, &expected, &n, Some(&one))];
    products.resize(PRODUCTS - 1, Product::new(&one, &one, &n, [0; LIMBS], one));
    products.push(Product::new(&one, &expected, &n, [0; LIMBS], expected));
    let trace = Trace { signature: expected, modulus: n, products };
    let case = Case::with_trace(&digest, &trace);
    case.rejects_at("lookup range 5", &[ROWS.modulus_limb(LIMBS - 1)]);
}

/// A signature under n = 2^2047, where everybody can draw roots of odd numbers.
fn signed_under_a_power_of_two() -> ([u8; 32], RsaWitness) {
    let digest = (0..).map(|i| digest(&format!("even {i}"))).find(|d| d[31] & 1 == 1);
    let digest = digest.expect("an odd digest");
    let modulus: BigUint = BigUint::one() << 2047usize;
    // Odd residues have order 2^2045: the exponent is e^-1 modulo it, by Newton's iteration.
    let order: BigUint = BigUint::one() << 2045usize;
    let e = BigUint::from(65_537u32);
    let mut inverse = BigUint::one();
    for _ in 0..11 {
        let product = &e * &inverse % &order;
        inverse = inverse * ((&order + 2u32) - product) % &order;
    }
    let signature = block(&digest).modpow(&inverse, &modulus);
    assert_eq!(signature.modpow(&e, &modulus), block(&digest));
    (digest, RsaWitness { signature, modulus })
}

/// Clauses: `key-size`.
#[test]
fn rejects_an_even_modulus() {
    let (digest, witness) = signed_under_a_power_of_two();
    let mut case = Case::new(&witness, &digest);
    let row = ROWS.modulus_limb(0);
    case.rejects_at("rsa modulus lowest bit", &[row]);
    // The half that the gate asks for is no small number.
    let half = -Fr::from(2).invert().unwrap();
    case.grid.forge(case.columns().range[5], row, half);
    case.rejects_at("lookup range 5", &[row]);
}
