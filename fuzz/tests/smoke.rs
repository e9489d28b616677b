//! Every target on its corpus and on seeded mutations of it: what a short run of the fuzzer finds,
//! with nothing but the pinned compiler.

use std::{fs, path::Path};

use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use zkdkim_fuzz::{Target, TARGETS};

const SEED: u64 = 0x7a6b;
/// Longer mutations are cut.
const MAX_BYTES: usize = 8192;

fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file of the corpus")).collect()
}

/// One to four changes of the kinds that libFuzzer makes.
fn mutate(corpus: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = corpus.choose(rng).expect("a corpus").clone();
    for _ in 0..rng.gen_range(1..=4) {
        let at = rng.gen_range(0..=bytes.len());
        let end = (at + rng.gen_range(0..=8)).min(bytes.len());
        match rng.gen_range(0..6) {
            0 => drop(bytes.drain(at..end)),
            1 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            2 => {
                let other = corpus.choose(rng).expect("a corpus");
                let from = rng.gen_range(0..=other.len());
                let to = (from + rng.gen_range(0..=32)).min(other.len());
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            3 => bytes[at..end].fill_with(|| rng.gen()),
            4 if at < bytes.len() => bytes[at] ^= 1 << rng.gen_range(0..8),
            _ => drop(bytes.splice(at..at, [rng.gen()])),
        }
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn smoke(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let corpus = corpus(target);
    // Mutations of files that are all refused would not get far.
    let accepted = corpus.iter().filter(|bytes| (target.run)(bytes)).count();
    assert!(accepted > 0, "nothing in the corpus is accepted");
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mutants = (0..target.smoke_runs).map(|_| mutate(&corpus, &mut rng));
    let accepted = mutants.filter(|bytes| (target.run)(bytes)).count();
    println!("{name}: {accepted} of {} mutants accepted", target.smoke_runs);
}

#[test]
fn fuzz_message() {
    smoke("message");
}

#[test]
fn fuzz_header() {
    smoke("header");
}

#[test]
fn fuzz_dns_record() {
    smoke("dns_record");
}

#[test]
fn fuzz_registry() {
    smoke("registry");
}

#[test]
fn fuzz_ptau() {
    smoke("ptau");
}

#[test]
fn fuzz_srs() {
    smoke("srs");
}

#[test]
fn fuzz_keys() {
    smoke("keys");
}

#[test]
fn fuzz_proof() {
    smoke("proof");
}

#[test]
fn fuzz_calldata() {
    smoke("calldata");
}

/// Each target is a program too, and each has a test above.
#[test]
fn every_target_has_a_program_and_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = include_str!("smoke.rs");
    for Target { name, .. } in TARGETS {
        assert!(own.contains(&format!("fn fuzz_{name}()")), "{name}");
        let program = root.join("fuzz_targets").join(format!("{name}.rs"));
        let text = fs::read_to_string(&program).expect("a program");
        assert!(text.contains(&format!("zkdkim_fuzz::{name}::run")), "{name}");
    }
}
