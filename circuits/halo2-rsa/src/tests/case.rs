//! An assignment that tests forge coherently, and the exact set of what then fails.

use zkdkim_plonk::dev::{FailureLocation, MockProver, VerifyFailure};

use super::*;

/// One assignment of the test circuit, open to forgery.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) config: TestConfig,
    pub(super) grid: Grid<Fr>,
    pub(super) assigned: RsaAssigned,
    pub(super) forge: Option<Forge>,
}

impl Case {
    pub(super) fn new(witness: &RsaWitness, digest: &[u8; 32]) -> Self {
        Self::build(digest, |config, grid, words| config.assign(grid, &ROWS, witness, words))
    }

    /// A case from a trace that a dishonest prover has made.
    pub(super) fn with_trace(digest: &[u8; 32], trace: &Trace) -> Self {
        Self::build(digest, |config, grid, words| {
            config.assign_expected(grid, &ROWS, words);
            config.assign_trace(grid, &ROWS, trace)
        })
    }

    fn build(
        digest: &[u8; 32],
        fill: impl FnOnce(&RsaConfig, &mut Grid<Fr>, &[CellRef; 8]) -> RsaAssigned,
    ) -> Self {
        let config = TestCircuit::configure(&mut ConstraintSystem::default());
        let mut grid = Grid::new();
        let words = std::array::from_fn(|index| {
            let word = u32::from_be_bytes(digest[4 * index..][..4].try_into().unwrap());
            grid.advice(config.digest, index, Fr::from(u64::from(word)))
        });
        let assigned = fill(&config.rsa, &mut grid, &words);
        Self { config, grid, assigned, forge: None }
    }

    pub(super) fn columns(&self) -> RsaColumns {
        self.config.rsa.columns
    }

    /// Alters second-phase cells after they were computed.
    pub(super) fn forge_accumulators(&mut self, forge: impl Fn(&mut Grid<Fr>, Fr) + 'static) {
        self.forge = Some(Arc::new(forge));
    }

    /// What fails, by name, and at which rows.
    pub(super) fn failing_rows(&self) -> BTreeMap<String, BTreeSet<usize>> {
        let circuit = TestCircuit { grid: self.grid.clone(), forge: self.forge.clone() };
        let prover = MockProver::run(K, &circuit, vec![]).expect("synthesis succeeds");
        let mut failing: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for failure in prover.verify().err().unwrap_or_default() {
            let (name, location) = match failure {
                VerifyFailure::ConstraintNotSatisfied { constraint, location, .. } => {
                    let text = constraint.to_string();
                    (text.split('\'').nth(1).expect("constraints are named").to_owned(), location)
                }
                VerifyFailure::Lookup { name, location, .. } => {
                    (format!("lookup {name}"), location)
                }
                VerifyFailure::Permutation { column, location } => {
                    let columns = self.columns();
                    let names = [
                        ("value", columns.value.into()),
                        ("pack", columns.pack.into()),
                        ("acc", columns.acc.into()),
                        ("digest", self.config.digest.into()),
                        ("constant", Column::<Any>::from(columns.constant)),
                    ];
                    let same = |other: &Column<Any>| {
                        (other.index(), *other.column_type())
                            == (column.index(), column.column_type())
                    };
                    let name = names.iter().find(|(_, other)| same(other)).expect("known").0;
                    (format!("copy {name}"), location)
                }
                other => panic!("no rejection by the circuit: {other:?}"),
            };
            let row = match location {
                FailureLocation::InRegion { offset, .. } => offset,
                FailureLocation::OutsideRegion { row } => row,
            };
            failing.entry(name).or_default().insert(row);
        }
        failing
    }

    #[track_caller]
    pub(super) fn accepts(&self) {
        assert_eq!(self.failing_rows(), BTreeMap::new());
    }

    /// Exactly these constraints, lookups and copies fail.
    #[track_caller]
    pub(super) fn rejects(&self, names: &[&str]) {
        let failing = self.failing_rows();
        assert_eq!(failing.keys().map(String::as_str).collect::<Vec<_>>(), names, "{failing:?}");
    }

    /// Exactly this fails, at exactly these rows.
    #[track_caller]
    pub(super) fn rejects_at(&self, name: &str, rows: &[usize]) {
        let expected = BTreeMap::from([(name.to_owned(), rows.iter().copied().collect())]);
        assert_eq!(self.failing_rows(), expected);
    }

    fn read(&self, column: Column<Advice>, row: usize) -> Fr {
        self.grid.value(CellRef::new(column, row)).expect("written")
    }

    /// The limbs of a number of the pairs block, as the gates see them.
    pub(super) fn number(&self, number: usize) -> Vec<Fr> {
        (0..LIMBS)
            .map(|limb| {
                let row = ROWS.pair(number, limb / 2);
                let weights = [1, 1 << 11, 1 << 22].map(Fr::from);
                (0..3).fold(Fr::ZERO, |sum, piece| {
                    let column = self.columns().range[3 * (limb % 2) + piece];
                    sum + self.read(column, row) * weights[piece]
                })
            })
            .collect()
    }

    /// Writes a limb of a number: range pieces where it has 32 bits, otherwise all in the first
    /// piece.
    pub(super) fn set_limb(&mut self, number: usize, limb: usize, value: Fr) {
        let integer = to_integer(value);
        let cells = match u32::try_from(&integer) {
            Ok(word) => pieces(word).map(Fr::from),
            Err(_) => [value, Fr::ZERO, Fr::ZERO],
        };
        for (piece, cell) in cells.into_iter().enumerate() {
            let column = self.columns().range[3 * (limb % 2) + piece];
            self.grid.forge(column, ROWS.pair(number, limb / 2), cell);
        }
    }

    pub(super) fn modulus(&self) -> Vec<Fr> {
        (0..LIMBS).map(|limb| self.read(self.columns().value, ROWS.modulus_limb(limb))).collect()
    }

    pub(super) fn expected(&self) -> Vec<Fr> {
        (0..LIMBS).map(|limb| self.read(self.columns().value, ROWS.expected_limb(limb))).collect()
    }

    /// The coefficients V of a product, from what stands in the grid.
    pub(super) fn difference(&self, product: usize) -> Vec<Fr> {
        let last = product == PRODUCTS - 1;
        let base = if product == 0 { SIGNATURE } else { remainder(product - 1) };
        let a = self.number(base);
        let b = if last { self.number(SIGNATURE) } else { a.clone() };
        let q = self.number(quotient(product));
        let n = self.modulus();
        let r = if last { self.expected() } else { self.number(remainder(product)) };
        let mut v = vec![Fr::ZERO; 2 * LIMBS - 1];
        for i in 0..LIMBS {
            for j in 0..LIMBS {
                v[i + j] += a[i] * b[j] - q[i] * n[j];
            }
            v[i] -= r[i];
        }
        v
    }

    /// Divides V by X - B in the field and writes the coefficients, with the range pieces of their
    /// low 43 bits: the best that a prover can do for the limbs that stand in the grid.
    pub(super) fn divide_again(&mut self, product: usize) -> Vec<Fr> {
        let inverse = Fr::from(1 << 32).invert().unwrap();
        let v = self.difference(product);
        let mut carry = Fr::ZERO;
        let mut coefficients = Vec::new();
        for (index, v) in v[..COEFFICIENTS].iter().enumerate() {
            carry = (carry - v) * inverse;
            self.set_coefficient(product, index, carry);
            coefficients.push(carry);
        }
        coefficients
    }

    /// Writes c_`index` of a product wherever it stands.
    pub(super) fn set_coefficient(&mut self, product: usize, index: usize, value: Fr) {
        let columns = self.columns();
        self.grid.forge(columns.value, ROWS.coefficient(product, index), value);
        if index % GROUP == GROUP - 1 {
            let row = ROWS.carry(product, index / GROUP);
            self.grid.forge(columns.carry, row, value);
            let shifted = to_integer(value + Fr::from(1 << CARRY_OFFSET_BITS));
            let low = shifted.iter_u64_digits().next().unwrap_or(0) & ((1 << 43) - 1);
            let carry = low as i64 - (1 << CARRY_OFFSET_BITS);
            for (column, piece) in columns.carry_range.into_iter().zip(carry_pieces(carry)) {
                self.grid.forge(column, row, Fr::from(piece));
            }
        }
    }
}
