//! The prover. The order of its messages is the protocol's ([`super::protocol`]).
//!
//! # Hiding
//!
//! The last `blinding + 1` rows of an advice column and the last `blinding` rows of a product are uniform. A group
//! with rotations R shows, of each of its columns, |R| evaluations and, within the commitment, the value at τ^m: the
//! protocol admits no group with |R| + 1 above its columns' random rows, so all of these are independent and uniform.
//! \[H\] shows the quotient at τ, which depends on the columns at τ ω^r, points that nothing blinds. So the prover
//! commits to H = h + r with a random polynomial r of |R| + 2 coefficients, itself a column (the mask): its
//! evaluations, its value at τ^m in its group's commitment and its value at τ in \[H\] are independent and uniform, as
//! τ^m and τ differ (with fold 1 its group has fold 2). The argument with its simulator is in SOUNDNESS-folded.md.

mod opening;
mod products;
mod quotient;
mod witness;

use halo2_proofs::{
    halo2curves::{
        bn256::{Fr, G1Affine, G1},
        ff::{BatchInvert, Field},
        group::{prime::PrimeCurveAffine, Curve, Group as _},
    },
    plonk::Circuit,
};
use rand::{CryptoRng, RngCore};

use super::{
    domain::{evaluate, powers},
    error::{Error, Result},
    keygen::ProvingKey,
    parallel,
    program::{Challenges, Program},
    protocol::{Column, Group},
    srs::Srs,
    transcript::{Transcript, Writer},
};
use witness::EndOfPhase;

/// Where a proof is, in the order of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Synthesis of the circuit, with the commitments of its columns at the end of each phase.
    Witness,
    /// Grand products, mask and late columns with their commitments.
    Products,
    /// From values to coefficients.
    Coefficients,
    /// The quotient.
    Quotient,
    /// Its commitment.
    QuotientCommitment,
    /// Evaluations.
    Evaluations,
    /// W with its commitment.
    FirstOpening,
    /// W' with its commitment.
    SecondOpening,
}

impl Stage {
    /// How many there are; a proof enters each once.
    pub const COUNT: u64 = 8;
}

/// Coefficients of everything that the prover commits to.
struct Columns {
    advice: Vec<Vec<Fr>>,
    products: Vec<Vec<Fr>>,
    instance: Vec<Vec<Fr>>,
    mask: Vec<Fr>,
}

impl Columns {
    fn get<'a>(&'a self, pk: &'a ProvingKey, column: &Column) -> &'a [Fr] {
        match column {
            Column::Advice(i) => &self.advice[*i as usize],
            Column::Product(i) => &self.products[*i as usize],
            Column::Instance(i) => &self.instance[*i as usize],
            Column::Mask => &self.mask,
            Column::Fixed(i) => &pk.fixed[*i as usize],
            Column::Sigma(i) => &pk.sigma[*i as usize],
        }
    }
}

fn send(writer: &mut Writer, points: &[G1]) -> Result<()> {
    let mut affine = vec![G1Affine::identity(); points.len()];
    G1::batch_normalize(points, &mut affine);
    if affine.iter().any(|p| p.is_identity().into()) {
        return Err(Error::Unlucky { what: "a commitment is the point at infinity" });
    }
    affine.iter().for_each(|p| writer.point(p));
    Ok(())
}

/// Proves the circuit with its witness for these public inputs, one slice for each instance column.
///
/// Whether the witness satisfies the circuit is not checked: a proof of an unsatisfied one is refused by the verifier.
///
/// # Errors
/// [`Error::PublicInputs`]; [`Error::OtherCircuit`] and [`Error::OtherParameters`] where things do not belong together;
/// [`Error::Synthesis`], [`Error::Row`] and [`Error::UnknownWitness`] from the circuit.
pub fn prove<C: Circuit<Fr>>(
    srs: &Srs,
    pk: &ProvingKey,
    circuit: &C,
    public_inputs: &[&[Fr]],
    rng: impl RngCore + CryptoRng + Send + Sync,
) -> Result<Vec<u8>> {
    prove_observed(srs, pk, circuit, public_inputs, rng, &mut |_| {})
}

/// [`prove`], which calls `enter` as each stage begins: for progress and measurements.
///
/// # Errors
/// Those of [`prove`].
pub fn prove_observed<C: Circuit<Fr>>(
    srs: &Srs,
    pk: &ProvingKey,
    circuit: &C,
    public_inputs: &[&[Fr]],
    rng: impl RngCore + CryptoRng + Send + Sync,
    enter: &mut dyn FnMut(Stage),
) -> Result<Vec<u8>> {
    let shape = pk.vk.protocol().shape();
    let witness = |end: EndOfPhase<'_>| witness::synthesize(circuit, shape, public_inputs, end);
    prove_witness(srs, pk, witness, public_inputs, rng, enter)
}

/// [`prove_observed`], which drops the circuit with its witness as soon as its columns are filled.
pub(crate) fn prove_taking<C: Circuit<Fr>>(
    srs: &Srs,
    pk: &ProvingKey,
    circuit: C,
    public_inputs: &[&[Fr]],
    rng: impl RngCore + CryptoRng + Send + Sync,
    enter: &mut dyn FnMut(Stage),
) -> Result<Vec<u8>> {
    let shape = pk.vk.protocol().shape();
    let witness =
        move |end: EndOfPhase<'_>| witness::synthesize(&circuit, shape, public_inputs, end);
    prove_witness(srs, pk, witness, public_inputs, rng, enter)
}

/// Columns of advice and the circuit's challenges.
type Witness = (Vec<Vec<Fr>>, Vec<Fr>);

fn prove_witness(
    srs: &Srs,
    pk: &ProvingKey,
    synthesize: impl FnOnce(EndOfPhase<'_>) -> Result<Witness>,
    public_inputs: &[&[Fr]],
    mut rng: impl RngCore + CryptoRng + Send + Sync,
    enter: &mut dyn FnMut(Stage),
) -> Result<Vec<u8>> {
    let protocol = pk.vk.protocol();
    let shape = protocol.shape();
    check_parameters(srs, pk)?;
    let got: Vec<usize> = public_inputs.iter().map(|column| column.len()).collect();
    if got != shape.public_inputs {
        return Err(Error::PublicInputs { expected: shape.public_inputs.clone(), got });
    }
    let n = shape.rows();
    let mut writer = Writer {
        transcript: Transcript::new(pk.vk.digest(), public_inputs),
        proof: Vec::with_capacity(protocol.proof_len()),
    };

    // Advice, phase by phase.
    enter(Stage::Witness);
    let mut sent = Ok(());
    let (advice, challenges) = {
        let mut end_of_phase = |phase: usize, advice: &mut [Vec<Fr>]| {
            for column in
                (0..advice.len()).filter(|i| usize::from(shape.advice_phases[*i]) == phase)
            {
                let random = &mut advice[column][n - shape.blinding - 1..];
                random.iter_mut().for_each(|x| *x = Fr::random(&mut rng));
            }
            let round = &protocol.rounds()[phase];
            let points = parallel::map(&round.groups, |g| commit_advice(srs, g, advice));
            if let Err(error) = send(&mut writer, &points) {
                sent = Err(error);
            }
            let draw = |i: &u32| (*i as usize, writer.transcript.challenge());
            round.challenges.iter().map(draw).collect()
        };
        synthesize(&mut end_of_phase)?
    };
    sent?;

    // Products, mask, late columns.
    enter(Stage::Products);
    let mut instance = vec![vec![Fr::ZERO; n]; public_inputs.len()];
    for (column, values) in instance.iter_mut().zip(public_inputs) {
        column[..values.len()].copy_from_slice(values);
    }
    let [beta, gamma] = if protocol.permutes() {
        [writer.transcript.challenge(), writer.transcript.challenge()]
    } else {
        [Fr::ZERO; 2]
    };
    let products = products::products(pk, &advice, &instance, beta, gamma, &mut rng);
    let mask = (0..protocol.mask_coefficients()).map(|_| Fr::random(&mut rng)).collect();
    let mut columns = Columns { advice, products, instance, mask };
    let last = protocol.rounds().last().map_or(&[][..], |round| &round.groups);
    send(&mut writer, &parallel::map(last, |g| commit_last(srs, g, &columns)))?;
    let y = writer.transcript.challenge();

    enter(Stage::Coefficients);
    let all = [&mut columns.advice, &mut columns.products, &mut columns.instance];
    let mut all: Vec<&mut Vec<Fr>> = all.into_iter().flatten().collect();
    parallel::each(&mut all, |column| pk.domain.coefficients(column, &pk.backward));

    enter(Stage::Quotient);
    let program = Program::new(protocol, &Challenges { circuit: challenges, beta, gamma, y });
    let mut h = quotient::quotient(pk, &program, &columns);
    for (h, r) in h.iter_mut().zip(&columns.mask) {
        *h += r;
    }
    enter(Stage::QuotientCommitment);
    send(&mut writer, &[srs.commit(&h)])?;
    let z = writer.transcript.challenge();
    if pk.domain.vanishing(z) == Fr::ZERO {
        return Err(Error::Unlucky { what: "z lies on the domain" });
    }

    enter(Stage::Evaluations);
    let point = |r: &i32| z * pk.domain.power(i64::from(*r));
    let queries: Vec<(Column, Fr)> = protocol
        .groups()
        .flat_map(|g| g.rotations.iter().map(move |r| (g, point(r))))
        .flat_map(|(g, x)| g.columns.iter().map(move |c| (*c, x)))
        .collect();
    let evaluations = parallel::map(&queries, |(c, x)| evaluate(columns.get(pk, c), *x));
    evaluations.iter().for_each(|e| writer.scalar(e));
    let v = writer.transcript.challenge();

    enter(Stage::FirstOpening);
    let mut groups: Vec<opening::Opened<'_>> = protocol
        .groups()
        .map(|g| opening::Opened {
            fold: g.fold,
            lanes: g.columns.iter().map(|c| columns.get(pk, c)).collect(),
            points: g.rotations.iter().map(point).collect(),
        })
        .collect();
    groups.push(opening::Opened { fold: 1, lanes: vec![&h], points: vec![z] });
    let weights = powers(v, groups.len());
    let w = opening::first(&groups, &weights);
    send(&mut writer, &[srs.commit(&w)])?;
    let u = writer.transcript.challenge();

    enter(Stage::SecondOpening);
    let mut vanishing: Vec<Fr> = groups
        .iter()
        .map(|g| g.points.iter().map(|c| u.pow([g.fold as u64]) - c).product())
        .collect();
    if vanishing.contains(&Fr::ZERO) {
        return Err(Error::Unlucky { what: "u hits an opening point" });
    }
    vanishing.iter_mut().batch_invert();
    let weights: Vec<Fr> = vanishing.iter().zip(&weights).map(|(z, v)| -*z * v).collect();
    let w = opening::second(&groups, &weights, w, u);
    send(&mut writer, &[srs.commit(&w)])?;
    Ok(writer.proof)
}

fn check_parameters(srs: &Srs, pk: &ProvingKey) -> Result<()> {
    let protocol = pk.vk.protocol();
    let differs = |what| Err(Error::OtherParameters { what });
    if srs.k() != protocol.shape().k {
        return differs("the number of rows");
    }
    if srs.fold() != protocol.fold() {
        return differs("the fold");
    }
    if srs.tau_g2() != pk.vk.tau_g2() {
        return differs("the secret");
    }
    let (needed, got) = (protocol.powers(), srs.powers().len());
    if got < needed {
        return Err(Error::Powers { needed, got });
    }
    Ok(())
}

fn commit_advice(srs: &Srs, group: &Group, advice: &[Vec<Fr>]) -> G1 {
    let lane = |c: &Column| match c {
        Column::Advice(i) => &advice[*i as usize][..],
        _ => &[],
    };
    srs.commit_values(&group.columns.iter().map(lane).collect::<Vec<_>>())
}

/// A group of the last round, its columns as values, but the mask as coefficients.
fn commit_last(srs: &Srs, group: &Group, columns: &Columns) -> G1 {
    let n = 1usize << srs.k();
    let zero = vec![Fr::ZERO; n];
    let mut mask = G1::identity();
    let mut lanes: Vec<&[Fr]> = Vec::with_capacity(group.columns.len());
    for (lane, column) in group.columns.iter().enumerate() {
        lanes.push(match column {
            Column::Advice(i) => &columns.advice[*i as usize],
            Column::Product(i) => &columns.products[*i as usize],
            _ => {
                for (j, r) in columns.mask.iter().enumerate() {
                    mask += srs.powers()[lane + group.fold * j] * r;
                }
                &zero
            }
        });
    }
    srs.commit_values(&lanes) + mask
}
