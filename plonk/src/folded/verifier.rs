//! The verifier: strict about encodings, one pairing for one proof or many.

use std::collections::{BTreeSet, HashMap};

use halo2_proofs::{
    arithmetic::best_multiexp,
    halo2curves::{
        bn256::{Fr, G1Affine, G1},
        ff::{BatchInvert, Field},
        group::{prime::PrimeCurveAffine, Group as _},
    },
};
use sha3::{Digest, Keccak256};

use super::{
    domain::{powers, Domain},
    encoding::Reader,
    error::{Error, Result},
    key::VerifyingKey,
    protocol::{Column, Group, Leaf},
    srs::pairing_holds,
    transcript::{reduce, ProofReader, Transcript},
};

/// What a proof claims once everything but the pairing is checked: e(left, \[1\]_2) = e(right, \[τ\]_2).
struct Claim {
    left: G1,
    right: G1,
    /// A hash of key, public inputs and the whole proof.
    binding: [u8; 32],
}

/// Challenges of one proof.
struct Drawn {
    circuit: Vec<Fr>,
    beta: Fr,
    gamma: Fr,
    y: Fr,
    z: Fr,
    v: Fr,
    u: Fr,
}

/// A proof, read.
struct Parts {
    /// Of the groups in the order of the opening, the key's included, and of H.
    points: Vec<G1Affine>,
    evaluations: HashMap<(Column, i32), Fr>,
    drawn: Drawn,
    w: G1Affine,
    w_second: G1Affine,
    binding: [u8; 32],
}

/// Checks a proof for these public inputs, one slice for each instance column.
///
/// # Errors
/// [`Error::PublicInputs`], [`Error::ProofLength`] and [`Error::Malformed`] for what is not a proof of this key's form;
/// [`Error::Refused`] for a proof that is false.
pub fn verify(vk: &VerifyingKey, public_inputs: &[&[Fr]], proof: &[u8]) -> Result<()> {
    let claim = claim(vk, public_inputs, proof)?;
    if pairing_holds(&claim.left, &claim.right, vk.tau_g2()) {
        Ok(())
    } else {
        Err(Error::Refused)
    }
}

/// Checks many proofs under one key, all or nothing, with one pairing: their claims are added up with powers of a
/// challenge that is hashed from all of them. Nothing to check is fine.
///
/// # Errors
/// [`Error::InBatch`] with the index of the first that is malformed; [`Error::Refused`] where one is false.
pub fn verify_batch<'a>(
    vk: &VerifyingKey,
    proofs: impl IntoIterator<Item = (&'a [&'a [Fr]], &'a [u8])>,
) -> Result<()> {
    let mut claims = Vec::new();
    for (index, (public_inputs, proof)) in proofs.into_iter().enumerate() {
        let in_batch = |source| Error::InBatch { index, source: Box::new(source) };
        claims.push(claim(vk, public_inputs, proof).map_err(in_batch)?);
    }
    let mut all = Keccak256::new();
    claims.iter().for_each(|claim| all.update(claim.binding));
    let rho = reduce(&all.finalize().into());
    let (mut left, mut right) = (G1::identity(), G1::identity());
    for claim in claims.iter().rev() {
        left = left * rho + claim.left;
        right = right * rho + claim.right;
    }
    if pairing_holds(&left, &right, vk.tau_g2()) {
        Ok(())
    } else {
        Err(Error::Refused)
    }
}

fn read(vk: &VerifyingKey, public_inputs: &[&[Fr]], proof: &[u8]) -> Result<Parts> {
    let protocol = vk.protocol();
    let shape = protocol.shape();
    let got: Vec<usize> = public_inputs.iter().map(|column| column.len()).collect();
    if got != shape.public_inputs {
        return Err(Error::PublicInputs { expected: shape.public_inputs.clone(), got });
    }
    let (expected, got) = (protocol.proof_len(), proof.len());
    if expected != got {
        return Err(Error::ProofLength { expected, got });
    }
    let transcript = Transcript::new(vk.digest(), public_inputs);
    let mut r = ProofReader { transcript, proof: Reader::new(proof) };
    let mut points = Vec::with_capacity(protocol.commitments() + vk.commitments().len());
    let mut circuit = vec![Fr::ZERO; shape.challenge_phases.len()];
    let [mut beta, mut gamma] = [Fr::ZERO; 2];
    for (i, round) in protocol.rounds().iter().enumerate() {
        if i == shape.phases() && protocol.permutes() {
            (beta, gamma) = (r.challenge(), r.challenge());
        }
        for _ in &round.groups {
            points.push(r.point()?);
        }
        for challenge in &round.challenges {
            circuit[*challenge as usize] = r.challenge();
        }
    }
    let y = r.challenge();
    let h = r.point()?;
    let z = r.challenge();
    let mut evaluations = HashMap::with_capacity(protocol.evaluations());
    for group in protocol.groups() {
        for rotation in &group.rotations {
            for column in &group.columns {
                evaluations.insert((*column, *rotation), r.scalar()?);
            }
        }
    }
    let v = r.challenge();
    let w = r.point()?;
    let u = r.challenge();
    let w_second = r.point()?;
    r.proof.finish()?;
    points.extend(vk.commitments());
    points.push(h);
    let binding = r.transcript.hash();
    let drawn = Drawn { circuit, beta, gamma, y, z, v, u };
    Ok(Parts { points, evaluations, drawn, w, w_second, binding })
}

/// H(z) = N(z) / (z^n − 1) + r(z), N the identities' sum.
fn quotient_at_z(
    vk: &VerifyingKey,
    domain: &Domain,
    public_inputs: &[&[Fr]],
    parts: &Parts,
) -> Result<Fr> {
    const ON_DOMAIN: Error = Error::Challenge { what: "z lies on the domain" };
    let protocol = vk.protocol();
    let shape = protocol.shape();
    let drawn = &parts.drawn;
    let blinding = shape.blinding as i64;
    let lines = domain.lagrange(drawn.z, &[0, -blinding - 1]).ok_or(ON_DOMAIN)?;
    let active = (1..=blinding + 1).map(|i| drawn.z - domain.power(-i)).product();
    // Instance columns at each rotation at which an identity reads them.
    let mut instance: HashMap<(u32, i32), Fr> = HashMap::new();
    for leaf in protocol.identities().leaves() {
        if let Leaf::Cell(Column::Instance(i), rotation) = leaf {
            let values = public_inputs.get(i as usize).copied().unwrap_or(&[]);
            let rows: Vec<i64> = (0..values.len() as i64).collect();
            let point = drawn.z * domain.power(i64::from(rotation));
            let lagrange = domain.lagrange(point, &rows).ok_or(ON_DOMAIN)?;
            let value = values.iter().zip(lagrange).map(|(x, l)| *x * l).sum();
            instance.insert((i, rotation), value);
        }
    }
    let known =
        |column, rotation| parts.evaluations.get(&(column, rotation)).copied().unwrap_or(Fr::ZERO);
    let values = protocol.identities().evaluate(|leaf| match leaf {
        Leaf::Cell(Column::Instance(i), rotation) => {
            instance.get(&(i, rotation)).copied().unwrap_or(Fr::ZERO)
        }
        Leaf::Cell(column, rotation) => known(column, rotation),
        Leaf::Challenge(i) => drawn.circuit[i as usize],
        Leaf::Beta => drawn.beta,
        Leaf::Gamma => drawn.gamma,
        Leaf::First => lines[0],
        Leaf::Last => lines[1],
        Leaf::Active => active,
        Leaf::Point => drawn.z,
    });
    let sum =
        protocol.outputs().iter().fold(Fr::ZERO, |acc, i| acc * drawn.y + values[*i as usize]);
    let vanishing: Option<Fr> = domain.vanishing(drawn.z).invert().into();
    Ok(sum * vanishing.ok_or(ON_DOMAIN)? + known(Column::Mask, 0))
}

/// R_g(u) = Σ_r L_r(u^m) Σ_i u^i e_(i,r), the L_r over the points c_r, and 1 / Z_g(u).
fn folded_at_u(group: &Group, points: &[Fr], parts: &Parts) -> Result<(Fr, Fr)> {
    const HIT: Error = Error::Challenge { what: "u hits an opening point" };
    let u = parts.drawn.u;
    let folded = u.pow([group.fold as u64]);
    let mut denominators: Vec<Fr> = points
        .iter()
        .map(|c| {
            let others = points.iter().filter(|other| *other != c);
            others.map(|other| *c - other).product::<Fr>() * (folded - c)
        })
        .collect();
    if denominators.contains(&Fr::ZERO) {
        return Err(HIT);
    }
    denominators.iter_mut().batch_invert();
    let vanishing: Fr = points.iter().map(|c| folded - c).product();
    let mut out = Fr::ZERO;
    for (rotation, inverse) in group.rotations.iter().zip(&denominators) {
        let lanes = group.columns.iter().rev().fold(Fr::ZERO, |acc, column| {
            acc * u + parts.evaluations.get(&(*column, *rotation)).copied().unwrap_or(Fr::ZERO)
        });
        // L_r(Y) = Π_(s≠r) (Y − c_s) / Π_(s≠r) (c_r − c_s)
        out += lanes * vanishing * inverse;
    }
    Ok((out, Option::from(vanishing.invert()).ok_or(HIT)?))
}

/// Everything but the pairing: F(X) = W(X) − Σ_g v^g / Z_g(u) · (P_g(X) − R_g(u)) vanishes at u.
fn claim(vk: &VerifyingKey, public_inputs: &[&[Fr]], proof: &[u8]) -> Result<Claim> {
    let parts = read(vk, public_inputs, proof)?;
    let protocol = vk.protocol();
    let domain = Domain::new(protocol.shape().k);
    let drawn = &parts.drawn;
    let h_at_z = quotient_at_z(vk, &domain, public_inputs, &parts)?;

    let rotations: BTreeSet<i32> =
        protocol.groups().flat_map(|g| g.rotations.iter().copied()).collect();
    let points: HashMap<i32, Fr> =
        rotations.iter().map(|r| (*r, drawn.z * domain.power(i64::from(*r)))).collect();
    let groups: Vec<&Group> = protocol.groups().collect();
    let weights = powers(drawn.v, groups.len() + 1);
    let mut scalars: Vec<Fr> = Vec::with_capacity(groups.len() + 4);
    let mut constant = Fr::ZERO;
    for (group, weight) in groups.iter().zip(&weights) {
        let own: Vec<Fr> = group.rotations.iter().filter_map(|r| points.get(r).copied()).collect();
        let (value, inverse) = folded_at_u(group, &own, &parts)?;
        let scalar = *weight * inverse;
        constant += scalar * value;
        scalars.push(-scalar);
    }
    let inverse: Option<Fr> = (drawn.u - drawn.z).invert().into();
    let scalar = weights[groups.len()] * inverse.ok_or(Error::Challenge { what: "u equals z" })?;
    constant += scalar * h_at_z;
    scalars.push(-scalar);

    let mut bases = parts.points;
    bases.extend([parts.w, G1Affine::generator(), parts.w_second]);
    scalars.extend([Fr::ONE, constant, drawn.u]);
    Ok(Claim {
        left: best_multiexp(&scalars, &bases),
        right: parts.w_second.to_curve(),
        binding: parts.binding,
    })
}

#[cfg(test)]
mod tests {
    use halo2_proofs::halo2curves::bn256::G2Affine;

    use super::{
        super::encoding::{point_bytes, POINT, SCALAR},
        *,
    };

    fn known(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    /// Each challenge with the number of proof bytes before it.
    fn drawn_at(vk: &VerifyingKey, public_inputs: &[Vec<Fr>], proof: &[u8]) -> Vec<(usize, Fr)> {
        let slices: Vec<&[Fr]> = public_inputs.iter().map(|c| &c[..]).collect();
        let Parts { drawn, binding, .. } = read(vk, &slices, proof).unwrap();
        let protocol = vk.protocol();
        let (mut out, mut at) = (Vec::new(), 0);
        for (i, round) in protocol.rounds().iter().enumerate() {
            if i == protocol.shape().phases() && protocol.permutes() {
                out.extend([(at, drawn.beta), (at, drawn.gamma)]);
            }
            at += POINT * round.groups.len();
            out.extend(round.challenges.iter().map(|c| (at, drawn.circuit[*c as usize])));
        }
        out.extend([(at, drawn.y), (at + POINT, drawn.z)]);
        at += POINT + SCALAR * protocol.evaluations();
        out.extend([(at, drawn.v), (at + POINT, drawn.u), (at + 2 * POINT, reduce(&binding))]);
        assert_eq!(at + 2 * POINT, proof.len());
        out
    }

    #[test]
    fn every_challenge_depends_on_everything_before_it() {
        let key = known(include_str!("../../tests/folded/known_answer/key.hex"));
        let proof = known(include_str!("../../tests/folded/known_answer/proof.hex"));
        let vk = VerifyingKey::from_bytes(&key).unwrap();
        // What is read is not checked here, so any inputs will do.
        let counts = &vk.protocol().shape().public_inputs;
        let inputs: Vec<Vec<Fr>> = counts.iter().map(|count| vec![Fr::from(9); *count]).collect();
        let honest = drawn_at(&vk, &inputs, &proof);
        for (i, a) in honest.iter().enumerate() {
            assert!(honest[..i].iter().all(|b| a.1 != b.1), "two equal challenges");
        }
        let all_differ = |other: Vec<(usize, Fr)>, after: usize, what: &str| {
            for (i, (a, b)) in honest.iter().zip(&other).enumerate() {
                assert_eq!(a.1 == b.1, a.0 <= after, "challenge {i} after a change of {what}");
            }
        };
        // Elements of the proof: another point, another scalar.
        let first_scalar = POINT * (vk.protocol().commitments() - 2);
        let last_scalar = first_scalar + SCALAR * vk.protocol().evaluations();
        let mut at = 0;
        while at < proof.len() {
            let mut other = proof.clone();
            let scalar = (first_scalar..last_scalar).contains(&at);
            if scalar {
                other[at + SCALAR - 1] ^= 1;
            } else {
                other[at..at + POINT].copy_from_slice(&point_bytes(&G1Affine::generator()));
            }
            all_differ(drawn_at(&vk, &inputs, &other), at, &format!("the proof at {at}"));
            at += if scalar { SCALAR } else { POINT };
        }
        // Public inputs and key: before everything.
        for column in 0..inputs.len() {
            for row in 0..inputs[column].len() {
                let mut other = inputs.clone();
                other[column][row] += Fr::ONE;
                let drawn = drawn_at(&vk, &other, &proof);
                assert!(honest.iter().zip(&drawn).all(|(a, b)| a.1 != b.1));
            }
        }
        let protocol = vk.protocol().clone();
        let other = VerifyingKey::new(protocol, vk.commitments().to_vec(), G2Affine::generator());
        let drawn = drawn_at(&other, &inputs, &proof);
        assert!(honest.iter().zip(&drawn).all(|(a, b)| a.1 != b.1));
    }
}
