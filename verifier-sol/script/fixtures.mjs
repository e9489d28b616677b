// Makes the proofs that the forge tests read, from test/fixtures/scenarios.json:
//
//   npm run fixtures                    all
//   npm run fixtures -- recover-alice   only these
//   npm run fixtures -- --check         proves nothing; compares every file with its scenario, and
//                                       verifies it under the present verifying key
//
// Proofs are randomised, so making them anew changes their bytes; the public inputs stay, because
// keys, salts and messages are fixed.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeFunctionData, numberToHex } from "viem";
import { Failure, main, readJson, UsageError, writeJson } from "./lib/command.mjs";
import { column, named } from "./lib/inputs.mjs";
import { signedMessage } from "./lib/mail.mjs";
import { devContracts, Prover } from "./lib/prover.mjs";

const folder = fileURLToPath(new URL("../test/fixtures", import.meta.url));
const scenariosFile = "scenarios.json";
const registriesFile = "registries.json";

await main(() => {
  const args = process.argv.slice(2);
  const check = args.includes("--check");
  const named = args.filter((arg) => arg !== "--check");
  const scenarios = readScenarios(named);
  const prover = new Prover();
  try {
    const places = setUp(prover, scenarios);
    if (check) checkAll(prover, scenarios, places);
    else makeAll(prover, scenarios, places);
  } finally {
    prover.close();
  }
});

function readScenarios(named) {
  const scenarios = readJson(join(folder, scenariosFile));
  const names = scenarios.proofs.map(({ name }) => name);
  for (const name of named) {
    if (!names.includes(name)) throw new UsageError(`${scenariosFile} has no proof ${name}`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new Failure(`${scenariosFile} has ${twice} twice`);
  for (const { name, guardian, registry } of scenarios.proofs) {
    if (!scenarios.guardians[guardian]) throw new Failure(`${name}: there is no guardian ${guardian}`);
    if (!scenarios.registries[registry]) throw new Failure(`${name}: there is no registry ${registry}`);
  }
  return { ...scenarios, all: names, chosen: named.length > 0 ? named : names };
}

/// Registries and mailboxes by name.
function setUp(prover, { registries, guardians }) {
  const each = (object, make) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, make(value)]));
  return {
    registries: each(registries, (domains) => prover.registry(domains)),
    mailboxes: each(guardians, ({ address, salt }) => prover.mailbox(address, salt)),
  };
}

function makeAll(prover, scenarios, { registries, mailboxes }) {
  for (const scenario of scenarios.proofs) {
    if (!scenarios.chosen.includes(scenario.name)) continue;
    const { name, subject, timestamp } = scenario;
    const mailbox = mailboxes[scenario.guardian];
    const message = signedMessage({ address: mailbox.address, subject, timestamp });
    const clock = (timestamp ?? 1_700_000_000) + 60;
    const times = { clock, notBefore: timestamp ?? 0 };
    const proof = prover.prove(message, mailbox, registries[scenario.registry], times);
    const path = join(folder, `${name}.json`);
    writeJson(path, {
      name,
      subject,
      vk_sha256: proof.vk_sha256,
      inputs: named(proof.public_inputs),
      proof: proof.proof,
    });
    console.log(`${name}: ${proof.timings.prove_and_verify.wall_s.toFixed(1)} s`);
  }
  writeJson(join(folder, registriesFile), roots(registries));
  for (const file of superfluous(scenarios)) {
    rmSync(join(folder, file));
    console.log(`removed ${file}, which is in no scenario`);
  }
}

function checkAll(prover, scenarios, { registries, mailboxes }) {
  const faults = [];
  const expect = (name, what, expected, got) => {
    if (JSON.stringify(expected) !== JSON.stringify(got)) {
      faults.push(`${name}: ${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
    }
  };
  const mails = new Map();
  for (const scenario of scenarios.proofs.filter(({ name }) => scenarios.chosen.includes(name))) {
    const { name, subject, timestamp } = scenario;
    const mailbox = mailboxes[scenario.guardian];
    const expected = { root: registries[scenario.registry].root, commitment: mailbox.commitment, subject };
    let fixture;
    try {
      fixture = readJson(join(folder, `${name}.json`));
      expect(name, "name", name, fixture.name);
      expect(name, "subject", subject, fixture.subject);
      expect(name, "vk_sha256", prover.setup.vk_sha256, fixture.vk_sha256);
      expect(name, "notBefore", numberToHex(timestamp ?? 0, { size: 32 }), fixture.inputs.notBefore);
      prover.verify(proofFile(prover.setup, fixture), expected);
    } catch (error) {
      faults.push(`${name}: ${error.message}`);
      continue;
    }
    // One mail has one nullifier, different mails have different ones.
    const mail = JSON.stringify([scenario.guardian, subject, timestamp]);
    const { nullifier } = fixture.inputs;
    expect(name, "nullifier", mails.get(mail) ?? nullifier, nullifier);
    for (const [other, seen] of mails) {
      if (other !== mail && seen === nullifier) faults.push(`${name}: has the nullifier of another mail`);
    }
    mails.set(mail, nullifier);
  }
  expect(registriesFile, "content", roots(registries), readJson(join(folder, registriesFile)));
  for (const file of superfluous(scenarios)) faults.push(`${file}: is in no scenario`);
  if (faults.length > 0) {
    throw new Failure(`fixtures are stale; \`npm run fixtures\` makes them anew\n  ${faults.join("\n  ")}`);
  }
  console.log(`${scenarios.chosen.length} fixtures are those of their scenarios and verify`);
}

function roots(registries) {
  return Object.fromEntries(Object.entries(registries).map(([name, { root }]) => [name, root]));
}

function superfluous({ all }) {
  const known = [scenariosFile, registriesFile, ...all.map((name) => `${name}.json`)];
  return readdirSync(folder).filter((file) => file.endsWith(".json") && !known.includes(file));
}

/// A fixture as the file that `zkdkim verify` reads.
function proofFile({ circuit, k, srs }, { vk_sha256, inputs, proof }) {
  const public_inputs = column(inputs);
  const { abi } = readJson(devContracts).verifier;
  const calldata = encodeFunctionData({ abi, functionName: "verifyProof", args: [proof, public_inputs] });
  return { type: "zkdkim-proof", version: 2, circuit, k, srs, vk_sha256, public_inputs, proof, calldata };
}
