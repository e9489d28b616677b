//! The cache of SRS and keys, on a small circuit: what it makes, keeps and repairs.

#[allow(dead_code, reason = "the tests of keys use the rest")]
#[path = "../../../plonk/tests/common/mod.rs"]
mod common;

use std::{fs, sync::Mutex};

use common::{Params, ProductAndSum};
use zkdkim_plonk::{
    digest::Sha256Digest,
    kinds::SrsKind,
    progress::{Progress, Silent},
};
use zkdkim_store::{binary::read_verifier_key, Error, KeyCache, Reuse};

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
        let srs = cache.insecure_dev_srs(params.k, params.fold, &notes).unwrap();
        cache.prover_key::<ProductAndSum>(&srs, &params, reuse, &notes).unwrap()
    };
    assert!(matches!(cache.default_srs(), Err(Error::NoSrs { .. })));
    let first = key(Reuse::Cached);
    assert!(notes.take().contains("making the keys"));
    let second = key(Reuse::Cached);
    assert_eq!(first.verifier().sha256(), second.verifier().sha256());
    assert!(!notes.take().contains("making"));
    key(Reuse::Rebuild);
    assert!(notes.take().contains("making the keys"));

    // Damage: noted, repaired.
    let vk = cache.key_path::<ProductAndSum>(&SrsKind::InsecureDev, &params).unwrap();
    let srs_path = cache.srs_path(&SrsKind::InsecureDev, params.k, params.fold);
    for path in [&vk, &srs_path] {
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
    let srs = cache.insecure_dev_srs(params.k, params.fold, &notes).unwrap();
    cache.set_default_srs(&srs).unwrap();
    let read = || cache.verifier_key::<ProductAndSum>(&params, &notes).unwrap().sha256();
    assert_eq!(read(), first.verifier().sha256());
    fs::write(&vk, b"ZKDKIM01").unwrap();
    assert_eq!(read(), first.verifier().sha256());
    assert!(notes.take().contains("truncated"));
    // Nothing but whole files is left.
    let names: Vec<_> = fs::read_dir(vk.parent().unwrap()).unwrap().flatten().collect();
    assert_eq!(names.len(), 1);
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
                    let srs = cache.insecure_dev_srs(params.k, params.fold, &Silent).unwrap();
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

#[test]
fn a_file_that_is_no_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.vk");
    fs::write(&path, b"hello, I am a text").unwrap();
    let error = read_verifier_key::<ProductAndSum>(&path, &Params::default()).unwrap_err();
    assert!(matches!(error, Error::Content { .. }), "{error}");
    assert!(error.to_string().contains("some.vk"), "{error}");
}
