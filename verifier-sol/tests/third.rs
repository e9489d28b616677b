//! The verifier in JavaScript (`test/third`), which shares no code with the other two, says what they say.
//!
//! `ZKDKIM_MUTATIONS=10000 cargo test -p zkdkim-verifier-sol --test suite three_verifiers` is the long run: some
//! 40 minutes of one core.

use std::{
    io::Write,
    process::{Command, Stdio},
    thread,
};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::{
    calldata::encode_batch_calldata,
    folded::{verify, verify_batch, VerifyingKey},
    halo2curves::{bn256::Fr, ff::Field},
    words::scalar_word,
};
use zkdkim_verifier_sol::Verdict;

use crate::{
    harness::{expected, fixture, Key},
    mutations::mutate,
    random_circuits::{Random, Spec},
};

/// Proofs with their public inputs; one or several.
type Batch = Vec<(Vec<u8>, Vec<Fr>)>;

/// The lines that the third verifier answers.
fn third(vk: &VerifyingKey, batches: &[Batch]) -> Vec<String> {
    let mut input = hex::encode(vk.to_bytes()) + "\n";
    for batch in batches {
        let item = |(proof, inputs): &(Vec<u8>, Vec<Fr>)| {
            let inputs: String = inputs.iter().map(|x| hex::encode(scalar_word(x))).collect();
            format!("{inputs}:{}", hex::encode(proof))
        };
        input += &batch.iter().map(item).collect::<Vec<_>>().join(",");
        input += "\n";
    }
    let mut child = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/test/third/main.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), batches.len());
    lines
}

/// Valid, invalid, or malformed for whatever reason.
fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Valid => "valid",
        Verdict::Invalid => "invalid",
        Verdict::Malformed(_) => "malformed",
        Verdict::Failed(why) => panic!("{why}"),
    }
}

fn kind_of_third(line: &str) -> &'static str {
    match line {
        "valid" => "valid",
        "invalid" => "invalid",
        _ => "malformed",
    }
}

#[test]
fn three_verifiers_agree_on_mutated_proofs() {
    let count = std::env::var("ZKDKIM_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let mut f = fixture();
    let mut rng = ChaCha20Rng::seed_from_u64(22);
    let mut batches: Vec<Batch> = vec![vec![(f.proof.clone(), f.instances.clone())]];
    batches.extend((0..count).map(|_| vec![mutate(&f, &mut rng)]));
    let answers = third(f.key.pk.vk(), &batches);
    let mut seen = std::collections::BTreeSet::new();
    for (i, (batch, answer)) in batches.iter().zip(&answers).enumerate() {
        let (proof, inputs) = &batch[0];
        let contract = f.chain.call(proof, inputs).0;
        let native = expected(&f.natively(proof, inputs));
        assert_eq!(kind(&contract), kind_of_third(answer), "{i}: {contract:?}, {answer}");
        assert_eq!(kind(&native), kind_of_third(answer), "{i}: {native:?}, {answer}");
        seen.insert(kind_of_third(answer));
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert_eq!(answers[0], "valid");
}

#[test]
fn three_verifiers_agree_on_batches() {
    let mut f = fixture();
    let mut rng = ChaCha20Rng::seed_from_u64(23);
    let good = [
        (f.proof.clone(), f.instances.clone()),
        (f.other_proof.clone(), f.other_instances.clone()),
    ];
    let mut batches: Vec<Batch> = vec![good.to_vec(), vec![good[1].clone(); 3]];
    for i in 0..12 {
        let mut batch = good.to_vec();
        batch.insert(i % 3, mutate(&f, &mut rng));
        batches.push(batch);
    }
    for (i, (batch, answer)) in batches.iter().zip(third(f.key.pk.vk(), &batches)).enumerate() {
        let data = encode_batch_calldata(batch.iter().map(|(p, x)| (&p[..], &x[..])));
        let contract = f.chain.call_raw(data).0;
        assert_eq!(kind(&contract), kind_of_third(&answer), "{i}: {contract:?}, {answer}");
        let inputs: Vec<[&[Fr]; 1]> = batch.iter().map(|(_, x)| [&x[..]]).collect();
        let both = batch.iter().zip(&inputs).map(|((p, _), x)| (&x[..], &p[..]));
        assert_eq!(verify_batch(f.key.pk.vk(), both).is_ok(), answer == "valid", "{i}");
        assert_eq!(answer == "valid", i < 2, "{i}");
    }
}

#[test]
fn three_verifiers_agree_on_random_circuits() {
    let mut rng = ChaCha20Rng::seed_from_u64(24);
    for seed in 20..24 {
        let spec = Spec::random(seed);
        let fold = [1, 3, 8, 2][seed as usize % 4];
        let key = Key::new(spec.k, fold, &Random(spec.clone()), &spec.public_inputs());
        let slices = spec.instance_slices();
        let inputs = slices.concat();
        let proof = key.prove(&Random(spec.clone()), &slices, 1);
        let mut batches: Vec<Batch> = vec![vec![(proof.clone(), inputs.clone())]];
        for _ in 0..6 {
            let mut other = proof.clone();
            let word = rng.gen_range(0..proof.len() / 32);
            other[32 * word + 31] ^= 1;
            batches.push(vec![(other, inputs.clone())]);
        }
        for i in 0..inputs.len() {
            let mut other = inputs.clone();
            other[i] += Fr::ONE;
            batches.push(vec![(proof.clone(), other)]);
        }
        let mut chain = key.deploy();
        for (i, (batch, answer)) in batches.iter().zip(third(key.pk.vk(), &batches)).enumerate() {
            let (proof, inputs) = &batch[0];
            let contract = chain.call(proof, inputs).0;
            assert_eq!(kind(&contract), kind_of_third(&answer), "seed {seed}, {i}: {answer}");
            let mut rest = &inputs[..];
            let columns: Vec<&[Fr]> = slices
                .iter()
                .map(|column| {
                    let (own, after) = rest.split_at(column.len());
                    rest = after;
                    own
                })
                .collect();
            let native = expected(&verify(key.pk.vk(), &columns, proof));
            assert_eq!(kind(&native), kind_of_third(&answer), "seed {seed}, {i}: {answer}");
            assert_eq!(answer == "valid", i == 0, "seed {seed}, {i}");
        }
    }
}
