//! A circuit that knows nothing of this check: the simple example of the halo2 book, `constant · a² · b² = c`, written
//! anew over rows and copies, as a stranger would.

use zkdkim_determinism::{
    check::{Check, Spec},
    classify::Class,
    derive::Instance as Piece,
    evaluate::Program,
    layout::{Layout, Place},
    model::Source,
};
use zkdkim_plonk::{
    circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value},
    halo2curves::bn256::Fr,
    plonk::{
        Advice, Assigned, Circuit, Column, ConstraintSystem, Error, Fixed, Instance, Selector,
    },
    poly::Rotation,
};

#[derive(Clone)]
struct Config {
    advice: [Column<Advice>; 2],
    constant: Column<Fixed>,
    public: Column<Instance>,
    multiply: Selector,
}

#[derive(Clone, Default)]
struct Squares;

impl Squares {
    /// Multiplies two numbers in two rows of their own.
    fn multiply(
        config: &Config,
        region: &mut Region<'_, Fr>,
        row: usize,
        factors: [Cell; 2],
    ) -> Result<Cell, Error> {
        config.multiply.enable(region, row)?;
        for (column, factor) in config.advice.into_iter().zip(factors) {
            let copy = region.assign_advice(column, row, unknown());
            region.constrain_equal(copy.cell(), factor);
        }
        Ok(region.assign_advice(config.advice[0], row + 1, unknown()).cell())
    }
}

fn unknown() -> Value<Assigned<Fr>> {
    Value::unknown()
}

impl Circuit<Fr> for Squares {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let advice = [(); 2].map(|()| meta.advice_column());
        let (constant, public) = (meta.fixed_column(), meta.instance_column());
        let multiply = meta.selector();
        advice.into_iter().for_each(|column| meta.enable_equality(column));
        meta.enable_equality(constant);
        meta.enable_equality(public);
        meta.create_gate("multiply", |m| {
            let left = m.query_advice(advice[0], Rotation::cur());
            let right = m.query_advice(advice[1], Rotation::cur());
            let product = m.query_advice(advice[0], Rotation::next());
            vec![m.query_selector(multiply) * (left * right - product)]
        });
        Config { advice, constant, public, multiply }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let c = layouter.assign_region(
            || "all",
            |mut region| {
                let [a, b, constant] = [0, 1, 2]
                    .map(|row| region.assign_advice(config.advice[0], row, unknown()).cell());
                let value = Assigned::Trivial(Fr::from(7));
                let fixed = region.assign_fixed(config.constant, 2, value);
                region.constrain_equal(constant, fixed);
                let ab = Self::multiply(&config, &mut region, 3, [a, b])?;
                let square = Self::multiply(&config, &mut region, 5, [ab, ab])?;
                Self::multiply(&config, &mut region, 7, [constant, square])
            },
        )?;
        layouter.constrain_instance(c, config.public, 0);
        Ok(())
    }
}

pub(crate) fn laid_out() -> (Layout<Fr>, Spec) {
    let layout = Layout::of(&Squares, 5, vec![vec![]], vec![]).expect("lays out");
    let given = [0, 1].map(|row| (Place::Advice(0, row), "a factor")).to_vec();
    (layout, Spec { given, ..Spec::default() })
}

#[test]
fn every_cell_of_the_books_example_is_determined() {
    let (layout, spec) = laid_out();
    let check = Check::new(&layout, &spec);
    let mut derivation = check.derive();
    assert_eq!(check.findings(&derivation), []);
    assert_eq!(check.rest(&derivation).undetermined, []);
    assert_eq!(check.outputs.len(), 1);
    assert!(check.classify(&mut derivation).iter().all(|(_, class)| *class == Class::Determines));
}

#[test]
fn a_copy_that_is_missing_leaves_its_cell_open() {
    let (layout, spec) = laid_out();
    for missing in 0..layout.copies.len() {
        let mut layout = layout.clone();
        layout.copies.remove(missing);
        let check = Check::new(&layout, &spec);
        let derivation = check.derive();
        let open = !check.rest(&derivation).undetermined.is_empty();
        // Without its copy the public input is tied to nothing at all.
        assert!(open || check.outputs.is_empty(), "copy {missing}");
    }
}

#[test]
fn dropping_an_instance_opens_what_it_determines() {
    let (layout, spec) = laid_out();
    let check = Check::new(&layout, &spec);
    let derivation = check.derive();
    for (id, constraint) in check.model.constraints.iter().enumerate() {
        let uses = derivation.uses(&check.prepared);
        let rest = check.drop(&derivation, Piece::Constraint(id as u32), &uses);
        let is_gate = matches!(constraint.source, Source::Gate { .. });
        assert!(!rest.undetermined.is_empty(), "{:?}, a gate: {is_gate}", constraint.source);
    }
}

#[test]
fn its_constraints_are_the_function_that_the_book_says() {
    let (layout, spec) = laid_out();
    let check = Check::new(&layout, &spec);
    let derivation = check.derive();
    let program = Program::new(&check, &derivation);
    for [a, b] in [[2u64, 3], [0, 9], [1_000, 1_001]] {
        let mut values = vec![Fr::zero(); check.model.cells];
        values[check.model.space.advice(0, 0) as usize] = Fr::from(a);
        values[check.model.space.advice(0, 1) as usize] = Fr::from(b);
        program.run(&mut values);
        assert!(program.broken(&values).is_empty());
        assert_eq!(values[check.outputs[0] as usize], Fr::from(7 * a * a * b * b));
    }
}
