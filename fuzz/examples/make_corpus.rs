//! Writes the seeds of the fuzz targets into `corpus/`; with `--check`, compares them instead.
//!
//! A seed is small and well formed, so that mutations of it get far. Every key, point and address in
//! it is made here.

use std::{fs, path::Path, process::ExitCode};

use base64::prelude::{Engine, BASE64_STANDARD};
use num_bigint::BigUint;
use rand::SeedableRng;
use rsa::{
    pkcs1::EncodeRsaPublicKey, pkcs8::EncodePublicKey, traits::PublicKeyParts, RsaPrivateKey,
    RsaPublicKey,
};
use zkdkim_plonk::halo2curves::{
    bn256::{Fr, G1Affine, G2Affine},
    ff::Field,
    group::Curve,
    serde::SerdeObject,
};
use zkdkim_plonk::{
    calldata::encode_calldata,
    container::Container,
    digest::Sha256Digest,
    kinds::{ContainerKind, SrsKind},
    srs::Srs,
};
use zkdkim_prover::Proof;
use zkdkim_relation::KeyRegistry;

/// The prime of BN254's base field, little-endian, as a `.ptau` file has it.
const PRIME: &str = "47fd7cd8168c203c8dca7168916a81975d588181b64550b829a031e1724e6430";

type Seed = (&'static str, &'static str, Vec<u8>);

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut wrong = 0;
    for (target, name, bytes) in seeds() {
        let path = corpus.join(target).join(format!("seed-{name}"));
        if !check {
            fs::create_dir_all(corpus.join(target)).expect("a folder");
            fs::write(&path, bytes).expect("a file");
        } else if fs::read(&path).ok().as_deref() != Some(&bytes) {
            eprintln!("{} differs", path.display());
            wrong += 1;
        }
    }
    ExitCode::from(u8::from(wrong > 0))
}

fn seeds() -> Vec<Seed> {
    let key = public_key();
    let der = key.to_public_key_der().expect("an encoding").as_bytes().to_vec();
    let pkcs1 = key.to_pkcs1_der().expect("an encoding").as_bytes().to_vec();
    let record = format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(&der));
    let mut seeds: Vec<Seed> = vec![
        ("dns_record", "der-without-null", without_null(&der)),
        ("dns_record", "der", der),
        ("dns_record", "pkcs1", pkcs1),
        ("dns_record", "file", format!("{{\"s._domainkey.example.org\": [{record:?}]}}").into()),
        ("dns_record", "text", record.into()),
        ("registry", "two-slots", registry(&key).into()),
        ("ptau", "power-3", [vec![0], ptau(3, Fr::from(5))].concat()),
        ("srs", "file", [vec![0], srs_file()].concat()),
        ("srs", "payload", [vec![3], srs_payload()].concat()),
        ("keys", "verifying-unchanged", vec![2]),
        ("keys", "proving-unchanged", vec![3]),
        ("keys", "verifying-changed", vec![2, 1, 3, 90, 0, 0, 0, 0, 0]),
        ("keys", "proving-changed", vec![3, 4, 0, 200, 0, 0, 0, 0, 0]),
        ("proof", "file", [vec![0], proof_file().into()].concat()),
        ("proof", "unchanged", vec![2]),
        ("proof", "plus-r", vec![2, 4, 0, 40, 0, 0, 0, 0, 0]),
        ("proof", "words-swapped", vec![2, 7, 0, 1, 0, 3, 0, 0, 0]),
        ("calldata", "layout", [vec![0], encode_calldata(&[1; 64], &[Fr::ONE; 10])].concat()),
        ("calldata", "unchanged", vec![1]),
        ("calldata", "plus-r", vec![1, 4, 0, 4, 1, 0, 0, 0, 0]),
        ("calldata", "plus-q", vec![1, 4, 64, 3, 0, 0, 0, 0, 0]),
        ("calldata", "cut", vec![1, 8, 0, 255, 3, 0, 0, 0, 0]),
    ];
    seeds.extend(MESSAGES.map(|(name, text)| ("message", name, text.as_bytes().to_vec())));
    seeds.extend(BLOCKS.map(|(name, text)| ("header", name, text.as_bytes().to_vec())));
    seeds
}

/// The key's SubjectPublicKeyInfo without the NULL of its algorithm, as some key generators write it.
fn without_null(der: &[u8]) -> Vec<u8> {
    // SEQUENCE (2 bytes of length) { SEQUENCE of 13 { OID of 11 bytes, NULL }, BIT STRING }
    let len = (der.len() - 6) as u16;
    let [high, low] = len.to_be_bytes();
    [&[0x30, 0x82, high, low, 0x30, 0x0b], &der[6..17], &der[19..]].concat()
}

/// Body hash and signature are filled in by the target.
const MESSAGES: [(&str, &str); 4] = [
    (
        "relaxed",
        "From: Ann <ann@example.org>\r\nTo: b@example.com\r\nSubject: Hello\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1;\r\n \
         t=1700000000; h=from:to:subject; bh=; b=\r\n\r\nText \t here  \r\n\r\n",
    ),
    (
        "folded",
        "Subject: =?x?=\r\n more\r\nFrom: \"A \\\" B\"\r\n\t<a.b+c@mail.example.org>\r\n\
         dkim-signature: v=1; a=rsa-sha256; c=relaxed; d=mail.example.org; s=k.s;\r\n\tq=dns/txt; \
         i=@mail.example.org; x=1900000000; t=1800000000;\r\n\th=from : subject : from; bh= ;\r\n \
         b= ;\r\n\r\n",
    ),
    (
        "two-signatures",
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.org; s=a; \
         h=from:subject:date; bh=; b=\nDKIM-Signature: v=1; a=ed25519-sha256; c=relaxed; \
         d=example.net; s=b; h=from; bh=AA==; b=AA==\nfrom:c@example.org\nsubject:\nX-A : 1\n\nbody\n",
    ),
    (
        "refused",
        "From: a@example.org, b@example.org\r\nFrom: c@example.org\r\nSubject: 1\r\n\
         DKIM-Signature: v=1; a=rsa-sha1; c=simple; d=example.org; s=s; l=3; h=from; bh=; b=;\r\n\r\n",
    ),
];

const BLOCKS: [(&str, &str); 4] = [
    (
        "phrase",
        "from:Ann B. Cee <ann.b+c@Ex-ample.com>\r\nto:x@y.z\r\nsubject:Hello\r\n\
         dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=ex-ample.com; s=1; \
         t=1700000000; h=from:to:subject; bh=YQ==; b=",
    ),
    (
        "quoted",
        "subject:\r\nfrom:\"A \\\"<b@c.d>\\\" \" <e@f.gh>\r\n\
         dkim-signature:a = rsa-sha256 ;v =1;d= f.gh ;c=relaxed; b=; ",
    ),
    (
        "bare",
        "mime-version:1.0\r\nfrom:a@b.co\r\nsubject:x\r\n\
         dkim-signature:t=12;q=dns/txt; i=@b.co;c=relaxed/simple ; d=b.co; v=1; a=rsa-sha256; b=;",
    ),
    (
        "refused",
        "fro:1\r\nsubject:~ ~\r\nsubject:\r\ndkim-signature:vv=1; v=1; d=x; d=x; tt=1; ll=2; b=",
    ),
];

fn public_key() -> RsaPublicKey {
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
    RsaPrivateKey::new(&mut rng, 2048).expect("a key").to_public_key()
}

fn registry(key: &RsaPublicKey) -> String {
    let modulus = BigUint::from_bytes_be(&key.n().to_bytes_be());
    let mut registry = KeyRegistry::new();
    registry.add("example.org", modulus.clone()).expect("an entry");
    registry.add("example.com", modulus).expect("an entry");
    registry.remove(0).expect("an entry to remove");
    registry.to_json()
}

/// A `.ptau` file with sections 1 to 7, for a secret that everybody may know.
fn ptau(power: u32, secret: Fr) -> Vec<u8> {
    let g1 = |from: Fr, count: u64| -> Vec<u8> {
        let power = |i| (G1Affine::generator() * (from * secret.pow([i]))).to_affine();
        (0..count).flat_map(|i| power(i).to_raw_bytes()).collect()
    };
    let g2 = |count: u64| -> Vec<u8> {
        let power = |i| (G2Affine::generator() * secret.pow([i])).to_affine();
        (0..count).flat_map(|i| power(i).to_raw_bytes()).collect()
    };
    let mut header = 32u32.to_le_bytes().to_vec();
    header.extend(BigUint::parse_bytes(PRIME.as_bytes(), 16).expect("hex").to_bytes_be());
    header.extend([power.to_le_bytes(); 2].concat());
    let sections = [
        header,
        g1(Fr::ONE, (2 << power) - 1),
        g2(1 << power),
        g1(Fr::from(7), 1 << power),
        g1(Fr::from(11), 1 << power),
        g2(1),
        vec![0; 4],
    ];
    let mut file = b"ptau".to_vec();
    file.extend(1u32.to_le_bytes());
    file.extend((sections.len() as u32).to_le_bytes());
    for (index, section) in sections.into_iter().enumerate() {
        file.extend((index as u32 + 1).to_le_bytes());
        file.extend((section.len() as u64).to_le_bytes());
        file.extend(section);
    }
    file
}

fn srs_file() -> Vec<u8> {
    let srs = Srs::insecure_dev(1, 2).expect("a small k");
    srs.to_container().expect("a short header").into_bytes()
}

fn srs_payload() -> Vec<u8> {
    let container = Container::from_bytes(srs_file(), ContainerKind::Srs).expect("an SRS file");
    container.payload().to_vec()
}

/// Well formed, with a proof that is none.
fn proof_file() -> String {
    let proof = Proof {
        circuit: "test".into(),
        k: 5,
        srs: SrsKind::InsecureDev,
        vk_sha256: Sha256Digest::NONE,
        public_inputs: vec![Fr::ONE, -Fr::ONE],
        proof: vec![1; 33],
    };
    proof.to_json()
}
