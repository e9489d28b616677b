//! Writes `test-vectors/messages/`: signed messages in the styles of several providers, their
//! DNS records, a key registry and a manifest with the verdict that each must get.
//!
//! ```text
//! cargo run -p zkdkim-relation --example make_test_vectors            # write
//! cargo run -p zkdkim-relation --example make_test_vectors -- --check # compare
//! cargo run -p zkdkim-relation --example make_test_vectors -- \
//!     --sign example.com 1700000000 < unsigned.eml > signed.eml       # as a test provider
//! ```
//!
//! The last signs any message with the key of a domain, with `t=` or, for `-`, without; the tests of the
//! contracts need messages whose Subject names an account.
//!
//! Everything is deterministic: the test keys come from seeded generators and PKCS#1 v1.5 has no
//! randomness, so the same bytes come out on every machine. The names are the reserved ones of
//! RFC 2606; no person and no provider stands behind them.

use base64::prelude::{Engine, BASE64_STANDARD};
use num_bigint::BigUint;
use rand::SeedableRng;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use rsa::RsaPrivateKey;
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zkdkim_relation::canon::{self, Canonicalisation};
use zkdkim_relation::commitment::{self, to_biguint};
use zkdkim_relation::dkim::{self, SignatureField};
use zkdkim_relation::message::Message;
use zkdkim_relation::sealed::sealed_subject;
use zkdkim_relation::statement::day_of;
use zkdkim_relation::{evaluate, inspect, DnsRecords, Fr, KeyRegistry, Reading, StatementInput};

mod specs;

use specs::{specs, Expect, Signer as SignerSpec, Spec, KEYS};

/// The clock of all verdicts.
const CLOCK: u64 = 1_700_000_060;
/// The salt of the public inputs in the manifest: known to all, so for tests only.
const SALT: u64 = 0x7a6b_646b_696d;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "--sign") {
        return match sign_stdin(&args[1..]) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(2)
            }
        };
    }
    let folder = folder();
    let files = build();
    if args.iter().any(|arg| arg == "--check") {
        return match differences(&folder, &files) {
            diff if diff.is_empty() => ExitCode::SUCCESS,
            diff => {
                eprintln!("differs from what the generator makes:\n  {}", diff.join("\n  "));
                ExitCode::FAILURE
            }
        };
    }
    for (name, bytes) in files {
        if let Err(error) = std::fs::write(folder.join(&name), bytes) {
            eprintln!("{name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Signs the message on standard input.
fn sign_stdin(args: &[String]) -> Result<(), String> {
    let [domain, time] = args else {
        return Err("usage: --sign DOMAIN SECONDS, or - for a signature without t=".into());
    };
    let time = match time.as_str() {
        "-" => None,
        text => Some(text.parse().map_err(|_| format!("{text:?} is not a number of seconds"))?),
    };
    let mut message = String::new();
    std::io::stdin().read_to_string(&mut message).map_err(|error| error.to_string())?;
    let signed = sign_message(domain, time, &message)?;
    std::io::stdout().write_all(signed.as_bytes()).map_err(|error| error.to_string())
}

/// A message signed by the test key of a domain, with `t=` if there is a time.
pub fn sign_message(domain: &str, time: Option<u64>, message: &str) -> Result<String, String> {
    let index = KEYS.iter().position(|key| key.domain == domain && key.bits == 2048);
    let index = index.ok_or_else(|| format!("there is no test key of {domain:?}"))?;
    let extra = time.map(|seconds| format!(" t={seconds};")).unwrap_or_default();
    let signer = specs::signer(index);
    let key = make_key(KEYS[index].seed, KEYS[index].bits);
    let field = signature_field(&SignerSpec { extra: &extra, ..signer }, message, &key);
    Ok(format!("{field}\r\n{message}"))
}

/// Where the messages are checked in.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors/messages")
}

/// Files that are missing, changed or superfluous.
pub fn differences(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let changed = |(name, bytes): (&String, &Vec<u8>)| {
        let same = std::fs::read(folder.join(name)).is_ok_and(|found| found == *bytes);
        (!same).then(|| name.clone())
    };
    let mut out: Vec<_> = files.iter().filter_map(changed).collect();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !files.contains_key(&name) && name != "README.md" {
            out.push(name);
        }
    }
    out
}

/// All files by name.
pub fn build() -> BTreeMap<String, Vec<u8>> {
    let keys: Vec<RsaPrivateKey> = KEYS.iter().map(|key| make_key(key.seed, key.bits)).collect();
    let mut files = BTreeMap::new();
    let (mut dns, mut dns_json, mut registry) =
        (DnsRecords::default(), Map::new(), KeyRegistry::new());
    for (spec, key) in KEYS.iter().zip(&keys) {
        let name = dkim::key_name(spec.selector, spec.domain);
        let der = key.to_public_key().to_public_key_der().expect("an RSA key has a DER form");
        let record = format!("v=DKIM1; k=rsa; p={}", BASE64_STANDARD.encode(der));
        dns.add(&name, record.clone());
        dns_json.insert(name, record.into());
        if spec.bits == 2048 {
            registry.add(spec.domain, modulus(key)).expect("a valid entry");
        }
    }
    let mut entries = Vec::new();
    for spec in specs() {
        let bytes = sign(&spec, &keys);
        entries.push(describe(&spec, &bytes, &dns, &registry));
        files.insert(spec.file.into(), bytes);
    }
    let manifest = json!({
        "description": "Messages made and signed by this project, with the verdict each must get",
        "provenance": "generated by circuits/relation/examples/make_test_vectors.rs from seeded test keys; \
                       reserved names of RFC 2606; MIT OR Apache-2.0 like the project",
        "clock": CLOCK,
        "salt": hex_element(Fr::from(SALT)),
        "registry_root": hex_element(registry.root().0),
        "messages": entries,
    });
    files.insert("dns.json".into(), pretty(&Value::Object(dns_json)));
    files.insert("manifest.json".into(), pretty(&manifest));
    files.insert("registry.json".into(), registry.to_json().into_bytes());
    files
}

fn pretty(value: &Value) -> Vec<u8> {
    (serde_json::to_string_pretty(&sorted(value)).expect("JSON values serialise") + "\n")
        .into_bytes()
}

/// Objects in the order of their keys, whichever map serde_json is built with: another package of a build may ask for
/// the one that keeps insertion order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries: BTreeMap<_, _> = map.iter().map(|(k, v)| (k.clone(), sorted(v))).collect();
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn hex_element(element: Fr) -> String {
    format!("0x{:0>64}", to_biguint(&element).to_str_radix(16))
}

fn make_key(seed: u64, bits: usize) -> RsaPrivateKey {
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
    RsaPrivateKey::new(&mut rng, bits).expect("key generation")
}

fn modulus(key: &RsaPrivateKey) -> BigUint {
    BigUint::from_bytes_be(&key.n().to_bytes_be())
}

/// Signs from the lowest signature up, as mail servers prepend theirs, then applies the edit.
fn sign(spec: &Spec, keys: &[RsaPrivateKey]) -> Vec<u8> {
    let mut text = format!("{}\r\n{}", spec.fields, spec.body);
    for signer in spec.signers.iter().rev() {
        text = format!("{}\r\n{text}", signature_field(signer, &text, &keys[signer.key]));
    }
    text = (spec.edit)(text);
    text.into_bytes()
}

fn signature_field(signer: &SignerSpec, text: &str, private_key: &RsaPrivateKey) -> String {
    let key = &KEYS[signer.key];
    let body = Message::parse_lenient(text.as_bytes()).body().to_vec();
    let canonicalisation = match signer.canonicalisation {
        "relaxed/relaxed" => Canonicalisation::Relaxed,
        _ => Canonicalisation::Simple,
    };
    let bh = BASE64_STANDARD.encode(canon::body_hash(canonicalisation, &body));
    let (c, d, s) = (signer.canonicalisation, key.domain, key.selector);
    let unsigned = format!(
        "DKIM-Signature: v=1; a=rsa-sha256; c={c};\r\n        d={d}; s={s};{}\r\n        \
         h={};\r\n        bh={bh};\r\n        b=",
        signer.extra, signer.fields
    );
    let message = Message::parse_lenient(format!("{unsigned}\r\n{text}").as_bytes());
    let field = SignatureField::read(&message, 0).expect("a tag list");
    let block = field.signed_header(&message).bytes.clone();
    let signature = SigningKey::<Sha256>::new(private_key.clone()).sign(&block).to_vec();
    let encoded = BASE64_STANDARD.encode(signature);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(72)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    unsigned + &lines.join("\r\n        ")
}

/// The manifest's entry: what the spec demands, and the public inputs where it can be proved.
fn describe(spec: &Spec, bytes: &[u8], dns: &DnsRecords, registry: &KeyRegistry) -> Value {
    let mut entry = json!({
        "file": spec.file,
        "style": spec.style,
        "sha256": hex(&Sha256::digest(bytes)),
    });
    match spec.expect {
        Expect::Refused { clause } => {
            entry["expected"] = json!({ "verdict": "refused", "clause": clause });
        }
        Expect::Provable { address, subject, timestamp } => {
            entry["expected"] = json!({
                "verdict": "provable",
                "address": address,
                "subject": subject,
                "timestamp": timestamp,
            });
            let verdict = inspect(bytes, dns, Some(CLOCK)).verdict;
            let provable = verdict.unwrap_or_else(|refusal| panic!("{}: {refusal}", spec.file));
            let slot =
                registry.find(&provable.domain, &provable.modulus).expect("a registered key");
            let mut input = StatementInput {
                header: provable.header.bytes.clone(),
                signature: provable.signature.clone(),
                modulus: provable.modulus.clone(),
                salt: zkdkim_relation::Salt::new(Fr::from(SALT)),
                path: registry.path(slot).expect("a used slot"),
                not_before: day_of(timestamp),
                reading: Reading::Clear,
            };
            let public = evaluate(&input).unwrap_or_else(|r| panic!("{}: {r}", spec.file));
            let commitment = commitment::email_commitment(
                &zkdkim_relation::Salt::new(Fr::from(SALT)),
                address.as_bytes(),
            );
            assert_eq!(Some(public.email_commitment), commitment, "{}", spec.file);
            entry["header_bytes"] = json!(input.header.len());
            entry["header_sha256"] = json!(hex(&Sha256::digest(&input.header)));
            entry["not_before"] = json!(input.not_before);
            entry["public_inputs"] = json!(public.to_instances().map(hex_element));
            let (command, blinding) = specs::sealed();
            if subject == sealed_subject(&command, &blinding) {
                let blinding_text = hex_element(blinding.expose());
                input.reading = Reading::Sealed { command, blinding };
                let public = evaluate(&input).unwrap_or_else(|r| panic!("{}: {r}", spec.file));
                entry["sealed"] = json!({
                    "command": format!("0x{}", hex(&command.0)),
                    "blinding": blinding_text,
                    "public_inputs": public.to_instances().map(hex_element),
                });
            }
        }
    }
    entry
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
