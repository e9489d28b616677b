//! `demo`: the whole path on one message, with the development SRS.

use rand::rngs::OsRng;
use serde_json::json;
use zeroize::Zeroizing;
use zkdkim_circuits::statement::CircuitParams;
use zkdkim_prover::{prepare, Expected, Salt, Verifier};
use zkdkim_relation::{inspect, DnsRecords, KeyRegistry};
use zkdkim_store::{
    documents::{read_dns, read_message},
    Reuse,
};
use zkdkim_verifier_sol::{Artifacts, Sources};

use super::{prover, public_lines, timing_line, CommandResult, SUCCESS};
use zkdkim_store::timing::timed;

use crate::{
    cli::{clock, DemoArgs, HiArgs},
    fault::Fault,
};

/// A message that this project generated and signed itself; `demo/make.mjs` tells how.
const MESSAGE: &[u8] = include_bytes!("../../demo/recovery.eml");
const DNS: &str = include_str!("../../demo/recovery.dns.json");

pub fn run(args: &HiArgs, command: &DemoArgs) -> CommandResult {
    let (out, progress) = (args.output, args.progress.as_ref());
    let (message, dns) = input(command)?;

    // The user's side: a salt. The application's side: a registry with the provider's key in it.
    let (inspection, inspect_time) = timed(|| inspect(&message, &dns, clock(None)));
    let provable = inspection.verdict?;
    let mut registry = KeyRegistry::new();
    registry.add(&provable.domain, provable.modulus.clone()).map_err(Fault::from)?;
    let salt = Salt::random(&mut OsRng);
    let (prepared, prepare_time) = timed(|| prepare(&message, &salt, &registry, clock(None)));
    let prepared = prepared?;
    out.text(format!(
        "message: a mail from {}, signed by {} (selector {}), {} bytes of signed header; every rule \
         holds\n",
        String::from_utf8_lossy(&provable.view.address),
        provable.domain,
        provable.selector,
        provable.header.bytes.len(),
    ))?;

    let layout = CircuitParams::default();
    let (prover, key_time) = timed(|| {
        let srs = args.cache()?.insecure_dev_srs(layout.k, layout.fold, progress)?;
        prover(args, srs, layout, Reuse::Cached)
    });
    let prover = prover?;

    let (circuit, witness_time) = timed(|| prover.circuit(&prepared));
    let circuit = circuit?;
    let (proof, prove_time) =
        timed(|| prover.prove_circuit(circuit, &prepared.public, OsRng, progress));
    let proof = proof?;
    let verifier = Verifier::allowing_insecure_dev(prover.key().verifier().clone());
    let expected = Expected { root: Some(registry.root()), ..Expected::default() };
    let (native, verify_time) = timed(|| verifier.verify(&proof, &expected));
    let native = native?;
    out.text(format!(
        "proved, in {} bytes, that whoever made this knows a mail and a salt such that\n  - a key in \
         the registry signed the mail (RSA-2048, DKIM),\n  - the commitment belongs to the mail's \
         From address,\n  - its Subject is the one below, in full.\n\npublic:\n{}\n\nhidden: the \
         address, the provider and its key, the lengths, the rest of the mail, the salt\n",
        proof.proof.len(),
        public_lines(&proof.public_inputs)?,
    ))?;

    let key = verifier.key();
    let sources = Sources::for_key(key)?;
    let checked_in = Artifacts::checked_in(key).is_some();
    let artifacts = Artifacts::for_key(key, &sources, None)?;
    let (evm, evm_time) = timed(|| artifacts.measure(proof.calldata()));
    let evm = evm?;
    let lines = [
        timing_line("inspection", &inspect_time),
        timing_line("statement in Rust", &prepare_time),
        timing_line("SRS and keys", &key_time),
        timing_line("witness", &witness_time),
        timing_line("proving (and check)", &prove_time),
        timing_line("native verification", &verify_time),
        timing_line("embedded EVM", &evm_time),
    ];
    out.text(format!(
        "verified natively, and by the Solidity verifier in the embedded EVM: {} gas, {} + {} bytes \
         of code\n\ntimes:\n{}",
        evm.gas,
        evm.verifier_bytes,
        evm.key_bytes,
        lines.join("\n"),
    ))?;
    out.result(
        "demo",
        SUCCESS,
        json!({
            "verdict": "valid",
            "srs": proof.srs,
            "vk_sha256": proof.vk_sha256.to_string(),
            "proof_bytes": proof.proof.len(),
            "calldata_bytes": proof.calldata().len(),
            "public": native.public,
            "native": "valid",
            "evm": {
                "verdict": "valid", "gas": evm.gas, "deployment_gas": evm.deployment_gas,
                "verifier_bytes": evm.verifier_bytes, "key_bytes": evm.key_bytes,
                "bytecode": if checked_in { "checked-in" } else { "compiled" },
            },
            "timings": {
                "inspect": inspect_time, "statement": prepare_time, "keys": key_time,
                "witness": witness_time, "prove_and_verify": prove_time, "verify": verify_time,
                "evm": evm_time,
            },
        }),
    )?;
    Ok(SUCCESS)
}

fn input(command: &DemoArgs) -> Result<(Zeroizing<Vec<u8>>, DnsRecords), Fault> {
    match (&command.message, &command.dns) {
        (Some(message), Some(dns)) => Ok((read_message(message)?, read_dns(dns)?)),
        _ => {
            let dns = serde_json::from_str(DNS).map_err(|e| Fault::input("demo records", e))?;
            Ok((Zeroizing::new(MESSAGE.to_vec()), dns))
        }
    }
}
