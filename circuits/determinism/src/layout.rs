//! A circuit as laid out: what its verifying key fixes, and one assignment.
//!
//! ```text
//! Circuit ──configure──> gates, lookups, phases ─┐
//!         ──synthesize─> fixed cells, selectors, ├─> Layout
//!                        copies, advice ─────────┘
//! ```
//!
//! Nothing here knows what a gate is for. Expressions are kept in a form of their own ([`Expr`]), so that a planted bug
//! (another rotation, another weight) can be written down, which Halo2's own type does not allow.

use zkdkim_plonk::{
    circuit::Value,
    plonk::{
        Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error,
        Expression, Fixed, FloorPlanner, Instance, Selector,
    },
};

use crate::scalar::Scalar;

/// A column by its index, and how many rows away.
pub type Query = (usize, i32);

/// A constraint's expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr<F> {
    /// A constant.
    Constant(F),
    /// A selector, by its index, in the row itself.
    Selector(usize),
    /// A fixed cell.
    Fixed(Query),
    /// An advice cell.
    Advice(Query),
    /// A public input.
    Instance(Query),
    /// A challenge, by its index.
    Challenge(usize),
    /// The negative.
    Negated(Box<Expr<F>>),
    /// A multiple.
    Scaled(Box<Expr<F>>, F),
    /// A sum.
    Sum(Box<Expr<F>>, Box<Expr<F>>),
    /// A product.
    Product(Box<Expr<F>>, Box<Expr<F>>),
}

impl<F: Scalar> From<&Expression<F>> for Expr<F> {
    fn from(expression: &Expression<F>) -> Self {
        let boxed = |e: &Expression<F>| Box::new(Self::from(e));
        match expression {
            Expression::Constant(value) => Self::Constant(*value),
            Expression::Selector(selector) => Self::Selector(selector.index()),
            Expression::Fixed(q) => Self::Fixed((q.column_index(), q.rotation().0)),
            Expression::Advice(q) => Self::Advice((q.column_index(), q.rotation().0)),
            Expression::Instance(q) => Self::Instance((q.column_index(), q.rotation().0)),
            Expression::Challenge(challenge) => Self::Challenge(challenge.index()),
            Expression::Negated(a) => Self::Negated(boxed(a)),
            Expression::Scaled(a, by) => Self::Scaled(boxed(a), *by),
            Expression::Sum(a, b) => Self::Sum(boxed(a), boxed(b)),
            Expression::Product(a, b) => Self::Product(boxed(a), boxed(b)),
        }
    }
}

impl<F: Scalar> Expr<F> {
    /// Calls `visit` with every leaf, from left to right.
    pub fn visit(&self, visit: &mut dyn FnMut(&Self)) {
        match self {
            Self::Negated(a) | Self::Scaled(a, _) => a.visit(visit),
            Self::Sum(a, b) | Self::Product(a, b) => {
                a.visit(visit);
                b.visit(visit);
            }
            leaf => visit(leaf),
        }
    }

    /// Calls `change` with every node, children first, from left to right.
    pub fn change(&mut self, change: &mut dyn FnMut(&mut Self)) {
        match self {
            Self::Negated(a) | Self::Scaled(a, _) => a.change(change),
            Self::Sum(a, b) | Self::Product(a, b) => {
                a.change(change);
                b.change(change);
            }
            _ => {}
        }
        change(self);
    }

    /// The value, given that of each leaf.
    pub fn evaluate(&self, leaf: &dyn Fn(&Self) -> F) -> F {
        match self {
            Self::Negated(a) => -a.evaluate(leaf),
            Self::Scaled(a, by) => a.evaluate(leaf) * by,
            Self::Sum(a, b) => a.evaluate(leaf) + b.evaluate(leaf),
            Self::Product(a, b) => {
                let a = a.evaluate(leaf);
                if a == F::ZERO {
                    return a;
                }
                a * b.evaluate(leaf)
            }
            Self::Constant(value) => *value,
            other => leaf(other),
        }
    }
}

/// A polynomial of a gate: zero in every row.
#[derive(Clone, Debug)]
pub struct Gate<F> {
    /// Its own name, or that of its gate with its number in brackets.
    pub name: String,
    /// The expression, selectors and fixed factors included.
    pub expr: Expr<F>,
}

/// A lookup of the constraint system: in every usable row the inputs are a row of the table.
#[derive(Clone, Debug)]
pub struct Lookup<F> {
    /// Its name.
    pub name: String,
    /// One expression a component.
    pub inputs: Vec<Expr<F>>,
    /// The table's, over fixed columns.
    pub table: Vec<Expr<F>>,
}

/// A cell of any kind: one end of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// An advice cell: index of its column, and row.
    Advice(usize, usize),
    /// A fixed cell.
    Fixed(usize, usize),
    /// A public input.
    Instance(usize, usize),
}

/// A circuit as laid out, with one assignment.
#[derive(Clone, Debug)]
pub struct Layout<F> {
    /// Rows of the domain, `2^k`.
    pub rows: usize,
    /// Rows that witnesses may use; lookups count in these.
    pub usable: usize,
    /// The phase of each advice column.
    pub phases: Vec<u8>,
    /// The phase after which each challenge is drawn.
    pub challenge_phases: Vec<u8>,
    /// Every polynomial of every gate.
    pub gates: Vec<Gate<F>>,
    /// The lookups.
    pub lookups: Vec<Lookup<F>>,
    /// Fixed cells, by column and row.
    pub fixed: Vec<Vec<F>>,
    /// Selectors, by index and row.
    pub selectors: Vec<Vec<bool>>,
    /// Copies, in the order in which they were made.
    pub copies: Vec<[Place; 2]>,
    /// The assignment, by column and row; zero where the circuit wrote nothing.
    pub advice: Vec<Vec<F>>,
    /// Public inputs, by column and row.
    pub instance: Vec<Vec<F>>,
    /// The values that the challenges have in this assignment.
    pub challenges: Vec<F>,
}

impl<F: Scalar> Layout<F> {
    /// Lays out a circuit in `2^k` rows as key generation does, and keeps the advice that it assigns on the way.
    ///
    /// The cell that an assignment returns has no known value, as in key generation. A circuit that goes on computing
    /// with such values leaves the cells behind it zero: the constraints are complete all the same.
    ///
    /// # Errors
    /// Those of the circuit's synthesis.
    pub fn of<C: Circuit<F>>(
        circuit: &C,
        k: u32,
        instance: Vec<Vec<F>>,
        challenges: Vec<F>,
    ) -> Result<Self, Error> {
        let mut meta = ConstraintSystem::default();
        let config = C::configure_with_params(&mut meta, circuit.params());
        let rows = 1usize << k;
        let padded = |mut column: Vec<F>| {
            column.resize(rows, F::ZERO);
            column
        };
        let mut columns: Vec<Vec<F>> = instance.into_iter().map(padded).collect();
        columns.resize(meta.num_instance_columns(), vec![F::ZERO; rows]);
        let exprs = |list: &[Expression<F>]| list.iter().map(Expr::from).collect();
        let mut layout = Self {
            rows,
            usable: rows - meta.blinding_factors() - 1,
            phases: meta.advice_column_phase(),
            challenge_phases: meta.challenge_phase(),
            gates: Vec::new(),
            lookups: Vec::new(),
            fixed: vec![vec![F::ZERO; rows]; meta.num_fixed_columns()],
            selectors: vec![vec![false; rows]; meta.num_selectors()],
            copies: Vec::new(),
            advice: vec![vec![F::ZERO; rows]; meta.num_advice_columns()],
            instance: columns,
            challenges,
        };
        let constants = meta.constants().clone();
        C::FloorPlanner::synthesize(&mut layout, circuit, config, constants)?;
        for gate in meta.gates() {
            for (i, expression) in gate.polynomials().iter().enumerate() {
                let name = match gate.constraint_name(i) {
                    "" => format!("{}[{i}]", gate.name()),
                    name => name.to_owned(),
                };
                layout.gates.push(Gate { name, expr: expression.into() });
            }
        }
        layout.lookups.extend(meta.lookups().iter().map(|lookup| Lookup {
            name: lookup.name().to_owned(),
            inputs: exprs(lookup.input_expressions()),
            table: exprs(lookup.table_expressions()),
        }));
        Ok(layout)
    }

    /// The row that a rotation leads to.
    pub fn at(&self, row: usize, rotation: i32) -> usize {
        (row as i64 + i64::from(rotation)).rem_euclid(self.rows as i64) as usize
    }

    /// The value of a cell in this assignment.
    pub fn value(&self, place: Place) -> F {
        match place {
            Place::Advice(column, row) => self.advice[column][row],
            Place::Fixed(column, row) => self.fixed[column][row],
            Place::Instance(column, row) => self.instance[column][row],
        }
    }

    /// The value of a leaf in a row of this assignment.
    pub fn leaf(&self, leaf: &Expr<F>, row: usize) -> F {
        match *leaf {
            Expr::Selector(selector) if self.selectors[selector][row] => F::ONE,
            Expr::Fixed((column, by)) => self.fixed[column][self.at(row, by)],
            Expr::Advice((column, by)) => self.advice[column][self.at(row, by)],
            Expr::Instance((column, by)) => self.instance[column][self.at(row, by)],
            Expr::Challenge(challenge) => self.challenges[challenge],
            Expr::Constant(value) => value,
            _ => F::ZERO,
        }
    }

    /// An expression's value in a row of this assignment.
    pub fn evaluate(&self, expr: &Expr<F>, row: usize) -> F {
        expr.evaluate(&|leaf| self.leaf(leaf, row))
    }
}

impl<F: Scalar> Assignment<F> for Layout<F> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

    fn exit_region(&mut self) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        selector: &Selector,
        row: usize,
    ) -> Result<(), Error> {
        self.selectors[selector.index()][row] = true;
        Ok(())
    }

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<F>, Error> {
        Ok(Value::known(self.instance[column.index()][row]))
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<F>>,
    ) -> Value<&'v Assigned<F>> {
        to.map(|value| self.advice[column.index()][row] = value.evaluate());
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<F>) {
        self.fixed[column.index()][row] = to.evaluate();
    }

    fn copy(
        &mut self,
        left_column: Column<Any>,
        left_row: usize,
        right_column: Column<Any>,
        right_row: usize,
    ) {
        let place = |column: Column<Any>, row| match column.column_type() {
            Any::Advice(_) => Place::Advice(column.index(), row),
            Any::Fixed => Place::Fixed(column.index(), row),
            Any::Instance => Place::Instance(column.index(), row),
        };
        self.copies.push([place(left_column, left_row), place(right_column, right_row)]);
    }

    fn fill_from_row(
        &mut self,
        column: Column<Fixed>,
        from_row: usize,
        to: Value<Assigned<F>>,
    ) -> Result<(), Error> {
        let usable = self.usable;
        to.map(|value| {
            let value = value.evaluate();
            self.fixed[column.index()][from_row..usable].fill(value);
        });
        Ok(())
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<F> {
        self.challenges.get(challenge.index()).map_or(Value::unknown(), |c| Value::known(*c))
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
