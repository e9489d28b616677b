//! Dishonest provers: forgeries that are coherent across cells. Each fails one constraint, one
//! lookup or one copy and nothing else, so the circuit without it would accept.

use num_bigint::BigUint;
use num_traits::One;

use super::*;
use crate::native::to_limbs;

const LAST_PRODUCT: usize = PRODUCTS - 1;

/// A signature that is not one: s = 2^2000 + 3 under a genuine key.
fn nonsense(digest: &[u8; 32]) -> Case {
    let signature = (BigUint::one() << 2000) + 3u32;
    Case::new(&RsaWitness { signature, modulus: key(0).modulus.clone() }, digest)
}

/// Makes the last product hold modulo p: a quotient q = (r_16·s - EM)/n mod p of eight limbs.
fn wrap(case: &mut Case) -> Vec<Fr> {
    let at_base = |limbs: &[Fr]| {
        limbs.iter().rev().fold(Fr::ZERO, |sum, limb| sum * Fr::from(1 << 32) + limb)
    };
    let a = at_base(&case.number(remainder(LAST_PRODUCT - 1)));
    let b = at_base(&case.number(SIGNATURE));
    let n = at_base(&case.modulus());
    let r = at_base(&case.expected());
    let q = to_limbs(&to_integer((a * b - r) * n.invert().unwrap()));
    for (limb, word) in q.into_iter().enumerate() {
        case.set_limb(quotient(LAST_PRODUCT), limb, Fr::from(u64::from(word)));
    }
    case.divide_again(LAST_PRODUCT)
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_a_product_that_holds_only_modulo_the_field() {
    let mut case = nonsense(&digest("wrap"));
    let coefficients = wrap(&mut case);
    let v = case.difference(LAST_PRODUCT);
    assert_eq!(v[COEFFICIENTS], coefficients[COEFFICIENTS - 1]);
    let failing = case.failing_rows();
    assert_eq!(failing.keys().collect::<Vec<_>>(), ["rsa carry range"]);
    // The chain of checked coefficients is broken somewhere in this product, and only there.
    let rows = ROWS.carry(LAST_PRODUCT, 0)..=ROWS.carry(LAST_PRODUCT, CHECKED - 1);
    assert!(failing["rsa carry range"].iter().all(|row| rows.contains(row)));
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_wrapped_carries_in_an_oversized_range_cell() {
    let mut case = nonsense(&digest("wrap"));
    let coefficients = wrap(&mut case);
    for group in 0..CHECKED {
        let row = ROWS.carry(LAST_PRODUCT, group);
        let value = coefficients[GROUP * group + GROUP - 1] + Fr::from(1 << CARRY_OFFSET_BITS);
        let columns = case.columns().range;
        for column in &columns[1..4] {
            case.grid.forge(*column, row, Fr::ZERO);
        }
        case.grid.forge(columns[0], row, value);
    }
    case.rejects(&["lookup range 0"]);
    // The same in the highest piece.
    let inverse = Fr::from(1 << 32).invert().unwrap();
    for group in 0..CHECKED {
        let row = ROWS.carry(LAST_PRODUCT, group);
        let value = coefficients[GROUP * group + GROUP - 1] + Fr::from(1 << CARRY_OFFSET_BITS);
        let columns = case.columns().range;
        case.grid.forge(columns[0], row, Fr::ZERO);
        case.grid.forge(columns[3], row, value * inverse);
    }
    case.rejects(&["lookup range 3"]);
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_checked_carries_that_are_not_those_of_the_polynomial() {
    let mut case = nonsense(&digest("wrap"));
    wrap(&mut case);
    for group in 0..CHECKED {
        let row = ROWS.carry(LAST_PRODUCT, group);
        let columns = case.columns();
        case.grid.forge(columns.carry, row, Fr::ZERO);
        for (column, piece) in columns.carry_range.into_iter().zip(carry_pieces(0)) {
            case.grid.forge(column, row, Fr::from(piece));
        }
    }
    case.rejects(&["copy value"]);
}

/// Carries at the ends of their range, and one beyond, in the gate itself.
/// Clauses: `rsa-signature`.
#[test]
fn carry_range_ends_where_it_should() {
    let end = 1i64 << CARRY_OFFSET_BITS;
    for (carry, inside) in [(-end, true), (end - 1, true), (-end - 1, false), (end, false)] {
        let mut case = nonsense(&digest("ends"));
        let value = crate::assign::signed(carry);
        case.set_coefficient(3, 5, value);
        let failing = case.failing_rows();
        assert_eq!(failing.contains_key("rsa carry range"), !inside, "{carry}");
    }
}

/// Limbs of q without range: 32 free field elements satisfy the 21 equations of the carries.
/// Clauses: `rsa-signature`.
#[test]
fn rejects_limbs_out_of_range() {
    let mut case = nonsense(&digest("limbs"));
    let number = quotient(LAST_PRODUCT);
    // Checked coefficients shall be zero but the last, which is V_126.
    let target = |case: &Case| {
        let v = case.difference(LAST_PRODUCT);
        let base = Fr::from(1 << 32);
        (0..CHECKED)
            .map(|group| {
                let mut coefficients = v[GROUP * group..][..GROUP].to_vec();
                if group == CHECKED - 1 {
                    coefficients.push(v[COEFFICIENTS]);
                }
                coefficients.iter().rev().fold(Fr::ZERO, |sum, v| sum * base + v)
            })
            .collect::<Vec<_>>()
    };
    // The low limb of each pair is free; the system is linear in them.
    let free: Vec<usize> = (0..LIMBS).step_by(2).collect();
    for &limb in &free {
        case.set_limb(number, limb, Fr::ZERO);
    }
    let constant = target(&case);
    let mut columns = Vec::new();
    for &limb in &free {
        let mut unit = case.clone();
        unit.set_limb(number, limb, Fr::ONE);
        columns.push(target(&unit).iter().zip(&constant).map(|(a, b)| a - b).collect::<Vec<_>>());
    }
    let mut rows: Vec<Vec<Fr>> = (0..CHECKED)
        .map(|row| columns.iter().map(|column| column[row]).chain([-constant[row]]).collect())
        .collect();
    for (limb, value) in free.iter().zip(solve(&mut rows, free.len())) {
        case.set_limb(number, *limb, value);
    }
    case.divide_again(LAST_PRODUCT);
    case.rejects(&["lookup range 0"]);
}

/// One solution of a linear system (rows with the right side last), free variables zero.
fn solve(rows: &mut [Vec<Fr>], variables: usize) -> Vec<Fr> {
    let mut solution = vec![Fr::ZERO; variables];
    let mut pivots = Vec::new();
    for variable in 0..variables {
        let done = pivots.len();
        let Some(found) = (done..rows.len()).find(|&row| rows[row][variable] != Fr::ZERO) else {
            continue;
        };
        rows.swap(done, found);
        let inverse = rows[done][variable].invert().unwrap();
        rows[done].iter_mut().for_each(|value| *value *= inverse);
        let pivot = rows[done].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            let factor = row[variable];
            if index != done {
                row.iter_mut().zip(&pivot).for_each(|(value, p)| *value -= factor * p);
            }
        }
        pivots.push(variable);
    }
    assert_eq!(pivots.len(), rows.len(), "the system has a solution");
    for (row, variable) in rows.iter().zip(pivots) {
        solution[variable] = row[variables];
    }
    solution
}

/// For each range column: a limb piece beyond its bits that keeps the limb's value.
/// Clauses: `rsa-signature`.
#[test]
fn rejects_pieces_out_of_range_in_every_column() {
    let digest = digest("pieces");
    let honest = Case::new(&key(0).sign(&digest), &digest);
    let row = ROWS.pair(remainder(4), 9);
    let weights = [1u64, 1 << 11, 1 << 22].map(Fr::from);
    for half in [0, 3] {
        for (from, to) in [(1, 0), (2, 1), (0, 2)] {
            let mut case = honest.clone();
            let [from_column, to_column] = [from, to].map(|at| case.columns().range[half + at]);
            let moved = case.grid.value(CellRef::new(from_column, row)).unwrap();
            assert_ne!(moved, Fr::ZERO);
            let weight = weights[from] * weights[to].invert().unwrap();
            let there = case.grid.value(CellRef::new(to_column, row)).unwrap();
            case.grid.forge(from_column, row, Fr::ZERO);
            case.grid.forge(to_column, row, there + moved * weight);
            case.rejects_at(&format!("lookup range {}", half + to), &[row]);
        }
    }
}

/// Replaces one evaluation of the last product after X is known, so that the product holds.
fn fit(case: &mut Case, operand: usize, rows: Vec<usize>) {
    let acc = case.columns().acc;
    case.forge_accumulators(move |out, x| {
        let at = |index| {
            let row = ROWS.operand(LAST_PRODUCT, index);
            out.value(CellRef::new(acc, row)).unwrap()
        };
        let [a, b, q, n, r, c] = std::array::from_fn(at);
        let base = x - Fr::from(1 << 32);
        let value = match operand {
            0 => (q * n + r + base * c) * b.invert().unwrap(),
            1 => (q * n + r + base * c) * a.invert().unwrap(),
            2 => (a * b - r - base * c) * n.invert().unwrap(),
            3 => (a * b - r - base * c) * q.invert().unwrap(),
            4 => a * b - q * n - base * c,
            _ => (a * b - q * n - r) * base.invert().unwrap(),
        };
        out.forge(acc, ROWS.operand(LAST_PRODUCT, operand), value);
        for &row in &rows {
            out.forge(acc, row, value);
        }
    });
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_operands_that_are_not_the_evaluations() {
    for operand in 0..OPERANDS {
        let mut case = nonsense(&digest("operands"));
        fit(&mut case, operand, vec![]);
        case.rejects(&["copy acc"]);
    }
}

/// Clauses: `rsa-signature`, `key-exponent`.
#[test]
fn rejects_operands_of_every_product_that_are_not_the_evaluations() {
    let digest = digest("operands");
    let honest = Case::new(&key(0).sign(&digest), &digest);
    for product in 0..PRODUCTS {
        for operand in 0..OPERANDS {
            let mut case = honest.clone();
            let acc = case.columns().acc;
            let row = ROWS.operand(product, operand);
            case.forge_accumulators(move |out, x| out.forge(acc, row, x));
            case.rejects(&["copy acc", "rsa product"]);
        }
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_an_evaluation_that_is_not_of_the_number() {
    let mut case = nonsense(&digest("number"));
    let row = ROWS.pair(quotient(LAST_PRODUCT), 0);
    fit(&mut case, 2, vec![row]);
    case.rejects_at("rsa number accumulator", &[row]);
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_an_evaluation_that_is_not_of_the_expected_block() {
    let mut case = nonsense(&digest("block"));
    let row = ROWS.expected_limb(0);
    fit(&mut case, 4, vec![row]);
    case.rejects_at("rsa coefficient accumulator", &[row]);
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_coefficients_chosen_after_the_challenge() {
    let mut case = nonsense(&digest("coefficients"));
    let row = ROWS.coefficient(LAST_PRODUCT, 0);
    fit(&mut case, 5, vec![row]);
    case.rejects_at("rsa coefficient accumulator", &[row]);
}

/// Clauses: `rsa-signature`.
#[test]
fn rejects_a_forged_product_gate() {
    // The mutation partner of the product gate: all else in this assignment is coherent.
    let row = ROWS.operand(LAST_PRODUCT, OPERANDS - 1);
    nonsense(&digest("product")).rejects_at("rsa product", &[row]);
}

/// Clauses: `rsa-signature`, `key-exponent`.
#[test]
fn rejects_a_chain_with_a_foreign_remainder() {
    // r_8 replaced by the remainder of another chain: exactly the two products around it fail.
    let digest = digest("chain");
    let witness = key(0).sign(&digest);
    let mut trace = Trace::new(&witness, &to_limbs(&block(&digest)));
    let other = Trace::new(&key(0).raw(&BigUint::from(5u32)), &to_limbs(&block(&digest)));
    trace.products[7].remainder = other.products[7].remainder;
    let rows = [7, 8].map(|product| ROWS.operand(product, OPERANDS - 1));
    Case::with_trace(&digest, &trace).rejects_at("rsa product", &rows);
}
