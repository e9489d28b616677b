//! Zero knowledge, as far as a test can see it: each proof is blinded anew in every word, its
//! lengths say nothing, and the protocol leaves room for the blinding.
//!
//! Commitments are sums over a column's values without a blinding term of their own (KZG), and the values
//! of the rows in use are functions of the witness and of challenges. So the random rows, and the mask of the quotient,
//! are all that can make proofs of one witness differ; both directions are tested.

use std::sync::{
    atomic::{AtomicUsize, Ordering},
    OnceLock,
};

use crate::statement_key::{self, keys};
use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::{
    folded::{protocol::Protocol, prove},
    halo2curves::bn256::Fr,
};
use zkdkim_prover::{Proof, Salt};

/// Bytes that one random field element takes from the generator.
const DRAW_BYTES: usize = 64;

/// A witness for the default layout.
fn witness(file: &str, salt: &Salt) -> (StatementCircuit, Vec<Fr>) {
    statement_key::witness(keys().params, file, salt)
}

/// Counts the bytes that the prover draws.
struct Counted<'a> {
    inner: ChaCha20Rng,
    drawn: &'a AtomicUsize,
}

impl RngCore for Counted<'_> {
    fn next_u32(&mut self) -> u32 {
        self.drawn.fetch_add(4, Ordering::Relaxed);
        self.inner.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.drawn.fetch_add(8, Ordering::Relaxed);
        self.inner.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.drawn.fetch_add(bytes.len(), Ordering::Relaxed);
        self.inner.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Counted<'_> {}

/// A proof from a seed, and the number of field elements drawn for it.
fn seeded(seed: u64, circuit: &StatementCircuit, instances: &[Fr]) -> (Vec<u8>, usize) {
    let drawn = AtomicUsize::new(0);
    let rng = Counted { inner: ChaCha20Rng::seed_from_u64(seed), drawn: &drawn };
    let (srs, key) = (keys().srs.bases(), keys().key.pk());
    let proof = prove(srs, key, circuit, &[instances], rng).unwrap();
    let drawn = drawn.into_inner();
    assert_eq!(drawn % DRAW_BYTES, 0);
    (proof, drawn / DRAW_BYTES)
}

fn protocol() -> &'static Protocol {
    keys().key.verifier().vk().protocol()
}

/// The words in which two proofs of one length agree.
fn equal_words(a: &[u8], b: &[u8]) -> Vec<usize> {
    assert_eq!(a.len(), b.len());
    let pairs = a.chunks(32).zip(b.chunks(32)).enumerate();
    pairs.filter(|(_, (a, b))| a == b).map(|(word, _)| word).collect()
}

/// One witness and two proofs of it, made as users make them.
struct Twice {
    circuit: StatementCircuit,
    instances: Vec<Fr>,
    proofs: [Vec<u8>; 2],
}

fn twice() -> &'static Twice {
    static TWICE: OnceLock<Twice> = OnceLock::new();
    TWICE.get_or_init(|| {
        let (circuit, instances) = witness("recovery.eml", &statement_key::salt());
        let proofs = [(); 2].map(|()| proof_of(circuit.clone(), &instances));
        Twice { circuit, instances, proofs }
    })
}

fn proof_of(circuit: StatementCircuit, instances: &[Fr]) -> Vec<u8> {
    statement_key::proof_of(keys(), circuit, instances)
}

#[test]
fn two_proofs_of_one_witness_differ_in_every_word() {
    let [a, b] = &twice().proofs;
    assert_eq!(a.len(), protocol().proof_len());
    assert_eq!(equal_words(a, b), [0; 0]);
}

#[test]
fn every_word_is_blinded_and_by_nothing_but_the_generator() {
    let Twice { circuit, instances, proofs } = twice();
    let (seeded_proof, drawn) = seeded(1, circuit, instances);
    // One seed: the same proof, so there is no other randomness.
    assert_eq!(seeded(1, circuit, instances), (seeded_proof.clone(), drawn));
    // Another generator: nothing is the same.
    assert_eq!(equal_words(&seeded_proof, &proofs[0]), [0; 0]);
    // Every random row of every advice column and grand product has its own draw, and every coefficient of the mask.
    let (protocol, shape) = (protocol(), protocol().shape());
    let advice = shape.advice_phases.len() * (shape.blinding + 1);
    let needed = advice + shape.products() * shape.blinding + protocol.mask_coefficients();
    assert_eq!(drawn, needed);
}

#[test]
fn lengths_do_not_depend_on_address_provider_or_header() {
    let lengths = |instances: &[Fr], proof: &[u8]| {
        let file = Proof::new(keys().key.verifier(), instances.to_vec(), proof.to_vec());
        (instances.len(), proof.len(), file.calldata().len())
    };
    // 526 header bytes, example.com; then 307, example.org, another address and an empty Subject;
    // then the longest header.
    let expected = lengths(&twice().instances, &twice().proofs[0]);
    println!("public inputs, proof bytes, calldata bytes: {expected:?}");
    for file in ["icloud-bare-address.eml", "header-1024.eml"] {
        let (circuit, instances) = witness(file, &statement_key::salt());
        let proof = proof_of(circuit, &instances);
        assert_eq!(lengths(&instances, &proof), expected, "{file}");
    }
}

/// Of a column in a group with q rotations a proof shows q values, and one more in the commitment; so it needs q + 1 random
/// rows (SOUNDNESS-folded.md, section 3).
#[test]
fn every_group_has_enough_random_rows() {
    let (protocol, shape) = (protocol(), protocol().shape());
    let products = protocol.rounds().len() - 1;
    for (round, groups) in protocol.rounds().iter().enumerate() {
        // Of a grand product one row less is random, the last usable one being fixed by the identities.
        let random = if round == products { shape.blinding } else { shape.blinding + 1 };
        for group in &groups.groups {
            let shown = group.rotations.len() + 1;
            assert!(shown <= random, "round {round}: {shown} values shown of {:?}", group.columns);
        }
    }
    // Those rows are out of reach: no witness row of the layout, whatever its rotation, is one.
    let usable = shape.usable_rows();
    let (circuit, _) = witness("header-1024.eml", &statement_key::salt());
    let last = circuit.grid().advice_cells().map(|(_, row, _)| row).max().unwrap();
    assert!(last < usable, "row {last} of {usable}");
}
