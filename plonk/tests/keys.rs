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
    verify::{verify, verify_batch},
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

fn setup(params: Params) -> (Srs, Prover) {
    let srs = Srs::insecure_dev(params.k, params.fold).unwrap();
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
    let verifier = Verifier::from_container(&verifier_file(&key), &params).unwrap();
    assert_eq!(verifier.sha256(), key.verifier().sha256());
    assert_eq!(verifier.vk().digest(), key.verifier().vk().digest());
    let again = Prover::complete(verifier.clone(), &params, &Silent).unwrap();
    let (circuit, instances) = ProductAndSum::new(params, 3, 5);
    let proof = prove(&srs, &again, circuit.clone(), &instances).unwrap();
    verify(&verifier, &instances, &proof).unwrap();
    // The same randomness: the same proof, so nothing of the key differs.
    assert_eq!(prove(&srs, &key, circuit, &instances).unwrap(), proof);
}

#[test]
fn batches_verify_all_or_nothing() {
    let params = Params::default();
    let (srs, key) = setup(params);
    let proofs: Vec<([Fr; 2], Vec<u8>)> = [(3, 5), (6, 7), (1, 1)]
        .map(|(a, b)| {
            let (circuit, instances) = ProductAndSum::new(params, a, b);
            let proof = prove(&srs, &key, circuit, &instances).unwrap();
            (instances, proof)
        })
        .into();
    let batch = |proofs: &[([Fr; 2], Vec<u8>)]| {
        let all: Vec<(&[Fr], &[u8])> = proofs.iter().map(|(i, p)| (&i[..], &p[..])).collect();
        verify_batch(key.verifier(), &all)
    };
    batch(&proofs).unwrap();
    for i in 0..3 {
        let mut bad = proofs.clone();
        bad[i].0[0] += Fr::one();
        assert!(matches!(batch(&bad), Err(Error::InvalidProof { .. })), "{i}");
        let mut bad = proofs.clone();
        bad[i].1.pop();
        let error = batch(&bad).unwrap_err();
        assert!(error.to_string().contains(&format!("proof {i} of the batch")), "{error}");
    }
    let short = verify_batch(key.verifier(), &[(&proofs[0].0[..1], &proofs[0].1[..])]);
    assert!(matches!(short, Err(Error::InstanceCount { expected: 2, got: 1 })));
}

#[test]
fn rejects_keys_of_something_else() {
    let params = Params::default();
    let (_, key) = setup(params);
    let file = verifier_file(&key);
    let read = |params: &Params| Verifier::from_container(&file, params).unwrap_err();
    assert!(matches!(read(&Params { doubled: true, ..params }), Error::WrongCircuit { .. }));
    assert!(matches!(read(&Params { k: 6, ..params }), Error::WrongCircuit { .. }));
    assert!(matches!(read(&Params { fold: 2, ..params }), Error::WrongCircuit { .. }));
    let bytes = key.verifier().to_container().unwrap().into_bytes();
    let wrong_kind = Container::from_bytes(bytes, ContainerKind::Srs).unwrap_err();
    assert!(matches!(wrong_kind, Error::WrongContainerKind { .. }), "{wrong_kind}");

    let (other_srs, _) = setup(Params { k: 6, ..params });
    let wrong_k = Prover::generate(&other_srs, &params, &Silent).unwrap_err();
    assert!(matches!(wrong_k, Error::WrongK { expected: 5, got: 6 }), "{wrong_k}");
    let narrow = Srs::insecure_dev(params.k, 2).unwrap();
    let wrong_fold = Prover::generate(&narrow, &params, &Silent).unwrap_err();
    assert!(matches!(wrong_fold, Error::WrongFold { expected: 3, got: 2 }), "{wrong_fold}");
    let doubled = Params { doubled: true, ..params };
    let other = Prover::complete(key.verifier().clone(), &doubled, &Silent).unwrap_err();
    assert!(matches!(other, Error::Keygen { .. }), "{other}");
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
    let vk = 4 + circuit;

    let read = |change: &dyn Fn(&mut Vec<u8>)| {
        Verifier::from_container(&forge(&good, change), &params).unwrap_err()
    };
    assert!(matches!(read(&|p| p[6] ^= 1), Error::WrongCircuit { .. }));
    assert!(matches!(read(&|p| p[3] = 0xff), Error::Malformed { .. }));
    assert!(matches!(read(&|p| p.truncate(3)), Error::Malformed { .. }));
    type Change<'a> = &'a dyn Fn(&mut Vec<u8>);
    let changes: [(&str, Change<'_>); 5] = [
        ("version", &|p| p[vk] = 0),
        ("k", &|p| p[vk + 11] = 31),
        ("a coordinate above the modulus", &|p| {
            let len = p.len();
            p[len - 32..].fill(0xff);
        }),
        ("too short", &|p| p.truncate(p.len() - 1)),
        ("too long", &|p| p.push(0)),
    ];
    for (name, change) in changes {
        let error = read(change);
        assert!(matches!(error, Error::Malformed { .. }), "{name}: {error}");
    }
    // The same for every truncation and a flip of every byte: an error, never a panic.
    for len in 0..good.payload().len() {
        read(&|p| p.truncate(len));
    }
    for at in 0..good.payload().len() {
        read(&|p| p[at] ^= 1 << (at % 8));
    }
}

/// The name stands for the circuit: a key of other gates must not bear it, whatever its digest.
#[test]
fn rejects_a_key_of_other_gates_under_this_circuits_name() {
    let params = Params::default();
    let (_, key) = setup(params);
    let (_, other) = setup(Params { doubled: true, ..params });
    let name =
        |file: &Container| 4 + u32::from_le_bytes(file.payload()[..4].try_into().unwrap()) as usize;
    let (mine, theirs) = (verifier_file(&key), verifier_file(&other));
    let mut payload = mine.payload()[..name(&mine)].to_vec();
    payload.extend(&theirs.payload()[name(&theirs)..]);
    let mut header = mine.header().clone();
    header.vk_sha256 = Sha256Digest::of(&payload);
    let error = Verifier::from_container(&packed(&header, payload), &params).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("not those of the circuit"), "{error}");
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
