//! Whatever is changed in a proof, its public inputs or its key must be refused.

use super::common::{keys, rng, Random, Spec};
use halo2_proofs::halo2curves::{bn256::Fr, ff::Field};
use rand::Rng;
use zkdkim_plonk::folded::{
    protocol::Column, prove, verify, verify_batch, Cosets, Error, ProvingKey, Srs, VerifyingKey,
};

/// A circuit that has everything: three phases, copies, fixed, instance and second-phase columns.
fn rich() -> Spec {
    let rich = |spec: &Spec| {
        spec.columns.iter().any(|c| c.0 == 2)
            && spec.copies.len() > 8
            && !spec.instances.is_empty()
            && spec.fixed.len() > 1
            && spec.columns.len() > 6
    };
    (0..).map(Spec::random).find(rich).unwrap()
}

struct Case {
    spec: Spec,
    srs: Srs,
    pk: ProvingKey,
    proof: Vec<u8>,
}

impl Case {
    fn new(fold: usize) -> Self {
        let spec = rich();
        let (srs, pk) = keys(&spec, fold);
        let proof =
            prove(&srs, &pk, &Random(spec.clone()), &spec.instance_slices(), rng(1)).unwrap();
        let case = Self { spec, srs, pk, proof };
        verify(case.pk.vk(), &case.spec.instance_slices(), &case.proof).unwrap();
        case
    }

    fn check(&self, proof: &[u8]) -> Result<(), Error> {
        verify(self.pk.vk(), &self.spec.instance_slices(), proof)
    }
}

#[test]
fn every_byte_of_a_proof_counts() {
    for fold in [1, 3, 8] {
        let case = Case::new(fold);
        let mut draw = rng(7);
        for i in 0..case.proof.len() {
            let mut bad = case.proof.clone();
            bad[i] ^= 1 << draw.gen_range(0..8);
            assert!(case.check(&bad).is_err(), "fold {fold}: byte {i} may change");
        }
    }
}

#[test]
fn no_other_encoding_of_a_proof_is_accepted() {
    let case = Case::new(4);
    let commitments = case.pk.vk().protocol().commitments();
    let evaluations = case.pk.vk().protocol().evaluations();
    let first_scalar = 64 * (commitments - 2);
    for len in [0, 1, case.proof.len() - 1, case.proof.len() - 32] {
        assert!(matches!(case.check(&case.proof[..len]), Err(Error::ProofLength { .. })));
    }
    let long = [&case.proof[..], &[0]].concat();
    assert!(matches!(case.check(&long), Err(Error::ProofLength { .. })));
    let modulus = |largest: [u8; 32]| {
        let mut out = largest;
        out[31] += 1;
        out
    };
    let r = modulus(super::common::largest());
    let mut q = [0u8; 32];
    let minus_one = -halo2_proofs::halo2curves::bn256::Fq::ONE;
    q.iter_mut().rev().zip(minus_one.to_bytes()).for_each(|(to, from)| *to = from);
    let q = modulus(q);
    let add = |word: &[u8], modulus: &[u8; 32]| -> Option<Vec<u8>> {
        let (mut out, mut carry) = (word.to_vec(), 0u16);
        for (o, m) in out.iter_mut().zip(modulus).rev() {
            let sum = u16::from(*o) + u16::from(*m) + carry;
            (*o, carry) = (sum as u8, sum >> 8);
        }
        (carry == 0).then_some(out)
    };
    // Aliases s + r of scalars and x + q of coordinates, wherever they fit 32 bytes.
    let mut tried = 0;
    for word in 0..case.proof.len() / 32 {
        let at = 32 * word;
        let scalar = (first_scalar..first_scalar + 32 * evaluations).contains(&at);
        let modulus = if scalar { &r } else { &q };
        let Some(alias) = add(&case.proof[at..at + 32], modulus) else { continue };
        let mut bad = case.proof.clone();
        bad[at..at + 32].copy_from_slice(&alias);
        assert!(matches!(case.check(&bad), Err(Error::Malformed { .. })), "word {word}");
        tried += 1;
    }
    assert!(tried > 10);
    // The point at infinity, a point that is not on the curve, the negative of each point.
    for point in 0..commitments {
        let at = if point < commitments - 2 {
            64 * point
        } else {
            case.proof.len() - 64 * (commitments - point)
        };
        for change in [[0u8; 64], [1; 64]] {
            let mut bad = case.proof.clone();
            bad[at..at + 64].copy_from_slice(&change);
            let malformed =
                |e: &Error| matches!(e, Error::Malformed { at: place, .. } if *place == at);
            assert!(case.check(&bad).is_err_and(|e| malformed(&e)), "point {point}");
        }
    }
}

/// Or else the quotient could not hold the gate, and whoever checks proofs by such a key would check something else.
#[test]
fn a_gate_above_the_keys_degree_is_refused() {
    let bytes = Case::new(4).pk.vk().to_bytes();
    // Behind the magic bytes, k and the fold.
    let at = 16..20;
    let degree = u32::from_be_bytes(bytes[at.clone()].try_into().unwrap());
    assert!(degree > 3);
    for lower in 3..degree {
        let mut bad = bytes.clone();
        bad[at.clone()].copy_from_slice(&lower.to_be_bytes());
        let error = VerifyingKey::from_bytes(&bad).unwrap_err();
        let Error::Malformed { what, .. } = error else { panic!("{lower}: {error}") };
        assert_eq!(what, "a gate above the stated degree", "{lower}");
    }
}

#[test]
fn parts_of_two_proofs_do_not_mix() {
    let case = Case::new(4);
    let circuit = Random(case.spec.clone());
    let other = prove(&case.srs, &case.pk, &circuit, &case.spec.instance_slices(), rng(2)).unwrap();
    assert_ne!(case.proof, other);
    case.check(&other).unwrap();
    for word in 0..other.len() / 64 {
        let mut bad = case.proof.clone();
        bad[64 * word..64 * word + 64].copy_from_slice(&other[64 * word..64 * word + 64]);
        assert!(case.check(&bad).is_err(), "word {word} of another proof");
    }
}

#[test]
fn every_public_input_counts() {
    let case = Case::new(2);
    let good = &case.spec.instances;
    for column in 0..good.len() {
        for row in 0..good[column].len() {
            let mut bad = good.clone();
            bad[column][row] += Fr::ONE;
            let bad: Vec<&[Fr]> = bad.iter().map(|c| &c[..]).collect();
            let got = verify(case.pk.vk(), &bad, &case.proof);
            assert!(matches!(got, Err(Error::Refused)), "input {row} of column {column}");
        }
        let mut longer = good.clone();
        longer[column].push(Fr::ZERO);
        let longer: Vec<&[Fr]> = longer.iter().map(|c| &c[..]).collect();
        let got = verify(case.pk.vk(), &longer, &case.proof);
        assert!(matches!(got, Err(Error::PublicInputs { .. })));
        let circuit = Random(case.spec.clone());
        let got = prove(&case.srs, &case.pk, &circuit, &longer, rng(1));
        assert!(matches!(got, Err(Error::PublicInputs { .. })));
    }
    let got = verify(case.pk.vk(), &[], &case.proof);
    assert!(matches!(got, Err(Error::PublicInputs { .. })));
}

#[test]
fn every_byte_of_a_key_counts() {
    let case = Case::new(3);
    let bytes = case.pk.vk().to_bytes();
    let read = VerifyingKey::from_bytes(&bytes).unwrap();
    assert_eq!(read.digest(), case.pk.vk().digest());
    let instances = case.spec.instance_slices();
    verify(&read, &instances, &case.proof).unwrap();
    let (mut parsed, mut draw) = (0, rng(3));
    for i in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[i] ^= 1 << draw.gen_range(0..8);
        if let Ok(key) = VerifyingKey::from_bytes(&bad) {
            assert_eq!(key.to_bytes(), bad, "byte {i}: two encodings of one key");
            assert_ne!(key.digest(), read.digest(), "byte {i} is not in the digest");
            assert!(verify(&key, &instances, &case.proof).is_err(), "byte {i} does not count");
            parsed += 1;
        }
    }
    // Constants of gates are such fields: any other constant is another key.
    assert!(parsed > 0);
    for cut in 0..bytes.len() {
        assert!(VerifyingKey::from_bytes(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(VerifyingKey::from_bytes(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn random_bytes_never_panic() {
    let case = Case::new(3);
    let bytes = case.pk.vk().to_bytes();
    let mut draw = rng(11);
    for _ in 0..3_000 {
        let mut bad = bytes.clone();
        for _ in 0..draw.gen_range(1..9) {
            let i = draw.gen_range(0..bad.len());
            bad[i] = if draw.gen() {
                draw.gen()
            } else {
                [0, 1, 0xff, 0x7f, 0x80][draw.gen_range(0..5)]
            };
        }
        let _ = VerifyingKey::from_bytes(&bad);
        let _ = Srs::from_bytes(&bad);
    }
}

#[test]
fn a_proof_holds_under_its_own_key_and_fold_only() {
    let case = Case::new(4);
    let circuit = Random(case.spec.clone());
    let counts = case.spec.public_inputs();
    let mut other = rng(5);
    // Another secret, the same fold.
    let srs = Srs::insecure(case.spec.k, 4, 5, &mut other).unwrap();
    let pk = ProvingKey::new(&srs, &circuit, &counts, Cosets::Recomputed).unwrap();
    let instances = case.spec.instance_slices();
    assert!(matches!(verify(pk.vk(), &instances, &case.proof), Err(Error::Refused)));
    let got = prove(&srs, &case.pk, &circuit, &instances, rng(1));
    assert!(matches!(got, Err(Error::OtherParameters { what: "the secret" })));
    // Another fold.
    let srs = Srs::insecure(case.spec.k, 5, 5, &mut other).unwrap();
    let pk = ProvingKey::new(&srs, &circuit, &counts, Cosets::Recomputed).unwrap();
    assert_ne!(pk.vk().digest(), case.pk.vk().digest());
    assert!(verify(pk.vk(), &instances, &case.proof).is_err());
    let got = prove(&srs, &case.pk, &circuit, &instances, rng(1));
    assert!(matches!(got, Err(Error::OtherParameters { what: "the fold" })));
    // Another circuit.
    let foreign = Random(Spec::random(case.spec.seed + 1));
    let got = prove(&case.srs, &case.pk, &foreign, &instances, rng(1));
    assert!(matches!(got, Err(Error::OtherCircuit { .. })));
}

#[test]
fn batches_hold_only_if_every_proof_does() {
    let case = Case::new(4);
    let circuit = Random(case.spec.clone());
    let instances = case.spec.instance_slices();
    let proofs: Vec<Vec<u8>> = (0..4)
        .map(|seed| prove(&case.srs, &case.pk, &circuit, &instances, rng(20 + seed)).unwrap())
        .collect();
    let vk = case.pk.vk();
    let batch = |proofs: &[Vec<u8>]| {
        verify_batch(vk, proofs.iter().map(|proof| (&instances[..], &proof[..])))
    };
    batch(&proofs).unwrap();
    batch(&proofs[..1]).unwrap();
    batch(&[]).unwrap();
    // A false one at every place: an evaluation that is another scalar.
    for index in 0..proofs.len() {
        let mut bad = proofs.clone();
        let at = 64 * (vk.protocol().commitments() - 2) + 31;
        bad[index][at] ^= 1;
        assert!(matches!(batch(&bad), Err(Error::Refused)), "proof {index}");
        bad[index].truncate(100);
        let expected = |e: Error| matches!(e, Error::InBatch { index: i, .. } if i == index);
        assert!(batch(&bad).is_err_and(expected), "proof {index}");
    }
    // Two wrong openings that would cancel in a plain sum: W' + D and W' − D.
    let mut bad = proofs.clone();
    shift_last_point(&mut bad[0], false);
    shift_last_point(&mut bad[1], true);
    assert!(matches!(batch(&bad), Err(Error::Refused)));
}

/// Adds the generator to the last point of a proof, or subtracts it.
fn shift_last_point(proof: &mut [u8], subtract: bool) {
    use halo2_proofs::halo2curves::{
        bn256::{Fq, G1Affine},
        ff::PrimeField,
        group::{prime::PrimeCurveAffine, Curve},
        CurveAffine,
    };
    let at = proof.len() - 64;
    let coordinate = |bytes: &[u8]| {
        let mut repr = <Fq as PrimeField>::Repr::default();
        repr.as_mut().iter_mut().rev().zip(bytes).for_each(|(to, from)| *to = *from);
        Fq::from_repr(repr).unwrap()
    };
    let (x, y) = proof[at..].split_at(32);
    let p = G1Affine::from_xy(coordinate(x), coordinate(y)).unwrap();
    let one = G1Affine::generator().to_curve();
    let step = if subtract { -one } else { one };
    let p = (p + step).to_affine();
    for (to, from) in [(at, p.x), (at + 32, p.y)] {
        proof[to..to + 32].iter_mut().rev().zip(from.to_bytes()).for_each(|(to, from)| *to = from);
    }
}

#[test]
fn the_mask_stands_where_it_hides_the_quotient() {
    for fold in [1, 2, 8] {
        let case = Case::new(fold);
        let protocol = case.pk.vk().protocol();
        let group = protocol.groups().find(|g| g.columns.contains(&Column::Mask)).unwrap();
        // With fold 1 the commitment would fix the mask at τ, where it hides the quotient.
        assert!(group.fold >= 2);
        assert_eq!(protocol.mask_coefficients(), group.rotations.len() + 2);
    }
}
