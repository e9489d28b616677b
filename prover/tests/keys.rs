//! Keys, proofs and the cache, on a small circuit: what is accepted, and every wrong file refused with
//! its own reason.

mod common;

use std::{fs, path::Path, sync::Mutex};

use common::{Params, ProductAndSum};
use halo2_proofs::halo2curves::bn256::Fr;
use zkdkim::{
    artefact::{self, Artefact, ArtefactKind, Sha256Digest},
    files::Overwrite,
    keys::{cache::Reuse, KeyCache, ProverKey, VerifierKey},
    progress::{Progress, Silent},
    prove::{prove, with_threads},
    srs::{Srs, SrsKind},
    verify::verify,
    Error,
};

type Prover = ProverKey<ProductAndSum>;
type Verifier = VerifierKey<ProductAndSum>;

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
    let proof = prove(&srs, &key, circuit, &instances, &Silent).unwrap();
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
    let error = prove(&srs, &key, circuit.clone(), &instances, &Silent).unwrap_err();
    assert!(matches!(error, Error::Proving { .. }), "{error}");
    let error = prove(&srs, &key, circuit, &instances[..1], &Silent).unwrap_err();
    assert!(matches!(error, Error::InstanceCount { .. }), "{error}");
}

#[test]
fn the_digest_of_a_key_is_stable() {
    let params = Params::default();
    let (_, one) = setup(params);
    let (_, two) = with_threads(Some(1), || setup(params)).unwrap();
    assert_eq!(one.verifier().sha256(), two.verifier().sha256());
    let (_, other) = setup(Params { doubled: true, ..params });
    assert_ne!(one.verifier().sha256(), other.verifier().sha256());
}

#[test]
fn keys_read_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let (pk, vk) = (folder.path().join("k.pk"), folder.path().join("k.vk"));
    let params = Params::default();
    let (srs, key) = setup(params);
    key.write(&pk, Overwrite::Never).unwrap();
    key.verifier().write(&vk, Overwrite::Never).unwrap();

    let again = Prover::read(&pk, &params).unwrap();
    let verifier = Verifier::read(&vk, &params).unwrap();
    assert_eq!(verifier.sha256(), key.verifier().sha256());
    assert_eq!(again.verifier().sha256(), key.verifier().sha256());
    assert_eq!(verifier.vk().transcript_repr(), key.verifier().vk().transcript_repr());
    let (circuit, instances) = ProductAndSum::new(params, 3, 5);
    let proof = prove(&srs, &again, circuit, &instances, &Silent).unwrap();
    verify(&verifier, &instances, &proof).unwrap();
    assert!(matches!(key.write(&pk, Overwrite::Never), Err(Error::Exists { .. })));
}

/// Writes an artefact whose digests are right.
fn forge(path: &Path, from: &Artefact, change: impl FnOnce(&mut Vec<u8>)) {
    let mut payload = from.payload().to_vec();
    change(&mut payload);
    artefact::write(path, Overwrite::Replace, from.header(), &payload).unwrap();
}

#[test]
fn rejects_keys_of_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k");
    let params = Params::default();
    let (_, key) = setup(params);
    key.verifier().write(&path, Overwrite::Replace).unwrap();
    let read = |params: &Params| Verifier::read(&path, params).unwrap_err();
    assert!(matches!(read(&Params { doubled: true, ..params }), Error::WrongCircuit { .. }));
    assert!(matches!(read(&Params { k: 6, ..params }), Error::WrongCircuit { .. }));
    assert!(matches!(Prover::read(&path, &params), Err(Error::WrongArtefactKind { .. })));

    let (other_srs, _) = setup(Params { k: 6, ..params });
    let wrong_k = Verifier::generate(&other_srs, &params).unwrap_err();
    assert!(matches!(wrong_k, Error::WrongK { expected: 5, got: 6 }), "{wrong_k}");
    let (circuit, instances) = ProductAndSum::new(params, 6, 7);
    let wrong_srs = prove(&other_srs, &key, circuit, &instances, &Silent).unwrap_err();
    assert!(matches!(wrong_srs, Error::WrongSrs { .. }), "{wrong_srs}");

    // A proof for another key.
    let variant = Params { doubled: true, ..params };
    let (srs, other) = setup(variant);
    let (circuit, instances) = ProductAndSum::new(variant, 6, 7);
    let proof = prove(&srs, &other, circuit, &instances, &Silent).unwrap();
    let error = verify(key.verifier(), &instances, &proof).unwrap_err();
    assert!(matches!(error, Error::InvalidProof { .. }), "{error}");
}

#[test]
fn rejects_verifying_keys_that_are_well_packed_and_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.vk");
    let params = Params::default();
    let (_, key) = setup(params);
    key.verifier().write(&path, Overwrite::Replace).unwrap();
    let good = Artefact::read(&path, ArtefactKind::VerifyingKey).unwrap();
    let circuit = u32::from_le_bytes(good.payload()[..4].try_into().unwrap()) as usize;
    let point = 4 + circuit;
    let halo2 = point + 128;

    let read = |change: &dyn Fn(&mut Vec<u8>)| {
        forge(&path, &good, change);
        Verifier::read(&path, &params).unwrap_err()
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
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.vk");
    let params = Params::default();
    let (_, key) = setup(params);
    key.verifier().write(&path, Overwrite::Replace).unwrap();
    let good = Artefact::read(&path, ArtefactKind::VerifyingKey).unwrap();
    // Two selectors of 32 rows each.
    for bit in 0..2 * 32 {
        let mut payload = good.payload().to_vec();
        let at = payload.len() - 8 + bit / 8;
        payload[at] ^= 1 << (bit % 8);
        let mut header = good.header().clone();
        header.vk_sha256 = Sha256Digest::of(&payload);
        artefact::write(&path, Overwrite::Replace, &header, &payload).unwrap();
        let error = Verifier::read(&path, &params).unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "bit {bit}: {error}");
        assert!(error.to_string().contains("selectors"), "bit {bit}: {error}");
    }
}

#[test]
fn rejects_proving_keys_that_are_well_packed_and_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.pk");
    let params = Params::default();
    let (srs, key) = setup(params);
    key.write(&path, Overwrite::Replace).unwrap();
    let good = Artefact::read(&path, ArtefactKind::ProvingKey).unwrap();
    let read = |change: &dyn Fn(&mut Vec<u8>)| {
        forge(&path, &good, change);
        Prover::read(&path, &params)
    };
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
    let error = prove(&srs, &bad, circuit, &instances, &Silent).unwrap_err();
    assert!(matches!(error, Error::Proving { .. }), "{error}");
    // The payload as such: damage is found by its digest.
    key.write(&path, Overwrite::Replace).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(Prover::read(&path, &params), Err(Error::Damaged { part: "payload", .. })));
    fs::write(&path, &bytes[..last]).unwrap();
    assert!(matches!(Prover::read(&path, &params), Err(Error::Truncated { .. })));
}

#[test]
fn a_relabelled_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k.vk");
    let params = Params::default();
    let (_, key) = setup(params);
    key.verifier().write(&path, Overwrite::Replace).unwrap();
    let good = Artefact::read(&path, ArtefactKind::VerifyingKey).unwrap();
    let mut header = good.header().clone();
    header.srs_kind = SrsKind::Ceremony {
        name: "hermez".into(),
        file: "powersOfTau28_hez_final_14.ptau".into(),
        blake2b512: "00".repeat(64),
    };
    artefact::write(&path, Overwrite::Replace, &header, good.payload()).unwrap();
    let error = Verifier::read(&path, &params).unwrap_err();
    assert!(matches!(error, Error::Srs { .. }), "{error}");
}

/// Remembers what the user would see.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Progress for Notes {
    fn start(&self, step: &str, _: Option<u64>) {
        self.0.lock().unwrap().push(step.into());
    }
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(format!("note: {text}"));
    }
}

impl Notes {
    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join("\n")
    }
}

#[test]
fn the_cache_makes_keeps_and_repairs() {
    let folder = tempfile::tempdir().unwrap();
    let cache = KeyCache::open(&folder.path().join("a").join("b")).unwrap();
    let params = Params::default();
    let notes = Notes::default();
    let key = |reuse| {
        let srs = cache.insecure_dev_srs(params.k, &notes).unwrap();
        cache.prover_key::<ProductAndSum>(&srs, &params, reuse, &notes).unwrap()
    };
    assert!(matches!(cache.default_srs(), Err(Error::NoSrs { .. })));
    let first = key(Reuse::Cached);
    assert!(notes.take().contains("making the proving key"));
    let second = key(Reuse::Cached);
    assert_eq!(first.verifier().sha256(), second.verifier().sha256());
    assert!(!notes.take().contains("making"));
    key(Reuse::Rebuild);
    assert!(notes.take().contains("making the proving key"));

    // Damage: noted, repaired.
    let pk = cache.key_path::<ProductAndSum>(&SrsKind::InsecureDev, &params, "pk").unwrap();
    let srs_path = cache.srs_path(&SrsKind::InsecureDev, params.k);
    for path in [&pk, &srs_path] {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
        assert_eq!(key(Reuse::Cached).verifier().sha256(), first.verifier().sha256());
        let seen = notes.take();
        assert!(seen.contains("note: ") && seen.contains("damaged"), "{seen}");
        key(Reuse::Cached);
        assert!(!notes.take().contains("note"));
    }
    // The verifying key of the default SRS.
    let srs = cache.insecure_dev_srs(params.k, &notes).unwrap();
    cache.set_default_srs(&srs).unwrap();
    let read = || cache.verifier_key::<ProductAndSum>(&params, &notes).unwrap().sha256();
    assert_eq!(read(), first.verifier().sha256());
    let vk = cache.key_path::<ProductAndSum>(&SrsKind::InsecureDev, &params, "vk").unwrap();
    fs::write(&vk, b"ZKDKIM01").unwrap();
    assert_eq!(read(), first.verifier().sha256());
    assert!(notes.take().contains("truncated"));
    // Nothing but whole files is left.
    let names: Vec<_> = fs::read_dir(vk.parent().unwrap()).unwrap().flatten().collect();
    assert_eq!(names.len(), 2);
}

#[test]
fn two_processes_at_once_make_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let params = Params::default();
    let digests: Vec<Sha256Digest> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let cache = KeyCache::open(folder.path()).unwrap();
                    let srs = cache.insecure_dev_srs(params.k, &Silent).unwrap();
                    let reuse = Reuse::Cached;
                    cache
                        .prover_key::<ProductAndSum>(&srs, &params, reuse, &Silent)
                        .unwrap()
                        .verifier()
                        .sha256()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
}
