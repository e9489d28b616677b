//! The checked-in contracts against the native verifier, on mutants of one real proof: both accept
//! the proof, and neither accepts any mutant.
//!
//! The mutants are made from a seed, word by word over the whole calldata; the proof itself is made
//! anew in each run, so a failure names what was done to which word.

use crate::statement_key::{self, keys, witness, Keys};
use num_bigint::BigUint;
use rand::{rngs::OsRng, Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};
use zkdkim_plonk::halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::{Field, PrimeField},
    group::{prime::PrimeCurveAffine, Curve},
    CurveAffine,
};
use zkdkim_plonk::{
    calldata::{decode_calldata, encode_calldata},
    container::{Container, ContainerHeader, EncodedContainer},
    digest::Sha256Digest,
    folded,
    keys::{ProverKey, VerifierKey},
    kinds::{ContainerKind, SrsKind},
    progress::Silent,
    prove::prove,
    srs::Srs,
    verify::verify,
    words::{scalar_word, Word},
};
use zkdkim_verifier_sol::{Artifacts, Evm, InsecureSetup, Verdict};

const SEED: u64 = 1;
/// A message of the test vectors.
const MESSAGE: &str = "recovery.eml";
/// The least number of mutants.
const LEAST: usize = 10_000;
/// Mutants of each word that are random numbers or single bits.
const RANDOM_PER_WORD: usize = 24;
/// Calldata: selector, two offsets, the proof's length, the proof.
const PROOF_AT: usize = 4 + 0x60;

/// Calldata and what was done to it.
struct Mutant {
    name: String,
    calldata: Vec<u8>,
}

/// An honest proof with its public inputs, key and contracts.
struct Fixture {
    key: &'static ProverKey<StatementCircuit>,
    contracts: Artifacts,
    proof: Vec<u8>,
    /// Another proof of the same statement.
    other: Vec<u8>,
    instances: Vec<Fr>,
}

impl Fixture {
    fn new() -> Self {
        let Keys { params, srs, key } = keys();
        let contracts = Artifacts::checked_in(key.verifier()).expect("contracts of this key");
        let (circuit, instances) = witness(*params, MESSAGE, &statement_key::salt());
        let [proof, other] = [(); 2].map(|()| {
            prove(srs, key, circuit.clone(), &instances, OsRng, &Silent).expect("provable")
        });
        Self { key, contracts, proof, other, instances }
    }

    fn calldata(&self) -> Vec<u8> {
        encode_calldata(&self.proof, &self.instances)
    }

    /// Where the words of the calldata start: offsets, length, proof, count, public inputs.
    fn word_starts(&self) -> Vec<usize> {
        (4..self.calldata().len()).step_by(32).collect()
    }

    /// Offsets of the points in the proof: where a pair of words is on the curve.
    fn points(&self) -> Vec<usize> {
        let words = self.proof.len() / 32;
        let (mut points, mut word) = (Vec::new(), 0);
        while word + 1 < words {
            let found = read_point(&self.proof[32 * word..32 * word + 64]).is_some();
            points.extend(found.then_some(32 * word));
            word += 1 + usize::from(found);
        }
        points
    }
}

fn number(text: &str) -> BigUint {
    BigUint::parse_bytes(text.trim_start_matches("0x").as_bytes(), 16).unwrap()
}

/// A number as a word, if it fits.
fn to_word(number: &BigUint) -> Option<Word> {
    let bytes = number.to_bytes_be();
    let mut word = Word::default();
    word.get_mut(32usize.checked_sub(bytes.len())?..)?.copy_from_slice(&bytes);
    Some(word)
}

fn read_base(word: &[u8]) -> Option<Fq> {
    let mut repr: Word = word.try_into().ok()?;
    repr.reverse();
    Fq::from_repr(repr).into()
}

fn read_point(words: &[u8]) -> Option<G1Affine> {
    let (x, y) = (read_base(&words[..32])?, read_base(&words[32..])?);
    G1Affine::from_xy(x, y).into()
}

/// The encoding of a point, (0, 0) for infinity.
fn point_words(point: &G1Affine) -> [u8; 64] {
    let mut words = [0; 64];
    for (word, base) in words.chunks_mut(32).zip([point.x, point.y]) {
        word.copy_from_slice(&base.to_repr());
        word.reverse();
    }
    words
}

/// What may stand in a word instead of what stands there.
fn replacements(word: &Word, rng: &mut ChaCha20Rng) -> Vec<(String, Word)> {
    let value = BigUint::from_bytes_be(word);
    let (r, q) = (number(Fr::MODULUS), number(Fq::MODULUS));
    let one = BigUint::from(1u32);
    let mut out = Vec::new();
    let mut number = |name: &str, number: Option<BigUint>| {
        if let Some(word) = number.as_ref().and_then(to_word) {
            out.push((name.to_owned(), word));
        }
    };
    for (name, modulus) in [("r", &r), ("q", &q)] {
        for times in 1..=5u32 {
            number(&format!("+ {times}{name}"), Some(&value + modulus * times));
        }
        number(&format!("{name} - value"), (modulus >= &value).then(|| modulus - &value));
        number(&format!("value - {name}"), (&value >= modulus).then(|| &value - modulus));
        number(name, Some(modulus.clone()));
        number(&format!("{name} - 1"), Some(modulus - &one));
        number(&format!("{name} + 1"), Some(modulus + &one));
    }
    number("zero", Some(BigUint::ZERO));
    number("one", Some(one.clone()));
    number("all ones", Some((&one << 256u32) - &one));
    number("+ 1", Some(&value + &one));
    number("- 1", (value > BigUint::ZERO).then(|| &value - &one));
    number("doubled", Some(&value << 1u32));
    for bit in 253..256u64 {
        let mut dirty = value.clone();
        dirty.set_bit(bit, !value.bit(bit));
        number(&format!("bit {bit}"), Some(dirty));
    }
    for index in 0..RANDOM_PER_WORD {
        if index % 3 == 0 {
            let mut random = Word::default();
            rng.fill_bytes(&mut random);
            number("random", Some(BigUint::from_bytes_be(&random)));
        } else {
            let bit = rng.gen_range(0..253);
            let mut flipped = value.clone();
            flipped.set_bit(bit, !value.bit(bit));
            number(&format!("bit {bit}"), Some(flipped));
        }
    }
    number("random scalar", Some(BigUint::from_bytes_be(&scalar_word(&Fr::random(rng)))));
    out
}

/// Every word of the calldata, replaced.
fn word_mutants(f: &Fixture, rng: &mut ChaCha20Rng) -> Vec<Mutant> {
    let honest = f.calldata();
    let other = encode_calldata(&f.other, &f.instances);
    let mut mutants = Vec::new();
    for at in f.word_starts() {
        let word: Word = honest[at..at + 32].try_into().unwrap();
        let mut all = replacements(&word, rng);
        all.push(("the other proof's".into(), other[at..at + 32].try_into().unwrap()));
        if at + 64 <= honest.len() {
            all.push(("the next word".into(), honest[at + 32..at + 64].try_into().unwrap()));
        }
        for (name, replacement) in all {
            let mut calldata = honest.clone();
            calldata[at..at + 32].copy_from_slice(&replacement);
            mutants.push(Mutant { name: format!("word at {at}: {name}"), calldata });
        }
    }
    mutants
}

/// Points replaced by points, swapped, and pairs of words exchanged.
fn point_mutants(f: &Fixture, rng: &mut ChaCha20Rng) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mut push = |name: String, proof: Vec<u8>| {
        let calldata = encode_calldata(&proof, &f.instances);
        mutants.push(Mutant { name, calldata });
    };
    let points = f.points();
    let generator = G1Affine::generator();
    for (index, &at) in points.iter().enumerate() {
        let point = read_point(&f.proof[at..at + 64]).unwrap();
        let replaced = [
            ("infinity", G1Affine::identity()),
            ("negated", -point),
            ("doubled", (point + point).to_affine()),
            ("+ generator", (point + generator).to_affine()),
            ("generator", generator),
        ];
        for (name, replacement) in replaced {
            let mut proof = f.proof.clone();
            proof[at..at + 64].copy_from_slice(&point_words(&replacement));
            push(format!("point at {at}: {name}"), proof);
        }
        let mut proof = f.proof.clone();
        proof[at..at + 64].rotate_left(32);
        push(format!("point at {at}: coordinates swapped"), proof);
        let with = points[(index + rng.gen_range(1..points.len())) % points.len()];
        for with in [points[(index + 1) % points.len()], with] {
            let mut proof = f.proof.clone();
            let (a, b) = (f.proof[at..at + 64].to_vec(), f.proof[with..with + 64].to_vec());
            proof[at..at + 64].copy_from_slice(&b);
            proof[with..with + 64].copy_from_slice(&a);
            push(format!("points at {at} and {with} swapped"), proof);
        }
    }
    let words = f.proof.len() / 32;
    for _ in 0..200 {
        let (a, b) = (32 * rng.gen_range(0..words), 32 * rng.gen_range(0..words));
        let mut proof = f.proof.clone();
        proof[a..a + 32].copy_from_slice(&f.proof[b..b + 32]);
        proof[b..b + 32].copy_from_slice(&f.proof[a..a + 32]);
        push(format!("words at {a} and {b} swapped"), proof);
    }
    mutants
}

/// Other lengths: of the calldata, of the proof in it, of the list of public inputs.
fn length_mutants(f: &Fixture, rng: &mut ChaCha20Rng) -> Vec<Mutant> {
    let honest = f.calldata();
    let mut mutants = Vec::new();
    let mut push = |name: String, calldata| mutants.push(Mutant { name, calldata });
    for len in (0..8).chain((4..honest.len()).step_by(32)) {
        push(format!("calldata cut to {len}"), honest[..len].to_vec());
    }
    for cut in 1..=64 {
        push(format!("calldata less {cut}"), honest[..honest.len() - cut].to_vec());
        for fill in [0, rng.gen()] {
            let mut longer = honest.clone();
            longer.resize(honest.len() + cut, fill);
            push(format!("calldata with {cut} of {fill} behind it"), longer);
        }
    }
    for at in f.word_starts() {
        let mut calldata = honest.clone();
        calldata.drain(at..at + 32);
        push(format!("word at {at} left out"), calldata);
        let mut calldata = honest.clone();
        calldata.splice(at..at, [0; 32]);
        push(format!("a zero word put at {at}"), calldata);
    }
    for change in (-65..=65isize).filter(|change| *change != 0) {
        let mut proof = f.proof.clone();
        proof.resize(f.proof.len().checked_add_signed(change).unwrap(), 0);
        push(format!("proof {change} bytes"), encode_calldata(&proof, &f.instances));
    }
    for count in 0..2 * f.instances.len() {
        let mut instances = f.instances.clone();
        instances.resize(count, Fr::ZERO);
        push(format!("{count} public inputs"), encode_calldata(&f.proof, &instances));
    }
    for bit in 0..8 * PROOF_AT {
        let mut calldata = honest.clone();
        calldata[bit / 8] ^= 1 << (bit % 8);
        push(format!("bit {bit} of the head"), calldata);
    }
    push("twice".into(), [&honest[..], &honest[4..]].concat());
    mutants
}

fn natively(key: &VerifierKey<StatementCircuit>, calldata: &[u8]) -> bool {
    decode_calldata(calldata).is_some_and(|(proof, inputs)| verify(key, &inputs, &proof).is_ok())
}

/// What became of some mutants: accepted by both, well formed but invalid, malformed.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    accepted: usize,
    invalid: usize,
    malformed: usize,
}

/// Runs both verifiers on some mutants; the contracts are deployed once.
fn compare(f: &Fixture, mutants: &[Mutant]) -> Counts {
    let honest = f.calldata();
    let mut evm = Evm::new();
    let deployed = f.contracts.deploy(&mut evm, InsecureSetup::Accept).unwrap();
    let mut counts = Counts::default();
    for Mutant { name, calldata } in mutants {
        let verdict = evm.call(deployed.verifier, calldata.clone()).unwrap().verdict();
        let native = natively(f.key.verifier(), calldata);
        assert_eq!(verdict == Verdict::Valid, native, "{name}: {verdict:?}");
        // Nor do both accept what nobody proved.
        assert_eq!(native, *calldata == honest, "{name}");
        match verdict {
            Verdict::Valid => counts.accepted += 1,
            Verdict::Invalid => counts.invalid += 1,
            Verdict::Malformed(_) => counts.malformed += 1,
            Verdict::Failed(reason) => panic!("{name}: {reason}"),
        }
    }
    counts
}

#[test]
fn contracts_and_native_verifier_agree_on_every_mutant() {
    let f = Fixture::new();
    let mut rng = ChaCha20Rng::seed_from_u64(SEED);
    let mut mutants = vec![Mutant { name: "honest".into(), calldata: f.calldata() }];
    mutants.extend(word_mutants(&f, &mut rng));
    mutants.extend(point_mutants(&f, &mut rng));
    mutants.extend(length_mutants(&f, &mut rng));
    // What changed nothing is no mutant.
    let honest = f.calldata();
    let changed = mutants.iter().filter(|mutant| mutant.calldata != honest).count();
    assert!(changed >= LEAST, "{changed} mutants");

    let chunk = mutants.len().div_ceil(rayon::current_num_threads());
    let counts: Vec<Counts> = mutants.par_chunks(chunk).map(|part| compare(&f, part)).collect();
    let sum = |field: fn(&Counts) -> usize| counts.iter().map(field).sum::<usize>();
    let (accepted, invalid) = (sum(|c| c.accepted), sum(|c| c.invalid));
    println!("{changed} mutants: {invalid} well formed, {} malformed", sum(|c| c.malformed));
    assert_eq!(accepted, mutants.len() - changed);
    // Many reach the pairing, so the agreement is not only one of decoders.
    assert!(invalid > 1_000, "{invalid} well-formed mutants");
}

/// An SRS with another secret, which everybody can read here; by its file, as deriving the bases from the powers takes a
/// minute.
fn other_srs(params: CircuitParams) -> Srs {
    let CircuitParams { k, fold, .. } = params;
    let bases = folded::Srs::insecure_from_secret(k, fold, 5, Fr::from(0x5eed)).unwrap();
    let payload = bases.to_bytes();
    let header = ContainerHeader {
        kind: ContainerKind::Srs,
        circuit: String::new(),
        k,
        fold: fold as u32,
        srs_kind: SrsKind::UnlistedCeremony {
            blake2b512: "00".repeat(64),
            sha256: "00".repeat(32),
        },
        srs_sha256: Sha256Digest::of(&payload),
        vk_sha256: Sha256Digest::NONE,
    };
    let file = EncodedContainer::new(&header, payload).unwrap().into_bytes();
    Srs::from_container(&Container::from_bytes(file, ContainerKind::Srs).unwrap()).unwrap()
}

#[test]
fn proofs_under_another_key_are_refused() {
    let f = Fixture::new();
    let mut evm = Evm::new();
    let deployed = f.contracts.deploy(&mut evm, InsecureSetup::Accept).unwrap();
    let mut verdict = |proof: &[u8], instances: &[Fr]| {
        evm.call(deployed.verifier, encode_calldata(proof, instances)).unwrap().verdict()
    };

    // The same circuit over another SRS: a proof of the same shape.
    let params = keys().params;
    let srs = other_srs(params);
    let other = ProverKey::<StatementCircuit>::generate(&srs, &params, &Silent).unwrap();
    let (circuit, instances) = witness(params, MESSAGE, &statement_key::salt());
    let proof = prove(&srs, &other, circuit, &instances, OsRng, &Silent).unwrap();
    assert!(verify(other.verifier(), &instances, &proof).is_ok());
    assert_eq!(proof.len(), f.proof.len());
    assert!(verify(f.key.verifier(), &instances, &proof).is_err());
    assert_eq!(verdict(&proof, &instances), Verdict::Invalid);
    assert!(verify(other.verifier(), &f.instances, &f.proof).is_err());

    // The other layout of the statement: a proof of another length, whole or cut.
    let Keys { params, srs, key } = statement_key::of(CircuitParams::QUICK);
    let (circuit, instances) = witness(params, MESSAGE, &statement_key::salt());
    let proof = prove(&srs, &key, circuit, &instances, OsRng, &Silent).unwrap();
    for proof in [&proof[..], &proof[..f.proof.len()]] {
        assert!(verify(f.key.verifier(), &instances, proof).is_err());
        assert_ne!(verdict(proof, &instances), Verdict::Valid);
    }
    assert!(verify(key.verifier(), &f.instances, &f.proof).is_err());
}
