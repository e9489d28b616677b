//! Propagation over words of bits beside deriving again, and a program's own verdict beside looking at everything.

use zkdkim_determinism::{
    check::{Check, Spec},
    classify::Classifier,
    derive::Instance,
    evaluate::Program,
    lanes::Lanes,
    layout::Layout,
};
use zkdkim_plonk::{
    halo2curves::bn256::Fr,
    plonk::{ConstraintSystem, Expression},
    poly::Rotation,
};

use crate::{
    book,
    toys::{
        argument, cut, evaluations, fill_argument, fill_cut, fill_evaluations, given, is_zero,
        layout, looked_up, on, Fill, Gates, Parts,
    },
};

/// Without each instance: whether a cell is open by words of bits, and by deriving again.
fn compare(layout: &Layout<Fr>, spec: &Spec) -> Vec<(Instance, [bool; 2])> {
    let check = Check::new(layout, spec);
    let mut derivation = check.derive();
    let uses = derivation.uses(&check.prepared);
    let classifier = Classifier::new(&mut derivation);
    let mut instances = classifier.instances();
    instances.retain(|i| !matches!(i, Instance::Sum(_)) && !classifier.opens_the_argument(*i));
    let open = Lanes::new(&check, &derivation).open_without(&instances);
    let mut verdicts = Vec::new();
    for (instance, cell) in instances.into_iter().zip(open) {
        let again = check.drop(&derivation, instance, &uses).undetermined;
        if let Some(cell) = cell {
            assert!(again.contains(&cell), "{instance:?}: cell {cell} is determined");
        }
        verdicts.push((instance, [cell.is_some(), !again.is_empty()]));
    }
    verdicts
}

/// The same gate twice.
fn twice(meta: &mut ConstraintSystem<Fr>, parts: &Parts) {
    cut(meta, parts, 4);
    let [x, a, b, _] = parts.first;
    let selector = parts.on[1];
    meta.create_gate("again", |m| {
        let [x, a, b] = [x, a, b].map(|c| m.query_advice(c, Rotation::cur()));
        vec![m.query_selector(selector) * (x - a - b * Fr::from(16))]
    });
}

/// `x = a + 16 b + 512 c`: a and b below 16 by a table, and c too, whose double is b of the row below.
fn three_parts(meta: &mut ConstraintSystem<Fr>, parts: &Parts) {
    let [x, a, b, c] = parts.first;
    let [selector, double, ..] = parts.on;
    meta.create_gate("cut", |m| {
        let [x, a, b, c] = [x, a, b, c].map(|column| m.query_advice(column, Rotation::cur()));
        let sum = a + b * Fr::from(16) + c * Fr::from(512);
        vec![m.query_selector(selector) * (x - sum)]
    });
    meta.create_gate("double", |m| {
        let c = m.query_advice(c, Rotation::cur());
        let below = m.query_advice(b, Rotation::next());
        vec![m.query_selector(double) * (below - c * Fr::from(2))]
    });
    for column in [a, b, c] {
        meta.lookup("below 16", |m| vec![(m.query_advice(column, Rotation::cur()), parts.table)]);
    }
}

/// A bit whose gate has a constant beside it, and a cell that is determined in two ways.
fn bit_and_sum(meta: &mut ConstraintSystem<Fr>, parts: &Parts) {
    let [x, bit, sum, _] = parts.first;
    let [first, second, third, _] = parts.on;
    let one = || Expression::Constant(Fr::from(1));
    meta.create_gate("is two", |m| {
        let [x, bit, sum] = [x, bit, sum].map(|c| m.query_advice(c, Rotation::cur()));
        let q = m.query_selector(first);
        vec![q.clone() * (x - bit.clone() - one()), q * (sum - bit - one())]
    });
    meta.create_gate("sum", |m| {
        let [x, sum] = [x, sum].map(|c| m.query_advice(c, Rotation::cur()));
        vec![m.query_selector(second) * (sum - x)]
    });
    meta.create_gate("bit", |m| {
        let bit = m.query_advice(bit, Rotation::cur());
        vec![m.query_selector(third) * (bit.clone() * bit.clone() - bit)]
    });
}

#[test]
fn words_of_bits_say_what_deriving_again_says() {
    let fill_twice: Fill = |region, parts| {
        fill_cut(region, parts);
        on(region, parts, 1, 3);
    };
    let fill_three: Fill = |region, parts| {
        on(region, parts, 0, 3);
        on(region, parts, 1, 3);
    };
    let fill_bit: Fill = |region, parts| (0..3).for_each(|gate| on(region, parts, gate, 5));
    let toys: [(Gates, Fill, Spec); 6] = [
        (|m, p| cut(m, p, 4), fill_cut, given(&[(0, 3)])),
        (twice, fill_twice, given(&[(0, 3)])),
        (|m, p| is_zero(m, p, true), |region, parts| on(region, parts, 0, 2), given(&[(0, 2)])),
        (evaluations, fill_evaluations, Spec { point: Some(0), ..given(&[(0, 0), (1, 0)]) }),
        (three_parts, fill_three, given(&[(0, 3)])),
        (bit_and_sum, fill_bit, given(&[(0, 5)])),
    ];
    let toys = toys.map(|(gates, fill, spec)| (layout(gates, fill), spec));
    let others = [(layout(argument, fill_argument), looked_up()), book::laid_out()];
    let (mut needed, mut spare) = (0, 0);
    for (number, (layout, spec)) in toys.iter().chain(&others).enumerate() {
        for (instance, [by_words, again]) in compare(layout, spec) {
            assert_eq!(by_words, again, "toy {number}: {instance:?}");
            *if again { &mut needed } else { &mut spare } += 1;
        }
    }
    assert!(needed > 20 && spare > 3, "{needed} needed, {spare} spare");
}

#[test]
fn a_program_accepts_what_holds() {
    let layout = layout(twice, |region, parts| {
        fill_cut(region, parts);
        on(region, parts, 1, 3);
    });
    let check = Check::new(&layout, &given(&[(0, 3)]));
    let derivation = check.derive();
    let program = Program::new(&check, &derivation);
    let low = check.model.space.advice(1, 3);
    let part = Program::new(&check, &derivation).part(&|cell| cell == low);
    let x = check.model.space.advice(0, 3) as usize;
    for (value, accepts) in [(0xc3u64, true), (0, true), (0xff, true), (0x100, false)] {
        for program in [&program, &part] {
            let mut values = vec![Fr::zero(); check.model.cells];
            values[x] = Fr::from(value);
            assert_eq!(program.accepts(&mut values), accepts, "{value:x}");
            assert_eq!(program.holds(&values), accepts, "{value:x}");
        }
    }
}
