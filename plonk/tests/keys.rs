//! Keys and proofs on a small circuit: what is accepted, and every wrong file refused with its own reason.

use crate::common::{Params, ProductAndSum};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::{
    container::{Container, ContainerHeader, EncodedContainer},
    digest::Sha256Digest,
    halo2curves::bn256::Fr,
    keys::{ProverKey, VerifierKey},
    kinds::{ContainerKind, SrsKind},
    progress::Silent,
    prove,
    srs::Srs,
    verify::verify,
    Error, Result,
};

type Prover = ProverKey<ProductAndSum>;
type Verifier = VerifierKey<ProductAndSum>;

/// Blinding from a fixed seed.
fn prove(srs: &Srs, key: &Prover, circuit: ProductAndSum, instances: &[Fr]) -> Result<Vec<u8>> {
    let rng = ChaCha20Rng::seed_from_u64(5);
    prove::prove(srs, key, circuit, instances, rng, &Silent)
}

/// The file of a key, as read from disk.
fn container(file: EncodedContainer, kind: ContainerKind) -> Container {
    Container::from_bytes(file.into_bytes(), kind).unwrap()
}

fn packed(header: &ContainerHeader, payload: Vec<u8>) -> Container {
    container(EncodedContainer::new(header, payload).unwrap(), header.kind)
}

/// The same file with another payload, its digests right.
fn forge(from: &Container, change: impl FnOnce(&mut Vec<u8>)) -> Container {
    let mut payload = from.payload().to_vec();
    change(&mut payload);
    packed(from.header(), payload)
}

fn verifier_file(key: &Prover) -> Container {
    container(key.verifier().to_container().unwrap(), ContainerKind::VerifyingKey)
}

fn prover_file(key: &Prover) -> Container {
    container(key.to_container().unwrap(), ContainerKind::ProvingKey)
}

fn setup(params: Params) -> (Srs, Prover) {
    let srs = Srs::insecure_dev(params.k).unwrap();
    let key = Prover::generate(&srs, &params, &Silent).unwrap();
    (srs, key)
}

#[test]
fn proves_and_verifies() {
    let params = Params::default();
    let (srs, key) = setup(params);
    let (circuit, instances) = ProductAndSum::new(params, 6, 7);
    let proof = prove(&srs, &key, circuit, &instances).unwrap();
    verify(key.verifier(), &instances, &proof).unwrap();

    // Every instance, and every byte of the proof, counts.
    for i in 0..2 {
        let mut other = instances;
        other[i] += Fr::one();
        let error = verify(key.verifier(), &other, &proof).unwrap_err();
        assert!(matches!(error, Error::InvalidProof { .. }), "{error}");
    }
    for at in 0..proof.len() {
        let mut bad = proof.clone();
        bad[at] ^= 1 << (at % 8);
        let error = verify(key.verifier(), &instances, &bad).unwrap_err();
        assert!(matches!(error, Error::InvalidProof { .. }), "byte {at}: {error}");
    }
    for bad in [&proof[..proof.len() - 1], &proof[..0], &[&proof[..], &[0]].concat()] {
        let error = verify(key.verifier(), &instances, bad).unwrap_err();
        assert!(matches!(error, Error::InvalidProof { .. }), "{error}");
    }
    // halo2 would pad missing public inputs with zeros.
    for bad in [&instances[..1], &[instances[0], instances[1], Fr::zero()], &[]] {
        let error = verify(key.verifier(), bad, &proof).unwrap_err();
        assert!(matches!(error, Error::InstanceCount { expected: 2, .. }), "{error}");
    }
}

#[test]
fn an_unsatisfied_circuit_gives_no_proof() {
    let params = Params::default();
    let (srs, key) = setup(params);
    let (circuit, mut instances) = ProductAndSum::new(params, 6, 7);
    instances[0] += Fr::one();
    let error = prove(&srs, &key, circuit.clone(), &instances).unwrap_err();
    assert!(matches!(error, Error::Proving { .. }), "{error}");
    let error = prove(&srs, &key, circuit, &instances[..1]).unwrap_err();
    assert!(matches!(error, Error::InstanceCount { .. }), "{error}");
}

#[test]
fn the_digest_of_a_key_is_stable() {
    let params = Params::default();
    let (_, one) = setup(params);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (_, two) = pool.install(|| setup(params));
    assert_eq!(one.verifier().sha256(), two.verifier().sha256());
    let (_, other) = setup(Params { doubled: true, ..params });
    assert_ne!(one.verifier().sha256(), other.verifier().sha256());
}

#[test]
fn keys_read_as_they_were_written() {
    let params = Params::default();
    let (srs, key) = setup(params);
    let again = Prover::from_container(&prover_file(&key), &params).unwrap();
    let verifier = Verifier::from_container(&verifier_file(&key), &params).unwrap();
    assert_eq!(verifier.sha256(), key.verifier().sha256());
    assert_eq!(again.verifier().sha256(), key.verifier().sha256());
    assert_eq!(verifier.vk().transcript_repr(), key.verifier().vk().transcript_repr());
    let (circuit, instances) = ProductAndSum::new(params, 3, 5);
    let proof = prove(&srs, &again, circuit, &instances).unwrap();
    verify(&verifier, &instances, &proof).unwrap();
}

#[test]
fn rejects_keys_of_something_else() {
    let params = Params::default();
    let (_, key) = setup(params);
    let file = verifier_file(&key);
    let read = |params: &Params| Verifier::from_container(&file, params).unwrap_err();
    assert!(matches!(read(&Params { doubled: true, ..params }), Error::WrongCircuit { .. }));
    assert!(matches!(read(&Params { k: 6, ..params }), Error::WrongCircuit { .. }));
    let bytes = key.verifier().to_container().unwrap().into_bytes();
    let wrong_kind = Container::from_bytes(bytes, ContainerKind::ProvingKey).unwrap_err();
    assert!(matches!(wrong_kind, Error::WrongContainerKind { .. }), "{wrong_kind}");

    let (other_srs, _) = setup(Params { k: 6, ..params });
    let wrong_k = Verifier::generate(&other_srs, &params).unwrap_err();
    assert!(matches!(wrong_k, Error::WrongK { expected: 5, got: 6 }), "{wrong_k}");
    let (circuit, instances) = ProductAndSum::new(params, 6, 7);
    let wrong_srs = prove(&other_srs, &key, circuit, &instances).unwrap_err();
    assert!(matches!(wrong_srs, Error::WrongSrs { .. }), "{wrong_srs}");

    // A proof for another key.
    let variant = Params { doubled: true, ..params };
    let (srs, other) = setup(variant);
    let (circuit, instances) = ProductAndSum::new(variant, 6, 7);
    let proof = prove(&srs, &other, circuit, &instances).unwrap();
    let error = verify(key.verifier(), &instances, &proof).unwrap_err();
    assert!(matches!(error, Error::InvalidProof { .. }), "{error}");
}

#[test]
fn rejects_verifying_keys_that_are_well_packed_and_wrong() {
    let params = Params::default();
    let (_, key) = setup(params);
    let good = verifier_file(&key);
    let circuit = u32::from_le_bytes(good.payload()[..4].try_into().unwrap()) as usize;
    let point = 4 + circuit;
    let halo2 = point + 128;

    let read = |change: &dyn Fn(&mut Vec<u8>)| {
        Verifier::from_container(&forge(&good, change), &params).unwrap_err()
    };
    assert!(matches!(read(&|p| p[6] ^= 1), Error::WrongCircuit { .. }));
    assert!(matches!(read(&|p| p[3] = 0xff), Error::Malformed { .. }));
    assert!(matches!(read(&|p| p.truncate(3)), Error::Malformed { .. }));
    assert!(matches!(read(&|p| p[point..halo2].fill(0xff)), Error::Srs { .. }));
    assert!(matches!(read(&|p| p[point..halo2].fill(0)), Error::Srs { .. }));
    type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
    let halo2_bytes: [(&str, Change<'_>); 7] = [
        ("version", &|p| p[halo2] = 3),
        ("k", &|p| p[halo2 + 1] = 31),
        ("compression", &|p| p[halo2 + 5] = 2),
        ("number of commitments", &|p| p[halo2 + 6..halo2 + 10].fill(0xff)),
        ("a commitment", &|p| p[halo2 + 10..halo2 + 42].fill(0xff)),
        ("too short", &|p| p.truncate(p.len() - 1)),
        ("too long", &|p| p.push(0)),
    ];
    for (name, change) in halo2_bytes {
        let error = read(change);
        assert!(matches!(error, Error::Malformed { .. }), "{name}: {error}");
    }
    // The same for every truncation and a sample of flips: an error, never a panic.
    for len in 0..good.payload().len() {
        read(&|p| p.truncate(len));
    }
    for at in 0..good.payload().len() {
        read(&|p| p[at] ^= 1 << (at % 8));
    }
}

/// A key has one digest. Selectors stand in the file beside the commitments to which they led; a flipped
/// bit of theirs need not change the key, so files with different digests could verify the same proofs.
#[test]
fn rejects_keys_with_other_selectors_under_their_own_digest() {
    let params = Params::default();
    let (_, key) = setup(params);
    let good = verifier_file(&key);
    // Two selectors of 32 rows each.
    for bit in 0..2 * 32 {
        let mut payload = good.payload().to_vec();
        let at = payload.len() - 8 + bit / 8;
        payload[at] ^= 1 << (bit % 8);
        let mut header = good.header().clone();
        header.vk_sha256 = Sha256Digest::of(&payload);
        let error = Verifier::from_container(&packed(&header, payload), &params).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "bit {bit}: {error}");
        assert!(error.to_string().contains("selectors"), "bit {bit}: {error}");
    }
}

#[test]
fn rejects_proving_keys_that_are_well_packed_and_wrong() {
    let params = Params::default();
    let (srs, key) = setup(params);
    let good = prover_file(&key);
    let read =
        |change: &dyn Fn(&mut Vec<u8>)| Prover::from_container(&forge(&good, change), &params);
    let len = good.payload().len();
    for (name, change) in [
        ("empty", (&|p: &mut Vec<u8>| p.clear()) as &dyn Fn(&mut Vec<u8>)),
        ("length of the verifying key", &|p| p[..8].fill(0xff)),
        ("one byte less", &|p| p.truncate(p.len() - 1)),
        ("one byte more", &|p| p.push(0)),
        ("one polynomial less", &|p| p.truncate(len - (32 << 5))),
        ("a coefficient above the modulus", &|p| p[len - 32..].fill(0xff)),
    ] {
        let error = read(change).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{name}: {error}");
    }
    // A key whose polynomials are other numbers is found when its first proof is verified.
    let vk_len = u64::from_le_bytes(good.payload()[..8].try_into().unwrap()) as usize;
    let polynomial = 32 << 5;
    // Behind l_0, l_last, l_active and the values of the fixed columns: their coefficients.
    let fixed = 8 + vk_len + (3 + key.pk().fixed_values().len()) * polynomial;
    let bad = read(&|p| p[fixed] ^= 1).unwrap();
    let (circuit, instances) = ProductAndSum::new(params, 6, 7);
    let error = prove(&srs, &bad, circuit, &instances).unwrap_err();
    assert!(matches!(error, Error::Proving { .. }), "{error}");
    // The payload as such: damage is found by its digest.
    let mut bytes = key.to_container().unwrap().into_bytes();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let kind = ContainerKind::ProvingKey;
    let error = Container::from_bytes(bytes.clone(), kind).unwrap_err();
    assert!(matches!(error, Error::Damaged { part: "payload", .. }), "{error}");
    bytes.truncate(last);
    let error = Container::from_bytes(bytes, kind).unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error}");
}

#[test]
fn a_relabelled_key_is_refused() {
    let params = Params::default();
    let (_, key) = setup(params);
    let good = verifier_file(&key);
    let mut header = good.header().clone();
    header.srs_kind = SrsKind::Ceremony {
        name: "hermez".into(),
        file: "powersOfTau28_hez_final_14.ptau".into(),
        blake2b512: "00".repeat(64),
    };
    let relabelled = packed(&header, good.payload().to_vec());
    let error = Verifier::from_container(&relabelled, &params).unwrap_err();
    assert!(matches!(error, Error::Srs { .. }), "{error}");
}
