//! Zero knowledge, as far as a test can see it: each proof is blinded anew in every word, its
//! lengths say nothing, and the constraint system leaves room for the blinding.
//!
//! Commitments are `Σ value_i·L_i(τ)·G` without a blinding term of their own (KZG), and the values
//! of the rows in use are functions of the witness and of challenges. So the blinding rows are all
//! that can make commitments of one witness differ; both directions are tested.

use crate::statement_key;
use std::{cell::Cell, sync::OnceLock};

use crate::statement_key::keys;
use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_circuits::statement::StatementCircuit;
use zkdkim_plonk::transcript::KeccakWrite;
use zkdkim_plonk::{
    halo2curves::bn256::{Bn256, Fr},
    plonk::{create_proof, Any},
    poly::{
        kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
        Rotation,
    },
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
    drawn: &'a Cell<usize>,
}

impl RngCore for Counted<'_> {
    fn next_u32(&mut self) -> u32 {
        self.drawn.set(self.drawn.get() + 4);
        self.inner.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.drawn.set(self.drawn.get() + 8);
        self.inner.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.drawn.set(self.drawn.get() + bytes.len());
        self.inner.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Counted<'_> {}

/// A proof by halo2 alone from a seed, and the number of field elements drawn for it. The vanishing
/// argument's polynomial is drawn by halo2 from a generator of its own.
fn seeded(seed: u64, circuit: StatementCircuit, instances: &[Fr]) -> (Vec<u8>, usize) {
    let drawn = Cell::new(0);
    let rng = Counted { inner: ChaCha20Rng::seed_from_u64(seed), drawn: &drawn };
    let mut transcript = KeccakWrite::new(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        keys().srs.params(),
        keys().key.pk(),
        &[circuit],
        &[&[instances]],
        rng,
        &mut transcript,
    )
    .unwrap();
    assert_eq!(drawn.get() % DRAW_BYTES, 0);
    (transcript.into_inner(), drawn.get() / DRAW_BYTES)
}

/// The words in which two proofs of one length agree.
fn equal_words(a: &[u8], b: &[u8]) -> Vec<usize> {
    assert_eq!(a.len(), b.len());
    let pairs = a.chunks(32).zip(b.chunks(32)).enumerate();
    pairs.filter(|(_, (a, b))| a == b).map(|(word, _)| word).collect()
}

/// Words of the commitments to advice columns and grand products.
fn witness_words() -> usize {
    let cs = keys().key.verifier().vk().cs();
    let degree = keys().key.verifier().vk().get_domain().get_quotient_poly_degree() + 1;
    let products = cs.permutation().get_columns().len().div_ceil(degree - 2);
    2 * (cs.num_advice_columns() + products)
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
    assert!(a.len() / 32 > witness_words());
    assert_eq!(equal_words(a, b), [0; 0]);
}

#[test]
fn every_witness_commitment_is_blinded_and_by_nothing_but_the_generator() {
    let Twice { circuit, instances, proofs } = twice();
    let (seeded_proof, drawn) = seeded(1, circuit.clone(), instances);
    let (again, drawn_again) = seeded(1, circuit.clone(), instances);
    assert_eq!(drawn, drawn_again);
    // One seed: the same commitments. Then comes halo2's own random polynomial, and all differs.
    let same: Vec<usize> = (0..witness_words()).collect();
    assert_eq!(equal_words(&seeded_proof, &again), same);
    // Another generator: nothing is the same.
    assert_eq!(equal_words(&seeded_proof, &proofs[0]), [0; 0]);
    // Every blinding row of every advice column and grand product has its own draw.
    let cs = keys().key.verifier().vk().cs();
    let products = witness_words() / 2 - cs.num_advice_columns();
    let rows = cs.blinding_factors();
    let needed = cs.num_advice_columns() * (rows + 1) + products * rows;
    println!("{drawn} draws, {needed} for blinding rows");
    assert!(drawn >= needed, "{drawn} draws, {needed} needed");
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

/// A column of which a proof shows q values, at the queried rotations of x and in the multi-point
/// opening, needs q + 1 random rows; halo2 leaves one more.
#[test]
fn every_advice_column_has_enough_blinding_rows() {
    let cs = keys().key.verifier().vk().cs();
    let mut rotations = vec![Vec::new(); cs.num_advice_columns()];
    for (column, rotation) in cs.advice_queries() {
        assert!(!rotations[column.index()].contains(rotation), "a query twice");
        rotations[column.index()].push(*rotation);
    }
    // Also what the permutation argument opens: x for every permuted column.
    for column in cs.permutation().get_columns() {
        if matches!(column.column_type(), Any::Advice(_)) {
            assert!(rotations[column.index()].contains(&Rotation::cur()));
        }
    }
    let most = rotations.iter().map(Vec::len).max().unwrap();
    // Grand products are opened at x, ωx and ω^last·x.
    let needed = most.max(3) + 2;
    println!("{most} queries of one column, {} blinding rows", cs.blinding_factors());
    assert!(cs.blinding_factors() >= needed);
    // Those rows are out of reach: no witness row of the layout, whatever its rotation, is one.
    let usable = (1usize << keys().params.k) - (cs.blinding_factors() + 1);
    let (circuit, _) = witness("header-1024.eml", &statement_key::salt());
    let last = circuit.grid().advice_cells().map(|(_, row, _)| row).max().unwrap();
    assert!(last < usable, "row {last} of {usable}");
}
