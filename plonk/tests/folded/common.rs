//! Random circuits whose witness can be computed: each derived column is set, in the rows where its selector is on,
//! to a random polynomial of the columns before it.
#![allow(missing_docs)]

use halo2_proofs::{
    circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value},
    halo2curves::{
        bn256::Fr,
        ff::{Field, PrimeField},
    },
    plonk::{
        Advice, Any, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase,
        Fixed, Instance, SecondPhase, Selector, ThirdPhase,
    },
    poly::Rotation,
};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::folded::{Cosets, ProvingKey, Srs};

/// Rows at both ends in which no selector is on, so that rotations stay inside.
const MARGIN: usize = 6;

/// Where a term reads.
#[derive(Clone, Copy, Debug)]
pub enum Read {
    Advice(usize, i32),
    Fixed(usize, i32),
    Instance(usize, i32),
    Challenge(usize),
}

/// Σ coefficient · Π reads.
pub type Polynomial = Vec<(Fr, Vec<Read>)>;

#[derive(Clone, Debug)]
pub enum Source {
    /// Random values.
    Free,
    /// A polynomial of earlier columns where the selector is on, random elsewhere.
    Derived { value: Polynomial, selector: usize, complex: bool },
}

#[derive(Clone, Copy, Debug)]
pub enum Place {
    Advice(usize, usize),
    Fixed(usize, usize),
    Instance(usize, usize),
}

/// Shape and content of a random circuit.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub seed: u64,
    pub k: u32,
    /// By advice column: phase and source.
    pub columns: Vec<(u8, Source)>,
    pub fixed: Vec<Vec<Fr>>,
    pub instances: Vec<Vec<Fr>>,
    /// The phase that each challenge follows.
    pub challenges: Vec<u8>,
    /// Targets are free cells, each once.
    pub copies: Vec<(Place, Place)>,
    /// Rows in which each selector is on.
    pub selectors: Vec<Vec<usize>>,
    /// Cross phases within one synthesis, or be synthesised once for each.
    pub crossing: bool,
    /// A cell that is changed after everything was computed.
    pub spoiled: Option<(usize, usize)>,
}

/// A number below a bound, the same on machines of any word size.
fn below(rng: &mut impl RngCore, bound: usize) -> usize {
    rng.gen_range(0..bound as u64) as usize
}

fn value(rng: &mut impl RngCore) -> Fr {
    match rng.gen_range(0..5) {
        0 => Fr::from(rng.gen_range(0..2u64)),
        1 => Fr::from(rng.gen_range(0..256u64)),
        2 => -Fr::from(rng.gen_range(0..256u64)),
        3 => Fr::from(rng.next_u64()),
        _ => Fr::random(rng),
    }
}

impl Spec {
    pub fn random(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let rng = &mut rng;
        let k = rng.gen_range(5..7);
        let n = 1usize << k;
        // Selectors leave room for the blinding rows of up to 7 rotations.
        let usable = n - 12;
        let rows = |rng: &mut ChaCha20Rng, density: f64| -> Vec<Fr> {
            (0..usable).map(|_| if rng.gen_bool(density) { value(rng) } else { Fr::ZERO }).collect()
        };
        let phases = rng.gen_range(1..4u8);
        let mut challenges = Vec::new();
        for p in 0..phases {
            // A challenge after the last phase too, sometimes.
            let least = usize::from(p + 1 < phases);
            for _ in 0..least + below(rng, 2) {
                challenges.push(p);
            }
        }
        let fixed: Vec<Vec<Fr>> = (0..rng.gen_range(0..4)).map(|_| rows(rng, 0.7)).collect();
        let instances: Vec<Vec<Fr>> = (0..rng.gen_range(0..3))
            .map(|_| (0..rng.gen_range(1..9)).map(|_| value(rng)).collect())
            .collect();
        let mut columns: Vec<(u8, Source)> = Vec::new();
        let mut selectors: Vec<Vec<usize>> = Vec::new();
        for phase in 0..phases {
            for i in 0..rng.gen_range(1..5) {
                if columns.is_empty() || i == 0 && rng.gen_bool(0.5) || rng.gen_bool(0.3) {
                    columns.push((phase, Source::Free));
                    continue;
                }
                let complex = rng.gen_bool(0.3);
                let terms = rng.gen_range(1..4);
                let value = (0..terms)
                    .map(|_| {
                        let reads = (0..rng.gen_range(0..4))
                            .map(|_| {
                                let r = rng.gen_range(-3..4);
                                match rng.gen_range(0..8) {
                                    0 if !fixed.is_empty() => {
                                        Read::Fixed(below(rng, fixed.len()), r)
                                    }
                                    1 if !instances.is_empty() => {
                                        Read::Instance(below(rng, instances.len()), r)
                                    }
                                    2 | 3 => {
                                        let known: Vec<usize> = (0..challenges.len())
                                            .filter(|c| challenges[*c] < phase)
                                            .collect();
                                        match known.len() {
                                            0 => Read::Advice(below(rng, columns.len()), r),
                                            c => Read::Challenge(known[below(rng, c)]),
                                        }
                                    }
                                    _ => Read::Advice(below(rng, columns.len()), r),
                                }
                            })
                            .collect();
                        (value(rng), reads)
                    })
                    .collect();
                let density = rng.gen_range(0.1..0.9);
                let on = (MARGIN..usable - MARGIN).filter(|_| rng.gen_bool(density)).collect();
                columns
                    .push((phase, Source::Derived { value, selector: selectors.len(), complex }));
                selectors.push(on);
            }
        }
        // Copies into free columns: from cells of any column of an earlier or the same index.
        let mut copies = Vec::new();
        let mut used = std::collections::BTreeSet::new();
        for _ in 0..rng.gen_range(0..20) {
            let free: Vec<usize> =
                (0..columns.len()).filter(|c| matches!(columns[*c].1, Source::Free)).collect();
            if free.is_empty() {
                break;
            }
            let to = (free[below(rng, free.len())], below(rng, usable));
            let from = match rng.gen_range(0..4) {
                0 if !fixed.is_empty() => Place::Fixed(below(rng, fixed.len()), below(rng, usable)),
                1 if !instances.is_empty() => {
                    let c = below(rng, instances.len());
                    Place::Instance(c, below(rng, instances[c].len()))
                }
                _ if to.0 > 0 => Place::Advice(below(rng, to.0), below(rng, usable)),
                _ => continue,
            };
            if used.insert(to) {
                copies.push((from, Place::Advice(to.0, to.1)));
            }
        }
        let crossing = rng.gen_bool(0.5);
        Self {
            seed,
            k,
            columns,
            fixed,
            instances,
            challenges,
            copies,
            selectors,
            crossing,
            spoiled: None,
        }
    }

    /// Changes one cell: mostly one that a gate or a copy determines.
    pub fn spoil(&mut self, rng: &mut impl RngCore) {
        let gates = self.columns.iter().enumerate().filter_map(|(c, (_, source))| match source {
            Source::Derived { selector, .. } => Some((c, &self.selectors[*selector])),
            Source::Free => None,
        });
        let gates = gates.flat_map(|(c, rows)| rows.iter().map(move |row| (c, *row)));
        let copies = self.copies.iter().filter_map(|(_, to)| match to {
            Place::Advice(c, row) => Some((*c, *row)),
            _ => None,
        });
        let determined: Vec<(usize, usize)> = gates.chain(copies).collect();
        let any = (below(rng, self.columns.len()), below(rng, (1 << self.k) - 12));
        let pick = determined.get(below(rng, determined.len().max(1))).copied();
        self.spoiled = pick.filter(|_| rng.gen_bool(0.75)).or(Some(any));
    }

    pub fn public_inputs(&self) -> Vec<usize> {
        self.instances.iter().map(Vec::len).collect()
    }

    pub fn instance_slices(&self) -> Vec<&[Fr]> {
        self.instances.iter().map(|i| &i[..]).collect()
    }

    fn read(&self, read: Read, row: usize, advice: &[Vec<Fr>], challenges: &[Fr]) -> Fr {
        let at = |r: i32| (row as i64 + i64::from(r)) as usize;
        let get = |column: &[Fr], r: i32| column.get(at(r)).copied().unwrap_or(Fr::ZERO);
        match read {
            Read::Advice(c, r) => get(&advice[c], r),
            Read::Fixed(c, r) => get(&self.fixed[c], r),
            Read::Instance(c, r) => get(&self.instances[c], r),
            Read::Challenge(c) => challenges[c],
        }
    }

    /// Columns of all phases up to `phase`; later challenges are not read.
    fn advice(&self, phase: u8, challenges: &[Fr]) -> Vec<Vec<Fr>> {
        let usable = (1usize << self.k) - 12;
        let mut out: Vec<Vec<Fr>> = Vec::new();
        for (c, (of, source)) in self.columns.iter().enumerate() {
            let mut rng = ChaCha20Rng::seed_from_u64(self.seed * 1000 + c as u64);
            let mut column: Vec<Fr> = (0..usable).map(|_| value(&mut rng)).collect();
            if *of <= phase {
                match source {
                    Source::Free => {
                        for (from, to) in &self.copies {
                            let Place::Advice(to, row) = to else { continue };
                            if *to == c {
                                column[*row] = match from {
                                    Place::Advice(c, r) => out[*c][*r],
                                    Place::Fixed(c, r) => self.fixed[*c][*r],
                                    Place::Instance(c, r) => self.instances[*c][*r],
                                };
                            }
                        }
                    }
                    Source::Derived { value, selector, .. } => {
                        for &row in &self.selectors[*selector] {
                            column[row] = value
                                .iter()
                                .map(|(f, reads)| {
                                    reads.iter().fold(*f, |acc, r| {
                                        acc * self.read(*r, row, &out, challenges)
                                    })
                                })
                                .sum();
                        }
                    }
                }
            }
            if let Some((_, row)) = self.spoiled.filter(|(spoiled, _)| *spoiled == c) {
                column[row] += Fr::from(1 + rng.next_u64() % 5);
            }
            out.push(column);
        }
        out
    }
}

#[derive(Clone, Debug)]
pub struct Config {
    advice: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    instance: Vec<Column<Instance>>,
    challenges: Vec<Challenge>,
    selectors: Vec<Selector>,
}

/// A random circuit with its witness.
#[derive(Clone, Debug)]
pub struct Random(pub Spec);

impl Circuit<Fr> for Random {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Spec;

    fn params(&self) -> Spec {
        self.0.clone()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("configured with parameters")
    }

    fn configure_with_params(cs: &mut ConstraintSystem<Fr>, spec: Spec) -> Config {
        let mut advice = Vec::new();
        let mut challenges = vec![None; spec.challenges.len()];
        for phase in 0..3 {
            for (of, _) in &spec.columns {
                if *of == phase {
                    advice.push(match phase {
                        0 => cs.advice_column_in(FirstPhase),
                        1 => cs.advice_column_in(SecondPhase),
                        _ => cs.advice_column_in(ThirdPhase),
                    });
                }
            }
            for (i, of) in spec.challenges.iter().enumerate() {
                if *of == phase {
                    challenges[i] = Some(match phase {
                        0 => cs.challenge_usable_after(FirstPhase),
                        1 => cs.challenge_usable_after(SecondPhase),
                        _ => cs.challenge_usable_after(ThirdPhase),
                    });
                }
            }
        }
        let challenges: Vec<Challenge> = challenges.into_iter().map(Option::unwrap).collect();
        let fixed: Vec<_> = spec.fixed.iter().map(|_| cs.fixed_column()).collect();
        let instance: Vec<_> = spec.instances.iter().map(|_| cs.instance_column()).collect();
        let config = Config { advice, fixed, instance, challenges, selectors: vec![] };
        for (from, to) in &spec.copies {
            for place in [from, to] {
                cs.enable_equality(config.column(*place).0);
            }
        }
        let mut selectors = Vec::new();
        for (c, (_, source)) in spec.columns.iter().enumerate() {
            let Source::Derived { value, complex, .. } = source else { continue };
            let s = if *complex { cs.complex_selector() } else { cs.selector() };
            selectors.push(s);
            cs.create_gate("derived", |meta| {
                let s = meta.query_selector(s);
                let target = meta.query_advice(config.advice[c], Rotation::cur());
                let sum = value.iter().fold(Expression::Constant(Fr::ZERO), |sum, (f, reads)| {
                    let term = reads.iter().fold(Expression::Constant(*f), |term, read| {
                        term * match *read {
                            Read::Advice(c, r) => meta.query_advice(config.advice[c], Rotation(r)),
                            Read::Fixed(c, r) => meta.query_fixed(config.fixed[c], Rotation(r)),
                            Read::Instance(c, r) => {
                                meta.query_instance(config.instance[c], Rotation(r))
                            }
                            Read::Challenge(c) => meta.query_challenge(config.challenges[c]),
                        }
                    });
                    sum + term
                });
                vec![s * (target - sum)]
            });
        }
        Config { selectors, ..config }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let spec = &self.0;
        let phases = spec.columns.iter().map(|c| c.0).max().unwrap_or(0);
        layouter.assign_region(
            || "all",
            |mut region| {
                for (column, values) in config.fixed.iter().zip(&spec.fixed) {
                    for (row, x) in values.iter().enumerate() {
                        region.assign_fixed(*column, row, *x);
                    }
                }
                for (selector, rows) in config.selectors.iter().zip(&spec.selectors) {
                    for row in rows {
                        selector.enable(&mut region, *row)?;
                    }
                }
                for phase in 0..=phases {
                    self.assign(&config, &mut region, phase);
                    if spec.crossing && phase < phases {
                        region.next_phase();
                    }
                }
                for (from, to) in &spec.copies {
                    let cell = |place| {
                        let (column, row_offset) = config.column(place);
                        Cell { row_offset, column }
                    };
                    region.constrain_equal(cell(*from), cell(*to));
                }
                Ok(())
            },
        )
    }
}

impl Config {
    fn column(&self, place: Place) -> (Column<Any>, usize) {
        match place {
            Place::Advice(c, r) => (self.advice[c].into(), r),
            Place::Fixed(c, r) => (self.fixed[c].into(), r),
            Place::Instance(c, r) => (self.instance[c].into(), r),
        }
    }
}

impl Random {
    fn assign(&self, config: &Config, region: &mut Region<'_, Fr>, phase: u8) {
        let spec = &self.0;
        // In a synthesis for an earlier phase there is nothing to assign yet.
        let mut known = true;
        let challenges: Vec<Fr> = (0..config.challenges.len())
            .map(|i| {
                let mut out = None;
                let _ = region.get_challenge(config.challenges[i]).map(|x| out = Some(x));
                known &= out.is_some() || spec.challenges[i] >= phase;
                out.unwrap_or(Fr::ZERO)
            })
            .collect();
        let advice = spec.advice(phase, &challenges);
        for (c, (of, _)) in spec.columns.iter().enumerate() {
            if *of == phase {
                for (row, x) in advice[c].iter().enumerate().filter(|_| known) {
                    region.assign_advice(config.advice[c], row, Value::known(*x));
                }
            }
        }
    }
}

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Parameters and key of a circuit.
pub fn keys(spec: &Spec, fold: usize) -> (Srs, ProvingKey) {
    let srs = Srs::insecure(spec.k, fold, 5, rng(spec.seed)).unwrap();
    let circuit = Random(spec.clone());
    let pk = ProvingKey::new(&srs, &circuit, &spec.public_inputs(), Cosets::Kept).unwrap();
    (srs, pk)
}

/// r − 1 as big-endian bytes: the largest scalar.
pub fn largest() -> [u8; 32] {
    let mut out: [u8; 32] = (-Fr::ONE).to_repr().as_ref().try_into().unwrap();
    out.reverse();
    out
}
