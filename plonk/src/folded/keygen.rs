//! Key generation: one synthesis without witness gives fixed columns, selectors and copies.

use halo2_proofs::{
    circuit::Value,
    halo2curves::{
        bn256::{Fr, G1Affine, G1},
        ff::{Field, PrimeField, WithSmallOrderMulGroup},
        group::{prime::PrimeCurveAffine, Curve},
    },
    plonk::{
        self, Advice, Any, Assigned, Assignment, Challenge, Circuit, ConstraintSystem,
        FloorPlanner, Instance, Selector,
    },
};

use super::{
    domain::{root, Domain, Twiddles},
    error::{Error, Result},
    fractions::Fractions,
    key::VerifyingKey,
    parallel,
    protocol::{column, Column, Group, Leaf, Protocol, Shape},
    srs::Srs,
};

/// Whether the values of fixed columns and permutations on the quotient's cosets stay in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cosets {
    /// Computed with the key: (degree − 1) · n scalars a column (2 MB at n = 2^14, degree 5).
    Kept,
    /// Computed again in every proof: one transform for each of them.
    Recomputed,
}

/// What a prover needs besides the parameters.
#[derive(Debug)]
pub struct ProvingKey {
    pub(super) vk: VerifyingKey,
    pub(super) domain: Domain,
    /// Values to coefficients.
    pub(super) backward: Twiddles,
    /// Points shift\[j\] · ω^i of the quotient's part j.
    pub(super) shifts: Vec<Fr>,
    pub(super) twiddles: Vec<Twiddles>,
    /// Coefficients.
    pub(super) fixed: Vec<Vec<Fr>>,
    pub(super) sigma: Vec<Vec<Fr>>,
    /// Values of the permutations, and of the fixed columns that are permuted.
    pub(super) sigma_values: Vec<Vec<Fr>>,
    pub(super) fixed_values: Vec<Option<Vec<Fr>>>,
    /// By part; empty if recomputed.
    pub(super) cosets: Vec<CosetPart>,
}

/// Values of the key's columns on one part of the quotient's coset.
#[derive(Debug, Default)]
pub(super) struct CosetPart {
    pub(super) fixed: Vec<Vec<Fr>>,
    pub(super) sigma: Vec<Vec<Fr>>,
}

impl ProvingKey {
    /// Makes the key of a circuit without witness.
    ///
    /// `public_inputs` is the number of public inputs in each instance column; it is part of the key.
    ///
    /// # Errors
    /// [`Error::Lookups`] for circuits with native lookups; [`Error::Rows`] for parameters of too few rows;
    /// [`Error::Powers`] for parameters that are too short for the circuit's degree; [`Error::Synthesis`] and the
    /// errors of assignments.
    pub fn new<C: Circuit<Fr>>(
        srs: &Srs,
        circuit: &C,
        public_inputs: &[usize],
        cosets: Cosets,
    ) -> Result<Self> {
        let laid = Laid::new(srs.k(), circuit, public_inputs)?;
        let protocol = Protocol::new(laid.shape, srs.fold())?;
        let (needed, got) = (protocol.powers(), srs.powers().len());
        if got < needed {
            return Err(Error::Powers { needed, got });
        }
        let lanes = |group: &Group| {
            let lane = |c: &Column| match c {
                Column::Fixed(i) => &laid.fixed[*i as usize][..],
                Column::Sigma(i) => &laid.sigma[*i as usize][..],
                // Keys hold nothing else.
                _ => &[],
            };
            srs.commit_values(&group.columns.iter().map(lane).collect::<Vec<_>>())
        };
        let points: Vec<G1> = protocol.key_groups().iter().map(lanes).collect();
        let mut commitments = vec![G1Affine::identity(); points.len()];
        G1::batch_normalize(&points, &mut commitments);
        let vk = VerifyingKey::new(protocol, commitments, *srs.tau_g2());
        Ok(Self::with_columns(vk, laid.fixed, laid.sigma, cosets))
    }

    /// Completes a verifying key that was made before: everything else follows from the circuit, without a commitment.
    ///
    /// That the key commits to this circuit's columns is not checked; if it does not, no proof verifies.
    ///
    /// # Errors
    /// [`Error::OtherCircuit`] where the key's protocol is not that of the circuit, and the errors of
    /// [`ProvingKey::new`].
    pub fn complete<C: Circuit<Fr>>(vk: VerifyingKey, circuit: &C, cosets: Cosets) -> Result<Self> {
        let shape = vk.protocol().shape();
        let laid = Laid::new(shape.k, circuit, &shape.public_inputs)?;
        Self::laid_out(vk, laid, cosets)
    }

    /// [`ProvingKey::complete`], which drops the circuit as soon as it is laid out.
    pub(crate) fn complete_taking<C: Circuit<Fr>>(
        vk: VerifyingKey,
        circuit: C,
        cosets: Cosets,
    ) -> Result<Self> {
        let shape = vk.protocol().shape();
        let laid = Laid::new(shape.k, &circuit, &shape.public_inputs)?;
        drop(circuit);
        Self::laid_out(vk, laid, cosets)
    }

    fn laid_out(vk: VerifyingKey, laid: Laid, cosets: Cosets) -> Result<Self> {
        if laid.shape != *vk.protocol().shape() {
            return Err(Error::OtherCircuit { what: "its columns or gates" });
        }
        Ok(Self::with_columns(vk, laid.fixed, laid.sigma, cosets))
    }

    fn with_columns(
        vk: VerifyingKey,
        mut fixed: Vec<Vec<Fr>>,
        sigma_values: Vec<Vec<Fr>>,
        kept: Cosets,
    ) -> Self {
        let protocol = vk.protocol();
        let domain = Domain::new(protocol.shape().k);
        let permuted = |i: usize| protocol.shape().permutation.contains(&Column::Fixed(i as u32));
        let fixed_values: Vec<Option<Vec<Fr>>> = fixed
            .iter()
            .enumerate()
            .map(|(i, column)| permuted(i).then(|| column.clone()))
            .collect();
        let mut sigma = sigma_values.clone();
        let backward = domain.backward();
        parallel::each(&mut fixed, |column| domain.coefficients(column, &backward));
        parallel::each(&mut sigma, |column| domain.coefficients(column, &backward));

        // Part j lies on ζ ε^j ⟨ω⟩ with ε of order n · 2^⌈log parts⌉: ζ, of order 3, keeps it off the domain.
        let parts = protocol.shape().parts();
        let extended = root(domain.k + (parts as u32).next_power_of_two().ilog2());
        let shifts: Vec<Fr> = (0..parts as u64).map(|j| Fr::ZETA * extended.pow([j])).collect();
        let twiddles = parallel::map(&shifts, |s| domain.coset(*s));
        let mut key = Self {
            vk,
            domain,
            backward,
            shifts,
            twiddles,
            fixed,
            sigma,
            sigma_values,
            fixed_values,
            cosets: Vec::new(),
        };
        if kept == Cosets::Kept {
            key.cosets = (0..parts).map(|j| key.coset_part(j)).collect();
        }
        key
    }

    /// The verifier's part.
    pub fn vk(&self) -> &VerifyingKey {
        &self.vk
    }

    /// Values of a polynomial on part j.
    pub(super) fn coset(&self, polynomial: &[Fr], j: usize) -> Vec<Fr> {
        let mut out = polynomial.to_vec();
        self.domain.transform(&mut out, &self.twiddles[j]);
        out
    }

    /// The key's columns on part j; only those that an identity reads.
    pub(super) fn coset_part(&self, j: usize) -> CosetPart {
        let mut read = vec![false; self.fixed.len()];
        for leaf in self.vk.protocol().identities().leaves() {
            if let Leaf::Cell(Column::Fixed(i), _) = leaf {
                read[i as usize] = true;
            }
        }
        let column = |i: usize| if read[i] { self.coset(&self.fixed[i], j) } else { Vec::new() };
        CosetPart {
            fixed: parallel::range(self.fixed.len(), column),
            sigma: parallel::map(&self.sigma, |p| self.coset(p, j)),
        }
    }
}

/// A circuit laid out without a witness.
struct Laid {
    shape: Shape,
    /// Values, those of compressed selectors last.
    fixed: Vec<Vec<Fr>>,
    /// Values of the permutations.
    sigma: Vec<Vec<Fr>>,
}

impl Laid {
    fn new<C: Circuit<Fr>>(k: u32, circuit: &C, public_inputs: &[usize]) -> Result<Self> {
        let n = 1usize << k;
        let mut cs = ConstraintSystem::default();
        let config = C::configure_with_params(&mut cs, circuit.params());
        let needed = cs.minimum_rows();
        if n < needed {
            return Err(Error::Rows { k, needed });
        }
        let mut assembly = Assembly {
            usable: n - (cs.blinding_factors() + 1),
            fixed: Fractions::new(cs.num_fixed_columns(), n),
            selectors: vec![vec![false; n]; cs.num_selectors()],
            copies: Copies::new(cs.permutation().get_columns().iter().map(column).collect(), n),
            refused: None,
        };
        C::FloorPlanner::synthesize(&mut assembly, circuit, config, cs.constants().clone())?;
        if let Some(error) = assembly.refused {
            return Err(error);
        }
        let (cs, selectors) = cs.compress_selectors(assembly.selectors);
        assembly.fixed.divide(|_| true);
        let mut fixed = assembly.fixed.columns;
        fixed.extend(selectors);
        let shape = Shape::new(&cs, k, public_inputs)?;
        let sigma = assembly.copies.sigma(&Domain::new(k));
        Ok(Self { shape, fixed, sigma })
    }
}

/// Cells that are constrained to be equal, as cycles of a permutation.
struct Copies {
    columns: Vec<Column>,
    n: usize,
    /// The next cell of each cell's cycle; cell (c, row) is c·n + row.
    next: Vec<u32>,
    /// One cell that stands for the cycle, and the size of the cycle at that cell.
    leader: Vec<u32>,
    size: Vec<u32>,
}

impl Copies {
    fn new(columns: Vec<Column>, n: usize) -> Self {
        let cells = columns.len() * n;
        let own: Vec<u32> = (0..cells as u32).collect();
        Self { columns, n, next: own.clone(), leader: own, size: vec![1; cells] }
    }

    fn cell(&self, of: Column, row: usize) -> Result<usize> {
        let column = self.columns.iter().position(|c| *c == of);
        let column = column.ok_or_else(|| Error::NotPermuted { column: format!("{of:?}") })?;
        Ok(column * self.n + row)
    }

    /// Joins two cycles: the smaller one's cells get the other's leader, then the two exchange successors.
    fn join(&mut self, a: usize, b: usize) {
        let (mut large, mut small) = (self.leader[a] as usize, self.leader[b] as usize);
        if large == small {
            return;
        }
        if self.size[large] < self.size[small] {
            (large, small) = (small, large);
        }
        self.size[large] += self.size[small];
        let mut at = small;
        loop {
            self.leader[at] = large as u32;
            at = self.next[at] as usize;
            if at == small {
                break;
            }
        }
        self.next.swap(a, b);
    }

    /// σ of each column: δ^c' ω^row' at the cell that follows.
    fn sigma(&self, domain: &Domain) -> Vec<Vec<Fr>> {
        let omegas = super::domain::powers(domain.omega, self.n);
        let deltas = super::domain::powers(Fr::DELTA, self.columns.len());
        let image = |cell: &u32| {
            let cell = *cell as usize;
            deltas[cell / self.n] * omegas[cell % self.n]
        };
        let columns: Vec<&[u32]> = self.next.chunks(self.n).collect();
        parallel::map(&columns, |column| column.iter().map(image).collect())
    }
}

/// Collects what does not depend on a witness.
struct Assembly {
    usable: usize,
    fixed: Fractions,
    selectors: Vec<Vec<bool>>,
    copies: Copies,
    /// The first error of a call that cannot return one.
    refused: Option<Error>,
}

impl Assembly {
    fn check_row(&self, column: impl std::fmt::Debug, row: usize) -> Result<()> {
        if row < self.usable {
            return Ok(());
        }
        Err(Error::Row { column: format!("{column:?}"), row, usable: self.usable })
    }

    fn refuse(&mut self, result: Result<()>) {
        if let Err(error) = result {
            self.refused.get_or_insert(error);
        }
    }
}

impl Assignment<Fr> for Assembly {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: plonk::Column<Any>,
    ) {
    }

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        selector: &Selector,
        row: usize,
    ) -> Result<(), plonk::Error> {
        let fits = self.check_row(selector, row);
        match self.selectors.get_mut(selector.index()).and_then(|s| s.get_mut(row)) {
            Some(cell) if fits.is_ok() => *cell = true,
            _ => return Err(plonk::Error::BoundsFailure),
        }
        Ok(())
    }

    fn query_instance(
        &self,
        _: plonk::Column<Instance>,
        row: usize,
    ) -> Result<Value<Fr>, plonk::Error> {
        if row < self.usable {
            Ok(Value::unknown())
        } else {
            Err(plonk::Error::BoundsFailure)
        }
    }

    fn assign_advice<'v>(
        &mut self,
        column: plonk::Column<Advice>,
        row: usize,
        _: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        let fits = self.check_row(column, row);
        self.refuse(fits);
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: plonk::Column<plonk::Fixed>, row: usize, to: Assigned<Fr>) {
        let fits = self.check_row(column, row);
        if fits.is_ok() && column.index() < self.fixed.columns.len() {
            self.fixed.store(column.index(), row, to);
        } else {
            self.refuse(fits.and(Err(plonk::Error::BoundsFailure.into())));
        }
    }

    fn copy(
        &mut self,
        left_column: plonk::Column<Any>,
        left_row: usize,
        right_column: plonk::Column<Any>,
        right_row: usize,
    ) {
        let result = (|| {
            self.check_row(left_column, left_row)?;
            self.check_row(right_column, right_row)?;
            let left = self.copies.cell(column(&left_column), left_row)?;
            let right = self.copies.cell(column(&right_column), right_row)?;
            self.copies.join(left, right);
            Ok(())
        })();
        self.refuse(result);
    }

    fn fill_from_row(
        &mut self,
        column: plonk::Column<plonk::Fixed>,
        from: usize,
        to: Value<Assigned<Fr>>,
    ) -> Result<(), plonk::Error> {
        if column.index() >= self.fixed.columns.len() || from > self.usable {
            return Err(plonk::Error::BoundsFailure);
        }
        let mut known = None;
        let _ = to.map(|x| known = Some(x));
        let known = known.ok_or(plonk::Error::Synthesis)?;
        (from..self.usable).for_each(|row| self.fixed.store(column.index(), row, known));
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
